package engine_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// source answers look-ups when it is told to.
type source struct {
	mu     sync.Mutex
	asked  []orchestrator.Lookup // guarded by mu
	answer chan orchestrator.LookupAnswer
}

func (s *source) LookUp(ctx context.Context, l orchestrator.Lookup) orchestrator.LookupAnswer {
	s.mu.Lock()
	s.asked = append(s.asked, l)
	s.mu.Unlock()
	select {
	case a := <-s.answer:
		return a
	case <-ctx.Done():
		return orchestrator.LookupAnswer{Result: orchestrator.LookupError}
	}
}

// times is how often it was asked.
func (s *source) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// looks is a number whose flow answers, looks up, and ends by what came of it; a key ends it meanwhile.
const looks = "5555"

func lookingUp(in orchestrator.FlowInput) orchestrator.FlowStep {
	ends := func(by orchestrator.Outcome) orchestrator.FlowStep {
		return step(`4`, orchestrator.Action{Kind: orchestrator.ActHangup, Outcome: string(by)})
	}
	switch {
	case in.Kind == orchestrator.FlowAnswered:
		return step(`6`, orchestrator.Action{Kind: orchestrator.ActLookup, Ref: 7, Lookup: orchestrator.Lookup{Source: "crm",
			Params: map[string]string{"n": "600"}, Masked: []string{"pin"}, Secret: map[string]string{"pin": "4729"}}})
	case in.Kind == orchestrator.FlowDigit:
		return ends(orchestrator.OutcomeRejected)
	case in.Kind == orchestrator.FlowLookedUp && in.Ref == 7 && in.Looked.Values["owes"] == "12":
		return ends(orchestrator.OutcomeCompleted)
	case in.Kind == orchestrator.FlowLookedUp:
		return ends(orchestrator.OutcomeFailed)
	}
	return orchestrator.FlowStep{State: json.RawMessage(`6`)}
}

var found = orchestrator.LookupAnswer{Result: orchestrator.LookupFound, Values: map[string]string{"owes": "12"}}

// TestLookUp: while a source takes its time a call goes on with all that happens, and another process asks anew.
func TestLookUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do     func(s *site, src *source)
		asked  int
		ends   orchestrator.Outcome
		leaves bool // the answer comes to nobody
	}{
		"answered":           {func(_ *site, src *source) { src.answer <- found }, 1, orchestrator.OutcomeCompleted, false},
		"a key meanwhile":    {func(s *site, _ *source) { s.pbx.Press("in.1", "5"); s.wait(time.Second) }, 1, orchestrator.OutcomeRejected, true},
		"a hangup meanwhile": {func(s *site, _ *source) { s.pbx.HangUp("in.1", orchestrator.CauseNormal); s.wait(time.Second) }, 1, orchestrator.OutcomeLeft, true},
		"the process is killed": {func(s *site, src *source) {
			s.kill()
			s.wait(3 * time.Second)
			s.eng.Stop()
			s.start()
			s.wait(5 * time.Second)
			src.answer <- found
		}, 2, orchestrator.OutcomeCompleted, false},
		"the process is replaced": {func(s *site, src *source) {
			s.eng.Stop()
			s.start()
			src.answer <- found
		}, 2, orchestrator.OutcomeCompleted, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				src := &source{answer: make(chan orchestrator.LookupAnswer)}
				s := newSite(t)
				s.eng.Stop()
				s.lookups = src
				s.start()
				s.pbx.Arrive("in.1", looks, caller(1))
				s.wait(2 * time.Second)
				if src.times() != 1 {
					t.Fatalf("the source was asked %d times", src.times())
				}
				row.do(s, src)
				s.wait(time.Second)
				if ended := s.store.ended(); len(ended) != 1 || ended[0].Outcome != row.ends {
					t.Errorf("%+v, want it to have ended by %q while the source takes its time", ended, row.ends)
				}
				if row.leaves {
					src.answer <- found
				}
				s.finish(row.ends)
				if src.times() != row.asked {
					t.Errorf("the source was asked %d times, want %d", src.times(), row.asked)
				}
				for n, ask := range src.asked {
					pin, had := ask.Secret["pin"]
					if ask.Params["n"] != "600" || len(ask.Masked) != 1 || had != (n == 0) || n == 0 && pin != "4729" {
						t.Errorf("look-up %d: %+v", n+1, ask)
					}
				}
			})
		})
	}
}

// TestLookUpWithoutSources: a process that knows none says so at once.
func TestLookUpWithoutSources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Arrive("in.1", looks, caller(1))
		s.wait(time.Second)
		s.finish(orchestrator.OutcomeFailed)
	})
}
