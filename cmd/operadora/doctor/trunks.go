package doctor

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/operadora/operadora/ivr"
)

// keptNumber is a number of dids.yaml that a trunk's context has a use of its own for.
type keptNumber struct{ trunk, context, number, step string }

// Bounds of what is looked at: each number in each context is a command.
const (
	mostTrunks  = 20
	mostNumbers = 25
)

// keptNumbers asks what the contexts of everybody who is no agent's phone do with
// the numbers that flows answer.
func keptNumbers(ctx context.Context, r *reader, c Console, f pbxFacts, phones, numbers []string) (out []keptNumber, err error) {
	seen := map[string]bool{}
	for _, trunk := range trunksOf(f.endpoints, phones) {
		name, err := r.contextOf(ctx, trunk)
		if err != nil {
			return out, err
		}
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		for _, number := range numbers {
			shown, err := c.Run(ctx, "dialplan show "+number+"@"+name)
			if err != nil {
				return out, err
			}
			if step := ownStep(shown); step != "" {
				out = append(out, keptNumber{trunk, name, number, step})
			}
		}
	}
	return out, nil
}

// trunksOf are the PJSIP endpoints that are no agents' phones.
func trunksOf(endpoints map[string]string, phones []string) (out []string) {
	for name := range endpoints {
		if strings.HasPrefix(name, "PJSIP/") && !slices.Contains(phones, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), mostTrunks)]
}

// numbersOf are the numbers that can be asked about.
func numbersOf(d ivr.Definitions) (out []string) {
	for _, n := range d.DIDs {
		if strings.Trim(n.Pattern, "+0123456789") == "" && n.Pattern != "" {
			out = append(out, n.Pattern)
		}
	}
	return out[:min(len(out), mostNumbers)]
}

// contextOf is the context into which calls of an endpoint come, "" when none is told.
func (r *reader) contextOf(ctx context.Context, endpoint string) (string, error) {
	fields, err := r.endpoint(ctx, endpoint)
	for _, f := range fields {
		if f.Attribute == "context" && contextName.MatchString(f.Value) {
			return f.Value, err
		}
	}
	return "", err
}

// contextName is a context that can be named on the console.
var contextName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// A line of "dialplan show NUMBER@CONTEXT" is a step; the first of an extension has its name.
var dialplanStep = regexp.MustCompile(`^\s+('.*' =>|\[.*\])?\s*(\d+)\. (\w+)\((.*)\)\s+\[.*\]\s*$`)

// leads are applications after which it cannot be told where the call goes, and
// what leads to operadora for sure.
var (
	leads     = []string{"Goto", "GotoIf", "GotoIfTime", "Gosub", "GosubIf", "Macro", "AGI", "Lua", "Switch"}
	operadora = regexp.MustCompile(`operadora-inbound|^Stasis$`)
)

// ownStep is the step by which an extension keeps a call to itself: the first that
// does more than setting something. "" when the call goes to operadora, or may do so, or
// nothing is there for the number. Asterisk takes the first extension that is shown.
func ownStep(shown string) (own string) {
	begun := false
	for line := range strings.Lines(shown) {
		m := dialplanStep.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if strings.HasPrefix(m[1], "'") {
			if begun {
				break
			}
			begun = true
		}
		app, data := m[3], m[4]
		if operadora.MatchString(data) || operadora.MatchString(app) || slices.Contains(leads, app) {
			return ""
		}
		if own == "" && app != "NoOp" && app != "Set" && app != "Verbose" && app != "Answer" {
			own = app + "(" + data + ")"
		}
	}
	return own
}

// judgeNumbers tells which numbers never come to operadora.
func judgeNumbers(s *sheet, f pbxFacts) {
	if f.keptErr != nil {
		s.add(Note, "numbers", "repair what is told and run doctor again", "what the trunks' contexts do with them was not told: %v", f.keptErr)
	}
	for _, k := range f.kept {
		s.add(Warning, "numbers", "in ["+k.context+"] in place of what it has for the number: exten => "+k.number+",1,Goto(operadora-inbound,${EXTEN},1); then on the console: dialplan reload",
			"%s, over %s, goes to %s in context %s and not to operadora", k.number, k.trunk, k.step, k.context)
	}
}
