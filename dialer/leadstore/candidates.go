package leadstore

import (
	"context"
	"database/sql"
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
	of := map[string][]*Candidate{} // by number
	ids := make([]any, len(kept))
	var numbers []string
	for i, k := range kept {
		c := &out[i]
		c.Kept, c.List, c.As.Hours = k, list, list.Hours
		byID[k.ID], ids[i] = c, k.ID
		for _, n := range k.Numbers {
			if of[n.Number] == nil {
				numbers = append(numbers, n.Number)
			}
			of[n.Number] = append(of[n.Number], c)
		}
	}
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
	if err := s.reached(ctx, q, numbers, of); err != nil {
		return nil, err
	}
	err = s.others(ctx, q, numbers, func(x compliance.Contact) {
		for _, c := range of[x.Number] {
			c.As.Contacts = append(c.As.Contacts, x)
		}
	})
	if err != nil {
		return nil, err
	}
	return out, q.Query(ctx, func(r *sql.Rows) error {
		var lead, due int64
		var a campaign.Appointment
		err := r.Scan(&lead, &due, &a.Number)
		a.At = at(due)
		byID[lead].As.Appointment = &a
		return err
	}, "SELECT lead, at, number FROM campaign_appointments WHERE campaign = ? AND lead IN ("+records.Marks(len(ids))+")", append([]any{id}, ids...)...)
}

// tried reads what the campaign tried for leads, and what other campaigns did for the very
// same: of those, contacts by another number of theirs, which reached does not find.
func (s *Store) tried(ctx context.Context, q querier, id string, ids []any, byID map[int64]*Candidate) error {
	return q.Query(ctx, func(r *sql.Rows) error {
		var lead int64
		t, of, state := attemptRow{}, "", ""
		if err := r.Scan(&lead, &of, &state, &t.number, &t.planned, &t.ended, &t.answered, &t.result, &t.disposition, &t.abandoned); err != nil {
			return err
		}
		c := byID[lead]
		if of == id {
			c.As.Attempts = append(c.As.Attempts, t.attempt())
			c.Calling = c.Calling || state != stateEnded
		}
		if !c.has(t.number) {
			c.As.Contacts = append(c.As.Contacts, t.contact())
		}
		return nil
	}, "SELECT lead, campaign, state, number, planned_at, ended_at, answered_at, result, disposition, abandoned FROM campaign_attempts WHERE lead IN ("+
		records.Marks(len(ids))+") ORDER BY planned_at, call", ids...)
}

// reached reads every contact at the numbers of leads, whatever campaign and lead it was for.
func (s *Store) reached(ctx context.Context, q querier, numbers []string, of map[string][]*Candidate) error {
	if len(numbers) == 0 {
		return nil
	}
	return q.Query(ctx, func(r *sql.Rows) error {
		t := attemptRow{}
		if err := r.Scan(&t.number, &t.planned, &t.ended, &t.answered, &t.result, &t.abandoned); err != nil {
			return err
		}
		for _, c := range of[t.number] {
			c.As.Contacts = append(c.As.Contacts, t.contact())
		}
		return nil
	}, "SELECT number, planned_at, ended_at, answered_at, result, abandoned FROM campaign_attempts WHERE planned_at > ? AND number IN ("+
		records.Marks(len(numbers))+") ORDER BY planned_at, call", append([]any{ms(s.now().Add(-contactsKept))}, anys(numbers)...)...)
}

// others reads the calls to numbers that no campaign made: those of agents, and callbacks, each
// as often as it rang, once it is over and on record; one that was refused rang nobody.
func (s *Store) others(ctx context.Context, q querier, numbers []string, take func(compliance.Contact)) error {
	if len(numbers) == 0 {
		return nil
	}
	return q.Query(ctx, func(r *sql.Rows) error {
		var kind, number string
		var started, connected, rang int64
		if err := r.Scan(&kind, &number, &started, &connected, &rang); err != nil {
			return err
		}
		c := compliance.Contact{At: at(started), Channel: compliance.ChannelCall, Number: number, Spoke: connected > 0, Maker: compliance.MakerOf(kind == string(orchestrator.KindCallback))}
		if c.Maker == compliance.MakerAgents {
			rang = 1
		} else if connected > 0 {
			rang, c.At = max(rang, 1), at(connected)
		}
		for range rang {
			take(c)
			c.Spoke = false // once
		}
		return nil
	}, "SELECT kind, caller_number, started_at, connected_at, attempts FROM contacts WHERE kind IN (?, ?) AND outcome <> ? AND started_at > ? AND caller_number IN ("+
		records.Marks(len(numbers))+") ORDER BY started_at, call", append([]any{string(orchestrator.KindOutbound), string(orchestrator.KindCallback), string(orchestrator.OutcomeRefused), ms(s.now().Add(-contactsKept))}, anys(numbers)...)...)
}

// Reached is all that was done to reach the person who has a number, by this number or another
// of theirs that a list knows.
func (s *Store) Reached(ctx context.Context, number string) (out []compliance.Contact, err error) {
	const most = 50 // numbers of a person
	numbers := []string{number}
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var n string
		err := r.Scan(&n)
		numbers = append(numbers, n)
		return err
	}, "SELECT DISTINCT o.number FROM lead_numbers n JOIN lead_numbers o ON o.lead = n.lead WHERE n.number = ? AND o.number <> ? LIMIT ?", number, number, most)
	if err != nil {
		return nil, err
	}
	of := map[string][]*Candidate{}
	c := &Candidate{}
	for _, n := range numbers {
		of[n] = []*Candidate{c}
	}
	if err := s.reached(ctx, s.tables, numbers, of); err != nil {
		return nil, err
	}
	err = s.others(ctx, s.tables, numbers, func(x compliance.Contact) { c.As.Contacts = append(c.As.Contacts, x) })
	return c.As.Contacts, err
}

func (c *Candidate) has(number string) bool {
	return slices.ContainsFunc(c.Numbers, func(n leads.Number) bool { return n.Number == number })
}

// attemptRow is an attempt as candidates need it.
type attemptRow struct {
	number, result, disposition string
	planned, ended, answered    int64
	abandoned                   int64
}

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
	l, err := s.BareList(ctx, list)
	if err != nil {
		return nil, err
	}
	kept, err := leadsWhere(ctx, s.tables, "id IN (SELECT lead FROM campaign_leads WHERE campaign = ? AND list = ? AND state = ? AND due <= ? ORDER BY due, lead LIMIT ?)",
		id, l.n, leadDue, ms(s.now()), limit)
	if err != nil {
		return nil, err
	}
	return s.candidates(ctx, s.tables, id, l, kept)
}

// Appointed are leads of a list whose appointments with a campaign are due, those first that
// were to be called longest ago; and when the next is due, zero for none.
func (s *Store) Appointed(ctx context.Context, id, list string, limit int) (out []Candidate, next time.Time, err error) {
	l, err := s.BareList(ctx, list)
	if err != nil {
		return nil, next, err
	}
	// CROSS JOIN: SQLite begins with the appointments, which are few.
	const of = ` FROM campaign_appointments a CROSS JOIN campaign_leads cl
		WHERE a.campaign = ? AND cl.campaign = a.campaign AND cl.lead = a.lead AND cl.list = ? AND cl.state = ? AND cl.due `
	now := ms(s.now())
	kept, err := leadsWhere(ctx, s.tables, "id IN (SELECT cl.lead"+of+"<= ? ORDER BY cl.due, cl.lead LIMIT ?)", id, l.n, leadDue, now, limit)
	if err != nil {
		return nil, next, err
	}
	if out, err = s.candidates(ctx, s.tables, id, l, kept); err != nil {
		return nil, next, err
	}
	first, err := one[int64](ctx, s.tables, "SELECT COALESCE(MIN(cl.due), 0)"+of+"> ?", id, l.n, leadDue, now)
	return out, at(first), err
}

// NextDue is when, after a time, the next lead of a list is due in a campaign; zero for none.
func (s *Store) NextDue(ctx context.Context, id, list string, after time.Time) (time.Time, error) {
	l, err := s.BareList(ctx, list)
	if err != nil {
		return time.Time{}, err
	}
	first, err := one[int64](ctx, s.tables, "SELECT COALESCE(MIN(due), 0) FROM campaign_leads WHERE campaign = ? AND list = ? AND state = ? AND due > ?", id, l.n, leadDue, ms(after))
	return at(first), err
}

// Fresh are leads of a list behind a lead that a campaign has not looked at yet, in the
// order in which they came, and the last of them.
func (s *Store) Fresh(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	return s.page(ctx, id, list, behind, limit, " AND NOT EXISTS (SELECT 1 FROM campaign_leads cl WHERE cl.campaign = ? AND cl.lead = leads.id)", id)
}

// FreshAgain are leads of a list that a campaign has left no note of, and that were changed
// behind a change, in the order in which they were; and the last change.
func (s *Store) FreshAgain(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	l, err := s.BareList(ctx, list)
	if err != nil {
		return nil, behind, err
	}
	last = behind
	var ids []any
	if err := s.tables.Query(ctx, func(r *sql.Rows) error {
		var lead int64
		err := r.Scan(&lead, &last)
		ids = append(ids, lead)
		return err
	}, "SELECT id, changed FROM leads WHERE list = ? AND changed > ? AND NOT EXISTS (SELECT 1 FROM campaign_leads cl WHERE cl.campaign = ? AND cl.lead = leads.id) ORDER BY changed LIMIT ?",
		l.n, behind, id, limit); err != nil || len(ids) == 0 {
		return nil, behind, err
	}
	kept, err := leadsWhere(ctx, s.tables, "id IN ("+records.Marks(len(ids))+")", ids...)
	if err != nil {
		return nil, behind, err
	}
	out, err = s.candidates(ctx, s.tables, id, l, kept)
	return out, last, err
}

// All are all leads of a list behind a lead, as a campaign sees them, and the last of them.
func (s *Store) All(ctx context.Context, id, list string, behind int64, limit int) (out []Candidate, last int64, err error) {
	return s.page(ctx, id, list, behind, limit, "")
}

func (s *Store) page(ctx context.Context, id, list string, behind int64, limit int, which string, args ...any) (out []Candidate, last int64, err error) {
	l, err := s.BareList(ctx, list)
	if err != nil {
		return nil, behind, err
	}
	args = append(append([]any{l.n, behind}, args...), limit)
	kept, err := leadsWhere(ctx, s.tables, "list = ? AND id > ?"+which+" ORDER BY id LIMIT ?", args...)
	if err != nil || len(kept) == 0 {
		return nil, behind, err
	}
	out, err = s.candidates(ctx, s.tables, id, l, kept)
	return out, kept[len(kept)-1].ID, err
}

// Again are leads as they are now, for who is about to dial them.
func (s *Store) Again(ctx context.Context, id, list string, leads []int64) ([]Candidate, error) {
	l, err := s.BareList(ctx, list)
	if err != nil || len(leads) == 0 {
		return nil, err
	}
	kept, err := leadsWhere(ctx, s.tables, "list = ? AND id IN ("+records.Marks(len(leads))+")", append([]any{l.n}, anys(leads)...)...)
	if err != nil {
		return nil, err
	}
	return s.candidates(ctx, s.tables, id, l, kept)
}

// Number is the list's own, by which attempts name it.
func (l List) Number() int64 { return l.n }
