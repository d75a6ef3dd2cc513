package main

import (
	"io"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// printYAML prints a value as YAML, keys sorted.
func printYAML(w io.Writer, v any) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return text.Errorf("写 YAML：%w", "writing YAML: %w", err)
	}
	return e.Close()
}
