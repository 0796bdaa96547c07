package api

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/operadora/operadora/api/wire"
)

// TestReportsNameWhatIsWrong: field and value, so that a page can say it beside the field.
func TestReportsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	for path, want := range map[string][3]string{
		"reports/service?from=2026-03-02T00:00:00Z&queue=nowhere":                                {"404", "queue", "nowhere"},
		"reports/service?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z":                      {"400", "to", "2026-03-01T00:00:00Z"},
		"reports/agents?from=2026-03-02T00:00:00Z&by=moon":                                       {"400", "by", "moon"},
		"reports/pauses?from=2026-03-02T00:00:00Z&did=5000":                                      {"400", "did", "5000"},
		"sheet?queue=nowhere&day=2026-03-02":                                                     {"404", "queue", "nowhere"},
		"logbook?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z":                              {"400", "from", "2026-01-01T00:00:00Z"},
		"reports/service?from=2026-03-02T00:00:00Z&time_zone=" + url.QueryEscape("Mars/Olympus"): {"400", "time_zone", "Mars/Olympus"},
	} {
		status, err := strconv.Atoi(want[0])
		if err != nil {
			t.Fatal(err)
		}
		if p := read[problem](t, ask(s, "GET", "/api/v1/"+path, w.tokens[wire.RoleSupervisor], ""), status); p.Field != want[1] || p.Value != want[2] {
			t.Errorf("%s: field %q, value %q, want %q and %q", path, p.Field, p.Value, want[1], want[2])
		}
	}
}
