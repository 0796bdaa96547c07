package api

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestEvidence: what the API sends is whole, has what was played by the records, and is on the
// audit log with its last hash; agents do not get it.
func TestEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.record(
		entry("9-1", orchestrator.EntryCallMessage, "lost", "", map[string]any{"state": "playing", "sounds": []string{"sorry"}, "answered_ms": 2000}),
		entry("9-2", orchestrator.EntryCallMessage, "lost", "", map[string]any{"state": "heard", "sounds": []string{"sorry"}, "answered_ms": 5000}),
		entry("9-3", orchestrator.EntryCallEnded, "lost", "", orchestrator.CallSummary{Call: "lost", Kind: orchestrator.KindCampaign, StartedAt: noon.UnixMilli(), AnsweredAt: noon.Add(4 * time.Second).UnixMilli(), Path: []string{"agent", "sorry"}}))
	path := "/api/v1/campaigns/march/evidence?from=" + noon.Add(-time.Hour).Format(time.RFC3339) + "&to=" + noon.Format(time.RFC3339)
	sums := map[string]bool{}
	for format, kind := range map[string]string{"": "application/x-ndjson", "&format=csv": "text/csv; charset=utf-8; header=present"} {
		r := ask(s, "GET", path+format, w.tokens[wire.RoleSupervisor], "")
		text := r.Body.String()
		v, err := evidence.Verify(strings.NewReader(text))
		if r.Code != 200 || r.Header().Get("Content-Type") != kind || err != nil || len(v.Faults) > 0 || v.Abandoned != 1 || v.Answered != 1 {
			t.Errorf("%s: %d %s %v %+v", format, r.Code, r.Header().Get("Content-Type"), err, v)
		}
		for _, want := range []string{"lost", "sorry", "heard", "agent sorry", noon.Add(6 * time.Second).UTC().Format("15:04:05")} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in it:\n%s", format, want, text)
			}
		}
		sums[v.Sum] = true
	}
	list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "campaign.evidence_sum"})
	if err != nil || len(list) != 2 || !sums[list[0].Detail] || !sums[list[1].Detail] || list[0].Object != "march" {
		t.Errorf("%+v, %v, want %v", list, err, sums)
	}
	if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "campaign.evidence"}); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, r := range []struct {
		role wire.Role
		path string
		code int
	}{
		{wire.RoleAgent, path, 403}, {wire.RoleWallboard, path, 403}, {wire.RoleAdmin, strings.Replace(path, "march", "april", 1), 404},
		{wire.RoleAdmin, "/api/v1/campaigns/march/evidence", 400}, {wire.RoleAdmin, path + "&format=xml", 400},
	} {
		if got := ask(s, "GET", r.path, w.tokens[r.role], ""); got.Code != r.code {
			t.Errorf("%s %s: %d %s", r.role, r.path, got.Code, got.Body)
		}
	}
}
