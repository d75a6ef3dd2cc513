// Package rulebook reads the rulebook: tables and checks in YAML.
package rulebook
