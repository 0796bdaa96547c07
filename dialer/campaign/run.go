package campaign

import (
	"fmt"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// RunState is where a campaign stands. The strings are stored: never rename one.
type RunState string

// The states of a campaign.
const (
	RunReady    RunState = "ready"    // it was never started
	RunRunning  RunState = "running"  // numbers are dialled, in its hours
	RunPaused   RunState = "paused"   // none are; calls that are up go on
	RunDraining RunState = "draining" // none are; it is stopped once the last of its calls is over
	RunStopped  RunState = "stopped"
)

// RunTrigger is what moves a campaign.
type RunTrigger string

// The triggers. Those of people come first.
const (
	OnStart   RunTrigger = "start"
	OnPause   RunTrigger = "pause"
	OnResume  RunTrigger = "resume"
	OnDrain   RunTrigger = "drain"
	OnStop    RunTrigger = "stop"    // phones that ring are given up, once they rang as long as the law demands
	OnDrained RunTrigger = "drained" // the last call is over
)

// Orders are the triggers of people.
var Orders = []RunTrigger{OnStart, OnPause, OnResume, OnDrain, OnStop}

// runTable is the campaign's state machine: what is not in it is refused.
var runTable = map[RunState]map[RunTrigger]RunState{
	RunReady:    {OnStart: RunRunning},
	RunRunning:  {OnPause: RunPaused, OnDrain: RunDraining, OnStop: RunStopped},
	RunPaused:   {OnResume: RunRunning, OnDrain: RunDraining, OnStop: RunStopped},
	RunDraining: {OnResume: RunRunning, OnStop: RunStopped, OnDrained: RunStopped},
	RunStopped:  {OnStart: RunRunning},
}

// Next is the state that a trigger leads to; Conflict when the table has no such row.
func (s RunState) Next(t RunTrigger) (RunState, error) {
	if to, ok := runTable[s][t]; ok {
		return to, nil
	}
	return s, fault.E("", fault.Conflict, fmt.Errorf("a campaign that is %s cannot %s", s, t))
}

// Run is where a campaign stands, and since when.
type Run struct {
	Campaign  string
	State     RunState
	Began     time.Time // when it was started first, zero for never
	ChangedAt time.Time
	ChangedBy string
	Why       string
}
