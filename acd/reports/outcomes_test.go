package reports_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
)

// TestOutcomesCountInTheirGroups: by outcome each is under every group above it, and once in the
// total; what an agent gave later replaces what that agent gave before.
func TestOutcomesCountInTheirGroups(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	give := func(minute int, call, agent, queue, path, name, by string, also bool) {
		data := fields{"call": call, "queue": queue, "disposition": name, "by": by}
		if path != name {
			data["path"] = path
		}
		if also {
			data["also"] = true
		}
		j.add(noon.Add(time.Duration(minute)*time.Minute), orchestrator.Entry{Type: orchestrator.EntryAgentDisposed, Call: call, Agent: agent, Queue: queue}, data)
	}
	give(-1, "0", "a", "sales", "sale/cash", "cash", "phone", false) // before
	give(1, "1", "a", "sales", "sale/card", "card", "phone", false)  // corrected
	give(1, "1", "a", "sales", "gift", "gift", "phone", true)
	give(2, "1", "a", "sales", "sale/cash", "cash", "phone", false)
	give(2, "1", "a", "sales", "gift", "gift", "phone", true)
	give(3, "1", "b", "support", "solved", "solved", "api:x", false) // to whom it was transferred
	give(40, "2", "a", "sales", "sale/card/visa", "visa", "phone", false)
	give(50, "3", "b", "support", "other", "other", "default", false)
	give(70, "2", "a", "sales", "sale/card", "card", "phone", true) // after the span, beside the other
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	report := func(q figures.Query) (out []string) {
		t.Helper()
		q.From, q.To = noon, noon.Add(time.Hour)
		table, err := reporter(db).Report(t.Context(), "outcomes", reports.Query{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		line := func(keys []string, of figures.Tally) {
			out = append(out, fmt.Sprint(keys, of[figures.Outcomes], of[figures.Disposed], of[figures.Defaulted]))
		}
		for _, r := range table.Rows {
			line(r.Keys, r.Tally)
		}
		line(nil, table.Total)
		return out
	}
	for name, x := range map[string]struct {
		q    figures.Query
		want []string
	}{
		"by outcome": {figures.Query{}, []string{"[gift] 1 0 0", "[other] 1 1 1", "[sale] 2 2 0", "[sale/card] 1 1 0", "[sale/card/visa] 1 1 0", "[sale/cash] 1 1 0", "[solved] 1 1 0", "[] 5 4 1"}},
		"by queue":   {figures.Query{By: []figures.Dimension{figures.ByQueue}}, []string{"[sales] 3 2 0", "[support] 2 2 1", "[] 5 4 1"}},
		"a group":    {figures.Query{Outcome: "sale/card"}, []string{"[sale/card] 1 1 0", "[sale/card/visa] 1 1 0", "[] 1 1 0"}},
		"by agent and outcome": {figures.Query{By: []figures.Dimension{figures.ByAgent, figures.ByTeam, figures.ByOutcome}, Queue: "support"},
			[]string{"[b  other] 1 1 1", "[b  solved] 1 1 0", "[] 2 2 1"}},
	} {
		if diff := cmp.Diff(x.want, report(x.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	r, err := figures.Find("service")
	if err != nil || slices.Contains(r.By, figures.ByOutcome) {
		t.Errorf("%v, %v", r.By, err)
	}
}
