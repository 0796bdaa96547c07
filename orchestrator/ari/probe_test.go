package ari

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	w, _, _ := start(t)
	r, err := Probe(t.Context(), w.config(""))
	must(t, err)
	if !strings.Contains(r.Version, ".") || r.StartedAt.IsZero() || !r.Attached || r.Request <= 0 || r.Event <= 0 {
		t.Errorf("report %+v", r)
	}
	if len(r.Missing) != 0 || !r.HasSound("en", "vm-and") || !r.HasSound("es", "vm-and") || r.HasSound("es", "nosuch") {
		t.Errorf("missing %q, languages %d", r.Missing, len(r.Sounds))
	}
	if r.WriteTimeout != 5*time.Second {
		t.Errorf("websocket_write_timeout %v", r.WriteTimeout)
	}
	if got := r.Warnings(); len(got) != 0 {
		t.Errorf("warnings %q", got)
	}
	cfg := w.config("")
	cfg.Password = "wrong"
	if _, err := Probe(t.Context(), cfg); fault.KindOf(err) != fault.Denied {
		t.Errorf("wrong password: %v", err)
	}
}

func TestReportWarnings(t *testing.T) {
	t.Parallel()
	sounds := map[string][]string{"en": {"hello"}}
	rows := []struct {
		name string
		r    Report
		want int
	}{
		{"all well", Report{Version: "22.10.1", Sounds: sounds, WriteTimeout: 5 * time.Second}, 0},
		{"setting not told", Report{Version: "18.26.0", Sounds: sounds}, 0},
		{"old", Report{Version: "16.28.0", Sounds: sounds}, 1},
		{"module, sounds and setting", Report{Version: "22.10.1", Missing: []string{"res_stasis"}, WriteTimeout: 100 * time.Millisecond}, 3},
	}
	for _, r := range rows {
		if got := r.r.Warnings(); len(got) != r.want {
			t.Errorf("%s: %q", r.name, got)
		}
	}
}

// BenchmarkRequest measures one command's round trip on a real Asterisk.
func BenchmarkRequest(b *testing.B) {
	asterisk := lab.AsteriskFor(b, lab.AsteriskOptions{})
	w := &world{asterisk: asterisk}
	a, err := New("lab", w.config(""), quietLog(), NewMetrics(nil))
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := a.SetLamp(b.Context(), "op-bench", orchestrator.LampFree); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	b.ReportMetric(float64(median(took).Microseconds()), "p50-us")
}

// Each module of the list is missed: the first thing that fails without it is a
// caller's call.
func TestMissingModules(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/asterisk/modules", answer(200, `[{"name":"app_stasis.so","status":"Running"},{"name":"chan_bridge_media.so","status":"Not Running"}]`))
	var r Report
	must(t, f.adapter(nil).probeModules(t.Context(), &r))
	if slices.Contains(r.Missing, "app_stasis") || len(r.Missing) != len(neededModules)-1 || !slices.IsSorted(r.Missing) {
		t.Errorf("missing %q", r.Missing)
	}
}

// Without chan_bridge_media no conversation can be recorded, and the probe says so.
func TestRecordingNeedsItsModule(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx := t.Context()
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	must(t, a.CreateBridge(ctx, "op-c1-b1"))
	must(t, a.Join(ctx, "op-c1-b1", channel))
	if _, err := w.asterisk.CLI("module unload chan_bridge_media.so"); err != nil {
		t.Fatal(err)
	}
	if err := a.Record(ctx, orchestrator.RecordingOrder{ID: "op-c1-r1", Bridge: "op-c1-b1", Format: "wav"}); err == nil {
		t.Error("recorded without the module")
	}
	r, err := Probe(ctx, w.config(""))
	must(t, err)
	if !slices.Equal(r.Missing, []string{"chan_bridge_media"}) || len(r.Warnings()) != 1 {
		t.Errorf("missing %q, warnings %q", r.Missing, r.Warnings())
	}
	must(t, a.DestroyBridge(ctx, "op-c1-b1"))
}
