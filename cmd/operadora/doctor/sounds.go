package doctor

import (
	"cmp"
	"fmt"
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
type missingSound struct{ language, name, where string }

// soundFacts are the sounds that definitions need of one PBX.
type soundFacts struct {
	used    map[string]int // different sounds by language
	missing []missingSound
	general []string // what flowfile says of whole packages of sounds
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
	for _, fault := range flowfile.Lint(d.Flows, flowfile.Known{Sound: ask}) {
		if fault.Code == flowfile.CodeSound {
			f.general = append(f.general, fault.String())
		}
	}
	for _, q := range d.ACD.Queues {
		for _, language := range callersLanguages(d.Flows) {
			for _, name := range announced(q, language) {
				if !ask(language, name) {
					f.missing = append(f.missing, missingSound{language, name, "queue " + q.ID})
				}
			}
		}
	}
	return f
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
	"sounds/%[1]s below Asterisk's data folder; then on the console: module reload sounds"

func judgeSounds(s *sheet, f soundFacts) {
	slices.SortFunc(f.missing, func(a, b missingSound) int {
		return cmp.Or(cmp.Compare(a.language, b.language), cmp.Compare(a.where, b.where), cmp.Compare(a.name, b.name))
	})
	for _, text := range f.general {
		language := text[strings.LastIndex(text, "language ")+len("language "):]
		language, _, _ = strings.Cut(language, ";")
		s.add(Fault, "sounds", fmt.Sprintf(soundRemedy, language), "%s", text)
	}
	for i := 0; i < len(f.missing); {
		var names []string
		at := f.missing[i]
		for ; i < len(f.missing) && f.missing[i].language == at.language && f.missing[i].where == at.where; i++ {
			names = append(names, f.missing[i].name)
		}
		s.add(Fault, "sounds", fmt.Sprintf(soundRemedy, at.language), "%s announces in language %s with sounds that are missing: %s", at.where, at.language, some(names))
	}
	if len(f.general)+len(f.missing) > 0 {
		return
	}
	var all []string
	for language, n := range f.used {
		all = append(all, fmt.Sprintf("%s %d", language, n))
	}
	slices.Sort(all)
	s.ok("sounds", "all that flows, feature codes and announcements use are there (%s)", strings.Join(all, ", "))
}
