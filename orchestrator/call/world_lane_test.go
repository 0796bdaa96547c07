package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator/fault"
)

// lane is what orchestrator/engine calls by this name.
type lane struct {
	todo  []Todo
	last  int
	again bool // the first was tried and not answered
}

func (n *lane) follow(list []Todo, mine func(Todo) bool) {
	listed := func(t Todo) bool {
		return slices.ContainsFunc(list, func(l Todo) bool { return l.N == t.N })
	}
	var first []Todo
	if n.again { // it is being tried: that does not end when it is given up
		first = n.todo[:1]
	}
	kept := slices.Clone(first)
	for _, t := range n.todo[len(first):] {
		if listed(t) {
			kept = append(kept, t)
		}
	}
	for _, t := range list {
		if t.N > n.last && mine(t) {
			kept, n.last = append(kept, t), t.N
		}
	}
	n.todo = kept
}

// fate is what becomes of a command.
type fate int

const (
	carriedOut   fate = iota // and answered: done, or what the PBX truthfully says
	refused                  // and not carried out
	unanswered               // and not carried out
	answerLost               // carried out, the answer was not heard
	answerLater              // not answered in time; carried out later
	answerMissed             // carried out, and given up because others were answered
)

// run lets the first command of a lane meet its fate; false when there is none.
func (w *world) run(n *lane, f fate, kind fault.Kind) bool {
	if len(n.todo) == 0 {
		return false
	}
	t := n.todo[0]
	if Moot(n.todo, t) {
		w.answer(n, t, Result{}, fault.E("engine", fault.Conflict, ErrMoot))
		return true
	}
	pbx := t.ToPBX()
	w.logf("%s %d %+v: fate %d", t.Command.verb(), t.N, t.Command, f)
	if pbx && w.silent && f != answerLater {
		f = unanswered
	}
	switch f {
	case carriedOut:
		r, err := w.carryOut(t, n.again)
		w.answer(n, t, r, err)
	case refused:
		w.excused = true
		w.answer(n, t, Result{}, fault.New("world", kind, "refused"))
	case answerMissed:
		w.excused = true
		_, _ = w.carryOut(t, n.again)
		w.answer(n, t, Result{}, fault.New("world", fault.Internal, "not answered while others were"))
	case unanswered, answerLost, answerLater:
		switch again := n.again; {
		case f == answerLost:
			_, _ = w.carryOut(t, again)
		case f == answerLater && pbx:
			w.late = append(w.late, func() { _, _ = w.pbx.run(t.Command, again) })
		}
		n.again = true
		if pbx {
			w.post(Input{Kind: InAway})
		}
	}
	return true
}

func (w *world) carryOut(t Todo, again bool) (r Result, err error) {
	if t.ToPBX() {
		w.arriveLate()
		return w.pbx.run(t.Command, again)
	}
	r, err = w.desk.run(t.Command)
	if len(w.stored) > 0 {
		last := w.stored[len(w.stored)-1]
		w.keep(version{doc: last.doc, rev: last.rev, ended: last.ended})
	}
	return r, err
}

// arriveLate lets the PBX do what it was told while it did not answer.
func (w *world) arriveLate() {
	for len(w.late) > 0 {
		do := w.late[0]
		w.late = w.late[1:]
		w.isLate = true
		do()
		w.isLate = false
	}
}

func (w *world) answer(n *lane, t Todo, r Result, err error) {
	n.todo, n.again = n.todo[1:], false
	if err != nil {
		w.post(Input{Kind: InRefused, N: t.N, PBX: t.ToPBX(), Err: err})
		return
	}
	w.post(Input{Kind: InDone, N: t.N, PBX: t.ToPBX(), Result: r})
}
