package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/say"
	"github.com/operadora/operadora/orchestrator/ari"
)

// HasSound tells whether an Asterisk plays a sound in a language: a regional
// language falls back to its base.
func HasSound(r ari.Report, language, name string) bool {
	base, _, _ := strings.Cut(strings.ReplaceAll(language, "-", "_"), "_")
	return r.HasSound(language, name) || r.HasSound(strings.ReplaceAll(language, "-", "_"), name) || r.HasSound(base, name)
}

// missingSound is a sound that something needs and the PBX lacks.
type missingSound struct{ where, language, name string }

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
	for _, q := range d.ACD.Queues {
		for _, language := range callersLanguages(d.Flows) {
			for _, name := range announced(q, language) {
				if !ask(language, name) {
					f.missing = append(f.missing, missingSound{"queue " + q.ID, language, name})
				}
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
			missing = append(missing, missingSound{fmt.Sprintf("flow %s (%s)", flow.ID, flow.At.File), language, name})
		}
		return there
	}})
	for i, m := range missing {
		named := fmt.Sprintf("%q in language %s", m.name, m.language)
		for _, fault := range faults {
			if fault.Code == flowfile.CodeSound && strings.HasSuffix(fault.Text, named) {
				missing[i].name = fmt.Sprintf("%s (line %d)", m.name, fault.At.Line)
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

// announced are the sounds that a queue plays to those who wait.
func announced(q acd.Queue, language string) []string {
	if q.AnnounceEvery == 0 {
		return nil
	}
	out := slices.Clone(q.AnnouncePrompts)
	if q.AnnouncePosition {
		out = append(append(out, "queue-youarenext", "queue-thereare", "queue-callswaiting"), say.Sample(language)...)
	}
	return out
}

const soundRemedy = "core sounds come from a package (Debian: asterisk-core-sounds-%s-gsm), your own recordings belong in " +
	"sounds/%[1]s below Asterisk's data folder, where it finds them at once; those of the examples (operadora/…) are in .lab/data/sounds/%[1]s of a checkout after make setup"

func judgeSounds(s *sheet, f soundFacts) {
	missing := slices.Clone(f.missing)
	slices.SortFunc(missing, func(a, b missingSound) int {
		return cmp.Or(cmp.Compare(a.where, b.where), cmp.Compare(a.language, b.language), cmp.Compare(a.name, b.name))
	})
	missing = slices.Compact(missing) // two prompts may play one sound
	for i := 0; i < len(missing); {
		var names []string
		at := missing[i]
		for ; i < len(missing) && missing[i].where == at.where && missing[i].language == at.language; i++ {
			names = append(names, missing[i].name)
		}
		s.add(Fault, "sounds", fmt.Sprintf(soundRemedy, at.language), "%s lacks %s in language %s: %s", at.where, count(len(names), "sound"), at.language, some(names))
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
