package acd

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Snapshot is everything, for pages and the API, as it was read within a
// moment: see Store.Read for what two of its parts may say of each other.
// Times are unix ms. One Snapshot is shown to many: nobody changes it.
type Snapshot struct {
	At         int64       `json:"at"`                   // the reading began
	Queues     []QueueView `json:"queues"`               // by id; closing ones included
	Agents     []AgentView `json:"agents"`               // by id
	Unreadable int         `json:"unreadable,omitempty"` // records left out because they cannot be read
}

// QueueView is a queue with its callers and agents, over all PBXs.
type QueueView struct {
	ID          string     `json:"id"`
	Name        Texts      `json:"name,omitempty"`
	Closing     bool       `json:"closing,omitempty"`   // its definition is gone: takes no new calls
	Waiting     int        `json:"waiting"`             // without an offer
	Callbacks   int        `json:"callbacks,omitempty"` // of those waiting and offered: customers to be called back
	Offered     int        `json:"offered"`             // an agent's phone is being rung
	Talking     int        `json:"talking"`
	LongestWait int64      `json:"longest_wait_ms"`          // of calls waiting or offered
	Oldest      int64      `json:"oldest_entry,omitempty"`   // when the first of them entered
	Estimate    int64      `json:"estimate_ms,omitempty"`    // expected wait of one who enters now, worst group of PBXs; 0 is unknown
	Level       int64      `json:"service_level_ms"`         // wait that counts as in time
	LateNow     int        `json:"late_now"`                 // waiting longer than that already
	Agents      StaffView  `json:"agents"`                   // how the agents of this queue stand
	Calls       []CallView `json:"calls,omitempty"`          // in the order of service, per group of PBXs
	MaxLength   int        `json:"max_length,omitempty"`     // 0 is unlimited
	Strategy    Strategy   `json:"strategy,omitempty"`       // "" for one that is not defined any more
	Skipped     []string   `json:"passed_over,omitempty"`    // available agents whose phone or rest forbids an offer
	Pace        int64      `json:"dequeue_gap_ms,omitempty"` // smoothed time between two starts of service, slowest group
}

// StaffView counts agents by what they do.
type StaffView struct {
	LoggedIn  int `json:"logged_in"`
	Available int `json:"available"` // eligible for a call now
	Reserved  int `json:"reserved"`
	Talking   int `json:"talking"`
	Wrapup    int `json:"wrapup"`
	Paused    int `json:"paused"`
	Unusable  int `json:"passed_over"` // available, but phone or rest forbids an offer
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
	Agent    string            `json:"agent,omitempty"`    // whose phone is being rung
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
	RestUntil  int64                    `json:"rest_until,omitempty"`
	RestFor    string                   `json:"rest_for,omitempty"` // the failure that made the rest
	Call       string                   `json:"call,omitempty"`
	Queue      string                   `json:"queue,omitempty"` // of the call
	Offer      string                   `json:"offer,omitempty"`
	WrapUntil  int64                    `json:"wrap_until,omitempty"`
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
	out := Snapshot{At: now.UnixMilli(), Agents: dir.agentViews(rec), Unreadable: len(rec.Unreadable)}
	calls := callViews(rec)
	ids := slices.Collect(maps.Keys(dir.queues))
	for id := range dir.closing {
		ids = append(ids, id)
	}
	for id := range calls {
		if _, known := dir.queue(id); !known {
			ids = append(ids, id) // calls of a queue that was removed while operadora was down
		}
	}
	slices.Sort(ids)
	staff := dir.staff(out.Agents)
	for _, id := range ids {
		if orchestrator.OwnerOfQueue(id) != "" && len(calls[id]) == 0 {
			continue
		}
		out.Queues = append(out.Queues, dir.queueView(id, calls[id], staff[id], rec, now.UnixMilli()))
	}
	return out
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
	v := AgentView{
		ID: id, State: a.State, Since: a.Since, Reason: a.Reason, Queues: []string{},
		Device: a.Device, DeviceAt: a.DeviceAt, Inferred: a.Hearsay, Eligible: a.eligible(),
		RestUntil: a.Rest, RestFor: a.RestFor, Call: a.Call, Queue: a.Queue, Offer: a.Offer,
		WrapUntil: a.Due, Misses: a.Misses, ToDispose: a.LastCall, FreeSince: a.FreeSince,
		Calls: a.Calls, TalkMS: a.TalkMS, Lamp: LampOf(a.State),
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

// callViews groups calls by queue, in the order of service, with positions counted per group of PBXs.
func callViews(rec Records) map[string][]CallView {
	out := map[string][]CallView{}
	for id, c := range rec.Calls {
		v := CallView{Call: id, Work: c.Work, Queue: c.Queue, PBX: c.PBX, Entered: c.Entered, Priority: c.Priority, Score: c.Score}
		if o, ok := rec.Offers[c.Offer]; ok {
			v.Agent = o.Agent
		}
		out[c.Queue] = append(out[c.Queue], v)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b CallView) int {
			return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Call, b.Call))
		})
		next := map[QueueAt]int{}
		for i := range list {
			if list[i].Agent == "" {
				at := rec.Calls[list[i].Call].at()
				next[at]++
				list[i].Position = next[at]
			}
		}
	}
	return out
}

// staff groups the agents logged in by queue.
func (dir *directory) staff(agents []AgentView) map[string][]AgentView {
	out := map[string][]AgentView{}
	for _, a := range agents {
		if a.State == StateOffline {
			continue
		}
		for _, q := range a.Queues {
			out[q] = append(out[q], a)
		}
	}
	return out
}

func (dir *directory) queueView(id string, calls []CallView, staff []AgentView, rec Records, now int64) QueueView {
	q, defined := dir.queues[id]
	if !defined {
		q = dir.closing[id]
	}
	v := QueueView{ID: id, Name: q.Name, Closing: !defined, Calls: calls, MaxLength: q.MaxLength,
		Strategy: q.Strategy, Level: q.ServiceLevel.Milliseconds()}
	waiting := map[QueueAt]int{}
	for _, c := range calls {
		if c.Work == orchestrator.WorkCallback {
			v.Callbacks++
		}
		if c.Agent == "" {
			v.Waiting++
			waiting[rec.Calls[c.Call].at()]++
		} else {
			v.Offered++
		}
		wait := max(0, now-c.Entered)
		v.LongestWait = max(v.LongestWait, wait)
		if v.Oldest == 0 || c.Entered < v.Oldest {
			v.Oldest = c.Entered
		}
		if v.Level > 0 && wait > v.Level {
			v.LateNow++
		}
	}
	for at, p := range rec.Paces {
		if at.Queue == id {
			v.Pace = max(v.Pace, int64(p.Gap))
			v.Estimate = max(v.Estimate, p.Estimate(waiting[at]+1).Milliseconds())
		}
	}
	for _, o := range rec.Offers {
		if o.Queue == id && o.Answered {
			v.Talking++
		}
	}
	for _, a := range staff {
		v.count(a)
	}
	return v
}

func (v *QueueView) count(a AgentView) {
	s := &v.Agents
	s.LoggedIn++
	switch a.State {
	case StateAvailable:
		if a.Eligible {
			s.Available++
		} else {
			s.Unusable++
			v.Skipped = append(v.Skipped, a.ID)
		}
	case StateReserved:
		s.Reserved++
	case StateTalking:
		s.Talking++
	case StateWrapup:
		s.Wrapup++
	case StatePaused:
		s.Paused++
	case StateOffline:
	}
}
