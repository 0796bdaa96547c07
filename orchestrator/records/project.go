package records

import (
	"encoding/json"
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// projected lists the entries that contacts, visits and recordings are computed from.
var projected = map[orchestrator.EntryType]bool{
	orchestrator.EntryCallQueued:    true,
	orchestrator.EntryCallUnqueued:  true,
	orchestrator.EntryCallConnected: true,
	orchestrator.EntryCallParted:    true,
	orchestrator.EntryCallRecording: true,
	orchestrator.EntryCallEnded:     true,
	orchestrator.EntryAgentDisposed: true,
}

// afterEnd lists the entries that count when the call has ended. The others, and
// a second end, come from an older state of the call that Redis came back with:
// the first end was made by a process that had seen it all.
var afterEnd = map[orchestrator.EntryType]bool{
	orchestrator.EntryCallRecording: true,
	orchestrator.EntryAgentDisposed: true,
}

// VisitResult is how a call's stay in a queue ended. The strings are stored.
type VisitResult string

// Results of a visit; "" while it lasts.
const (
	VisitAnswered  VisitResult = "answered"  // joined with an agent
	VisitAbandoned VisitResult = "abandoned" // the caller hung up while waiting
	VisitFlowed    VisitResult = "flowed"    // timeout, exit key, overflow, or operadora failed
)

// visit is one stay of a call in a queue.
type visit struct {
	ID, Call, Queue, Agent string
	EnteredAt, LeftAt      int64
	Result                 VisitResult
	WaitMS, TalkMS, HoldMS int64
}

func (v *visit) leave(r VisitResult, at, wait int64) {
	v.Result, v.LeftAt, v.WaitMS = r, at, wait
	if wait == 0 {
		v.WaitMS = max(0, at-v.EnteredAt)
	}
}

// Recording kinds, as stored.
const (
	KindConversation = "conversation"
	KindVoicemail    = "voicemail"
)

// recUnknown is the state of a recording whose end was never heard of although its call has ended.
const recUnknown = "unknown"

// view is everything that is computed from the entries of one call.
type view struct {
	contact    *Contact // nil while the call lives
	visits     []*visit
	recordings []*Recording
	mailboxes  map[string]string // by recording: whose people are told of a message
}

// detail holds the fields of the entries' data that matter here.
type detail struct {
	Queue     string `json:"queue"`
	Agent     string `json:"agent"`
	WaitMS    int64  `json:"wait_ms"`
	TalkMS    int64  `json:"talk_ms"`
	HoldMS    int64  `json:"hold_ms"`
	Recording string `json:"recording"`
	State     string `json:"state"`
	Duration  int64  `json:"duration_ms"`
	Voicemail bool   `json:"voicemail"`
	Mailbox   string `json:"mailbox"`
	Role      string `json:"role"`   // of who talks, on entries of recordings
	Number    string `json:"number"` // masked

	Disposition string `json:"disposition"`
	Also        bool   `json:"also"`
	By          string `json:"by"`
}

// projector walks the entries of one call in the journal's order.
type projector struct {
	view
	open, talking *visit
	last          *visit // the visit that ended most recently
	summary       *orchestrator.CallSummary
	endID         string // of the entry call.ended
	disposition   detail
	disposedAt    int64
}

// projectCall computes what is on record of a call from its entries, which must
// be in the journal's order. It is pure: the same entries give the same rows.
func projectCall(entries []orchestrator.Entry) view {
	p := &projector{}
	for _, e := range entries {
		var x detail
		if e.Type != orchestrator.EntryCallEnded && len(e.Data) > 0 && json.Unmarshal(e.Data, &x) != nil {
			continue // counted as malformed when it was written; it stays on the timeline
		}
		p.take(e, x)
	}
	p.finish()
	return p.view
}

func (p *projector) take(e orchestrator.Entry, x detail) {
	when := ms(e.At)
	if p.summary != nil && !afterEnd[e.Type] {
		return
	}
	switch e.Type {
	case orchestrator.EntryCallQueued:
		p.leave(VisitFlowed, when, 0)
		p.open = &visit{ID: e.ID, Call: e.Call, Queue: first(x.Queue, e.Queue), EnteredAt: when}
		p.visits = append(p.visits, p.open)
	case orchestrator.EntryCallConnected:
		if p.open != nil {
			p.open.Agent = first(x.Agent, e.Agent)
			p.talking = p.open
			p.leave(VisitAnswered, when, x.WaitMS)
		}
	case orchestrator.EntryCallParted:
		if p.talking != nil {
			p.talking.TalkMS += x.TalkMS
			p.talking.HoldMS += x.HoldMS
			p.talking = nil
		}
	case orchestrator.EntryCallUnqueued:
		p.leave(VisitFlowed, when, x.WaitMS)
	case orchestrator.EntryCallRecording:
		p.record(e, x, when)
	case orchestrator.EntryAgentDisposed:
		if !x.Also { // those beside it are on the timeline
			p.disposition, p.disposedAt = x, when
		}
	case orchestrator.EntryCallEnded:
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) == nil {
			s.Call = first(s.Call, e.Call)
			p.summary, p.endID = &s, e.ID
		}
	default: // on the timeline only
	}
}

func (p *projector) leave(r VisitResult, when, wait int64) {
	if p.open == nil {
		return
	}
	p.open.leave(r, when, wait)
	p.last, p.open = p.open, nil
}

func (p *projector) record(e orchestrator.Entry, x detail, when int64) {
	if x.Recording == "" {
		return
	}
	var r *Recording
	for _, known := range p.recordings {
		if known.ID == x.Recording {
			r = known
		}
	}
	if r == nil { // as a rule it starts now; of an end alone its length tells the start
		r = &Recording{ID: x.Recording, Call: e.Call, PBX: e.PBX, Kind: KindConversation,
			Queue: e.Queue, Agent: e.Agent, // and stays so: others may talk with the customer when its end is told
			StartedAt: when - x.Duration, State: string(call.RecRunning)}
		p.recordings = append(p.recordings, r)
	}
	if x.Voicemail {
		r.Kind = KindVoicemail
	}
	if x.Mailbox != "" {
		if p.mailboxes == nil {
			p.mailboxes = map[string]string{}
		}
		p.mailboxes[r.ID] = x.Mailbox
	}
	if r.Kind == KindVoicemail {
		r.Agent = "" // whose phone rang meanwhile has no part in it
	}
	switch news := orchestrator.RecordingNews(x.State); news {
	case orchestrator.RecordingStarted, orchestrator.RecordingJoined:
		if x.Role != "" {
			r.Speakers = append(r.Speakers, Speaker{Role: x.Role, Agent: x.Agent, Number: x.Number, From: when})
		}
	case orchestrator.RecordingLeft:
		r.left(when, func(s Speaker) bool { return s.Role == x.Role && s.Agent == x.Agent && s.Number == x.Number })
	case orchestrator.RecordingMuted:
		r.Muted = true
	case orchestrator.RecordingUnmuted:
		r.Muted = false
	case orchestrator.RecordingFinished, orchestrator.RecordingFailed:
		r.State, r.EndedAt, r.Muted = x.State, when, false
		r.left(when, func(Speaker) bool { return true })
		r.DurationMS = x.Duration
		if r.DurationMS == 0 && news == orchestrator.RecordingFinished {
			r.DurationMS = max(0, when-r.StartedAt)
		}
	}
}

// left notes that those talk no more.
func (r *Recording) left(when int64, who func(Speaker) bool) {
	for i := range r.Speakers {
		if s := &r.Speakers[i]; s.To == 0 && who(*s) {
			s.To = when
		}
	}
}

// finish applies what only the end of the call tells.
func (p *projector) finish() {
	if p.summary == nil {
		return
	}
	s := p.summary
	p.mend(s)
	p.leave(VisitFlowed, s.EndedAt, 0)
	if p.last != nil && p.last.Result == VisitFlowed && s.Outcome == orchestrator.OutcomeAbandoned {
		p.last.Result = VisitAbandoned
	}
	for _, r := range p.recordings {
		if r.ID == s.Voicemail {
			r.Kind, r.Agent = KindVoicemail, ""
		}
		r.PBX, r.Queue = first(r.PBX, s.PBX), first(r.Queue, s.Queue)
		if r.Kind == KindConversation {
			r.Agent = first(r.Agent, s.Agent)
		}
		if r.State == string(call.RecRunning) {
			r.State, r.Muted = recUnknown, false
		}
	}
	p.contact = &Contact{CallSummary: *s, Disposition: p.disposition.Disposition,
		DisposedBy: p.disposition.By, DisposedAt: p.disposedAt}
}

// mend puts in what the summary tells and no entry does, because entries were
// lost with Redis' last writes: the last queue, the conversation, the recordings.
func (p *projector) mend(s *orchestrator.CallSummary) {
	if s.Queue != "" && s.QueuedAt > 0 {
		p.mendVisit(s)
	}
	p.mendRecording(s, s.Recording, KindConversation, s.ConnectedAt)
	p.mendRecording(s, s.Voicemail, KindVoicemail, s.EndedAt)
}

func (p *projector) mendVisit(s *orchestrator.CallSummary) {
	answered, talked := false, int64(0)
	for _, v := range p.visits {
		answered = answered || v.Result == VisitAnswered
		talked += v.TalkMS
	}
	served := s.ConnectedAt > 0 && s.Agent != ""
	left := s.EndedAt
	if served {
		left = s.ConnectedAt
	}
	lost := served && !answered && (p.open == nil || p.open.Queue != s.Queue)
	if lost || len(p.visits) == 0 {
		p.leave(VisitFlowed, left, 0)
		p.open = &visit{ID: p.endID, Call: s.Call, Queue: s.Queue, EnteredAt: left - s.WaitMS}
		p.visits = append(p.visits, p.open)
	}
	if served && !answered {
		p.open.Agent, p.talking = s.Agent, p.open
		p.leave(VisitAnswered, left, s.WaitMS)
	}
	if p.talking != nil { // the end of the conversation is missing
		p.talking.TalkMS += max(0, s.TalkMS-talked)
	}
}

func (p *projector) mendRecording(s *orchestrator.CallSummary, id, kind string, started int64) {
	if id == "" || slices.ContainsFunc(p.recordings, func(r *Recording) bool { return r.ID == id }) {
		return
	}
	p.recordings = append(p.recordings, &Recording{ID: id, Call: s.Call, PBX: s.PBX, Kind: kind,
		StartedAt: started, State: string(call.RecRunning)})
}

func first(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}
