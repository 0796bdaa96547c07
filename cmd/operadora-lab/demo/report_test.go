package demo

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
)

var update = flag.Bool("update", false, "write the golden files")

func TestReport(t *testing.T) {
	t.Parallel()
	right, bad, lost := good(), good(), Evidence{Trouble: "the caller was cut off"}
	bad.Contacts[0].Outcome, bad.Contacts[0].Agent, bad.Contacts[0].TalkMS, bad.Contacts[0].Recording = wire.OutcomeAbandoned, "", 0, ""
	bad.Sound = nil
	s := scriptOf(t, "wrong key, then 2")
	s.Nr, s.Number = 1, "5550101"
	lines, wrong := Report([]Script{s, s, s}, []Evidence{right, bad, lost}, map[string]string{"102": "Ben Smith"})
	if wrong != 2 {
		t.Errorf("%d calls are wrong, want 2", wrong)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/report.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPathOf(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		nodes []string
		want  string
	}{
		{nil, ""},
		{[]string{"welcome/hours!open", "welcome/greet", "welcome/greet!next", "welcome/menu"}, "welcome menu"},
		{[]string{"welcome/menu", "welcome/menu!retry=noinput", "welcome/menu!retry=nomatch", "welcome/menu!nomatch"}, "menu silent wrong"},
		{[]string{"welcome/menu", "welcome/menu!key:9", "welcome/in_english!next", "welcome/menu", "welcome/menu!key:1", "welcome/sales"}, "menu english menu sales"},
		{[]string{"elsewhere/step", "voicemail/take", "voicemail/take!next", "voicemail/thanks"}, "message saved"},
	} {
		if got := pathOf(walked(r.nodes...)); got != r.want {
			t.Errorf("%v: %q, want %q", r.nodes, got, r.want)
		}
	}
}
