package leadstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Health is what the leads of a list have been worth to a campaign.
type Health struct {
	List               string
	Leads              int64
	Seen               []Seen // those that were looked at
	Attempts, Answered int64  // that are over; of them, that a person answered
	Results            map[campaign.Result]int64
	Dispositions       map[string]int64
}

// Health counts what came of a campaign's lists, of attempts since a time. A list that is gone has nothing.
func (s *Store) Health(ctx context.Context, id string, lists []string, since time.Time) ([]Health, error) {
	out := make([]Health, len(lists))
	byN := map[int64]*Health{}
	for i, name := range lists {
		out[i] = Health{List: name, Results: map[campaign.Result]int64{}, Dispositions: map[string]int64{}}
		l, err := s.List(ctx, name)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i].Leads = l.Leads
		byN[l.n] = &out[i]
	}
	err := s.tables.Query(ctx, func(r *sql.Rows) error {
		var n, next int64
		var x Seen
		err := r.Scan(&n, &x.State, &x.Reason, &x.Leads, &next)
		if h := byN[n]; h != nil {
			x.Next = at(next)
			h.Seen = append(h.Seen, x)
		}
		return err
	}, "SELECT list, state, reason, COUNT(*), MIN(due) FROM campaign_leads WHERE campaign = ? GROUP BY list, state, reason ORDER BY list, state, reason", id)
	if err != nil {
		return nil, err
	}
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var n, count, answered int64
		var result campaign.Result
		var disposition string
		err := r.Scan(&n, &result, &disposition, &count, &answered)
		h := byN[n]
		if h == nil {
			return err
		}
		h.Attempts += count
		h.Results[result] += count
		if result != campaign.ResultMachine {
			h.Answered += answered
		}
		if disposition != "" {
			h.Dispositions[disposition] += count
		}
		return err
	}, `SELECT list, result, disposition, COUNT(*), SUM(CASE WHEN answered_at > 0 THEN 1 ELSE 0 END) FROM campaign_attempts
		WHERE campaign = ? AND planned_at >= ? AND state = ? GROUP BY list, result, disposition`, id, ms(since), stateEnded)
	return out, err
}
