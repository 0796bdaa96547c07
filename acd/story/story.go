// Package story tells in words, and as data, why a call went where it went and what
// it waited for. It reads the call's journal entries and nothing else, so it says the
// same of a call in progress and of one that ended years ago. It is pure.
package story

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// Step is something that decided where a call went, or what it waited for. Code and
// Why are for programs; Text says it in every language of pages.
type Step struct {
	At       time.Time `json:"at"`
	Code     Code      `json:"code"`
	Why      string    `json:"why,omitempty"` // of the journal: a result, a failure, an outcome
	Queue    string    `json:"queue,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	WaitedMS int64     `json:"waited_ms,omitempty"` // for an agent, in the wait that ends, or goes on, with this
	Text     acd.Texts `json:"text"`
}

// Code says what a step is.
type Code string

// Codes of steps.
const (
	Arrived     Code = "arrived"
	Passed      Code = "passed"    // a node of a flow
	Queued      Code = "queued"    // waits, or is served at once
	Refused     Code = "refused"   // a queue did not take it in
	Offered     Code = "offered"   // to an agent
	Missed      Code = "missed"    // an offer came to nothing
	Connected   Code = "connected" // with an agent
	Parted      Code = "parted"
	Unqueued    Code = "unqueued" // left a queue without having been served
	Transferred Code = "transferred"
	Dialled     Code = "dialled" // the customer's phone
	CalledBack  Code = "callback"
	Messaged    Code = "message" // what is heard by a lead for whom no agent was there in time
	Answered    Code = "machine" // who answered a campaign's call, and what is done about a machine
	Previewed   Code = "preview" // an agent is to say whether a lead is called, or has said so
	HungUp      Code = "hung_up" // by order
	Fault       Code = "fault"
	Ended       Code = "ended"
)

// entry is what is read of the data of entries.
type entry struct {
	Flow, Node, Outcome, Queue, Result, Agent, Why, By, Number string
	Needs, Prefer, Destination, Reason, What, Error, State     string
	Disposition                                                string
	Kind                                                       string
	DID                                                        string              `json:"did"`
	Match                                                      *orchestrator.Match `json:"match"`
	Priority, Tier, Position, Attempt                          int
	Staff                                                      *int
	PatienceMS                                                 int64   `json:"patience_ms"`
	LimitMS                                                    int64   `json:"limit_ms"`
	WidensMS                                                   []int64 `json:"widens_ms"`
	WaitMS                                                     int64   `json:"wait_ms"`
	TalkMS                                                     int64   `json:"talk_ms"`
	Dialled                                                    bool
	Known                                                      string
	LastAgent                                                  bool   `json:"last_agent"`
	PriorityMS                                                 int64  `json:"priority_ms"`
	AheadMS                                                    int64  `json:"ahead_ms"`
	KeptOf                                                     string `json:"kept_of"`
	KeptSince                                                  int64  `json:"kept_since"`
	TakenOver                                                  bool   `json:"taken_over"`
	Verdict, After                                             string
	Sampled                                                    bool
	EndedBy                                                    string `json:"ended_by"`
}

// Tell turns a call's entries, oldest first, into the steps of its way. Entries that
// say nothing of it are left out, and so is what an entry without data would say.
func Tell(entries []orchestrator.Entry) []Step {
	t := teller{steps: []Step{}}
	for _, e := range entries {
		var d entry
		_ = json.Unmarshal(e.Data, &d) // what cannot be read is as if it had not been said
		if tell := tellers[e.Type]; tell != nil {
			tell(&t, e, d)
		}
	}
	return t.steps
}

type teller struct {
	steps []Step
	queue string    // in which the call waits
	since time.Time // from when on
}

var tellers = map[orchestrator.EntryType]func(*teller, orchestrator.Entry, entry){
	orchestrator.EntryCallStarted:   (*teller).arrived,
	orchestrator.EntryCallNode:      (*teller).passed,
	orchestrator.EntryCallQueued:    (*teller).queued,
	orchestrator.EntryCallRefused:   (*teller).refused,
	orchestrator.EntryCallUnqueued:  (*teller).unqueued,
	orchestrator.EntryCallOffered:   (*teller).offered,
	orchestrator.EntryCallMissed:    (*teller).missed,
	orchestrator.EntryCallConnected: (*teller).connected,
	orchestrator.EntryCallParted:    (*teller).parted,
	orchestrator.EntryCallTransfer:  (*teller).transferred,
	orchestrator.EntryCallDialled:   (*teller).dialled,
	orchestrator.EntryCallCallback:  (*teller).calledBack,
	orchestrator.EntryCallMessage:   (*teller).message,
	orchestrator.EntryCallMachine:   (*teller).machine,
	orchestrator.EntryCallPreview:   (*teller).previewed,
	orchestrator.EntryCallHungUp:    (*teller).hungUp,
	orchestrator.EntryCallFault:     (*teller).fault,
	orchestrator.EntryCallEnded:     (*teller).ended,
}

func (t *teller) add(s Step) { t.steps = append(t.steps, s) }

// waited is how long the call has waited for an agent by now, in this wait; 0 while it does not wait.
func (t *teller) waited(at time.Time) int64 {
	if t.since.IsZero() {
		return 0
	}
	return max(0, at.Sub(t.since).Milliseconds())
}

// say is a text in both languages.
func say(en, es string, args ...any) acd.Texts {
	return acd.Texts{"en": fmt.Sprintf(en, args...), "es": fmt.Sprintf(es, args...)}
}

// and puts a text behind another.
func and(a, b acd.Texts) acd.Texts {
	return acd.Texts{"en": a["en"] + b["en"], "es": a["es"] + b["es"]}
}

// noted puts what somebody noted behind a text, in brackets.
func noted(text acd.Texts, note string) acd.Texts {
	if note == "" {
		return text
	}
	return and(text, say(" (%s)", " (%s)", note))
}

// quoted puts what a program said behind a text: it is in one language.
func quoted(text acd.Texts, said string) acd.Texts {
	if said == "" {
		return text
	}
	return and(text, say(" (“%s”)", " («%s»)", said))
}

// in are the words for a value in the first table that has some, or the value itself. It is given
// twice, for each language.
func in(value string, tables ...map[string][2]string) (en, es string) {
	for _, table := range tables {
		if words, ok := table[value]; ok {
			return words[0], words[1]
		}
	}
	return value, value
}

// wrong are the words for what went wrong; behind those that end in a colon is the name of
// a command, which is the same in every language.
func wrong(what string) (en, es string) {
	if words, ok := faults[what]; ok {
		return what, words
	}
	if head, verb, ok := strings.Cut(what, ": "); ok && faults[head+": "] != "" {
		return what, faults[head+": "] + verb
	}
	return what, what
}

// span is a length of time in words: to the second, a short one to the tenth.
func span(ms int64) string {
	d := time.Duration(max(0, ms)) * time.Millisecond
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// node is what a flow calls where a node led, as people read it.
func node(outcome string) (en, es string) {
	if key, ok := strings.CutPrefix(outcome, "key:"); ok {
		return "key " + key, "tecla " + key
	}
	if name, ok := strings.CutPrefix(outcome, "holiday:"); ok {
		return "holiday " + name, "festivo " + name
	}
	if n, ok := strings.CutPrefix(outcome, "case:"); ok {
		return "case " + n, "caso " + n
	}
	return in(outcome, nodes, outcomes, results)
}

// place is a queue as people read it.
func place(queue string) (en, es string) {
	if agent := orchestrator.OwnerOfQueue(queue); agent != "" {
		return "for agent " + agent + " alone", "solo para el agente " + agent
	}
	return "in queue " + queue, "en la cola " + queue
}
