package engine

import (
	"time"

	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/session"
)

// ofLine is the session of a permanent line as an owner.
type ofLine struct {
	session.Session
	music bool // what is heard between calls
}

func (s ofLine) became(d session.Decision) decision {
	return decision{next: ofLine{d.Session, s.music}, entries: d.Entries, dirty: d.Dirty, refused: d.Refused, answers: d.Answers}
}

func (s ofLine) decide(r *rules, ins []call.Input, now time.Time) decision {
	return s.became(r.line.Decide(s.Session, ins, now))
}

func (s ofLine) bury(reason string, now time.Time) decision {
	return s.became(session.Bury(s.Session, reason, now))
}

func (s ofLine) doc() any { return s.Session }

func (s ofLine) revision() int64 { return s.Rev }

func (s ofLine) revised(rev int64) owner {
	s.Rev = rev
	return s
}

func (s ofLine) claims() claims {
	c := claims{line: &lineClaims{session: s.ID, agent: s.Agent, endpoint: s.Phone.Endpoint, channel: s.Channel,
		up: s.Up() && s.Reach == nil, reach: s.Reached(), next: s.Next, state: s.State, playing: s.Playing, music: s.music}}
	c.channels, c.bridges = s.holdings()
	return c
}

func (s ofLine) todo() []call.Todo                       { return s.Todo }
func (s ofLine) deadline() (call.Timer, time.Time, bool) { return s.Timers.Deadline() }
func (s ofLine) away() bool                              { return s.AwaySince > 0 }
func (s ofLine) over() bool                              { return s.State == session.StateEnded }
func (s ofLine) word() string                            { return string(s.State) }
func (s ofLine) offered() []taken                        { return nil }
func (s ofLine) visits() int                             { return 0 }

func (s ofLine) holdings() (channels, bridges []string) {
	if s.Channel != "" {
		channels = append(channels, s.Channel)
	}
	if s.Reach != nil {
		channels = append(channels, s.Reach.Channel)
	}
	if s.Reach != nil && s.Reach.Room != "" {
		bridges = append(bridges, s.Reach.Room)
	}
	return channels, bridges
}
