package redisstore_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestARecordThatCannotBeReadStandsInNobodysWay: deadlines, matching and lists
// go on for all others, it is told of once, and what it held is freed.
func TestARecordThatCannotBeReadStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	for _, damaged := range []string{"agents a00", "agents a02", "calls c2", "calls c3", "offers o1", "offers o3"} {
		for _, text := range []string{"{", `"x"`, `{"state":"dreaming","device":7}`} {
			t.Run(damaged+" "+text, func(t *testing.T) {
				t.Parallel()
				var log strings.Builder
				w := empty(t)
				w.svc = w.process(acd.Parts{Definitions: defs(4, queue("ventas")), Log: slog.New(slog.NewTextHandler(&log, nil)),
					Drives: func(string) bool { return false }}) // its deadlines are met when the test says so
				w.login("a00", "a01", "a02")
				o1, o2 := w.serve("c1", "ventas"), w.serve("c2x", "ventas") // a00, a01
				w.finish(o2.ID)                                             // a01 wraps up
				o3 := w.enqueue("c3", "ventas").Offer                       // a02
				w.enqueue("c2", "ventas")
				key, id, _ := strings.Cut(damaged, " ")
				id = strings.NewReplacer("o1", o1.ID, "o3", o3.ID).Replace(id)
				w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:"+key, id, text).Err())

				w.tock(30 * time.Second)
				own := w.unstarted(acd.Parts{Definitions: w.svc.Definitions()})
				w.must(own.Expire(w.ctx())) // o3 lapses, a01 is free again
				w.login("a03")
				if a := w.wantState("a01", acd.StateReserved); a.Call == "" {
					t.Errorf("wrap-up is over and calls wait: %+v", a)
				}
				if _, err := w.svc.Holding(w.ctx(), pbx); err != nil {
					t.Errorf("holding: %v", err)
				}
				for range 2 {
					_, err := w.svc.Heal(w.ctx(), pbx)
					w.must(err)
				}
				if n := strings.Count(log.String(), "cannot be read"); n != 1 {
					t.Errorf("told %d times:\n%s", n, log.String())
				}
				if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
					t.Errorf("still something to mend: %d %v", n, err)
				}
				w.clean()
			})
		}
	}
}

// TestBrokenRecordsNameNoCaller: what is told of a record that cannot be read leaves out
// who called, in the log and in errors.
func TestBrokenRecordsNameNoCaller(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	w := empty(t)
	w.svc = w.unstarted(acd.Parts{Definitions: defs(1, queue("ventas")), Log: slog.New(slog.NewTextHandler(&log, nil))})
	const text = `{"caller":"34600123456","about":{"account":"4455667788"},"queue":"ventas","pbx":"uno","entered":"today"}`
	w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:calls", "c1", text, "c2", text[:16]).Err())
	if _, err := w.svc.Snapshot(w.ctx()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := w.svc.Heal(w.ctx(), pbx)
		w.must(err)
	}
	said := log.String()
	if strings.Count(said, "cannot be read") < 4 || strings.Contains(said, "3460") || strings.Contains(said, "4455") {
		t.Error(said)
	}
}

// tock moves the clock and wakes nobody.
func (w *world) tock(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// TestWhatGoReadsAloneIsSetAsideToo: no script meets it first.
func TestWhatGoReadsAloneIsSetAsideToo(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:calls", "c1", "{").Err())
	if position, _, err := w.svc.Place(w.ctx(), "c1"); position != 0 || err != nil {
		t.Errorf("Place: %d %v", position, err)
	}
	if p := w.enqueue("c1", "ventas"); p.Result != orchestrator.PlacedWaiting {
		t.Errorf("Enqueue: %+v", p)
	}
	broken, err := w.store.Broken(w.ctx())
	if w.must(err); len(broken) != 1 || broken[0] != (acd.BrokenRecord{Name: "calls c1", Text: "{"}) {
		t.Errorf("set aside: %+v", broken)
	}
}

// TestAnAgentWhoseRecordIsBrokenComesBack with the next that is heard of him, or
// the next time the store is looked over: he is not logged out. One who paused
// stays paused, as far as that can still be read.
func TestAnAgentWhoseRecordIsBrokenComesBack(t *testing.T) {
	t.Parallel()
	heard := map[string]func(w *world){
		"his phone": func(w *world) { w.device("100", orchestrator.DeviceFree) },
		"his wish":  func(w *world) { w.do(orchestrator.AgentPause, "a00"); w.do(orchestrator.AgentResume, "a00") },
		"a look": func(w *world) {
			n, err := w.svc.Heal(w.ctx(), pbx)
			if w.must(err); n == 0 {
				w.Error("it is not counted")
			}
		},
	}
	for name, fact := range heard {
		for _, text := range []string{"{", `"x"`, `{"state":"paused","reason":"lunch","since":`} {
			t.Run(name+" "+text, func(t *testing.T) {
				t.Parallel()
				var log strings.Builder
				w := empty(t)
				w.svc = w.process(acd.Parts{Definitions: defs(2, queue("ventas")), Log: slog.New(slog.NewTextHandler(&log, nil)),
					Drives: func(string) bool { return false }})
				w.login("a00")
				w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:agents", "a00", text).Err())
				fact(w)
				want := acd.StateAvailable
				if strings.Contains(text, "paused") && name != "his wish" {
					want = acd.StatePaused
				}
				w.wantState("a00", want)
				for range 2 {
					_, err := w.svc.Heal(w.ctx(), pbx)
					w.must(err)
				}
				if n := strings.Count(log.String(), "cannot be read"); n != 1 {
					t.Errorf("told %d times:\n%s", n, log.String())
				}
				if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
					t.Errorf("still something to mend: %d %v", n, err)
				}
				w.clean()
			})
		}
	}
}

// TestToldBeforeTheAgentIsBack: that the record has been told of takes nothing
// away from what the agent's new one is made of.
func TestToldBeforeTheAgentIsBack(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:agents", "a00", `{"state":"paused","reason":"lunch","since":`).Err())
	w.must(w.store.EachAgent(w.ctx(), func(string, acd.AgentRecord) error { return nil }))
	if broken, err := w.store.Broken(w.ctx()); err != nil || len(broken) != 1 {
		t.Fatalf("set aside: %+v, %v", broken, err)
	}
	_, err := w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	w.wantState("a00", acd.StatePaused)
}
