package ari

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Asterisk sends nothing on a channel that does nothing: a caller who is asked for
// keys and hears no prompt any more, and one who waits where there is no hold music.
// Some trunks take a call on which nothing comes for lost. So a caller on whose channel
// nothing has been played for a moment is sent silence, as who is alone in a bridge,
// and for whoever joins a bridge it ends in the same way (alone.go).
//
// Channels of our making are left alone: they are joined with somebody at once, or are
// permanent lines, whose owner orders the silence.

// Times of quiet.
const (
	quietAfter = time.Second            // nothing is to be heard for so long before silence is sent
	musicTime  = 500 * time.Millisecond // within which hold music has sent something
)

// quiet remembers which callers hear nothing, or may.
type quiet struct {
	mu     sync.Mutex
	rests  map[string]rest   // callers on whose channel nothing goes on; guarded by mu
	does   map[string]string // playbacks and recordings in progress: the channel of each; guarded by mu
	busy   map[string]int    // how many of them a channel has; guarded by mu
	in     map[string]string // callers who are in a bridge, and in which; guarded by mu
	owned  map[string]bool   // whose silence is ordered by somebody else; guarded by mu
	before map[string]bool   // callers who were there before we came, and may be sent silence since then; guarded by mu
	music  map[string]bool   // classes of hold music: true when it is known to play something, false when somebody heard nothing of it; guarded by mu
	change chan struct{}     // a rest began
}

// rest is a time in which nothing is played on a channel.
type rest struct {
	due   time.Time
	music bool   // hold music was begun, of class
	class string // of which nobody knows whether it plays anything
	told  bool   // sent counts what had been sent before
	sent  int
}

func newQuiet() quiet {
	return quiet{rests: map[string]rest{}, does: map[string]string{}, busy: map[string]int{}, in: map[string]string{}, owned: map[string]bool{},
		before: map[string]bool{}, music: map[string]bool{}, change: make(chan struct{}, 1)}
}

// begin notes that nothing goes on any more on a caller's channel from now on. q.mu is held.
func (q *quiet) begin(channel string, r rest) {
	if orchestrator.Ours(channel) || channel == "" || q.owned[channel] || q.in[channel] != "" || q.busy[channel] > 0 {
		return
	}
	r.due = time.Now().Add(quietAfter)
	q.rests[channel] = r
	select {
	case q.change <- struct{}{}:
	default:
	}
}

// rest notes that nothing is heard on a channel from now on.
func (q *quiet) rest(channel string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.begin(channel, rest{})
}

// held notes that hold music of a class was begun.
func (q *quiet) held(channel, class string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.music[class] {
		delete(q.rests, channel)
		return
	}
	q.begin(channel, rest{music: true, class: class})
}

// unquiet ends a caller's silence before hold music of which nobody knows whether it
// plays anything: else the silence would be taken for it. It may have been ordered by
// a process before this one, which nobody can ask Asterisk about. A caller who came
// later is sent none but by us.
func (a *Adapter) unquiet(ctx context.Context, channel, class string) error {
	a.quiet.mu.Lock()
	known, before := a.quiet.music[class], a.quiet.before[channel] && !a.quiet.owned[channel]
	a.quiet.mu.Unlock()
	if at, there := a.alone.at(channel); known || at.bridge != "" || !before && !there {
		return nil
	}
	a.alone.orders.Lock()
	defer a.alone.orders.Unlock()
	err := unknown(a.silence(ctx, channel, false))
	if err == nil {
		a.alone.forget(channel)
		a.quiet.mu.Lock()
		defer a.quiet.mu.Unlock()
		delete(a.quiet.before, channel)
	}
	return err
}

// begins notes that something is played or recorded on a channel, and ends that it is over.
func (q *quiet) begins(channel, id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.does[id]; !known && !orchestrator.Ours(channel) {
		q.does[id] = channel
		q.busy[channel]++
		delete(q.rests, channel)
	}
}

func (q *quiet) ends(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if channel, there := q.does[id]; there {
		delete(q.does, id)
		if q.busy[channel]--; q.busy[channel] == 0 {
			delete(q.busy, channel)
		}
		q.begin(channel, rest{})
	}
}

// joins notes that channels are about to be in a bridge.
func (q *quiet) joins(bridge string, channels []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ch := range channels {
		if !orchestrator.Ours(ch) {
			q.in[ch] = bridge
			delete(q.rests, ch)
		}
	}
}

// parts notes that a channel is in a bridge no more.
func (q *quiet) parts(bridge, channel string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.in[channel] == bridge {
		delete(q.in, channel)
		q.begin(channel, rest{})
	}
}

// gone notes that a bridge is no more.
func (q *quiet) gone(bridge string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ch, in := range q.in {
		if in == bridge {
			delete(q.in, ch)
			q.begin(ch, rest{})
		}
	}
}

// forget forgets a channel that has left us; own means that somebody else orders its silence.
func (q *quiet) forget(channel string, own bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.rests, channel)
	delete(q.in, channel)
	delete(q.owned, channel)
	delete(q.before, channel)
	if own && !orchestrator.Ours(channel) {
		q.owned[channel] = true
	}
	if q.busy[channel] == 0 {
		return
	}
	delete(q.busy, channel)
	for id, ch := range q.does {
		if ch == channel {
			delete(q.does, id)
		}
	}
}

// seed takes in what there is when we came. What plays by then is not known, and whether
// hold music plays anything is to be found out again.
func (q *quiet) seed(truth orchestrator.Snapshot) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fresh := newQuiet()
	q.rests, q.does, q.busy, q.in, q.before, q.music = fresh.rests, fresh.does, fresh.busy, fresh.in, fresh.before, fresh.music
	for ch := range truth.Channels {
		if !orchestrator.Ours(ch) {
			q.before[ch] = true
		}
	}
	for ch := range q.owned {
		if _, there := truth.Channels[ch]; !there {
			delete(q.owned, ch)
		}
	}
	for bridge, channels := range truth.Bridges {
		for _, ch := range channels {
			if !orchestrator.Ours(ch) {
				q.in[ch] = bridge
			}
		}
	}
}

// next is the rest that is due first, and how long that is from now.
func (q *quiet) next(now time.Time) (channel string, wait time.Duration, any bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ch, r := range q.rests {
		if left := r.due.Sub(now); !any || left < wait {
			channel, wait, any = ch, left, true
		}
	}
	return channel, wait, any
}

// take takes a rest that is due; false when it is over.
func (q *quiet) take(channel string) (r rest, there bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, there = q.rests[channel]
	return r, there && !time.Now().Before(r.due)
}

// still has a rest go on; false when it ended meanwhile.
func (q *quiet) still(channel string, was, now rest) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.rests[channel] != was {
		return false
	}
	q.rests[channel] = now
	return true
}

// learn notes that a class of hold music plays something, for all who wait to know.
func (q *quiet) learn(class string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.music[class] = true
	for ch, r := range q.rests {
		if r.music && r.class == class {
			delete(q.rests, ch)
		}
	}
}

// mute has a caller sent silence in place of music of which nothing comes to them,
// and tells whether that is news of its class. Others may hear it: nothing comes to
// one whose call is not answered yet, either.
func (q *quiet) mute(channel string, r rest) (news bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.rests[channel] != r {
		return false
	}
	q.rests[channel] = rest{due: time.Now()}
	_, told := q.music[r.class]
	q.music[r.class] = false
	return !told
}

// keepAlive sends silence to callers who hear nothing, until ctx ends.
func (s *session) keepAlive(ctx context.Context) {
	q := &s.a.quiet
	for {
		channel, wait, any := q.next(time.Now())
		if !any {
			wait = time.Hour
		}
		timer := time.NewTimer(max(wait, 0))
		select {
		case <-timer.C:
			if any {
				s.a.quieten(ctx, channel)
			}
		case <-q.change:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// quieten sends silence to a caller who has heard nothing for a moment, unless hold
// music is heard.
func (a *Adapter) quieten(ctx context.Context, channel string) {
	r, due := a.quiet.take(channel)
	if !due {
		return
	}
	if r.music {
		a.listen(ctx, channel, r)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, quietAfter)
	defer cancel()
	a.alone.orders.Lock()
	defer a.alone.orders.Unlock()
	if !a.quiet.over(channel, r, &a.alone) {
		return
	}
	err := a.silence(ctx, channel, true)
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Unavailable:
		a.alone.note(channel, lone{late: true})
	default: // gone
		a.alone.forget(channel)
	}
}

// over ends a rest by silence that is about to be ordered, which whoever has the channel
// join a bridge from now on ends before; false when the rest is over already.
func (q *quiet) over(channel string, r rest, alone *alone) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.rests[channel] != r {
		return false
	}
	delete(q.rests, channel)
	alone.note(channel, lone{})
	return true
}

// listen finds out whether hold music sends anything to a channel.
func (a *Adapter) listen(ctx context.Context, channel string, r rest) {
	var stats struct {
		Sent int `json:"txcount"`
	}
	err := a.client.do(ctx, request{verb: "Statistics", method: http.MethodGet, path: []string{"channels", channel, "rtp_statistics"}, again: true}, &stats)
	switch {
	case err != nil: // gone, or no channel of which this can be told
		a.quiet.still(channel, r, rest{due: time.Now().Add(time.Hour), music: true, class: r.class})
	case !r.told:
		a.quiet.still(channel, r, rest{due: time.Now().Add(musicTime), music: true, class: r.class, told: true, sent: stats.Sent})
	case !a.quiet.still(channel, r, r): // what was sent may be something else
	case stats.Sent > r.sent:
		a.quiet.learn(r.class)
	case a.quiet.mute(channel, r):
		a.log.WarnContext(ctx, "hold music sends nothing to a caller, who is sent silence; operadora doctor may say why", "class", r.class)
	}
}
