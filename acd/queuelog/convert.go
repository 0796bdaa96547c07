package queuelog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Names are what rows call otherwise than operadora does.
type Names struct {
	PBX    string            // whose queue_log it is
	Queues map[string]string // as it is in the row -> id
	Agents map[string]string // a phone, a name or a member, as it is in the row -> id
}

func (n Names) queue(s string) (id string, found bool) {
	if id, found = n.Queues[s]; found {
		return id, true
	}
	return s, false
}

// agent finds who is meant: as the row has it, by the phone, else what is named behind the
// technology: SIP/101, Local/101@from-queue/n, Agent/101.
func (n Names) agent(s string) (id string, found bool) {
	_, behind, ok := strings.Cut(s, "/")
	if !ok {
		behind = s
	}
	if end := strings.IndexAny(behind, "@/"); end >= 0 {
		behind = behind[:end]
	}
	for _, x := range []string{s, "PJSIP/" + behind, "SIP/" + behind, behind} {
		if id, ok := n.Agents[x]; ok {
			return id, true
		}
	}
	return behind, false
}

// unnamed is the id of a call from an Asterisk without a systemname: its start and a number from the start of Asterisk on.
var unnamed = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// call tells calls of two Asterisks apart, as their systemname does.
func (n Names) call(id string) string {
	if unnamed.MatchString(id) {
		return n.PBX + "-" + id
	}
	return id
}

// Converter turns rows, in their order, into entries. The same rows give the same entries, with
// the same ids, also from another file that has them in common (Resume).
type Converter struct {
	names  Names
	second int64          // of the row before
	n      int            // rows of that second before
	seen   map[string]int // how often a row of that second came
	agents map[string]*member
	came   map[string]time.Time // of calls that wait
	places map[string]int       // mark of a row on record -> its place in its second

	strangeQueues, strangeAgents map[string]bool // as the rows have them
}

// member is an agent as far as the rows have told.
type member struct {
	state, reason, call string
	queues, paused      map[string]bool
}

// NewConverter returns one.
func NewConverter(names Names) *Converter {
	return &Converter{names: names, seen: map[string]int{}, agents: map[string]*member{}, came: map[string]time.Time{},
		strangeQueues: map[string]bool{}, strangeAgents: map[string]bool{}}
}

// Strangers are the queues and agents of the rows so far whom the names do not have.
func (c *Converter) Strangers() (queues, agents []string) {
	return slices.Sorted(maps.Keys(c.strangeQueues)), slices.Sorted(maps.Keys(c.strangeAgents))
}

// Resume takes in the ids on record of the second of the file's first row: a file may begin in the
// middle of it, and each row keeps its place.
func (c *Converter) Resume(ids []string) {
	c.places = map[string]int{}
	for _, id := range ids {
		place, mark, _ := strings.Cut(strings.TrimPrefix(id, sign), "-q")
		if len(place) != placeDigits {
			continue
		}
		if n, err := strconv.Atoi(place[placeDigits-7 : placeDigits-1]); err == nil {
			c.places[mark] = n
		}
	}
}

// Take returns what a row tells.
func (c *Converter) Take(line string, r Row) []orchestrator.Entry {
	if s := r.At.Unix(); s != c.second {
		c.second, c.n = s, 0
		clear(c.seen)
	}
	c.n++
	c.seen[line]++
	r.Call = c.names.call(r.Call)
	queue, found := c.names.queue(r.Queue)
	if !found && r.Queue != "" {
		c.strangeQueues[r.Queue] = true
	}
	agent, found := c.names.agent(r.Agent)
	if !found && r.Agent != "" {
		c.strangeAgents[r.Agent] = true
	}
	t := taker{c: c, r: r, queue: queue, agent: agent, mark: markOf(fmt.Sprintf("%s\x00%d", line, c.seen[line]))}
	if n, ok := c.places[t.mark]; ok {
		c.n = n
	}
	t.take()
	return t.out
}

// taker is a row that is being taken.
type taker struct {
	c                  *Converter
	r                  Row
	queue, agent, mark string
	out                []orchestrator.Entry
}

// sign begins all ids; placeDigits are those of time, place and part that follow.
const (
	sign        = "00000000000000000000-"
	placeDigits = 13 + 6 + 1
)

// id sorts before all ids of a journal, and by time, the order of rows, and the order in one.
func id(at time.Time, n, part int, mark string) string {
	return fmt.Sprintf("%s%013d%06d%d-q%s", sign, at.UnixMilli(), n, part, mark)
}

type fields map[string]any

func (t *taker) add(at time.Time, kind orchestrator.EntryType, data any) {
	e := orchestrator.Entry{ID: id(at, t.c.n, len(t.out), t.mark), At: at, Type: kind, Call: t.r.Call, Queue: t.queue, PBX: t.c.names.PBX}
	if t.r.Agent != "" {
		e.Agent = t.agent
	}
	e.Data, _ = json.Marshal(data) // texts and numbers always marshal
	t.out = append(t.out, e)
}

func (t *taker) take() {
	switch r := t.r; r.What {
	case "DID":
		t.add(r.At, orchestrator.EntryCallAnswered, fields{"did": r.text(0)})
	case "ENTERQUEUE":
		t.add(r.At, orchestrator.EntryCallStarted, orchestrator.CallSummary{Call: r.Call, PBX: t.c.names.PBX, Kind: orchestrator.KindInbound,
			Caller: orchestrator.Party{Number: r.text(1)}, StartedAt: r.At.UnixMilli()})
		t.add(r.At, orchestrator.EntryCallQueued, fields{"queue": t.queue})
		t.c.came[r.Call] = r.At
	case "RINGNOANSWER", "RINGCANCELED":
		why := map[string]orchestrator.OfferFailure{"RINGNOANSWER": orchestrator.OfferNoAnswer, "RINGCANCELED": orchestrator.OfferCancelled}[r.What]
		rang, _ := r.number(0)
		t.offered(time.Duration(rang) * time.Millisecond)
		t.add(r.At, orchestrator.EntryCallMissed, fields{"agent": t.agent, "why": why})
	case "CONNECT":
		t.offered(time.Duration(r.ms(2)) * time.Millisecond)
		delete(t.c.came, r.Call)
		t.add(r.At, orchestrator.EntryCallConnected, fields{"agent": t.agent, "wait_ms": r.ms(0)})
		t.state("talking", "", r.Call)
	case "COMPLETECALLER":
		t.parted("caller", r.ms(1))
	case "COMPLETEAGENT":
		t.parted("agent", r.ms(1))
	case "TRANSFER", "BLINDTRANSFER":
		t.add(r.At, orchestrator.EntryCallTransfer, fields{"destination": orchestrator.MaskNumber(r.text(0)), "kind": orchestrator.TargetNumber, "result": "done", "by": "agent:" + t.agent})
		t.parted("transfer", r.ms(3))
	case "ATTENDEDTRANSFER":
		t.add(r.At, orchestrator.EntryCallConsult, fields{"result": "completed", "by": "agent:" + t.agent})
		t.parted("transfer", r.ms(-2))
	case "ABANDON":
		t.left("hangup", 2)
	case "EXITWITHTIMEOUT":
		t.left("timeout", 2)
	case "EXITEMPTY":
		t.left(string(orchestrator.RefusedEmpty), 2)
	case "EXITWITHKEY":
		t.left("exit", 3)
	case "WITHDRAW":
		t.left("moved", 2)
	default:
		t.member()
	}
}

// offered tells of a phone that rang until now, and no longer than its call has waited: times are
// rounded.
func (t *taker) offered(rang time.Duration) {
	at := t.r.At.Add(-rang)
	if came := t.c.came[t.r.Call]; at.Before(came) {
		at = came
	}
	t.add(at, orchestrator.EntryCallOffered, fields{"queue": t.queue, "agent": t.agent, "offer": t.mark})
}

func (t *taker) parted(by string, talked int64) {
	t.add(t.r.At, orchestrator.EntryCallParted, fields{"agent": t.agent, "by": by, "talk_ms": talked})
	m := t.of()
	if m.call != t.r.Call {
		return // of somebody whom the rows have not told of as talking
	}
	t.rest()
}

func (t *taker) left(why string, wait int) {
	delete(t.c.came, t.r.Call)
	data := fields{"queue": t.queue, "why": why}
	if _, err := t.r.number(wait); err == nil {
		data["wait_ms"] = t.r.ms(wait)
	}
	t.add(t.r.At, orchestrator.EntryCallUnqueued, data)
}

func (t *taker) of() *member {
	m := t.c.agents[t.agent]
	if m == nil {
		m = &member{state: "offline", queues: map[string]bool{}, paused: map[string]bool{}}
		t.c.agents[t.agent] = m
	}
	return m
}

// state tells of another state of the agent; news that change none are none.
func (t *taker) state(to, reason, call string) {
	m := t.of()
	if m.state == to && m.reason == reason && m.call == call {
		return
	}
	from := m.state
	m.state, m.reason, m.call = to, reason, call
	t.add(t.r.At, orchestrator.EntryAgentState, orchestrator.AgentChange{From: from, To: to, Reason: reason, Call: call, By: "queue_log"})
	t.out[len(t.out)-1].Call, t.out[len(t.out)-1].Queue = call, ""
}

// rest is what an agent does who is in no call.
func (t *taker) rest() {
	if m := t.of(); len(m.paused) > 0 {
		t.state("paused", t.pauseReason(), "")
		return
	}
	t.state("available", "", "")
}

func (t *taker) pauseReason() string {
	if m := t.of(); m.state == "paused" {
		return m.reason
	}
	return t.r.text(0)
}

// member takes what an agent does: logging in and out, and pauses. Who is a member of some queue
// is logged in; who pauses in some queue is paused.
func (t *taker) member() {
	fresh := t.c.agents[t.agent] == nil
	m := t.of()
	talks := m.state == "talking"
	switch t.r.What {
	case "AGENTLOGIN", "AGENTCALLBACKLOGIN", "ADDMEMBER":
		if fresh { // the first that is known of the agent is that they were not there
			t.add(t.r.At, orchestrator.EntryAgentState, orchestrator.AgentChange{To: "offline", By: "queue_log"})
			t.out[0].Call, t.out[0].Queue = "", ""
		}
	}
	switch t.r.What {
	case "AGENTLOGIN", "AGENTCALLBACKLOGIN":
		m.queues[""] = true
	case "ADDMEMBER":
		m.queues[t.queue] = true
	case "AGENTLOGOFF", "AGENTCALLBACKLOGOFF":
		clear(m.queues)
	case "REMOVEMEMBER":
		delete(m.queues, t.queue)
	case "PAUSE", "PAUSEALL":
		m.paused[t.queue] = true
		if !talks {
			t.state("paused", t.r.text(0), "")
		}
		return
	case "UNPAUSE":
		delete(m.paused, t.queue)
	case "UNPAUSEALL":
		clear(m.paused)
	default:
		return
	}
	in := len(m.queues) > 0 || t.r.What == "UNPAUSE" || t.r.What == "UNPAUSEALL"
	switch {
	case !in:
		clear(m.paused)
		t.state("offline", "", "")
	case !talks:
		t.rest()
	}
}

// endless is how long after its last row a call that has no end is lost.
const endless = 24 * time.Hour

// Ends says how a call ended, whose entries these are, in their order; ok is false while it may
// go on.
func Ends(entries []orchestrator.Entry, now time.Time) (e orchestrator.Entry, ok bool) {
	var s orchestrator.CallSummary
	waits, last := false, orchestrator.Entry{}
	for _, x := range entries {
		var d struct {
			Queue, Agent, Why, By, DID string
			WaitMS                     int64 `json:"wait_ms"`
			TalkMS                     int64 `json:"talk_ms"`
		}
		if json.Unmarshal(x.Data, &d) != nil {
			continue
		}
		last = x
		switch at := x.At.UnixMilli(); x.Type { //nolint:exhaustive // the others say nothing of the end
		case orchestrator.EntryCallStarted:
			var begun orchestrator.CallSummary
			_ = json.Unmarshal(x.Data, &begun)
			if s.StartedAt == 0 {
				begun.DID, begun.AnsweredAt = s.DID, s.AnsweredAt
				s = begun
			}
		case orchestrator.EntryCallAnswered:
			s.DID, s.AnsweredAt = d.DID, at
		case orchestrator.EntryCallQueued:
			waits, s.Queue, s.Outcome = true, d.Queue, ""
			if s.QueuedAt == 0 {
				s.QueuedAt = at
			}
		case orchestrator.EntryCallOffered:
			s.Offers++
		case orchestrator.EntryCallConnected:
			waits, s.Agent, s.WaitMS = true, d.Agent, d.WaitMS
			if s.ConnectedAt == 0 {
				s.ConnectedAt = at
			}
		case orchestrator.EntryCallParted:
			waits, s.Outcome, s.EndedBy, s.PartedAt = false, orchestrator.OutcomeServed, d.By, at
			s.TalkMS += d.TalkMS
		case orchestrator.EntryCallUnqueued:
			waits, s.Outcome, s.WaitMS = false, orchestrator.OutcomeCompleted, d.WaitMS
			if d.Why == "hangup" {
				s.Outcome, s.EndedBy = orchestrator.OutcomeAbandoned, "caller"
			}
			if s.ConnectedAt > 0 {
				s.Outcome = orchestrator.OutcomeServed
			}
		default:
		}
	}
	if len(entries) == 0 || waits && now.Sub(last.At) < endless {
		return e, false
	}
	if waits || s.Outcome == "" {
		s.Outcome = orchestrator.OutcomeLost
	}
	s.Call, s.PBX, s.EndedAt = last.Call, last.PBX, last.At.UnixMilli()
	if s.StartedAt == 0 {
		s.StartedAt = entries[0].At.UnixMilli()
	}
	e = orchestrator.Entry{ID: id(last.At, 999999, 0, "end"+markOf(last.Call)), At: last.At, Type: orchestrator.EntryCallEnded, Call: last.Call, Queue: s.Queue, Agent: s.Agent, PBX: last.PBX}
	e.Data, _ = json.Marshal(s)
	return e, true
}

// markOf tells entries of a moment apart by their source.
func markOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
