package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shownBy is how THREATS.md names a test: the folder of its package, and its function.
var shownBy = regexp.MustCompile("`([a-z0-9/_-]+)\\.((?:Test|Fuzz)[A-Z]\\w*)`")

// TestThreatsNameTheirTests: each line of THREATS.md on what is stopped names the tests that show it, which there are.
func TestThreatsNameTheirTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("THREATS.md")
	must(t, err)
	stopped, rest, found := strings.Cut(string(text), "\n## What nothing stops\n")
	if !found {
		t.Fatal("it does not say what nothing stops")
	}
	there, named := map[string]map[string]bool{}, 0
	for i, line := range strings.Split(stopped, "\n") {
		tests := shownBy.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "- ") && len(tests) == 0 {
			t.Errorf("line %d names no test: %s", i+1, line)
		}
		if n := strings.Count(line, ".Test") + strings.Count(line, ".Fuzz"); n != len(tests) {
			t.Errorf("line %d names %d tests, of which %d can be read: %s", i+1, n, len(tests), line)
		}
		for _, test := range tests {
			folder, name := test[1], test[2]
			if there[folder] == nil {
				there[folder] = testsOf(t, filepath.Join("..", "..", folder))
			}
			if named++; !there[folder][name] {
				t.Errorf("line %d: there is no %s in %s", i+1, name, folder)
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d tests were read", named)
	}
	if strings.Count(rest, "\n- ") < 10 {
		t.Errorf("of what nothing stops it says too little:\n%s", rest)
	}
}

// testsOf are the tests of a package, which begin with their names alone.
func testsOf(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	must(t, err)
	out := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}
