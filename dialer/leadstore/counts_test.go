package leadstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestCounts: whatever becomes of leads and attempts, the counts that are kept are what is
// counted; on a database that had them before as well.
func TestCounts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx, rnd := t.Context(), rand.New(rand.NewPCG(1, 2))
		for _, l := range []string{"l", "m"} {
			b.list(leads.List{ID: l, Region: "CO"})
			b.bring(Order{Target: leads.IntoList, List: l, File: "x.csv", By: "me", Duplicates: leads.Duplicates{Scope: leads.ScopeNone, Action: leads.ActionSkip}}, manyRows(60))
		}
		term, _, _, err := b.TakeTerm(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all := b.leadsOfEach("l", "m")
		var open []string
		results := append([]campaign.Result{campaign.ResultMachine}, campaign.Results...)
		do := []func(i int) error{
			func(i int) error {
				k := all[rnd.IntN(len(all))]
				a := Attempt{Call: fmt.Sprint("c", i), Campaign: "march", Lead: k[0], List: k[1], N: 1, Number: "+573000000001", PBX: "main", Planned: b.clock.now()}
				open = append(open, a.Call)
				return b.Plan(ctx, term, []Attempt{a})
			},
			func(int) error {
				if len(open) == 0 {
					return nil
				}
				n := Settled{Call: open[rnd.IntN(len(open))], Answered: b.clock.now()}
				if rnd.IntN(2) == 0 {
					n.Connected = b.clock.now()
				}
				return b.Settle(ctx, term, "", []Settled{n})
			},
			func(int) error {
				if len(open) == 0 {
					return nil
				}
				i := rnd.IntN(len(open))
				n := Settled{Call: open[i], Ended: b.clock.now(), Outcome: "x", As: campaign.Ended{Result: results[rnd.IntN(len(results))]}}
				if open = append(open[:i:i], open[i+1:]...); rnd.IntN(2) == 0 {
					n.Answered, n.As.Abandoned = b.clock.now(), rnd.IntN(3) == 0
					n.Heard = []orchestrator.Verdict{"", orchestrator.VerdictPerson, orchestrator.VerdictMachine}[rnd.IntN(3)]
					n.Sampled = n.Heard == orchestrator.VerdictMachine && rnd.IntN(2) == 0
				}
				if n.As.Result == campaign.ResultMachine {
					n.Machine = "pbx"
				}
				return b.Settle(ctx, term, "", []Settled{n, n})
			},
			func(int) error {
				var looks []Look
				for range 5 {
					k := all[rnd.IntN(len(all))]
					looks = append(looks, Look{Lead: k[0], List: k[1], Due: b.clock.now().Add(time.Hour), Finished: rnd.IntN(3) == 0, Reason: []string{"", "filter", "rule: x"}[rnd.IntN(3)]})
				}
				return b.Place(ctx, term, []string{"march", "april"}[rnd.IntN(2)], distinct(looks))
			},
			func(i int) error {
				lead, is := all[rnd.IntN(len(all))][0], campaign.Appointment{At: b.clock.now().Add(time.Hour)}
				was, err := b.Appoint(ctx, "march", []string{"l", "m"}, lead, is, "me")
				if err != nil || i%2 == 0 {
					return err
				}
				return b.Withdraw(ctx, "march", lead, is, was, "me")
			},
			func(i int) error {
				return b.Settle(ctx, term, "", []Settled{{Call: fmt.Sprint("c", rnd.IntN(i+1)), Disposition: []string{"sale", "no"}[rnd.IntN(2)]}})
			},
			func(int) error { _, err := b.Heal(ctx, term); return err },
			func(i int) error { _, err := b.Reopen(ctx, term, []string{fmt.Sprint("c", rnd.IntN(i+1))}); return err },
			func(int) error { // an import changes leads
				to := map[int64]leads.Lead{all[rnd.IntN(len(all))][0]: {External: "x", Numbers: []leads.Number{{Number: "+573000000001"}}}}
				return b.tables.InTx(ctx, func(tx *records.Tx) error { return rewriteAll(ctx, tx, to, ms(b.clock.now())) })
			},
			func(int) error { b.clock.forward(time.Duration(rnd.IntN(20)) * time.Minute); return nil },
		}
		check := func(when string) {
			t.Helper()
			for kept, counted := range countedBy {
				if diff := cmp.Diff(b.rows(counted), b.rows(kept)); diff != "" {
					t.Fatalf("%s (-counted +kept):\n%s", when, diff)
				}
			}
		}
		for i := range 400 {
			if err := do[rnd.IntN(len(do))](i); err != nil {
				t.Fatal(err)
			}
		}
		check("after 400 changes")
		if _, more, err := b.DeleteList(ctx, "m"); more || err != nil {
			t.Fatal(err)
		}
		check("without a list")
		if err := b.tables.InTx(ctx, func(tx *records.Tx) error { // what a database had before
			called, filled := fills(t, b.dsn)
			do := []string{"UPDATE campaign_leads SET called = 0", called}
			for table, fill := range filled {
				do = append(do, "DELETE FROM "+table, fill)
			}
			for _, do := range do {
				if _, err := tx.Exec(ctx, do); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		check("filled anew")
	})
}

// countedBy are statements of what is kept, and of what it counts.
var countedBy = map[string]string{
	"SELECT campaign, list, state, reason, leads, called FROM campaign_stands WHERE leads <> 0": "SELECT campaign, list, state, reason, COUNT(*), SUM(called) FROM campaign_leads GROUP BY campaign, list, state, reason",
	"SELECT campaign, lead, called FROM campaign_leads": `SELECT campaign, lead, CASE WHEN EXISTS (SELECT 1 FROM campaign_attempts a WHERE a.lead = l.lead AND a.campaign = l.campaign AND a.result NOT IN ('skipped', 'withdrawn'))
		THEN 1 ELSE 0 END FROM campaign_leads l`,
	"SELECT list, leads FROM lead_counts WHERE leads <> 0": "SELECT list, COUNT(*) FROM leads GROUP BY list",
	"SELECT campaign, hour, list, result, disposition, heard, machine, sampled, talked, attempts, answered, abandoned FROM campaign_hours WHERE attempts <> 0 OR answered <> 0 OR abandoned <> 0": `SELECT campaign, planned_at / 3600000, list, result, disposition, heard, machine, sampled,
		CASE WHEN connected_at > 0 THEN 1 ELSE 0 END AS talked, COUNT(*), SUM(CASE WHEN answered_at > 0 THEN 1 ELSE 0 END), SUM(abandoned)
		FROM campaign_attempts GROUP BY campaign, planned_at / 3600000, list, result, disposition, heard, machine, sampled, talked`,
	"SELECT campaign, period, answered, abandoned FROM campaign_ledger WHERE answered <> 0 OR abandoned <> 0": `SELECT campaign, answered_at / 300000, COUNT(*), SUM(abandoned) FROM campaign_attempts
		WHERE state = 'ended' AND answered_at > 0 AND result <> 'machine' GROUP BY campaign, answered_at / 300000`,
}

// rows are those that a statement gives, sorted.
func (b *bundle) rows(query string) []string {
	b.t.Helper()
	var out []string
	if err := b.tables.Query(b.t.Context(), func(r *sql.Rows) error {
		names, err := r.Columns()
		if err != nil {
			return err
		}
		cells, at := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			at[i] = &cells[i]
		}
		err = r.Scan(at...)
		out = append(out, strings.TrimSpace(fmt.Sprintln(cells...)))
		return err
	}, query); err != nil {
		b.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// leadsOfEach are leads of lists, and the numbers of these.
func (b *bundle) leadsOfEach(lists ...string) (out [][2]int64) {
	b.t.Helper()
	for _, id := range lists {
		l, err := b.List(b.t.Context(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		all, _, err := b.All(b.t.Context(), "x", id, 0, 1000)
		if err != nil || len(all) == 0 {
			b.t.Fatal(len(all), err)
		}
		for _, k := range all {
			out = append(out, [2]int64{k.ID, l.Number()})
		}
	}
	return out
}

// distinct are looks at a lead each.
func distinct(looks []Look) (out []Look) {
	seen := map[int64]bool{}
	for _, l := range looks {
		if !seen[l.Lead] {
			seen[l.Lead] = true
			out = append(out, l)
		}
	}
	return out
}

// fills are the statements by which migrations count what is there, the last of each table, and that by which they note who was called.
func fills(t *testing.T, dsn records.DSN) (called string, out map[string]string) {
	t.Helper()
	kind, _, _ := strings.Cut(string(dsn), ":")
	folder := "migrations/" + map[bool]string{true: "sqlite", false: "postgres"}[kind == "sqlite"]
	files, err := migrations.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	out = map[string]string{}
	for _, f := range files { // in their order
		text, err := migrations.ReadFile(folder + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, m := range regexp.MustCompile(`(?m)^INSERT INTO (campaign_\w+|lead_counts) SELECT [^;]*;`).FindAllStringSubmatch(up, -1) {
			out[m[1]] = m[0]
		}
		called += regexp.MustCompile(`(?m)^UPDATE campaign_leads SET called [^;]*;`).FindString(up)
	}
	if len(out) != 4 || called == "" {
		t.Fatalf("%d statements, and %q", len(out), called)
	}
	return called, out
}

// planned are tables that note how SQLite would answer what is asked of them.
type planned struct {
	tables
	plans *[]string
}

func (p planned) Query(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	var steps []string
	if err := p.tables.Query(ctx, func(r *sql.Rows) error {
		var id, parent, unused int64
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...); err != nil {
		return err
	}
	for _, s := range steps {
		sorts := strings.Contains(s, "TEMP B-TREE FOR ")
		if sorts && sorted.MatchString(query) || !sorts && dear.MatchString(s) && !cheap.MatchString(s) {
			*p.plans = append(*p.plans, s+" in "+query[max(0, strings.LastIndex(query, "SELECT ")):])
		}
	}
	return p.tables.Query(ctx, fn, query, args...)
}

// What is dear where there are a million leads and attempts; what may be read whole all the
// same, being the few rows that are counts, definitions, or chosen by then; and what is not
// sorted before its first rows are taken. What counts in a row of leads has their ids.
var (
	dear   = regexp.MustCompile(`^SCAN |\((campaign|list)=\?\)$`)
	cheap  = regexp.MustCompile(`^SCAN (m|o|t|mine|also|theirs|CONSTANT ROW|\d+ CONSTANT ROW|do_not_call_sources|campaign_runs|campaign_attempts USING INDEX campaign_attempts_open|campaign_ledger)\b|^SEARCH (s|campaign_hours|campaign_terms) `)
	sorted = regexp.MustCompile(`(due|lead|id|changed) LIMIT \?|FROM campaign_stands`)
)

// TestNothingIsReadWhole: what is asked while campaigns are dialled, and by who watches one,
// visits some rows by an index, however many leads and attempts there are.
func TestNothingIsReadWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, records.DSN("sqlite:"+migrated(t)))
	ctx, now := t.Context(), b.clock.now()
	b.list(leads.List{ID: "l", Region: "CO"})
	b.bring(intoL, manyRows(10))
	plans := []string{}
	s := *b.Store
	s.tables = planned{b.tables, &plans}
	for what, ask := range map[string]func() error{
		"due":         func() error { _, err := s.Due(ctx, "march", "l", 10); return err },
		"next due":    func() error { _, err := s.NextDue(ctx, "march", "l", now); return err },
		"fresh":       func() error { _, _, err := s.Fresh(ctx, "march", "l", 0, 10); return err },
		"fresh again": func() error { _, _, err := s.FreshAgain(ctx, "march", "l", 0, 10); return err },
		"all":         func() error { _, _, err := s.All(ctx, "march", "l", 0, 10); return err },
		"again":       func() error { _, err := s.Again(ctx, "march", "l", []int64{1}); return err },
		"reached":     func() error { _, err := s.Reached(ctx, "+573000000001"); return err },
		"stand":       func() error { _, err := s.Stand(ctx, "march"); return err },
		"health":      func() error { _, err := s.Health(ctx, "march", []string{"l"}, now); return err },
		"list":        func() error { _, err := s.List(ctx, "l"); return err },
		"not called":  func() error { _, err := s.NotCalled(ctx, "march", []string{"l"}); return err },
		"tally":       func() error { _, err := s.Tally(ctx, "march", now); return err },
		"heard":       func() error { _, err := s.Heard(ctx, "march", now); return err },
		"runs":        func() error { _, err := s.Runs(ctx); return err },
		"open":        func() error { _, err := s.Open(ctx); return err },
		"ledger":      func() error { _, err := s.Ledger(ctx, now); return err },
		"terms":       func() error { _, err := s.Terms(ctx, "march"); return err },
		"counts": func() error {
			for _, of := range []some{ofCalls([]any{"a", "b"}), ofLeads([]any{1, 2}), ofLeadsOf([]any{"a", "b"}), ofLists("IN (?, ?)", []any{1, 2})} {
				for _, k := range of.tallies {
					if err := k.count(ctx, s.tables, of, 1, map[string][]any{}); err != nil {
						return err
					}
				}
			}
			return nil
		},
		"spoken": func() error { _, err := s.Spoken(ctx, "march", now, now.Add(time.Hour), Spoken{}, 10); return err },
	} {
		plans = plans[:0]
		if err := ask(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, p := range plans {
			t.Errorf("%s: %s", what, p)
		}
	}
}
