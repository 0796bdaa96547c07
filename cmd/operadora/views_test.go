package main

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestTheBoardDoesNotPromiseAgents: of an agent who is available and gets no call the
// API says that, and why. (How they count: acd/redisstore, countFaults.)
func TestTheBoardDoesNotPromiseAgents(t *testing.T) {
	t.Parallel()
	busy := acd.AgentView{ID: "101", State: acd.StateAvailable, Device: orchestrator.DeviceBusy, RestUntil: 7, RestFor: "busy",
		Next: "pause", NextReason: "lunch"}
	if v := agentView(busy); !v.PassedOver || !v.RestUntil.Equal(time.UnixMilli(7)) || v.RestFor != "busy" || v.Next != "pause" || v.NextReason != "lunch" || v.State != "available" {
		t.Errorf("%+v", v)
	}
	free := acd.AgentView{ID: "102", State: acd.StateAvailable, Eligible: true}
	if agentView(free).PassedOver {
		t.Error("one whom calls reach is passed over")
	}
}

// TestWrongPINsAreAudited: the audit log tells which agent, at which phone, and
// what came of it.
func TestWrongPINsAreAudited(t *testing.T) {
	t.Parallel()
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(t.TempDir(), "r.db")), Connections: 1}, time.Now)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	a := &App{db: db, log: slog.New(slog.DiscardHandler)}
	a.auditAgent(t.Context(), acd.AuditNote{Action: "agent.pin_locked", Agent: "101", PBX: "main", Phone: "PJSIP/101", Detail: "for login; 3 wrong in a row"})
	list, _, err := db.AuditLog(t.Context(), records.AuditFilter{Limit: 10})
	must(t, err)
	if len(list) != 1 || list[0].Action != "agent.pin_locked" || list[0].Object != "101" || list[0].Who != "PJSIP/101 on main" || list[0].Detail == "" {
		t.Errorf("the audit log has %+v", list)
	}
}
