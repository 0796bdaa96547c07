package pacing

// The constants that were chosen, with what they rest on. For those of the guard
// dialer/README.md has what other values do, in worlds of pacingsim that are not
// held out. Those that only bound sizes are where they are used.

// The level: the chance of abandonment that is accepted.
const (
	// One call in 300, at a time when only a surplus of luck may be spent: with 20
	// agents it is the risk of a call that has three free agents to itself.
	levelLowest = 0.003
	// What a convolution of chances calls none.
	levelNone = 0.0005
	// Beyond a third, a call more costs more than it can win in any pool that was
	// simulated: the optimum's price of a lost call is above two served ones.
	levelHighest = 0.35
	// The level on target lies between these in all worlds with 5 to 500 agents; it
	// begins where 20 agents end up.
	baseLowest  = 0.02
	baseHighest = 0.30
	baseFirst   = 0.08
	// An answered call tells little about the base of the level, so it moves slowly:
	// 0.2 damps the pair (balance, base) critically where a tenth of all abandoned
	// calls more moves the level by a tenth.
	baseSpeed = 0.2
	// Log of the level per abandoned call off target: one call is a big part of what
	// a pool of 20 loses in ten minutes, so it halves the level; pools n times as big
	// lose n times as many and see news of them as late, whence the root.
	gainOf20     = 0.5
	gainLowest   = 0.08
	gainPool     = 20.0
	reserveInAir = 0.25 // of the answers expected in the air may be lost at once: the balance that is kept for it
	// Savings against shocks, in roots of what was earned: the standard deviation of
	// as many abandoned calls as the limit allows, halved; pools under 20 less. Twice
	// and thrice as much leaves a tenth of the budget unused and wins nothing (step50, s10).
	savings = 0.5
	// Balance below which nothing is over-dialled, in abandoned calls.
	leastBalance = 0.3
)

// Holds after calls that had an agent and were abandoned all the same. The first
// is the time of one ring, the longest an hour: a day then loses 33 calls at most.
const (
	firstHold   = 10
	longestHold = 3600
)

// The guard against answer rates that jump.
const (
	// Seconds in which what a peak has more than the rate fades to a third: the
	// longest spell of one rate in the worlds that ship. An hour keeps no more days
	// and costs up to 5 points.
	peakMemory = 1800.0
	// Launches in a row that can show a peak: fewer are luck, more hide runs of fifty.
	peakLeast = 15.0
	// Standard deviations taken off what they show, since the peak is the highest of
	// some hundred samples an hour, of which the best is about that lucky.
	peakDeviates = 2.0
	// Standard deviations taken off the number of agents who will be free within half
	// a ring, who count as free when a stake is reckoned.
	stakeDeviates = 1.0
	// Seconds in which jumps are forgotten, and the odds that one comes within a
	// ring: the rate of those seen, less one that may have been luck, times a half
	// for the part of the calls in the air that it still meets.
	jumpMemory = 3600.0
	jumpOdds   = 0.3
)

// Drift: CUSUM for twice and half the rate. A log-likelihood of 6 is a false alarm
// about once in e^6 = 400 answers; a minute of caution is three rings.
const (
	driftMore    = 2.0
	driftFewer   = 0.5
	driftAlarm   = 6.0
	driftCaution = 60.0
)

// Answer rates.
const (
	// Some 150 answers fix a rate to 8 %; a memory of fewer than 500 calls swings,
	// of more than 3000 lags behind the hour of the day.
	rememberAnswers = 150.0
	rememberLeast   = 500.0
	rememberMost    = 3000.0
	// A segment is believed to be like its campaign until it has shown 30 calls.
	segmentPrior = 30.0
	// After an alarm 40 of the matured calls are kept, and a fifth of those in the air
	// that were launched before.
	forgetTo  = 40.0
	forgetAir = 0.2
	// Standard deviations added to a rate: 0.3 always, one more while fewer than 40
	// calls are known, at least one after an alarm.
	riskyAlways = 0.3
	riskyNew    = 40.0
)

// Caps that know no model.
const (
	// Calls on their way per agent who is or may soon be free, over the lowest answer
	// rate: three times what serves them all.
	ringingPerFree = 3.0
	// Calls ordered at once: a quarter of the agents, or three.
	rampLeast = 3
	rampShare = 4
)

// Giving calls up, where that is the policy: only when the next answer is likelier
// than this, and than thrice the level, to find nobody.
const (
	giveUpRisk   = 0.15
	giveUpLevels = 3.0
	// Seconds within which a cancel is confirmed; a call that is not stays in the
	// outlook as if nothing had been ordered.
	cancelTakes = 5.0
)

// Campaigns that share agents.
const (
	// Connected calls of the last hour that a campaign may be off its share: three,
	// or a fiftieth of the hour's, for the order in which luck falls costs more.
	shareTolerance = 3.0
	shareSlack     = 0.02
	// Times the level of a neighbour with calls in the air that one may accept, since
	// every call dialled adds to the risk of all.
	neighbour = 1.5
)

// The carrier. The share of refusals is of some 16 attempts, so that one burst of
// a second shows. Seconds in which the rate comes back where nothing is refused,
// and after the last refusal before it does.
const (
	carrierWeight   = 1.0 / 16
	carrierRecovery = 15.0
	carrierPause    = 2.0
)

// Refused orders: three in a row are luck, then a segment pauses for a tenth of a
// second, and each time for twice as long, up to ten.
const (
	refusalsFree   = 3
	refusalPause   = 0.1
	refusalLongest = 10.0
)

// Inbound calls.
const (
	inboundMemory = 600.0 // seconds over which their rate is learnt
	// Agents kept free more for a call that waited too long; those in time take back
	// as much as the service level makes even.
	inboundGain = 1.0
)

// Agents.
const (
	speedCertain = 16  // inverse variance of agents' speeds that is believed: a spread of 25 %
	missedFor    = 600 // seconds that an idle agent is not counted on whose phone did not answer
	// Offers over which the time to pick up is learnt.
	pickUpMemory = 10.0
)

// Trust.
const (
	// Senseless inputs within about a minute that are borne, of the pool's and of each
	// campaign's.
	mostDoubt = 40
	// Calls whose end nobody told that are kept in mind, and answered calls that may
	// yet be said to have been machines.
	mostLost     = 10000
	mostAnswered = 20000
)
