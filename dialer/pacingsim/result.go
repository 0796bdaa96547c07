package pacingsim

// Result is one run: one scenario, one algorithm, several seeds. Rates are
// shares (0.03, not 3). The abandon rate is taken over all calls that a person
// answered from the first call on, warm-up included, for the law's window knows
// no warm-up; everything else leaves the warm-up out.
type Result struct {
	Scenario  string  `json:"scenario"`
	Algorithm string  `json:"algorithm"`
	Seeds     int     `json:"seeds"`
	Hours     float64 `json:"hours"` // measured, after the warm-up
	// Utilisation is talk and wrap-up time over time on duty and not paused,
	// until the last list is empty or closed: what agents wait after that is
	// nobody's doing.
	UtilisationMean  float64 `json:"utilisation_mean"`
	UtilisationWorst float64 `json:"utilisation_worst"`
	AbandonMean      float64 `json:"abandon_mean"`
	AbandonWorst     float64 `json:"abandon_worst"`
	// SeedsOverLimit counts the seeds in which some campaign ended above its limit.
	SeedsOverLimit int `json:"seeds_over_limit"`
	// LimitRatioWorst is the highest abandon rate over limit of any seed and campaign.
	LimitRatioWorst float64 `json:"limit_ratio_worst"`
	// WorstHourAbandon is the highest abandon rate of any clock hour with 20 answers or more.
	WorstHourAbandon float64 `json:"worst_hour_abandon"`
	AgentWaitMean    float64 `json:"agent_wait_mean_s"`
	AgentWaitP95     float64 `json:"agent_wait_p95_s"`
	CalleeWaitP99    float64 `json:"callee_wait_p99_s"`
	DialsPerConnect  float64 `json:"dials_per_connect"`
	// GivenUp is the share of the dials that the algorithm gave up while they rang;
	// HungUpOn counts the people who answered such a call all the same.
	GivenUp  float64 `json:"given_up"`
	HungUpOn int     `json:"hung_up_on"`
	// CutBeforeMinRing counts calls that were given up, or timed out, before the legal minimum ring.
	CutBeforeMinRing int `json:"cut_before_min_ring"`
	// CapViolations counts calls ordered over the lines or calls per second allowed.
	CapViolations int `json:"cap_violations"`
	// DecisionsPerSecond is the algorithm's speed in the clock of Options.Clock, 0 without one.
	DecisionsPerSecond float64 `json:"decisions_per_s"`
	// DecisionP99 is the time of a decision that 99 of 100 keep, 0 without Options.Clock.
	DecisionP99 float64 `json:"decision_p99_s"`
	// InboundInTime is the share of inbound calls answered within 20 s, 1 without inbound.
	InboundInTime float64 `json:"inbound_in_time"`

	Campaigns []CampaignResult `json:"campaigns"`
	PerSeed   []SeedResult     `json:"per_seed,omitempty"`
	// Day is the day as it went, summed over the seeds.
	Day []Bin `json:"day,omitempty"`
}

// CampaignResult is one campaign over all seeds.
type CampaignResult struct {
	Name         string  `json:"name"`
	Limit        float64 `json:"limit"`
	AbandonMean  float64 `json:"abandon_mean"`
	AbandonWorst float64 `json:"abandon_worst"`
	ConnectShare float64 `json:"connect_share"` // of the pool's connected outbound calls
	// FalseMachines is the share of people who answered and were hung up on as machines.
	FalseMachines float64 `json:"false_machines"`
}

// SeedResult is one seed.
type SeedResult struct {
	Seed        uint64  `json:"seed"`
	Utilisation float64 `json:"utilisation"`
	Abandon     float64 `json:"abandon"`
	LimitRatio  float64 `json:"limit_ratio"`
	WorstHour   float64 `json:"worst_hour"`
	Answered    int     `json:"answered"`
	Abandoned   int     `json:"abandoned"`
	Dials       int     `json:"dials"`
}

// Bin is a stretch of the day of BinSeconds, times and counts summed over the seeds.
type Bin struct {
	Start     float64 `json:"start_s"` // from the first event
	Staffed   float64 `json:"staffed_s"`
	Busy      float64 `json:"busy_s"`
	Dials     int     `json:"dials"`
	Answered  int     `json:"answered"`
	Abandoned int     `json:"abandoned"`
}

// BinSeconds is the length of a Bin.
const BinSeconds = 60
