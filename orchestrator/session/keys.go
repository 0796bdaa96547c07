package session

import (
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// keyOps are what an agent asks for by keys on the open line: mostly the digit of the
// feature code that does the same, and what may follow it.
var keyOps = map[byte]orchestrator.AgentOp{
	'2': orchestrator.AgentLogout,
	'3': orchestrator.AgentPause,   // and the digit of the reason
	'4': orchestrator.AgentResume,  // also ends wrap-up
	'5': orchestrator.AgentDispose, // and the digits of the outcome; without any it ends wrap-up
	'6': orchestrator.AgentExtend,  // * takes back what was pressed, and *485* has no key here
}

// mostKeys bounds what is remembered of an agent who presses without end.
const mostKeys = 16

// key takes a key on the open line. "#" ends what was pressed, and "*" forgets it;
// so does, for want of a key, the time.
func (x *change) key(digit string) {
	switch {
	case x.s.State != StateIdle: // the keys of a conversation are the call's
	case digit == "#":
		x.carryOut()
	case digit == "*":
		x.s.Keys = ""
		x.disarm(timerKeys)
	case len(x.s.Keys) < mostKeys:
		x.s.Keys += digit
		x.arm(timerKeys, interKey)
	}
}

// carryOut does what was pressed.
func (x *change) carryOut() {
	keys := x.s.Keys
	x.s.Keys = ""
	x.disarm(timerKeys)
	if keys == "" || x.s.State != StateIdle {
		return
	}
	what, known := keyOps[keys[0]]
	rest := keys[1:]
	if !known || strings.Trim(rest, "0123456789") != "" || rest != "" && what != orchestrator.AgentPause && what != orchestrator.AgentDispose {
		x.tone(false)
		return
	}
	x.do(call.AgentDo{Command: orchestrator.AgentCommand{Op: what, Agent: x.s.Agent, PBX: x.s.Phone.PBX, Trusted: true,
		By: "phone", OnLine: true, Reason: pick(what == orchestrator.AgentPause, rest), Disposition: pick(what == orchestrator.AgentDispose, rest)}})
}

func pick(is bool, s string) string {
	if is {
		return s
	}
	return ""
}
