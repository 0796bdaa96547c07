package acd

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Wrong PINs in a row, of an agent or from a phone, that are free; then no PIN is
// looked at for pinPause, after each further one for twice as long, at most pinMost.
// They are forgotten by a right one, or pinMemory after the last.
const (
	pinFree   = 3
	pinPause  = 10 * time.Second
	pinMost   = 15 * time.Minute
	pinMemory = 24 * time.Hour
)

// PINTry is one PIN that somebody gave.
type PINTry struct {
	Agent         string
	PBX, Endpoint string // the phone; Endpoint is "" when it came from none
	Right         bool
	Free          int // wrong ones in a row that cost nothing
	Pause, Most   time.Duration
	Memory        time.Duration
}

// PINResult is what came of it.
type PINResult struct {
	Locked time.Duration // it was not looked at, right or wrong, and none will be for so long
	Wrong  int           // wrong ones in a row until now; of agent or phone, whichever has more
}

// asksPIN tells whether a command that identify let through needs the agent's PIN.
func (dir *directory) asksPIN(a Agent, cmd orchestrator.AgentCommand) bool {
	asks := cmd.Op
	if asks == orchestrator.AgentLine {
		asks = orchestrator.AgentLogin
	}
	switch {
	case cmd.Trusted || a.PIN == "":
		return false
	case cmd.Op == orchestrator.AgentSupervise:
		return true
	case cmd.Endpoint == "" || dir.defs.AskPIN == nil:
		return cmd.Endpoint == "" || asks == orchestrator.AgentLogin
	}
	return slices.Contains(dir.defs.AskPIN, asks)
}

// tryPIN looks at the PIN of a command; "" when it is right. A missing one is no
// attempt: the agent is asked for it.
func (s *Service) tryPIN(ctx context.Context, a Agent, cmd orchestrator.AgentCommand) (orchestrator.AgentResult, error) {
	if cmd.PIN == "" {
		return orchestrator.AgentBadPIN, nil
	}
	try := PINTry{Agent: a.ID, PBX: cmd.PBX, Endpoint: cmd.Endpoint, Free: pinFree, Pause: pinPause, Most: pinMost, Memory: pinMemory,
		Right: subtle.ConstantTimeCompare([]byte(a.PIN.Reveal()), []byte(cmd.PIN)) == 1}
	res, err := s.store.TryPIN(ctx, s.now(), try)
	if err != nil {
		return "", err
	}
	note := AuditNote{Agent: a.ID, Phone: cmd.Endpoint, PBX: cmd.PBX, Detail: fmt.Sprintf("for %s; %d wrong in a row", cmd.Op, res.Wrong)}
	switch {
	case res.Locked > 0:
		note.Action = "agent.pin_locked"
		s.audit(ctx, note)
		return orchestrator.AgentLocked, nil
	case !try.Right:
		note.Action = "agent.pin_wrong"
		s.audit(ctx, note)
		return orchestrator.AgentBadPIN, nil
	case res.Wrong > 0:
		note.Action = "agent.pin_right"
		s.audit(ctx, note)
	}
	return "", nil
}

// AuditNote is something that the audit log must show: a PIN that was wrong, that
// was not looked at, or that was right after wrong ones.
type AuditNote struct {
	Action, Agent string
	PBX, Phone    string // Phone is "" when it came from none
	Detail        string
}
