package pacingsim

import "github.com/operadora/operadora/dialer/pacingsim/laws"

// World is a simulated contact centre, as its YAML file describes it. Times are
// in seconds unless the name says otherwise; clock times are seconds from the start.
type World struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	// Hours is the measured time, after WarmUp.
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
	Linear bool    `yaml:"linear"`
	Points []Point `yaml:"points"`
	// Every repeats the points with this period, 0 never.
	Every float64 `yaml:"every"`
}

// Point is a value from a time on.
type Point struct {
	At    float64 `yaml:"at"`
	Value float64 `yaml:"value"`
}

// Agents are the staff of the pool.
type Agents struct {
	// Count is the number on duty, or Staffing when it changes over the day.
	Count    int     `yaml:"count"`
	Staffing []Shift `yaml:"staffing"`
	// Wrap is the wrap-up law; Speed the law of each agent's factor on talk and wrap-up.
	Wrap  laws.Spec  `yaml:"wrap"`
	Speed *laws.Spec `yaml:"speed"`
	// PausesPerHour and Pause: each agent's random pauses, taken after the call.
	PausesPerHour float64    `yaml:"pauses_per_hour"`
	Pause         *laws.Spec `yaml:"pause"`
	Ghosts        []Ghosts   `yaml:"ghosts"`
}

// Shift changes the number of agents on duty.
type Shift struct {
	At    float64 `yaml:"at"`
	Count int     `yaml:"count"`
	// Over is the time within which those who come or go do so.
	Over float64 `yaml:"over"`
	// Abrupt is the share of those who go that hang up on their call; AfterCall
	// the share that finish and write it up; the rest wait to be idle.
	Abrupt    float64 `yaml:"abrupt"`
	AfterCall float64 `yaml:"after_call"`
}

// Ghosts are agents whose phones do not answer for a while.
type Ghosts struct {
	From  float64 `yaml:"from"`
	Until float64 `yaml:"until"`
	Share float64 `yaml:"share"`
	// Rings is how long an offer rings before it is taken back; Away is how long the agent is then paused.
	Rings float64 `yaml:"rings"`
	Away  float64 `yaml:"away"`
}

// Campaign is one outbound campaign.
type Campaign struct {
	Name   string  `yaml:"name"`
	Limit  float64 `yaml:"limit"`
	Share  float64 `yaml:"share"`
	Prior  float64 `yaml:"prior"`
	Leads  int     `yaml:"leads"` // 0: without end
	Mode   string  `yaml:"mode"`
	Answer Curve   `yaml:"answer"` // P(a person would answer)
	// Machine and Fail are P(a machine picks up) and P(busy or invalid).
	Machine Curve `yaml:"machine"`
	Fail    Curve `yaml:"fail"`
	// AnswerDelay, MachineDelay and FailDelay are from launch.
	AnswerDelay  laws.Spec `yaml:"answer_delay"`
	MachineDelay laws.Spec `yaml:"machine_delay"`
	FailDelay    laws.Spec `yaml:"fail_delay"`
	RingTimeout  float64   `yaml:"ring_timeout"`
	MinRing      float64   `yaml:"min_ring"`
	// Threshold is the law's time from answer to agent; Patience, if set, replaces it by a random time.
	Threshold float64    `yaml:"threshold"`
	Patience  *laws.Spec `yaml:"patience"`
	Talk      laws.Spec  `yaml:"talk"`
	Detection *Detection `yaml:"detection"`
}

// Detection tells persons from machines after the pick-up.
type Detection struct {
	Person        laws.Spec `yaml:"person"`  // time to the verdict on a person
	Machine       laws.Spec `yaml:"machine"` // on a machine
	FalseMachine  float64   `yaml:"false_machine"`
	MissedMachine float64   `yaml:"missed_machine"`
}

// Inbound is the load of calls that no campaign made.
type Inbound struct {
	PerHour Curve     `yaml:"per_hour"`
	Talk    laws.Spec `yaml:"talk"`
}

// Control is the control plane between the algorithm and the world.
type Control struct {
	Command float64 `yaml:"command"` // from an order to the launch
	Event   float64 `yaml:"event"`   // from a thing to the news of it
	Bridge  float64 `yaml:"bridge"`  // to join call and agent
}

// Carrier is the way out.
type Carrier struct {
	Lines          int     `yaml:"lines"`
	CallsPerSecond float64 `yaml:"calls_per_second"`
}

// Outcome is what a lead would do.
type Outcome struct {
	Class Class
	// In is the time from launch to the answer, pick-up or failure, in seconds.
	In float64
}

// Class is how an attempt turns out.
type Class uint8

// The classes of outcomes.
const (
	NoAnswer Class = iota
	Person
	Machine
	Failure
	Congestion
)
