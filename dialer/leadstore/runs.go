package leadstore

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator/records"
)

// Runs are the campaigns that somebody has started, by name.
func (s *Store) Runs(ctx context.Context) (map[string]campaign.Run, error) {
	return runsWhere(ctx, s.tables, "true")
}

func runsWhere(ctx context.Context, q querier, where string, args ...any) (map[string]campaign.Run, error) {
	out := map[string]campaign.Run{}
	err := q.Query(ctx, func(r *sql.Rows) error {
		var x campaign.Run
		var state string
		var began, changed int64
		err := r.Scan(&x.Campaign, &state, &began, &changed, &x.ChangedBy, &x.Why)
		x.State, x.Began, x.ChangedAt = campaign.RunState(state), at(began), at(changed)
		out[x.Campaign] = x
		return err
	}, "SELECT campaign, state, began, changed_at, changed_by, why FROM campaign_runs WHERE "+where, args...)
	return out, err
}

// Move moves a campaign by its table, and returns where it stood and stands; Conflict where
// the table has no such way.
func (s *Store) Move(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (was, is campaign.Run, err error) {
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		// Whoever comes second sees what the first did.
		if _, err := tx.Exec(ctx, "INSERT INTO campaign_runs (campaign, state, began, changed_at, changed_by, why) VALUES (?, ?, 0, 0, '', '') ON CONFLICT (campaign) DO UPDATE SET campaign = excluded.campaign",
			id, string(campaign.RunReady)); err != nil {
			return err
		}
		all, err := runsWhere(ctx, tx, "campaign = ?", id)
		if err != nil {
			return err
		}
		was = all[id]
		is = campaign.Run{Campaign: id, Began: was.Began, ChangedAt: at(ms(s.now())), ChangedBy: records.Text(by), Why: records.Text(why)}
		if is.State, err = was.State.Next(t); err != nil {
			return err
		}
		if is.Began.IsZero() {
			is.Began = is.ChangedAt
		}
		_, err = tx.Exec(ctx, "UPDATE campaign_runs SET state = ?, began = ?, changed_at = ?, changed_by = ?, why = ? WHERE campaign = ?",
			string(is.State), ms(is.Began), ms(is.ChangedAt), is.ChangedBy, is.Why, id)
		return err
	})
	return was, is, err
}

// Seen is what a campaign's leads were found to be.
type Seen struct {
	State, Reason string
	Leads         int64
	Next          time.Time // the first of them that is looked at again
}

// Stand counts the leads of a campaign that were looked at, by state and reason.
func (s *Store) Stand(ctx context.Context, id string) (out []Seen, err error) {
	type key struct{ state, reason string }
	found := map[key]Seen{}
	err = s.stood(ctx, id, func(_ int64, x Seen) {
		if was, ok := found[key{x.State, x.Reason}]; ok {
			x.Leads += was.Leads
			if was.Next.Before(x.Next) {
				x.Next = was.Next
			}
		}
		found[key{x.State, x.Reason}] = x
	})
	return slices.SortedFunc(maps.Values(found), func(x, y Seen) int {
		return cmp.Or(cmp.Compare(x.State, y.State), cmp.Compare(x.Reason, y.Reason))
	}), err
}

// NotCalled is how many leads of some lists a campaign has not called yet.
func (s *Store) NotCalled(ctx context.Context, id string, lists []string) (int64, error) {
	if len(lists) == 0 {
		return 0, nil
	}
	of := "list IN (SELECT n FROM lead_lists WHERE gone = 0 AND id IN (" + records.Marks(len(lists)) + "))"
	return one[int64](ctx, s.tables, "SELECT (SELECT COALESCE(SUM(leads), 0) FROM lead_counts WHERE "+of+") - (SELECT COALESCE(SUM(called), 0) FROM campaign_stands WHERE campaign = ? AND "+of+")",
		append(append(anys(lists), id), anys(lists)...)...)
}

// stood gives what the leads of each list of a campaign were found to be, by state and reason.
func (s *Store) stood(ctx context.Context, id string, take func(list int64, x Seen)) error {
	return s.tables.Query(ctx, func(r *sql.Rows) error {
		var x Seen
		var list, next int64
		err := r.Scan(&list, &x.State, &x.Reason, &x.Leads, &next)
		x.Next = at(next)
		take(list, x)
		return err
	}, `SELECT list, state, reason, leads, (SELECT MIN(due) FROM campaign_leads l WHERE l.campaign = s.campaign AND l.list = s.list AND l.state = s.state AND l.reason = s.reason)
		FROM campaign_stands s WHERE campaign = ? AND leads > 0 ORDER BY list, state, reason`, id)
}

// Tally is how many attempts there were, and what came of them.
type Tally struct {
	Attempts, Open, Answered, Abandoned int64
	Results                             map[campaign.Result]int64
}

// hour is that of a moment, as counts of attempts are kept.
func hour(t time.Time) int64 { return ms(t) / time.Hour.Milliseconds() }

// Tally counts the attempts of a campaign since the begin of the hour of a time.
func (s *Store) Tally(ctx context.Context, id string, since time.Time) (Tally, error) {
	t := Tally{Results: map[campaign.Result]int64{}}
	err := s.tables.Query(ctx, func(r *sql.Rows) error {
		var result string
		var n, answered, abandoned int64
		err := r.Scan(&result, &n, &answered, &abandoned)
		t.Attempts, t.Answered, t.Abandoned = t.Attempts+n, t.Answered+answered, t.Abandoned+abandoned
		if result == "" {
			t.Open += n
		} else {
			t.Results[campaign.Result(result)] += n
		}
		return err
	}, "SELECT result, SUM(attempts), SUM(answered), SUM(abandoned) FROM campaign_hours WHERE campaign = ? AND hour >= ? GROUP BY result HAVING SUM(attempts) > 0", id, hour(since))
	return t, err
}

// Appoint notes that a lead of one of some lists is to be called by a campaign at a time,
// before others; at one of its numbers, or at the one that is next; by anyone or one agent. An earlier appointment
// is no more: it is returned, nil for none.
func (s *Store) Appoint(ctx context.Context, id string, lists []string, lead int64, a campaign.Appointment, by string) (was *campaign.Appointment, err error) {
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := beside(ctx, tx); err != nil {
			return err
		}
		list, err := one[int64](ctx, tx, "SELECT list FROM leads WHERE id = ? AND list IN (SELECT n FROM lead_lists WHERE gone = 0 AND id IN ("+records.Marks(len(lists))+"))",
			append([]any{lead}, anys(lists)...)...)
		if err != nil {
			return err
		}
		if list == 0 {
			return notFound("lead: campaign %s has no lead %d", id, lead)
		}
		if a.Number != "" {
			there, err := one[int64](ctx, tx, "SELECT COUNT(*) FROM lead_numbers WHERE lead = ? AND number = ?", lead, a.Number)
			if err != nil {
				return err
			}
			if there == 0 {
				return invalid("number: lead %d has no such number", lead)
			}
		}
		if was, err = appointmentOf(ctx, tx, id, lead); err != nil {
			return err
		}
		return counting(ctx, tx, ofLeads([]any{lead}), func() error {
			if _, err := tx.Exec(ctx, `INSERT INTO campaign_leads (campaign, lead, list, state, due, reason) VALUES (?, ?, ?, ?, 0, '') ON CONFLICT (campaign, lead) DO NOTHING`, id, lead, list, leadDue); err != nil {
				return err
			}
			return appoint(ctx, tx, id, lead, a, by)
		})
	})
	return was, err
}

// appointmentOf is the appointment of a lead with a campaign; nil for none.
func appointmentOf(ctx context.Context, tx *records.Tx, id string, lead int64) (is *campaign.Appointment, err error) {
	err = tx.Query(ctx, func(r *sql.Rows) error {
		var due int64
		is = &campaign.Appointment{}
		err := r.Scan(&due, &is.Number, &is.Agent)
		is.At = at(due)
		return err
	}, "SELECT at, number, agent FROM campaign_appointments WHERE campaign = ? AND lead = ?", id, lead)
	return is, err
}

// appoint notes an appointment of a lead that was looked at.
func appoint(ctx context.Context, tx *records.Tx, id string, lead int64, a campaign.Appointment, by string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO campaign_appointments (campaign, lead, at, number, agent, made_by) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (campaign, lead) DO UPDATE SET at = excluded.at, number = excluded.number, agent = excluded.agent, made_by = excluded.made_by`, id, lead, ms(a.At), a.Number, a.Agent, records.Text(by)); err != nil {
		return err
	}
	return moveLead(ctx, tx, id, lead, ms(a.At), string(campaign.CodeAppointment))
}

// moveLead says when a lead is looked at again; one that is being called is once it no longer is.
func moveLead(ctx context.Context, tx *records.Tx, id string, lead, due int64, reason string) error {
	_, err := tx.Exec(ctx, "UPDATE campaign_leads SET due = ?, reason = ?, state = CASE WHEN state = ? THEN state ELSE ? END WHERE campaign = ? AND lead = ?", due, reason, leadCalling, leadDue, id, lead)
	return err
}

// Withdraw gives an appointment up that was just made, unless there is another by now. The one
// before is in force again.
func (s *Store) Withdraw(ctx context.Context, id string, lead int64, is campaign.Appointment, was *campaign.Appointment, by string) error {
	return s.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := beside(ctx, tx); err != nil {
			return err
		}
		_, err := s.withdraw(ctx, tx, id, lead, is, was, by)
		return err
	})
}

// Cancel gives the appointment of a lead up: the campaign looks at them as at every other.
// NotFound when there is none, or not any more.
func (s *Store) Cancel(ctx context.Context, id string, lead int64) error {
	return s.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := beside(ctx, tx); err != nil {
			return err
		}
		is, err := appointmentOf(ctx, tx, id, lead)
		there := is != nil
		if err == nil && there {
			there, err = s.withdraw(ctx, tx, id, lead, *is, nil, "")
		}
		if err == nil && !there {
			err = notFound("lead: campaign %s has no appointment with lead %d", id, lead)
		}
		return err
	})
}

// withdraw removes an appointment, if it is there, and puts the one before in force again, if there was one.
func (s *Store) withdraw(ctx context.Context, tx *records.Tx, id string, lead int64, is campaign.Appointment, was *campaign.Appointment, by string) (there bool, err error) {
	n, err := tx.Exec(ctx, "DELETE FROM campaign_appointments WHERE campaign = ? AND lead = ? AND at = ? AND number = ?", id, lead, ms(is.At), is.Number)
	if err != nil || n == 0 {
		return false, err
	}
	return true, counting(ctx, tx, ofLeads([]any{lead}), func() error {
		if was != nil {
			return appoint(ctx, tx, id, lead, *was, by)
		}
		return moveLead(ctx, tx, id, lead, ms(s.now()), "")
	})
}
