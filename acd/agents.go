package acd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// opTriggers translates operations; AgentDispose has its own way.
var opTriggers = map[orchestrator.AgentOp]Trigger{
	orchestrator.AgentLogin:  OnLogin,
	orchestrator.AgentLogout: OnLogout,
	orchestrator.AgentPause:  OnPause,
	orchestrator.AgentResume: OnResume,

	orchestrator.AgentLine:     OnLogin,
	orchestrator.AgentLineUp:   OnResume,
	orchestrator.AgentLineDown: OnPause,
}

// Do implements orchestrator.Agents.
//
// Who may: a trusted command (API, by role) names the agent. A command from a
// phone is that phone's agent's; a PIN, when the agent has one, is asked for as
// the definitions say. A command that names an agent without coming from a phone
// and without being trusted needs the right PIN.
//
// Nobody is logged in by definitions that are not in force: that is tried again by the
// present ones, and is Unavailable while this process does not have those in force.
func (s *Service) Do(ctx context.Context, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	answer, err := s.do(ctx, s.directory.Load(), cmd)
	if !errors.Is(err, errBehind) {
		return answer, err
	}
	if err := s.current(ctx); err != nil {
		return answer, err
	}
	return s.do(ctx, s.directory.Load(), cmd)
}

func (s *Service) do(ctx context.Context, dir *directory, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	a, refused := dir.identify(cmd)
	answer := orchestrator.AgentAnswer{Result: refused, Agent: a.ID, Language: a.Language}
	if refused != "" {
		return answer, nil
	}
	if dir.asksPIN(a, cmd) {
		var err error
		if answer.Result, err = s.tryPIN(ctx, a, cmd); err != nil || answer.Result != "" {
			return answer, err
		}
	}
	switch {
	case cmd.Op == orchestrator.AgentLook:
		answer.Phone = a.phone()
		return s.presentCall(ctx, a.ID, answer)
	case cmd.Op.OfCall():
		return s.presentCall(ctx, a.ID, answer)
	case cmd.Op == orchestrator.AgentSupervise:
		return s.overseenCall(ctx, a, cmd, answer)
	case cmd.Op == orchestrator.AgentExtend:
		res, err := s.store.Extend(ctx, s.now(), ExtendOrder{Station: dir.stationOf(a.ID), By: cmd.By})
		if err != nil {
			return answer, err
		}
		return s.answer(answer, res, OnWrapped), nil
	case cmd.Op == orchestrator.AgentDispose:
		return s.dispose(ctx, dir, a, cmd, answer)
	}
	trigger, ok := opTriggers[cmd.Op]
	if !ok {
		return answer, fault.New("acd.Do", fault.Invalid, "operation %q is unknown", cmd.Op)
	}
	order := ChangeOrder{Station: dir.stationOf(a.ID), Trigger: trigger, By: cmd.By, OfferID: newUnique(), OnPhone: s.onPhone(cmd)}
	switch cmd.Op {
	case orchestrator.AgentLineUp, orchestrator.AgentLineDown:
		order.Reason = orchestrator.ReasonLine // and of a pause for another reason nothing changes
	case orchestrator.AgentPause:
		if cmd.Reason == orchestrator.ReasonPreview && cmd.Trusted && cmd.By == orchestrator.ByOperadora {
			order.Reason = cmd.Reason // its own: no definition has it
			break
		}
		p, ok := dir.reason(cmd.Reason)
		if !ok {
			answer.Result = orchestrator.AgentBadReason
			return answer, nil
		}
		if order.Reason = p.Name; p.Name != "" {
			order.Allow = dir.allowance(a, p, s.now(), cmd.Trusted && cmd.Override)
		}
	default: // has none
	}
	res, err := s.store.Change(ctx, s.now(), order)
	if err != nil {
		return answer, err
	}
	if res.Result == ChangeBehind {
		return answer, fault.E("acd.Do", fault.Unavailable, errBehind)
	}
	answer = s.answer(answer, res, trigger)
	if cmd.Op == orchestrator.AgentLine {
		answer.Phone = a.phone()
		if answer.Result == orchestrator.AgentAlready {
			answer.Result = orchestrator.AgentOK // the line is what was asked for
		}
	}
	return answer, nil
}

func (a Agent) phone() orchestrator.Phone {
	return orchestrator.Phone{PBX: a.PBX, Endpoint: a.Endpoint, Language: a.Language, AutoAnswer: a.AutoAnswer}
}

// presentCall says which call an agent talks in.
func (s *Service) presentCall(ctx context.Context, agent string, answer orchestrator.AgentAnswer) (orchestrator.AgentAnswer, error) {
	rec, ok, err := s.store.Agent(ctx, agent)
	if err != nil {
		return answer, err
	}
	answer.Result, answer.State = orchestrator.AgentNothingToClose, string(rec.State)
	switch {
	case !ok || rec.State == StateOffline:
		answer.Result = orchestrator.AgentNotLoggedIn
	case rec.State == StateTalking && rec.Call != "":
		answer.Result, answer.Call = orchestrator.AgentOK, rec.Call
	}
	return answer, nil
}

// identify finds the agent a command is for, or says why not.
func (dir *directory) identify(cmd orchestrator.AgentCommand) (Agent, orchestrator.AgentResult) {
	atPhone := dir.phones[phone{cmd.PBX, cmd.Endpoint}]
	id := cmd.Agent
	if id == "" {
		id = atPhone
	}
	a, ok := dir.agents[id]
	if !ok {
		return Agent{}, orchestrator.AgentUnknown
	}
	if cmd.Trusted {
		return a, ""
	}
	if cmd.Endpoint != "" && atPhone != id {
		return a, orchestrator.AgentElsewhere
	}
	if cmd.Endpoint == "" && a.PIN == "" {
		return a, orchestrator.AgentBadPIN
	}
	return a, ""
}

func (s *Service) dispose(ctx context.Context, dir *directory, a Agent, cmd orchestrator.AgentCommand, answer orchestrator.AgentAnswer) (orchestrator.AgentAnswer, error) {
	if cmd.Disposition == "" { // wrap-up ends without an outcome, which may still be given until the next call
		res, err := s.store.Change(ctx, s.now(), ChangeOrder{
			Station: dir.stationOf(a.ID), Trigger: OnWrapped, By: cmd.By, OfferID: newUnique(), OnPhone: s.onPhone(cmd),
		})
		if err != nil {
			return answer, err
		}
		return s.answer(answer, res, OnWrapped), nil
	}
	means, said, wrong, ok := dir.dispositions(cmd.Disposition, cmd.Also)
	if !ok {
		answer.Result, answer.Wrong = orchestrator.AgentBadDisposition, wrong
		return answer, nil
	}
	several := map[string]int{}
	for id, q := range dir.everyQueue {
		if q.Outcome != nil && q.Outcome.Several > 1 {
			several[id] = q.Outcome.Several
		}
	}
	res, err := s.store.Dispose(ctx, s.now(), DisposeOrder{
		Station: dir.stationOf(a.ID), Means: means, Several: several, Notes: cmd.Notes, By: cmd.By, OfferID: newUnique(), OnPhone: s.onPhone(cmd),
	})
	if err != nil {
		return answer, err
	}
	if res.Which >= 0 && res.Which < len(said) {
		switch wrong = said[res.Which]; res.Result { //nolint:exhaustive // the others are no matter of one of them
		case ChangeUnfit:
			wrong.Why = "not a disposition of queue " + res.Queue
			answer.Wrong = wrong
		case ChangeSeveral:
			wrong.Why = fmt.Sprintf("one too many: a call of queue %s may have %d (outcome.several)", res.Queue, max(1, several[res.Queue]))
			answer.Wrong = wrong
		}
	}
	return s.answer(answer, res, OnWrapped), nil
}

// codeCall is how long a feature code's call may last, for a phone of which the
// PBX tells nothing.
const codeCall = 10 * time.Second

// onPhone tells how long the phone that asked for something may be in that call.
// One that names no phone, or is trusted, does not come from it.
func (s *Service) onPhone(cmd orchestrator.AgentCommand) time.Duration {
	if cmd.Op != orchestrator.AgentLine && (cmd.OnLine || cmd.Endpoint == "" || cmd.Trusted) {
		return 0 // who logs in with a permanent line is rung for it, wherever from
	}
	s.alarm.by(s.now().Add(codeCall))
	return codeCall
}

// answer puts the store's outcome into the agent's words.
func (s *Service) answer(answer orchestrator.AgentAnswer, res ChangeResult, t Trigger) orchestrator.AgentAnswer {
	answer.State, answer.Over = string(res.State), string(res.Over)
	switch res.Result {
	case ChangeDone:
		answer.Result = orchestrator.AgentOK
	case ChangeLater:
		answer.Result = orchestrator.AgentLater
	case ChangeNothing:
		answer.Result = orchestrator.AgentNothingToClose
	case ChangeOwes:
		answer.Result = orchestrator.AgentOwes
	case ChangeSeveral:
		answer.Result = orchestrator.AgentTooManyOutcomes
	case ChangeNoMore:
		answer.Result = orchestrator.AgentNoMore
	case ChangeUnfit:
		answer.Result = orchestrator.AgentBadDisposition
	case ChangeOver:
		if answer.Result = orchestrator.AgentUsedUp; res.Over == OverAtOnce {
			answer.Result = orchestrator.AgentTooMany
		}
	case ChangeRefused:
		answer.Result = refusal(res.State, t)
	case ChangeBehind: // is no answer
	}
	if res.State == StateOffline || res.State == StatePaused { // callers may have waited for this agent alone
		s.alarm.by(s.now())
	}
	if res.State == StatePaused || res.Result == ChangeLater {
		s.alarm.by(s.now()) // of what a pause allows
	}
	s.matched(res.Offer)
	return answer
}

// Device notes what a PBX says of a phone. It implements orchestrator.Devices;
// a phone that is nobody's is ignored.
func (s *Service) Device(ctx context.Context, pbx, endpoint string, state orchestrator.DeviceState) error {
	switch state {
	case orchestrator.DeviceUnknown, orchestrator.DeviceFree, orchestrator.DeviceBusy, orchestrator.DeviceUnreachable:
	default:
		return fault.New("acd.Device", fault.Invalid, "device state %q is unknown", state)
	}
	dir := s.directory.Load()
	agent, ok := dir.phones[phone{pbx, endpoint}]
	if !ok {
		return nil
	}
	now := s.now()
	o, err := s.store.Device(ctx, now, dir.stationOf(agent), state, newUnique())
	if err != nil {
		return err
	}
	s.matched(o)
	if state == orchestrator.DeviceFree {
		return s.hungUp(ctx, agent)
	}
	return nil
}
