package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// act is something that a caller does, or waits for in the journal.
type act string

const (
	atNode    act = "node"      // waits until the flow has entered the node named
	onRetry   act = "retry"     // waits until the menu named asks again
	onQueued  act = "queued"    // waits for a place in a queue
	onRinging act = "ringing"   // waits until an agent's phone rings
	onMail    act = "mail"      // waits until a message is being recorded
	listen    act = "listen"    // waits until something is to be heard
	press     act = "press"     // presses the keys named
	think     act = "think"     // hesitates for Script.Think
	converse  act = "converse"  // is connected with an agent, hears him and speaks
	speak     act = "speak"     // speaks for Script.Talk
	hangUp    act = "hang up"   // ends the call
	stay      act = "stay"      // waits until the other side has ended the call
	noAnswer  act = "no answer" // only for a number that nobody has: the call is refused
)

// step is one act with the node or keys that it is about.
type step struct {
	act act
	arg string
}

// Script is what one caller does and what must come of it.
type Script struct {
	Nr       int
	What     string        // in words
	Number   string        // the caller's
	DID      string        // the number dialled
	Language string        // in which the call begins
	Tone     float64       // Hz; what the caller's voice sounds like
	Gap      time.Duration // from the previous caller to this one
	Think    time.Duration
	Talk     time.Duration
	Pickup   time.Duration // how long the agent lets the phone ring
	Desk     Desk
	Expect   Expect

	steps []step
}

// Desk is what happens at the desk phones with a call.
type Desk struct {
	Unanswered bool   // every phone rings on: the caller will not wait
	Missed     int    // so many offers are let ring out,
	Declined   int    // and then so many are declined, before one is answered
	CallerEnds bool   // the agent talks on until the caller hangs up
	Dispose    string // digits of the outcome that the agent dials afterwards
}

// Expect is what must be on record. Where not said otherwise, an empty text
// expects nothing on record.
type Expect struct {
	Outcome     wire.Outcome
	EndedBy     string // "" is anybody
	Queue       string
	Language    string // at the end; "" is any
	Nodes       []string
	Offers      int    // at least
	Recording   bool   // of the conversation
	Voicemail   bool   // a message
	Disposition string // by name
}

// kind is a sort of caller.
type kind struct {
	what   string
	steps  []step
	desk   Desk
	expect Expect
	did    string // "" is either number of the demonstration
	other  bool   // the language changes
	slow   bool   // takes long, and therefore comes early
}

var toAgent = []step{{act: onQueued}, {act: converse}}

// menuThen reaches the menu and goes on with steps.
func menuThen(more ...step) []step {
	return append([]step{{atNode, "welcome/menu"}, {act: think}}, more...)
}

func served(queue, node string) Expect {
	return Expect{Outcome: wire.OutcomeServed, Queue: queue, Offers: 1, Recording: true, Nodes: []string{"welcome/menu", "welcome/" + node}}
}

var (
	message  = []step{{act: onMail}, {act: speak}, {press, "#"}, {act: stay}}
	mailed   = Expect{Outcome: wire.OutcomeVoicemail, Voicemail: true, Nodes: []string{"welcome/message", "voicemail/take", "voicemail/thanks"}}
	menuLeft = Expect{Outcome: wire.OutcomeLeft, EndedBy: "caller"}
)

func abandoned(queue string) Expect {
	return Expect{Outcome: wire.OutcomeAbandoned, EndedBy: "caller", Queue: queue}
}

// withAgent asks for a queue by key and talks until the agent hangs up.
func withAgent(key string) []step {
	return menuThen(append(append([]step{{press, key}}, toAgent...), step{act: stay})...)
}

// until talks as withAgent does, but the caller hangs up.
func callerFirst(key string) []step {
	return menuThen(append(append([]step{{press, key}}, toAgent...), step{act: speak}, step{act: hangUp})...)
}

// kinds are the sorts of callers in the order in which a small crowd has them.
var kinds = []kind{
	{what: "1, sales", steps: withAgent("1"), expect: served("sales", "sales")},
	{what: "2, support", steps: withAgent("2"), expect: served("support", "support")},
	{what: "hangs up in the menu", steps: menuThen(step{act: hangUp}), expect: menuLeft.at("welcome/menu")},
	{what: "hangs up in the queue", steps: menuThen(step{press, "1"}, step{act: onQueued}, step{act: think}, step{act: hangUp}),
		desk: Desk{Unanswered: true}, expect: abandoned("sales")},
	{what: "3, leaves a message", steps: menuThen(append([]step{{press, "3"}}, message...)...), expect: mailed},
	{what: "9, other language, 1", other: true, steps: menuThen(append([]step{{press, "9"}}, withAgent("1")...)...), expect: served("sales", "sales")},
	{what: "wrong key, then 2", steps: menuThen(append([]step{{press, "7"}, {onRetry, "welcome/menu"}, {act: think}, {press, "2"}},
		append(toAgent, step{act: stay})...)...), expect: served("support", "support")},
	{what: "presses nothing, leaves", slow: true, steps: []step{{onRetry, "welcome/menu"}, {act: listen}, {act: hangUp}},
		expect: menuLeft.at("welcome/menu")},
	{what: "1, first agent misses", steps: withAgent("1"), desk: Desk{Missed: 1}, expect: served("sales", "sales").offers(2)},
	{what: "1, caller ends", steps: callerFirst("1"), desk: Desk{CallerEnds: true}, expect: served("sales", "sales").by("caller")},
	{what: "two wrong keys, message", slow: true, steps: menuThen(append([]step{{press, "7"}, {onRetry, "welcome/menu"}, {act: think}, {press, "8"}}, message...)...),
		expect: mailed},
	{what: "0, the operator", steps: withAgent("0"), expect: served("support", "operator")},
	{what: "a number nobody has", did: "5999", steps: []step{{act: noAnswer}}, expect: Expect{Outcome: wire.OutcomeTransferred, EndedBy: "operadora"}},
	{what: "2, then * for a message", steps: menuThen(append([]step{{press, "2"}, {act: onQueued}, {act: think}, {press, "*"}}, message...)...),
		desk: Desk{Unanswered: true}, expect: mailed.in("support")},
	{what: "2, support", steps: withAgent("2"), expect: served("support", "support")},
	{what: "hangs up at the welcome", steps: []step{{atNode, "welcome/greet"}, {act: listen}, {act: hangUp}}, expect: menuLeft.at("welcome/greet")},
	{what: "hangs up while it rings", steps: menuThen(step{press, "2"}, step{act: onRinging}, step{act: hangUp}),
		desk: Desk{Unanswered: true}, expect: abandoned("support").offers(1)},
	{what: "1, outcome given", steps: withAgent("1"), desk: Desk{Dispose: "3"}, expect: served("sales", "sales").disposed("sale")},
	{what: "2, first agent declines", steps: withAgent("2"), desk: Desk{Declined: 1}, expect: served("support", "support").offers(2)},
	{what: "9, other language, 2", other: true, steps: menuThen(append([]step{{press, "9"}}, withAgent("2")...)...), expect: served("support", "support")},
	{what: "1, sales", steps: withAgent("1"), expect: served("sales", "sales")},
	{what: "hangs up in the queue", steps: menuThen(step{press, "2"}, step{act: onQueued}, step{act: think}, step{act: hangUp}),
		desk: Desk{Unanswered: true}, expect: abandoned("support")},
	{what: "2, caller ends", steps: callerFirst("2"), desk: Desk{CallerEnds: true}, expect: served("support", "support").by("caller")},
	{what: "1, sales", steps: withAgent("1"), expect: served("sales", "sales")},
}

func (e Expect) at(nodes ...string) Expect   { e.Nodes = nodes; return e }
func (e Expect) in(queue string) Expect      { e.Queue = queue; return e }
func (e Expect) by(who string) Expect        { e.EndedBy = who; return e }
func (e Expect) offers(n int) Expect         { e.Offers = n; return e }
func (e Expect) disposed(name string) Expect { e.Disposition = name; return e }
func span(r *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + r.Float64()*(to-from)) * float64(time.Second))
}

// languages of the demonstration's numbers.
var languages = map[string]string{"5000": "es", "5001": "en"}

// Crowd is n callers. The same seed makes the same crowd; the first kinds are
// in any crowd that is large enough, whatever the seed.
func Crowd(n int, seed uint64) []Script {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a crowd that can be repeated, not a secret
	var slow, others []kind
	for i := range n {
		if k := kinds[i%len(kinds)]; k.slow {
			slow = append(slow, k)
		} else {
			others = append(others, k)
		}
	}
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	out := make([]Script, 0, n)
	for i, k := range append(slow, others...) {
		out = append(out, k.script(i+1, r))
	}
	return out
}

// mostNumbers is how many callers have a number of their own.
const mostNumbers = 9_899

func callerNumber(nr int) string { return fmt.Sprintf("555%04d", 100+nr) }

// later is a crowd that calls when n have called before it.
func later(crowd []Script, n int) []Script {
	for i := range crowd {
		crowd[i].Nr += n
		crowd[i].Number = callerNumber(crowd[i].Nr)
	}
	return crowd
}

// script makes a caller of a kind.
func (k kind) script(nr int, r *rand.Rand) Script {
	s := Script{Nr: nr, What: k.what, Number: callerNumber(nr), DID: k.did, Desk: k.desk, Expect: k.expect, steps: k.steps,
		// Tones 20 Hz apart can be told from each other, and none is an agent's.
		Tone: 300 + 25*float64(nr%24),
		Gap:  span(r, .5, 1.6), Think: span(r, 1, 3), Talk: span(r, 3, 8), Pickup: span(r, 1, 3)}
	if s.DID == "" {
		s.DID = []string{"5000", "5001"}[r.IntN(2)]
	}
	s.Language = languages[s.DID]
	s.Expect.Language = s.Language
	if k.other {
		s.Expect.Language = map[string]string{"es": "en", "en": "es"}[s.Language]
	}
	return s
}
