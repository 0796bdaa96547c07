package pacing

import (
	"fmt"
	"math"
	"time"
)

// Pacer paces the campaigns of one pool of agents. Make one with New.
type Pacer struct {
	cfg       Config
	campaigns []campaign
	ledger    *Ledger
	agents    agents
	flight    flight
	handling  handling
	inbound   inboundLoad
	carrier   carrier
	cuts      []cut
	recut     bool // the cuts are to be worked out anew

	origin   time.Time // where now counts from; zero before the first event or decision
	clock    time.Time // newest time told
	now      float64   // clock in seconds from origin
	news     float64   // time of the newest event
	nonsense doubts    // of inputs that concern no campaign
	lines    float64
	wait     float64 // mean wait of agents for a call, forgotten within some tens

	ahead     [moments]float64 // at which answers are weighed, seconds from now
	idleBy    [moments]float64 // by which an agent must be idle for each of them
	patience  float64          // that a person has, less the time to join the call
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
	removed   bool
	segments  []segment
	total     segment // all segments together, where there are several
	inAir     []int32 // segments with launches that have not matured
	spare     []*airing
	queue     []int32 // heap of the segments that have leads
	paused    []int32 // those whose orders were refused
	virtual   float64 // virtual time of the queue
	landAt    float64
	refused   int     // orders refused so far
	pooled    float64 // answer rate over all segments
	ring      ringLaw
	detection detection
	drift     drift
	budget    budget
	answers   answers
	lost      map[CallID]callRecord // calls whose end was not told
	unknown   float64               // of them, how many may yet count as abandoned
	orders    orders
	nonsense  doubts
	gate      gate
	until     float64 // gate's closing time, +Inf none
	hour      hour
	logWait   float64 // log of the level that the target wait asks for
	upNext    int     // segment that is dialled next
	tokens    float64 // of ModeAgentless
	earnedAt  float64 // when tokens were last earned
	givenUp   int
	onWay     int     // calls that may yet need an agent
	expected  float64 // answers expected of them
	worst     float64 // answers of them at the peak answer rate
	jump      float64 // weight of the outlooks in which the answer rate jumps to its peak; 0 none
	atStake   float64 // calls that could be lost at worst with one more
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
	if cfg.Ledger == nil {
		cfg.Ledger = NewLedger()
	}
	p := &Pacer{cfg: cfg, ledger: cfg.Ledger, lines: float64(cfg.Lines), carrier: newCarrier(cfg.CallsPerSecond, cfg.CarrierFloor), dirty: true}
	p.agents.index = map[AgentID]int{}
	p.flight.index = map[CallID]int32{}
	for _, c := range cfg.Campaigns {
		p.add(c)
	}
	p.cfg.Campaigns = nil
	p.believe()
	return p, nil
}

// add makes a campaign of a whole configuration.
func (p *Pacer) add(c CampaignConfig) {
	p.campaigns = append(p.campaigns, campaign{cfg: c, pooled: c.AnswerPrior, until: math.Inf(1), logWait: math.Log(baseFirst)})
	k := &p.campaigns[len(p.campaigns)-1]
	k.budget = budget{LogBase: math.Log(baseFirst), Overdrawn: -1}
	k.configure(c, p.ledger)
	k.budget.forward(p.clock)
	for s := range k.segments {
		k.setLeads(s, math.Inf(1))
	}
	k.pickSegment(p.now)
}

// configure fits a campaign to its settings; what was learnt and counted stays.
func (k *campaign) configure(c CampaignConfig, l *Ledger) {
	before := k.cfg.Segments
	k.cfg = c
	k.ring.priorRate, k.ring.priorMean, k.ring.timeout = c.AnswerPrior, c.RingPrior.Seconds(), (c.RingTimeout + setupTime).Seconds()
	k.budget.window = newWindow(l, &c)
	k.budget.limit, k.budget.grace = c.paceable(), c.GraceAnswers
	for len(k.segments) < c.Segments {
		k.segments = append(k.segments, segment{rate: c.AnswerPrior, leads: math.Inf(1)})
	}
	if k.upNext >= c.Segments {
		k.upNext = 0
	}
	if len(k.segments) > 1 && k.total.air == nil {
		k.total = segment{rate: c.AnswerPrior, air: &airing{}}
	}
	k.queue = k.queue[:0]
	k.paused = k.paused[:0]
	for i := range k.segments {
		s := &k.segments[i]
		s.weight, s.queued = 1, false
		switch {
		case i >= c.Segments: // it is dialled no more, but its calls may be in the air
			s.leads = 0
			continue
		case i >= before:
			s.leads = math.Inf(1)
		}
		if len(c.Weights) > 0 {
			s.weight = c.Weights[i]
		}
		if s.leads >= 1 {
			k.enqueue(i)
		}
	}
}

// believe spreads what the campaigns believe of talk and wrap-up times over the pool.
func (p *Pacer) believe() {
	talk, wrap, n := 0.0, 0.0, 0.0
	for i := range p.campaigns {
		if k := &p.campaigns[i]; !k.removed {
			talk += k.cfg.TalkPrior.Seconds()
			wrap += k.cfg.WrapPrior.Seconds()
			n++
		}
	}
	if n == 0 {
		talk, wrap, n = 120, 20, 1
	}
	p.handling.Talk.prior, p.handling.Inbound.prior, p.handling.Wrap.prior = talk/n, talk/n, wrap/n
	p.recut, p.dirty = true, true
	p.rebuild()
}

// campaign finds a campaign by its number; nil if there is none.
func (p *Pacer) campaign(index int) *campaign {
	if index < 0 || index >= len(p.campaigns) {
		return nil
	}
	return &p.campaigns[index]
}

// AddCampaign makes a campaign that begins while others run, and returns its
// number. It is closed until it is told to be open. A campaign of an id that was
// removed goes on with the ledger of that id.
func (p *Pacer) AddCampaign(c CampaignConfig) (int, error) {
	index := len(p.campaigns)
	if index >= mostCampaigns {
		return 0, fmt.Errorf("campaigns: %d in one pool's life are more than %d", index+1, mostCampaigns)
	}
	c.setDefaults(index)
	if err := c.validate(); err != nil {
		return 0, fmt.Errorf("campaign %q: %w", c.ID, err)
	}
	for i := range p.campaigns {
		if k := &p.campaigns[i]; !k.removed && k.cfg.ID == c.ID {
			return 0, fmt.Errorf("campaign %q: id: there is one already", c.ID)
		}
	}
	p.add(c)
	p.believe()
	return index, nil
}

// RemoveCampaign ends a campaign. Its calls in the air still count, in the
// outlook and in the ledger; its number is not used again.
func (p *Pacer) RemoveCampaign(index int) error {
	k := p.campaign(index)
	if k == nil || k.removed {
		return fmt.Errorf("there is no campaign %d", index)
	}
	k.removed, k.gate = true, gateClosed
	p.believe()
	return nil
}

// Reconfigure changes the settings of a campaign while it runs. What was learnt
// and counted stays: the ledger is looked at through the new window. The id
// cannot change.
func (p *Pacer) Reconfigure(index int, c CampaignConfig) error {
	k := p.campaign(index)
	if k == nil || k.removed {
		return fmt.Errorf("there is no campaign %d", index)
	}
	if c.ID == "" {
		c.ID = k.cfg.ID
	}
	c.setDefaults(index)
	if c.ID != k.cfg.ID {
		return fmt.Errorf("campaign %q: id: cannot become %q", k.cfg.ID, c.ID)
	}
	if err := c.validate(); err != nil {
		return fmt.Errorf("campaign %q: %w", c.ID, err)
	}
	k.configure(c, p.ledger)
	k.budget.forward(p.clock)
	k.pickSegment(p.now)
	p.believe()
	return nil
}

// Ledger is what the law has counted, for the store and for the evidence.
func (p *Pacer) Ledger() *Ledger { return p.ledger }

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
		p.doubt(&e)
		return
	case p.origin.IsZero(), e.At.Sub(p.clock) <= runsAhead:
		p.advance(e.At)
	default:
		p.doubt(&e)
	}
	p.news = p.now
	p.dirty = true
	sense := false
	switch {
	case e.Kind >= CallLaunched && e.Kind <= CallReclassified:
		sense = p.callEvent(&e)
	case e.Kind >= AgentIdle && e.Kind <= AgentFreeAt:
		sense = p.agentEvent(&e)
	default:
		sense = p.poolEvent(&e)
	}
	if !sense {
		p.doubt(&e)
	}
}

// doubt counts an input that made no sense, of a campaign if it is about one.
func (p *Pacer) doubt(e *Event) {
	if k := p.campaign(e.Campaign); k != nil && (e.Kind >= CallLaunched && e.Kind <= CallReclassified || e.Kind >= LeadsLeft && e.Kind <= CampaignClosed) {
		k.nonsense.add(p.now)
		return
	}
	p.nonsense.add(p.now)
}

// doubts are inputs that made no sense, forgotten within a minute or so.
type doubts struct{ n, last float64 }

func (d *doubts) add(now float64) { d.n, d.last = d.at(now)+1, now }

func (d *doubts) at(now float64) float64 { return d.n * math.Exp(-(now-d.last)/60) }

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
	k := p.campaign(e.Campaign)
	if k == nil || k.removed {
		return false
	}
	switch e.Kind {
	case LeadsLeft:
		if e.Segment < 0 || e.Segment >= k.cfg.Segments {
			return false
		}
		if !number {
			v = 0
		}
		k.setLeads(e.Segment, v)
		return number
	case CampaignOpened:
		opens := !p.dialling(k)
		k.gate, k.until = gateOpen, math.Inf(1)
		if !e.Until.IsZero() {
			k.until = e.Until.Sub(p.origin).Seconds()
		}
		if opens {
			p.takePart(k)
		}
	case CampaignClosed:
		k.gate = gateClosed
	}
	return true
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
	return math.Min(0.02+float64(p.agents.onDuty())*0.002, 0.25)
}
