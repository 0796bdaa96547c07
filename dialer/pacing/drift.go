package pacing

import "math"

// drift watches whether answers come as the estimates say: two cumulative sums
// of the log-likelihood of more (or fewer) answers than expected (Page,
// "Continuous inspection schemes", Biometrika 41, 1954).
type drift struct {
	Up        float64 `json:"up"`
	Down      float64 `json:"down"`
	UpSince   float64 `json:"up_since"` // when the sum last left zero
	DownSince float64 `json:"down_since"`
	Alarm     float64 `json:"alarm"` // end of the caution after an alarm
	Jumps     float64 `json:"jumps"` // up-alarms of late
	JumpAt    float64 `json:"jump_at"`
	UpAlarm   float64 `json:"up_alarm"` // end of the caution after an alarm of more answers
	expected  float64
	observed  float64
}

// jumps is the number of up-alarms of about the last hour.
func (d *drift) jumps(now float64) float64 {
	if d.Jumps == 0 {
		return 0
	}
	return d.Jumps * math.Exp(-(now-d.JumpAt)/jumpMemory)
}

// weigh adds what was expected and seen since the last time; it returns since
// when answers differ, and whether that is an alarm.
func (d *drift) weigh(now float64) (since float64, alarm bool) {
	if d.Up == 0 {
		d.UpSince = now
	}
	if d.Down == 0 {
		d.DownSince = now
	}
	d.Up = math.Max(0, d.Up+d.observed*math.Log(driftMore)-d.expected*(driftMore-1))
	d.Down = math.Max(0, d.Down+d.observed*math.Log(driftFewer)-d.expected*(driftFewer-1))
	d.expected, d.observed = 0, 0
	switch {
	case d.Up > driftAlarm:
		since = d.UpSince
		d.Alarm = now + driftCaution
		if now-d.JumpAt > driftCaution || d.Jumps == 0 {
			d.Jumps = d.jumps(now) + 1
			d.JumpAt = now
		}
		d.UpAlarm = d.Alarm
	case d.Down > driftAlarm:
		since = d.DownSince
	default:
		return 0, false
	}
	d.Up, d.Down = 0, 0
	return since, true
}
