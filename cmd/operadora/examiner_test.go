package main

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora/doctor"
)

// TestExaminer: one examination at a time, seen while it is under way, ended by its limit, and one
// that breaks off says so and ends nothing else.
func TestExaminer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		var examine func(ctx context.Context, tell func([]doctor.Line))
		e := &examiner{instance: "north", log: slog.New(slog.DiscardHandler), now: time.Now,
			begin:   func(do func(context.Context)) { wg.Go(func() { do(t.Context()) }) },
			examine: func(ctx context.Context, tell func([]doctor.Line)) { examine(ctx, tell) }}
		want := func(what string, running bool, by string, lines ...string) wire.Examination {
			t.Helper()
			got := e.Examination()
			var texts []string
			for _, l := range got.Lines {
				texts = append(texts, string(l.Verdict)+" "+l.Text["es"])
			}
			if got.Running != running || got.By != by || got.Instance != "north" || len(texts) != len(lines) {
				t.Fatalf("%s: %+v", what, got)
			}
			for i := range lines {
				if texts[i] != lines[i] {
					t.Errorf("%s: line %d is %q, want %q", what, i, texts[i], lines[i])
				}
			}
			return got
		}
		want("before the first", false, "")
		examine = func(ctx context.Context, tell func([]doctor.Line)) {
			tell([]doctor.Line{{Text: "a query is answered"}})
			<-ctx.Done() // somebody hangs
			tell([]doctor.Line{{Verdict: doctor.Fault, Text: "no event came back: x"}})
		}
		begun := e.Examine("eva")
		synctest.Wait()
		e.Examine("ana")
		want("two at once", true, "eva", "ok se responde a una consulta")
		wg.Wait()
		got := want("after its limit", false, "eva", "ok se responde a una consulta", "fault no volvió ningún evento: x")
		if took := got.EndedAt.Sub(begun.StartedAt); took != examineLimit {
			t.Errorf("ended after %s", took)
		}
		examine = func(context.Context, func([]doctor.Line)) { panic("oh") }
		e.Examine("ana")
		wg.Wait()
		if got := want("broken off", false, "ana", "fault terminó por sí mismo: oh"); got.Lines[0].Remedy["en"] == "" {
			t.Errorf("no remedy: %+v", got)
		}
	})
}
