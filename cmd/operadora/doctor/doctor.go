package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Site is all that is examined.
type Site struct {
	File   string   // the configuration file
	Folder string   // of the definitions
	PINs   []string // the files of definitions in which agents' PINs stand

	Definitions Definitions
	API         api.Config
	Redis       redisstore.Config
	Records     records.Config
	Mail        mailer.Config
	Mailboxes   int                   // how many are defined
	PBXs        map[string]ari.Config // by name
	FreeSWITCH  map[string]esl.Config // by name
	Reach       map[string]gate.Reach // by name

	// Console leads to the Asterisk of this machine, if there is one.
	Console Console

	// Limit bounds the examination of each part.
	Limit time.Duration
}

// Refused is the line of a configuration that cannot be used.
func Refused(err error) Line {
	return Line{Part: "configuration", Check: "valid", Verdict: Fault, Text: err.Error(),
		Remedy: "correct the file (or OPERADORA_… in the environment); `operadora init` writes one with every key explained"}
}

// Run examines a site whose configuration is valid, in a fixed order, and tells
// the lines of each part as soon as it was examined. It returns all of them.
// Parts that ctx left no time for are told as faults.
func Run(ctx context.Context, site Site, tell func(lines []Line)) []Line {
	var all []Line
	part := func(lines []Line) {
		all = append(all, lines...)
		tell(lines)
	}
	within := func(do func(ctx context.Context)) {
		ctx, cancel := context.WithTimeout(ctx, site.Limit)
		defer cancel()
		do(ctx)
	}
	conf := &sheet{part: "configuration"}
	conf.ok("valid", "%s: %s", site.File, count(len(site.PBXs)+len(site.FreeSWITCH), "PBX"))
	part(conf.lines)
	part(judgeDefinitions(site.Folder, site.Definitions))
	part(Exposed(site))
	var served *readyz
	within(func(ctx context.Context) {
		f := probeAPI(ctx, site.API)
		served = f.served
		part(judgeAPI(f, time.Now()))
	})
	within(func(ctx context.Context) { part(judgeRedis(probeRedis(ctx, site.Redis))) })
	within(func(ctx context.Context) {
		part(judgeRecords(probeRecords(ctx, site.Records, site.Redis.Tenant), time.Now()))
	})
	within(func(ctx context.Context) { part(judgeMail(probeMail(ctx, site.Mail, site.Mailboxes))) })
	for _, name := range slices.Sorted(maps.Keys(site.PBXs)) {
		within(func(ctx context.Context) {
			ours := served.state("pbx "+name) == "ok"
			f := probePBX(ctx, site.PBXs[name], site.Reach[name], ours, phonesAt(name, site.Definitions), recordFormats(site.Definitions), numbersOf(site.Definitions.Flows), site.Console)
			f.unseen, f.standby = anyPort(site.API.Listen), served != nil && !ours
			part(examinePBX(name, f, site.Definitions))
		})
	}
	for _, name := range slices.Sorted(maps.Keys(site.FreeSWITCH)) {
		within(func(ctx context.Context) {
			part(examineFreeSWITCH(ctx, name, site.FreeSWITCH[name], site.Reach[name], site.Definitions))
		})
	}
	return all
}

// examinePBX tells everything of one PBX.
func examinePBX(name string, f pbxFacts, d Definitions) []Line {
	lines := judgePBX(name, f, recordFormats(d))
	if f.access != nil {
		return lines
	}
	s := &sheet{part: "pbx " + name, lines: lines}
	switch {
	case d.Err != nil:
		s.add(Note, "sounds and phones", "correct the definitions and run doctor again", "were not examined: the definitions cannot be used")
		return s.lines
	case f.report.Sounds == nil:
		s.add(Note, "sounds", "repair what is told above and run doctor again", "were not examined: %v", f.probe)
	default:
		broken := map[string]bool{}
		needed := neededSounds(d, func(language, name string) bool {
			there := HasSound(f.report, language, name)
			if why := f.host.unplayable(language, name); there && why != "" {
				broken[why] = true
			}
			return there
		})
		for _, why := range slices.Sorted(maps.Keys(broken)) {
			s.add(Fault, "sounds", "make it anew, or give it to Asterisk: chown --reference=FOLDER FILE; chmod 644 FILE", "%s: callers hear nothing", why)
		}
		if len(broken) == 0 || len(needed.missing) > 0 {
			judgeSounds(s, needed, asteriskSounds)
		}
	}
	judgeRecordings(s, f)
	judgeHost(s, f.host, musicOf(d))
	judgePhones(s, name, d.ACD.Agents, f.endpoints, onAsterisk, f.endpointsErr)
	judgeReach(s, f.reach)
	judgeMachines(s, f, hearing(name, d))
	judgeLeads(s, f, callingOver(name, d))
	judgeTransfers(s, f)
	judgeVanishing(s, f)
	judgeNumbers(s, f)
	judgeDialplan(s, d.Flows, f.cfg.App)
	return s.lines
}

// Summary counts the verdicts, in a language.
func Summary(lines []Line, language string) string {
	n := map[Verdict]int{}
	for _, l := range lines {
		n[l.Verdict]++
	}
	var told []string
	for v := OK; v <= Fault; v++ {
		told = append(told, fmt.Sprintf("%d %s", n[v], v.word(language, n[v] != 1)))
	}
	return strings.Join(told, ", ")
}
