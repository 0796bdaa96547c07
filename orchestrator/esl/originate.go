package esl

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Originate calls an endpoint and returns when the channel exists, or when
// FreeSWITCH says that there is no way to it. It rings in a job of FreeSWITCH's
// own, which goes on without us: whoever answers is told to write down how the
// channel ends, and parked.
func (a *Adapter) Originate(ctx context.Context, o orchestrator.Origination) error {
	command, err := a.origination(o)
	if err != nil {
		return err
	}
	s, err := a.ready(ctx, "Originate")
	if err != nil {
		return err
	}
	id, heard, err := a.begin(ctx, s, o, command)
	if err != nil || id == "" {
		return err
	}
	return a.made(ctx, s, o.Channel, id, heard)
}

// begin gives the order, on at most half of the connections at a time, so that a
// burst leaves the others for the commands of calls that live; the id is "" when
// it was given before.
func (a *Adapter) begin(ctx context.Context, s *session, o orchestrator.Origination, command string) (string, chan *wire, error) {
	waiting, cancel := context.WithTimeout(ctx, a.cfg.CommandTimeout)
	defer cancel()
	if err := a.calling.Take(waiting); err != nil {
		return "", nil, fault.New("esl.Originate", fault.Unavailable, "%w: %w", orchestrator.ErrNothingDone, err)
	}
	defer a.calling.Free()
	if o.Once && o.Again {
		return "", nil, a.givenOnce(ctx, s, o.Channel)
	}
	if o.Originator != "" {
		if err := a.originatorLives(ctx, o.Originator); err != nil {
			return "", nil, err
		}
	}
	known := false
	a.legs.mu.Lock()
	if known = a.legs.m[o.Channel] != nil; !known {
		g := a.legs.of(o.Channel)
		g.stage, g.args, g.peer = stageDialling, o.Args, peerOf(o.Endpoint)
	}
	a.legs.mu.Unlock()
	if known {
		return "", nil, nil // the same order given twice
	}
	id, heard := s.expect()
	if err := s.startJob(ctx, "Originate", id, command); err != nil {
		s.unexpect(id)
		if fault.KindOf(err) != fault.Unavailable {
			a.unmake(o.Channel)
		}
		return "", nil, err
	}
	return id, heard, nil
}

// givenOnce judges an order that may have been carried out as far as nobody knows: its
// channel is there, or the order is not given again.
func (a *Adapter) givenOnce(ctx context.Context, s *session, channel string) error {
	there, err := s.api(ctx, "Originate", "uuid_exists "+channel)
	if err != nil || there == "true" {
		return err
	}
	a.unmake(channel)
	return fault.E("esl.Originate", fault.Conflict, orchestrator.ErrInDoubt)
}

// made waits until the channel exists or the job is over.
func (a *Adapter) made(ctx context.Context, s *session, channel, id string, heard chan *wire) error {
	limit := time.NewTimer(a.cfg.CommandTimeout)
	defer limit.Stop()
	for {
		came, changed := a.came(channel)
		if came {
			s.unexpect(id)
			return nil
		}
		select {
		case w := <-heard:
			return a.notMade(ctx, s, channel, string(w.Body))
		case <-changed:
		case <-limit.C:
			s.call(ctx, func() { s.wg.Go(func() { a.madeLate(s, channel, id, heard) }) })
			return fault.New("esl.Originate", fault.Unavailable, "the channel did not come to be within %v", a.cfg.CommandTimeout)
		case <-s.ctx.Done():
			return fault.E("esl.Originate", fault.Unavailable, context.Cause(s.ctx)) //nolint:contextcheck // the session may end first
		case <-ctx.Done():
			s.unexpect(id)
			return fault.E("esl.Originate", fault.Unavailable, ctx.Err())
		}
	}
}

// came tells whether a channel that was ordered has been heard of; until then changed is
// closed when it may have been.
func (a *Adapter) came(channel string) (is bool, changed chan struct{}) {
	a.legs.see(channel, func(g *leg) {
		if is = g == nil || g.exists || g.stage != stageDialling; !is {
			changed = g.changed
		}
	})
	return is, changed
}

// madeLate waits for the end of a job that takes longer than a command may, and tells what
// came of it if nothing else does.
func (a *Adapter) madeLate(s *session, channel, id string, heard chan *wire) {
	defer s.unexpect(id)
	select {
	case w := <-heard:
		cause, failed := strings.CutPrefix(strings.TrimSpace(string(w.Body)), "-ERR ")
		if !failed {
			return
		}
		if there, err := s.api(s.ctx, "Originate", "uuid_exists "+channel); err == nil && there != "true" {
			_ = a.endFollows(s.ctx, s, channel, cause) // it fails when the session ends, and then the next compares
		}
	case <-s.ctx.Done():
	}
}

// notMade is a job that ended before its channel was heard of: the call failed,
// or its events are late.
func (a *Adapter) notMade(ctx context.Context, s *session, channel, answer string) error {
	cause, failed := strings.CutPrefix(strings.TrimSpace(answer), "-ERR ")
	if !failed {
		return nil // its events follow
	}
	if came, _ := a.came(channel); came {
		return nil // its end is told
	}
	if there, err := s.api(ctx, "Originate", "uuid_exists "+channel); err != nil || there == "true" {
		return err // the same order had been given before, by another process
	}
	switch {
	case causeOf(cause) == orchestrator.CauseBusy, causeOf(cause) == orchestrator.CauseRejected,
		causeOf(cause) == orchestrator.CauseNoAnswer, causeOf(cause) == orchestrator.CauseNoResponse:
		return a.endFollows(ctx, s, channel, cause)
	}
	a.unmake(channel)
	switch cause {
	case "DESTINATION_OUT_OF_ORDER", "SWITCH_CONGESTION", "NORMAL_TEMPORARY_FAILURE": // also: more calls a second than it takes
		return fault.New("esl.Originate", fault.Unavailable, "freeswitch makes no call now: %.60s: %w", cause, orchestrator.ErrNothingDone)
	}
	return fault.New("esl.Originate", fault.NotFound, "the endpoint cannot be reached: %.60s", cause)
}

// endIsLate is how long the end of a channel may come after that of the job that made it.
const endIsLate = 200 * time.Millisecond

// endFollows waits for the end of a channel that was busy, or did not answer, and tells it
// if there was none: the directory may call a phone by no more than that (error/user_busy,
// which is how some keep from disturbing it).
func (a *Adapter) endFollows(ctx context.Context, s *session, channel, cause string) error {
	limit := time.NewTimer(endIsLate)
	defer limit.Stop()
	for {
		came, changed := a.came(channel)
		if came {
			return nil
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
			return fault.E("esl.Originate", fault.Unavailable, ctx.Err())
		case <-limit.C:
		}
		s.call(ctx, func() {
			var d doing
			a.legs.see(channel, func(g *leg) {
				if g != nil && !g.exists && g.stage == stageDialling {
					a.ended(&d, g, &wire{Name: "CHANNEL_HANGUP_COMPLETE", Channel: text(channel), Cause: text(cause),
						At: text(strconv.FormatInt(s.theirs(time.Now()).UnixMicro(), 10))})
					g.touch()
				}
			})
			for _, e := range d.tell {
				s.sink.Event(e)
			}
		})
		return nil
	}
}

// unmake forgets a channel that did not come to be.
func (a *Adapter) unmake(channel string) {
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	if g := a.legs.m[channel]; g != nil && !g.exists && g.stage == stageDialling {
		delete(a.legs.m, channel)
		g.touch()
	}
}

// originatorLives makes sure of the channel that a call is made for: FreeSWITCH would
// call for one that is gone without a word.
func (a *Adapter) originatorLives(ctx context.Context, channel string) error {
	gone := fault.New("esl.Originate", fault.NotFound, "%w", orchestrator.ErrOriginatorGone)
	if !channelID.MatchString(channel) {
		return gone
	}
	here, ended := false, false
	a.legs.see(channel, func(g *leg) {
		here, ended = g != nil && g.stage == stageHere && g.asked == 0, g != nil && g.stage == stageOver
	})
	switch {
	case ended:
		return gone
	case here: // its end would have been told
		return nil
	}
	there, err := a.api(ctx, "Originator", "uuid_exists "+channel)
	if err == nil && there != "true" {
		return gone
	}
	return err
}

// origination writes the command. Only values that FreeSWITCH cannot mistake
// travel in it: arguments are packed, names shown are stripped.
func (a *Adapter) origination(o orchestrator.Origination) (string, error) {
	const op = "esl.Originate"
	seconds := int(o.Timeout / time.Second)
	switch {
	case !orchestrator.Ours(o.Channel) || !channelID.MatchString(o.Channel):
		return "", fault.New(op, fault.Invalid, "channel id %q is not of our making", o.Channel)
	case !endpointID.MatchString(o.Endpoint) && peerOf(o.Endpoint) == "":
		return "", fault.New(op, fault.Invalid, "the endpoint is neither user/NAME nor sofia/PROFILE/ADDRESS")
	case seconds < 1 || o.Timeout%time.Second != 0:
		return "", fault.New(op, fault.Invalid, "timeout %v is not a positive number of seconds", o.Timeout)
	case o.Language != "" && !language.MatchString(o.Language):
		return "", fault.New(op, fault.Invalid, "%q is not a language", o.Language)
	}
	party := orchestrator.CleanParty(o.Caller)
	v := map[string]string{}
	maps.Copy(v, o.Variables)
	maps.Copy(v, map[string]string{
		"origination_uuid": o.Channel, "originate_timeout": strconv.Itoa(seconds), "ignore_early_media": "true",
		markVariable: a.cfg.App, "operadora_args": packArgs(o.Args), "operadora_did": noDID,
		"playback_terminators": "none", "hangup_after_bridge": "false", "deny_refer_requests": "true", "default_language": o.Language,
		"origination_caller_id_number": numberShown(party.Number), "origination_caller_id_name": shown(party.Name),
	})
	if peerOf(o.Endpoint) != "" {
		v["loopback_bowout"] = "false" // the channel stays ours
	}
	if o.AutoAnswer {
		v["sip_auto_answer"] = "true" // Call-Info: …;answer-after=0
		v["sip_h_Alert-Info"] = "info=alert-autoanswer"
	}
	variables, err := originVariables(v)
	if err != nil {
		return "", err
	}
	return "originate " + variables + a.fullEndpoint(o.Endpoint) + " 'm:^:" + a.keepEnd() + "park:' inline", nil
}

// fullEndpoint names the domain of a phone that is called by its name alone, and the way
// to one who is in a call already.
func (a *Adapter) fullEndpoint(endpoint string) string {
	if peer := peerOf(endpoint); peer != "" {
		// the mark is taken off the half that is none of ours
		return "loopback/m:^:unset:" + markVariable + takesPeer + peer + "/operadora/inline"
	}
	if strings.HasPrefix(endpoint, "user/") && !strings.Contains(endpoint, "@") && a.cfg.Domain != "" {
		return endpoint + "@" + a.cfg.Domain
	}
	return endpoint
}

func numberShown(n string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, n)
}
