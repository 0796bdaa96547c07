package peers

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim"
)

// VICIdial are the dial methods of VICIdial (astguiclient 2.14): RATIO, and the
// "predictive" ADAPT_AVERAGE, ADAPT_HARD_LIMIT and ADAPT_TAPERED. The behaviour
// is that of its scripts AST_VDauto_dial.pl (what a pass dials) and
// AST_VDadapt.pl (how the level moves), of docs/PREDICTIVE.txt, and of the
// defaults in MySQL_AST_CREATE_tables.sql.
//
// Settings, with VICIdial's names and defaults: level (auto_dial_level; where
// ADAPT starts), max (adaptive_maximum_level), intensity (adaptive_intensity,
// percent), target (adaptive_dl_diff_target), availonly
// (available_only_ratio_tally, 0 or 1), droppct (adaptive_dropped_percentage;
// 0 takes the campaign's limit), latest (adaptive_latest_server_time, HHMM),
// trunks (max_vicidial_trunks; 0 takes the world's lines, for its default of 23
// fits no team here), cps (outbound_calls_per_second; its default is 5, ours 20
// or the world's if that is less, for the same reason).
func VICIdial() []pacingsim.Algorithm {
	common := settings{{"availonly", 0, 0, 1}, {"trunks", 0, 0, 1e6}, {"cps", 20, 1, 200}, {"target", 0, -100, 100}}
	adapt := append(settings{{"max", 3, 1, 1000}, {"level", 1, 1, 1000}, {"intensity", 0, -100, 100}, {"droppct", 0, 0, 100}}, common...)
	tapered := append(settings{{"latest", 2100, 0, 2400}}, adapt...)
	ratio := append(settings{{"level", 1, 0, 1000}}, common...)
	list := make([]pacingsim.Algorithm, 0, 4)
	for _, x := range []struct {
		name, about string
		method      method
		s           settings
	}{
		{"vicidial-ratio", "VICIdial, dial method RATIO", methodRatio, ratio},
		{"vicidial-average", "VICIdial, dial method ADAPT_AVERAGE", methodAverage, adapt},
		{"vicidial-hard", "VICIdial, dial method ADAPT_HARD_LIMIT", methodHard, adapt},
		{"vicidial-tapered", "VICIdial, dial method ADAPT_TAPERED", methodTapered, tapered},
	} {
		list = append(list, algorithm(x.name, x.about+" (astguiclient 2.14)", x.s,
			func(v map[string]float64, u pacingsim.Setup) pacingsim.Controller { return newVICIdial(x.method, v, u) }))
	}
	return list
}

// method is a dial method.
type method int

const (
	methodRatio method = iota
	methodAverage
	methodHard
	methodTapered
)

// Periods of the scripts.
const (
	passPause    = 2500 * time.Millisecond // AST_VDauto_dial sleeps between passes
	samplePeriod = time.Second             // AST_VDadapt's loop
	samplesLevel = 15                      // loops between changes of the level
	statsPeriod  = time.Minute             // between counts of drops
)

// vicidial is the controller.
type vicidial struct {
	desk
	method     method
	v          map[string]float64
	feeder     feeder
	passing    bool
	nextPass   time.Time
	nextSample time.Time
	nextStats  time.Time
	samples    int
	sum        sample
	campaigns  []vicidialCampaign
}

// sample is one look at the agents and the waiting calls, of all campaigns.
type sample struct {
	ready, logged float64
	waiting       []float64 // by campaign
}

// vicidialCampaign is what AST_VDadapt knows of one campaign.
type vicidialCampaign struct {
	level                  float64
	calls, answers, drops  int // of the day, as of the last count
	minuteCalls, minuteOut int // calls and drops of the minute before it
}

func newVICIdial(m method, v map[string]float64, u pacingsim.Setup) *vicidial {
	k := &vicidial{desk: newDesk(u), method: m, v: v, feeder: newFeeder(u, v["cps"]),
		nextPass: u.Start, nextSample: u.Start.Add(samplePeriod), nextStats: u.Start.Add(statsPeriod)}
	k.campaigns = make([]vicidialCampaign, len(u.Campaigns))
	for i := range k.campaigns {
		k.campaigns[i].level = v["level"]
	}
	k.sum.waiting = make([]float64, len(u.Campaigns))
	return k
}

// Observe implements pacingsim.Controller.
func (k *vicidial) Observe(e pacing.Event) { k.count(e) }

// Next implements pacingsim.Controller.
func (k *vicidial) Next() time.Time {
	next := k.nextPass
	if k.passing {
		next = k.feeder.next
	}
	if k.method == methodRatio {
		return next
	}
	for _, t := range []time.Time{k.nextSample, k.nextStats} {
		if t.Before(next) {
			next = t
		}
	}
	return next
}

// Decide implements pacingsim.Controller.
func (k *vicidial) Decide(now time.Time, orders *pacingsim.Orders) {
	k.now = now
	if k.method != methodRatio {
		k.adapt(now)
	}
	if !k.passing && !k.nextPass.After(now) {
		for c := range k.campaigns {
			k.feeder.want[c] = k.makeCalls(c)
		}
		k.passing, k.feeder.next = true, now
	}
	if k.passing {
		trunks := k.u.Lines
		if t := int(k.v["trunks"]); t > 0 && t < trunks {
			trunks = t
		}
		k.feeder.feed(&k.desk, now, trunks, orders)
		if !k.feeder.busy() {
			// The script sleeps after each call, the last one too.
			k.passing, k.nextPass = false, later(now, k.feeder.next).Add(passPause)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// makeCalls is how many calls a pass launches for a campaign: the goal, which is
// the level times the agents that count, less the calls that exist. An agent in
// wrap-up is paused to VICIdial and does not count.
func (k *vicidial) makeCalls(c int) int {
	t, share := &k.board.Tally[c], k.share[c]
	if !k.open(c) {
		return 0
	}
	availableOnly := k.v["availonly"] == 1
	agents := float64(k.board.Idle)
	if !availableOnly {
		agents += float64(k.board.Reserved + k.board.Talking + k.board.Inbound)
	}
	goal := whole(k.campaigns[c].level * max(0, agents*share+k.v["target"]))
	exist := k.lines(c)
	if availableOnly {
		goal += t.Connected
	}
	if k.board.Idle == 0 { // blended: inbound calls count while nobody is ready
		inbound := k.board.Inbound
		if availableOnly {
			goal += whole(share * float64(inbound))
		}
		exist += whole(share * float64(inbound+k.board.InboundWaiting))
	}
	return max(0, goal-exist)
}
