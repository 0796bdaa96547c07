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

// Health counts what came of a campaign's lists, of attempts since
// the begin of the hour of a time. A list that is gone has nothing.
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
	err := s.stood(ctx, id, func(list int64, x Seen) {
		if h := byN[list]; h != nil {
			h.Seen = append(h.Seen, x)
		}
	})
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
	}, `SELECT list, result, disposition, SUM(attempts), SUM(answered) FROM campaign_hours
		WHERE campaign = ? AND hour >= ? AND result <> '' GROUP BY list, result, disposition HAVING SUM(attempts) > 0`, id, hour(since))
	return out, err
}
