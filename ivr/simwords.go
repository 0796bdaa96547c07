package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// happen carries out one < line.
func (s *Sim) happen(text string) error {
	words := strings.Fields(text[1:])
	if len(words) == 0 {
		return fmt.Errorf("nothing happens here")
	}
	word, arg := words[0], strings.Join(words[1:], " ")
	if word != "barge" && word != "resume" {
		if err := s.settle(); err != nil {
			return err
		}
	}
	s.out = append(s.out, text)
	if s.over {
		return fmt.Errorf("%q cannot happen: the call is over", text)
	}
	switch word {
	case "dtmf", "barge":
		return s.press(arg)
	case "silence":
		if s.timer == 0 {
			return s.unfit("nobody waits for a key here")
		}
		s.now = s.due
		return s.fire()
	case "wait":
		return s.wait(arg)
	case "queue", "recorded", "transfer", "callback", "lookup", "agent":
		return s.result(word, words[1:])
	case "resume":
		return s.feed(orchestrator.FlowInput{Kind: orchestrator.FlowResumed})
	case "hangup":
		s.over = true
		return nil
	}
	return s.unfit(fmt.Sprintf("%q is nothing that can happen", word))
}

// press gives keys to the flow, a tenth of a second apart.
func (s *Sim) press(keys string) error {
	if keys == "" {
		return fmt.Errorf("no key is named; write dtmf 1")
	}
	for _, k := range keys {
		s.now = s.now.Add(100 * time.Millisecond)
		if !validKey(string(k)) {
			return fmt.Errorf("%q is no telephone key", k)
		}
		if err := s.feed(orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: string(k)}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sim) fire() error {
	ref := s.timer
	s.timer = 0
	return s.feed(orchestrator.FlowInput{Kind: orchestrator.FlowTimer, Ref: ref})
}

// wait lets time pass; the flow's timer may fall due meanwhile, more than once.
func (s *Sim) wait(arg string) error {
	d, err := time.ParseDuration(arg)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no length of time; write 90s", arg)
	}
	until := s.now.Add(d)
	for n := 0; s.timer != 0 && !s.due.After(until) && !s.over && n < simSteps; n++ {
		s.now = s.due
		if err := s.fire(); err != nil {
			return err
		}
		if err := s.settle(); err != nil {
			return err
		}
	}
	s.now = until
	return nil
}

// show writes down what the flow asked for.
func (s *Sim) show(step orchestrator.FlowStep, said []Spoken) {
	for _, n := range step.Notes {
		if n.Outcome == "fault" || n.Outcome == "prompt_missing" || n.Outcome == "retry" {
			s.say(fmt.Sprintf("%s: %s", n.Outcome, detail(n)))
		}
	}
	for _, a := range step.Actions {
		switch a.Kind {
		case orchestrator.ActAnswer:
			s.answer = true
			s.say("answer")
		case orchestrator.ActPlay:
			s.play = a.Ref
			for _, what := range said {
				s.say(spoken(what, a.Language))
			}
			said = nil
		case orchestrator.ActStopPlay:
			s.play = 0
			s.say("(cut short)")
		case orchestrator.ActTimer:
			s.timer, s.due = a.Ref, s.now.Add(a.After)
			if a.After == 0 {
				s.timer = 0
			}
		default:
			s.say(s.order(a))
		}
	}
}

func detail(n orchestrator.Note) string {
	parts := []string{n.Node}
	for _, k := range []string{"why", "attempt", "prompt", "language"} {
		if v := n.Detail[k]; v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

func spoken(w Spoken, lang string) string {
	line := fmt.Sprintf("prompt %s (%s)", w.What, lang)
	if w.Text != "" {
		line += " " + w.Text
	}
	return line
}

// order says an action that is neither sound nor timer.
func (s *Sim) order(a orchestrator.Action) string {
	words := []string{strings.ReplaceAll(string(a.Kind), "_", " ")}
	add := func(name string, value any, shown bool) {
		if shown {
			words = append(words, fmt.Sprintf("%s %v", name, value))
		}
	}
	switch a.Kind {
	case orchestrator.ActQueue:
		words[0] += " " + a.Queue
		add("priority", a.Priority, a.Priority != 0)
		add("tier", a.Sought.Tier, a.Sought.Tier != 0)
		add("needs", strconv.Quote(a.Sought.Needs), a.Sought.Needs != "")
		for _, name := range slices.Sorted(maps.Keys(a.Sought.About)) {
			add(name, strconv.Quote(a.Sought.About[name]), true)
		}
		add("prefer", a.Sought.Prefer, a.Sought.Prefer != "")
		add("max_wait", a.MaxWait, a.MaxWait != 0)
	case orchestrator.ActCallback:
		words[0] += " " + string(a.Callback)
		add("queue", a.Queue, true)
		add("number", a.Destination, true)
	case orchestrator.ActLookup:
		words[0] += " " + a.Lookup.Source
		for _, name := range slices.Sorted(maps.Keys(a.Lookup.Params)) {
			add(name, strconv.Quote(a.Lookup.Params[name]), true)
		}
		for _, name := range a.Lookup.Masked {
			add(name, "***", true)
		}
	case orchestrator.ActRecord:
		add("max", a.Record.MaxDuration, true)
	case orchestrator.ActTransfer:
		add("to", a.Destination, true)
	case orchestrator.ActAgent:
		words[0] += " " + string(a.Agent.Op)
		add("at", a.Agent.Endpoint, true)
		add("reason", a.Agent.Reason, a.Agent.Reason != "")
		add("of", a.Agent.Agent, a.Agent.Agent != "")
		add("disposition", a.Agent.Disposition, a.Agent.Disposition != "")
		add("to", a.Agent.To, a.Agent.To != "")
	case orchestrator.ActContinue:
		add("context", a.Place.Context, a.Place.Context != "")
		add("extension", a.Place.Extension, a.Place.Extension != "")
		s.over = true
	case orchestrator.ActHangup:
		add("outcome", a.Outcome, a.Outcome != "")
		s.over = true
	default: // the name says it all
	}
	return strings.Join(words, ", ")
}

func (s *Sim) say(text string) { s.out = append(s.out, "> "+text) }
