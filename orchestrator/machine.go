package orchestrator

import "time"

// Verdict is what a PBX makes of who answered. The strings are stored.
type Verdict string

// Verdicts. Who is unsure takes it for a person.
const (
	VerdictPerson  Verdict = "person"
	VerdictMachine Verdict = "machine"
	VerdictUnsure  Verdict = "unsure"
)

// Listening is an order to hear whether a person or a machine answered: who says little
// and waits is a person, who speaks on is a machine. Who says nothing is neither.
type Listening struct {
	Channel string `json:"channel"`
	// Greeting is for how long a machine speaks: who does for as long is one.
	Greeting time.Duration `json:"greeting"`
	// Silence is how long a person waits after a greeting that is shorter.
	Silence time.Duration `json:"silence"`
	// Most is after which nobody can tell.
	Most time.Duration `json:"most"`
}
