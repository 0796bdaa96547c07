package api

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	remote "github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
)

// What is generated for both ends fits together: lists without a filter, with
// one, a refusal, and the stream.
func TestClientAndServerFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	c, err := remote.New(w.started(s)+"/", w.tokens[wire.RoleAdmin])
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	agents, err := c.Agents(ctx)
	if err != nil || len(agents) != 2 || agents[0].State != wire.AgentStateTalking || !agents[0].Since.Equal(noon) {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	queues, err := c.Queues(ctx)
	if err != nil || len(queues) != 2 {
		t.Errorf("queues: %+v, %v", queues, err)
	}
	calls, err := c.Calls(ctx, wire.ListCallsParams{State: new(wire.CallStateTalking)})
	if err != nil || len(calls) != 1 || calls[0].LiveRecording.ID != liveRec {
		t.Errorf("calls: %+v, %v", calls, err)
	}
	contacts, more, err := c.Contacts(ctx, wire.ListContactsParams{}, 0)
	if err != nil || more || len(contacts) != 1 || contacts[0].Caller.Name != "Ana" {
		t.Errorf("contacts: %+v, %v", contacts, err)
	}
	_, err = c.LoginAgentWithResponse(ctx, "101", wire.AgentLogin{})
	if err != nil || len(w.agents.asked) != 1 {
		t.Errorf("a command: %v", err)
	}
	_, err = c.GetContactWithResponse(ctx, "none")
	if p, ok := errors.AsType[*remote.Refusal](err); !ok || p.Status != 404 || p.Code != wire.ProblemCodeNotFound || p.Detail == "" {
		t.Errorf("a refusal: %v", err)
	}
	ready(t, s)
	var names []string
	err = c.Events(ctx, "", func(e remote.Event) error {
		names = append(names, e.Name)
		switch e.Name {
		case "snapshot":
			var snap wire.Snapshot
			if err := json.Unmarshal(e.Data, &snap); err != nil || len(snap.Calls) != 2 {
				t.Errorf("snapshot: %+v, %v", snap, err)
			}
			w.journal.add(agentEntry("101", "wrapup"))
			return nil
		default:
			var entry wire.Entry
			if err := json.Unmarshal(e.Data, &entry); err != nil || entry.Type != wire.EntryTypeAgentState || e.ID != "2-1" {
				t.Errorf("change: %+v, %v", entry, err)
			}
			return remote.ErrStop
		}
	})
	if err != nil || len(names) != 2 {
		t.Errorf("events %v, %v", names, err)
	}
	var rows wire.LiveRows
	err = c.Live(ctx, "campaigns,campaign:march", func(_ time.Time, some wire.LiveRows) error {
		rows.Campaigns, rows.CampaignViews = append(rows.Campaigns, some.Campaigns...), append(rows.CampaignViews, some.CampaignViews...)
		if len(rows.Campaigns) == 0 || len(rows.CampaignViews) == 0 {
			return nil // they come a moment after the board
		}
		return remote.ErrStop
	})
	if err != nil || rows.Campaigns[0].ID != "march" || rows.CampaignViews[0].Attempts != 9 {
		t.Errorf("a board: %+v, %v", rows, err)
	}
}
