package ari

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Report is what Probe finds out about an Asterisk.
type Report struct {
	Version   string    // "22.10.1"
	StartedAt time.Time // of the Asterisk process
	EntityID  string    // by which this Asterisk is known from others
	// Attached tells whether a client has our application open now.
	Attached bool
	// Missing are modules that operadora needs and that do not run, sorted.
	Missing []string
	// Sounds are the names of all sounds by language, sorted.
	Sounds map[string][]string
	// WriteTimeout is how long a slow reader of events is borne
	// (websocket_write_timeout of ari.conf); 0 when Asterisk does not tell.
	WriteTimeout time.Duration
	// Request is the time of one small request, Event that of an event sent
	// through Asterisk to ourselves: medians of nine.
	Request, Event time.Duration
}

// neededModules is what the adapter uses of Asterisk. The bridge of a dialling
// channel is bridge_holding's, a recording of a bridge is made by a channel of
// chan_bridge_media, caller id and language of a call are set by func_callerid and
// func_channel, and without res_pjsip_header_funcs phones cannot be asked to
// answer by themselves.
var neededModules = []string{
	"app_stasis", "bridge_holding", "bridge_simple", "bridge_softmix", "chan_bridge_media", "chan_pjsip", "format_wav",
	"func_callerid", "func_channel",
	"res_ari_applications", "res_ari_asterisk", "res_ari_bridges", "res_ari_channels", "res_ari_device_states",
	"res_ari_events", "res_ari_playbacks", "res_ari_recordings", "res_ari_sounds",
	"res_http_websocket", "res_musiconhold", "res_pjsip_header_funcs", "res_stasis", "res_stasis_answer",
	"res_stasis_device_state", "res_stasis_playback", "res_stasis_recording", "res_stasis_snoop",
}

// Modules are the modules of Asterisk that the adapter uses, sorted.
func Modules() []string { return slices.Clone(neededModules) }

// minWriteTimeout is the least websocket_write_timeout that bears a pause of
// the machine operadora runs on.
const minWriteTimeout = time.Second

// Probe examines an Asterisk for the doctor command. It uses an application
// name of its own and disturbs nobody. An error means that the examination
// could not be completed: Denied for a wrong or read-only login, Unavailable
// when nothing answers; the report holds what was found until then.
func Probe(ctx context.Context, cfg Config) (Report, error) {
	var r Report
	a, err := New("probe", cfg, slog.New(slog.DiscardHandler), NewMetrics(nil))
	if err != nil {
		return r, err
	}
	defer a.Close()
	for _, step := range []func(context.Context, *Report) error{
		a.probeInfo, a.probeAttached, a.probeModules, a.probeSounds, a.probeWriteTimeout, a.probeRequest, a.probeEvent,
	} {
		if err := step(ctx, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Warnings returns what was found and should be changed, one sentence each.
func (r Report) Warnings() []string {
	var w []string
	if major, err := strconv.Atoi(strings.SplitN(r.Version, ".", 2)[0]); err == nil && major < 18 {
		w = append(w, fmt.Sprintf("asterisk %s is no longer maintained and not tested; 22 is", r.Version))
	}
	for _, m := range r.Missing {
		w = append(w, "module "+m+" does not run: load it in modules.conf")
	}
	if len(r.Sounds) == 0 {
		w = append(w, "no sounds are installed: callers will hear nothing")
	}
	if r.WriteTimeout > 0 && r.WriteTimeout < minWriteTimeout {
		w = append(w, fmt.Sprintf("websocket_write_timeout is %v: a short pause will cut the event socket; set 5000 in ari.conf", r.WriteTimeout))
	}
	return w
}

func (a *Adapter) get(ctx context.Context, out any, path ...string) error {
	return a.client.do(ctx, request{verb: "Probe", method: http.MethodGet, path: path, again: true}, out)
}

func (a *Adapter) probeInfo(ctx context.Context, r *Report) error {
	var info wire.AsteriskInfo
	if err := a.get(ctx, &info, "asterisk", "info"); err != nil {
		return err
	}
	// Debian adds a suffix of its own: 22.10.1+dfsg+…
	r.Version, _, _ = strings.Cut(info.SystemInfo.Version, "+")
	r.EntityID = info.SystemInfo.EntityID
	r.StartedAt = time.Time(info.StatusInfo.StartupTime)
	return nil
}

func (a *Adapter) probeAttached(ctx context.Context, r *Report) (err error) {
	r.Attached, err = found(a.get(ctx, nil, "applications", a.cfg.App))
	return err
}

func (a *Adapter) probeModules(ctx context.Context, r *Report) error {
	var modules []struct{ Name, Status string }
	if err := a.get(ctx, &modules, "asterisk", "modules"); err != nil {
		return err
	}
	running := map[string]bool{}
	for _, m := range modules {
		running[strings.TrimSuffix(m.Name, ".so")] = m.Status == "Running"
	}
	for _, m := range neededModules {
		if !running[m] {
			r.Missing = append(r.Missing, m)
		}
	}
	return nil
}

func (a *Adapter) probeSounds(ctx context.Context, r *Report) error {
	var sounds []struct {
		ID      string
		Formats []struct{ Language string }
	}
	if err := a.get(ctx, &sounds, "sounds"); err != nil {
		return err
	}
	r.Sounds = map[string][]string{}
	for _, s := range sounds {
		for _, f := range s.Formats {
			r.Sounds[f.Language] = append(r.Sounds[f.Language], s.ID)
		}
	}
	for language, names := range r.Sounds {
		slices.Sort(names)
		r.Sounds[language] = slices.Compact(names) // one in several formats is one
	}
	return nil
}

// HasSound tells whether a sound exists in a language.
func (r Report) HasSound(language, name string) bool {
	_, ok := slices.BinarySearch(r.Sounds[language], name)
	return ok
}

// probeWriteTimeout reads the one setting of ari.conf that matters; versions
// that do not show it answer 404, and that is no fault.
func (a *Adapter) probeWriteTimeout(ctx context.Context, r *Report) error {
	var fields []struct{ Attribute, Value string }
	err := a.get(ctx, &fields, "asterisk", "config", "dynamic", "res_ari", "general", "general")
	if status(err)/100 == 4 {
		return nil
	}
	for _, f := range fields {
		if ms, bad := strconv.Atoi(f.Value); f.Attribute == "websocket_write_timeout" && bad == nil {
			r.WriteTimeout = time.Duration(ms) * time.Millisecond
		}
	}
	return err
}

const probeRounds = 9

func (a *Adapter) probeRequest(ctx context.Context, r *Report) error {
	var took []time.Duration
	for range probeRounds {
		begin := time.Now()
		if err := a.get(ctx, nil, "asterisk", "info"); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	r.Request = median(took)
	return nil
}

// probeEvent opens an event socket and measures how long an event takes.
func (a *Adapter) probeEvent(ctx context.Context, r *Report) error {
	app := fmt.Sprintf("%s-probe-%08x", a.cfg.App, rand.Uint32())
	conn, err := a.client.dial(ctx, app)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	var took []time.Duration
	for i := range probeRounds {
		name, begin := fmt.Sprintf("op-beat-%d", i), time.Now()
		if err := a.client.do(ctx, userEvent(app, name), nil); err != nil {
			return err
		}
		for heard := false; !heard; {
			_, frame, err := conn.Read(ctx)
			if err != nil {
				return fault.New("ari.Probe", fault.Unavailable, "no event arrives on the event socket: %w", err)
			}
			m, err := decode(frame)
			heard = err == nil && m.Eventname == name
		}
		took = append(took, time.Since(begin))
	}
	r.Event = median(took)
	return nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
