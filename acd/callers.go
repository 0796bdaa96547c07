package acd

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// KnownCaller is customers who are known by their numbers, and what they get in a queue.
type KnownCaller struct {
	ID       string            `yaml:"id,need" shape:"id" doc:"Name in the journal: letters, digits, dot, dash, underscore."`
	Name     Texts             `yaml:"name" keys:"tongue" doc:"Name shown, and spoken by operadora sounds speak as the whisper, per language."`
	Numbers  []string          `yaml:"numbers,need" shape:"callers" doc:"Their numbers, with + and country code or as they are written within the country of the PBX (pbxs.NAME.outbound.region); with * at the end, all that begin so. + and 00 before a number are alike. What the country's plan does not know is compared as the trunk shows it."`
	Queues   []string          `yaml:"queues" shape:"id" doc:"Queues it is for; absent is all."`
	Priority int               `yaml:"priority" min:"-1000" max:"1000" default:"0" doc:"Advantage over other callers; each point counts as so long waited as priority_point of the queue says."`
	Tier     int               `yaml:"tier" min:"0" max:"9" default:"0" doc:"As a queue's tier, for emergencies."`
	About    map[string]string `yaml:"about" keys:"variable" max:"128" doc:"What requirements may ask of their calls, as call.NAME, unless a flow says otherwise."`
	Prefer   string            `yaml:"prefer" shape:"id" default:"" doc:"The agent whom they wait for first, unless a flow names one."`
	Patience time.Duration     `yaml:"patience" min:"0s" max:"24h" default:"20s" doc:"For how long; 0 is not at all."`
	Whisper  string            `yaml:"whisper" shape:"maysound" default:"" doc:"Sound that an agent on a permanent line hears instead of the queue's whisper."`
}

// LastAgent is how a queue remembers who served a caller.
type LastAgent struct {
	Within   time.Duration `yaml:"within" min:"1m" max:"168h" default:"24h" doc:"How long after a conversation a caller is brought to the same agent."`
	Patience time.Duration `yaml:"patience" min:"1s" max:"24h" default:"20s" doc:"How long the caller waits for that agent before others may serve."`
}

// numberKey is a number, or the beginning of one, as it is compared: + and 00 are alike.
// What has no digit is no number, but a word for one that is withheld: "" for all of them.
func numberKey(number string) string {
	number = orchestrator.CleanNumber(number)
	if !strings.ContainsAny(number, "0123456789") {
		return ""
	}
	if rest, ok := strings.CutPrefix(number, "+"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		return rest
	}
	return number
}

// knownCallers are the definitions' by queue (anyQueue for all of them) and number; the
// key of a beginning ends in *.
type knownCallers map[[2]string]*KnownCaller

func newKnownCallers(list []KnownCaller) knownCallers {
	out := knownCallers{}
	for i := range list {
		list[i].each(func(_ int, key [2]string) { out[key] = &list[i] })
	}
	return out
}

// each goes through what an entry is found by; i is the number's place in the list.
func (k KnownCaller) each(fn func(i int, key [2]string)) {
	queues := k.Queues
	if len(queues) == 0 {
		queues = []string{anyQueue}
	}
	for i, n := range k.Numbers {
		for _, q := range queues {
			fn(i, [2]string{q, numberKey(n)})
		}
	}
}

// of finds who calls a queue: the whole number before the longest beginning, the queue's
// own before those of all queues, and each of these in every form that the number has.
func (k knownCallers) of(queue string, forms ...string) *KnownCaller {
	if forms[0] == "" || len(k) == 0 {
		return nil
	}
	for _, number := range forms {
		if c := k.at(queue, number); c != nil {
			return c
		}
	}
	for _, number := range forms {
		for n := len(number); n >= 0; n-- {
			if c := k.at(queue, number[:n]+"*"); c != nil {
				return c
			}
		}
	}
	return nil
}

func (k knownCallers) at(queue, key string) *KnownCaller {
	return cmp.Or(k[[2]string{queue, key}], k[[2]string{anyQueue, key}])
}

// knows returns a call with what its caller gets by the definitions in force.
func (dir *directory) knows(c CallRecord) (CallRecord, *KnownCaller) {
	k := dir.callers.of(cmp.Or(c.Of, c.Queue), append([]string{c.Caller}, c.Written...)...)
	if k == nil {
		return c, nil
	}
	c.Priority += k.Priority
	c.Tier = max(c.Tier, k.Tier)
	if len(k.About) > 0 {
		about := maps.Clone(k.About)
		maps.Copy(about, c.About)
		c.About = about
	}
	if k.Prefer != "" && (c.Prefer == "" || c.Last) {
		c.Prefer, c.PatienceMS, c.Last = k.Prefer, k.Patience.Milliseconds(), false
	}
	return c, k
}
