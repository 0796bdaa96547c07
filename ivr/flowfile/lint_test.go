package flowfile_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

var update = flag.Bool("update", false, "write what comes out as the expected files")

// sections splits a text at its "-- name --" lines.
func sections(text string) (string, fstest.MapFS) {
	out := fstest.MapFS{}
	about, name := "", ""
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(n, " --") {
			name = strings.TrimSuffix(n, " --")
			out[name] = &fstest.MapFile{}
			continue
		}
		if name == "" {
			about += line
		} else {
			out[name].Data = append(out[name].Data, line...)
		}
	}
	return about, out
}

// known has two queues, no premium numbers, and all sounds but two.
var known = flowfile.Known{
	Queue:   func(q string) bool { return q == "sales" || q == "q" },
	Lookups: map[string]ivr.LookupSource{"balance": {Params: []string{"subscriber"}, Results: []string{"amount"}}},
	Destination: func(to string) error {
		if strings.HasPrefix(to, "+900") {
			return errors.New("premium numbers are not allowed")
		}
		return nil
	},
	Needs: func(text string) error {
		if text == "nonsense" {
			return errors.New("unknown name nonsense")
		}
		return nil
	},
	Sound: func(lang, name string) bool {
		return name != "missing" && (lang != "en" || name != "digits/hundred")
	},
}

func TestFaultsGolden(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/lint/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, tree := sections(string(text))
			files, faults := flowfile.ReadFiles(tree)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			_, faults = flowfile.Load(files, known)
			got := faults.Error() + "\n"
			golden := strings.TrimSuffix(path, ".txt") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
