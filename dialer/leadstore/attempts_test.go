package leadstore

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestTerms: who dialled before writes nothing any more, and news of an attempt counts once
// however often it is told.
func TestTerms(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		b.list(leads.List{ID: "l", Region: "CO"})
		b.bring(Order{Target: leads.IntoList, List: "l", File: "x.csv", By: "me"}, "phone\n+573001000001\n")
		old, _, _, err := b.TakeTerm(ctx)
		if err != nil {
			t.Fatal(err)
		}
		term, _, _, err := b.again().TakeTerm(ctx)
		if err != nil || term != old+1 {
			t.Fatal(term, err)
		}
		a := Attempt{Call: "c1", Campaign: "march", Lead: 1, List: 1, N: 1, Number: "+573001000001", PBX: "main", Planned: b.clock.now()}
		late := Settled{Call: "c1", Ended: b.clock.now(), As: campaign.Ended{Result: campaign.ResultBusy}, Outcome: "busy"}
		for what, err := range map[string]error{"plan": b.Plan(ctx, old, []Attempt{a}), "place": b.Place(ctx, old, "march", []Look{{Lead: 1, List: 1}}),
			"settle": b.Settle(ctx, old, "9-0", []Settled{late}), "learnt": b.KeepLearnt(ctx, old, "{}")} {
			if fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s in an old term: %v", what, err)
			}
		}
		if err := b.Plan(ctx, term, []Attempt{a}); err != nil {
			t.Fatal(err)
		}
		if err := b.Plan(ctx, term, []Attempt{a}); err == nil {
			t.Error("an id was planned twice")
		}
		answered := b.clock.now().Add(time.Second)
		served := Settled{Call: "c1", Answered: answered, Connected: answered, Ended: answered.Add(time.Minute), As: campaign.Ended{Result: campaign.ResultServed, Person: true}, Outcome: "served"}
		for _, n := range []Settled{{Call: "c1", Answered: answered}, served, served, late} {
			if err := b.Settle(ctx, term, "1-0", []Settled{n}); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]int64{"march": 0, "april": 1} {
			if n, err := b.NotCalled(ctx, id, []string{"gone", "l"}); err != nil || n != want {
				t.Errorf("%s: %d not called, %v", id, n, err)
			}
		}
		tally, err := b.Tally(ctx, "march", time.Time{})
		if err != nil || tally.Attempts != 1 || tally.Results[campaign.ResultServed] != 1 || tally.Answered != 1 {
			t.Errorf("%+v, %v", tally, err)
		}
		for what, ask := range map[string]func() error{
			"due":      func() error { _, err := b.Due(ctx, "march", "l", 10); return err },
			"next due": func() error { _, err := b.NextDue(ctx, "march", "l", answered); return err },
			"fresh":    func() error { _, _, err := b.Fresh(ctx, "march", "l", 0, 10); return err },
			"again":    func() error { _, err := b.Again(ctx, "march", "l", []int64{1}); return err },
			"all":      func() error { _, _, err := b.All(ctx, "march", "l", 0, 10); return err },
			"stand":    func() error { _, err := b.Stand(ctx, "march"); return err },
			"heal":     func() error { _, err := b.Heal(ctx, term); return err },
			"move":     func() error { _, _, err := b.Move(ctx, "march", campaign.OnStart, "me", ""); return err },
			"learnt":   func() error { return b.KeepLearnt(ctx, term, "{}") },
			"said":     func() error { return b.Settle(ctx, term, "", []Settled{{Call: "c1", Disposition: "sale"}}) },
		} {
			if err := ask(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := b.Appoint(ctx, "march", []string{"l"}, 99, campaign.Appointment{At: answered}, "me"); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		if _, err := b.Appoint(ctx, "march", []string{"l"}, 1, campaign.Appointment{At: answered, Number: "+573001000001"}, "me"); err != nil {
			t.Error(err)
		}
		if list, err := b.Appointments(ctx, "me", 10); err != nil || len(list) != 1 || list[0].Campaign != "march" || list[0].Lead != 1 || !list[0].At.Equal(answered) {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := b.Appointments(ctx, "others", 10); err != nil || len(list) != 0 {
			t.Errorf("of others: %+v, %v", list, err)
		}
		made, err := b.AppointmentsOf(ctx, "march", Appointed{}, 10)
		if err != nil || len(made) != 1 || made[0].Lead != 1 || !made[0].At.Equal(answered) || made[0].Number != "+573001000001" || made[0].By != "me" {
			t.Errorf("%+v, %v", made, err)
		}
		for what, ask := range map[string]func() ([]Appointed, error){
			"behind it": func() ([]Appointed, error) { return b.AppointmentsOf(ctx, "march", made[0], 10) },
			"another":   func() ([]Appointed, error) { return b.AppointmentsOf(ctx, "april", Appointed{}, 10) },
		} {
			if list, err := ask(); err != nil || len(list) != 0 {
				t.Errorf("%s: %+v, %v", what, list, err)
			}
		}
		health, err := b.Health(ctx, "march", []string{"gone", "l"}, time.Time{})
		if err != nil || len(health) != 2 || health[0].Leads != 0 {
			t.Fatalf("%+v, %v", health, err)
		}
		if h := health[1]; h.Leads != 1 || h.Attempts != 1 || h.Answered != 1 || h.Results[campaign.ResultServed] != 1 || h.Dispositions["sale"] != 1 || len(h.Seen) != 1 || h.Seen[0].Leads != 1 {
			t.Errorf("%+v", h)
		}
		if health, err = b.Health(ctx, "march", []string{"l"}, answered.Add(time.Hour)); err != nil || health[0].Attempts != 0 || len(health[0].Seen) != 1 {
			t.Errorf("later: %+v, %v", health, err)
		}
		again, err := b.Again(ctx, "march", "l", []int64{1})
		if err != nil || len(again) != 1 || len(again[0].As.Attempts) != 1 || len(again[0].As.Contacts) != 1 || again[0].As.Appointment == nil || again[0].As.Attempts[0].Disposition != "sale" {
			t.Errorf("%+v, %v", again, err)
		}
		was, is := campaign.Appointment{At: answered, Number: "+573001000001"}, campaign.Appointment{At: answered.Add(time.Hour)}
		before, err := b.Appoint(ctx, "march", []string{"l"}, 1, is, "me")
		if err != nil || before == nil || !before.At.Equal(was.At) || before.Number != was.Number {
			t.Errorf("%+v, %v", before, err)
		}
		for _, x := range []struct { // what is withdrawn, and what stands then
			is   campaign.Appointment
			was  *campaign.Appointment
			want *campaign.Appointment
		}{{was, nil, &is}, {is, before, &was}, {was, nil, nil}} {
			if err := b.Withdraw(ctx, "march", 1, x.is, x.was, "me"); err != nil {
				t.Error(err)
			}
			stands, err := b.Again(ctx, "march", "l", []int64{1})
			if err != nil || len(stands) != 1 || !cmp.Equal(stands[0].As.Appointment, x.want) {
				t.Errorf("%+v, %v, want %+v", stands[0].As.Appointment, err, x.want)
			}
		}
		if _, err := b.Appoint(ctx, "march", []string{"l"}, 1, is, "me"); err != nil {
			t.Fatal(err)
		}
		if err := b.Cancel(ctx, "march", 1); err != nil {
			t.Error(err)
		}
		if due, err := b.Due(ctx, "march", "l", 10); err != nil || len(due) != 1 || due[0].As.Appointment != nil {
			t.Errorf("cancelled: %+v, %v", due, err)
		}
		if err := b.Cancel(ctx, "march", 1); fault.KindOf(err) != fault.NotFound {
			t.Errorf("cancelled twice: %v", err)
		}
		b.bring(Order{Target: leads.IntoList, List: "l", File: "y.csv", Duplicates: leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}}, "phone,phone 2\n+573001000001,+573001000002\n")
		for range 2 {
			if err := b.Settle(ctx, term, "", []Settled{{Call: "c1", Never: true}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, number := range []string{"+573001000001", "+573001000002"} {
			if told, err := b.DoNotCall(ctx, number, "april"); err != nil || len(told) != 1 || told[0].Why != "asked for it in call c1" {
				t.Errorf("%s: %+v, %v", number, told, err)
			}
		}
		if open, err := b.Open(ctx); err != nil || len(open) != 0 {
			t.Error(open, err)
		}
		spoken, err := b.Spoken(ctx, "march", answered, answered.Add(time.Millisecond), Spoken{}, 10)
		if err != nil || len(spoken) != 1 || spoken[0].Call != "c1" || !spoken[0].Connected.Equal(answered) || spoken[0].Abandoned {
			t.Errorf("%+v, %v", spoken, err)
		}
		for what, ask := range map[string]func() ([]Spoken, error){
			"behind it": func() ([]Spoken, error) {
				return b.Spoken(ctx, "march", answered, answered.Add(time.Hour), spoken[0], 10)
			},
			"another": func() ([]Spoken, error) {
				return b.Spoken(ctx, "april", answered, answered.Add(time.Hour), Spoken{}, 10)
			},
			"another day": func() ([]Spoken, error) {
				return b.Spoken(ctx, "march", answered.Add(-time.Hour), answered, Spoken{}, 10)
			},
		} {
			if list, err := ask(); err != nil || len(list) != 0 {
				t.Errorf("%s: %+v, %v", what, list, err)
			}
		}
		l, err := b.Ledger(ctx, time.Time{})
		if n, lost := l.Window("march", time.Time{}, answered.Add(time.Hour)); err != nil || n != 1 || lost != 0 {
			t.Error(n, lost, err)
		}
	})
}

// TestOthersContacts: calls of agents and callbacks are among the contacts of whom they reached, by
// any number of theirs, each as often as it rang; those that were refused are not.
func TestOthersContacts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "l", Region: "CO"})
		b.bring(Order{Target: leads.IntoList, List: "l", File: "x.csv", By: "me"}, "phone,phone2\n+573001000001,+573001000002\n")
		n := 0
		called := func(id, number string, kind orchestrator.CallKind, outcome orchestrator.Outcome, talked bool, rang int) {
			s := orchestrator.CallSummary{Call: id, Kind: kind, Caller: orchestrator.Party{Number: number}, StartedAt: ms(b.clock.now()), Outcome: outcome, Attempts: rang, EndedAt: ms(b.clock.now()) + 2000}
			if talked {
				s.ConnectedAt = s.StartedAt + 1000
			}
			raw, _ := json.Marshal(s)
			n++
			if _, err := b.db.Write(t.Context(), []orchestrator.Entry{{ID: fmt.Sprint(n, "-0"), Type: orchestrator.EntryCallEnded, At: b.clock.now(), Call: id, Data: raw}}); err != nil {
				t.Fatal(err)
			}
		}
		called("a", "+573001000001", orchestrator.KindOutbound, orchestrator.OutcomeServed, true, 0)
		called("b", "+573001000002", orchestrator.KindOutbound, orchestrator.OutcomeBusy, false, 0)
		called("c", "+573001000001", orchestrator.KindOutbound, orchestrator.OutcomeRefused, false, 0)
		called("d", "+573001000001", orchestrator.KindCallback, orchestrator.OutcomeServed, true, 3)
		called("e", "+573001000001", orchestrator.KindInbound, orchestrator.OutcomeServed, true, 0)
		called("f", "+573009999999", orchestrator.KindOutbound, orchestrator.OutcomeServed, true, 0)
		count := func(list []compliance.Contact) string {
			agents, callbacks, spoke := 0, 0, 0
			for _, c := range list {
				switch c.Maker {
				case compliance.MakerAgents:
					agents++
				case compliance.MakerCallbacks:
					callbacks++
				}
				if c.Spoke {
					spoke++
				}
			}
			return fmt.Sprintf("%d agents, %d callbacks, %d spoke", agents, callbacks, spoke)
		}
		const want = "2 agents, 3 callbacks, 2 spoke"
		list, err := b.Reached(t.Context(), "+573001000002")
		if got := count(list); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
		all, _, err := b.All(t.Context(), "march", "l", 0, 10)
		if err != nil || len(all) != 1 || count(all[0].As.Contacts) != want {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestPersonIsAllTheirNumbers: what a campaign did to reach somebody counts by whatever number
// of theirs it was, also where another list has that one alone, and where no lead has it any
// more; once, however many leads have both.
func TestPersonIsAllTheirNumbers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		const mobile, home, work, other = "+573001000001", "+576010000002", "+576010000003", "+573001000009"
		brought := func(list, rows string) {
			b.list(leads.List{ID: list, Region: "CO"})
			b.bring(Order{Target: leads.IntoList, List: list, File: "x.csv", By: "me"}, "phone,phone2,phone3\n"+rows)
		}
		brought("l", mobile+",,\n"+other+",,\n")                      // leads 1 and 2
		brought("m", mobile+","+home+","+work+"\n")                   // lead 3
		brought("n", home+","+mobile+",\n"+other+",+573001000008,\n") // leads 4 and 5
		term, _, _, err := b.TakeTerm(ctx)
		if err != nil {
			t.Fatal(err)
		}
		now := b.clock.now()
		for _, a := range []Attempt{
			{Call: "a", Campaign: "april", Lead: 3, List: 2, N: 1, Number: home, PBX: "main", Planned: now},
			{Call: "b", Campaign: "april", Lead: 3, List: 2, N: 2, Number: mobile, PBX: "main", Planned: now},
			{Call: "c", Campaign: "may", Lead: 4, List: 3, N: 1, Number: home, PBX: "main", Planned: now},
			{Call: "d", Campaign: "may", Lead: 3, List: 2, N: 1, Number: "+576010000007", PBX: "main", Planned: now}, // which it had then
		} {
			if err := b.Plan(ctx, term, []Attempt{a}); err != nil {
				t.Fatal(err)
			}
		}
		contacts := func() (n []int) {
			all, _, err := b.All(ctx, "march", "l", 0, 10)
			if err != nil || len(all) != 2 || len(all[0].As.Attempts) != 0 {
				t.Fatalf("%+v, %v", all, err)
			}
			return []int{len(all[0].As.Contacts), len(all[1].As.Contacts)}
		}
		if got := contacts(); got[0] != 4 || got[1] != 0 {
			t.Errorf("%d contacts of the person and %d of another, want 4 and none", got[0], got[1])
		}
		for _, number := range []string{mobile, work} {
			if list, err := b.Reached(ctx, number); err != nil || len(list) != 4 {
				t.Errorf("%s: %+v, %v", number, list, err)
			}
		}
		for _, list := range []string{"m", "n"} { // what was done stays
			if _, more, err := b.DeleteList(ctx, list); more || err != nil {
				t.Fatal(err)
			}
		}
		if got := contacts(); got[0] != 3 || got[1] != 0 { // by lead 3, who was called at the mobile
			t.Errorf("without the lists: %d contacts of the person and %d of another, want 3 and none", got[0], got[1])
		}
	})
}
