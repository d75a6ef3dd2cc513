package yamlfile

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"gopkg.in/yaml.v3"
)

// parseJSON reads a JSON object into the nodes that YAML, of which it is a
// part, would give; a batch reads a million of them, and the YAML parser spends
// forty kilobytes on each. It reports false for anything that is not exactly
// one JSON object, which is then read, or refused, as YAML.
func parseJSON(data []byte) (*yaml.Node, bool) {
	if len(data) == 0 || data[0] != '{' {
		return nil, false
	}
	r := &jsonReader{data: data, decoder: jsontext.NewDecoder(bytes.NewBuffer(data)), line: 1, column: 1}
	root, err := r.value(0)
	if err != nil {
		return nil, false
	}
	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return root, true
}

type jsonReader struct {
	data    []byte
	decoder *jsontext.Decoder
	// at is how far line and column, both from 1, have been counted.
	at, line, column int
}

var errNotJSON = errors.New("not as YAML has it")

// value reads the next value.
func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	n, kind, err := r.next()
	if err != nil {
		return nil, err
	}
	var closing jsontext.Kind
	switch kind {
	case '{':
		closing = '}'
		n.Kind, n.Tag, n.Style = yaml.MappingNode, "!!map", yaml.FlowStyle
	case '[':
		closing = ']'
		n.Kind, n.Tag, n.Style = yaml.SequenceNode, "!!seq", yaml.FlowStyle
	default:
		return n, nil
	}
	if depth > maxDepth {
		return nil, errNotJSON // the YAML way says where
	}
	for r.decoder.PeekKind() != closing {
		child, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, _, err = r.next()
	return n, err
}

// next reads a token, and makes it a node if it is a scalar.
func (r *jsonReader) next() (*yaml.Node, jsontext.Kind, error) {
	token, err := r.decoder.ReadToken()
	if err != nil {
		return nil, 0, err
	}
	end := int(r.decoder.InputOffset())
	for bytes.IndexByte([]byte(" \t\r\n:,"), r.data[r.at]) >= 0 {
		if r.column++; r.data[r.at] == '\n' {
			r.line, r.column = r.line+1, 1
		}
		r.at++
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line, Column: r.column}
	r.column += utf8.RuneCount(r.data[r.at:end]) // no token goes over lines
	r.at = end
	switch token.Kind() {
	case '"':
		n.Tag, n.Value, n.Style = "!!str", token.String(), yaml.DoubleQuotedStyle
		if strings.ContainsRune(n.Value, utf8.RuneError) {
			return nil, 0, errNotJSON
		}
	case '0':
		n.Value = token.String()
		n.Tag = numberTag(n.Value)
	case 't', 'f':
		n.Tag, n.Value = "!!bool", token.String()
	case 'n':
		n.Tag, n.Value = "!!null", token.String()
	}
	return n, token.Kind(), nil
}

// numberTag tells whole numbers from others as YAML does.
func numberTag(s string) string {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return "!!int"
	}
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		return "!!int"
	}
	return "!!float"
}
