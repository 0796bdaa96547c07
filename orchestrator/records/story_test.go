package records

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// story writes a journal as the engine would.
type story struct {
	t       testing.TB
	entries []orchestrator.Entry
	at      time.Time
	n       int
}

func newStory(t testing.TB) *story { return &story{t: t, at: noon} }

// wait lets time pass.
func (s *story) wait(d time.Duration) *story { s.at = s.at.Add(d); return s }

func (s *story) add(e orchestrator.Entry, data any) *story {
	s.t.Helper()
	if data != nil {
		b, err := json.Marshal(data)
		if err != nil {
			s.t.Fatal(err)
		}
		e.Data = b
	}
	s.n++
	// The counter has 1 to 3 digits: ids that sort wrongly as plain text.
	e.ID, e.At = fmt.Sprintf("%d-%d", s.at.UnixMilli(), s.n), s.at
	s.entries = append(s.entries, e)
	return s
}

type fields map[string]any

// call makes an entry of a call.
func (s *story) call(id string, t orchestrator.EntryType, data any) *story {
	return s.add(orchestrator.Entry{Type: t, Call: id, PBX: "main"}, data)
}

// served tells a whole call that waits and talks in a queue, with a recording.
func (s *story) served(id, queue, agent string, waited, talked time.Duration) *story {
	start := s.at
	s.call(id, orchestrator.EntryCallStarted, orchestrator.CallSummary{Call: id, PBX: "main"})
	s.call(id, orchestrator.EntryCallQueued, fields{"queue": queue})
	s.call(id, orchestrator.EntryCallOffered, fields{"queue": queue, "agent": agent, "offer": "o" + id})
	s.wait(waited).call(id, orchestrator.EntryCallConnected, fields{"agent": agent, "wait_ms": waited.Milliseconds()})
	s.call(id, orchestrator.EntryCallRecording, fields{"recording": "rec-" + id, "state": "started"})
	s.wait(talked).call(id, orchestrator.EntryCallParted, fields{"agent": agent, "by": "caller", "talk_ms": talked.Milliseconds()})
	s.call(id, orchestrator.EntryCallRecording, fields{"recording": "rec-" + id, "state": "finished"})
	return s.ended(orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound, DID: "3000",
		Caller: orchestrator.Party{Number: "+34600" + id, Name: "Ana"}, Language: "es", StartedAt: ms(start), AnsweredAt: ms(start),
		QueuedAt: ms(start), ConnectedAt: ms(start.Add(waited)), PartedAt: ms(s.at), WaitMS: waited.Milliseconds(),
		TalkMS: talked.Milliseconds(), Queue: queue, Agent: agent, Offers: 1, Outcome: orchestrator.OutcomeServed,
		EndedBy: "caller", Cause: orchestrator.CauseNormal, Recording: "rec-" + id, Path: []string{"main/welcome", "main/" + queue}})
}

// abandoned tells a call that hangs up in a queue.
func (s *story) abandoned(id, queue string, waited time.Duration) *story {
	start := s.at
	s.call(id, orchestrator.EntryCallQueued, fields{"queue": queue})
	s.wait(waited).call(id, orchestrator.EntryCallUnqueued, fields{"queue": queue, "why": "hangup", "wait_ms": waited.Milliseconds()})
	return s.ended(orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound, DID: "3000",
		Caller: orchestrator.Party{Number: "600" + id}, StartedAt: ms(start), QueuedAt: ms(start), WaitMS: waited.Milliseconds(),
		Queue: queue, Outcome: orchestrator.OutcomeAbandoned, EndedBy: "caller", Cause: orchestrator.CauseNormal})
}

func (s *story) ended(c orchestrator.CallSummary) *story {
	c.EndedAt = ms(s.at)
	return s.call(c.Call, orchestrator.EntryCallEnded, c)
}

func (s *story) disposed(call, agent, disposition string) *story {
	return s.add(orchestrator.Entry{Type: orchestrator.EntryAgentDisposed, Agent: agent},
		fields{"call": call, "queue": "sales", "disposition": disposition, "by": "phone"})
}

func (s *story) agent(agent, from, to string) *story {
	return s.add(orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: agent},
		orchestrator.AgentChange{From: from, To: to, By: "phone"})
}

// day tells a mixed day: all outcomes, two queues, interleaved, seeded.
func (s *story) day(calls int, seed uint64) *story {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range calls {
		id := fmt.Sprintf("c%03d", i)
		queue, agent := []string{"sales", "support"}[r.IntN(2)], fmt.Sprintf("a%d", r.IntN(3))
		waited := time.Duration(r.IntN(60_000)+1) * time.Millisecond
		switch r.IntN(4) {
		case 0:
			s.abandoned(id, queue, waited)
		case 1: // overflows into the other queue, then is served there
			s.call(id, orchestrator.EntryCallQueued, fields{"queue": "first"})
			s.wait(waited).call(id, orchestrator.EntryCallUnqueued, fields{"queue": "first", "why": "timeout", "wait_ms": waited.Milliseconds()})
			s.served(id, queue, agent, waited, time.Minute)
		default:
			if r.IntN(2) == 0 { // an agent on a fast phone: the code is dialled before the call is cleared
				s.disposed(id, agent, "early")
			}
			s.served(id, queue, agent, waited, time.Duration(r.IntN(90_000))*time.Millisecond)
			s.agent(agent, "talking", "wrapup")
		}
		if r.IntN(3) == 0 {
			s.disposed(id, agent, "sale")
		}
		s.wait(time.Second)
	}
	return s
}
