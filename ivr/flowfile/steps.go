package flowfile

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator"
)

func readSet(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Set{Language: o.text("language")}
	s.Vars = r.assigns(o.child("vars"))
	if s.Language != "" && !strings.Contains(s.Language, "{{") && !ivr.ValidLanguage(s.Language) {
		r.fault(CodeForm, o.posOf("language"), "%q is no language; write es, en or es-MX", s.Language)
	}
	if s.Language == "" && len(s.Vars) == 0 {
		r.fault(CodeForm, o.at, "%s sets nothing: it needs vars or language", o.what)
	}
	return s
}

// readSwitch reads "cases: [{var: tier, equals: gold, next: vip}]" and "else".
func readSwitch(r *reader, o *object, n *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Switch{}
	if to := o.text("else"); to != "" {
		r.addEdge(n, ivr.OutElse, to, o.posOf("else"))
	}
	seq, ok := o.take("cases").(*ast.SequenceNode)
	if !ok {
		r.fault(CodeForm, o.at, "%s needs cases, a list such as - {var: tier, equals: gold, next: vip}", o.what)
		return s
	}
	for i, v := range seq.Values {
		c := r.object(v, "a case of "+o.what)
		if c == nil {
			continue
		}
		s.Cases = append(s.Cases, ivr.Case{Test: r.test(c), At: c.at})
		if to := c.must("next"); to != "" {
			r.addEdge(n, ivr.CaseOutcome(i), to, c.posOf("next"))
		}
		c.done()
	}
	return s
}

func (r *reader) test(c *object) ivr.Test {
	name := c.must("var")
	var how ivr.Comparison
	var values []string
	found := 0
	for _, h := range ivr.Comparisons() {
		c.used[string(h)] = true
		if !c.has(string(h)) {
			continue
		}
		found++
		how = h
		if h == ivr.CompareIn {
			values = c.texts(string(h))
		} else {
			values = []string{c.text(string(h))}
		}
	}
	if found != 1 {
		r.fault(CodeForm, c.at, "%s needs exactly one comparison: equals, not_equals, in, prefix, matches, at_least, at_most or set", c.what)
		return ivr.Test{Var: name}
	}
	t, err := ivr.NewTest(name, how, values...)
	if err != nil {
		r.fault(CodeForm, c.at, "%s: %v", c.what, err)
	}
	return t
}

func readHours(_ *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	return &ivr.Hours{Calendar: o.must("calendar")}
}

func readQueue(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	q := &ivr.Queue{Queue: o.must("queue"), Priority: o.number("priority", 0),
		MaxWait: o.duration("max_wait", 0), ExitKey: o.text("exit_key")}
	if q.ExitKey != "" && (len(q.ExitKey) > 1 || !validKeys(q.ExitKey)) {
		r.fault(CodeKeys, o.posOf("exit_key"), "exit_key is one telephone key, not %q", q.ExitKey)
	}
	return q
}

func readRecord(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Record{Format: "wav", Max: o.duration("max", ivr.DefaultMailMax),
		Silence: o.duration("silence", ivr.DefaultMailQuiet), Terminator: "#", Beep: o.flag("beep", true)}
	if o.has("format") {
		s.Format = o.text("format")
	}
	if o.has("terminator") {
		s.Terminator = o.text("terminator")
	}
	o.used["format"], o.used["terminator"] = true, true
	if s.Max <= 0 {
		r.fault(CodeBounds, o.posOf("max"), "max must be longer than 0: a message without limit fills the disk")
	}
	if s.Terminator != "" && (len(s.Terminator) > 1 || !validKeys(s.Terminator)) {
		r.fault(CodeKeys, o.posOf("terminator"), "the terminator is one key or \"\" for none, not %q", s.Terminator)
	}
	if !ivr.ValidVariable(s.Format) {
		r.fault(CodeForm, o.posOf("format"), "%q is no recording format; wav is always there", s.Format)
	}
	return s
}

func readTransfer(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	t := &ivr.Transfer{To: o.must("to"), Timeout: o.duration("timeout", ivr.DefaultRing)}
	if t.To != "" && !strings.Contains(t.To, "{{") && !ivr.ValidDestination(t.To) {
		r.fault(CodeUnknown, o.posOf("to"), "%q is no telephone number: digits, * and #, and a + before them", t.To)
	}
	if t.Timeout < time.Second {
		r.fault(CodeBounds, o.posOf("timeout"), "timeout must be 1s or longer")
	}
	return t
}

// readCall takes "on" apart from other nodes: any outcome that the sub-flow
// returns may have an edge.
func readCall(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	c := &ivr.Call{Flow: o.must("flow")}
	c.Params = r.assigns(o.child("params"))
	c.Save = r.assigns(o.child("save"))
	return c
}

func readReturn(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	s := &ivr.Return{Outcome: ivr.OutOK}
	if o.has("outcome") {
		s.Outcome = o.text("outcome")
	}
	o.used["outcome"] = true
	if !ivr.ValidVariable(s.Outcome) {
		r.fault(CodeForm, o.posOf("outcome"), "%q cannot name an outcome: letters, digits and _ only", s.Outcome)
	}
	s.Values = r.assigns(o.child("values"))
	return s
}

func readAgent(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	a := &ivr.Agent{Op: o.must("op"), Agent: o.text("agent"), PIN: o.text("pin"), Reason: o.text("reason"), Disposition: o.text("disposition")}
	switch orchestrator.AgentOp(a.Op) {
	case orchestrator.AgentLogin, orchestrator.AgentLogout, orchestrator.AgentPause, orchestrator.AgentResume,
		orchestrator.AgentDispose, "":
	default:
		r.fault(CodeForm, o.posOf("op"), "op is login, logout, pause, resume or dispose, not %q", a.Op)
	}
	return a
}

func readContinue(_ *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	return &ivr.Continue{Place: orchestrator.DialplanPlace{Context: o.text("context"), Extension: o.text("extension")}}
}

// causes are the ways to hang up that an administrator may name.
var causes = map[string]orchestrator.Cause{
	"normal": orchestrator.CauseNormal, "busy": orchestrator.CauseBusy,
	"rejected": orchestrator.CauseRejected, "congestion": orchestrator.CauseCongestion,
}

// outcomes are what a flow may say of its own end, for the call's record.
var outcomes = map[string]bool{"": true, string(orchestrator.OutcomeCompleted): true,
	string(orchestrator.OutcomeRejected): true, string(orchestrator.OutcomeFailed): true}

func readHangup(r *reader, o *object, _ *ivr.Node, _ defaults) ivr.Step {
	h := &ivr.Hangup{Cause: orchestrator.CauseNormal, Outcome: o.text("outcome")}
	if o.has("cause") {
		name := o.text("cause")
		cause, ok := causes[name]
		if !ok {
			r.fault(CodeForm, o.posOf("cause"), "cause is normal, busy, rejected or congestion, not %q", name)
		}
		h.Cause = cause
	}
	o.used["cause"] = true
	if !outcomes[h.Outcome] {
		r.fault(CodeForm, o.posOf("outcome"), "outcome is completed, rejected or failed, not %q", h.Outcome)
	}
	return h
}
