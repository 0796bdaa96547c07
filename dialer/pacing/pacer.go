package pacing

import (
	"math"
	"time"
)

// Pacer paces the campaigns of one pool of agents. Make one with New.
type Pacer struct {
	cfg       Config
	campaigns []campaign
	roster    roster
	flight    flight
	handling  handling
	inbound   inboundRate
	carrier   carrier
	outlook   outlook

	origin   time.Time // where now counts from; zero before the first event or decision
	clock    time.Time // newest time told
	now      float64   // clock in seconds from origin
	news     float64   // time of the newest event
	nonsense float64   // inputs that made no sense, forgotten within a minute or so
	nonsAt   float64
	lines    float64
	wait     float64 // mean wait of agents for a call, forgotten within some tens

	ahead     [moments]float64 // at which answers are weighed, seconds from now
	idleBy    [moments]float64 // by which an agent must be idle for each of them
	rebuildAt float64
	estimated float64
	decided   float64
	dirty     bool
	next      float64

	decision Decision
	seen     foresight // of the last decision, for Facts
}

// campaign is the state of one campaign.
type campaign struct {
	cfg       CampaignConfig
	segments  []answerRate
	leads     []float64 // that can be dialled; +Inf unknown
	pooled    float64   // answer rate over all segments
	ring      ringLaw
	detection detection
	drift     drift
	budget    budget
	orders    orders
	gate      gate
	until     float64 // gate's closing time, +Inf none
	pause     float64 // no order before: some were refused
	Connects  float64
	logWait   float64 // log of the level that the target wait asks for
	turn      int     // segment that is next
	tokens    float64 // of ModeAgentless
	earnedAt  float64 // when tokens were last earned
	onWay     int     // calls that may yet need an agent
	worst     float64 // answers of them at the peak answer rate
	answers   float64 // answers expected of them
	jump      float64 // weight of the outlook in which the answer rate jumps to its peak; 0 none
	jumped    outlook // that outlook
	atStake   float64 // calls that the last call considered could cost at worst
	hold      Hold
	guard     stage
	level     float64 // accepted chance at the last decision
	risk      float64 // chance of one more call then
}

// gate says whether a campaign may dial.
type gate uint8

const (
	gateUnknown gate = iota
	gateOpen
	gateClosed
)

// New makes a Pacer, or says what is wrong with the configuration.
func New(cfg Config) (*Pacer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := &Pacer{cfg: cfg, lines: float64(cfg.Lines), carrier: newCarrier(cfg.CallsPerSecond), dirty: true}
	p.roster.index = map[AgentID]int{}
	p.flight.index = map[CallID]int32{}
	p.campaigns = make([]campaign, len(cfg.Campaigns))
	talk, wrap := 0.0, 0.0
	for i := range p.campaigns {
		c := cfg.Campaigns[i]
		k := &p.campaigns[i]
		*k = campaign{cfg: c, segments: make([]answerRate, c.Segments), leads: make([]float64, c.Segments),
			pooled: c.AnswerPrior, until: math.Inf(1), logWait: math.Log(baseFirst), pause: math.Inf(-1)}
		for s := range k.leads {
			k.leads[s] = math.Inf(1)
			k.segments[s].rate = c.AnswerPrior
		}
		k.ring.priorRate, k.ring.priorMean, k.ring.timeout = c.AnswerPrior, c.RingPrior.Seconds(), (c.RingTimeout + setupTime).Seconds()
		k.budget = budget{window: newWindow(&c), limit: c.paceable(), grace: c.GraceAnswers, Overdrawn: -1, LogBase: math.Log(baseFirst)}
		talk += c.TalkPrior.Seconds() / float64(len(p.campaigns))
		wrap += c.WrapPrior.Seconds() / float64(len(p.campaigns))
	}
	p.handling.Talk.prior, p.handling.Inbound.prior, p.handling.Wrap.prior = talk, talk, wrap
	p.rebuild()
	return p, nil
}

// backwards is how far the clock of Decide may go back before nothing is
// believed, and ahead how far an event's may run before the last decision's.
const (
	backwards = 5 * time.Second
	runsAhead = 5 * time.Minute
)

// advance moves the clock; it never goes back.
func (p *Pacer) advance(t time.Time) {
	if p.origin.IsZero() {
		p.origin, p.clock = t, t
	}
	if t.After(p.clock) {
		p.clock = t
		p.now = t.Sub(p.origin).Seconds()
	}
}

// Observe takes in one event. It never fails: what makes no sense is counted and
// otherwise ignored, and when that happens often Decide holds.
func (p *Pacer) Observe(e Event) {
	switch {
	case e.At.IsZero(), e.At.Year() < 1970, e.At.Year() > 2200:
		p.doubt()
		return
	case p.origin.IsZero(), e.At.Sub(p.clock) <= runsAhead:
		p.advance(e.At)
	default:
		p.doubt()
	}
	p.news = p.now
	p.dirty = true
	sense := false
	switch {
	case e.Kind >= CallLaunched && e.Kind <= CallReclassified:
		sense = p.callEvent(&e)
	case e.Kind >= AgentIdle && e.Kind <= AgentMissed:
		sense = p.agentEvent(&e)
	default:
		sense = p.poolEvent(&e)
	}
	if !sense {
		p.doubt()
	}
}

// doubt counts an input that made no sense.
func (p *Pacer) doubt() { p.nonsense, p.nonsAt = p.doubts()+1, p.now }

func (p *Pacer) doubts() float64 { return p.nonsense * exp(-(p.now-p.nonsAt)/60) }

// poolEvent takes in what concerns the pool or a campaign as a whole.
func (p *Pacer) poolEvent(e *Event) bool {
	v := e.Value
	number := v >= 0 && !math.IsInf(v, 0)
	switch e.Kind {
	case Heartbeat:
		return true
	case InboundWaiting, InboundReserve, LinesAllowed, RateAllowed:
		if !number {
			v = math.NaN() // unknown: Decide holds until a number comes
		}
		switch e.Kind {
		case InboundWaiting:
			p.inbound.waiting = v
		case InboundReserve:
			p.inbound.reserve = v
		case LinesAllowed:
			p.lines = v
		case RateAllowed:
			p.carrier.allow(v)
		}
		return number
	case LeadsLeft, CampaignOpened, CampaignClosed:
	default:
		return false
	}
	if e.Campaign < 0 || e.Campaign >= len(p.campaigns) {
		return false
	}
	k := &p.campaigns[e.Campaign]
	switch e.Kind {
	case LeadsLeft:
		if e.Segment < 0 || e.Segment >= len(k.leads) {
			return false
		}
		if !number {
			v = 0
		}
		k.leads[e.Segment] = v
		return number
	case CampaignOpened:
		k.gate, k.until = gateOpen, math.Inf(1)
		if !e.Until.IsZero() {
			k.until = e.Until.Sub(p.origin).Seconds()
		}
	case CampaignClosed:
		k.gate = gateClosed
	}
	return true
}

// allow sets the calls per second that are allowed; NaN is unknown.
func (c *carrier) allow(rate float64) {
	if rate > c.allowed && c.Rate >= c.allowed {
		c.Rate = rate
	}
	c.allowed = rate
	c.Rate = math.Min(c.Rate, rate)
	if math.IsNaN(c.Rate) && rate >= 0 {
		c.Rate = rate
	}
	if math.IsNaN(c.tokens) {
		c.tokens = 0
	}
}

// waited takes in an agent's wait for a call.
func (p *Pacer) waited(wait float64) {
	if !(wait >= 0) {
		return
	}
	p.wait += (wait - p.wait) / 30
	for i := range p.campaigns {
		k := &p.campaigns[i]
		if k.cfg.Mode != ModeWait {
			continue
		}
		off := math.Log((p.wait + 0.1) / (k.cfg.TargetWait.Seconds() + 0.1))
		k.logWait += 0.03 * math.Min(math.Max(off, -1), 1)
		k.logWait = math.Min(math.Max(k.logWait, math.Log(levelNone)), math.Log(levelHighest))
	}
}

// Next is when Decide should be called: at once after an event, but not sooner
// than MinGap after the last decision, and at the latest after Tick.
func (p *Pacer) Next() time.Time {
	at := p.next
	if p.dirty {
		at = math.Min(at, p.decided+p.gap())
	}
	return p.origin.Add(time.Duration(at * 1e9))
}

// gap is the shortest time between decisions, in seconds: events come too often
// in big pools for each to be worth a decision.
func (p *Pacer) gap() float64 {
	if p.cfg.MinGap > 0 {
		return p.cfg.MinGap.Seconds()
	}
	return math.Min(0.02+float64(p.roster.onDuty())*0.002, 0.25)
}
