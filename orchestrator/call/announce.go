package call

import (
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/say"
)

// announce speaks the position, and the wait that is expected, over the hold music; the
// match goes on meanwhile. What a caller is told of the wait never grows.
func (x *change) announce(visit, position int, wait time.Duration) {
	v := x.c.Visit
	if v == nil || v.N != visit || (x.c.State != StateWaiting && x.c.State != StateOffered) {
		return
	}
	if v.Plan.AnnounceEvery > 0 {
		x.arm(TimerAnnounce, v.Plan.AnnounceEvery)
	}
	if position == 0 && x.c.State == StateWaiting {
		x.lostPlace()
		return
	}
	if x.c.Playing != nil {
		return
	}
	if position == 0 {
		position, wait = 1, 0 // offered: nobody is before this caller, and the wait is about to end
	} else if v.ToldMS > 0 && (wait == 0 || wait > msDuration(v.ToldMS)) {
		wait = msDuration(v.ToldMS)
	}
	media := announcement(v.Plan, x.c.Language, position, wait, v.Announce)
	if len(media) == 0 {
		return
	}
	v.Announce++
	if v.Plan.AnnounceWait && wait > 0 {
		v.ToldMS = wait.Milliseconds()
	}
	x.play(media, x.c.Language, 0)
}

// announcement is what a caller at a position hears the nth time (from 0).
// The sounds are those of Asterisk's core set, which exist in both languages.
func announcement(plan orchestrator.QueuePlan, language string, position int, wait time.Duration, nth int) []orchestrator.Media {
	var m []orchestrator.Media
	switch {
	case !plan.AnnouncePosition || position <= 0:
	case position == 1:
		m = append(m, sound("queue-youarenext"))
	default:
		m = append(append(append(m, sound("queue-thereare")), number(language, position)...), sound("queue-callswaiting"))
	}
	if minutes, less := spokenWait(wait); plan.AnnounceWait && minutes > 0 {
		m = append(m, sound("queue-holdtime"))
		if less {
			m = append(m, sound("queue-less-than"))
		}
		m = append(m, sound("digits/"+strconv.Itoa(minutes)), sound("queue-minutes"))
	}
	if n := len(plan.AnnouncePrompts); n > 0 {
		m = append(m, sound(plan.AnnouncePrompts[nth%n]))
	}
	return m
}

// WaitMinutes are the waits that are spoken, in minutes: each is a sound of its own in
// both languages, and the plural.
var WaitMinutes = []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 40, 50, 60}

// spokenWait rounds a wait up to the minutes that are spoken; less means less than those.
// 0 is nothing: nobody can tell, or it is longer than any.
func spokenWait(wait time.Duration) (minutes int, less bool) {
	if wait <= 0 {
		return 0, false
	}
	for _, m := range WaitMinutes {
		if wait <= time.Duration(m)*time.Minute {
			return m, wait < time.Duration(m)*time.Minute && m == WaitMinutes[0]
		}
	}
	return 0, false
}

// number speaks a position, by sounds of their own: Asterisk does not stop in a number
// that it puts together, and the agent who picks up meanwhile would hear nothing until it
// is said. In a language whose numbers nobody here knows those beyond the small ones are
// left to the PBX.
func number(language string, n int) []orchestrator.Media {
	if n <= 20 {
		return []orchestrator.Media{sound("digits/" + strconv.Itoa(n))}
	}
	media, _ := say.Int(language, int64(n), "") // no queue is beyond what it speaks
	return media
}
