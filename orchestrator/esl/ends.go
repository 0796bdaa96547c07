package esl

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ending is what a channel wrote down as it ended (dialplans.FreeSWITCHEnds).
type ending struct {
	slot, channel string
	end           orchestrator.ChannelEnd
	began         time.Time
	up            bool
	did, number   string
	heard         bool // it was taken up by us, and is on record
}

// noDID is what channels have for a number dialled that are no caller's: ours, and feature codes.
const noDID = "none"

// keepEnd begins a list of applications: the channel is told to write down how it ends.
func (a *Adapter) keepEnd() string {
	return "set:operadora_end=" + dialplans.FreeSWITCHKeepEnd(a.cfg.App) + "^"
}

// endings reads what FreeSWITCH has of channels that ended.
func (s *session) endings(ctx context.Context) ([]ending, error) {
	realm := dialplans.FreeSWITCHEnds(s.a.cfg.App)
	answer, err := s.api(ctx, "Ends", "hash_dump db "+realm)
	if err != nil {
		return nil, err
	}
	var out []ending
	for line := range strings.Lines(answer) {
		if e, ok := parseEnding(realm, strings.TrimSpace(line)); ok {
			out = append(out, e)
		}
	}
	return out, nil
}

// parseEnding reads a line of hash_dump: "D/<realm>_<slot>/<channel> <µs> <cause> b… a… d… n… h…".
func parseEnding(realm, line string) (e ending, ok bool) {
	rest, ok := strings.CutPrefix(line, "D/"+realm+"_")
	if !ok {
		return e, false
	}
	slot, value, _ := strings.Cut(rest, "/")
	f := strings.Fields(value)
	if len(f) < 3 || !channelID.MatchString(f[0]) || !word.MatchString(slot) {
		return e, false
	}
	e = ending{slot: slot, channel: f[0], end: orchestrator.ChannelEnd{At: micros(text(f[1])), Cause: causeOf(f[2]), ByPBX: f[2] == managerRequest}}
	for _, field := range f[3:] {
		switch value := field[1:]; field[0] {
		case 'b':
			e.began = micros(text(value))
		case 'a':
			e.end.AnsweredAt = micros(text(value))
			e.up = !e.end.AnsweredAt.IsZero()
			e.end.Answered = orchestrator.Tell(e.up)
		case 'd':
			e.did = value
		case 'n':
			e.number = value
		case 'h':
			e.heard = value != ""
		}
	}
	return e, !e.end.At.IsZero()
}

// away are the calls that came and went without us: nobody took them up, and
// nobody here was told of them.
func (a *Adapter) away(endings []ending) []orchestrator.AwayCall {
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	var out []orchestrator.AwayCall
	for _, e := range endings {
		if e.heard || e.did == "" || e.did == noDID || e.began.IsZero() || orchestrator.Ours(e.channel) || a.legs.m[e.channel] != nil {
			continue
		}
		out = append(out, orchestrator.AwayCall{Channel: e.channel, DID: e.did, Caller: orchestrator.Party{Number: e.number},
			Began: e.began, Ended: e.end.At, Cause: e.end.Cause, Served: e.up})
	}
	return out
}

// past reads what happened while nobody listened: which channels ended lately,
// which calls came and went, and when FreeSWITCH itself was started.
func (s *session) past(ctx context.Context, snapshot *orchestrator.Snapshot) error {
	endings, err := s.endings(ctx)
	if err != nil {
		return err
	}
	snapshot.Ended = map[string]orchestrator.ChannelEnd{}
	for _, e := range endings {
		snapshot.Ended[e.channel] = e.end
	}
	snapshot.Away = s.a.away(endings)
	answer, err := s.api(ctx, "Snapshot", "uptime s")
	if err != nil {
		return err
	}
	up, err := strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
	if err != nil || up < 0 {
		return fault.New("esl.Snapshot", fault.Unavailable, "how long freeswitch has been up cannot be read: %q", brief(answer))
	}
	snapshot.Since = s.theirs(time.Now()).Add(-time.Duration(up+1) * time.Second) // it tells whole seconds
	return nil
}

// AwayRecorded has FreeSWITCH forget calls that are on record.
func (a *Adapter) AwayRecorded(ctx context.Context, calls []orchestrator.AwayCall) error {
	s, err := a.ready(ctx, "AwayRecorded")
	if err != nil {
		return err
	}
	var channels []string
	for _, c := range calls {
		channels = append(channels, c.Channel)
	}
	return s.forgetEnds(ctx, channels)
}

// forgetEnds has FreeSWITCH forget how channels ended.
func (s *session) forgetEnds(ctx context.Context, channels []string) error {
	endings, err := s.endings(ctx)
	if err != nil {
		return err
	}
	for _, e := range endings {
		if !slices.Contains(channels, e.channel) {
			continue
		}
		err := s.a.order(ctx, "AwayRecorded", "hash delete/"+dialplans.FreeSWITCHEnds(s.a.cfg.App)+"/"+e.slot)
		if err != nil && fault.KindOf(err) == fault.Unavailable {
			return err
		}
	}
	return nil
}
