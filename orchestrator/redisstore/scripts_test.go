package redisstore_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	documented = regexp.MustCompile(`\b((?:KEYS|ARGV)\[\d+)(?:\.\.\.)?\]`)
	loopStart  = regexp.MustCompile(`for i = (\d+), #(KEYS|ARGV)\b`)
)

// TestScriptHeaders holds every script to its header: which keys and arguments
// it takes, what it returns, and that it neither asks the clock nor grows.
func TestScriptHeaders(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("lua/*.lua")
	ok(t, err)
	if len(files) < 5 {
		t.Fatalf("only %d scripts", len(files))
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		ok(t, err)
		var header, body strings.Builder
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(line, "--") && body.Len() == 0 {
				header.WriteString(line)
			} else {
				body.WriteString(line)
			}
		}
		name := strings.TrimSuffix(filepath.Base(file), ".lua")
		if !strings.HasPrefix(header.String(), "-- "+name+": ") {
			t.Errorf("%s: the header does not begin with its name", file)
		}
		if n := strings.Count(string(raw), "\n"); n > 60 {
			t.Errorf("%s: %d lines", file, n)
		}
		if regexp.MustCompile(`['"]TIME['"]`).MatchString(body.String()) {
			t.Errorf("%s asks for Redis' clock", file)
		}
		if strings.HasPrefix(name, "lib_") {
			continue // parts of scripts have no keys of their own
		}
		if !strings.Contains(header.String(), "-- Returns ") {
			t.Errorf("%s: the header does not say what it returns", file)
		}
		says, uses := mentions(header.String()), mentions(body.String())
		if diff := cmp.Diff(says, uses); diff != "" {
			t.Errorf("%s: (-documented +used):\n%s", file, diff)
		}
		if n := strings.Count(strings.Join(says, " "), "ARGV"); n > 8 {
			t.Errorf("%s: %d arguments", file, n)
		}
	}
}

// mentions lists KEYS[n] and ARGV[n] in a text; a loop to the end counts as its start.
func mentions(text string) []string {
	found := map[string]bool{}
	for _, m := range documented.FindAllStringSubmatch(text, -1) {
		found[m[1]+"]"] = true
	}
	for _, m := range loopStart.FindAllStringSubmatch(text, -1) {
		found[m[2]+"["+m[1]+"]"] = true
	}
	return slices.Sorted(maps.Keys(found))
}
