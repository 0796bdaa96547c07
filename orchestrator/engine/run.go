package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// carryOut runs one command. again means that it was tried before and nobody
// knows what came of it. An error of kind Unavailable leaves the outcome open;
// every other one is a refusal.
func (l *loop) carryOut(ctx context.Context, c call.Command, again bool) (call.Result, error) {
	p, d := l.drv.pbx, l.eng.dist
	var r call.Result
	var err error
	switch c := c.(type) {
	case call.Answer:
		err = p.Answer(ctx, c.Channel)
	case call.Hangup:
		err = p.Hangup(ctx, c.Channel, c.Cause)
	case call.Continue:
		err = p.Continue(ctx, c.Channel, c.Place)
	case call.Play:
		c.Playback.Again = again
		err = l.play(ctx, c.Playback)
	case call.StopPlay:
		err = p.StopPlay(ctx, c.ID)
	case call.CheckPlay:
		r.Running, err = p.Playing(ctx, c.ID)
	case call.Hold:
		err = p.Hold(ctx, c.Channel, c.Class)
	case call.Unhold:
		if err = l.borrowed(ctx, c.Channel); err == nil {
			err = p.Unhold(ctx, c.Channel)
		}
	case call.Dial:
		if !l.drv.connected.Load() { // a PBX may drop at once what it makes for nobody
			return r, fault.New("engine", fault.Unavailable, "the PBX's events do not arrive: %w", orchestrator.ErrNothingDone)
		}
		if err = l.contact(ctx, c); err == nil {
			err = l.take(ctx, c)
		}
		if err == nil {
			c.Order.Again = again
			err = p.Originate(ctx, c.Order)
		}
	case call.AnswerTransfer:
		err = p.AnswerTransfer(ctx, c.Channel, c.Done)
	case call.MakeRoom:
		err = p.CreateBridge(ctx, c.Bridge)
	case call.Connect:
		err = l.connect(ctx, c)
	case call.Rejoin:
		if err = p.CreateBridge(ctx, c.Bridge); err == nil {
			err = l.borrowed(ctx, c.Far)
		}
		if err == nil {
			err = l.join(ctx, c.Bridge, c.Customer, c.Far, c.Keyed)
		}
	case call.Admit:
		err = l.admit(ctx, c)
	case call.Monitor:
		err = l.monitor(ctx, c.Order)
	case call.Part:
		err = p.Part(ctx, c.Bridge, c.Channel)
	case call.CloseRoom:
		err = p.DestroyBridge(ctx, c.Bridge, l.staying(c)...)
	case call.Record:
		c.Order.Again = again
		err = p.Record(ctx, c.Order)
	case call.StopRecord:
		err = p.StopRecord(ctx, c.ID)
	case call.CheckRecord:
		return l.checkRecord(ctx, c)
	case call.Mute:
		err = p.MuteRecord(ctx, c.ID, c.Muted)
	case call.MuteLeg:
		err = p.Mute(ctx, c.Channel, c.Muted)
	case call.Listen:
		err = p.Listen(ctx, c.Order)
	case call.Attend:
		err = p.Attend(ctx, c.Channel, time.Duration(c.SilentMS)*time.Millisecond)
	case call.SendKeys:
		if !again && c.Keys != "" { // or they were heard twice
			err = p.SendKeys(ctx, c.Channel, c.Keys)
		}
	case call.Beep:
		err = p.Beep(ctx, c.Channel, c.Tone)
	case call.Enqueue:
		r.Placement, err = d.Enqueue(ctx, c.Waiting)
	case call.Leave:
		err = d.Leave(ctx, l.id, c.Visit, c.Why)
	case call.AskPlace:
		r.Position, r.Expected, err = d.Place(ctx, l.id)
	case call.HoldAgent:
		r.Dialled, err = d.Dial(ctx, c.Dialling)
	case call.FailOffer:
		r.Placement, err = d.Failed(ctx, c.Offer, c.Why)
	case call.TakeUp:
		err = held(d.Talking(ctx, c.Offer))
	case call.Accept:
		err = l.takeUp(ctx, &c.Offer)
	case call.AskCallback:
		r.Callback, err = l.ask(ctx, c)
	case call.EndCallback:
		err = l.revoke(ctx, c)
	case call.ForgetCallback:
		err = l.eng.store.ForgetCallback(ctx, c.Queue, c.Number, l.id)
	case call.FinishOffer:
		err = d.Finished(ctx, c.Offer, time.Duration(c.TalkedMS)*time.Millisecond)
	case call.Return:
		err = l.returned(ctx, c)
	case call.Rest:
		err = l.rest(ctx, c)
	case call.Lend:
		err = l.becomeLine(ctx, c)
	case call.LookUp:
		r.Looked = l.lookUp(ctx, c.Lookup)
	case call.TellPhone:
		err = l.drv.tellPhone(ctx, c.Endpoint, c.State)
	case call.AgentDo:
		c.Command.OnLine = l.drv.lines.has(c.Command.Agent, c.Command.Endpoint)
		r.Answer, err = l.eng.Do(ctx, c.Command)
		if err == nil && c.Command.Op.OfCall() && unheld[r.Answer.Result] {
			r.Answer.Call = l.eng.talkOf(r.Answer.Agent)
		}
		if err == nil && r.Answer.Call != "" {
			r.Answer.Result, err = l.eng.forAgent(ctx, r.Answer, c.Command)
		}
	default:
		err = fault.New("engine", fault.Internal, "nobody knows how to %q", call.VerbOf(c))
	}
	return r, err
}

// lookUp asks a source of flows.
func (l *loop) lookUp(ctx context.Context, ask orchestrator.Lookup) orchestrator.LookupAnswer {
	if l.eng.lookups == nil {
		return orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: "this operadora has no sources"}
	}
	return l.eng.lookups.LookUp(ctx, ask)
}

// play plays something: on a line of its own only while nobody has it.
func (l *loop) play(ctx context.Context, p orchestrator.Playback) error {
	if l.shown.Load().line == nil {
		return l.drv.pbx.Play(ctx, p)
	}
	return l.unlent(p.Channel, func() error { return l.drv.pbx.Play(ctx, p) })
}

// staying are the channels that are to be out of a room and ready; a permanent line that
// another call has is elsewhere.
func (l *loop) staying(c call.CloseRoom) []string {
	if c.Stay == "" || l.another(c.Stay) {
		return nil
	}
	return []string{c.Stay}
}

// monitor lets a supervisor hear an agent, be it on their permanent line.
func (l *loop) monitor(ctx context.Context, o orchestrator.Monitoring) error {
	if l.another(o.Channel) {
		return fault.New("engine", fault.Conflict, "the permanent line has been given to a call")
	}
	if err := l.borrowed(ctx, o.Channel); err != nil {
		return err
	}
	return l.drv.pbx.Monitor(ctx, o)
}

// takeUp takes an offer up, if there is one.
func (l *loop) takeUp(ctx context.Context, o *orchestrator.Offer) error {
	if o == nil {
		return nil
	}
	return held(l.eng.dist.Answered(ctx, *o))
}

// admit takes the offer up and puts a guest in the room. All of it may be repeated.
func (l *loop) admit(ctx context.Context, c call.Admit) error {
	if err := l.takeUp(ctx, c.Offer); err != nil {
		return err
	}
	return l.enter(ctx, c.Bridge, "", c.Channel, c.Keyed)
}

// connect takes the offer up and joins both legs. All of it may be repeated.
func (l *loop) connect(ctx context.Context, c call.Connect) error {
	if l.shown.Load().line != nil && l.another(c.Far) {
		return fault.New("engine", fault.Conflict, "the permanent line has been given to a call")
	}
	if err := l.takeUp(ctx, c.Offer); err != nil {
		return err
	}
	if c.Music {
		if err := l.drv.pbx.Unhold(ctx, c.Customer); unanswered(err) {
			return err
		}
	}
	return l.enter(ctx, c.Bridge, c.Customer, c.Far, c.Keyed)
}

// enter puts channels in a room, as join does; the room is made again if it is gone.
func (l *loop) enter(ctx context.Context, bridge, customer, far string, keyed bool) error {
	if err := l.borrowed(ctx, far); err != nil {
		return err
	}
	err := l.join(ctx, bridge, customer, far, keyed)
	if fault.KindOf(err) != fault.NotFound || err == nil || errors.Is(err, orchestrator.ErrChannelGone) {
		return err
	}
	if err := l.drv.pbx.CreateBridge(ctx, bridge); err != nil { // perhaps it is the room that is gone
		return err
	}
	return l.join(ctx, bridge, customer, far, keyed)
}

// join puts both sides in a room; a customer on hold is "". Keys of a far leg that
// is keyed reach nobody there.
func (l *loop) join(ctx context.Context, bridge, customer, far string, keyed bool) error {
	channels := slices.DeleteFunc([]string{customer, far}, func(ch string) bool { return ch == "" })
	if keyed {
		return l.drv.pbx.JoinAbsorbing(ctx, bridge, far, channels[:len(channels)-1]...)
	}
	return l.drv.pbx.Join(ctx, bridge, channels...)
}

// held makes an error of an offer that does not hold its agent.
func held(valid bool, err error) error {
	if err == nil && !valid {
		err = fault.New("engine", fault.Conflict, "the offer has lapsed")
	}
	return err
}

// checkRecord finds out whether a recording is over, and whether it was kept.
func (l *loop) checkRecord(ctx context.Context, c call.CheckRecord) (call.Result, error) {
	running, err := l.drv.pbx.Recording(ctx, c.ID)
	if err != nil || running {
		return call.Result{Running: running}, err
	}
	body, _, err := l.drv.pbx.OpenRecording(ctx, c.ID)
	if err != nil {
		if fault.KindOf(err) == fault.Unavailable {
			return call.Result{}, err
		}
		return call.Result{}, nil
	}
	_ = body.Close() // only its existence was asked for
	return call.Result{Kept: true}, nil
}

// reconsider is what the engine does with an offer whose call is not here: a
// call that has ended leaves its queue, any other keeps its place.
func (d *driving) reconsider(ctx context.Context, o orchestrator.Offer) {
	why := orchestrator.OfferCancelled
	if r, err := d.eng.store.Load(ctx, o.Call); err == nil && !r.Ended || err != nil && fault.KindOf(err) != fault.NotFound {
		why = orchestrator.OfferError // nobody knows it to be dead: the sweeper takes it up
	}
	d.log.InfoContext(ctx, "an offered call is not here", "call", o.Call, "agent", o.Agent, "why", why)
	if _, err := d.eng.dist.Failed(ctx, o, why); err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "the offer stands until its deadline", "offer", o.ID, "error", err)
	}
}

// wishOf is what an agent wants of the present conversation.
var wishOf = map[orchestrator.AgentOp]call.WishKind{
	orchestrator.AgentTransfer: call.WishTransfer, orchestrator.AgentConsult: call.WishConsult, orchestrator.AgentComplete: call.WishComplete,
	orchestrator.AgentSwap: call.WishSwap, orchestrator.AgentCancel: call.WishCancel, orchestrator.AgentConference: call.WishMeet,
}

// unheld are the answers of a distributor that knows of no call of the agent's.
var unheld = map[orchestrator.AgentResult]bool{orchestrator.AgentNotLoggedIn: true, orchestrator.AgentNothingToClose: true}

// talkOf is the call in which somebody talks, "" for none. Of a supervisor who took a
// call over without being logged in only the call itself knows. All calls are looked
// at, in memory, for a code that somebody dialled.
func (e *Engine) talkOf(agent string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, l := range e.calls {
		if l.shown.Load().talks == agent && agent != "" {
			return id
		}
	}
	return ""
}

// forAgent carries out what an agent dialled a code for and concerns a call.
func (e *Engine) forAgent(ctx context.Context, a orchestrator.AgentAnswer, c orchestrator.AgentCommand) (orchestrator.AgentResult, error) {
	w := call.Wish{Do: wishOf[c.Op], By: "agent:" + a.Agent, Agent: a.Agent}
	switch {
	case c.Op == orchestrator.AgentSupervise:
		w = call.Wish{Do: call.WishSupervise, By: w.By, Supervisor: a.Agent, Mode: orchestrator.MonitorListen}
	case c.To != "":
		var ours bool
		if w.To, ours = e.rules.call.People.Dialled(c.PBX, c.To); !ours {
			w.To = orchestrator.Target{Kind: orchestrator.TargetNumber, Name: c.To}
		}
	}
	err := e.Ask(ctx, a.Call, w)
	switch {
	case err == nil:
		return orchestrator.AgentOK, nil
	case fault.KindOf(err) == fault.Unavailable:
		return "", err
	}
	return orchestrator.AgentRefused, nil
}
