package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/records"
)

// Floor implements api.Floor on the distributor's snapshot.
func (a *App) Floor(ctx context.Context, age time.Duration) (api.FloorState, error) {
	b, err := a.Board(ctx, age)
	if err != nil {
		return api.FloorState{}, err
	}
	s, err := a.acd.Recent(ctx, age)
	if err != nil {
		return api.FloorState{}, err
	}
	out := api.FloorState{Queues: b.Queues}
	for _, g := range s.Agents {
		out.Agents = append(out.Agents, a.withLine(agentView(g)))
	}
	for _, c := range s.Calls {
		out.Waiting = append(out.Waiting, waitingView(c))
	}
	return out, nil
}

// Board implements api.Floor on what the distributor's store counts.
func (a *App) Board(ctx context.Context, age time.Duration) (api.Board, error) {
	b, err := a.acd.Board(ctx, age)
	if err != nil {
		return api.Board{}, err
	}
	out := api.Board{Agents: b.Agents, Unreadable: b.SetAside}
	levels := map[string]time.Duration{}
	for _, q := range a.current().ACD.Queues {
		levels[q.ID] = q.ServiceLevel
	}
	for _, q := range b.Queues {
		out.Queues = append(out.Queues, wire.Queue{ID: q.ID, Name: q.Name.In("en"), Names: wire.Texts(q.Name), Waiting: q.Callers, Away: q.Away, Callbacks: q.Callbacks,
			LongestSince: wire.At(q.Oldest), Agents: q.Agents, EstimateMS: q.Estimate, ServiceLevelMS: levels[q.ID].Milliseconds()})
	}
	return out, nil
}

// AgentPage implements api.Floor.
func (a *App) AgentPage(ctx context.Context, after string, limit int, f api.AgentFilter) ([]wire.Agent, bool, error) {
	page, more, err := a.acd.AgentPage(ctx, after, f.Queue, limit, func(g acd.AgentView) bool {
		return f.State == "" || string(g.State) == string(f.State)
	})
	out := make([]wire.Agent, len(page))
	for i, g := range page {
		out[i] = a.withLine(agentView(g))
	}
	return out, more, err
}

// WaitingIn implements api.Floor.
func (a *App) WaitingIn(ctx context.Context, queue string) ([]wire.WaitingCall, bool, error) {
	calls, ok, err := a.acd.InQueue(ctx, queue)
	out := make([]wire.WaitingCall, len(calls))
	for i, c := range calls {
		out[i] = waitingView(c)
	}
	return out, ok, err
}

func waitingView(c acd.CallView) wire.WaitingCall {
	return wire.WaitingCall{Call: c.Call, Callback: c.Work == orchestrator.WorkCallback, Queue: c.Queue, PBX: c.PBX,
		Priority: c.Priority, EnteredAt: wire.At(c.Entered), Position: c.Position, AwaySince: wire.At(c.Away), Agent: c.Agent, Agents: c.Agents}
}

// passedOver tells whether an agent is available and gets no call.
func passedOver(g acd.AgentView) bool { return g.State == acd.StateAvailable && !g.Eligible }

// auditTime is how long an agent at a phone may be held up by the audit log.
const auditTime = 2 * time.Second

// auditAgent puts what happened at an agent's phone in the audit log; in the log
// when that cannot be written.
func (a *App) auditAgent(ctx context.Context, n acd.AuditNote) {
	who := "no phone"
	if n.Phone != "" {
		who = n.Phone + " on " + n.PBX
	}
	l := records.AuditLine{Who: who, Role: "phone", Action: n.Action, Object: n.Agent, Detail: n.Detail}
	a.log.WarnContext(ctx, "a PIN at a phone", "action", n.Action, "agent", n.Agent, "phone", who, "detail", n.Detail)
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	if err := a.db.Audit(ctx, l); err != nil {
		a.log.ErrorContext(ctx, "audit line not on record", "who", who, "action", n.Action, "object", n.Agent, "detail", n.Detail, "error", err)
	}
}

// Agent implements api.Floor.
func (a *App) Agent(ctx context.Context, id string) (wire.Agent, error) {
	g, err := a.acd.Agent(ctx, id)
	return a.withLine(agentView(g)), err
}

// Explain says why an agent does not get a call.
func (a *App) Explain(ctx context.Context, agent, call string) ([]wire.Finding, error) {
	found, err := a.acd.Explain(ctx, agent, call)
	out := make([]wire.Finding, len(found))
	for i, f := range found {
		out[i] = wire.Finding{Code: wire.FindingCode(f.Code), Text: f.Text}
	}
	return out, err
}

// withLine adds where an agent's permanent line stands.
func (a *App) withLine(v wire.Agent) wire.Agent {
	v.Line = wire.LineState(a.engine.LineState(v.PBX, v.ID))
	return v
}

func agentView(g acd.AgentView) wire.Agent {
	return wire.Agent{ID: g.ID, Name: g.Name, State: wire.AgentState(g.State), Since: wire.At(g.Since), Reason: g.Reason,
		PBX: g.PBX, Endpoint: g.Endpoint, Device: wire.DeviceState(g.Device), Language: g.Language, Queues: g.Queues,
		Call: g.Call, Queue: g.Queue, WrapUpUntil: wire.At(g.WrapUntil), PauseUntil: wire.At(g.PauseUntil), Over: wire.PauseLimit(g.Over),
		Cause: wire.UnavailableCause(g.Cause), CauseSince: wire.At(g.CauseSince), CauseUntil: wire.At(g.CauseUntil), Next: wire.AfterCall(g.Next), NextReason: g.NextReason,
		PassedOver: passedOver(g), RestUntil: wire.At(g.RestUntil), RestFor: wire.OfferFailure(g.RestFor), LastCall: g.ToDispose,
		Calls: g.Calls, TalkMS: g.TalkMS}
}

// Definitions implements api.Definer: what is in force, without secrets.
func (a *App) Definitions(context.Context) (wire.Definitions, error) {
	d := a.current()
	out := wire.Definitions{}
	for _, q := range d.ACD.Queues {
		out.Queues = append(out.Queues, wire.QueueDefinition{ID: q.ID, Name: wire.Texts(q.Name), Strategy: wire.QueueStrategy(q.Strategy),
			Priority: q.Priority, PriorityPointMS: q.Point.Milliseconds(), Admit: wire.QueueAdmit(q.Admit), Hours: q.Hours, MaxExpectedWaitMS: q.MaxExpected.Milliseconds(), LeaveWhenEmpty: q.LeaveWhenEmpty, MaxLength: q.MaxLength, MaxWaitMS: q.MaxWait.Milliseconds(),
			RingMS: q.RingTimeout.Milliseconds(), WrapUpMS: q.WrapUp.Milliseconds(),
			ServiceLevelMS: q.ServiceLevel.Milliseconds(), ShortAbandonMS: q.ShortAbandon.Milliseconds(),
			KeepRecordingsMS: q.KeepRecordings.Milliseconds(), KeepRecordsMS: q.KeepRecords.Milliseconds(), MissesBeforePause: q.MissesBeforePause,
			AutoAnswer: q.AutoAnswer, Record: q.Record, ExitKey: q.ExitKey, CallerID: q.CallerID, DialCode: q.DialCode})
	}
	for _, g := range d.ACD.Agents {
		v := wire.AgentDefinition{ID: g.ID, Name: g.Name, PBX: g.PBX, Endpoint: g.Endpoint, Language: g.Language,
			Queues: map[string]int{}, AutoAnswer: g.AutoAnswer}
		for _, m := range g.Queues {
			v.Queues[m.Queue] = m.Rank
		}
		out.Agents = append(out.Agents, v)
	}
	out.PauseReasons, out.Dispositions = reasonViews(d.ACD), dispositionViews(d.ACD)
	for _, team := range d.ACD.Teams {
		out.Teams = append(out.Teams, team.ID)
	}
	for _, n := range d.Flows.DIDs {
		out.DIDs = append(out.DIDs, wire.DIDDefinition{Pattern: n.Pattern, Flow: n.Flow, Language: n.Language, CallerID: n.CallerID})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Flows.Calendars)) {
		out.Calendars = append(out.Calendars, calendarView(name, d.Flows.Calendars[name]))
	}
	for _, id := range slices.Sorted(maps.Keys(d.Flows.Flows)) {
		out.Flows = append(out.Flows, flowView(d.Flows.Flows[id]))
	}
	return out, nil
}

func reasonViews(d acd.Definitions) (out []wire.PauseReasonDefinition) {
	for _, r := range d.PauseReasons {
		out = append(out, wire.PauseReasonDefinition{ID: r.Name, Digit: r.Digit, Texts: wire.Texts(r.Texts),
			PerDayMS: r.PerDay.Milliseconds(), TimesPerDay: r.Times, AtOnce: r.AtOnce, AtOnceIn: string(r.AtOnceIn), Over: r.Over})
	}
	return out
}

func dispositionViews(d acd.Definitions) (out []wire.DispositionDefinition) {
	for _, p := range d.Dispositions {
		out = append(out, wire.DispositionDefinition{ID: p.Name, Digits: p.Digits, Texts: wire.Texts(p.Texts), Queues: p.Queues, Parent: p.Parent, Date: p.Date})
	}
	return out
}

// Zone implements api.Definer.
func (a *App) Zone() *time.Location { return a.current().ACD.Zone() }

// Choices implements api.Definer.
func (a *App) Choices(_ context.Context, agent string) (wire.AgentChoices, error) {
	d := a.current()
	out := wire.AgentChoices{PauseReasons: reasonViews(d.ACD), Dispositions: dispositionViews(d.ACD), Flows: slices.Sorted(maps.Keys(d.Flows.Flows))}
	var served []acd.Membership
	if i := slices.IndexFunc(d.ACD.Agents, func(g acd.Agent) bool { return g.ID == agent }); i >= 0 {
		served = d.ACD.Agents[i].Queues
	}
	for _, q := range d.ACD.Queues {
		v := wire.QueueChoices{ID: q.ID, Name: wire.Texts(q.Name), Dispositions: d.ACD.OutcomesOf(q.ID), Several: 1, Extends: q.ExtendWrapUp != nil, CallsBack: q.Callback != nil,
			Serves: slices.ContainsFunc(served, func(m acd.Membership) bool { return m.Queue == q.ID })}
		if o := q.Outcome; o != nil {
			v.Required, v.Several = o.Required, o.Several
		}
		out.Queues = append(out.Queues, v)
	}
	own := orchestrator.PersonalQueue(agent)
	out.Queues = append(out.Queues, wire.QueueChoices{ID: own, Serves: true, Several: 1, Dispositions: d.ACD.OutcomesOf(own)})
	return out, nil
}

func flowView(f *ivr.Flow) wire.FlowDefinition {
	out := wire.FlowDefinition{ID: f.ID, Start: f.Start}
	for _, name := range f.NodeNames() {
		n := f.Nodes[name]
		v := wire.NodeDefinition{ID: name, Kind: string(n.Type), Next: map[string]string{}}
		for _, outcome := range n.Outcomes() {
			if to, ok := f.Leads(n, outcome); ok {
				v.Next[outcome] = to
			}
		}
		out.Nodes = append(out.Nodes, v)
	}
	return out
}

func calendarView(name string, c *calendar.Calendar) wire.CalendarDefinition {
	out := wire.CalendarDefinition{ID: name, Zone: c.Zone.String(), Week: map[string][]string{}, Holidays: []wire.HolidayDefinition{}}
	for day, spans := range c.Week {
		if len(spans) > 0 {
			out.Week[time.Weekday(day).String()] = spanTexts(spans)
		}
	}
	for _, h := range c.Holidays {
		out.Holidays = append(out.Holidays, wire.HolidayDefinition{Name: h.Name, Country: h.Country, From: dayText(h.From), To: dayText(h.To), Open: spanTexts(h.Open)})
	}
	return out
}

func spanTexts(spans []calendar.Span) []string {
	out := []string{}
	for _, s := range spans {
		out = append(out, fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60))
	}
	return out
}

func dayText(d calendar.Day) string {
	if d == (calendar.Day{}) {
		return "" // of a country
	}
	if d.Year == 0 {
		return fmt.Sprintf("%02d-%02d", d.Month, d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}
