package ivr

import (
	"fmt"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Lookup asks a source outside, and keeps of its answer what the flow wants.
type Lookup struct {
	Source string
	Params []Assign // Name is one of the source's; Value may hold {{variables}}
	Save   []Assign // Name here <- Value, the name of a result
	Filler []Item   // said while the source takes its time
}

const (
	// fillerAfter is how long a caller hears nothing before the filler, and between two of them.
	fillerAfter = time.Second
	// maxLookups is how many look-ups may follow one another without a key of the caller's, a
	// queue or a person: a flow that goes in circles over them must not ask a source for ever.
	maxLookups = 20
)

// LookupSource is what lint knows of a source.
type LookupSource struct{ Params, Results []string }

func (l *Lookup) enter(r *run) {
	if r.st.Looks >= maxLookups {
		r.fault(fmt.Sprintf("the flow goes in circles: %d look-ups without a key, a queue or a person between them", maxLookups))
		return
	}
	r.st.Looks++
	r.st.Ref++
	r.st.Look, r.st.Phase = r.st.Ref, phaseLookup
	r.act(orchestrator.Action{Kind: orchestrator.ActLookup, Ref: r.st.Look, Lookup: l.asks(r.st)})
	if len(l.Filler) > 0 {
		r.setTimer(fillerAfter)
	}
}

// asks is what is asked of the source; masked values are kept apart.
func (l *Lookup) asks(st *state) orchestrator.Lookup {
	ask := orchestrator.Lookup{Source: l.Source}
	put := func(into *map[string]string, name, value string) {
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[name] = value
	}
	for _, p := range l.Params {
		if st.hides(p.Value) {
			ask.Masked = append(ask.Masked, p.Name)
			put(&ask.Secret, p.Name, st.fill(p.Value))
			continue
		}
		put(&ask.Params, p.Name, st.fill(p.Value))
	}
	return ask
}

func (l *Lookup) input(r *run, in input) {
	switch in.Kind {
	case orchestrator.FlowLookedUp:
		if in.Ref != r.st.Look {
			r.used = false
			return
		}
		r.stopPlay()
		l.answered(r, in.Looked)
	case orchestrator.FlowTimer, orchestrator.FlowResumed:
		r.play(l.Filler)
		r.st.Phase = phaseLookup
	case orchestrator.FlowPlayed:
		r.setTimer(fillerAfter)
	default: // keys are kept for the next question
	}
}

func (l *Lookup) answered(r *run, a orchestrator.LookupAnswer) {
	detail := map[string]string{"source": l.Source}
	if a.Why != "" {
		detail["why"] = clean(a.Why)
	}
	switch a.Result {
	case orchestrator.LookupFound:
		for _, s := range l.Save {
			r.st.set(s.Name, a.Values[s.Value], false)
		}
		r.leave(OutFound, detail)
	case orchestrator.LookupNone:
		r.leave(OutNone, detail)
	default:
		r.leave(OutError, detail)
	}
}
