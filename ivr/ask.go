package ivr

import (
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Question is what menus and gathers share: what is said, how long silence is
// borne and how often the question is asked again.
type Question struct {
	Prompt  []Item  // first attempt
	Again   Tries   // later attempts; empty repeats Prompt
	Silent  Tries   // said before asking again after silence
	Wrong   Tries   // said before asking again after wrong keys
	BargeIn bool    // keys cut the prompt short
	Flush   bool    // forget keys that were typed ahead
	Waits   Waits   //
	Retries Retries // further attempts, counted apart
}

// asker is a node with a question: it judges keys and knows what to do when
// the caller stops pressing them.
type asker interface {
	question() *Question
	// key takes one key into account.
	key(r *run, d string)
	// pause is silence after at least one key.
	pause(r *run)
	// items is what to say at the present attempt.
	items(r *run) []Item
}

// begin asks for the first time.
func begin(r *run, a asker) {
	if a.question().Flush {
		r.st.Ahead = ""
	}
	put(r, a, a.items(r))
}

// put says items and listens. Keys typed ahead answer without the question being heard.
func put(r *run, a asker, items []Item) {
	r.clearTimer()
	if r.st.Ahead != "" && a.question().BargeIn {
		r.st.Phase = phaseCollect
		listen(r, a)
		return
	}
	if !r.play(items) {
		r.st.Phase = phaseCollect
		listen(r, a)
	}
}

// listen feeds keys typed ahead, then waits for more.
func listen(r *run, a asker) {
	for r.st.Ahead != "" && r.collecting() {
		d := r.st.Ahead[:1]
		r.st.Ahead = r.st.Ahead[1:]
		a.key(r, d)
	}
	if !r.collecting() {
		return
	}
	if r.st.Keys == "" || r.st.Confirm {
		r.setTimer(a.question().Waits.FirstDigit)
		return
	}
	r.setTimer(a.question().Waits.InterDigit)
}

// collecting tells whether the present question is still open for keys.
func (r *run) collecting() bool { return r.st.Phase == phaseCollect && r.target == "" }

// hear is the input of every asker.
func hear(r *run, a asker, in input) {
	q := a.question()
	switch in.Kind {
	case orchestrator.FlowPlayed:
		r.st.Phase = phaseCollect
		listen(r, a)
	case orchestrator.FlowDigit:
		if r.st.Phase == phasePlay && !q.BargeIn {
			r.keepAhead(in.Digit)
			return
		}
		r.stopPlay()
		r.st.Phase = phaseCollect
		a.key(r, in.Digit)
		if r.collecting() {
			listen(r, a)
		}
	case orchestrator.FlowTimer:
		if r.st.Keys != "" && !r.st.Confirm {
			a.pause(r)
			return
		}
		again(r, a, OutNoInput)
	case orchestrator.FlowResumed:
		r.st.Ahead = ""
		if !r.st.Confirm || r.st.Keys == "" { // masked ones are lost with the process that heard them
			r.st.Keys, r.st.Confirm = "", false
		}
		put(r, a, a.items(r))
	default: // take passes no results while a question is open
	}
}

// again counts a failed attempt and asks once more, or leaves by its outcome.
func again(r *run, a asker, why string) {
	q := a.question()
	r.st.Ahead = ""
	count, limit, lead := &r.st.NoMatch, q.Retries.NoMatch, q.Wrong
	if why == OutNoInput {
		count, limit, lead = &r.st.NoInput, q.Retries.NoInput, q.Silent
	}
	*count++
	if *count > limit {
		r.st.Keys, r.st.Confirm = "", false
		r.leave(why, nil)
		return
	}
	r.note("retry", map[string]string{"why": why, "attempt": strconv.Itoa(*count)})
	r.st.Keys, r.st.Confirm = "", false
	put(r, a, append(append([]Item(nil), lead.at(*count-1)...), a.items(r)...))
}

// attempt returns what to say at the present attempt.
func (q *Question) attempt(s *state) []Item {
	n := s.NoInput + s.NoMatch
	if n == 0 || len(q.Again) == 0 {
		return q.Prompt
	}
	return q.Again.at(n - 1)
}

// Menu asks for one of some keys.
type Menu struct {
	Question
	Keys []string // each with an edge "key:<keys>"; none is the beginning of another
}

// KeyOutcome is the outcome of a menu when the caller pressed keys.
func KeyOutcome(keys string) string { return keyPrefix + keys }

func (m *Menu) question() *Question    { return &m.Question }
func (m *Menu) enter(r *run)           { begin(r, m) }
func (m *Menu) input(r *run, in input) { hear(r, m, in) }
func (m *Menu) items(r *run) []Item    { return m.attempt(r.st) }
func (m *Menu) pause(r *run)           { again(r, m, OutNoMatch) }

func (m *Menu) key(r *run, d string) {
	r.st.Keys += d
	longer := false
	for _, k := range m.Keys {
		if k == r.st.Keys {
			r.leave(KeyOutcome(k), map[string]string{"key": k})
			return
		}
		longer = longer || strings.HasPrefix(k, r.st.Keys)
	}
	if !longer {
		again(r, m, OutNoMatch)
	}
}

// Gather asks for digits.
type Gather struct {
	Question
	Var        string
	Min, Max   int
	Terminator string // key that ends the input, "" for none
	Allowed    string // keys that count
	Mask       bool   // never shown: codes, cards
	Confirm    *Confirm
}

// Confirm asks whether the collected digits are right.
type Confirm struct {
	Prompt  []Item
	Yes, No string // one key each
}

// swallowFor is how long a terminator is expected after the last digit of an
// input that its length ended (VoiceXML's users met it as a nomatch of the next field).
const swallowFor = time.Second

func (g *Gather) question() *Question { return &g.Question }
func (g *Gather) enter(r *run) {
	r.st.Masked = g.Mask
	begin(r, g)
}
func (g *Gather) input(r *run, in input) { hear(r, g, in) }

func (g *Gather) items(r *run) []Item {
	if r.st.Confirm {
		return g.Confirm.Prompt
	}
	return g.attempt(r.st)
}

func (g *Gather) pause(r *run) {
	if len(r.st.Keys) < g.Min {
		again(r, g, OutNoMatch)
		return
	}
	g.complete(r)
}

func (g *Gather) key(r *run, d string) {
	switch {
	case r.st.Confirm:
		g.judge(r, d)
	case d == g.Terminator:
		g.pause(r)
	case !strings.Contains(g.Allowed, d):
		again(r, g, OutNoMatch)
	default:
		r.st.Keys += d
		if len(r.st.Keys) < g.Max {
			return
		}
		g.expectTerminator(r)
		g.complete(r)
	}
}

// expectTerminator has the terminator ignored that may follow the last digit.
func (g *Gather) expectTerminator(r *run) {
	if g.Terminator == "" {
		return
	}
	if rest, ok := strings.CutPrefix(r.st.Ahead, g.Terminator); ok {
		r.st.Ahead = rest
		return
	}
	if r.st.Ahead == "" {
		r.st.Swallow, r.st.SwallowT = g.Terminator, r.now.Add(swallowFor).UnixMilli()
	}
}

// complete takes the digits, after confirmation where it is asked for.
func (g *Gather) complete(r *run) {
	if g.Confirm != nil {
		// The prompt may speak the digits, so they are set before they are confirmed.
		r.st.set(g.Var, r.st.Keys, g.Mask)
		r.st.Confirm, r.st.Unsure = true, 0
		put(r, g, g.Confirm.Prompt)
		return
	}
	g.accept(r)
}

func (g *Gather) accept(r *run) {
	keys := r.st.Keys
	r.st.set(g.Var, keys, g.Mask)
	r.st.Keys, r.st.Confirm = "", false
	detail := map[string]string{"digits": keys}
	if g.Mask {
		detail = map[string]string{"count": strconv.Itoa(len(keys))}
	}
	r.leave(OutOK, detail)
}

// judge takes the answer to the confirmation. A no asks for the digits again;
// anything else repeats the confirmation a few times.
func (g *Gather) judge(r *run, d string) {
	switch d {
	case g.Confirm.Yes:
		g.accept(r)
	case g.Confirm.No:
		again(r, g, OutNoMatch)
	default:
		r.st.Unsure++
		if r.st.Unsure > g.Retries.NoMatch {
			r.st.NoMatch = g.Retries.NoMatch
			again(r, g, OutNoMatch)
			return
		}
		r.st.Ahead = ""
		put(r, g, g.Confirm.Prompt)
	}
}
