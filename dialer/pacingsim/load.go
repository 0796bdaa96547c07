package pacingsim

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

//go:embed worlds/*.yaml
var worldFiles embed.FS

// Worlds are the names of the worlds that ship with the package.
func Worlds() []string {
	entries, err := worldFiles.ReadDir("worlds")
	if err != nil {
		return nil // the embedded folder is there or the package does not compile
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// WorldFile is the text of a world that ships with the package.
func WorldFile(name string) ([]byte, error) {
	b, err := worldFiles.ReadFile("worlds/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("world %q is none of %s", name, strings.Join(Worlds(), ", "))
	}
	return b, nil
}

// Load reads a world by the name of one that ships with the package, or from a
// file: anything that ends in .yaml or .yml, or has a slash.
func Load(nameOrFile string) (*World, error) {
	if strings.HasSuffix(nameOrFile, ".yaml") || strings.HasSuffix(nameOrFile, ".yml") || strings.Contains(nameOrFile, "/") {
		text, err := os.ReadFile(nameOrFile)
		if err != nil {
			return nil, err
		}
		return Parse(nameOrFile, text)
	}
	text, err := WorldFile(nameOrFile)
	if err != nil {
		return nil, err
	}
	return Parse(nameOrFile+".yaml", text)
}

// Parse reads a world from YAML. Its errors begin with file:line: and name the
// field that is wrong, its value and what is asked of it.
func Parse(file string, text []byte) (*World, error) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, positioned(file, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1: not one YAML document", file)
	}
	var w World
	if err := yaml.NodeToValue(tree.Docs[0].Body, &w, yaml.Strict()); err != nil {
		return nil, positioned(file, err)
	}
	w.setDefaults()
	if path, err := w.check(); err != nil {
		return nil, fmt.Errorf("%s:%d: %s: %w", file, lineOf(tree, path), path, err)
	}
	return &w, nil
}

// positioned puts file and line before an error of the YAML reader.
func positioned(file string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return fmt.Errorf("%s:%d: %s", file, at.GetToken().Position.Line, at.GetMessage())
	}
	return fmt.Errorf("%s:1: %w", file, err)
}

// lineOf finds the line of a field, or of what would hold it when it was left out.
func lineOf(tree *ast.File, path string) int {
	for path != "" {
		if p, err := yaml.PathString("$." + path); err == nil {
			if node, err := p.FilterFile(tree); err == nil && node != nil && node.GetToken() != nil {
				return node.GetToken().Position.Line
			}
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	return 1
}
