package leadstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// Attempt is an attempt of a campaign to reach a lead.
type Attempt struct {
	Call        string // its id, chosen before it is dialled
	Campaign    string
	Lead, List  int64
	N           int
	Agent       string // who makes it, held before the lead is called; "" for nobody. Once it is over: who talked with the lead
	Number      string
	Shown       string
	PBX         string
	Appointment bool
	Planned     time.Time
	Answered    time.Time // by a person, as far as is known; zero for not, or not yet
	Connected   time.Time // with an agent
}

// States of an attempt. The strings are stored.
const (
	statePlanned = "planned" // it is to be dialled, or was: whoever takes over asks the call
	stateEnded   = "ended"
)

// States of a lead in a campaign. The strings are stored.
const (
	leadDue      = "due"
	leadCalling  = "calling"
	leadFinished = "finished"
)

// Settled is news of an attempt that is on its way.
type Settled struct {
	Call                       string
	Answered, Connected, Ended time.Time // those that are known
	Greeted                    time.Time // the end of what who answered said first; zero for not heard
	As                         campaign.Ended
	Outcome, Agent             string
	Cause                      int
	Heard                      orchestrator.Verdict // of the PBX, about who answered
	Sampled                    bool
	Machine                    string // who found that it was one
	Disposition                string // alone: what the agent said
	Never                      bool   // alone: the lead asked not to be called again, at any of their numbers
}

// Look is where a lead stands once it was looked at, and is not called.
type Look struct {
	Lead, List int64
	Due        time.Time // when it is looked at again
	Finished   bool
	Reason     string
}

// inTerm runs fn in a transaction in which the dialer's term is still ours: what an older one
// asks for is refused.
func (s *Store) inTerm(ctx context.Context, term int64, fn func(tx *records.Tx) error) error {
	return s.tables.InTx(ctx, func(tx *records.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE campaign_dialer SET term = term WHERE one = 1 AND term = ?", term)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict("another process dials by now")
		}
		return fn(tx)
	})
}

// TakeTerm begins a term of dialling, and ends the one before. It returns what the pacer
// had learnt, and up to where the journal was read.
func (s *Store) TakeTerm(ctx context.Context) (term int64, place, learnt string, err error) {
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		return tx.Query(ctx, func(r *sql.Rows) error { return r.Scan(&term, &place, &learnt) },
			"UPDATE campaign_dialer SET term = term + 1 WHERE one = 1 RETURNING term, place, learnt")
	})
	return term, place, learnt, err
}

// KeepLearnt keeps what the pacer has learnt.
func (s *Store) KeepLearnt(ctx context.Context, term int64, learnt string) error {
	return s.inTerm(ctx, term, func(tx *records.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE campaign_dialer SET learnt = ? WHERE one = 1", records.Text(learnt))
		return err
	})
}

// Plan puts attempts on record, before anything is dialled.
func (s *Store) Plan(ctx context.Context, term int64, list []Attempt) error {
	return s.inTerm(ctx, term, func(tx *records.Tx) error {
		var rows, looks [][]any
		var calls, leads []any
		for _, a := range list {
			calls, leads = append(calls, a.Call), append(leads, a.Lead)
			kept := 0
			if a.Appointment {
				kept = 1
			}
			rows = append(rows, []any{a.Call, a.Campaign, a.Lead, a.List, a.N, a.Number, a.Shown, a.PBX, kept, statePlanned, ms(a.Planned), 0, 0, 0, "", "", 0, 0, a.Agent, ""})
			looks = append(looks, []any{a.Campaign, a.Lead, a.List, leadCalling, 0, "", 1})
		}
		return counting(ctx, tx, ofCalls(calls), func() error {
			if _, err := tx.Insert(ctx, "campaign_attempts", "call, campaign, lead, list, n, number, shown, pbx, appointment, state, planned_at, answered_at, connected_at, ended_at, result, outcome, cause, abandoned, agent, disposition", "", rows); err != nil {
				return err
			}
			return counting(ctx, tx, ofLeads(leads), func() error { return placeLooks(ctx, tx, looks) })
		})
	})
}

// placeLooks notes how leads stand with a campaign; of those that were removed since they were chosen it keeps nothing.
func placeLooks(ctx context.Context, tx *records.Tx, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.Insert(ctx, "campaign_leads", "campaign, lead, list, state, due, reason, called",
		"ON CONFLICT (campaign, lead) DO UPDATE SET state = excluded.state, due = excluded.due, reason = excluded.reason, called = CASE WHEN excluded.called = 1 THEN 1 ELSE campaign_leads.called END", rows); err != nil {
		return err
	}
	leads := make([]any, len(rows))
	for i, r := range rows {
		leads[i] = r[1]
	}
	_, err := tx.Exec(ctx, "DELETE FROM campaign_leads WHERE lead IN ("+records.Marks(len(leads))+") AND NOT EXISTS (SELECT 1 FROM leads WHERE id = campaign_leads.lead)", leads...)
	return err
}

// called notes whether the lead of an attempt that is over was called, by this one or another.
func called(ctx context.Context, tx *records.Tx, call string) error {
	_, err := tx.Exec(ctx, `UPDATE campaign_leads SET called = CASE WHEN EXISTS (SELECT 1 FROM campaign_attempts a
		WHERE a.lead = campaign_leads.lead AND a.campaign = campaign_leads.campaign AND a.result NOT IN (?, ?)) THEN 1 ELSE 0 END
		WHERE (campaign, lead) = (SELECT campaign, lead FROM campaign_attempts WHERE call = ?)`, string(campaign.ResultSkipped), string(campaign.ResultWithdrawn), call)
	return err
}

// Place notes why leads are not called, and until when.
func (s *Store) Place(ctx context.Context, term int64, id string, looks []Look) error {
	return s.inTerm(ctx, term, func(tx *records.Tx) error {
		rows, leads := make([][]any, 0, len(looks)), make([]any, 0, len(looks))
		for _, l := range looks {
			leads = append(leads, l.Lead)
			state := leadDue
			if l.Finished {
				state = leadFinished
			}
			rows = append(rows, []any{id, l.Lead, l.List, state, ms(l.Due), records.Text(l.Reason), 0})
		}
		return counting(ctx, tx, ofLeads(leads), func() error { return placeLooks(ctx, tx, rows) })
	})
}

// Settle notes news of attempts, each once however often it is told, together with up to
// where the journal has been read. A lead whose attempt is over is looked at again.
func (s *Store) Settle(ctx context.Context, term int64, place string, news []Settled) error {
	return s.inTerm(ctx, term, func(tx *records.Tx) error {
		calls := make([]any, 0, len(news))
		for _, n := range news {
			calls = append(calls, n.Call)
		}
		if err := counting(ctx, tx, ofCalls(calls), func() error {
			return counting(ctx, tx, ofLeadsOf(calls), func() error {
				for _, n := range news {
					if err := settle(ctx, tx, n, ms(s.now())); err != nil {
						return err
					}
				}
				return nil
			})
		}); err != nil || place == "" {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE campaign_dialer SET place = ? WHERE one = 1", place)
		return err
	})
}

func settle(ctx context.Context, tx *records.Tx, n Settled, now int64) error {
	again := func(changed int64, err error) error {
		if err != nil || changed == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE campaign_leads SET state = ?, due = ?, reason = '' WHERE (campaign, lead) = (SELECT campaign, lead FROM campaign_attempts WHERE call = ?)
			AND NOT EXISTS (SELECT 1 FROM campaign_attempts o WHERE o.campaign = campaign_leads.campaign AND o.lead = campaign_leads.lead AND o.state <> ?)`,
			leadDue, now, n.Call, stateEnded)
		return err
	}
	switch {
	case n.Never:
		for _, numbers := range []string{"SELECT call, campaign, number FROM campaign_attempts WHERE call = ?", // which the lead may not have any more
			"SELECT a.call, a.campaign, l.number FROM campaign_attempts a JOIN lead_numbers l ON l.lead = a.lead WHERE a.call = ?"} {
			if _, err := tx.Exec(ctx, `INSERT INTO do_not_call (number, campaign, why, added_by, added_at, expires_at, import)
				SELECT number, '', 'asked for it in call ' || call, 'campaign:' || campaign, ?, 0, 0 FROM (`+numbers+`) x WHERE true
				ON CONFLICT (number, campaign, import) DO UPDATE SET expires_at = 0`, now, n.Call); err != nil {
				return err
			}
		}
		return nil
	case n.Disposition != "":
		return again(tx.Exec(ctx, "UPDATE campaign_attempts SET disposition = ? WHERE call = ? AND disposition <> ?", records.Text(n.Disposition), n.Call, n.Disposition))
	case n.Ended.IsZero():
		_, err := tx.Exec(ctx, "UPDATE campaign_attempts SET answered_at = CASE WHEN answered_at = 0 THEN ? ELSE answered_at END, connected_at = CASE WHEN connected_at = 0 THEN ? ELSE connected_at END WHERE call = ? AND state <> ?",
			ms(n.Answered), ms(n.Connected), n.Call, stateEnded)
		return err
	}
	// One that was given up as never dialled, and was dialled after all, is told by its call.
	abandoned, sampled := 0, 0
	if n.As.Abandoned {
		abandoned = 1
	}
	if n.Sampled {
		sampled = 1
	}
	if n.As.Result != campaign.ResultFailed && n.As.Result != campaign.ResultWithdrawn { // else nothing is known of the person, and the appointment is still to be kept
		if _, err := tx.Exec(ctx, `DELETE FROM campaign_appointments WHERE (campaign, lead) = (SELECT campaign, lead FROM campaign_attempts WHERE call = ? AND appointment = 1)
			AND at <= (SELECT planned_at FROM campaign_attempts WHERE call = ?)`, n.Call, n.Call); err != nil {
			return err
		}
	}
	changed, err := tx.Exec(ctx, `UPDATE campaign_attempts SET state = ?, answered_at = ?, greeted_at = ?, connected_at = ?, ended_at = ?, result = ?, outcome = ?, cause = ?, abandoned = ?, agent = ?, heard = ?, sampled = ?, machine = ?
		WHERE call = ? AND (state <> ? OR outcome = '')`, stateEnded, ms(n.Answered), ms(n.Greeted), ms(n.Connected), ms(n.Ended), string(n.As.Result), records.Text(n.Outcome), n.Cause, abandoned, records.Text(n.Agent), string(n.Heard), sampled, n.Machine, n.Call, stateEnded)
	if err == nil && changed > 0 {
		err = called(ctx, tx, n.Call)
	}
	return again(changed, err)
}

// Open are the attempts that are not over, as far as is on record, in the order of their plans.
func (s *Store) Open(ctx context.Context) ([]Attempt, error) {
	return attemptsWhere(ctx, s.tables, "state <> 'ended' ORDER BY planned_at, call")
}

// Attempt is the attempt with a call's id.
func (s *Store) Attempt(ctx context.Context, call string) (a Attempt, there bool, err error) {
	list, err := attemptsWhere(ctx, s.tables, "call = ?", call)
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}

func attemptsWhere(ctx context.Context, q querier, where string, args ...any) (out []Attempt, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error {
		var a Attempt
		var planned, answered, connected, kept int64
		err := r.Scan(&a.Call, &a.Campaign, &a.Lead, &a.List, &a.N, &a.Agent, &a.Number, &a.Shown, &a.PBX, &kept, &planned, &answered, &connected)
		a.Appointment, a.Planned, a.Answered, a.Connected = kept > 0, at(planned), at(answered), at(connected)
		out = append(out, a)
		return err
	}, "SELECT call, campaign, lead, list, n, agent, number, shown, pbx, appointment, planned_at, answered_at, connected_at FROM campaign_attempts WHERE "+where, args...)
	return out, err
}

// Reopen has those of some attempts go on that were given up as never dialled: there is news
// of their calls.
func (s *Store) Reopen(ctx context.Context, term int64, calls []string) (out []Attempt, err error) {
	err = s.inTerm(ctx, term, func(tx *records.Tx) error {
		which := "call IN (" + records.Marks(len(calls)) + ") AND state = ? AND outcome = ''"
		out, err = attemptsWhere(ctx, tx, which+" ORDER BY planned_at, call", append(anys(calls), stateEnded)...)
		if err != nil || len(out) == 0 {
			return err
		}
		looks, leads := make([][]any, len(out)), make([]any, len(out))
		for i, a := range out {
			looks[i], leads[i] = []any{a.Campaign, a.Lead, a.List, leadCalling, 0, "", 1}, a.Lead
		}
		return counting(ctx, tx, ofCalls(anys(calls)), func() error {
			if _, err := tx.Exec(ctx, "UPDATE campaign_attempts SET state = ?, ended_at = 0, result = '' WHERE "+which, append(append([]any{statePlanned}, anys(calls)...), stateEnded)...); err != nil {
				return err
			}
			return counting(ctx, tx, ofLeads(leads), func() error { return placeLooks(ctx, tx, looks) })
		})
	})
	return out, err
}

// Undisposed are the calls of attempts that had an agent who said nothing of them, as far as is
// on record, and which were over at a time or later.
func (s *Store) Undisposed(ctx context.Context, since time.Time) (calls []string, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var call string
		err := r.Scan(&call)
		calls = append(calls, call)
		return err
	}, "SELECT call FROM campaign_attempts WHERE answered_at >= ? AND connected_at > 0 AND ended_at >= ? AND disposition = '' ORDER BY ended_at, call", ms(since.Add(-longestTalk)), ms(since))
	return calls, err
}

// longestTalk bounds how long a call of a campaign goes on that is looked for by when it was over.
const longestTalk = 12 * time.Hour

// Ledger is what the law counts of attempts that are over, made of their records, from the period of a time on.
func (s *Store) Ledger(ctx context.Context, since time.Time) (*pacing.Ledger, error) {
	l := pacing.NewLedger()
	err := s.tables.Query(ctx, func(r *sql.Rows) error {
		var id string
		var period int64
		var answered, abandoned int
		err := r.Scan(&id, &period, &answered, &abandoned)
		l.Add(id, at(period*pacing.LedgerPeriod.Milliseconds()), answered, abandoned)
		return err
	}, "SELECT campaign, period, answered, abandoned FROM campaign_ledger WHERE period >= ? AND answered > 0", ms(since)/pacing.LedgerPeriod.Milliseconds())
	return l, err
}

// Spoken is an attempt that a person answered, as the law counts it.
type Spoken struct {
	Attempt
	Ended     time.Time // zero while it goes on
	Greeted   time.Time // zero where it was not heard
	Abandoned bool
}

// Spoken are attempts of a campaign that a person answered from a time on and before another,
// in the order of their answers; at most limit, those behind one of them.
func (s *Store) Spoken(ctx context.Context, id string, from, to time.Time, behind Spoken, limit int) (out []Spoken, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		x := Spoken{Attempt: Attempt{Campaign: id}}
		var planned, answered, greeted, connected, ended, abandoned int64
		err := r.Scan(&x.Call, &x.Lead, &x.List, &x.N, &x.PBX, &planned, &answered, &greeted, &connected, &ended, &abandoned)
		x.Planned, x.Answered, x.Greeted, x.Connected, x.Ended, x.Abandoned = at(planned), at(answered), at(greeted), at(connected), at(ended), abandoned > 0
		out = append(out, x)
		return err
	}, "SELECT call, lead, list, n, pbx, planned_at, answered_at, greeted_at, connected_at, ended_at, abandoned FROM campaign_attempts WHERE answered_at > 0 AND answered_at >= ? AND answered_at < ? AND (answered_at, call) > (?, ?) AND campaign = ? AND result <> ? ORDER BY answered_at, call LIMIT ?",
		ms(from), ms(to), ms(behind.Answered), behind.Call, id, string(campaign.ResultMachine), limit)
	return out, err
}

// Terms are the limits of a campaign's definition, as a text, by which calls were begun from a
// moment until the next.
type Terms struct {
	N     int64
	Since time.Time
	Text  string
}

// Terms are those of a campaign, the oldest first.
func (s *Store) Terms(ctx context.Context, id string) ([]Terms, error) {
	return termsOf(ctx, s.tables, id)
}

func termsOf(ctx context.Context, q querier, id string) (out []Terms, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error {
		var x Terms
		var since int64
		err := r.Scan(&x.N, &since, &x.Text)
		x.Since = at(since)
		out = append(out, x)
		return err
	}, "SELECT n, since, text FROM campaign_terms WHERE campaign = ? ORDER BY n", id)
	return out, err
}

// KeepTerms notes that calls of a campaign are begun by limits from a moment on, unless they
// were before.
func (s *Store) KeepTerms(ctx context.Context, term int64, id string, since time.Time, text string) error {
	return s.inTerm(ctx, term, func(tx *records.Tx) error {
		list, err := termsOf(ctx, tx, id)
		n := len(list)
		if err != nil || n > 0 && list[n-1].Text == records.Text(text) {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO campaign_terms (campaign, n, since, text) VALUES (?, ?, ?, ?)", id, n+1, ms(since), records.Text(text))
		return err
	})
}

// Heard is what was made of who answered a campaign.
type Heard struct {
	Persons, Unsure, Machines int // as the PBX heard it
	// Sampled are those of Machines that talked with an agent all the same, and People those
	// of them whom the agent did not find to be a machine.
	Sampled, People int
	Marked          int // machines that the PBX had not found, and the agent did
}

// Heard counts what was made of who answered attempts of a campaign since the begin of the
// hour of a time.
func (s *Store) Heard(ctx context.Context, id string, since time.Time) (h Heard, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var heard, machine string
		var sampled, talked, n int
		if err := r.Scan(&heard, &machine, &sampled, &talked, &n); err != nil {
			return err
		}
		switch orchestrator.Verdict(heard) {
		case orchestrator.VerdictPerson:
			h.Persons += n
		case orchestrator.VerdictUnsure:
			h.Unsure += n
		case orchestrator.VerdictMachine:
			h.Machines += n
		}
		if sampled > 0 && talked > 0 {
			h.Sampled += n
			if machine == "" {
				h.People += n
			}
		}
		if machine == "agent" && orchestrator.Verdict(heard) != orchestrator.VerdictMachine {
			h.Marked += n
		}
		return nil
	}, "SELECT heard, machine, sampled, talked, SUM(attempts) FROM campaign_hours WHERE campaign = ? AND hour >= ? AND (heard <> '' OR machine <> '') GROUP BY heard, machine, sampled, talked", id, hour(since))
	return h, err
}

// Heal has leads looked at again who were left as being called, and of whom no attempt goes on.
func (s *Store) Heal(ctx context.Context, term int64) (mended int64, err error) {
	err = s.inTerm(ctx, term, func(tx *records.Tx) error {
		var leads []any
		if err := tx.Query(ctx, func(r *sql.Rows) error {
			var lead int64
			err := r.Scan(&lead)
			leads = append(leads, lead)
			return err
		}, `SELECT lead FROM campaign_leads WHERE campaign IN (SELECT campaign FROM campaign_stands WHERE state = ? AND leads > 0) AND state = ?
			AND NOT EXISTS (SELECT 1 FROM campaign_attempts o WHERE o.campaign = campaign_leads.campaign AND o.lead = campaign_leads.lead AND o.state <> ?)`, leadCalling, leadCalling, stateEnded); err != nil || len(leads) == 0 {
			return err
		}
		return counting(ctx, tx, ofLeads(leads), func() error {
			mended, err = tx.Exec(ctx, "UPDATE campaign_leads SET state = ?, due = ? WHERE lead IN ("+records.Marks(len(leads))+") AND state = ?"+
				" AND NOT EXISTS (SELECT 1 FROM campaign_attempts o WHERE o.campaign = campaign_leads.campaign AND o.lead = campaign_leads.lead AND o.state <> ?)",
				append(append([]any{leadDue, ms(s.now())}, leads...), leadCalling, stateEnded)...)
			return err
		})
	})
	return mended, err
}
