package call

import "time"

// Limits bound every wait of a call. Each state waits under the timer named
// beside it; a state that waits for nobody but the flow is bounded by
// TimerCall.
type Limits struct {
	Command time.Duration `yaml:"command" min:"1s" max:"5m" default:"10s" doc:"How long a command to the PBX may stay unconfirmed before the call is given up."`
	Clear   time.Duration `yaml:"clear" min:"1s" max:"5m" default:"5s" doc:"How often the removal of a finished call's channels is repeated until the PBX confirms it."`
	Ring    time.Duration `yaml:"ring" min:"1s" max:"10m" default:"30s" doc:"How long a transfer destination may ring when the flow does not say."`
	Call    time.Duration `yaml:"call" min:"1s" max:"168h" default:"4h" doc:"How long a call may last as a whole."`
}

// DefaultLimits are the limits of the sample configuration.
var DefaultLimits = Limits{Command: 10 * time.Second, Clear: 5 * time.Second, Ring: 30 * time.Second, Call: 4 * time.Hour}

const (
	// ringGrace is added to the PBX's own ring timeout before ours ends the leg:
	// the PBX's word is better, ours only guards against its silence.
	ringGrace = 3 * time.Second
	// clearTries bounds the clearing of one call: after these the record is
	// closed with a fault, and the next resync removes what is left.
	clearTries = 60
	// playCheck is how often the PBX is asked whether a playback is over, in case
	// its end was lost; after playChecks of them it is ended and counts as failed.
	playCheck  = 10 * time.Second
	playChecks = 60
	// heardAgain is the least that a customer gets, once another process took the
	// call up, for what the flow waits for: keys pressed meanwhile are lost.
	heardAgain = 10 * time.Second
	// handOver is how long a channel may still be with us after the PBX confirmed
	// that it hands it on.
	handOver = time.Second
	// maxPath bounds CallSummary.Path.
	maxPath = 200
)
