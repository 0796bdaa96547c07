package redisstore

import (
	"flag"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files")

var (
	argUse  = regexp.MustCompile(`ARGV\[(\d+)\]`)
	keyUse  = regexp.MustCompile(`KEYS\[(\d+)\]`)
	usesLib = regexp.MustCompile(`lib_\w+`)
)

// TestScriptHeaders holds every script to the form of its header: what it takes
// is told and used, what it returns is told, it is short, and time comes from the caller.
func TestScriptHeaders(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(luaFiles, "lua/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		text := mustRead(path)
		name := strings.TrimSuffix(strings.TrimPrefix(path, "lua/"), ".lua")
		header, body := splitHeader(text)
		if !strings.HasPrefix(header, "-- "+name+": ") {
			t.Errorf("%s: the header does not begin with its name", name)
		}
		if n := strings.Count(text, "\n"); n > 60 {
			t.Errorf("%s: %d lines", name, n)
		}
		if strings.Contains(body, "'TIME'") {
			t.Errorf("%s asks Redis for the time", name)
		}
		told, used := uses(argUse, header), uses(argUse, body)
		if len(told) > 8 {
			t.Errorf("%s takes %d arguments", name, len(told))
		}
		if !strings.HasPrefix(name, "lib_") {
			if !strings.Contains(header, "Returns ") {
				t.Errorf("%s does not say what it returns", name)
			}
			if usesLib.MatchString(header) { // lib_agent tells of the clock and of the keys
				told = append([]string{"1"}, told...)
				used = append([]string{"1"}, used...)
				if !strings.Contains(header, "KEYS as in lib_agent") || keyUse.MatchString(body) {
					t.Errorf("%s: keys are those of lib_agent", name)
				}
			} else if !slices.Equal(uses(keyUse, header), uses(keyUse, body)) {
				t.Errorf("%s: keys told %v, used %v", name, uses(keyUse, header), uses(keyUse, body))
			}
		}
		if told, used = compact(told), compact(used); !slices.Equal(told, used) {
			t.Errorf("%s: arguments told %v, used %v", name, told, used)
		}
	}
}

func splitHeader(text string) (header, body string) {
	var h, b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len() == 0 && strings.HasPrefix(line, "--") {
			h.WriteString(line)
			continue
		}
		b.WriteString(line)
	}
	return h.String(), b.String()
}

func uses(re *regexp.Regexp, text string) []string {
	var out []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return compact(out)
}

func compact(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// TestTablesGolden pins the state machine as the scripts see it.
func TestTablesGolden(t *testing.T) {
	t.Parallel()
	const path = "testdata/tables.lua"
	got := strings.ReplaceAll(tables(), "},", "},\n  ")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("tables:\n%s\nwant:\n%s", got, want)
	}
}
