package reports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// Records is what is on record. *records.DB is one.
type Records interface {
	Stays(ctx context.Context, from, to time.Time, fn func(records.Stay)) error
	AgentChanges(ctx context.Context, from, to time.Time, fn func(records.AgentState)) error
	Dispositions(ctx context.Context, from, to time.Time, fn func(records.Disposition)) error
	Callbacks(ctx context.Context, from, to time.Time, fn func(records.Callback)) error
	Attempts(ctx context.Context, from, to time.Time, fn func(records.Contact)) error
	Entries(ctx context.Context, from, to time.Time, types []orchestrator.EntryType, fn func(orchestrator.Entry)) error
	Callers(ctx context.Context, from, to time.Time, fn func(call, number string, at int64)) error
	Connections(ctx context.Context, from, to time.Time, fn func(orchestrator.Entry)) error
	Deeds(ctx context.Context, from, to time.Time, not records.Aside, limit int, fn func(records.AuditLine)) error
}

var _ Records = (*records.DB)(nil)

// Query is what is asked for.
type Query struct {
	figures.Query
	Threshold, Short *time.Duration // instead of the queues' own; nil leaves it to them
	Repeat           time.Duration  // within which a caller who comes again is one; 0 is RepeatDays
}

// RepeatDays is within how many days a caller who comes again counts as one.
const RepeatDays = 7

// longestSpan is the longest time that a report may be of.
const longestSpan = 400 * 24 * time.Hour

// afterwards is how long after a conversation its wrap-up may last.
const afterwards = 25 * time.Hour

// Reporter makes reports.
type Reporter struct {
	Records     Records
	Definitions func() acd.Definitions // in force
	Campaigns   func() []string        // that are defined; nil: none is known
	DIDs        func() []string        // the numbers that flows answer, or how they begin: "+3491*"; nil: none is known
	Now         func() time.Time
}

// Report makes a report. Errors are Invalid and name field and value when the
// query cannot be answered.
func (r Reporter) Report(ctx context.Context, name string, q Query) (figures.Table, error) {
	const op = "reports.Report"
	report, err := figures.Find(name)
	if err != nil {
		return figures.Table{}, fault.E(op, fault.NotFound, err)
	}
	now := r.Now()
	if q.To.IsZero() {
		q.To = now
	}
	if q.Query, err = report.Check(q.Query); err == nil {
		err = q.check()
	}
	if err != nil {
		return figures.Table{}, fault.E(op, fault.Invalid, err)
	}
	day, err := r.read(ctx, q, now, report.Of)
	if err != nil {
		return figures.Table{}, err
	}
	day.Join(q.Repeat)
	table, err := report.Make(day, q.Query)
	if wrong, ok := errors.AsType[*figures.Wrong](err); ok {
		return table, fault.E(op, fault.Invalid, wrong)
	}
	if err == nil && len(table.Rows) == 0 {
		if wrong := r.unknown(q.Query); wrong != nil {
			return table, fault.E(op, fault.NotFound, wrong)
		}
	}
	return table, err
}

func (q *Query) check() error {
	if q.To.Sub(q.From) > longestSpan {
		return &figures.Wrong{Field: "from", Value: q.From.Format(time.RFC3339), Why: fmt.Sprintf("is more than %d days before to", int(longestSpan.Hours()/24))}
	}
	for field, d := range map[string]*time.Duration{"threshold": q.Threshold, "short": q.Short, "repeat": &q.Repeat} {
		if d != nil && *d < 0 {
			return &figures.Wrong{Field: field, Value: d.String(), Why: "is negative"}
		}
	}
	if q.Repeat == 0 {
		q.Repeat = RepeatDays * 24 * time.Hour
	}
	return nil
}

// read fetches what figures are computed from that are of something.
func (r Reporter) read(ctx context.Context, q Query, now time.Time, of figures.Of) (*figures.Day, error) {
	defs := r.Definitions()
	d := &figures.Day{Now: now.UnixMilli(), Centre: defs.Zone(), Limits: map[string]figures.Limit{}}
	dir := directoryOf(defs)
	switch of {
	case figures.OfOutcomes:
		return d, r.Records.Dispositions(ctx, q.From, q.To, func(x records.Disposition) {
			d.Outcomes = append(d.Outcomes, figures.Outcome{Agent: x.Agent, Team: dir.teams[x.Agent], Queue: x.Queue, Path: strings.Split(x.Path, "/"), At: x.At,
				Also: x.Also, Default: x.By == "default", Skills: dir.skills[x.Agent]})
		})
	case figures.OfCampaigns:
		return d, r.Records.Attempts(ctx, q.From, q.To, func(c records.Contact) {
			if c.Outcome != orchestrator.OutcomeSkipped && c.Outcome != orchestrator.OutcomeWithdrawn { // else nobody was called
				d.Attempts = append(d.Attempts, dir.attempt(c))
			}
		})
	case figures.OfStates:
		for _, p := range defs.PauseReasons {
			d.Limits[p.Name] = figures.Limit{PerDay: p.PerDay, Times: p.Times}
		}
		dawn, _ := calendar.DayOf(q.From.In(d.Centre)) // limits are those of days
		return d, r.changes(ctx, d, dir, dawn, q.To)
	case figures.OfCalls:
	}
	from, last := q.From.Add(-afterwards), q.To // an answer may be told of a caller who came before
	err := r.Records.Stays(ctx, from, q.To, func(s records.Stay) {
		stay := dir.stay(s, q)
		d.Stays = append(d.Stays, stay)
		if over := time.UnixMilli(stay.Left + stay.Talk); over.After(last) {
			last = over
		}
	})
	if err != nil {
		return nil, err
	}
	last = last.Add(afterwards)
	if last.After(now) {
		last = now
	}
	if err := r.changes(ctx, d, dir, from, last); err != nil {
		return nil, err
	}
	if err := r.events(ctx, d, dir, from, last); err != nil {
		return nil, err
	}
	err = r.Records.Callbacks(ctx, from, q.To, func(b records.Callback) { d.Callbacks = append(d.Callbacks, dir.callback(b)) })
	if err != nil {
		return nil, err
	}
	return d, r.Records.Callers(ctx, from.Add(-q.Repeat), q.To, func(call, number string, at int64) {
		d.Starts = append(d.Starts, figures.Start{Call: call, Number: number, At: at})
	})
}

// changes reads what agents did.
func (r Reporter) changes(ctx context.Context, d *figures.Day, dir directory, from, to time.Time) error {
	return r.Records.AgentChanges(ctx, from, to, func(s records.AgentState) {
		d.Changes = append(d.Changes, figures.Change{Agent: s.Agent, Team: dir.teams[s.Agent], State: s.To, Reason: s.Reason, Call: s.Call, At: s.At, Skills: dir.skills[s.Agent], Queues: dir.serves[s.Agent]})
	})
}

// happened is what matters of the data of entries about offers and transfers.
type happened struct {
	Queue  string                    `json:"queue"`
	Agent  string                    `json:"agent"`
	Why    orchestrator.OfferFailure `json:"why"`
	By     string                    `json:"by"`
	Result string                    `json:"result"`
	Skills []string                  `json:"skills"`
}

// transfer tells whether an agent's conversation went on to somebody else, and
// whether the agent had talked with them. It is "dialling" for a number, which takes
// the agent's place at once. A flow's transfer is by nobody, or by "flow", and one that the phone
// of an outside number asks for is no agent's.
func (x happened) transfer(t orchestrator.EntryType) (is, attended bool) {
	if t == orchestrator.EntryCallConsult {
		return x.Result == "completed", true
	}
	return (x.Result == "done" || x.Result == "dialling") && x.By != "" && x.By != "flow" && x.By != "phone", false
}

// events reads offers, missed offers and transfers.
func (r Reporter) events(ctx context.Context, d *figures.Day, dir directory, from, to time.Time) error {
	types := []orchestrator.EntryType{orchestrator.EntryCallQueued, orchestrator.EntryCallOffered, orchestrator.EntryCallMissed, orchestrator.EntryCallTransfer, orchestrator.EntryCallConsult}
	return r.Records.Entries(ctx, from, to, types, func(e orchestrator.Entry) {
		var x happened
		if json.Unmarshal(e.Data, &x) != nil {
			return // as it is for the recorder, which counts it
		}
		at := e.At.UnixMilli()
		o := figures.Offer{Call: e.Call, Queue: x.Queue, Agent: x.Agent, Team: dir.teams[x.Agent], At: at, Skills: dir.skills[x.Agent]}
		switch e.Type {
		case orchestrator.EntryCallQueued:
			d.Asks = append(d.Asks, figures.Ask{Call: e.Call, At: at, Skills: x.Skills})
		case orchestrator.EntryCallOffered:
			d.Offers = append(d.Offers, o)
		case orchestrator.EntryCallMissed:
			if x.Why == orchestrator.OfferNoAnswer || x.Why == orchestrator.OfferRejected {
				d.Missed = append(d.Missed, o)
			}
		default:
			if is, attended := x.transfer(e.Type); is {
				d.Transfers = append(d.Transfers, figures.Transfer{Call: e.Call, At: at, Attended: attended})
			}
		}
	})
}

// directory is what reports need of the definitions.
type directory struct {
	queues map[string]acd.Queue
	teams  map[string]string // of agents
	skills map[string][]string
	serves map[string][]string // queues
}

func directoryOf(d acd.Definitions) directory {
	dir := directory{map[string]acd.Queue{}, map[string]string{}, map[string][]string{}, map[string][]string{}}
	for _, q := range d.Queues {
		dir.queues[q.ID] = q
	}
	for _, a := range d.Agents {
		dir.teams[a.ID], dir.skills[a.ID] = a.Team, slices.Sorted(maps.Keys(a.Skills))
		for _, m := range a.Queues {
			dir.serves[a.ID] = append(dir.serves[a.ID], m.Queue)
		}
	}
	return dir
}

// callback is a callback as the figures want it.
func (dir directory) callback(b records.Callback) figures.Callback {
	out := figures.Callback{Call: b.Call, Queue: b.Queue, DID: b.DID, Agent: b.Agent, Team: dir.teams[b.Agent],
		Asked: b.AskedAt, Reached: b.ReachedAt, Attempts: int64(b.Attempts)}
	switch b.Outcome {
	case "":
	case orchestrator.OutcomeExpired:
		out.End = figures.EndExpired
	case orchestrator.OutcomeCancelled:
		out.End = figures.EndCancelled
	default:
		out.End = figures.EndFailed
	}
	return out
}

// attempt is an attempt to reach a lead as the figures want it.
func (dir directory) attempt(c records.Contact) figures.Attempt {
	out := figures.Attempt{Campaign: c.Campaign, Queue: c.Queue, DID: c.DID, Agent: c.Agent, Team: dir.teams[c.Agent],
		At: c.StartedAt, Reached: c.AnsweredAt > 0, Talk: c.TalkMS, End: attemptEnds[c.Outcome]}
	if c.ConnectedAt > 0 {
		out.Wait = max(0, c.ConnectedAt-c.AnsweredAt)
	}
	if out.Reached && out.End != figures.AttemptServed && out.End != figures.AttemptAbandoned && out.End != figures.AttemptMachine {
		out.End = figures.AttemptLeft
	}
	return out
}

// attemptEnds say how the outcomes of attempts count; all others have failed.
var attemptEnds = map[orchestrator.Outcome]figures.AttemptEnd{
	orchestrator.OutcomeServed: figures.AttemptServed, orchestrator.OutcomeCompleted: figures.AttemptServed,
	orchestrator.OutcomeAbandoned: figures.AttemptAbandoned, orchestrator.OutcomeNoAnswer: figures.AttemptNoAnswer,
	orchestrator.OutcomeBusy: figures.AttemptBusy, orchestrator.OutcomeUnreachable: figures.AttemptUnreachable,
	orchestrator.OutcomeCongested: figures.AttemptUnreachable, orchestrator.OutcomeInvalid: figures.AttemptInvalid,
	orchestrator.OutcomeDeclined: figures.AttemptDeclined, orchestrator.OutcomeMachine: figures.AttemptMachine,
}

// outbound tells whether we called of our own accord: the customer is in no figure of callers.
func outbound(kind orchestrator.CallKind) bool {
	return kind == orchestrator.KindOutbound || kind == orchestrator.KindCampaign
}

// stay is a stay as the figures want it. A queue that is not defined any more has
// the defaults.
func (dir directory) stay(s records.Stay, q Query) figures.Stay {
	queue, known := dir.queues[s.Queue]
	if !known {
		queue = acd.NewQueue()
	}
	t, short := queue.ServiceLevel, queue.ShortAbandon
	if q.Threshold != nil {
		t = *q.Threshold
	}
	if q.Short != nil {
		short = *q.Short
	}
	return figures.Stay{Call: s.Call, Queue: s.Queue, Agent: s.Agent, Team: dir.teams[s.Agent], DID: s.DID, Caller: s.Caller, Able: dir.skills[s.Agent],
		Outbound: outbound(s.Kind), Back: s.Kind == orchestrator.KindCallback, Personal: orchestrator.OwnerOfQueue(s.Queue) != "",
		Started: s.StartedAt, Entered: s.EnteredAt, Left: s.LeftAt, Result: figures.Result(s.Result),
		Wait: s.WaitMS, Talk: s.TalkMS, Hold: s.HoldMS, Over: s.Ended || s.TalkMS > 0,
		Threshold: t.Milliseconds(), Short: short.Milliseconds()}
}
