package acd

import (
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// panel is the lamps of one PBX: of each the newest state alone, since a lamp
// shows the present and not the past. It has as many as there were agents
// since the process began.
type panel struct {
	pbx    string
	signal chan struct{} // there is something to set
	anew   chan struct{} // the PBX is (back) there: no reason to rest

	mu    sync.Mutex
	lamps map[string]*lamp // by name; guarded by mu
	news  int              // changes told by the journal; guarded by mu
	stale bool             // all are to be set anew; guarded by mu
	told  bool             // the log was told of a refusal since; guarded by mu
}

// lamp is one of them.
type lamp struct {
	want  orchestrator.LampState
	shown orchestrator.LampState // set last; "" when that is not known
	news  int                    // the panel's, when want was told
	tries int                    // refusals since want was told
	due   time.Time              // not to be tried before, after a refusal
}

func newPanel(pbx string) *panel {
	return &panel{pbx: pbx, signal: make(chan struct{}, 1), anew: make(chan struct{}, 1), lamps: map[string]*lamp{}}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// tell notes what the journal says.
func (p *panel) tell(name string, state orchestrator.LampState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news++
	l := p.lamp(name)
	l.want, l.news, l.tries, l.due = state, p.news, 0, time.Time{}
	ring(p.signal)
}

// lamp is called with mu locked.
func (p *panel) lamp(name string) *lamp {
	l, ok := p.lamps[name]
	if !ok {
		l = &lamp{want: orchestrator.LampOff}
		p.lamps[name] = l
	}
	return l
}

// renew asks for all lamps to be set anew.
func (p *panel) renew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = true
	ring(p.anew)
	ring(p.signal)
}

// outdated tells whether all are to be set anew, and takes note that they are
// about to be; news is the number of the changes told so far.
func (p *panel) outdated() (news int, stale bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stale, p.stale = p.stale, false
	return p.news, stale
}

// postpone notes that they were not.
func (p *panel) postpone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = true
}

// reset wants all lamps as a snapshot shows them that was read after the news
// told: a lamp told of later keeps what it was told, one that is not in the
// snapshot (its agent is not defined any more) goes out. What was set before
// may be forgotten.
func (p *panel) reset(news int, all map[string]orchestrator.LampState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = false
	for name := range all {
		p.lamp(name)
	}
	for name, l := range p.lamps {
		l.shown, l.tries, l.due = "", 0, time.Time{}
		if l.news <= news && !strings.HasPrefix(name, heardPrefix) { // of those the journal alone tells
			l.want = orchestrator.LampOff
			if state, ok := all[name]; ok {
				l.want = state
			}
		}
	}
}

// due lists the lamps to be set, and the moment at which the next of those
// refused comes up; the zero time is none.
func (p *panel) due(now time.Time) (names []string, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, l := range p.lamps {
		switch {
		case l.want == l.shown:
		case !l.due.After(now):
			names = append(names, name)
		case next.IsZero() || l.due.Before(next):
			next = l.due
		}
	}
	return names, next
}

// wanted returns what a lamp is to show now; false when it shows that already.
func (p *panel) wanted(name string) (orchestrator.LampState, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lamps[name]
	return l.want, l.want != l.shown
}

// set notes that the PBX shows a state. What was told meanwhile is still to be set.
func (p *panel) set(name string, state orchestrator.LampState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lamps[name].shown = state
}

// refused notes that the PBX did not take a state; what it shows is not known.
// It tells whether the log is to be told: once after all were set anew.
func (p *panel) refused(name string, state orchestrator.LampState, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lamps[name]
	l.shown = ""
	if l.want == state {
		l.due = now.Add(backoff(l.tries))
		l.tries++
	}
	first := !p.told
	p.told = true
	return first
}

// unknown notes that the PBX did not answer: it may show either.
func (p *panel) unknown(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lamps[name].shown = ""
}

// A lamp that was refused, or a PBX that did not answer, is tried again after
// lampRetry, then after twice as long each time, up to lampSeldom.
const lampSeldom = 30 * time.Second

func backoff(tries int) time.Duration { return min(lampRetry<<min(tries, 10), lampSeldom) }
