package doctor

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

// freeswitchFacts are what was found out about one FreeSWITCH.
type freeswitchFacts struct {
	cfg    esl.Config
	report esl.Report
	probe  error // the examination ended early
	took   time.Duration

	reach      reachFacts
	recordings error
	sounds     map[string]map[string]bool // by language
	soundsErr  error
	phones     map[string]bool
	phonesErr  error
}

// examineFreeSWITCH examines one FreeSWITCH and tells everything of it.
func examineFreeSWITCH(ctx context.Context, name string, cfg esl.Config, to gate.Reach, d Definitions) []Line {
	f := freeswitchFacts{cfg: cfg}
	begun := time.Now()
	f.report, f.probe = esl.Probe(ctx, cfg)
	f.took = time.Since(begun)
	f.recordings = esl.Recordings(ctx, cfg)
	if f.report.Version != "" && d.Err == nil {
		f.sounds, f.soundsErr = FreeSWITCHSounds(ctx, cfg, d)
		f.phones, f.phonesErr = esl.Phones(ctx, cfg, f.report.Domain, phonesAt(name, d))
	}
	if f.report.Version != "" {
		f.reach = freeswitchReach(ctx, cfg, to)
	}
	return judgeFreeSWITCH(name, f, d)
}

// FreeSWITCHSounds asks a FreeSWITCH, by language and name, which of the sounds
// that definitions need it has.
func FreeSWITCHSounds(ctx context.Context, cfg esl.Config, d Definitions) (map[string]map[string]bool, error) {
	names := map[string][]string{}
	for _, s := range Sounds(d, func(string, string) bool { return false }) {
		names[s.Language] = append(names[s.Language], s.Name)
	}
	has := map[string]map[string]bool{}
	for language, list := range names {
		var err error
		if has[language], err = esl.Sounds(ctx, cfg, language, list); err != nil {
			return nil, err
		}
	}
	return has, nil
}

// judgeFreeSWITCH says what the facts mean.
func judgeFreeSWITCH(name string, f freeswitchFacts, d Definitions) []Line {
	s := &sheet{part: "pbx " + name}
	for _, w := range f.cfg.Warnings() {
		key, text, _ := strings.Cut(w, ": ")
		s.add(Warning, "freeswitch."+key, "set pbxs."+name+".freeswitch."+key+"; `operadora dialplan print --pbx freeswitch` prints a password and an access list", "%s", text)
	}
	if f.report.Version == "" {
		s.add(Fault, "reachable", freeswitchRemedy(f.probe), "%v", f.probe).Took = f.took
		s.add(Note, "the rest", "repair this first and run doctor again", "was not examined")
		return s.lines
	}
	s.ok("reachable", "%s answers and accepts the password", f.cfg.Address).Took = f.took
	s.ok("version", "FreeSWITCH %s", f.report.Version)
	judgeFreeSWITCHParts(s, f)
	judgeReach(s, f.reach)
	switch {
	case f.report.Event > slowEvent || f.report.Request > slowRequest:
		s.add(Warning, "event round trip", "is the machine overloaded, or far away? console: status, show tasks",
			"an event takes %s, a request %s: callers will notice", short(f.report.Event), short(f.report.Request))
	case f.report.Event > 0:
		s.ok("event round trip", "an event takes %s, a request %s", short(f.report.Event), short(f.report.Request))
	default:
		s.add(Fault, "event round trip", "see FreeSWITCH's log; is an access list or a proxy in between that lets only commands pass?", "no event came back: %v", f.probe)
	}
	if f.report.Taken {
		s.ok("application", "%q: an operadora takes its calls", f.cfg.App)
	} else {
		s.ok("application", "%q: no operadora takes its calls at this moment", f.cfg.App)
	}
	const read = "the user that operadora runs as must be able to read it: see freeswitch.recordings and freeswitch.recordings_at"
	switch {
	case f.recordings == nil:
		s.ok("recordings", "are read at %s", cmp.Or(f.cfg.RecordingsAt, f.cfg.Recordings))
	case fault.KindOf(f.recordings) == fault.NotFound:
		s.add(Warning, "recordings", read, "%v; FreeSWITCH makes it with the first recording", f.recordings)
	default:
		s.add(Fault, "recordings", read, "cannot be read: %v", f.recordings)
	}
	if d.Err != nil {
		s.add(Note, "sounds and phones", "correct the definitions and run doctor again", "were not examined: the definitions cannot be used")
		return s.lines
	}
	if f.soundsErr != nil {
		s.add(Note, "sounds", "repair what is told above and run doctor again", "were not examined: %v", f.soundsErr)
	} else {
		judgeSounds(s, neededSounds(d, func(language, name string) bool { return f.sounds[language][name] }), freeswitchSounds)
	}
	states := map[string]string{}
	for endpoint, registered := range f.phones {
		states[endpoint] = map[bool]string{true: "online", false: "offline"}[registered]
	}
	judgePhones(s, name, d.ACD.Agents, states, onFreeSWITCH, f.phonesErr)
	return s.lines
}

// judgeFreeSWITCHParts tells of modules and of what the administrator adds.
func judgeFreeSWITCHParts(s *sheet, f freeswitchFacts) {
	complete := true
	for _, m := range slices.Sorted(maps.Keys(esl.Modules)) {
		if !f.report.Modules[m] {
			complete = false
			s.add(Fault, "modules", "load "+m+" on the console, and in autoload_configs/modules.conf.xml for the next start", "%s is not loaded: there is %s", m, esl.Modules[m])
		}
	}
	if complete {
		s.ok("modules", "all %d that are needed are loaded", len(esl.Modules))
	}
	switch {
	case f.report.Inbound && f.report.Ends:
		s.ok("dialplan", "the context operadora-inbound is there")
	case f.report.Inbound:
		s.add(Warning, "dialplan", "`operadora dialplan print --pbx freeswitch` prints operadora_dialplan.xml anew; then reloadxml", "the context operadora-inbound is of an earlier version: how a call ended while operadora was away will not be on record")
	default:
		s.add(Fault, "dialplan", "`operadora dialplan print --pbx freeswitch` prints operadora_dialplan.xml and says where it goes; then reloadxml", "there is no context operadora-inbound: no call can be handed over")
	}
	if f.report.Inbound && f.report.Away != "" && !f.report.Stays {
		s.add(Fault, "away context", "write it, as the head of operadora_dialplan.xml shows (`operadora dialplan print --pbx freeswitch`); then reloadxml",
			"the dialplan has no context %q: whoever calls while operadora is away is hung up on", f.report.Away)
	}
	if f.report.Profile {
		s.ok("conference", "the profile %q is there", f.cfg.Profile)
	} else {
		s.add(Fault, "conference", "`operadora dialplan print --pbx freeswitch` prints operadora_conference.xml and says where it goes; then reloadxml and reload mod_conference", "conference.conf.xml has no profile %q: nobody can talk to an agent", f.cfg.Profile)
	}
	if f.report.Takes {
		s.ok("transfer keys", "phones' own transfers (REFER) come to operadora")
	} else {
		s.add(Warning, "transfer keys", "load mod_loopback on the console, and in autoload_configs/modules.conf.xml for the next start",
			"mod_loopback is not loaded: a phone's own transfer to whom the agent talks with on another line (attended) fails, and the call stays with the agent")
	}
	if f.report.Music {
		s.ok("hold music", "the stream %q is there", f.cfg.Music)
	} else {
		s.add(Warning, "hold music", "a <directory name=\""+f.cfg.Music+"\"> in local_stream.conf.xml (package freeswitch-music-default), or freeswitch.music", "there is no stream %q: who waits hears silence", f.cfg.Music)
	}
}

func freeswitchRemedy(err error) string {
	if fault.KindOf(err) == fault.Denied {
		return "compare freeswitch.password with password in event_socket.conf.xml, and apply-inbound-acl there with this machine's address; then on the console: reload mod_event_socket"
	}
	return "is FreeSWITCH running, and does event_socket.conf.xml listen at freeswitch.address (listen-ip, listen-port)? Then on the console: reload mod_event_socket"
}
