package fetch

import (
	"bytes"
	"mime"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// sniff is how much of a page is searched for a charset declaration, in bytes.
// Browsers stop at 1024; pages with long comments before it are read right here.
const sniff = 8 << 10

// toUTF8 decodes a page as a browser does: byte order mark, then the header,
// then the page's own declaration. What is not declared, or not what it is
// declared to be, is UTF-8 if it is valid as such, else GB18030, which Chinese
// pages without a declaration are in.
func toUTF8(raw []byte, contentType string) (body []byte, name string) {
	for _, mark := range []struct {
		bytes    string
		encoding encoding.Encoding
		name     string
	}{
		{"\xef\xbb\xbf", encoding.Nop, "utf-8"},
		{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be"},
		{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le"},
	} {
		if rest, ok := bytes.CutPrefix(raw, []byte(mark.bytes)); ok {
			return decode(rest, mark.encoding), mark.name
		}
	}
	_, parameters, _ := mime.ParseMediaType(contentType)
	var fallback []byte
	fallbackName := ""
	for _, label := range []string{parameters["charset"], declared(raw), "utf-8", "gb18030"} {
		e, name := charset.Lookup(label)
		if e == nil {
			continue
		}
		switch name {
		case "gbk", "gb2312":
			e, name = simplifiedchinese.GB18030, "gb18030" // what both are part of
		case "utf-8":
			e = encoding.Nop
		}
		body := decode(raw, e)
		if clean(body) {
			return body, name
		}
		if fallbackName == "" {
			fallback, fallbackName = body, name
		}
	}
	return fallback, fallbackName
}

// decode decodes, leaving a replacement character for what cannot be.
func decode(raw []byte, e encoding.Encoding) []byte {
	if e != encoding.Nop {
		if out, err := e.NewDecoder().Bytes(raw); err == nil {
			raw = out
		}
	}
	return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
}

// clean reports whether everything could be decoded. The last character may be
// cut: a body ends where its limit is.
func clean(body []byte) bool {
	return !bytes.ContainsRune(bytes.TrimSuffix(body, []byte("\uFFFD")), utf8.RuneError)
}

// declared finds <meta charset> and <meta http-equiv="Content-Type"> at the
// beginning of a page.
func declared(raw []byte) string {
	z := html.NewTokenizer(bytes.NewReader(raw[:min(len(raw), sniff)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if atom.Lookup(name) == atom.Body {
				return ""
			}
			if atom.Lookup(name) != atom.Meta {
				continue
			}
			var content string
			contentType := false
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch string(key) {
				case "charset":
					return string(value)
				case "content":
					content = string(value)
				case "http-equiv":
					contentType = bytes.EqualFold(value, []byte("content-type"))
				}
			}
			if contentType {
				if _, parameters, err := mime.ParseMediaType(content); err == nil && parameters["charset"] != "" {
					return parameters["charset"]
				}
			}
		}
	}
}
