package leadstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// Candidate is a lead of a campaign, with all by which is decided whether it is called.
type Candidate struct {
	Kept
	As      campaign.Lead
	Calling bool // an attempt of the campaign goes on
	List    List
}

// contactsKept is how far back contacts are looked at: no cap's period is longer.
const contactsKept = 366 * 24 * time.Hour

// candidates reads all that is known of leads of a list, for a campaign.
func (s *Store) candidates(ctx context.Context, q querier, id string, list List, kept []Kept) ([]Candidate, error) {
	out := make([]Candidate, len(kept))
	if len(kept) == 0 {
		return nil, nil
	}
	byID := make(map[int64]*Candidate, len(kept))
	ids := make([]any, len(kept))
	var numbers []string
	for i, k := range kept {
		c := &out[i]
		c.Kept, c.List, c.As.Hours = k, list, list.Hours
		byID[k.ID], ids[i] = c, k.ID
		for _, n := range k.Numbers {
			numbers = append(numbers, n.Number)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	forbidden, err := s.forbidden(ctx, q, numbers, id)
	if err != nil {
		return nil, err
	}
	for i := range out {
		for _, n := range out[i].Numbers {
			out[i].As.Numbers = append(out[i].As.Numbers, campaign.Number{Number: n.Number, Zones: leads.Places(n.Zones), DoNotCall: forbidden[n.Number]})
		}
	}
	if err := s.tried(ctx, q, id, ids, byID); err != nil {
		return nil, err
	}
	mine := "SELECT lead, number FROM lead_numbers WHERE lead IN (" + records.Marks(len(ids)) + ")"
	if err := s.reached(ctx, q, func(lead int64, x compliance.Contact) { byID[lead].As.Contacts = append(byID[lead].As.Contacts, x) }, mine, ids...); err != nil {
		return nil, err
	}
	return out, q.Query(ctx, func(r *sql.Rows) error {
		var lead, due int64
		var a campaign.Appointment
		err := r.Scan(&lead, &due, &a.Number, &a.Agent)
		a.At = at(due)
		byID[lead].As.Appointment = &a
		return err
	}, "SELECT lead, at, number, agent FROM campaign_appointments WHERE campaign = ? AND lead IN ("+records.Marks(len(ids))+")", append([]any{id}, ids...)...)
}

// tried reads what the campaign tried for leads.
func (s *Store) tried(ctx context.Context, q querier, id string, ids []any, byID map[int64]*Candidate) error {
	return q.Query(ctx, func(r *sql.Rows) error {
		var lead int64
		t, state := attemptRow{}, ""
		if err := r.Scan(&lead, &state, &t.number, &t.planned, &t.ended, &t.result, &t.disposition); err != nil {
			return err
		}
		c := byID[lead]
		c.As.Attempts = append(c.As.Attempts, t.attempt())
		c.Calling = c.Calling || state != stateEnded
		return nil
	}, "SELECT lead, state, number, planned_at, ended_at, result, disposition FROM campaign_attempts WHERE campaign = ? AND lead IN ("+records.Marks(len(ids))+") ORDER BY planned_at, call",
		append([]any{id}, ids...)...)
}

// people begins a statement about people, each of them a number in mine (lead, number) and what
// hangs together with it: also are the leads that have a number of theirs, or were called at
// one, and theirs are the numbers of all those.
const people = `WITH mine AS (%s),
	also AS (SELECT m.lead, n.lead AS other FROM mine m CROSS JOIN lead_numbers n WHERE n.number = m.number
		UNION SELECT m.lead, a.lead FROM mine m CROSS JOIN campaign_attempts a WHERE a.number = m.number),
	theirs AS (SELECT lead, number FROM mine UNION SELECT o.lead, n.number FROM also o CROSS JOIN lead_numbers n WHERE n.lead = o.other) `

// reached reads all that was done to reach people, by whatever campaign and beside all: a
// person is a number of mine, a statement that gives them, with all that hangs together with it.
func (s *Store) reached(ctx context.Context, q querier, take func(lead int64, c compliance.Contact), mine string, args ...any) error {
	const columns = "a.call, a.number, a.planned_at, a.answered_at, a.result, a.abandoned FROM "
	since := ms(s.now().Add(-contactsKept))
	err := q.Query(ctx, func(r *sql.Rows) error {
		var lead int64
		var call string
		t := attemptRow{}
		err := r.Scan(&lead, &call, &t.number, &t.planned, &t.answered, &t.result, &t.abandoned)
		if t.rang() {
			take(lead, t.contact())
		}
		return err
	}, fmt.Sprintf(people, mine)+"SELECT o.lead, "+columns+"also o CROSS JOIN campaign_attempts a WHERE a.lead = o.other AND a.planned_at > ? UNION SELECT t.lead, "+
		columns+"theirs t CROSS JOIN campaign_attempts a WHERE a.number = t.number AND a.planned_at > ? ORDER BY planned_at, call", append(args[:len(args):len(args)], since, since)...)
	if err != nil {
		return err
	}
	return s.others(ctx, q, take, fmt.Sprintf(people, mine), args...)
}

// others reads the calls to people that no campaign made: those of agents, and callbacks, each
// as often as it rang, once it is over and on record; one that was refused rang nobody.
func (s *Store) others(ctx context.Context, q querier, take func(lead int64, c compliance.Contact), people string, args ...any) error {
	return q.Query(ctx, func(r *sql.Rows) error {
		var kind, number string
		var lead, started, connected, rang int64
		if err := r.Scan(&lead, &kind, &number, &started, &connected, &rang); err != nil {
			return err
		}
		c := compliance.Contact{At: at(started), Channel: compliance.ChannelCall, Number: number, Spoke: connected > 0, Maker: compliance.MakerOf(kind == string(orchestrator.KindCallback))}
		if c.Maker == compliance.MakerAgents {
			rang = 1
		} else if connected > 0 {
			rang, c.At = max(rang, 1), at(connected)
		}
		for range rang {
			take(lead, c)
			c.Spoke = false // once
		}
		return nil
	}, people+"SELECT t.lead, c.kind, c.caller_number, c.started_at, c.connected_at, c.attempts FROM theirs t CROSS JOIN contacts c WHERE c.caller_number = t.number AND c.kind IN (?, ?) AND c.outcome <> ? AND c.started_at > ? ORDER BY c.started_at, c.call",
		append(args[:len(args):len(args)], string(orchestrator.KindOutbound), string(orchestrator.KindCallback), string(orchestrator.OutcomeRefused), ms(s.now().Add(-contactsKept)))...)
}

// Reached is all that was done to reach the person who has a number, by this number or another
// of theirs that a list knows.
func (s *Store) Reached(ctx context.Context, number string) (out []compliance.Contact, err error) {
	err = s.reached(ctx, s.tables, func(_ int64, c compliance.Contact) { out = append(out, c) }, "SELECT 0 AS lead, CAST(? AS TEXT) AS number", number)
	return out, err
}

// attemptRow is an attempt as candidates need it.
type attemptRow struct {
	number, result, disposition string
	planned, ended, answered    int64
	abandoned                   int64
}

// rang tells whether it was one to reach somebody.
func (t attemptRow) rang() bool { return campaign.Result(t.result).Rang() }

func (t attemptRow) attempt() campaign.Attempt {
	return campaign.Attempt{At: at(max(t.ended, t.planned)), Number: t.number, Result: campaign.Result(t.result), Disposition: t.disposition}
}

func (t attemptRow) contact() compliance.Contact {
	return compliance.Contact{At: at(t.planned), Channel: compliance.ChannelCall, Number: t.number,
		Spoke: t.answered > 0 && t.abandoned == 0 && campaign.Result(t.result) != campaign.ResultMachine, Abandoned: t.abandoned > 0}
}

// Due are leads of a list that are due in a campaign, those first that were to be called
// longest ago.
func (s *Store) Due(ctx context.Context, id, list string, limit int) ([]Candidate, error) {
	l, err := s.List(ctx, list)
	if err != nil {
		return nil, err
	}
	return s.those(ctx, id, l, "id IN (SELECT lead FROM campaign_leads WHERE campaign = ? AND list = ? AND state = ? AND due <= ? ORDER BY due, lead LIMIT ?)",
		id, l.n, leadDue, ms(s.now()), limit)
}

// Appointed are leads of a list whose appointments with a campaign are due, those first that
// were to be called longest ago; and when the next is due, zero for none.
func (s *Store) Appointed(ctx context.Context, id, list string, limit int) (out []Candidate, next time.Time, err error) {
	l, err := s.List(ctx, list)
	if err != nil {
		return nil, next, err
	}
	// CROSS JOIN: SQLite begins with the appointments, which are few.
	const of = ` FROM campaign_appointments a CROSS JOIN campaign_leads cl
		WHERE a.campaign = ? AND cl.campaign = a.campaign AND cl.lead = a.lead AND cl.list = ? AND cl.state = ? AND cl.due `
	now := ms(s.now())
	if out, err = s.those(ctx, id, l, "id IN (SELECT cl.lead"+of+"<= ? ORDER BY cl.due, cl.lead LIMIT ?)", id, l.n, leadDue, now, limit); err != nil {
		return nil, next, err
	}
	first, err := one[int64](ctx, s.tables, "SELECT COALESCE(MIN(cl.due), 0)"+of+"> ?", id, l.n, leadDue, now)
	return out, at(first), err
}

// NextDue is when, after a time, the next lead of a list is due in a campaign; zero for none.
func (s *Store) NextDue(ctx context.Context, id, list string, after time.Time) (time.Time, error) {
	l, err := s.List(ctx, list)
	if err != nil {
		return time.Time{}, err
	}
	first, err := one[int64](ctx, s.tables, "SELECT COALESCE(MIN(due), 0) FROM campaign_leads WHERE campaign = ? AND list = ? AND state = ? AND due > ?", id, l.n, leadDue, ms(after))
	return at(first), err
}

// lookedAtOnce is how many leads are looked at for those that are fresh: some milliseconds.
const lookedAtOnce = 2000

// Fresh are leads of a list behind a lead that a campaign has left no note of, in the
// order in which they came, and the last that was looked at for them: behind, when there are
// no more. There may be none, and more behind the last.
func (s *Store) Fresh(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	return s.fresh(ctx, id, list, "id", behind, limit)
}

// FreshAgain are, as Fresh, those that were changed behind a change, in the order in which they were; and
// the last change.
func (s *Store) FreshAgain(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	return s.fresh(ctx, id, list, "changed", behind, limit)
}

func (s *Store) fresh(ctx context.Context, id, list, by string, behind int64, limit int) (out []Candidate, last int64, err error) {
	l, err := s.List(ctx, list)
	if err != nil {
		return nil, behind, err
	}
	last = behind
	var ids []any
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var lead, at int64
		var known bool
		err := r.Scan(&lead, &at, &known)
		if len(ids) == limit {
			return err
		}
		if last = at; !known {
			ids = append(ids, lead)
		}
		return err
	}, "SELECT id, "+by+", EXISTS (SELECT 1 FROM campaign_leads cl WHERE cl.campaign = ? AND cl.lead = leads.id) FROM leads WHERE list = ? AND "+by+" > ? AND "+by+" > 0 ORDER BY "+by+" LIMIT ?",
		id, l.n, behind, lookedAtOnce)
	if err != nil || len(ids) == 0 {
		return nil, last, err
	}
	out, err = s.those(ctx, id, l, "id IN ("+records.Marks(len(ids))+") ORDER BY "+by, ids...)
	return out, last, err
}

// All are all leads of a list behind a lead, as a campaign sees them, and the last of them.
func (s *Store) All(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	l, err := s.List(ctx, list)
	if err != nil {
		return nil, behind, err
	}
	out, err = s.those(ctx, id, l, "list = ? AND id > ? ORDER BY id LIMIT ?", l.n, behind, limit)
	if err != nil || len(out) == 0 {
		return nil, behind, err
	}
	return out, out[len(out)-1].ID, nil
}

// those are leads of a list for which a condition holds, as a campaign sees them.
func (s *Store) those(ctx context.Context, id string, l List, where string, args ...any) ([]Candidate, error) {
	kept, err := leadsWhere(ctx, s.tables, where, args...)
	if err != nil {
		return nil, err
	}
	return s.candidates(ctx, s.tables, id, l, kept)
}

// Again are leads as they are now, for who is about to dial them.
func (s *Store) Again(ctx context.Context, id, list string, leads []int64) ([]Candidate, error) {
	l, err := s.List(ctx, list)
	if err != nil || len(leads) == 0 {
		return nil, err
	}
	return s.those(ctx, id, l, "list = ? AND id IN ("+records.Marks(len(leads))+")", append([]any{l.n}, anys(leads)...)...)
}

// Number is the list's own, by which attempts name it.
func (l List) Number() int64 { return l.n }
