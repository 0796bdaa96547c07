package campaign

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Machines is what is done about answering machines. The defaults of how one is told are those
// of Asterisk's app_amd.
type Machines struct {
	Detect  MachineDetect `yaml:"detect" oneof:"none before beside" default:"none" doc:"Whether the PBX (Asterisk) hears who answered: none, before the call goes on, or beside it: whoever answers is put through at once, and a machine is taken back from the agent."`
	Do      MachineDo     `yaml:"on_machine" oneof:"hangup message connect" default:"hangup" doc:"What becomes of a machine, by the PBX's word or the agent's: hangup, message (left after the beep) or connect (the agent hears it; the agent's word ends it). Who is unsure takes it for a person."`
	Message []string      `yaml:"message" shape:"sound" doc:"Sounds that are left as a message."`

	Greeting time.Duration `yaml:"greeting" min:"400ms" max:"10s" default:"1500ms" doc:"For how long a machine speaks: whoever does for as long is taken for one."`
	Silence  time.Duration `yaml:"silence" min:"200ms" max:"3s" default:"800ms" doc:"How long a person waits after a shorter greeting."`
	Analysis time.Duration `yaml:"analysis" min:"800ms" max:"15s" default:"5s" doc:"After which nobody can tell, and it is a person. With detect: before, what the profile allows must be left of its time for an agent: at most its time less 300ms where that is counted from the answer."`
	// Sample measures how often the PBX is wrong.
	Sample float64 `yaml:"sample_percent" min:"0" max:"100" default:"2" doc:"Share of those that the PBX takes for machines that are put through all the same, in percent: agents say which of them are machines, and campaign show tells how many were people."`
	// FalseShare is what Ofcom calls a reasoned estimate.
	FalseShare float64 `yaml:"false_percent" min:"0" max:"50" default:"0" doc:"Share of the people who answer that are taken for machines, in percent, by your own samples: where the profile counts them as abandoned, pacing gets what they leave of the limit."`
}

// MachineDetect is when the PBX hears who answered.
type MachineDetect string

// When it does.
const (
	DetectNone   MachineDetect = "none"
	DetectBefore MachineDetect = "before"
	DetectBeside MachineDetect = "beside"
)

// MachineDo is what becomes of a machine.
type MachineDo string

// What may become of it.
const (
	MachineHangUp  MachineDo = "hangup"
	MachineMessage MachineDo = "message"
	MachineConnect MachineDo = "connect"
)

// joinTime is what must be left of the law's time for an agent once it is told who answered.
const joinTime = 300 * time.Millisecond

// Hears tells whether the PBX is asked who answered.
func (m Machines) Hears() bool { return m.Detect != DetectNone }

// Sampled tells whether an attempt is one of those that are put through whatever the PBX
// hears. It is drawn by the id of its call, so whoever asks is told the same.
func (m Machines) Sampled(call string) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(call)) // never fails
	// The id's last digits differ least: what they change is spread over all bits.
	x := h.Sum64() * 0x9E3779B97F4A7C15
	return float64(x>>11)/(1<<53) < m.Sample/100
}

// Between is where a share may lie of which k were found among n, with 95 % of certainty
// (Wilson's interval); 0 and 1 of none.
func Between(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	middle, wide := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (middle-wide)/(1+z*z/m)), min(1, (middle+wide)/(1+z*z/m))
}

// machines checks what is done about machines, and that a person still has an agent in time.
func (k *checker) machines() {
	c, m := k.c, k.c.Machines
	for _, key := range []string{"greeting", "silence", "analysis", "sample_percent", "false_percent"} {
		if key = "machines." + key; !m.Hears() && k.set(key) {
			k.fault(yamlfile.CodeForm, key, "is of detect before and beside, and detect is none: nobody listens")
		}
	}
	switch {
	case m.Do == MachineMessage && len(m.Message) == 0:
		k.fault(yamlfile.CodeForm, "machines.message", "is missing: on_machine is message")
	case m.Do != MachineMessage && len(m.Message) > 0:
		k.fault(yamlfile.CodeForm, "machines.message", "no machine would get it: on_machine is %s", m.Do)
	case m.Do == MachineConnect && !m.Hears():
		k.fault(yamlfile.CodeForm, "machines.on_machine", "connect is of detect before and beside, and detect is none: nobody listens")
	case m.Do == MachineConnect && k.set("machines.sample_percent"):
		k.fault(yamlfile.CodeForm, "machines.sample_percent", "all machines are put through: on_machine is connect")
	case m.Detect == DetectBeside && c.Mode == ModeAgentless:
		k.fault(yamlfile.CodeForm, "machines.detect", "beside is beside an agent, and mode agentless has none: use before")
	}
	for i, t := range c.Trunks {
		if (m.Hears() || m.Do == MachineMessage) && k.known.Hears != nil && !k.known.Hears(t.PBX) {
			k.fault(yamlfile.CodeForm, fmt.Sprintf("trunks[%d].pbx", i), "PBX %q is no Asterisk: it does not hear machines, nor their beep. Leave out machines.detect and machines.message there", t.PBX)
		}
	}
	if m.Hears() && m.Greeting >= m.Analysis {
		k.fault(yamlfile.CodeForm, "machines.greeting", "%v is not less than analysis, which is %v: no machine would be found", m.Greeting, m.Analysis)
		return
	}
	k.inTime()
}

// inTime checks that who is a person, or may be one, is told from a machine with time left
// for an agent.
func (k *checker) inTime() {
	c, m := k.c, k.c.Machines
	terms := c.Rules.Terms(k.known.Now, c.Purpose)
	allowed := terms.Served()
	if m.Detect != DetectBefore || c.Mode == ModeAgentless || allowed == 0 {
		return
	}
	switch greeted := terms.Greeted(); {
	case !greeted && m.Analysis+joinTime > allowed:
		k.fault(yamlfile.CodeForm, "machines.analysis", "%v is too long: by profile %s an agent is there %v after the answer, so it is at most %v (and greeting less); or use detect: beside", m.Analysis, c.Profile, allowed, allowed-joinTime)
	case greeted && m.Silence+joinTime > allowed:
		k.fault(yamlfile.CodeForm, "machines.silence", "%v is too long: by profile %s an agent is there %v after the greeting, so it is at most %v", m.Silence, c.Profile, allowed, allowed-joinTime)
	}
}

// Greeted tells whether what the law lets somebody wait is counted from the end of their
// greeting.
func (c *Campaign) Greeted(now time.Time) bool { return c.Rules.Terms(now, c.Purpose).Greeted() }
