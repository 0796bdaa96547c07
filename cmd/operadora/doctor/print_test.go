package doctor

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrint(t *testing.T) {
	t.Parallel()
	lines := []Line{
		{Part: "redis", Check: "reachable", Verdict: OK, Text: "yes", Took: 1500 * time.Millisecond},
		{Part: "redis", Check: "clock", Verdict: Warning, Text: "off\x1b[2J\nby 3s", Remedy: "use NTP", Took: time.Millisecond},
		{Part: "pbx main", Check: "login", Verdict: Fault, Text: "401", Remedy: "see ari.conf"},
	}
	var b strings.Builder
	if err := Print(&b, lines, "en", false); err != nil {
		t.Fatal(err)
	}
	want := `redis
  ok       reachable: yes (1.5s)
  warning  clock: off [2J by 3s
             use NTP
pbx main
  fault    login: 401
             see ari.conf
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	b.Reset()
	if err := Print(&b, lines[2:], "en", true); err != nil || !strings.Contains(b.String(), "\x1b[1;31mfault  \x1b[0m") {
		t.Errorf("%v %q", err, b.String())
	}
	b.Reset()
	here := []Line{{Part: "pbx main", Check: "reachable", Verdict: Warning, Text: "off", Remedy: "use NTP"}}
	if err := Print(&b, here, "es", false); err != nil || !strings.HasPrefix(b.String(), "centralita main\n  aviso    ") {
		t.Errorf("%v %q", err, b.String())
	}
	if got := Summary(lines, "es"); got != "1 bien, 0 notas, 1 aviso, 1 fallo" {
		t.Error(got)
	}
	if got := Summary(lines, "en"); got != "1 ok, 0 notes, 1 warning, 1 fault" || Worst(lines) != Fault || Worst(lines[:2]) != Warning || Worst(nil) != OK {
		t.Error(got)
	}
}

func TestLineAsJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(Line{Part: "redis", Check: "clock", Verdict: Note, Text: "a", Remedy: "b", Took: 1500 * time.Microsecond})
	if want := `{"part":"redis","check":"clock","verdict":"note","text":"a","remedy":"b","took_ms":1.5}`; err != nil || string(raw) != want {
		t.Errorf("%v %s", err, raw)
	}
	if l := Refused(errors.New("no file")); l.Verdict != Fault || l.Remedy == "" {
		t.Errorf("%+v", l)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{65 * time.Second: "1m5s", 1234 * time.Millisecond: "1.2s", 12345 * time.Microsecond: "12ms",
		1234 * time.Microsecond: "1.23ms", -3 * time.Second: "-3s"} {
		if got := short(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestModulesAreToldOnce(t *testing.T) {
	t.Parallel()
	s := &sheet{}
	judgeModules(s, running("format_wav"), neededModules([]string{"gsm", "wav"}))
	if len(s.lines) != 1 || s.lines[0].Check != "module format_wav" {
		t.Errorf("%+v", s.lines)
	}
	s = &sheet{}
	judgeModules(s, running("format_gsm"), neededModules([]string{"gsm"}))
	if len(s.lines) != 1 || s.lines[0].Verdict != Fault {
		t.Errorf("a queue records in gsm, and the module is no more than advised: %+v", s.lines)
	}
}
