package api

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

const (
	historyMost      = 20  // earlier calls that are told of a number
	appointmentsMost = 100 // of an agent
)

// GetAgentChoices implements StrictServerInterface.
func (s operations) GetAgentChoices(ctx context.Context, r GetAgentChoicesRequestObject) (GetAgentChoicesResponseObject, error) {
	if _, err := s.Floor.Agent(ctx, r.Agent); err != nil {
		return nil, err
	}
	c, err := s.Definitions.Choices(ctx, r.Agent)
	if err != nil {
		return nil, err
	}
	c.Queues, c.PauseReasons, c.Dispositions, c.Flows = list(c.Queues), list(c.PauseReasons), list(c.Dispositions), list(c.Flows)
	for i := range c.Queues {
		c.Queues[i].Dispositions = list(c.Queues[i].Dispositions)
	}
	return GetAgentChoices200JSONResponse(c), nil
}

// ListAgentAppointments implements StrictServerInterface.
func (s operations) ListAgentAppointments(ctx context.Context, r ListAgentAppointmentsRequestObject) (ListAgentAppointmentsResponseObject, error) {
	made, err := s.Leads.Appointments(ctx, madeBy(r.Agent), appointmentsMost)
	if err != nil {
		return nil, err
	}
	out := ListAgentAppointments200JSONResponse{Items: []wire.AgentAppointment{}}
	for _, a := range made {
		out.Items = append(out.Items, wire.AgentAppointment{Campaign: a.Campaign, Lead: strconv.FormatInt(a.Lead, 10), Name: printable(a.Name), At: a.At})
	}
	return out, nil
}

// madeBy is who made an appointment, as it is on record.
func madeBy(agent string) string { return "agent:" + agent }

// GetCallHistory implements StrictServerInterface.
func (s operations) GetCallHistory(ctx context.Context, r GetCallHistoryRequestObject) (GetCallHistoryResponseObject, error) {
	number, err := s.numberOn(ctx, r.Call)
	if err != nil {
		return nil, err
	}
	out := GetCallHistory200JSONResponse{Items: []wire.PastCall{}}
	forms := s.numbers(number)
	if len(forms) == 0 {
		return out, nil
	}
	before, _, err := s.Records.Contacts(ctx, records.ContactFilter{Callers: forms, Kind: records.KindCustomer, Limit: historyMost})
	if err != nil {
		return nil, err
	}
	for _, c := range before {
		if c.Call == r.Call {
			continue
		}
		past := wire.PastCall{Call: c.Call, Kind: wire.CallKind(c.Kind), At: wire.At(c.StartedAt), Queue: c.Queue, Campaign: c.Campaign, Agent: c.Agent,
			Outcome: wire.Outcome(c.Outcome), TalkMS: c.TalkMS}
		if c.Disposition != "" {
			entries, err := s.Records.Timeline(ctx, c.Call)
			if err != nil {
				return nil, err
			}
			past.Dispositions, past.Notes = noted(entries)
		}
		out.Items = append(out.Items, past)
	}
	return out, nil
}

// numberOn is the number of the customer of a call, in progress or ended, that the asker may see.
func (s *Server) numberOn(ctx context.Context, id string) (string, error) {
	live, err := s.call(ctx, id)
	if err == nil {
		return live.Caller.Number, nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	ended, _, err := s.contact(ctx, id)
	return ended.Caller.Number, err
}

// noted is what an agent left of a call: the last disposition, those beside it, and the notes.
func noted(entries []orchestrator.Entry) (dispositions []string, notes string) {
	for _, e := range entries {
		var d wire.EntryDisposed
		if e.Type != orchestrator.EntryAgentDisposed || json.Unmarshal(e.Data, &d) != nil {
			continue
		}
		if !d.Also {
			dispositions, notes = nil, d.Notes
		}
		dispositions = append(dispositions, d.Disposition)
	}
	return dispositions, printable(notes)
}
