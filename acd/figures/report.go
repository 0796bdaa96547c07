package figures

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// Dimension is what a report has a row for each of.
type Dimension string

// Dimensions.
const (
	ByQueue    Dimension = "queue"
	ByAgent    Dimension = "agent"
	ByTeam     Dimension = "team"
	ByDID      Dimension = "did"
	BySkill    Dimension = "skill"
	ByReason   Dimension = "reason"
	ByInterval Dimension = "interval"
	ByHour     Dimension = "hour"
	ByDay      Dimension = "day"
	ByWeekday  Dimension = "weekday"
)

var times = []Dimension{ByInterval, ByHour, ByDay, ByWeekday}

// Report is a report by its name.
type Report struct {
	Name     string
	Title    string
	By       []Dimension // what it may be by; the first unless something else is asked for
	Measures []Measure
	Notes    []string
	OfCalls  bool // of more than the states of agents
}

// Reports are all reports.
var Reports = []Report{
	{
		Name: "service", Title: "how queues served their callers",
		By: append([]Dimension{ByQueue, ByAgent, ByTeam, BySkill, ByDID}, times...), Measures: service, OfCalls: true,
		Notes: []string{
			"A call counts once for each of its stays in a queue, with all that came of it, when it entered the queue.",
			"T and s are those of the stay's queue, as it is defined now.",
			"A callback counts once, when it was asked for, with all that came of it, and never as a caller on the line: its wait is in none of their figures, its conversation and offers are among those of the queue.",
			"By skill, a stay is under each skill that its call asked for, by its flow or by the queue as it entered, and once in the total; one that asked for none has none. Before this was on record, none did.",
			"By agent or team, a stay is of who answered it; stays that nobody answered have none. A transfer to an agent, and a call that an agent made, are in report agents alone.",
			"The total is computed from the sums of the parts, never from the rows' formulas.",
		},
	},
	{
		Name: "agents", Title: "what agents did with their time",
		By: append([]Dimension{ByAgent, ByTeam, BySkill}, times...), Measures: people, OfCalls: true,
		Notes: []string{
			"Time counts where it passes; conversations count when they began, offers when they were made, and missed offers when they were missed.",
			"Teams and skills are those that the agents have now. By skill, an agent is under each one, and once in the total.",
			"The total is computed from the sums of the parts, never from the rows' formulas.",
		},
	},
	{
		Name: "pauses", Title: "pauses of agents by reason",
		By: append([]Dimension{ByReason, ByAgent, ByTeam, BySkill}, times...), Measures: absences,
		Notes: []string{"A pause counts when it begins, its time where it passes; one that a call interrupts, which the agent makes in it, is one.",
			"Limits are those that reasons have now, in days of the centre's time_zone; how many paused at once is not in these figures.", "By skill, an agent is under each one that the agent has now, and once in the total."},
	},
}

// Find returns a report.
func Find(name string) (Report, error) {
	i := slices.IndexFunc(Reports, func(r Report) bool { return r.Name == name })
	if i < 0 {
		var names []string
		for _, r := range Reports {
			names = append(names, r.Name)
		}
		return Report{}, &Wrong{"report", name, "there are " + strings.Join(names, ", ")}
	}
	return Reports[i], nil
}

// Wrong is a value that a report cannot be made for.
type Wrong struct{ Field, Value, Why string }

func (w *Wrong) Error() string { return fmt.Sprintf("%s: %q: %s", w.Field, w.Value, w.Why) }

// Query says what is asked for.
type Query struct {
	From, To                time.Time // To is exclusive
	Zone                    *time.Location
	By                      []Dimension
	Interval                time.Duration // of ByInterval
	Queue, Agent, Team, DID string        // "" is any
	Skill                   string        // the same
}

// maxRows bounds what a report may have: a year by quarters of an hour, and not much more.
const maxRows = 50_000

// Row is the figures of one name in each dimension.
type Row struct {
	Keys   []string
	Tally  Tally
	orders []key
}

// Table is a report that was made.
type Table struct {
	Report Report
	Query  Query
	Rows   []Row
	Total  Tally
}

// Check fills what the query leaves open, and says what cannot be.
func (r Report) Check(q Query) (Query, error) {
	switch {
	case q.From.IsZero():
		return q, &Wrong{"from", "", "is needed"}
	case !q.From.Before(q.To):
		return q, &Wrong{"to", q.To.Format(time.RFC3339), "is not after from, " + q.From.Format(time.RFC3339)}
	}
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	if len(q.By) == 0 {
		q.By = r.By[:1]
	}
	for i, d := range q.By {
		switch {
		case !slices.Contains(r.By, d):
			return q, &Wrong{"by", string(d), "report " + r.Name + " may be by " + join(r.By)}
		case slices.Contains(q.By[:i], d):
			return q, &Wrong{"by", string(d), "is named twice"}
		}
	}
	if q.Interval == 0 {
		q.Interval = 30 * time.Minute
	}
	if q.Interval < time.Minute || time.Hour%q.Interval != 0 {
		return q, &Wrong{"interval", q.Interval.String(), "is no part of an hour, such as 15m, 30m or 1h"}
	}
	for _, x := range []struct {
		field, value string
		by           Dimension
	}{{"queue", q.Queue, ByQueue}, {"did", q.DID, ByDID}} {
		if x.value != "" && !slices.Contains(r.By, x.by) {
			return q, &Wrong{x.field, x.value, "report " + r.Name + " does not tell of it"}
		}
	}
	return q, nil
}

func join(list []Dimension) string {
	var out []string
	for _, d := range list {
		out = append(out, string(d))
	}
	return strings.Join(out, ", ")
}

// Make computes the report from a day that is joined.
func (r Report) Make(d *Day, q Query) (Table, error) {
	q, err := r.Check(q)
	if err != nil {
		return Table{}, err
	}
	t := &maker{q: q, from: q.From.UnixMilli(), to: q.To.UnixMilli(), rows: map[string]*Row{}}
	for _, dim := range q.By {
		t.slicers = append(t.slicers, newSlicer(dim, q.Zone, q.Interval))
	}
	switch r.Name {
	case "service":
		t.stays(d)
		t.callbacks(d)
	case "agents":
		t.people(d)
	default:
		t.pauses(d)
	}
	if len(t.rows) > maxRows {
		return Table{}, &Wrong{"by", join(q.By), fmt.Sprintf("gives %d rows, and %d is the most", len(t.rows), maxRows)}
	}
	out := Table{Report: r, Query: q}
	for _, row := range t.rows {
		out.Rows = append(out.Rows, *row)
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return slices.CompareFunc(a.orders, b.orders, key.compare) })
	out.Total = t.total
	return out, nil
}

// maker puts tallies into rows.
type maker struct {
	q        Query
	from, to int64
	slicers  []*slicer
	rows     map[string]*Row
	total    Tally
	keys     []key
}

// names are those of something in the dimensions that are not of time. Of skills it may
// have several.
type names struct {
	of     map[Dimension]string
	skills []string
}

// add counts something that is at a moment, in each of its rows and once in the total.
func (t *maker) add(n names, at int64, u *Tally) {
	t.total.Add(u)
	skills := n.skills
	switch {
	case !slices.Contains(t.q.By, BySkill), len(skills) == 0:
		skills = none
	case t.q.Skill != "":
		skills = []string{t.q.Skill}
	}
	for _, skill := range skills {
		t.row(n, skill, at).Tally.Add(u)
	}
}

var none = []string{""}

// until says how long, from a moment on, something is in the same row.
func (t *maker) until(at int64) int64 {
	until := t.to
	for _, s := range t.slicers {
		if s != nil {
			_, end := s.at(at)
			until = min(until, end)
		}
	}
	return until
}

// row finds the row of something at a moment.
func (t *maker) row(n names, skill string, at int64) *Row {
	t.keys = t.keys[:0]
	var id strings.Builder
	for i, dim := range t.q.By {
		k := key{label: n.of[dim]}
		if dim == BySkill {
			k.label = skill
		}
		if s := t.slicers[i]; s != nil {
			k, _ = s.at(at)
		}
		t.keys = append(t.keys, k)
		id.WriteString(k.label)
		id.WriteByte(0)
	}
	row := t.rows[id.String()]
	if row == nil {
		row = &Row{orders: slices.Clone(t.keys)}
		for _, k := range t.keys {
			row.Keys = append(row.Keys, k.label)
		}
		t.rows[id.String()] = row
	}
	return row
}

// in tells whether a moment is in the span that is asked for.
func (t *maker) in(at int64) bool { return at >= t.from && at < t.to }

func fits(asked, is string) bool { return asked == "" || asked == is }

func (t *maker) able(skills []string) bool {
	return t.q.Skill == "" || slices.Contains(skills, t.q.Skill)
}

func (t *maker) stays(d *Day) {
	for i := range d.Stays {
		s := &d.Stays[i]
		if s.Outbound || s.Personal || !t.in(s.Entered) || !fits(t.q.Queue, s.Queue) || !fits(t.q.DID, s.DID) ||
			!fits(t.q.Agent, s.Agent) || !fits(t.q.Team, s.Team) || !t.able(s.Skills) {
			continue
		}
		var u Tally
		if s.absent {
			u[Offers], u[Missed] = s.Offers, s.Missed
			if s.Result == ResultAnswered {
				s.served(&u)
			}
		} else {
			u = s.tally(d.Now)
		}
		t.add(names{map[Dimension]string{ByQueue: s.Queue, ByAgent: s.Agent, ByTeam: s.Team, ByDID: s.DID}, s.Skills}, s.Entered, &u)
	}
}

func (t *maker) callbacks(d *Day) {
	for _, c := range d.Callbacks {
		if !t.in(c.Asked) || !fits(t.q.Queue, c.Queue) || !fits(t.q.DID, c.DID) || !fits(t.q.Agent, c.Agent) || !fits(t.q.Team, c.Team) || !t.able(c.skills) {
			continue
		}
		u := Tally{CallbacksAsked: 1, CallbackAttempts: c.Attempts}
		switch {
		case c.Reached > 0:
			wait := c.Reached - c.Asked
			u[CallbacksReached], u[CallbackWait], u[CallbackLongest] = 1, wait, wait
		case c.End == EndExpired:
			u[CallbacksExpired] = 1
		case c.End == EndCancelled:
			u[CallbacksCancelled] = 1
		case c.End == EndFailed:
			u[CallbacksFailed] = 1
		}
		t.add(names{map[Dimension]string{ByQueue: c.Queue, ByAgent: c.Agent, ByTeam: c.Team, ByDID: c.DID}, c.skills}, c.Asked, &u)
	}
}

// tally is what one stay counts.
func (s *Stay) tally(now int64) (t Tally) {
	t[Offered] = 1
	t[Offers], t[Missed] = s.Offers, s.Missed
	if number(s.Caller) {
		t[Known] = 1
	}
	t[Repeated] = one(s.Repeated)
	switch s.Result {
	case ResultAnswered:
		t[Answered], t[AnsweredWithin], t[WaitAnswered] = 1, one(s.Wait <= s.Threshold), s.Wait
		s.served(&t)
	case ResultAbandoned:
		t[Abandoned], t[AbandonedWithin], t[AbandonedShort], t[WaitAbandoned] = 1, one(s.Wait <= s.Threshold), one(s.Wait <= s.Short), s.Wait
	case ResultFlowed:
		t[Flowed] = 1
	default:
		t[WaitingLate] = one(now-s.Entered > s.Threshold)
		return t
	}
	t[WaitAll], t[LongestWait] = s.Wait, s.Wait
	return t
}

// served adds what came of an answer.
func (s *Stay) served(t *Tally) {
	if !s.Over {
		return
	}
	t[Handled], t[Talk], t[Hold], t[WrapUp] = 1, s.Talk-s.Hold, s.Hold, s.WrapUp
	t[Transfers], t[Attended] = s.Transfers, s.Attended
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// staff names an agent, and tells whether the report is of them.
func (t *maker) staff(agent, team string, skills []string) (names, bool) {
	return names{map[Dimension]string{ByAgent: agent, ByTeam: team}, skills},
		fits(t.q.Agent, agent) && fits(t.q.Team, team) && t.able(skills)
}

func (t *maker) people(d *Day) {
	for i := range d.Stays {
		s := &d.Stays[i]
		n, ok := t.staff(s.Agent, s.Team, s.Able)
		if !ok || s.Result != ResultAnswered || !t.in(s.Left) {
			continue
		}
		u := Tally{Dialled: 1}
		if !s.Outbound {
			u = Tally{Answered: 1}
			s.served(&u)
		}
		t.add(n, s.Left, &u)
	}
	for p, list := range map[Part][]Offer{Offers: d.Offers, Missed: d.Missed} {
		for _, o := range list {
			if n, ok := t.staff(o.Agent, o.Team, o.Skills); ok && t.in(o.At) {
				var u Tally
				u[p] = 1
				t.add(n, o.At, &u)
			}
		}
	}
	for _, s := range d.spans {
		n, ok := t.staff(s.Agent, s.Team, s.Skills)
		p, counts := timeIn[s.State]
		if !ok || !counts {
			continue
		}
		if s.From == Offline && t.in(s.At) {
			t.add(n, s.At, &Tally{Logins: 1})
		}
		t.spread(n, s, p, LoggedIn)
	}
}

// timeIn is the part that the time in a state is of.
var timeIn = map[string]Part{StateFree: Available, Reserved: Ringing, InTalk: Talking, Dialling: Calling, Wrapping: WrappingUp, OnPause: Paused}

// spread adds a time to the rows in which it passes.
func (t *maker) spread(n names, s Span, parts ...Part) {
	for at, end := max(s.At, t.from), min(s.Until, t.to); at < end; {
		until := min(t.until(at), end)
		var u Tally
		for _, p := range parts {
			u[p] = until - at
		}
		t.add(n, at, &u)
		at = until
	}
}

func (t *maker) pauses(d *Day) {
	used := allowances{day: d, time: map[paused]int64{}, times: map[paused]int{}}
	var agent, reason string // whose pause it is, and for what,
	within := false          // also while a call interrupts it
	for _, s := range d.spans {
		if s.Agent != agent || s.State == StateFree || s.State == Offline {
			within = false
		}
		if s.State != OnPause {
			continue
		}
		began := !within || s.Reason != reason
		agent, reason, within = s.Agent, s.Reason, true
		t.over(&used, s, began)
		n, ok := t.staff(s.Agent, s.Team, s.Skills)
		if !ok {
			continue
		}
		n.of[ByReason] = s.Reason
		if began && t.in(s.At) {
			t.add(n, s.At, &Tally{Pauses: 1})
		}
		t.spread(n, s, Paused)
	}
}

// paused is an agent's pauses for a reason in a day of the centre, by when it began.
type paused struct {
	agent, reason string
	day           int64
}

// allowances are what of limits is used up.
type allowances struct {
	day   *Day
	time  map[paused]int64
	times map[paused]int
}

// over counts what of a pause, that began or goes on after a call, is beyond the limits of its
// reason. Pauses come in their order, and those of the day that were before the report's span, too.
func (t *maker) over(used *allowances, s Span, began bool) {
	limit := used.day.Limits[s.Reason]
	n, ok := t.staff(s.Agent, s.Team, s.Skills)
	n.of[ByReason] = s.Reason
	zone := used.day.Centre
	if zone == nil {
		zone = time.UTC
	}
	for at := s.At; at < s.Until; {
		from, to := calendar.DayOf(time.UnixMilli(at).In(zone))
		p := paused{s.Agent, s.Reason, from.UnixMilli()}
		if at == s.At && began {
			if used.times[p]++; ok && t.in(at) && limit.Times > 0 && used.times[p] > limit.Times {
				t.add(n, at, &Tally{PausesOver: 1})
			}
		}
		until := min(s.Until, max(to.UnixMilli(), at+1))
		left := max(0, limit.PerDay.Milliseconds()-used.time[p])
		used.time[p] += until - at
		if ok && limit.PerDay > 0 && at+left < until {
			over := s
			over.At, over.Until = at+left, until
			t.spread(n, over, PausedOver)
		}
		at = until
	}
}

// Names lists the dimensions of which a table has rows.
func (t *Table) Names() []string {
	var out []string
	for _, d := range t.Query.By {
		out = append(out, string(d))
	}
	return out
}

// Symbols are the parts that a report's formulas speak of, in their order.
func (r Report) Symbols() []PartInfo {
	var out []PartInfo
	words := map[string]bool{}
	for _, m := range r.Measures {
		for _, w := range strings.FieldsFunc(m.Formula, func(c rune) bool { return strings.ContainsRune(" +-/", c) }) {
			words[w], words[strings.Trim(w, "()")] = true, true
		}
	}
	for _, p := range partInfo {
		if words[p.Symbol] {
			out = append(out, p)
		}
	}
	return out
}
