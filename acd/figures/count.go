package figures

import (
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// in tells whether a moment is in the span that is asked for.
func (t *maker) in(at int64) bool { return at >= t.from && at < t.to }

func fits(asked, is string) bool { return asked == "" || asked == is }

func (t *maker) able(skills []string) bool {
	return t.q.Skill == "" || slices.Contains(skills, t.q.Skill)
}

func (t *maker) stays(d *Day) {
	for i := range d.Stays {
		s := &d.Stays[i]
		if s.Outbound || s.Personal || !t.in(s.Entered) || !fits(t.q.Queue, s.Queue) || !fits(t.q.DID, s.DID) ||
			!fits(t.q.Agent, s.Agent) || !fits(t.q.Team, s.Team) || !t.able(s.Skills) {
			continue
		}
		var u Tally
		if s.absent {
			u[Offers], u[Missed] = s.Offers, s.Missed
			if s.Result == ResultAnswered {
				s.served(&u)
			}
		} else {
			u = s.tally(d.Now)
		}
		t.add(names{of: map[Dimension]string{ByQueue: s.Queue, ByAgent: s.Agent, ByTeam: s.Team, ByDID: s.DID}, skills: s.Skills, outcomes: none}, s.Entered, &u)
	}
}

func (t *maker) callbacks(d *Day) {
	for _, c := range d.Callbacks {
		if !t.in(c.Asked) || !fits(t.q.Queue, c.Queue) || !fits(t.q.DID, c.DID) || !fits(t.q.Agent, c.Agent) || !fits(t.q.Team, c.Team) || !t.able(c.skills) {
			continue
		}
		u := Tally{CallbacksAsked: 1, CallbackAttempts: c.Attempts}
		switch {
		case c.Reached > 0:
			wait := c.Reached - c.Asked
			u[CallbacksReached], u[CallbackWait], u[CallbackLongest] = 1, wait, wait
		case c.End == EndExpired:
			u[CallbacksExpired] = 1
		case c.End == EndCancelled:
			u[CallbacksCancelled] = 1
		case c.End == EndFailed:
			u[CallbacksFailed] = 1
		}
		t.add(names{of: map[Dimension]string{ByQueue: c.Queue, ByAgent: c.Agent, ByTeam: c.Team, ByDID: c.DID}, skills: c.skills, outcomes: none}, c.Asked, &u)
	}
}

func (t *maker) attempts(d *Day) {
	for _, a := range d.Attempts {
		if !t.in(a.At) || !fits(t.q.Campaign, a.Campaign) || !fits(t.q.Queue, a.Queue) || !fits(t.q.DID, a.DID) || !fits(t.q.Agent, a.Agent) || !fits(t.q.Team, a.Team) {
			continue
		}
		u := Tally{CampaignCalls: 1, CampaignReached: one(a.Reached), CampaignTalk: a.Talk}
		if a.End != AttemptLeft {
			u[endPart[a.End]] = 1
		}
		if a.End == AttemptServed {
			u[CampaignWait] = a.Wait
		}
		t.add(names{of: map[Dimension]string{ByCampaign: a.Campaign, ByQueue: a.Queue, ByAgent: a.Agent, ByTeam: a.Team, ByDID: a.DID}}, a.At, &u)
	}
}

// endPart is the part in which an end counts.
var endPart = map[AttemptEnd]Part{AttemptServed: CampaignServed, AttemptAbandoned: CampaignAbandoned, AttemptNoAnswer: CampaignNoAnswer,
	AttemptBusy: CampaignBusy, AttemptUnreachable: CampaignUnreachable, AttemptInvalid: CampaignInvalid, AttemptDeclined: CampaignDeclined, AttemptMachine: CampaignMachine, AttemptFailed: CampaignFailed}

// tally is what one stay counts.
func (s *Stay) tally(now int64) (t Tally) {
	t[Offered] = 1
	t[Offers], t[Missed] = s.Offers, s.Missed
	if number(s.Caller) {
		t[Known] = 1
	}
	t[Repeated] = one(s.Repeated)
	switch s.Result {
	case ResultAnswered:
		t[Answered], t[AnsweredWithin], t[WaitAnswered] = 1, one(s.Wait <= s.Threshold), s.Wait
		s.served(&t)
	case ResultAbandoned:
		t[Abandoned], t[AbandonedWithin], t[AbandonedShort], t[WaitAbandoned] = 1, one(s.Wait <= s.Threshold), one(s.Wait <= s.Short), s.Wait
	case ResultFlowed:
		t[Flowed] = 1
	default:
		t[WaitingLate] = one(now-s.Entered > s.Threshold)
		return t
	}
	t[WaitAll], t[LongestWait] = s.Wait, s.Wait
	return t
}

// served adds what came of an answer.
func (s *Stay) served(t *Tally) {
	if !s.Over {
		return
	}
	t[Handled], t[Talk], t[Hold], t[WrapUp] = 1, s.Talk-s.Hold, s.Hold, s.WrapUp
	t[Transfers], t[Attended] = s.Transfers, s.Attended
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// staff names an agent, and tells whether the report is of them.
func (t *maker) staff(agent, team string, skills []string) (names, bool) {
	return names{of: map[Dimension]string{ByAgent: agent, ByTeam: team}, skills: skills, outcomes: none},
		fits(t.q.Agent, agent) && fits(t.q.Team, team) && t.able(skills)
}

// inside puts what an agent did under some queues, of which one may be asked for; false when it is of none that is.
func (t *maker) inside(n *names, queues ...string) bool {
	if n.queues = queues; t.q.Queue != "" {
		n.queues = []string{t.q.Queue}
	}
	return t.q.Queue == "" || slices.Contains(queues, t.q.Queue)
}

func (t *maker) people(d *Day) {
	for i := range d.Stays {
		s := &d.Stays[i]
		n, ok := t.staff(s.Agent, s.Team, s.Able)
		if !ok || !t.inside(&n, s.place()) || s.Result != ResultAnswered || !t.in(s.Left) {
			continue
		}
		u := Tally{Dialled: 1}
		if !s.Outbound {
			u = Tally{Answered: 1}
			s.served(&u)
		}
		t.add(n, s.Left, &u)
	}
	for p, list := range map[Part][]Offer{Offers: d.Offers, Missed: d.Missed} {
		for _, o := range list {
			if n, ok := t.staff(o.Agent, o.Team, o.Skills); ok && t.inside(&n, o.Queue) && t.in(o.At) {
				var u Tally
				u[p] = 1
				t.add(n, o.At, &u)
			}
		}
	}
	for _, s := range d.spans {
		n, ok := t.staff(s.Agent, s.Team, s.Skills)
		p, counts := timeIn[s.State]
		if !ok || !counts {
			continue
		}
		serves := t.inside(&n, s.Queues...)
		if serves && s.From == Offline && t.in(s.At) {
			t.add(n, s.At, &Tally{Logins: 1})
		}
		if p == Available || p == Paused {
			if serves {
				t.spread(n, s, p, LoggedIn)
			}
			continue
		}
		call, all := n, s.Queues // with a call the agent is there for its queue, too
		if s.queue != "" && !slices.Contains(all, s.queue) {
			all = append(slices.Clone(all), s.queue)
		}
		if t.inside(&n, all...) {
			t.spread(n, s, LoggedIn)
		}
		if t.inside(&call, s.queue) {
			t.spread(call, s, p)
		}
	}
}

// timeIn is the part that the time in a state is of.
var timeIn = map[string]Part{StateFree: Available, Reserved: Ringing, InTalk: Talking, Dialling: Calling, Wrapping: WrappingUp, OnPause: Paused}

// spread adds a time to the rows in which it passes.
func (t *maker) spread(n names, s Span, parts ...Part) {
	for at, end := max(s.At, t.from), min(s.Until, t.to); at < end; {
		until := min(t.until(at), end)
		var u Tally
		for _, p := range parts {
			u[p] = until - at
		}
		t.add(n, at, &u)
		at = until
	}
}

func (t *maker) pauses(d *Day) {
	used := allowances{day: d, time: map[paused]int64{}, times: map[paused]int{}}
	var agent, reason string // whose pause it is, and for what,
	within := false          // also while a call interrupts it
	for _, s := range d.spans {
		if s.Agent != agent || s.State == StateFree || s.State == Offline {
			within = false
		}
		if s.State != OnPause {
			continue
		}
		began := !within || s.Reason != reason
		agent, reason, within = s.Agent, s.Reason, true
		t.over(&used, s, began)
		n, ok := t.staff(s.Agent, s.Team, s.Skills)
		if !ok || !t.inside(&n, s.Queues...) {
			continue
		}
		n.of[ByReason] = s.Reason
		if began && t.in(s.At) {
			t.add(n, s.At, &Tally{Pauses: 1})
		}
		t.spread(n, s, Paused)
	}
}

// outcomes counts each in every group that it is in, and once in the total.
func (t *maker) outcomes(d *Day) {
	for _, o := range d.Outcomes {
		n, ok := t.staff(o.Agent, o.Team, o.Skills)
		n.of[ByQueue], n.outcomes = o.Queue, nil
		for i := range o.Path {
			if up := strings.Join(o.Path[:i+1], "/"); t.q.Outcome == "" || up == t.q.Outcome || strings.HasPrefix(up, t.q.Outcome+"/") {
				n.outcomes = append(n.outcomes, up)
			}
		}
		if !ok || !t.in(o.At) || !fits(t.q.Queue, o.Queue) || len(n.outcomes) == 0 {
			continue
		}
		t.add(n, o.At, &Tally{Outcomes: 1, Disposed: one(!o.Also), Defaulted: one(o.Default)})
	}
}

// paused is an agent's pauses for a reason in a day of the centre, by when it began.
type paused struct {
	agent, reason string
	day           int64
}

// allowances are what of limits is used up.
type allowances struct {
	day   *Day
	time  map[paused]int64
	times map[paused]int
}

// over counts what of a pause, that began or goes on after a call, is beyond the limits of its
// reason. Pauses come in their order, and those of the day that were before the report's span, too.
func (t *maker) over(used *allowances, s Span, began bool) {
	limit := used.day.Limits[s.Reason]
	n, ok := t.staff(s.Agent, s.Team, s.Skills)
	ok = t.inside(&n, s.Queues...) && ok
	n.of[ByReason] = s.Reason
	zone := used.day.Centre
	if zone == nil {
		zone = time.UTC
	}
	for at := s.At; at < s.Until; {
		from, to := calendar.DayOf(time.UnixMilli(at).In(zone))
		p := paused{s.Agent, s.Reason, from.UnixMilli()}
		if at == s.At && began {
			if used.times[p]++; ok && t.in(at) && limit.Times > 0 && used.times[p] > limit.Times {
				t.add(n, at, &Tally{PausesOver: 1})
			}
		}
		until := min(s.Until, max(to.UnixMilli(), at+1))
		left := max(0, limit.PerDay.Milliseconds()-used.time[p])
		used.time[p] += until - at
		if ok && limit.PerDay > 0 && at+left < until {
			over := s
			over.At, over.Until = at+left, until
			t.spread(n, over, PausedOver)
		}
		at = until
	}
}
