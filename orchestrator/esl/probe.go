package esl

import (
	"context"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/esl/voice"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Report is what Probe found out about a FreeSWITCH.
type Report struct {
	Version string // as the program tells it
	Request time.Duration
	Event   time.Duration   // a job until its end was told
	Modules map[string]bool // of those that are needed: whether it is loaded
	Inbound bool            // the dialplan has the context operadora-inbound
	Ends    bool            // in which channels write down how they ended
	Away    string          // the context to which it sends calls while operadora is away
	Stays   bool            // which is there
	Profile bool            // the profile of conferences is there
	Music   bool            // the stream of hold music is there
	Takes   bool            // it has loopback channels, which take who talks elsewhere out of there
	Taken   bool            // some operadora says that it takes calls
	Domain  string
}

// Modules are those that operadora needs, with what would not work without.
var Modules = map[string]string{
	"mod_commands":     "nothing",
	"mod_dptools":      "no prompt, no parking",
	"mod_conference":   "no conversation",
	"mod_hash":         "no conversation, no lamps",
	"mod_sofia":        "no phone",
	"mod_sndfile":      "no prompt, no recording",
	"mod_local_stream": "no hold music",
	"mod_tone_stream":  "no beep",
	"mod_dialplan_xml": "no call is handed over",
}

// awayContext is in the context operadora-inbound what calls go to while operadora is away.
var awayContext = regexp.MustCompile(`"transfer" data="\$1 XML ([A-Za-z0-9_.-]+)"`)

// Probe examines a FreeSWITCH without disturbing it: it may run beside a live
// operadora. An error says what ended it early; the report has what was found until then.
func Probe(ctx context.Context, cfg Config) (Report, error) {
	r := Report{Modules: map[string]bool{}}
	jobs := make(chan *wire, 16)
	c, err := dial(ctx, cfg, func(f frame) {
		if w, err := decode(f.body); err == nil && w.Name == "BACKGROUND_JOB" {
			select {
			case jobs <- w:
			default:
			}
		}
	})
	if err != nil {
		return r, err
	}
	defer c.close(nil)
	ask := func(command string) (string, error) { return c.say(ctx, cfg, command) }
	begun := time.Now()
	version, err := ask("api version")
	if err != nil {
		return r, err
	}
	r.Request = time.Since(begun)
	r.Version = strings.TrimPrefix(version, "FreeSWITCH Version ")
	for _, q := range []struct {
		command string
		learn   func(answer string)
	}{
		{"api global_getvar domain", func(s string) { r.Domain = s }},
		{"api global_getvar operadora_here_" + cfg.App, func(s string) { r.Taken = s == "true" }},
		{"api xml_locate dialplan context name operadora-inbound", func(s string) {
			r.Inbound, r.Ends = strings.Contains(s, "operadora-takes-it"), strings.Contains(s, "operadora-remembers-its-end")
			if m := awayContext.FindStringSubmatch(s); m != nil {
				r.Away = m[1]
			}
		}},
		{"api xml_locate configuration configuration name conference.conf", func(s string) { r.Profile = strings.Contains(s, `profile name="`+cfg.Profile+`"`) }},
		{"api module_exists mod_loopback", func(s string) { r.Takes = s == "true" }},
		{"api local_stream show", func(s string) { r.Music = strings.Contains("\n"+s, "\n"+cfg.Music+",") }},
	} {
		answer, err := ask(q.command)
		if err != nil {
			return r, err
		}
		q.learn(answer)
	}
	if r.Away != "" {
		answer, err := ask("api xml_locate dialplan context name " + r.Away)
		if err != nil {
			return r, err
		}
		r.Stays = strings.Contains(answer, `context name="`+r.Away+`"`)
	}
	for m := range Modules {
		answer, err := ask("api module_exists " + m)
		if err != nil {
			return r, err
		}
		r.Modules[m] = answer == "true"
	}
	return r, probeEvents(ctx, cfg, ask, jobs, &r)
}

// say sends one command and returns what FreeSWITCH answers.
func (c *conn) say(ctx context.Context, cfg Config, command string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, cfg.CommandTimeout)
	defer cancel()
	f, err := c.ask(limited, command)
	return strings.TrimSpace(string(f.body) + f.reply), err
}

// granted makes an error of an answer that is no +OK.
func granted(answer string, err error) error {
	if err == nil && !strings.HasPrefix(answer, "+OK") {
		err = fault.New("", fault.Unavailable, "freeswitch says %q", brief(answer))
	}
	return err
}

// probeEvents has FreeSWITCH tell the end of a job.
func probeEvents(ctx context.Context, cfg Config, ask func(string) (string, error), jobs <-chan *wire, r *Report) error {
	if err := granted(ask("event json BACKGROUND_JOB")); err != nil {
		return fault.New("esl.Probe", fault.Unavailable, "events are refused: %w", err)
	}
	begun := time.Now()
	const id = "op-job-doctor"
	if err := granted(ask("bgapi global_getvar domain\nJob-UUID: " + id)); err != nil {
		return fault.New("esl.Probe", fault.Unavailable, "a job is refused: %w", err)
	}
	limit := time.NewTimer(cfg.CommandTimeout)
	defer limit.Stop()
	for {
		select {
		case w := <-jobs:
			if w.Job == id {
				r.Event = time.Since(begun)
				return nil
			}
		case <-limit.C:
			return fault.New("esl.Probe", fault.Unavailable, "no event came within %v", cfg.CommandTimeout)
		case <-ctx.Done():
			return fault.E("esl.Probe", fault.Unavailable, ctx.Err())
		}
	}
}

// Sounds asks a FreeSWITCH which of some sounds it has in a language.
func Sounds(ctx context.Context, cfg Config, lang string, names []string) (map[string]bool, error) {
	c, err := dial(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	defer c.close(nil)
	out := map[string]bool{}
	for _, name := range names {
		if !soundName.MatchString(name) {
			continue
		}
		there := true
		if name != "beep" {
			for _, file := range voice.Files(lang, name) {
				answer, err := c.say(ctx, cfg, "api expand file_exists "+cfg.sound(lang, file))
				if err != nil {
					return nil, err
				}
				there = there && answer == "true"
			}
		}
		out[name] = there
	}
	return out, nil
}

// Voice asks a FreeSWITCH for the folder of a language's voice, where the
// variables that the configuration may name (${sounds_dir}) are its own.
func Voice(ctx context.Context, cfg Config, lang string) (string, error) {
	c, err := dial(ctx, cfg, nil)
	if err != nil {
		return "", err
	}
	defer c.close(nil)
	answer, err := c.say(ctx, cfg, "api expand echo "+cfg.voice(lang))
	if err != nil {
		return "", err
	}
	if !path.IsAbs(answer) {
		return "", fault.New("esl.Voice", fault.Unavailable, "freeswitch does not tell what folder %s is: %q", cfg.voice(lang), brief(answer))
	}
	return path.Clean(answer), nil
}

// Phones asks a FreeSWITCH which phones, such as user/101, are registered.
func Phones(ctx context.Context, cfg Config, domain string, endpoints []string) (map[string]bool, error) {
	c, err := dial(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	defer c.close(nil)
	if cfg.Domain != "" {
		domain = cfg.Domain
	}
	out := map[string]bool{}
	for _, e := range endpoints {
		if !endpointID.MatchString(e) || phoneOf(e) == "" {
			continue
		}
		answer, err := c.say(ctx, cfg, "api sofia_contact */"+phoneOf(e)+"@"+domain)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(answer, "-") {
			return nil, fault.New("esl.Phones", fault.Unavailable, "freeswitch does not tell who is registered: %q", brief(answer))
		}
		out[e] = !strings.HasPrefix(answer, "error/")
	}
	return out, nil
}

// Ways asks a FreeSWITCH which of some gateways it has, and whether its dialplan has a context.
func Ways(ctx context.Context, cfg Config, gateways []string, dialplan string) (has map[string]bool, there bool, err error) {
	c, err := dial(ctx, cfg, nil)
	if err != nil {
		return nil, false, err
	}
	defer c.close(nil)
	has = map[string]bool{}
	for _, name := range gateways {
		if !word.MatchString(name) {
			continue
		}
		answer, err := c.say(ctx, cfg, "api sofia status gateway "+name)
		if err != nil {
			return nil, false, err
		}
		has[name] = strings.Contains(answer, "Proxy")
	}
	answer, err := c.say(ctx, cfg, "api xml_locate dialplan context name "+dialplan)
	return has, strings.Contains(answer, `context name="`+dialplan+`"`), err
}
