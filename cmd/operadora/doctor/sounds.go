package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/say"
)

// HasSound tells whether an Asterisk plays a sound in a language: a regional
// language falls back to its base.
func HasSound(r ari.Report, language, name string) bool {
	base, _, _ := strings.Cut(strings.ReplaceAll(language, "-", "_"), "_")
	return r.HasSound(language, name) || r.HasSound(strings.ReplaceAll(language, "-", "_"), name) || r.HasSound(base, name)
}

// Sound is a sound that callers or agents are to hear.
type Sound struct {
	Language, Name string
	Text           string   // what it says, "" when nobody wrote that down
	Needed         []string // by whom, with the line
	There          bool     // on the PBX
	Unplayable     string   // why the PBX cannot play it although it is there, as far as this machine tells
}

// Sounds lists every sound that definitions need, by language and name. has
// tells what the PBX has.
func Sounds(d Definitions, has func(language, name string) bool) []Sound {
	found := map[string]*Sound{}
	f := neededSounds(d, func(language, name string) bool {
		key := language + " " + name
		if found[key] == nil {
			found[key] = &Sound{Language: language, Name: name, Text: textOf(d, language, name), There: has(language, name)}
		}
		return false // so that everything is told who needs it
	})
	for _, m := range f.missing {
		s := found[m.language+" "+m.name]
		where := m.where
		if m.line > 0 {
			where += fmt.Sprintf(", line %d", m.line)
		}
		if !slices.Contains(s.Needed, where) {
			s.Needed = append(s.Needed, where)
		}
	}
	var out []Sound
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[key])
	}
	return out
}

// textOf is what a sound says, as far as a flow has a prompt of that sound alone,
// or it is whispered for a queue, or a caller, that has a name.
func textOf(d Definitions, language, name string) string {
	for _, q := range d.ACD.Queues {
		if q.Whisper == name && q.Name[language] != "" {
			return q.Name[language]
		}
	}
	for _, k := range d.ACD.Callers {
		if k.Whisper == name && k.Name[language] != "" {
			return k.Name[language]
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.Flows.Flows)) {
		for _, key := range slices.Sorted(maps.Keys(d.Flows.Flows[id].Prompts)) {
			p := d.Flows.Flows[id].Prompts[key]
			if sounds := p.In(language); len(sounds) == 1 && sounds[0] == name && p.TextIn(language) != "" {
				return p.TextIn(language)
			}
		}
	}
	return ""
}

// missingSound is a sound that something needs and the PBX lacks.
type missingSound struct {
	where, language, name string
	line                  int // that names it, 0 when none does
}

// soundFacts are the sounds that definitions need of one PBX.
type soundFacts struct {
	used    map[string]int // different sounds by language
	missing []missingSound
}

// neededSounds goes through all that callers and agents hear. has tells what the PBX has.
func neededSounds(d Definitions, has func(language, name string) bool) soundFacts {
	f := soundFacts{used: map[string]int{}}
	seen := map[string]bool{}
	ask := func(language, name string) bool {
		if key := language + " " + name; !seen[key] {
			seen[key] = true
			f.used[language]++
		}
		return has(language, name)
	}
	for _, id := range slices.Sorted(maps.Keys(d.Flows.Flows)) {
		f.missing = append(f.missing, missingOf(d.Flows.Flows[id], ask)...)
	}
	need := func(where, language, name string) {
		if !ask(language, name) {
			f.missing = append(f.missing, missingSound{where: where, language: language, name: name})
		}
	}
	whisper := func(where, name string, queues ...string) {
		if name == "" {
			return
		}
		for _, language := range agentsLanguages(d.ACD, queues...) {
			need(where, language, name)
		}
	}
	for _, q := range d.ACD.Queues {
		for _, language := range callersLanguages(d.Flows) {
			for _, name := range announced(q, language) {
				need("queue "+q.ID, language, name)
			}
		}
		whisper("queue "+q.ID, q.Whisper, q.ID)
	}
	for _, k := range d.ACD.Callers {
		whisper("caller "+k.ID, k.Whisper, k.Queues...)
	}
	for _, id := range slices.Sorted(maps.Keys(d.Campaigns)) {
		for _, language := range leadsLanguages(d.Campaigns[id], d.Flows) {
			for _, name := range slices.Concat(d.Campaigns[id].Message, d.Campaigns[id].Machines.Message) {
				need(fmt.Sprintf("campaign %s (%s)", id, d.Campaigns[id].At.File), language, name)
			}
		}
	}
	return f
}

// missingOf asks for every sound of one flow and returns those that are
// missing, with the lines that name them.
func missingOf(flow *ivr.Flow, ask func(language, name string) bool) []missingSound {
	var missing []missingSound
	alone := ivr.Definitions{Flows: map[string]*ivr.Flow{flow.ID: flow}}
	faults := flowfile.Lint(alone, flowfile.Known{Sound: func(language, name string) bool {
		there := ask(language, name)
		if !there {
			missing = append(missing, missingSound{where: fmt.Sprintf("flow %s (%s)", flow.ID, flow.At.File), language: language, name: name})
		}
		return there
	}})
	for i, m := range missing {
		named := fmt.Sprintf("%q in language %s", m.name, m.language)
		for _, fault := range faults {
			if fault.Code == flowfile.CodeSound && strings.HasSuffix(fault.Text, named) {
				missing[i].line = fault.At.Line
				break
			}
		}
	}
	return missing
}

// callersLanguages are the languages that flows for callers speak.
func callersLanguages(d ivr.Definitions) []string {
	var out []string
	for id, flow := range d.Flows {
		if id != d.Feature {
			out = append(out, flow.Languages...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leadsLanguages are the languages of a campaign's leads, as far as its definition tells.
func leadsLanguages(c *campaign.Campaign, d ivr.Definitions) []string {
	out := slices.Collect(maps.Keys(c.Script))
	if c.Language != "" {
		out = append(out, c.Language)
	}
	if len(out) == 0 {
		return callersLanguages(d)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// agentsLanguages are the languages of the agents of a queue.
func agentsLanguages(d acd.Definitions, queues ...string) []string {
	var out []string
	for _, a := range d.Agents {
		if slices.ContainsFunc(a.Queues, func(m acd.Membership) bool { return len(queues) == 0 || slices.Contains(queues, m.Queue) }) {
			out = append(out, a.Language)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// announced are the sounds that a queue plays to those who wait.
func announced(q acd.Queue, language string) []string {
	if q.AnnounceEvery == 0 {
		return nil
	}
	out := slices.Clone(q.AnnouncePrompts)
	if q.AnnouncePosition {
		out = append(append(out, "queue-youarenext", "queue-thereare", "queue-callswaiting"), say.Sample(language)...)
	}
	if q.AnnounceWait {
		out = append(out, "queue-holdtime", "queue-less-than", "queue-minutes")
		for _, m := range call.WaitMinutes {
			out = append(out, "digits/"+strconv.Itoa(m))
		}
	}
	return out
}

// What helps when sounds of a language are missing, on either kind of PBX.
const (
	asteriskSounds = "`operadora sounds speak` makes those whose text a flow has (see `operadora sounds list`); core sounds come from a package " +
		"(Debian: asterisk-core-sounds-%s-gsm); recordings of your own belong in sounds/%[1]s below Asterisk's data folder. It finds new files at once"
	freeswitchSounds = "`operadora sounds speak` makes those whose text a flow has (see `operadora sounds list`); core sounds come from FreeSWITCH's own packages " +
		"(freeswitch-sounds-%s-…), and recordings of your own belong in the same folder: freeswitch.sounds_%[1]s. It finds new files at once"
)

// judgeSounds says what is missing; remedy names the language once.
func judgeSounds(s *sheet, f soundFacts, remedy string) {
	missing := slices.Clone(f.missing)
	slices.SortFunc(missing, func(a, b missingSound) int {
		return cmp.Or(cmp.Compare(a.where, b.where), cmp.Compare(a.language, b.language), cmp.Compare(a.name, b.name), cmp.Compare(a.line, b.line))
	})
	missing = slices.Compact(missing) // two prompts may play one sound
	for i := 0; i < len(missing); {
		var names []string
		at := missing[i]
		for ; i < len(missing) && missing[i].where == at.where && missing[i].language == at.language; i++ {
			name := missing[i].name
			if missing[i].line > 0 {
				name += fmt.Sprintf(" (line %d)", missing[i].line)
			}
			names = append(names, name)
		}
		s.add(Fault, "sounds", fmt.Sprintf(remedy, at.language), "%s lacks %s in language %s: %s", at.where, count(len(names), "sound"), at.language, strings.Join(names, ", "))
	}
	if len(missing) > 0 {
		return
	}
	var all []string
	for _, language := range slices.Sorted(maps.Keys(f.used)) {
		all = append(all, fmt.Sprintf("%s: %d", language, f.used[language]))
	}
	s.ok("sounds", "all that flows, feature codes and announcements use are there (%s)", strings.Join(all, ", "))
}
