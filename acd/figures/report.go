package figures

import (
	"fmt"
	"slices"
	"strings"
	"time"
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
	ByOutcome  Dimension = "outcome"
	ByCampaign Dimension = "campaign"
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
	Of       Of
	Not      map[Dimension]string // why it cannot be by something that others are by
}

// Of is what a report tells of, and is read for.
type Of string

// What reports tell of.
const (
	OfCalls     Of = "calls"     // and of what agents did
	OfStates    Of = "states"    // of agents, alone
	OfOutcomes  Of = "outcomes"  // of calls, alone
	OfCampaigns Of = "campaigns" // of their calls, alone
)

// numbers is why what agents do has no number.
var numbers = map[Dimension]string{ByDID: "agents are there for queues, whatever number was called: no time in which they are free or paused is of one; report service has conversations by did"}

// byQueue says what the time of agents means who serve several queues. 8x8 attributes it so: idle and handling to
// each queue, and what is done for others apart, as BUSY_OTHER
// (https://developer.8x8.com/analytics/docs/work-analytics-queue-agent-activity).
const byQueue = "By queue, as 8x8 has it: time for a call (ringing, talking, calling back, wrap-up) is of the call's queue alone, time available or paused of each queue that the agent serves now, " +
	"time logged in of all those; once in the total. So the occupancy of a queue is what its calls took, of that and of the time in which its agents were free for it; what they did for others is left out. " +
	"Its utilisation is what its calls took, of all the time that its agents were logged in: that of an agent is the sum of those of the agent's queues, while occupancies do not add up."

// Reports are all reports.
var Reports = []Report{
	{
		Name: "service", Title: "how queues served their callers",
		By: append([]Dimension{ByQueue, ByAgent, ByTeam, BySkill, ByDID}, times...), Measures: service, Of: OfCalls,
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
		By: append([]Dimension{ByAgent, ByTeam, ByQueue, BySkill}, times...), Measures: people, Of: OfCalls, Not: numbers,
		Notes: []string{
			byQueue,
			"Time counts where it passes; conversations count when they began, offers when they were made, and missed offers when they were missed.",
			"Teams and skills are those that the agents have now. By skill, an agent is under each one, and once in the total.",
			"The total is computed from the sums of the parts, never from the rows' formulas.",
		},
	},
	{
		Name: "pauses", Title: "pauses of agents by reason",
		By: append([]Dimension{ByReason, ByAgent, ByTeam, ByQueue, BySkill}, times...), Measures: absences, Of: OfStates, Not: numbers,
		Notes: []string{"By queue, a pause is under each queue that the agent serves now, and once in the total.", "A pause counts when it begins, its time where it passes; one that a call interrupts, which the agent makes in it, is one.",
			"Limits are those that reasons have now, in days of the centre's time_zone; how many paused at once is not in these figures.", "By skill, an agent is under each one that the agent has now, and once in the total."},
	},
	{
		Name: "outcomes", Title: "outcomes that agents gave to calls, and their groups",
		By: append([]Dimension{ByOutcome, ByQueue, ByAgent, ByTeam, BySkill}, times...), Measures: results, Of: OfOutcomes,
		Notes: []string{
			"An outcome counts when it was given, under itself and under every group that it was in then, and once in the total.",
			"An agent's later ones for a call replace that agent's earlier ones; what another agent gave to the same call counts, too.",
			"Teams and skills are those that the agents have now. By skill, an agent is under each one, and once in the total.",
		},
	},
	{
		Name: "campaigns", Title: "what became of the calls of campaigns",
		By: append([]Dimension{ByCampaign, ByQueue, ByAgent, ByTeam, ByDID}, times...), Measures: campaigns, Of: OfCampaigns,
		Notes: []string{
			"A call counts when it began, once it is over. By queue, it is of the one that it was in; by agent or team, of who served it; by did, of the number that was shown.",
			"Calls of campaigns are in no figure of callers; what agents did for them is in report agents.",
			"The total is computed from the sums of the parts, never from the rows' formulas.",
		},
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
	Skill, Campaign         string        // the same
	Outcome                 string        // or a group of them
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
		case r.Not[d] != "":
			return q, &Wrong{"by", string(d), r.Not[d]}
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
	}{{"queue", q.Queue, ByQueue}, {"did", q.DID, ByDID}, {"outcome", q.Outcome, ByOutcome}, {"campaign", q.Campaign, ByCampaign}} {
		if x.value != "" && r.Not[x.by] != "" {
			return q, &Wrong{x.field, x.value, r.Not[x.by]}
		}
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
	case "outcomes":
		t.outcomes(d)
	case "campaigns":
		t.attempts(d)
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

// names are those of something in the dimensions that are not of time. Of skills, of
// outcomes, which are in groups, and of queues, where an agent serves them, it may have several.
type names struct {
	of                       map[Dimension]string
	skills, outcomes, queues []string
}

// add counts something that is at a moment, in each of its rows and once in the total.
func (t *maker) add(n names, at int64, u *Tally) {
	t.total.Add(u)
	skills, outcomes := n.skills, n.outcomes
	switch {
	case !slices.Contains(t.q.By, BySkill), len(skills) == 0:
		skills = none
	case t.q.Skill != "":
		skills = []string{t.q.Skill}
	}
	if !slices.Contains(t.q.By, ByOutcome) {
		outcomes = none
	}
	queues := n.queues
	if !slices.Contains(t.q.By, ByQueue) || len(queues) == 0 {
		queues = []string{n.of[ByQueue]}
	}
	for _, skill := range skills {
		for _, outcome := range outcomes {
			for _, queue := range queues {
				t.row(n, queue, skill, outcome, at).Tally.Add(u)
			}
		}
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
func (t *maker) row(n names, queue, skill, outcome string, at int64) *Row {
	t.keys = t.keys[:0]
	var id strings.Builder
	for i, dim := range t.q.By {
		k := key{label: n.of[dim]}
		switch dim { //nolint:exhaustive // the others have one name
		case ByQueue:
			k.label = queue
		case BySkill:
			k.label = skill
		case ByOutcome:
			k.label = outcome
		default:
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
