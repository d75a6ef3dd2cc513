package main

import (
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// printYAML prints a value as YAML, keys sorted.
func printYAML(w io.Writer, v any) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing YAML: %w", err)
	}
	return e.Close()
}
