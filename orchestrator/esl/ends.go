package esl

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// past reads what happened while nobody listened: which channels ended lately,
// and when FreeSWITCH itself was started.
func (s *session) past(ctx context.Context, snapshot *orchestrator.Snapshot) error {
	realm := dialplans.FreeSWITCHEnds(s.a.cfg.App)
	answer, err := s.api(ctx, "Snapshot", "hash_dump db "+realm)
	if err != nil {
		return err
	}
	snapshot.Ended = map[string]orchestrator.ChannelEnd{}
	for line := range strings.Lines(answer) {
		if channel, end, ok := parseEnd(realm, strings.TrimSpace(line)); ok {
			snapshot.Ended[channel] = end
		}
	}
	if answer, err = s.api(ctx, "Snapshot", "uptime s"); err != nil {
		return err
	}
	up, err := strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
	if err != nil || up < 0 {
		return fault.New("esl.Snapshot", fault.Unavailable, "how long freeswitch has been up cannot be read: %q", brief(answer))
	}
	snapshot.Since = s.theirs(time.Now()).Add(-time.Duration(up+1) * time.Second) // it tells whole seconds
	return nil
}

// parseEnd reads a line of hash_dump: "D/<realm>_<slot>/<channel> <µs> <cause>".
func parseEnd(realm, line string) (channel string, end orchestrator.ChannelEnd, ok bool) {
	rest, ok := strings.CutPrefix(line, "D/"+realm+"_")
	if !ok {
		return "", end, false
	}
	_, value, _ := strings.Cut(rest, "/")
	parts := strings.Fields(value)
	if len(parts) != 3 || !channelID.MatchString(parts[0]) {
		return "", end, false
	}
	end.At, end.Cause = micros(text(parts[1])), causeOf(parts[2])
	return parts[0], end, !end.At.IsZero()
}
