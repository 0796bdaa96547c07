package esl

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/esl/voice"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// fileMark is the parameter of a file's name that carries a playback's id, so
// that who takes a channel up knows what it plays.
const fileMark = "operadora"

// soundName is a sound as FreeSWITCH can be told it: no blank, nothing that it
// expands, nothing that leaves the folder.
var (
	soundName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.+-]*(/[\pL\pN_][\pL\pN_.+-]*)*$`)
	language  = regexp.MustCompile(`^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$`)
)

// tones are the tones that flows name, as FreeSWITCH writes them.
var tones = map[string]string{
	"beep":       "%(250,0,1000)",
	"ring":       "%(2000,4000,440,480)",
	"busy":       "%(500,500,480,620)",
	"congestion": "%(250,250,480,620)",
	"dial":       "%(1000,0,350,440)",
	"silence":    "silence_stream://1000",
	"record":     "%(500,0,1400)",
	"info":       "%(330,15,950);%(330,15,1400);%(330,1000,1800)",
}

// files are the files that one thing to play is made of.
func (a *Adapter) files(m orchestrator.Media, lang string) ([]string, error) {
	var names []string
	ok := false
	switch m.Kind {
	case orchestrator.MediaSound:
		if tone, is := tones[m.Value]; is && m.Value == "beep" {
			return []string{"tone_stream://" + tone}, nil // no package has it
		}
		if ok = soundName.MatchString(m.Value); ok {
			names = voice.Files(lang, m.Value)
		}
	case orchestrator.MediaDigits:
		names, ok = voice.Digits(m.Value)
	case orchestrator.MediaNumber:
		names, ok = voice.Number(lang, m.Value)
	case orchestrator.MediaRecording:
		if recordingName.MatchString(m.Value) {
			return []string{a.shelf.path(m.Value)}, nil
		}
	case orchestrator.MediaTone:
		if tone, is := tones[m.Value]; is {
			if strings.Contains(tone, "://") {
				return []string{tone}, nil
			}
			return []string{"tone_stream://" + tone}, nil
		}
	}
	if !ok {
		return nil, fault.New("esl.Play", fault.Invalid, "%s %q cannot be played", m.Kind, m.Value)
	}
	for i, n := range names {
		names[i] = a.cfg.sound(lang, n)
	}
	return names, nil
}

// Play starts a playback, when what the channel does at the moment is over; hold
// music gives way at once.
func (a *Adapter) Play(ctx context.Context, p orchestrator.Playback) error {
	if len(p.Media) == 0 || !channelID.MatchString(p.ID) {
		return fault.New("esl.Play", fault.Invalid, "playback %q has %d things to play", p.ID, len(p.Media))
	}
	if p.Language != "" && !language.MatchString(p.Language) {
		return fault.New("esl.Play", fault.Invalid, "%q is not a language", p.Language)
	}
	var files []string
	for _, m := range p.Media {
		f, err := a.files(m, p.Language)
		if err != nil {
			return err
		}
		files = append(files, f...)
	}
	if err := a.here(ctx, "Play", p.Channel); err != nil {
		return err
	}
	if cued, err := a.cue(ctx, p); cued || err != nil {
		return err
	}
	if len(files) == 0 { // words that the voice lacks, and that are understood without
		files = []string{"silence_stream://20"}
	}
	file := files[0]
	if len(files) > 1 {
		file = "file_string://" + strings.Join(files, "!")
	}
	return a.enqueue(ctx, "Play", p.Channel, &task{kind: taskPlay, id: p.ID, file: file}, p.Again)
}

// enqueue gives a channel something to do. One that has it to do already is left
// alone, if again is set.
func (a *Adapter) enqueue(ctx context.Context, verb, channel string, t *task, again bool) error {
	var gone, known bool
	var music *task
	a.legs.see(channel, func(g *leg) {
		if gone = g == nil || g.stage != stageHere; gone {
			return
		}
		same := func(o *task) bool { return o.id == t.id }
		if known = again && (g.now != nil && same(g.now) || slices.ContainsFunc(g.waiting, same)); known {
			return
		}
		g.waiting = slices.DeleteFunc(g.waiting, func(o *task) bool { return o.kind == taskMusic })
		g.waiting = append(g.waiting, t)
		if g.now != nil && g.now.kind == taskMusic {
			g.now.stop = true
			music = g.now
		}
	})
	switch {
	case gone:
		return fault.New("esl."+verb, fault.NotFound, "channel %.80q is gone", channel)
	case known:
		return nil
	case music != nil:
		return a.breakOff(ctx, verb, channel, music)
	}
	begun, err := a.proceed(ctx, channel)
	if begun != t {
		a.failed(ctx, channel, begun, err)
		return nil
	}
	return err
}

// goOn begins the next thing that a channel has to do when nobody waits for its
// outcome, and tells when FreeSWITCH refuses it.
func (a *Adapter) goOn(ctx context.Context, channel string) {
	t, err := a.proceed(ctx, channel)
	a.failed(ctx, channel, t, err)
}

// failed tells that what a channel was to do was refused. That a recording was,
// is told where it begins; and of a channel that is gone its end is told.
func (a *Adapter) failed(ctx context.Context, channel string, t *task, err error) {
	if err == nil || t == nil || t.kind != taskPlay || fault.KindOf(err) == fault.Unavailable || fault.KindOf(err) == fault.NotFound {
		return
	}
	a.tellPlayed(ctx, orchestrator.Event{Channel: channel, Playback: t.id, Failed: true, Reason: fault.Text(err)})
}

// tellPlayed tells the end of a playback that never began.
func (a *Adapter) tellPlayed(ctx context.Context, e orchestrator.Event) {
	if s := a.present(); s != nil {
		s.call(ctx, func() {
			e.Kind, e.PBX, e.At = orchestrator.EventPlayed, a.name, s.theirs(time.Now())
			s.sink.Event(e)
		})
	}
}

// proceed begins the next thing that a channel has to do, if it does nothing, and
// returns it.
func (a *Adapter) proceed(ctx context.Context, channel string) (*task, error) {
	var t *task
	a.legs.see(channel, func(g *leg) {
		if g == nil || g.stage != stageHere || g.now != nil || len(g.waiting) == 0 {
			return
		}
		t = g.waiting[0]
		g.waiting = g.waiting[1:]
		g.now = t
	})
	if t == nil {
		return nil, nil //nolint:nilnil // nothing to do
	}
	var err error
	if t.kind == taskRecord {
		err = a.startRecording(ctx, channel, t)
	} else {
		err = a.startPlaying(ctx, channel, t)
	}
	if err == nil {
		return t, nil
	}
	unknown := fault.KindOf(err) == fault.Unavailable
	a.legs.see(channel, func(g *leg) {
		if g != nil && g.now == t && !t.running {
			g.now = nil
			if unknown { // it is looked at anew when FreeSWITCH is back
				g.waiting = slices.Insert(g.waiting, 0, t)
			}
		}
	})
	return t, err
}

// startPlaying has the channel execute playback by itself, or a short sleep.
// event-lock keeps what comes later from interrupting it.
func (a *Adapter) startPlaying(ctx context.Context, channel string, t *task) error {
	app, file := "playback", "{"+fileMark+"="+t.id+"}"+t.file
	if t.kind == taskSettle {
		app, file = "sleep", settling
	}
	if err := oneLine(file); err != nil {
		return err
	}
	s, err := a.ready(ctx, "Play")
	if err != nil {
		return err
	}
	f, err := s.ask(ctx, "Play", "sendmsg "+channel+"\ncall-command: execute\nexecute-app-name: "+app+"\nexecute-app-arg: "+
		file+"\nevent-lock: true\nEvent-UUID: "+t.id)
	if err != nil {
		return err
	}
	return judge("Play", f.reply)
}

// StopPlay ends a playback early; one that is over already is no error.
func (a *Adapter) StopPlay(ctx context.Context, playback string) error {
	if _, err := a.ready(ctx, "StopPlay"); err != nil {
		return err
	}
	var channel string
	dropped := false
	a.legs.mu.Lock()
	g, t := a.legs.task(playback)
	if g != nil {
		channel, t.stop = g.id, true
		if i := slices.Index(g.waiting, t); i >= 0 {
			g.waiting = slices.Delete(g.waiting, i, i+1)
			dropped = true
		}
	}
	a.legs.mu.Unlock()
	switch {
	case g == nil || t.kind == taskRecord:
		return nil
	case dropped:
		if t.kind == taskPlay {
			a.tellPlayed(ctx, orchestrator.Event{Channel: channel, Playback: t.id})
		}
		return nil
	}
	return a.breakOff(ctx, "StopPlay", channel, t)
}

// How long and how often the end of what plays is asked for: FreeSWITCH forgets
// an order to stop that comes before the beginning.
const (
	stopPause    = 20 * time.Millisecond
	stopPatience = 2 * time.Second
)

// breakOff ends what a channel plays and waits until it is over.
func (a *Adapter) breakOff(ctx context.Context, verb, channel string, t *task) error {
	limit := time.Now().Add(stopPatience)
	for pause := stopPause; ; pause *= 2 {
		var over, running bool
		var changed chan struct{}
		a.legs.see(channel, func(g *leg) {
			if over = g == nil || g.now != t || t.kind == taskMusic && g.seat.room != ""; !over { // who joins a room plays nothing more
				running, changed = t.running, g.changed
			}
		})
		if over || time.Now().After(limit) {
			return nil
		}
		if running {
			if err := a.order(ctx, verb, "uuid_break "+channel); fault.KindOf(err) == fault.NotFound && err != nil {
				return nil
			} else if err != nil {
				return err
			}
		}
		if !life.SleepOr(ctx, pause, changed) {
			return fault.E("esl."+verb, fault.Unavailable, ctx.Err())
		}
	}
}

// halt ends a task that began although it is to end, or that a key ended.
func (a *Adapter) halt(ctx context.Context, t *task) {
	var channel string
	a.legs.mu.Lock()
	if g, found := a.legs.task(t.id); g != nil && found == t {
		channel = g.id
	}
	a.legs.mu.Unlock()
	switch {
	case channel == "":
	case t.kind == taskRecord:
		if err := a.StopRecord(ctx, t.id); err != nil {
			a.log.WarnContext(ctx, "a recording that a key ended goes on", "recording", t.id, "error", err)
		}
	case t.kind == taskMusic && !life.Sleep(ctx, stopPause): // most often a room follows, which ends it
	default:
		if err := a.breakOff(ctx, "StopPlay", channel, t); err != nil {
			a.log.DebugContext(ctx, "a playback could not be stopped", "playback", t.id, "error", err)
		}
	}
}

// Playing tells whether a playback waits or is heard.
func (a *Adapter) Playing(ctx context.Context, playback string) (bool, error) {
	if _, err := a.ready(ctx, "Playing"); err != nil {
		return false, err
	}
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	g, t := a.legs.task(playback)
	return g != nil && t.kind == taskPlay, nil
}

const musicPrefix = "op-music-"

func isMusic(id string) bool { return strings.HasPrefix(id, musicPrefix) }

// Hold starts hold music, of another class if there is some already.
func (a *Adapter) Hold(ctx context.Context, channel, class string) error {
	if class == "" {
		class = a.cfg.Music
	}
	if !word.MatchString(class) {
		return fault.New("esl.Hold", fault.Invalid, "%q is not the name of a stream", class)
	}
	return a.background(ctx, "Hold", channel, "local_stream://"+class)
}

// Silence sends silence on a channel, in place of hold music, or ends that.
func (a *Adapter) Silence(ctx context.Context, channel string, on bool) error {
	if !on {
		return a.Unhold(ctx, channel)
	}
	return a.background(ctx, "Silence", channel, "silence_stream://-1")
}

// Mute replaces the sound that comes in on a channel by silence, or ends that. It
// stays with the channel into and out of rooms.
func (a *Adapter) Mute(ctx context.Context, channel string, muted bool) error {
	if err := a.here(ctx, "Mute", channel); err != nil {
		return err
	}
	if !muted {
		return a.order(ctx, "Mute", "uuid_audio "+channel+" stop")
	}
	return a.order(ctx, "Mute", "uuid_audio "+channel+" start read mute 1")
}

// background has a channel hear something without end, unless it does already.
func (a *Adapter) background(ctx context.Context, verb, channel, stream string) error {
	if err := a.here(ctx, verb, channel); err != nil {
		return err
	}
	has, inRoom, was := false, false, ""
	a.legs.see(channel, func(g *leg) {
		if g == nil {
			return
		}
		inRoom, was = g.room != "", g.displaced
		same := func(t *task) bool { return t.kind == taskMusic && !t.stop && (t.file == stream || t.file == "") }
		has = g.now != nil && same(g.now) || slices.ContainsFunc(g.waiting, same)
	})
	switch {
	case has, inRoom && was == stream:
		return nil
	case inRoom:
		return a.displace(ctx, channel, was, stream)
	}
	id := fmt.Sprintf("%s%016x", musicPrefix, rand.Uint64())
	return a.enqueue(ctx, verb, channel, &task{kind: taskMusic, id: id, file: stream}, false)
}

// Unhold stops hold music, if there is any; what comes next does not wait for that.
func (a *Adapter) Unhold(ctx context.Context, channel string) error {
	if err := a.here(ctx, "Unhold", channel); err != nil {
		return err
	}
	var music *task // that plays
	displaced := ""
	a.legs.see(channel, func(g *leg) {
		if g == nil {
			return
		}
		displaced = g.displaced
		g.waiting = slices.DeleteFunc(g.waiting, func(t *task) bool { return t.kind == taskMusic })
		if t := g.now; t != nil && t.kind == taskMusic {
			if t.stop = true; t.running { // what does not is ended when it begins
				music = t
			}
		}
	})
	if displaced != "" {
		if err := a.displace(ctx, channel, displaced, ""); err != nil {
			return err
		}
	}
	if music == nil {
		return nil
	}
	s, err := a.ready(ctx, "Unhold")
	if err != nil {
		return err
	}
	s.call(ctx, func() { s.wg.Go(func() { a.halt(s.ctx, music) }) })
	return nil
}

// musicVariable keeps, on the channel, the stream that is heard in place of a room.
const musicVariable = "operadora_music"

// displace lets a channel that is in a room hear a stream in place of it, instead of
// another; "" is the room. A playback would take the channel out.
func (a *Adapter) displace(ctx context.Context, channel, was, stream string) error {
	if was != "" {
		if err := a.order(ctx, "Unhold", "uuid_displace "+channel+" stop "+was); err != nil {
			return err
		}
		a.legs.see(channel, func(g *leg) {
			if g != nil {
				g.displaced = ""
			}
		})
	}
	if stream != "" {
		err := a.order(ctx, "Hold", "uuid_displace "+channel+" start "+stream)
		if fault.KindOf(err) == fault.Conflict { // it cannot be opened, or is heard already
			bugs, berr := a.api(ctx, "Hold", "uuid_buglist "+channel)
			if berr != nil {
				return berr
			}
			if strings.Contains(bugs, stream) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	a.legs.see(channel, func(g *leg) {
		if g != nil {
			g.displaced = stream
		}
	})
	return a.order(ctx, "Hold", "uuid_setvar "+channel+" "+musicVariable+" "+stream)
}
