package esl

import (
	"context"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A phone's transfer to a number (REFER) is one that FreeSWITCH cannot carry out
// itself: who is in a conference has no partner that it could send elsewhere. It
// tells the phone so at once (403), and us in an event: we carry it out.
//
// One to the far end of another call of the phone (Replaces) it refuses as well, as
// deny_refer_requests, which we set on every phone that we call, keeps it from sending
// that far end into its dialplan. No event says so, but a line of the log does: the log is
// asked for while a phone is in a call of ours and in another. Which call was meant is a
// variable of the channel by then.

const (
	logLine     = "log/data"                  // the frame of a line of the log
	logLevel    = "notice"                    // at which refusals are written
	refersFunc  = "sofia_handle_sip_i_refer"  // the function that refuses,
	refusesBoth = "Denying Attended Transfer" // and what it says of both lines
)

// peerTech begins endpoints that name a channel of a conversation that is none of ours.
// It is taken out of it by the far half of a loopback channel.
const peerTech = "channel/"

// takesPeer is in the name of a channel that takes one out, before the other's id.
const takesPeer = "^intercept:"

// peerOf is the channel that an endpoint names so, "" of one that does not.
func peerOf(endpoint string) string {
	if peer, is := strings.CutPrefix(endpoint, peerTech); is && channelID.MatchString(peer) {
		return peer
	}
	return ""
}

// letGo sees to it that whom a channel has taken out of a conversation ends with it. Between
// taking them and bridging them FreeSWITCH forgets them when the channel ends: they would be
// there for ever, and hear nothing. The far half looks after them as it ends, whoever
// it is bridged with; one whom it did not take talks on.
func (a *Adapter) letGo(ctx context.Context, channel, peer string) error {
	half, err := a.api(ctx, "Hangup", "uuid_getvar "+channel+" other_loopback_leg_uuid")
	if err != nil || !channelID.MatchString(half) {
		return err // of one that is gone there is none
	}
	_, err = a.api(ctx, "Hangup", "uuid_setvar "+half+" api_hangup_hook uuid_kill ${cond(${uuid_getvar("+peer+" signal_bond)} == "+
		half+" ? "+peer+" : none)} "+causeName(orchestrator.CauseNormal))
	return err
}

// overhear asks for the log while a transfer key could be pressed for two calls, and goes
// into what it says.
func (s *session) overhear(ctx context.Context) {
	for heard := false; ; {
		if want := s.a.watch.bothLines(); want != heard {
			command := map[bool]string{true: "log " + logLevel, false: "nolog"}[want]
			limited, cancel := context.WithTimeout(ctx, s.a.cfg.CommandTimeout)
			f, err := s.events.ask(limited, command)
			cancel()
			if err != nil {
				s.end(err)
				return
			}
			if heard = want; strings.HasPrefix(f.reply, "-") && want {
				s.a.log.WarnContext(ctx, "freeswitch does not tell its log; transfers of phones to their other calls are refused", "reply", brief(f.reply))
			}
		}
		select {
		case <-s.a.watch.turned:
		case channel := <-s.asked:
			s.bothLines(ctx, channel)
		case <-ctx.Done():
			return
		}
	}
}

// bothLines is the log's word on a channel whose phone asked for a transfer. That is told
// if it was one to the far end of another call, and one of the two is ours: a phone may
// ask for it in either.
func (s *session) bothLines(ctx context.Context, asked string) {
	w, err := s.dump(ctx, asked)
	if err != nil || w == nil || !channelID.MatchString(string(w.OtherLine)) {
		return
	}
	other, err := s.dump(ctx, string(w.OtherLine))
	if err != nil || other == nil {
		return
	}
	ours := func(id string) (is bool) {
		s.a.legs.see(id, func(g *leg) { is = g != nil && g.stage == stageHere })
		return is
	}
	switch {
	case ours(asked):
	case ours(other.id()):
		w, other = other, w
	default:
		return
	}
	s.call(ctx, func() {
		e := w.event(s.a.name, orchestrator.EventTransfer)
		e.At, e.Other, e.Number = s.theirs(time.Now()), other.id(), string(other.Number)
		if other.Direction == "inbound" {
			e.Number = string(other.Dialled)
		}
		if peer := string(other.Partner); channelID.MatchString(peer) && !orchestrator.Ours(peer) {
			e.Peer = peerTech + peer
		}
		s.sink.Event(e)
	})
}

// applyTransfer is a transfer that a phone of ours asked for.
func (a *Adapter) applyTransfer(d *doing, w *wire) {
	if w.Subclass != sipError || w.ErrorType != "blind_transfer" {
		return
	}
	g := a.legs.m[w.id()]
	if g == nil || g.stage != stageHere {
		return
	}
	e := w.event(a.name, orchestrator.EventTransfer)
	e.Number = string(w.Extension)
	d.event(e)
}

// AnswerTransfer ends the call of a phone whose transfer was carried out. A phone
// cannot be told, as FreeSWITCH has answered it already; it keeps its call until then.
func (a *Adapter) AnswerTransfer(ctx context.Context, channel string, done bool) error {
	if _, err := a.ready(ctx, "AnswerTransfer"); err != nil {
		return err
	}
	gone := false
	a.legs.see(channel, func(g *leg) { gone = g == nil || g.stage != stageHere && g.stage != stageDialling })
	switch {
	case gone && orchestrator.Ours(channel):
		return fault.New("esl.AnswerTransfer", fault.NotFound, "channel %.80q is gone", channel)
	case gone || !done:
		return nil
	}
	return a.Hangup(ctx, channel, orchestrator.CauseNormal)
}
