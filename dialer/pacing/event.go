package pacing

import "time"

// CallID names one attempt; it is unique while the attempt lives and never 0.
type CallID uint64

// AgentID names one agent; never 0.
type AgentID uint64

// Kind says what an Event tells.
type Kind uint8

// The kinds of events. The fields named are the ones a kind uses beside At; the
// others are ignored. Calls always carry Campaign, Segment and Call.
const (
	// KindNone is the zero Kind; such an event is counted as contradictory.
	KindNone Kind = iota

	// CallLaunched: an ordered call was accepted by the PBX.
	CallLaunched
	// CallRefused: an ordered call was not made (no lead, a gate said no). Campaign,
	// Segment; no Call. A segment whose orders are refused in a row pauses.
	CallRefused
	// CallRinging: the far phone alerts (SIP 180 or 183). The legal minimum ring counts from here.
	CallRinging
	// CallPickedUp: the far end picked up and it is not yet known who.
	CallPickedUp
	// CallPerson: a person answered (as far as is known). It needs an agent in
	// time. With no detection in use it comes in place of CallPickedUp.
	CallPerson
	// CallMachine: a machine answered. Needs no agent.
	CallMachine
	// CallFailed: the attempt ended unanswered. Cause.
	CallFailed
	// CallConnected: the call and an agent were joined. Agent.
	CallConnected
	// CallAbandoned: a person answered and had no agent in the legal time.
	CallAbandoned
	// CallEnded: the call is over, however it went before.
	CallEnded
	// CallReclassified: what was reported as a person was a machine after all (the
	// agent said so, during the call or in wrap-up). The answer is taken out of the
	// legal count.
	CallReclassified

	// AgentIdle: the agent could take a call now. Agent.
	AgentIdle
	// AgentReserved: the agent is being joined to a call, or offered one. Agent.
	AgentReserved
	// AgentTalking: the agent talks to a call of a campaign. Agent.
	AgentTalking
	// AgentTalkingInbound: the agent talks to a call that no campaign made, which
	// waited Value seconds. Agent.
	AgentTalkingInbound
	// AgentWrapping: the talk is over, the agent writes it up. Agent.
	AgentWrapping
	// AgentLeaving: the agent will not be idle after the present call. Agent.
	AgentLeaving
	// AgentGone: logged out, paused, or otherwise away. Agent.
	AgentGone
	// AgentMissed: the agent was offered a call and did not pick up. Agent.
	AgentMissed
	// AgentFreeAt: the agent, who is busy, will be idle at Until: a wrap-up that the
	// clock ends. Holds until the agent's next change of state. Agent.
	AgentFreeAt

	// InboundWaiting: Value inbound calls wait for the agents of this pool.
	InboundWaiting
	// InboundReserve: Value agents are to be kept free for inbound calls.
	InboundReserve
	// LinesAllowed: at most Value calls may be up at once, over all campaigns.
	LinesAllowed
	// RateAllowed: at most Value calls may be launched per second, over all campaigns.
	RateAllowed
	// LeadsLeft: Value leads of Campaign and Segment can be dialled now.
	LeadsLeft
	// CampaignOpened: Campaign may dial until the moment Until (zero: no end known).
	CampaignOpened
	// CampaignClosed: Campaign may not dial.
	CampaignClosed
	// Heartbeat: nothing new, and the feed of events is alive.
	Heartbeat
)

// Cause says why an attempt failed.
type Cause uint8

// The causes of CallFailed.
const (
	// CauseOther is any failure of the number dialled: busy, invalid, rejected.
	CauseOther Cause = iota
	// CauseNoAnswer: it rang until the ring timeout.
	CauseNoAnswer
	// CauseCongestion: the carrier had no room (SIP 503, Q.850 34, 38, 41, 42).
	// Slows the dialer down and says nothing about people.
	CauseCongestion
	// CauseCancelled: the pacer gave the call up.
	CauseCancelled
)

// Event is one observation. The zero values of fields a Kind does not use are ignored.
type Event struct {
	// At is when the control plane learnt it. Events may come in any order; one
	// older than the newest is used for what it says, never to turn the clock back.
	At       time.Time
	Kind     Kind
	Cause    Cause
	Campaign int // its number: the index in Config.Campaigns, or what AddCampaign returned
	Segment  int // index below CampaignConfig.Segments
	Call     CallID
	Agent    AgentID
	Value    float64
	Until    time.Time
}

// AgentState is where an agent stands.
type AgentState uint8

// The states of an agent.
const (
	StateGone AgentState = iota
	StateIdle
	StateReserved
	StateTalking
	StateInbound
	StateWrapping

	agentStateCount
)

// CallState is where a call stands.
type CallState uint8

// The states of a call. An ended call is not kept.
const (
	StateLaunched  CallState = iota // on its way or ringing
	StateDetecting                  // picked up, person or machine not yet known
	StateWaiting                    // a person waits for an agent
	StateConnected                  // with an agent
	StateMachine                    // with a machine, or playing a message

	callStateCount
)

// AgentView is one agent as a reconciliation found it.
type AgentView struct {
	Agent   AgentID
	State   AgentState
	Leaving bool
	Since   time.Time // start of the present state
}

// CallView is one live call as a reconciliation found it.
type CallView struct {
	Call     CallID
	Campaign int
	Segment  int
	State    CallState
	Launched time.Time
	Ringing  time.Time // zero if it does not ring yet
}
