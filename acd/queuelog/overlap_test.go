package queuelog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/acd/queuelog"
	"github.com/operadora/operadora/orchestrator"
)

// TestRowsThatTwoFilesHaveInCommon: the same rows give entries with the same ids from a file that
// begins in the middle of a second, too (tail -n, a file that was rotated); else they are on record twice.
func TestRowsThatTwoFilesHaveInCommon(t *testing.T) {
	t.Parallel()
	file := []string{
		"1764500000|NONE|NONE|NONE|CONFIGRELOAD|",
		"1764500000|a.1|sales|NONE|ENTERQUEUE||600111222|1",
		"1764500000|a.2|sales|SIP/101|COMPLETECALLER|4|60|1",
		"1764500001|a.1|sales|SIP/101|CONNECT|1|x|1",
	}
	ids := func(lines, known []string) (out []string) {
		c := queuelog.NewConverter(queuelog.Names{PBX: "main"})
		c.Resume(known)
		for _, line := range lines {
			r, err := queuelog.ReadRow(line)
			if err != nil {
				t.Fatal(err)
			}
			if r.Known() {
				for _, e := range c.Take(line, r) {
					out = append(out, e.ID)
				}
			}
		}
		return out
	}
	whole := ids(file, nil)
	end := ids(file[2:], whole)
	for _, id := range end {
		if !slices.Contains(whole, id) {
			t.Errorf("id %s is of no entry of the whole file: %q", id, whole)
		}
	}
}

// TestCallsOfTwoAsterisks: two without a systemname may give two calls the same id. Those with one, and operadora's own, keep theirs.
func TestCallsOfTwoAsterisks(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"1764500000.7": "north-1764500000.7", "sur-1764500000.7": "sur-1764500000.7", "01kb8y6z3m0000000000000000": "01kb8y6z3m0000000000000000"} {
		r, err := queuelog.ReadRow("1764500000|" + id + "|sales|NONE|ENTERQUEUE||600111222|1")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range queuelog.NewConverter(queuelog.Names{PBX: "north"}).Take("", r) {
			if e.Call != want || e.Type == orchestrator.EntryCallStarted && !strings.Contains(string(e.Data), `"`+want+`"`) {
				t.Errorf("%s is call %s: %s", id, e.Call, e.Data)
			}
		}
	}
}
