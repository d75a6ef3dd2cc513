package yamlfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

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
	r := &jsonReader{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1, column: 1}
	r.decoder.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, false
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return root, true
}

type jsonReader struct {
	data    []byte
	decoder *json.Decoder
	// at is how far line and column, both from 1, have been counted.
	at, line, column int
}

var errNotJSON = errors.New("not as YAML has it")

// value reads the next value.
func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	n, token, err := r.next()
	if err != nil {
		return nil, err
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return n, nil
	}
	if depth > maxDepth {
		return nil, errNotJSON // the YAML way says where
	}
	closing := json.Delim('}')
	n.Kind, n.Tag, n.Style = yaml.MappingNode, "!!map", yaml.FlowStyle
	if opening == '[' {
		closing = ']'
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for r.decoder.More() {
		child, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	if _, token, err = r.next(); err != nil || token != closing {
		return nil, errNotJSON
	}
	return n, nil
}

// next reads a token, and makes it a node if it is a scalar.
func (r *jsonReader) next() (*yaml.Node, json.Token, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, nil, err
	}
	end := int(r.decoder.InputOffset())
	for bytes.IndexByte([]byte(" \t\r\n:,"), r.data[r.at]) >= 0 {
		if r.column++; r.data[r.at] == '\n' {
			r.line, r.column = r.line+1, 1
		}
		r.at++
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line, Column: r.column}
	written := r.data[r.at:end]
	r.column += utf8.RuneCount(written) // no token goes over lines
	r.at = end
	switch v := token.(type) {
	case string:
		n.Tag, n.Value, n.Style = "!!str", v, yaml.DoubleQuotedStyle
		if strings.ContainsRune(v, utf8.RuneError) {
			return nil, nil, errNotJSON // half a surrogate pair, most likely
		}
	case json.Number:
		n.Tag, n.Value = numberTag(v.String()), v.String()
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, token, nil
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
