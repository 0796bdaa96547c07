package reports

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// queueLogTypes are the entries that a queue_log is made of.
var queueLogTypes = []orchestrator.EntryType{orchestrator.EntryCallStarted, orchestrator.EntryCallQueued, orchestrator.EntryCallUnqueued,
	orchestrator.EntryCallOffered, orchestrator.EntryCallMissed, orchestrator.EntryCallConnected, orchestrator.EntryCallParted,
	orchestrator.EntryCallEnded, orchestrator.EntryAgentState}

// QueueLog writes what happened in a span as app_queue writes its queue_log
// (https://docs.asterisk.org/Operation/Logging/Queue-Logs/, apps/app_queue.c), for
// tools that read that. Its times are whole seconds. What app_queue has no line for
// is left out; what operadora does not know is an empty field. What was brought in from a
// queue_log is left out, too, as it is there.
func (r Reporter) QueueLog(ctx context.Context, w io.Writer, from, to time.Time) (LeftOut, error) {
	const op = "reports.QueueLog"
	if to.IsZero() {
		to = r.Now()
	}
	var wrong *figures.Wrong
	switch {
	case from.IsZero():
		wrong = &figures.Wrong{Field: "from", Why: "is needed"}
	case !from.Before(to):
		wrong = &figures.Wrong{Field: "to", Value: to.Format(time.RFC3339), Why: "is not after from, " + from.Format(time.RFC3339)}
	case to.Sub(from) > longestSpan:
		wrong = &figures.Wrong{Field: "from", Value: from.Format(time.RFC3339), Why: fmt.Sprintf("is more than %d days before to", int(longestSpan.Hours()/24))}
	}
	if wrong != nil {
		return LeftOut{}, fault.E(op, fault.Invalid, wrong)
	}
	l := &queueLog{out: bufio.NewWriter(w), from: from, calls: map[string]*loggedCall{}, logins: map[string]time.Time{}, waiting: map[string]int{}, endpoints: map[string]string{}, reasons: map[string]string{}, brought: map[string]bool{}}
	for _, a := range r.Definitions().Agents {
		l.endpoints[a.ID] = a.Endpoint
	}
	// Who waits or is logged in as the span begins did so before.
	if err := r.Records.Entries(ctx, from.Add(-afterwards), to, queueLogTypes, l.take); err != nil {
		return LeftOut{}, err
	}
	l.leftOut.Calls = len(l.brought)
	return l.leftOut, l.out.Flush()
}

// LeftOut is how much of a span a queue_log does not have, because it was brought in from one.
type LeftOut struct {
	Calls  int
	States int // changes of agents' states
}

// loggedOffer is an offer that stands.
type loggedOffer struct {
	id string
	at time.Time
}

// queueLog turns entries, in their order, into lines.
type queueLog struct {
	out       *bufio.Writer
	from      time.Time // lines before are not written
	calls     map[string]*loggedCall
	logins    map[string]time.Time // agent -> since when
	waiting   map[string]int       // queue -> callers
	endpoints map[string]string    // agent -> phone
	reasons   map[string]string    // of agents who are paused
	brought   map[string]bool      // calls that were brought in
	leftOut   LeftOut
}

// loggedCall is a call as its lines need it.
type loggedCall struct {
	number, name string
	outbound     bool
	back         bool   // its customer is called back, and has not talked with anybody yet
	queue        string // it waits in; "" for none
	entered      time.Time
	place        int                    // at which it came
	offers       map[string]loggedOffer // agents whose phones ring
	served       string                 // the queue whose agent it talks with
	hold         int64                  // seconds until then
	connected    time.Time
}

// logged is what matters of the entries' data.
type logged struct {
	Queue string `json:"queue"`
	Agent string `json:"agent"`
	Offer string `json:"offer"`
	Why   string `json:"why"`
	By    string `json:"by"`
}

// line writes a line. A field may hold no separator.
func (l *queueLog) line(at time.Time, call, queue, agent, event string, fields ...any) {
	if at.Before(l.from) {
		return
	}
	none := func(s string) string {
		if s == "" {
			return "NONE"
		}
		return s
	}
	parts := []string{fmt.Sprint(at.Unix()), none(call), none(queue), none(agent), event}
	for _, f := range fields {
		parts = append(parts, fmt.Sprint(f))
	}
	for i, p := range parts {
		parts[i] = strings.Map(func(c rune) rune {
			if c == '|' || c < ' ' {
				return '_'
			}
			return c
		}, p)
	}
	fmt.Fprintln(l.out, strings.Join(parts, "|"))
}

// seconds is how app_queue measures: between two whole seconds.
func seconds(from, to time.Time) int64 { return to.Unix() - from.Unix() }

func (l *queueLog) take(e orchestrator.Entry) {
	if records.Imported(e) {
		switch {
		case e.At.Before(l.from):
		case e.Type == orchestrator.EntryAgentState:
			l.leftOut.States++
		default:
			l.brought[e.Call] = true
		}
		return
	}
	if e.Type == orchestrator.EntryAgentState {
		l.agent(e)
		return
	}
	c := l.calls[e.Call]
	if c == nil {
		c = &loggedCall{}
		l.calls[e.Call] = c
	}
	if e.Type == orchestrator.EntryCallStarted || e.Type == orchestrator.EntryCallEnded {
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) != nil {
			return
		}
		c.number, c.name, c.outbound = s.Caller.Number, s.Caller.Name, outbound(s.Kind)
		c.back = s.Kind == orchestrator.KindCallback
		if e.Type == orchestrator.EntryCallEnded {
			l.ended(e, c, s)
		}
		return
	}
	var x logged
	if json.Unmarshal(e.Data, &x) != nil || c.outbound {
		return
	}
	if c.back { // app_queue knows callers who wait on the line
		c.back = e.Type != orchestrator.EntryCallParted
		return
	}
	switch e.Type {
	case orchestrator.EntryCallQueued:
		l.entered(e, c, x)
	case orchestrator.EntryCallUnqueued:
		l.left(e, c, x.Why)
	case orchestrator.EntryCallOffered:
		if c.offers == nil {
			c.offers = map[string]loggedOffer{}
		}
		c.offers[x.Agent] = loggedOffer{x.Offer, e.At}
	case orchestrator.EntryCallMissed:
		l.missed(e, c, x)
	case orchestrator.EntryCallConnected:
		l.connected(e, c, x)
	case orchestrator.EntryCallParted:
		if c.served == "" {
			return
		}
		event := "COMPLETEAGENT"
		if x.By == "caller" {
			event = "COMPLETECALLER"
		}
		l.line(e.At, e.Call, c.served, x.Agent, event, c.hold, seconds(c.connected, e.At), c.place)
		c.served = ""
	default: // has no line
	}
}

func (l *queueLog) entered(e orchestrator.Entry, c *loggedCall, x logged) {
	if orchestrator.OwnerOfQueue(x.Queue) != "" { // an agent's own is none
		c.queue = ""
		return
	}
	l.waiting[x.Queue]++
	c.queue, c.entered, c.place = x.Queue, e.At, l.waiting[x.Queue]
	l.line(e.At, e.Call, c.queue, "", "ENTERQUEUE", "", c.number, c.place)
}

// out takes a call out of the queue in which it waits.
func (l *queueLog) takeOut(c *loggedCall) (queue string, ok bool) {
	queue, c.queue = c.queue, ""
	if queue != "" {
		l.waiting[queue]--
	}
	return queue, queue != ""
}

// position is where a caller stands at most: who came before and left is not counted any more.
func (l *queueLog) position(c *loggedCall) int { return max(1, min(c.place, l.waiting[c.queue])) }

func (l *queueLog) left(e orchestrator.Entry, c *loggedCall, why string) {
	at := l.position(c)
	queue, ok := l.takeOut(c)
	if !ok {
		return
	}
	wait := seconds(c.entered, e.At)
	switch why {
	case "timeout":
		l.line(e.At, e.Call, queue, "", "EXITWITHTIMEOUT", at, c.place, wait)
	case "exit":
		l.line(e.At, e.Call, queue, "", "EXITWITHKEY", "", at, c.place, wait)
	case string(orchestrator.RefusedEmpty), "empty":
		l.line(e.At, e.Call, queue, "", "EXITEMPTY", at, c.place, wait)
	case "hangup":
		l.line(e.At, e.Call, queue, "", "ABANDON", at, c.place, wait)
	default:
		l.line(e.At, e.Call, queue, "", "WITHDRAW", at, c.place, wait, why)
	}
}

func (l *queueLog) missed(e orchestrator.Entry, c *loggedCall, x logged) {
	o, rang := c.offers[x.Agent]
	delete(c.offers, x.Agent)
	if c.queue == "" || !rang {
		return
	}
	event := "RINGNOANSWER"
	switch orchestrator.OfferFailure(x.Why) {
	case orchestrator.OfferCancelled:
		event = "RINGCANCELED"
	case orchestrator.OfferElsewhere: // app_queue has no line for who rang with others
		return
	default:
	}
	l.line(e.At, e.Call, c.queue, x.Agent, event, e.At.Sub(o.at).Milliseconds())
}

func (l *queueLog) connected(e orchestrator.Entry, c *loggedCall, x logged) {
	queue, ok := l.takeOut(c)
	if !ok {
		return
	}
	ring, o := int64(0), c.offers[x.Agent]
	if !o.at.IsZero() {
		ring = seconds(o.at, e.At)
	}
	c.offers = nil
	c.served, c.hold, c.connected = queue, seconds(c.entered, e.At), e.At
	l.line(e.At, e.Call, queue, x.Agent, "CONNECT", c.hold, o.id, ring)
}

func (l *queueLog) ended(e orchestrator.Entry, c *loggedCall, s orchestrator.CallSummary) {
	why := string(s.Outcome)
	if s.Outcome == orchestrator.OutcomeAbandoned {
		why = "hangup"
	}
	l.left(e, c, why)
	delete(l.calls, e.Call)
}

// agent writes who logs in and out, and pauses: of all queues, as there is no other way.
func (l *queueLog) agent(e orchestrator.Entry) {
	var s orchestrator.AgentChange
	if json.Unmarshal(e.Data, &s) != nil || s.From == s.To && s.To != figures.OnPause {
		return
	}
	since, in := l.logins[e.Agent]
	switch {
	case s.To == figures.Offline:
		time := ""
		if in {
			time = fmt.Sprint(seconds(since, e.At))
		}
		l.line(e.At, "", "", e.Agent, "AGENTLOGOFF", l.endpoints[e.Agent], time)
		delete(l.logins, e.Agent)
		delete(l.reasons, e.Agent)
		return
	case s.From == figures.Offline:
		l.logins[e.Agent] = e.At
		l.line(e.At, "", "", e.Agent, "AGENTLOGIN", l.endpoints[e.Agent])
	}
	switch {
	case s.To == figures.OnPause:
		if known, paused := l.reasons[e.Agent]; paused && known == s.Reason {
			return // news of the phone
		}
		l.reasons[e.Agent] = s.Reason
		l.line(e.At, "", "", e.Agent, "PAUSEALL", s.Reason)
	case s.From == figures.OnPause:
		delete(l.reasons, e.Agent)
		l.line(e.At, "", "", e.Agent, "UNPAUSEALL", "")
	}
}
