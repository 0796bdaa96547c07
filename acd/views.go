package acd

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Snapshot is everything, for pages and the API, as it was read within a
// moment: see Store.Read for what two of its parts may say of each other.
// Times are unix ms. One Snapshot is shown to many: nobody changes it.
type Snapshot struct {
	At         int64       `json:"at"`                   // the reading began
	Calls      []CallView  `json:"calls"`                // by queue, in the order of service per group of PBXs
	Agents     []AgentView `json:"agents"`               // by id
	Unreadable int         `json:"unreadable,omitempty"` // records left out because they cannot be read
}

// CallView is a call in a queue.
type CallView struct {
	Call     string            `json:"call"`
	Work     orchestrator.Work `json:"work,omitempty"`
	Queue    string            `json:"queue"`
	PBX      string            `json:"pbx"`
	Entered  int64             `json:"entered"`
	Priority int               `json:"priority,omitempty"`
	Position int               `json:"position,omitempty"` // 1 is next on its group of PBXs; 0 while offered
	Away     int64             `json:"away,omitempty"`     // since when its PBX is away: it keeps its place, and no agent is rung for it
	Agent    string            `json:"agent,omitempty"`    // whose phone is being rung
	Agents   []string          `json:"agents,omitempty"`   // all of them, where phones ring together
	Score    float64           `json:"score"`              // the order of service, lowest first
}

// AgentView is an agent.
type AgentView struct {
	ID         string                   `json:"id"`
	Name       string                   `json:"name,omitempty"`
	PBX        string                   `json:"pbx"`
	Endpoint   string                   `json:"endpoint"`
	Language   string                   `json:"language,omitempty"`
	Queues     []string                 `json:"queues"`
	State      State                    `json:"state"`
	Since      int64                    `json:"since,omitempty"`
	Reason     string                   `json:"reason,omitempty"` // of a pause, or of a logout that nobody asked for
	Device     orchestrator.DeviceState `json:"device"`
	DeviceAt   int64                    `json:"device_since,omitempty"`
	Inferred   bool                     `json:"device_inferred,omitempty"` // from a failed offer; the PBX said nothing
	Eligible   bool                     `json:"eligible"`                  // a call may be offered now
	Cause      Cause                    `json:"cause,omitempty"`           // why not
	CauseSince int64                    `json:"cause_since,omitempty"`
	CauseUntil int64                    `json:"cause_until,omitempty"`
	RestUntil  int64                    `json:"rest_until,omitempty"`
	RestFor    string                   `json:"rest_for,omitempty"` // the failure that made the rest
	Call       string                   `json:"call,omitempty"`
	Queue      string                   `json:"queue,omitempty"` // of the call
	Offer      string                   `json:"offer,omitempty"`
	WrapUntil  int64                    `json:"wrap_until,omitempty"`
	PauseUntil int64                    `json:"pause_until,omitempty"` // when the day's time for its reason is used up
	Over       Over                     `json:"over,omitempty"`        // the limit that the pause is beyond
	Misses     int                      `json:"misses,omitempty"`      // in a row
	Next       string                   `json:"next,omitempty"`        // pause or logout, once the call and its wrap-up are over
	NextReason string                   `json:"next_reason,omitempty"` // of that pause
	ToDispose  string                   `json:"to_dispose,omitempty"`
	FreeSince  int64                    `json:"free_since,omitempty"`
	Calls      int64                    `json:"calls"`
	TalkMS     int64                    `json:"talk_ms"`
	Lamp       orchestrator.LampState   `json:"lamp"`
	Undefined  bool                     `json:"undefined,omitempty"` // the definition is gone; leaves after the call
}

// view puts definitions and records together.
func (dir *directory) view(rec Records, now time.Time) Snapshot {
	return Snapshot{At: now.UnixMilli(), Agents: dir.agentViews(rec), Calls: callViews(rec), Unreadable: len(rec.Unreadable)}
}

func (dir *directory) agentViews(rec Records) []AgentView {
	out := make([]AgentView, 0, len(dir.agents))
	for id := range dir.agents {
		if !rec.unreadable(KindAgent, id) { // nobody knows the state of such a one
			out = append(out, dir.agentView(id, rec.Agents[id]))
		}
	}
	for id, a := range rec.Agents {
		if _, defined := dir.agents[id]; !defined {
			out = append(out, dir.agentView(id, a))
		}
	}
	slices.SortFunc(out, func(a, b AgentView) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// agentView puts an agent's definition and record together. A record without a
// definition is of an agent who leaves after the call.
func (dir *directory) agentView(id string, a AgentRecord) AgentView {
	v := viewOf(id, a)
	d, defined := dir.agents[id]
	if !defined {
		v.Undefined, v.PBX, v.Endpoint = true, a.PBX, a.Endpoint
		return v
	}
	station := dir.stations[id]
	v.Name, v.PBX, v.Endpoint, v.Language = d.Name, station.PBX, station.Endpoint, station.Language
	v.Queues = ofAll(station.Queues)
	return v
}

// viewOf shows a record; the zero record is an agent never seen.
func viewOf(id string, a AgentRecord) AgentView {
	if a.State == "" {
		a.State, a.Device = StateOffline, orchestrator.DeviceUnknown
	}
	why := a.Unavailable()
	if a.State == StateAvailable && a.Rest == 0 && a.FreeSince > 0 {
		a.Since = a.FreeSince // also of who was rung meanwhile for a call that another took
	}
	v := AgentView{
		Cause: why.Cause, CauseSince: why.Since, CauseUntil: why.Until,
		ID: id, State: a.State, Since: a.Since, Reason: a.Reason, Queues: []string{},
		Device: a.Device, DeviceAt: a.DeviceAt, Inferred: a.Hearsay, Eligible: a.eligible(),
		RestUntil: a.Rest, RestFor: a.RestFor, Call: a.Call, Queue: a.Queue, Offer: a.Offer,
		WrapUntil: a.Due, Misses: a.Misses, ToDispose: a.LastCall, FreeSince: a.FreeSince,
		Calls: a.Calls, TalkMS: a.TalkMS, Lamp: LampOf(a.State, a.Over), PauseUntil: a.PauseDue, Over: a.Over,
	}
	switch a.Next {
	case OnPauseDue:
		v.Next, v.NextReason = string(OnPause), a.NextWhy
	case OnLogoutDue:
		v.Next = string(OnLogout)
	default: // nothing else is put off until the call is over
	}
	return v
}

// callViews lists calls by queue, in the order of service, with positions counted per group of PBXs.
func callViews(rec Records) []CallView {
	out := make([]CallView, 0, len(rec.Calls))
	for id, c := range rec.Calls {
		v := CallView{Call: id, Work: c.Work, Queue: c.Queue, PBX: c.PBX, Entered: c.Entered, Priority: c.Priority, Score: c.Score, Away: c.Away}
		if rung := rec.rung(c); len(rung) > 0 {
			v.Agent = rung[0]
			if len(rung) > 1 {
				v.Agents = rung
			}
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b CallView) int {
		return cmp.Or(cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Score, b.Score), cmp.Compare(a.Call, b.Call))
	})
	next := map[QueueAt]int{}
	for i := range out {
		if out[i].Agent == "" {
			at := rec.Calls[out[i].Call].Where()
			out[i].Position = next[at] + 1
			if out[i].Away == 0 { // who comes after one whose PBX is away is served before
				next[at]++
			}
		}
	}
	return out
}
