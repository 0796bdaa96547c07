package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// Evidence is everything that is known of one caller's call afterwards.
type Evidence struct {
	Contacts []wire.Contact // on record under the caller's number; one is right
	Timeline []wire.Entry
	Sound    *Sound // of the recording or message on record; nil when there is none
	Trouble  string // what went wrong on the caller's side of the line, "" for nothing
	Desk     string // what went wrong at the agent's, "" for nothing
}

// Sound is a recording as the API delivers it.
type Sound struct {
	Bytes  int
	Length time.Duration
	Loud   bool   // there is more than silence in it
	Err    string // why it could not be fetched or read, "" for nothing
}

// Judge says in what a call was not as its script wants it; nothing when it was.
func Judge(s Script, e Evidence) (faults []string) {
	differs := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if e.Trouble != "" {
		differs("%s", e.Trouble)
	}
	if e.Desk != "" {
		differs("%s", e.Desk)
	}
	if len(e.Contacts) != 1 {
		differs("on record %d times, want once", len(e.Contacts))
		return faults
	}
	c, want := e.Contacts[0], s.Expect
	same := func(what, got, want string) {
		if got != want {
			differs("%s %q, want %q", what, got, want)
		}
	}
	same("outcome", string(c.Outcome), string(want.Outcome))
	same("queue", c.Queue, want.Queue)
	if want.Language != "" {
		same("language", c.Language, want.Language)
	}
	same("dialled", c.DID, s.DID)
	same("disposition", c.Disposition, want.Disposition)
	if want.EndedBy != "" {
		same("ended by", string(c.EndedBy), want.EndedBy)
	}
	if c.Offers < want.Offers {
		differs("%d agents' phones rang, want %d", c.Offers, want.Offers)
	}
	if missing := notPassed(c.Path, want.Nodes); missing != "" {
		differs("never came to %s", missing)
	}
	for _, retry := range s.retries() {
		if !slices.ContainsFunc(heard(e.Timeline), func(n wire.EntryNode) bool { return n.Flow+"/"+n.Node == retry && n.Outcome == "retry" }) {
			differs("%s never asked again", retry)
		}
	}
	if (c.Agent != "") != (want.Outcome == wire.OutcomeServed) {
		differs("served by %q", c.Agent)
	}
	return append(faults, judgeSound(c, want, e.Sound)...)
}

// judgeSound looks at the recording or message.
func judgeSound(c wire.Contact, want Expect, s *Sound) (faults []string) {
	if (c.Recording != "") != want.Recording {
		faults = append(faults, fmt.Sprintf("recording %q, want one: %v", c.Recording, want.Recording))
	}
	if (c.Voicemail != "") != want.Voicemail {
		faults = append(faults, fmt.Sprintf("message %q, want one: %v", c.Voicemail, want.Voicemail))
	}
	switch {
	case !want.Recording && !want.Voicemail:
	case s == nil:
		faults = append(faults, "nothing was recorded")
	case s.Err != "":
		faults = append(faults, "recording: "+s.Err)
	case !s.Loud:
		faults = append(faults, "the recording is silent")
	case want.Recording && s.Length < time.Duration(c.TalkMS)*time.Millisecond/2:
		// A PBX on a busy machine begins late and loses packets, but not half of a conversation.
		faults = append(faults, fmt.Sprintf("only %s of the conversation are recorded", s.Length.Round(100*time.Millisecond)))
	}
	return faults
}

// notPassed returns the first of nodes that path does not pass in that order, "" when it passes all.
func notPassed(path, nodes []string) string {
	for _, n := range nodes {
		i := slices.Index(path, n)
		if i < 0 {
			return n
		}
		path = path[i:]
	}
	return ""
}

// retries lists the menus that must ask again.
func (s Script) retries() (out []string) {
	for _, st := range s.steps {
		if st.act == onRetry {
			out = append(out, st.arg)
		}
	}
	return out
}

// Books is what must add up after a round.
type Books struct {
	Placed   int                // calls that callers made
	Contacts []wire.Contact     // callers' calls on record
	Journal  []wire.CallSummary // ended callers' calls in the journal
	Agents   []wire.Agent
	Left     []string // what is left in the PBX or in operadora, in words
}

// Check is one thing that must be so.
type Check struct {
	What string // with the figures
	OK   bool
}

// Balance draws up the totals.
func Balance(b Books) []Check {
	return append(countOutcomes(b), checkAgents(b), checkJournal(b), checkLeft(b))
}

// countOutcomes adds up the calls by outcome.
func countOutcomes(b Books) []Check {
	by, sum := map[wire.Outcome]int{}, 0
	for _, c := range b.Contacts {
		by[c.Outcome]++
	}
	var parts []string
	for _, o := range []wire.Outcome{wire.OutcomeServed, wire.OutcomeAbandoned, wire.OutcomeLeft,
		wire.OutcomeVoicemail, wire.OutcomeCompleted, wire.OutcomeTransferred, wire.OutcomeRejected,
		wire.OutcomeTerminated, wire.OutcomeFailed, wire.OutcomeQueueGone, wire.OutcomeAway, wire.OutcomeLost,
		wire.OutcomeNoAnswer, wire.OutcomeBusy, wire.OutcomeDeclined, wire.OutcomeUnreachable, wire.OutcomeInvalid, wire.OutcomeCongested, wire.OutcomeRefused} {
		if by[o] > 0 {
			sum += by[o]
			parts = append(parts, fmt.Sprintf("%d %s", by[o], o))
		}
	}
	return []Check{{fmt.Sprintf("%d calls placed = %s", b.Placed, strings.Join(parts, " + ")), sum == b.Placed && len(b.Contacts) == b.Placed}}
}

// checkAgents compares what agents did with the calls that were served.
func checkAgents(b Books) Check {
	served, sum, ok := map[string]int{}, 0, true
	for _, c := range b.Contacts {
		if c.Outcome == wire.OutcomeServed {
			served[c.Agent]++
		}
	}
	var parts []string
	for _, a := range b.Agents {
		sum += int(a.Calls)
		parts = append(parts, fmt.Sprintf("%s: %d", a.ID, a.Calls))
		ok = ok && int(a.Calls) == served[a.ID]
		delete(served, a.ID)
	}
	return Check{fmt.Sprintf("the agents' own counts add up to %d served (%s)", sum, strings.Join(parts, ", ")), ok && len(served) == 0}
}

// checkJournal compares the records with the journal, call by call.
func checkJournal(b Books) Check {
	journal, same := map[string]wire.CallSummary{}, 0
	for _, s := range b.Journal {
		journal[s.ID] = s
	}
	for _, c := range b.Contacts {
		s, ok := journal[c.ID]
		if ok && s.Outcome == c.Outcome && s.EndedAt.Equal(c.EndedAt) && s.Agent == c.Agent && s.TalkMS == c.TalkMS && s.WaitMS == c.WaitMS {
			same++
		}
	}
	return Check{fmt.Sprintf("%d records in SQL, %d calls ended in the journal, %d the same in both", len(b.Contacts), len(b.Journal), same),
		same == len(b.Contacts) && same == len(b.Journal)}
}

func checkLeft(b Books) Check {
	if len(b.Left) == 0 {
		return Check{"nothing is left: no channel or bridge in the PBX, no live call, nobody in a queue", true}
	}
	return Check{"left over: " + strings.Join(b.Left, "; "), false}
}
