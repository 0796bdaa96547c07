package acd

import (
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

const overRefuse = "refuse"

// zoneOf finds the centre's time zone; an empty name is the machine's.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	return time.LoadLocation(name)
}

// Zone is the centre's time zone.
func (d Definitions) Zone() *time.Location {
	zone, err := zoneOf(d.TimeZone)
	if err != nil {
		return time.UTC // Validate has told of what is wrong
	}
	return zone
}

// Over is which limit of its reason a pause is beyond.
type Over string

// Limits of a pause.
const (
	OverTime   Over = "time"    // the day's time is used up
	OverTimes  Over = "times"   // so often in a day
	OverAtOnce Over = "at_once" // so many agents pause for it already
)

// Allowance is what a reason of a pause allows, for the store's script. Times are unix ms.
type Allowance struct {
	PerDayMS int64    `json:"per_day_ms"`
	Times    int      `json:"times"`
	AtOnce   int      `json:"at_once"`
	In       []string `json:"in"`               // where at_once counts: centre, team:<team>, queue:<queue>
	Refuse   bool     `json:"refuse,omitempty"` // what is over
	From     int64    `json:"from"`             // the day
	To       int64    `json:"to"`
}

// allows is what a day allows for a reason.
func (dir *directory) allows(p PauseReason, now time.Time) *Allowance {
	from, to := calendar.DayOf(now.In(dir.zone))
	return &Allowance{PerDayMS: p.PerDay.Milliseconds(), Times: p.Times, AtOnce: p.AtOnce, From: from.UnixMilli(), To: to.UnixMilli()}
}

// allowances are what the day that now is in allows, by reason.
func (dir *directory) allowances(now time.Time) map[string]*Allowance {
	out := map[string]*Allowance{}
	for _, p := range dir.defs.PauseReasons {
		out[p.Name] = dir.allows(p, now)
	}
	return out
}

// allowance is what an agent may pause for a reason, on the day that now is in.
func (dir *directory) allowance(a Agent, p PauseReason, now time.Time, override bool) *Allowance {
	out := dir.allows(p, now)
	out.Refuse, out.In = p.Over != "warn" && !override, []string{string(PauseInCentre)}
	switch p.AtOnceIn {
	case PauseInTeam:
		out.In = []string{string(PauseInTeam) + ":" + a.Team}
	case PauseInQueue:
		out.In = []string{}
		for _, q := range ofAll(dir.stationOf(a.ID).Queues) {
			out.In = append(out.In, string(PauseInQueue)+":"+q)
		}
	case PauseInCentre:
	}
	return out
}
