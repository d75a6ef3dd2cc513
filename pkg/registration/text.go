package registration

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decodeText turns an answer into UTF-8 with plain line ends. Servers state no
// encoding: UTF-8 where it is valid, else GB18030 where the bytes look like
// Chinese, else Latin-1.
func decodeText(raw []byte) string {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	var text string
	switch {
	case utf8.Valid(raw):
		text = string(raw)
	case looksChinese(raw):
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil {
			decoded = raw
		}
		text = string(decoded)
	default:
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(raw)
		if err != nil {
			decoded = raw
		}
		text = string(decoded)
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u3000", " ", "\x00", "").Replace(text)
}

// looksChinese tells GB18030 from Latin-1: CNNIC's field names give it away;
// else all non-ASCII bytes must come in pairs of the GB 2312 range, which
// accented letters between plain ones do not.
func looksChinese(raw []byte) bool {
	if bytes.Contains(raw, []byte("ROID:")) && bytes.Contains(raw, []byte("Sponsoring Registrar:")) {
		return true
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] < 0x80 {
			continue
		}
		if raw[i] < 0xa1 || raw[i] > 0xf7 || i+1 == len(raw) || raw[i+1] < 0xa1 || raw[i+1] == 0xff {
			return false
		}
		i++
	}
	return true
}
