package acd

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

var (
	idPattern       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	endpointPattern = regexp.MustCompile(`^(PJSIP|SIP)/[A-Za-z0-9_.-]+$`)
	musicPattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)
	soundPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]*$`)
	digitPattern    = regexp.MustCompile(`^[0-9*#]?$`)
	pinPattern      = regexp.MustCompile(`^[0-9]{0,8}$`)
	digitsPattern   = regexp.MustCompile(`^[0-9*#]{0,8}$`)
	languages       = []string{"en", "es"}
	recordFormats   = []string{"wav", "wav49", "gsm", "ulaw", "alaw", "sln"}
)

// Fault is one thing that is wrong with the definitions.
type Fault struct {
	List  string // key of Definitions whose entry it is: queues, agents, pause_reasons or dispositions
	Index int    // of the entry in that list, from 0
	Text  string // the entry's name, the field and its value
}

// Error returns `agents[0] "ana": pin: is not 1 to 8 digits`.
func (f Fault) Error() string { return fmt.Sprintf("%s[%d] %s", f.List, f.Index, f.Text) }

// complaints collects faults, each with the entry it is at.
type complaints struct {
	list  string
	index int
	name  string
	found []Fault
}

// at says which entry is looked at from now on.
func (c *complaints) at(list string, index int, name string) {
	c.list, c.index, c.name = list, index, name
}

func (c *complaints) check(ok bool, format string, args ...any) {
	if !ok {
		c.found = append(c.found, Fault{c.list, c.index, fmt.Sprintf("%q: "+format, append([]any{c.name}, args...)...)})
	}
}

// Validate checks the definitions as a whole and returns every fault, each
// naming the field and its value; an Invalid error.
func (d Definitions) Validate() error {
	var errs []error
	for _, f := range d.Faults() {
		errs = append(errs, f)
	}
	return fault.E("", fault.Invalid, errors.Join(errs...))
}

// Faults checks the definitions as Validate does, for who can tell where each entry is written.
func (d Definitions) Faults() []Fault {
	c := &complaints{}
	queues := map[string]bool{}
	for i, q := range d.Queues {
		c.at("queues", i, q.ID)
		c.check(!queues[q.ID], "id %q is used twice", q.ID)
		queues[q.ID] = true
		q.validate(c)
	}
	d.validatePINs(c)
	d.validateAgents(c, queues)
	d.validateReasons(c)
	d.validateDispositions(c, queues)
	return c.found
}

func (q Queue) validate(c *complaints) {
	c.check(idPattern.MatchString(q.ID), "id: %q is not a name of letters, digits, dot, dash and underscore", q.ID)
	_, known := strategies[q.Strategy]
	c.check(known, "strategy: %q is none of longest_idle, round_robin", q.Strategy)
	c.check(q.Admit == AdmitAlways || q.Admit == AdmitWhenAgentsHere, "admit: %q is none of always, when_agents_logged_in", q.Admit)
	c.check(q.MaxLength >= 0, "max_length: %d is negative", q.MaxLength)
	c.check(q.MissesBeforePause >= 0, "misses_before_pause: %d is negative", q.MissesBeforePause)
	c.check(q.Priority >= -1000 && q.Priority <= 1000, "priority: %d is not within -1000 and 1000", q.Priority)
	c.check(q.RingTimeout >= time.Second && q.RingTimeout <= 10*time.Minute, "ring_timeout: %s is not within 1s and 10m", q.RingTimeout)
	c.check(q.Retry >= 100*time.Millisecond && q.Retry <= 10*time.Minute, "retry: %s is not within 100ms and 10m", q.Retry)
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"max_wait", q.MaxWait}, {"wrap_up", q.WrapUp}, {"max_talk", q.MaxTalk}, {"service_level", q.ServiceLevel},
		{"announce_first", q.AnnounceFirst}, {"announce_every", q.AnnounceEvery},
	} {
		c.check(f.value >= 0, "%s: %s is negative", f.name, f.value)
	}
	c.check(musicPattern.MatchString(q.Music), "music: %q is not a class name", q.Music)
	for _, s := range q.AnnouncePrompts {
		c.check(soundPattern.MatchString(s), "announce_prompts: %q is not a sound name", s)
	}
	c.check(digitPattern.MatchString(q.ExitKey), "exit_key: %q is not one of 0-9, * and #", q.ExitKey)
	c.check(slices.Contains(recordFormats, q.RecordFormat), "record_format: %q is none of %v", q.RecordFormat, recordFormats)
	checkTexts(c, "name", q.Name)
}

// maxPIN is the longest PIN, in digits; pinPattern has it, too.
const maxPIN = 8

// minPIN is the fewest digits of a PIN.
func (d Definitions) minPIN() int {
	if d.MinPIN == 0 {
		return 4
	}
	return d.MinPIN
}

func (d Definitions) validatePINs(c *complaints) {
	c.at("min_pin_length", 0, "")
	c.check(d.minPIN() >= 1 && d.minPIN() <= maxPIN, "%d is not within 1 and %d", d.MinPIN, maxPIN)
	for i, op := range d.AskPIN {
		c.at("ask_pin", i, string(op))
		_, known := opTriggers[op]
		c.check(known || op == orchestrator.AgentDispose, "is none of login, logout, pause, resume, dispose")
	}
}

func (d Definitions) validateAgents(c *complaints, queues map[string]bool) {
	ids, phones := map[string]bool{}, map[phone]string{}
	for i, a := range d.Agents {
		c.at("agents", i, a.ID)
		c.check(idPattern.MatchString(a.ID), "id: %q is not a name of letters, digits, dot, dash and underscore", a.ID)
		c.check(!ids[a.ID], "id %q is used twice", a.ID)
		ids[a.ID] = true
		c.check(idPattern.MatchString(a.PBX), "pbx: %q is not a name", a.PBX)
		c.check(endpointPattern.MatchString(a.Endpoint), "endpoint: %q is not of the form PJSIP/101", a.Endpoint)
		at := phone{a.PBX, a.Endpoint}
		other, taken := phones[at]
		c.check(!taken, "endpoint: %q on pbx %q is agent %q's already", a.Endpoint, a.PBX, other)
		phones[at] = a.ID
		c.check(pinPattern.MatchString(a.PIN.Reveal()), "pin: is not 1 to %d digits", maxPIN) // the value is secret
		c.check(a.PIN == "" || len(a.PIN.Reveal()) >= d.minPIN(), "pin: has fewer than %d digits, which is min_pin_length", d.minPIN())
		c.check(slices.Contains(languages, a.Language), "language: %q is none of %v", a.Language, languages)
		c.check(a.WrapUp == nil || *a.WrapUp >= 0, "wrap_up: %v is negative", a.WrapUp)
		in := map[string]bool{}
		for _, m := range a.Queues {
			c.check(queues[m.Queue], "queues: there is no queue %q", m.Queue)
			c.check(!in[m.Queue], "queues: %q is named twice", m.Queue)
			in[m.Queue] = true
			c.check(m.Level >= 0 && m.Level <= maxLevel, "queues: level %d in %q is not within 0 and %d", m.Level, m.Queue, maxLevel)
		}
	}
}

func (d Definitions) validateReasons(c *complaints) {
	names, digits := map[string]bool{}, map[string]bool{}
	for i, r := range d.PauseReasons {
		c.at("pause_reasons", i, r.Name)
		c.check(idPattern.MatchString(r.Name), "name: %q is not a name of letters, digits, dot, dash and underscore", r.Name)
		c.check(r.Name != ReasonMissed, "name: %q is operadora's own", r.Name)
		c.check(!names[r.Name], "name %q is used twice", r.Name)
		names[r.Name] = true
		c.check(digitPattern.MatchString(r.Digit), "digit: %q is not one of 0-9, * and #", r.Digit)
		c.check(r.Digit == "" || !digits[r.Digit], "digit: %q is used twice", r.Digit)
		digits[r.Digit] = true
		checkTexts(c, "texts", r.Texts)
	}
}

func (d Definitions) validateDispositions(c *complaints, queues map[string]bool) {
	type scoped struct{ value, queue string }
	names, digits := map[string]bool{}, map[scoped]string{}
	for i, x := range d.Dispositions {
		c.at("dispositions", i, x.Name)
		c.check(idPattern.MatchString(x.Name), "name: %q is not a name of letters, digits, dot, dash and underscore", x.Name)
		c.check(!names[x.Name], "name %q is used twice", x.Name)
		names[x.Name] = true
		c.check(digitsPattern.MatchString(x.Digits), "digits: %q is not up to 8 of 0-9, * and #", x.Digits)
		checkTexts(c, "texts", x.Texts)
		for _, q := range x.scope() {
			c.check(q == anyQueue || queues[q], "queues: there is no queue %q", q)
			if x.Digits == "" {
				continue
			}
			other, taken := digits[scoped{x.Digits, q}]
			c.check(!taken, "digits: %q is %q's already in the same queue", x.Digits, other)
			digits[scoped{x.Digits, q}] = x.Name
		}
	}
}

func checkTexts(c *complaints, field string, t Texts) {
	for lang := range t {
		c.check(slices.Contains(languages, lang), "%s: language %q is none of %v", field, lang, languages)
	}
}
