package pacingsim

import "github.com/operadora/operadora/dialer/pacingsim/laws"

// World is a simulated contact centre, as its YAML file describes it. All times
// are in seconds; clock times are seconds from the first event. Fields left out
// are zero, or the default that is stated.
type World struct {
	// Name is the scenario's short name, such as "s3".
	Name string `yaml:"name"`
	// About says in a line or more what the world is for.
	About string `yaml:"about"`
	// Hours is the measured time, which follows WarmUp seconds. Default 8.
	Hours  float64 `yaml:"hours"`
	WarmUp float64 `yaml:"warm_up"`

	Agents    Agents     `yaml:"agents"`
	Campaigns []Campaign `yaml:"campaigns"`
	Inbound   *Inbound   `yaml:"inbound"`
	Control   Control    `yaml:"control"`
	Carrier   Carrier    `yaml:"carrier"`
}

// Curve is a piecewise function of time.
type Curve struct {
	// Linear joins the points by lines; else each value holds until the next point.
	Linear bool `yaml:"linear"`
	// Points in order of time. Before the first its value holds.
	Points []Point `yaml:"points"`
	// Every repeats the points with this period; 0 never.
	Every float64 `yaml:"every"`
	// Const is a value for all times, in place of points.
	Const float64 `yaml:"const"`
}

// Point is a value from a time on.
type Point struct {
	At    float64 `yaml:"at"`
	Value float64 `yaml:"value"`
}

// Agents are the staff of the pool. Every agent serves every campaign.
type Agents struct {
	// Count is the number on duty from the start.
	Count int `yaml:"count"`
	// Staffing changes it over the day.
	Staffing []Shift `yaml:"staffing"`
	// Wrap is the wrap-up law. Left out: none.
	Wrap *laws.Spec `yaml:"wrap"`
	// Speed is the law of each agent's factor on talk and wrap-up. Left out: 1.
	Speed *laws.Spec `yaml:"speed"`
	// PausesPerHour is each agent's rate of pauses, taken after the call, and Pause their law.
	PausesPerHour float64    `yaml:"pauses_per_hour"`
	Pause         *laws.Spec `yaml:"pause"`
	// Ghosts are stretches in which some agents' phones do not answer.
	Ghosts []Ghosts `yaml:"ghosts"`
	// PickUp is the law of the time that a ringing desk phone takes to be picked
	// up, and Phones the share of the agents who have one. The others are on
	// permanent lines, which are joined at once.
	PickUp *laws.Spec `yaml:"pick_up"`
	Phones float64    `yaml:"phones"`
}

// Shift changes the number of agents on duty to Count. Those who come or go do
// so at random times within Over seconds from At.
type Shift struct {
	At    float64 `yaml:"at"`
	Count int     `yaml:"count"`
	Over  float64 `yaml:"over"`
	// Abrupt is the share of those who go that drop their call at once.
	// AfterCall is the share that say so, finish the call and write it up. The
	// rest say nothing and go when they are next idle.
	Abrupt    float64 `yaml:"abrupt"`
	AfterCall float64 `yaml:"after_call"`
}

// Ghosts are agents whose phones do not answer from From until Until. An offer
// rings Rings seconds; then the agent counts as away for Away seconds.
type Ghosts struct {
	From  float64 `yaml:"from"`
	Until float64 `yaml:"until"`
	Share float64 `yaml:"share"`
	Rings float64 `yaml:"rings"`
	Away  float64 `yaml:"away"`
}

// Campaign is one outbound campaign. Of its leads, each at the time of launch, a
// share Answer would be answered by a person, Machine by a machine, Fail fails
// (busy, invalid); nobody answers the rest.
type Campaign struct {
	Name string `yaml:"name"`
	// Mode of the production pacer: progressive, predictive, power (with Ratio) or
	// wait (with TargetWait). Default predictive.
	Mode string `yaml:"mode"`
	// Ratio is the calls per free agent of power; TargetWait the mean wait of
	// agents of wait, in seconds.
	Ratio      float64 `yaml:"ratio"`
	TargetWait float64 `yaml:"target_wait"`
	// Limit is the abandon limit. Default 0.03.
	Limit float64 `yaml:"limit"`
	// Share is the part of the pool's connected calls it shall get. Default 1.
	Share float64 `yaml:"share"`
	// Prior is the answer rate believed at the start. Default 0.2.
	Prior float64 `yaml:"prior"`
	// Leads is how many can be dialled; 0 is without end.
	Leads int `yaml:"leads"`
	// Opens and Closes are when it may dial. Closes 0: never.
	Opens  float64 `yaml:"opens"`
	Closes float64 `yaml:"closes"`
	// OpenFor is how long it may dial each day from Opens on, where it opens again
	// every day. 0: it opens once.
	OpenFor float64 `yaml:"open_for"`
	// WindowHours is the length of the legal window. Default 24.
	WindowHours float64 `yaml:"window_hours"`
	// GiveUp lets the production pacer cancel calls that have rung for MinRing
	// when agents have become scarce.
	GiveUp bool `yaml:"give_up"`
	// Lists are lists of leads with answer rates of their own, in place of Answer.
	Lists *Lists `yaml:"lists"`

	Answer  Curve `yaml:"answer"`
	Machine Curve `yaml:"machine"`
	Fail    Curve `yaml:"fail"`
	// AnswerDelay, MachineDelay and FailDelay run from launch. ExtraDelay is
	// added to the first two.
	AnswerDelay  *laws.Spec `yaml:"answer_delay"`
	MachineDelay *laws.Spec `yaml:"machine_delay"`
	FailDelay    *laws.Spec `yaml:"fail_delay"`
	ExtraDelay   Curve      `yaml:"extra_delay"`
	// NoAnswerDelay is when a call that nobody answers ends by itself. Left out: it rings until RingTimeout.
	NoAnswerDelay *laws.Spec `yaml:"no_answer_delay"`
	// RingsAfter is from launch to the far phone's first ring. Default 1.5.
	RingsAfter float64 `yaml:"rings_after"`
	// RingTimeout is from the first ring to giving up. Default 25.
	RingTimeout float64 `yaml:"ring_timeout"`
	// MinRing is how long a phone must ring before the call may be cancelled. Default 15.
	MinRing float64 `yaml:"min_ring"`
	// Threshold is the legal time from the answer (with Detection: from the
	// verdict, when the greeting is over) to the agent. Default 2.
	Threshold float64 `yaml:"threshold"`
	// Patience, if given, is the law of a random time in place of Threshold.
	Patience *laws.Spec `yaml:"patience"`
	// Talk is the law of the talk with an agent.
	Talk *laws.Spec `yaml:"talk"`
	// Detection of machines. Left out: a machine is known as one at once.
	Detection *Detection `yaml:"detection"`
}

// Lists are the lists of a campaign.
type Lists struct {
	// Answer is the answer rate of each.
	Answer []float64 `yaml:"answer"`
	// Runs is the shortest and the longest run of leads of one list. Runs follow
	// one another in a random order that no algorithm is told.
	Runs []int `yaml:"runs"`
	// Labelled tells the algorithm which lead is of which list, and lets it choose:
	// each list is a segment, with a weight of Weights (left out: all alike).
	Labelled bool      `yaml:"labelled"`
	Weights  []float64 `yaml:"weights"`
}

// Detection tells persons from machines after the pick-up.
type Detection struct {
	// Person and Machine are the laws of the time to the verdict.
	Person  *laws.Spec `yaml:"person"`
	Machine *laws.Spec `yaml:"machine"`
	// FalseMachine is the share of persons that are hung up on as machines;
	// MissedMachine of machines that are given to agents, who need MachineTalk
	// seconds to tell. Default 12.
	FalseMachine  float64 `yaml:"false_machine"`
	MissedMachine float64 `yaml:"missed_machine"`
	MachineTalk   float64 `yaml:"machine_talk"`
	// CountFalse counts the persons hung up on as abandoned, as Ofcom does.
	CountFalse bool `yaml:"count_false"`
	// FromAnswer starts the legal time at the pick-up rather than at the verdict,
	// which is its kindest reading.
	FromAnswer bool `yaml:"from_answer"`
}

// Inbound is the load of calls that no campaign made. They go first to idle agents.
type Inbound struct {
	PerHour Curve      `yaml:"per_hour"`
	Talk    *laws.Spec `yaml:"talk"`
	// Reserve is the number of agents to keep free for them.
	Reserve int `yaml:"reserve"`
	// ServiceLevel is the share of them that shall be answered within 20 s; the
	// algorithm is told it. 0: none is asked.
	ServiceLevel float64 `yaml:"service_level"`
}

// Control is the control plane between the algorithm and the world.
type Control struct {
	// Command is from an order to the launch. Default 0.05; -1 is none.
	Command float64 `yaml:"command"`
	// Event is from an answer to the news of it. Default 0.08; -1 is none.
	Event float64 `yaml:"event"`
	// Bridge is the time to join call and agent. Default 0.15; -1 is none.
	Bridge float64 `yaml:"bridge"`
	// Cancel is from an order to give a call up until the far end knows; a person
	// who answers in between is hung up on, and counts as abandoned. Default 0.3;
	// -1 is none.
	Cancel float64 `yaml:"cancel"`
	// Resync is the period of reconciliations, 0 none.
	Resync   float64   `yaml:"resync"`
	Faults   []Fault   `yaml:"faults"`
	Restarts []Restart `yaml:"restarts"`
}

// Fault delays all events to the algorithm, and loses a share of those about agents.
type Fault struct {
	From  float64 `yaml:"from"`
	Until float64 `yaml:"until"`
	Delay float64 `yaml:"delay"`
	Lose  float64 `yaml:"lose"`
}

// Restart ends the control plane at At; the next one runs Down seconds later
// with the state that was saved at At. In between no answered call finds its agent.
type Restart struct {
	At   float64 `yaml:"at"`
	Down float64 `yaml:"down"`
}

// Carrier is the way out.
type Carrier struct {
	// Lines is how many calls may be up. Default 10000.
	Lines int `yaml:"lines"`
	// CallsPerSecond may be launched. Default 50.
	CallsPerSecond float64            `yaml:"calls_per_second"`
	Congestion     []CongestionWindow `yaml:"congestion"`
}

// CongestionWindow is a stretch in which the carrier refuses a share of the attempts,
// and all above a rate, which it does not tell.
type CongestionWindow struct {
	From           float64 `yaml:"from"`
	Until          float64 `yaml:"until"`
	Every          float64 `yaml:"every"` // repeats with this period, 0 never
	Refuse         float64 `yaml:"refuse"`
	CallsPerSecond float64 `yaml:"calls_per_second"`
}
