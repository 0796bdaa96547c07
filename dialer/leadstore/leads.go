package leadstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/records"
)

// Kept is a lead that is kept.
type Kept struct {
	ID     int64
	List   string
	Import int64
	Line   int64 // of the import's file
	leads.Lead
}

// Query chooses leads of a list.
type Query struct {
	List   string
	Filter string // an expression, see leads.Filter; "" chooses all
	Behind int64  // the last lead of the page before
	Limit  int
}

// lookedAt is how many leads are looked at for one page, and read at a time.
const (
	lookedAt = 50_000
	readSize = 500
)

// Leads returns the next leads of a list that are chosen, in the order in which they
// came. next is what Behind is on the next page, 0 after the last; a page may have
// fewer than asked for, and none, and not be the last: so many were looked at.
func (s *Store) Leads(ctx context.Context, q Query) (out []Kept, next int64, err error) {
	list, err := s.List(ctx, q.List)
	if err != nil {
		return nil, 0, err
	}
	filter, err := leads.NewFilter(q.Filter, list.Fields)
	if err != nil {
		return nil, 0, err
	}
	today := s.now()
	behind := q.Behind
	for looked := 0; looked < lookedAt; looked += readSize {
		portion, err := leadsWhere(ctx, s.tables, "list = ? AND id > ? ORDER BY id LIMIT ?", list.n, behind, readSize)
		if err != nil {
			return nil, 0, err
		}
		for _, l := range portion {
			l.List, behind = list.ID, l.ID
			if !filter.Chooses(l.Lead, today) {
				continue
			}
			if out = append(out, l); len(out) == q.Limit {
				return out, behind, nil
			}
		}
		if len(portion) < readSize {
			return out, 0, nil
		}
	}
	return out, behind, nil
}

// Lead is a lead; NotFound when it is gone.
func (s *Store) Lead(ctx context.Context, id int64) (Kept, error) {
	list, err := leadsWhere(ctx, s.tables, "id = ?", id)
	if err != nil {
		return Kept{}, err
	}
	if len(list) == 0 {
		return Kept{}, notFound("lead: there is no lead %d", id)
	}
	return list[0], nil
}

// leadsWhere are the leads for which a condition holds, with their numbers.
func leadsWhere(ctx context.Context, q querier, where string, args ...any) (out []Kept, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error {
		var l Kept
		var fields string
		err := r.Scan(&l.ID, &l.Import, &l.Line, &l.External, &l.Name, &l.Language, &fields)
		l.Fields = fromJSON[map[string]any](fields)
		out = append(out, l)
		return err
	}, "SELECT id, import, line, external, name, language, fields FROM leads WHERE "+where, args...)
	if err != nil || len(out) == 0 {
		return out, err
	}
	ids, at := make([]any, len(out)), make(map[int64]int, len(out))
	for i, l := range out {
		ids[i], at[l.ID] = l.ID, i
	}
	return out, q.Query(ctx, func(r *sql.Rows) error {
		var lead int64
		var n leads.Number
		var zones string
		err := r.Scan(&lead, &n.Number, &n.Label, &zones)
		n.Zones = strings.Fields(zones)
		l := &out[at[lead]]
		l.Numbers = append(l.Numbers, n)
		return err
	}, "SELECT lead, number, label, zones FROM lead_numbers WHERE lead IN ("+records.Marks(len(ids))+") ORDER BY lead, n", ids...)
}

// toldAtOnce is how many leads are told of that have one number.
const toldAtOnce = 50

// Told is what is known of a number in its one form: whose it is, and why it must not be
// called, by nobody or by a campaign.
func (s *Store) Told(ctx context.Context, number string) (leads.Told, error) {
	told := leads.Told{Number: number}
	var err error
	if told.DoNotCall, err = s.entries(ctx, number); err != nil {
		return told, err
	}
	lists, err := listsWhere(ctx, s.tables, "gone = 0")
	if err != nil {
		return told, err
	}
	byN := map[int64]leads.List{}
	for _, l := range lists {
		byN[l.n] = l.List
	}
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var h leads.Held
		var list int64
		var zones string
		err := r.Scan(&h.ID, &list, &h.Of.Number, &h.Of.Label, &zones)
		h.Of.Zones = strings.Fields(zones)
		if l, there := byN[list]; there {
			h.List = l
			told.Leads = append(told.Leads, h)
		}
		return err
	}, "SELECT lead, list, number, label, zones FROM lead_numbers WHERE number = ? ORDER BY lead LIMIT ?", number, toldAtOnce)
	return told, err
}
