package runner

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// brief is what an agent is told of a lead.
type brief struct {
	name, language string
	about          map[string]string
	script         string
}

// briefOf is what an agent of a campaign is told of a lead who is called at a number. It is
// never more than a call may keep: what is too much of the fields, the last by name, is left
// out, and of the script, cut off.
func briefOf(c *campaign.Campaign, l leadstore.Kept, number string) *brief {
	known := map[string]string{"number": number}
	add := func(name, value string) {
		if value != "" {
			known[name] = value
		}
	}
	add("id", l.External)
	add("name", l.Name)
	for name, v := range l.Fields {
		add(name, textOf(v))
	}
	b := &brief{name: l.Name, language: cmp.Or(l.Language, c.Language), about: map[string]string{}}
	b.script = fill(scriptIn(c, b.language), known)
	if most := call.MostBrief / 2; len(b.script) > most {
		b.script = strings.ToValidUTF8(b.script[:most-len("…")], "") + "…"
	}
	room := call.MostBrief - len(b.script)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		told := name != "number" // the call has it
		if c.Fields != nil {
			told = slices.Contains(c.Fields, name)
		}
		if n := len(name) + len(known[name]); told && n <= room {
			b.about[name] = known[name]
			room -= n
		}
	}
	return b
}

// textOf is the value of a field as people read it.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// scriptIn is a campaign's script in a language, or in its base, else in the campaign's own.
func scriptIn(c *campaign.Campaign, language string) string {
	base := func(l string) string { b, _, _ := strings.Cut(strings.ReplaceAll(l, "_", "-"), "-"); return b }
	for _, l := range []string{language, base(language), c.Language, base(c.Language)} {
		if text := c.Script[l]; text != "" {
			return text
		}
	}
	for _, l := range slices.Sorted(maps.Keys(c.Script)) {
		return c.Script[l]
	}
	return ""
}

// fill puts what is known in the place of {{names}}; what is not stands in brackets.
func fill(text string, known map[string]string) string {
	return campaign.Placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := campaign.Placeholder.FindStringSubmatch(p)[1]
		if v, ok := known[name]; ok {
			return v
		}
		return "[" + name + "]"
	})
}

// attemptOf is the call of an attempt, as campaign and profile have it at a moment: who answers
// waits for an agent no longer than the law lets them, and then hears the message.
func attemptOf(c *campaign.Campaign, began time.Time, f *flight) call.Attempt {
	paced, _ := c.Paced(began, f.Planned)
	o := call.Attempt{Call: f.Call, Campaign: f.Campaign, Lead: strconv.FormatInt(f.Lead, 10), N: f.N, Number: f.Number, Shown: f.Shown, Flow: c.Flow,
		Ring: paced.RingTimeout, Least: min(paced.MinRing, paced.RingTimeout),
		Name: f.brief.name, Language: f.brief.language, About: f.brief.about, Script: f.brief.script}
	if f.Agent != "" {
		return byAgent(c, o, f.Agent)
	}
	o.Machines = machinesOf(c, f.Call)
	if c.Mode == campaign.ModeAgentless {
		return o
	}
	if c.Flow == "" {
		o.Queue = c.Queue
	}
	terms := c.Rules.Terms(f.Planned, c.Purpose)
	o.Within, o.Greeted = terms.Served(), terms.Greeted()
	for _, sound := range c.Message {
		o.Message = append(o.Message, orchestrator.Media{Kind: orchestrator.MediaSound, Value: sound})
	}
	return o
}

// byAgent is the call of an attempt that an agent makes, who is there when the lead answers:
// there is no flow, nobody waits, and the agent hears who answers.
func byAgent(c *campaign.Campaign, o call.Attempt, agent string) call.Attempt {
	o.Agent, o.Queue, o.Flow = agent, c.Queue, ""
	if o.Machines = machinesOf(c, o.Call); c.Mode == campaign.ModePreview {
		o.Preview = &call.Preview{Limit: c.Preview.Limit, Then: call.PreviewEnd(c.Preview.Then)}
	}
	o.Machines.Detect = ""
	return o
}

// machinesOf is what an attempt does about answering machines.
func machinesOf(c *campaign.Campaign, id string) call.Machines {
	m := c.Machines
	out := call.Machines{Do: call.MachineDo(m.Do), Sampled: m.Sampled(id),
		Listening: orchestrator.Listening{Greeting: m.Greeting, Silence: m.Silence, Most: m.Analysis}}
	if m.Detect != campaign.DetectNone {
		out.Detect = call.MachineDetect(m.Detect)
	}
	for _, sound := range m.Message {
		out.Message = append(out.Message, orchestrator.Media{Kind: orchestrator.MediaSound, Value: sound})
	}
	return out
}

// briefed looks the lead up of a flight that another process planned.
func (t *term) briefed(ctx context.Context, c *campaign.Campaign, f *flight) error {
	if f.brief != nil {
		return nil
	}
	l, err := t.Store.Lead(ctx, f.Lead)
	if err == nil {
		f.brief = briefOf(c, l, f.Number)
	}
	return err
}
