package cloudfile

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// sources finds the lines of Terraform's own files that a plan was made from.
// It only points: values come from the plan, and a file that is not there, or
// that Terraform reads in another way, costs nothing but the line.
type sources struct {
	folder string
	config *configuration
	// blocks are the resources of a folder, by "kind.name".
	blocks map[string]map[string]*hclsyntax.Block
}

func (r *Reader) sources(c *configuration) *sources {
	return &sources{folder: r.Sources, config: c, blocks: map[string]map[string]*hclsyntax.Block{}}
}

// position is the place of a resource's attribute, or of the resource.
func (s *sources) position(res resource, attribute string) (yamlfile.Position, bool) {
	if s.folder == "" {
		return yamlfile.Position{}, false
	}
	folder, ok := s.folderOf(res.module)
	if !ok {
		return yamlfile.Position{}, false
	}
	block := s.read(folder)[res.kind+"."+res.name]
	if block == nil {
		return yamlfile.Position{}, false
	}
	at := block.TypeRange
	if a := block.Body.Attributes[attribute]; a != nil {
		at = a.NameRange
	} else {
		for _, inner := range block.Body.Blocks {
			if inner.Type == attribute {
				at = inner.TypeRange
				break
			}
		}
	}
	return yamlfile.Position{File: at.Filename, Line: at.Start.Line, Column: at.Start.Column}, true
}

// folderOf is where a module's files are; modules from elsewhere have none here.
func (s *sources) folderOf(address string) (string, bool) {
	path := s.config.modules(address)
	if path == nil {
		return "", false
	}
	folder := s.folder
	for _, m := range path[1:] {
		if !strings.HasPrefix(m.source, "./") && !strings.HasPrefix(m.source, "../") {
			return "", false
		}
		folder = filepath.Join(folder, filepath.FromSlash(m.source))
	}
	return folder, true
}

// read reads the resources of a folder, once.
func (s *sources) read(folder string) map[string]*hclsyntax.Block {
	if blocks, done := s.blocks[folder]; done {
		return blocks
	}
	blocks := map[string]*hclsyntax.Block{}
	s.blocks[folder] = blocks
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		if ext := filepath.Ext(name); ext != ".tf" && ext != ".tofu" {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		file, _ := hclsyntax.ParseConfig(data, name, hcl.InitialPos)
		if file == nil {
			continue
		}
		body, ok := file.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		for _, b := range body.Blocks {
			if b.Type == "resource" && len(b.Labels) == 2 {
				blocks[b.Labels[0]+"."+b.Labels[1]] = b
			}
		}
	}
	return blocks
}
