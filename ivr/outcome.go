package ivr

import "strings"

// NodeType names what a node does, as written in a flow file.
type NodeType string

// The node types.
const (
	NodeAnswer   NodeType = "answer"
	NodePlay     NodeType = "play"
	NodeSay      NodeType = "say"
	NodeMenu     NodeType = "menu"
	NodeGather   NodeType = "gather"
	NodeSet      NodeType = "set"
	NodeSwitch   NodeType = "switch"
	NodeHours    NodeType = "hours"
	NodeQueue    NodeType = "queue"
	NodeRecord   NodeType = "record"
	NodeTransfer NodeType = "transfer"
	NodeHangup   NodeType = "hangup"
	NodeCall     NodeType = "call"
	NodeReturn   NodeType = "return"
	NodeAgent    NodeType = "agent"
	NodeContinue NodeType = "continue"
	NodeCallback NodeType = "callback"
	NodeLookup   NodeType = "lookup"
)

// The outcomes with a meaning of their own. Menus add "key:<digits>", switches
// "case:<n>", calendars "holiday:<name>".
const (
	OutNext    = "next"
	OutOK      = "ok"
	OutFail    = "fail" // stands in for every trouble of its node that has no edge
	OutNoInput = "noinput"
	OutNoMatch = "nomatch"
	OutOpen    = "open"
	OutClosed  = "closed"
	OutHoliday = "holiday"
	OutElse    = "else"
	OutServed  = "served"
	OutTimeout = "timeout"
	OutFull    = "full"
	OutNobody  = "no_agents"
	OutUnfit   = "unqualified"
	OutLong    = "long_wait"
	OutExit    = "exit"
	OutError   = "error"
	OutFailed  = "failed"
	OutDenied  = "denied"
	OutPending = "pending"
	OutNone    = "none"
	OutFound   = "found"

	keyPrefix     = "key:"
	casePrefix    = "case:"
	holidayPrefix = "holiday:"
)

// OutcomeRule is what holds for one outcome of a node type.
type OutcomeRule struct {
	Name string
	// Else is the outcome whose edge is taken when this one has none.
	Else string
	// Trouble outcomes go to the flow's on_error when no edge takes them.
	Trouble bool
	// Hangs outcomes end the call when no edge takes them.
	Hangs bool
	// Waits outcomes come only after the caller, a person or a limit was
	// waited for: a cycle through them cannot spin.
	Waits bool
	// Optional outcomes need no edge at all, because their Else always leads somewhere or they may never come.
	Optional bool
}

var outcomeRules = map[NodeType][]OutcomeRule{
	NodeAnswer: {{Name: OutNext}},
	NodePlay:   {{Name: OutNext}},
	NodeSay:    {{Name: OutNext}},
	NodeSet:    {{Name: OutNext}},
	NodeMenu: {
		{Name: OutNoInput, Else: OutFail, Trouble: true, Waits: true},
		{Name: OutNoMatch, Else: OutFail, Trouble: true, Waits: true},
		{Name: OutFail, Optional: true, Waits: true},
	},
	NodeGather: {
		{Name: OutOK, Waits: true},
		{Name: OutNoInput, Else: OutFail, Trouble: true, Waits: true},
		{Name: OutNoMatch, Else: OutFail, Trouble: true, Waits: true},
		{Name: OutFail, Optional: true, Waits: true},
	},
	NodeSwitch: {{Name: OutElse}},
	NodeHours: {
		{Name: OutOpen}, {Name: OutClosed},
		{Name: OutHoliday, Else: OutClosed, Optional: true},
		{Name: OutError, Else: OutClosed, Optional: true},
	},
	NodeQueue: {
		{Name: OutServed, Hangs: true, Waits: true},
		{Name: OutTimeout, Else: OutFail, Trouble: true, Waits: true},
		{Name: OutFull, Else: OutFail, Trouble: true},
		{Name: OutNobody, Else: OutFail, Trouble: true},
		{Name: OutUnfit, Else: OutNobody, Optional: true},
		{Name: OutClosed, Else: OutNobody, Optional: true},
		{Name: OutLong, Else: OutFull, Optional: true},
		{Name: OutExit, Else: OutTimeout, Optional: true, Waits: true},
		{Name: OutError, Else: OutFail, Trouble: true},
		{Name: OutFail, Optional: true},
	},
	NodeRecord: {
		{Name: OutNext, Waits: true},
		{Name: OutFailed, Else: OutNext, Optional: true},
	},
	NodeTransfer: {
		{Name: OutServed, Hangs: true, Waits: true},
		{Name: "busy", Else: OutFailed, Trouble: true},
		{Name: "no_answer", Else: OutFailed, Trouble: true, Waits: true},
		{Name: OutDenied, Else: OutFailed, Trouble: true},
		{Name: OutFailed, Trouble: true},
	},
	NodeCallback: {
		{Name: OutOK, Else: OutFailed, Optional: true},
		{Name: OutPending, Else: OutOK, Optional: true},
		{Name: OutNone, Else: OutFailed, Optional: true},
		{Name: OutDenied, Else: OutFailed, Trouble: true},
		{Name: OutFailed, Trouble: true},
	},
	NodeLookup: {
		{Name: OutFound}, {Name: OutNone},
		{Name: OutError, Trouble: true},
	},
	NodeCall:     {{Name: OutError, Trouble: true, Optional: true}},
	NodeAgent:    agentRules,
	NodeHangup:   nil,
	NodeReturn:   nil,
	NodeContinue: nil,
}

// agentRules follow orchestrator.AgentResult.
var agentRules = []OutcomeRule{
	{Name: OutOK},
	{Name: "later", Else: OutOK, Optional: true},
	{Name: "already", Else: OutFail, Trouble: true},
	{Name: "unknown", Else: OutFail, Trouble: true},
	{Name: "bad_pin", Else: OutFail, Trouble: true},
	{Name: "locked", Else: OutFail, Trouble: true},
	{Name: "not_logged_in", Else: OutFail, Trouble: true},
	{Name: "elsewhere", Else: OutFail, Trouble: true},
	{Name: "bad_reason", Else: OutFail, Trouble: true},
	{Name: "outcome_needed", Else: OutFail, Trouble: true},
	{Name: "too_many_outcomes", Else: "bad_disposition", Trouble: true, Optional: true},
	{Name: "no_more", Else: OutFail, Trouble: true},
	{Name: "used_up", Else: OutFail, Trouble: true},
	{Name: "too_many", Else: OutFail, Trouble: true},
	{Name: "bad_disposition", Else: OutFail, Trouble: true},
	{Name: "nothing", Else: OutFail, Trouble: true},
	{Name: "refused", Else: OutFail, Trouble: true},
	{Name: OutError, Else: OutFail, Trouble: true},
	{Name: OutFail, Optional: true},
}

// OutcomeRules returns the fixed outcomes of a node type; nil when it has none.
func OutcomeRules(t NodeType) []OutcomeRule { return outcomeRules[t] }

// Rule returns what holds for an outcome of a node type. The outcomes that
// depend on the node (keys, cases, holidays, results of a sub-flow) have rules too.
func Rule(t NodeType, outcome string) (OutcomeRule, bool) {
	for _, r := range outcomeRules[t] {
		if r.Name == outcome {
			return r, true
		}
	}
	switch {
	case t == NodeMenu && strings.HasPrefix(outcome, keyPrefix):
		return OutcomeRule{Name: outcome, Waits: true}, true
	case t == NodeSwitch && strings.HasPrefix(outcome, casePrefix):
		return OutcomeRule{Name: outcome}, true
	case t == NodeHours && strings.HasPrefix(outcome, holidayPrefix):
		return OutcomeRule{Name: outcome, Else: OutHoliday, Optional: true}, true
	case t == NodeCall:
		return OutcomeRule{Name: outcome, Else: OutError, Trouble: true}, true
	}
	return OutcomeRule{}, false
}

// Leads returns where an outcome of a node leads: its own edge, else the edge
// of the outcome that stands in for it, else the flow's on_error for trouble,
// else End where that is the rule. ok is false when nothing is said.
func (f *Flow) Leads(n *Node, outcome string) (to string, ok bool) {
	trouble := false
	for range maxElse {
		if e, has := n.On[outcome]; has {
			return e.To, true
		}
		rule, known := Rule(n.Type, outcome)
		if !known {
			break
		}
		trouble = trouble || rule.Trouble
		if rule.Hangs {
			return End, true
		}
		if rule.Else == "" {
			break
		}
		outcome = rule.Else
	}
	if trouble && f.OnError != "" && f.OnError != n.Name {
		return f.OnError, true
	}
	return "", false
}

// maxElse bounds the chain of stand-ins; the longest in the table is three.
const maxElse = 5
