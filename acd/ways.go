package acd

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ways knows which rings calls go through, for each kind of call that was seen:
// judging every profile costs far more than matching. It belongs to one directory.
type ways struct {
	mu     sync.Mutex
	known  map[string]knownWay         // by all that makes a difference; guarded by mu
	needs  map[string]*requirement     // of calls, by text; guarded by mu
	envs   map[*Profile]map[string]any // what requirements are judged by; guarded by mu
	skills []string
}

type knownWay struct {
	rings  []Ring
	lanes  []*Lane
	skills []string
}

// Kinds of calls, and texts of flows, that are kept; the flows' variables may make
// any number of them.
const (
	mostWays  = 4096
	mostNeeds = 512
)

func newWays(skills []string) *ways {
	return &ways{known: map[string]knownWay{}, needs: map[string]*requirement{}, envs: map[*Profile]map[string]any{}, skills: skills}
}

// of returns the rings of a call in a queue.
func (w *ways) of(dir *directory, q Queue, c CallRecord) ([]Ring, []*Lane) {
	k := w.look(dir, q, c)
	return k.rings, k.lanes
}

// asked are the skills that a queue, as a call enters it, or the call itself asks for.
func (w *ways) asked(dir *directory, q Queue, c CallRecord) []string {
	return w.look(dir, q, c).skills
}

func (w *ways) look(dir *directory, q Queue, c CallRecord) knownWay {
	w.mu.Lock()
	defer w.mu.Unlock()
	asks := w.asks(dir, q, c)
	about := aboutCall(c)
	key := asks.key(about)
	if k, ok := w.known[key]; ok {
		return k
	}
	if len(w.known) >= mostWays {
		clear(w.known)
	}
	k := w.make(dir, asks, about)
	w.known[key] = k
	return k
}

// aboutCall is what requirements may ask of a call.
func aboutCall(c CallRecord) map[string]string {
	about := map[string]string{"queue": c.Queue, "tier": strconv.Itoa(c.Tier)}
	maps.Copy(about, c.About)
	language, _, _ := strings.Cut(strings.ReplaceAll(c.Language, "-", "_"), "_")
	about["language"] = strings.ToLower(language)
	return about
}

// asking is what a call asks for.
type asking struct {
	queue Queue
	pbx   string
	tier  int // above 0 it takes agents who are kept in reserve
	steps []step
	eased int          // how many of them are not waited for
	needs *requirement // of the call alone; nil when it cannot be judged
	text  string
}

// step is what a queue requires from so long on.
type step struct {
	after time.Duration
	needs *requirement
}

func (w *ways) asks(dir *directory, q Queue, c CallRecord) asking {
	a := asking{queue: q, pbx: c.PBX, tier: max(c.Tier, q.Tier), steps: sooner(dir.steps[q.ID], c.Eased), eased: c.Eased, text: c.Needs}
	if len(a.steps) == 0 {
		a.steps = []step{{needs: needsNothing}}
	}
	var known bool
	if a.needs, known = w.needs[c.Needs]; !known {
		if len(w.needs) >= mostNeeds {
			clear(w.needs)
		}
		a.needs, _ = newRequirement(c.Needs, w.skills) // check has told of what is wrong
		w.needs[c.Needs] = a.needs
	}
	return a
}

// key tells apart what a queue, and a call in it, may ask for.
func (a asking) key(about map[string]string) string {
	parts := []string{a.queue.ID, a.pbx, strconv.Itoa(a.tier), strconv.Itoa(a.eased), a.text}
	names := map[string]bool{}
	for _, s := range append([]step{{needs: a.needs}}, a.steps...) {
		switch {
		case s.needs == nil:
		case s.needs.any:
			for name := range about {
				names[name] = true
			}
		default:
			for _, name := range s.needs.asks {
				names[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		parts = append(parts, name, about[name])
	}
	return strings.Join(parts, "\x00")
}

// candidate is a profile that may serve a call, from when on.
type candidate struct {
	profile string
	from    time.Duration
	rank    int
}

// make judges every profile.
func (w *ways) make(dir *directory, a asking, about map[string]string) (k knownWay) {
	k.skills = a.skills(w.skills, about)
	found := w.candidates(dir, a, about)
	times := []time.Duration{0}
	for _, c := range found {
		times = append(times, c.from)
	}
	slices.Sort(times)
	for _, from := range slices.Compact(times) {
		l := &Lane{Rules: dir.laneRules(a.queue), Ranks: map[string]int{}}
		l.Rules.Tier = a.tier
		for _, c := range found {
			if c.from <= from {
				l.Ranks[c.profile] = c.rank
			}
		}
		l.Table = fingerprint(l.Fields())
		l.ID = l.Table
		k.rings = append(k.rings, Ring{Lane: l.ID, Table: l.Table, After: from.Milliseconds()})
		k.lanes = append(k.lanes, l)
	}
	return k
}

// skills are those that are asked for, by their names.
func (a asking) skills(all []string, about map[string]string) []string {
	found := map[string]bool{}
	for _, r := range []*requirement{a.needs, a.steps[0].needs} {
		if r != nil {
			r.names(all, about, found)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (w *ways) candidates(dir *directory, a asking, about map[string]string) (out []candidate) {
	for id, p := range dir.profiles {
		at := p.place(a.queue.ID)
		if at == nil || !dir.together(p.PBX, a.pbx) || (at.Reserve && a.tier == 0) {
			continue
		}
		env := w.envs[p]
		if env == nil {
			env = newEnv(w.skills, p.Skills)
			w.envs[p] = env
		}
		if from, rank, ok := a.when(*at, env, p.Skills, about); ok {
			out = append(out, candidate{profile: id, from: from, rank: a.nearer(rank, p.PBX)})
		}
	}
	slices.SortFunc(out, func(x, y candidate) int { return cmp.Compare(x.profile, y.profile) })
	return out
}

// when tells from when on somebody may serve the call, and with what rank.
func (a asking) when(at Membership, env map[string]any, levels map[string]int, about map[string]string) (from time.Duration, rank int, ok bool) {
	if a.needs == nil {
		return 0, 0, false
	}
	own, strength := a.needs.met(env, levels, about)
	for i, s := range a.steps {
		met, more := s.needs.met(env, levels, about)
		if own && met {
			return max(s.after, at.Delay), rankOf(i, at, a.queue, strength+more), true
		}
	}
	return 0, 0, false
}

// nearer puts, of agents of one rank, those at the call's own PBX first.
func (a asking) nearer(rank int, pbx string) int {
	if rank *= 2; pbx != a.pbx {
		rank++
	}
	return rank
}

// judge returns what a call asks for.
func (w *ways) judge(dir *directory, q Queue, c CallRecord) (asking, map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asks(dir, q, c), aboutCall(c)
}

// rankOf is the order of profiles in a lane, lowest first: who meets more of what
// the queue requires, then the agent's rank in the queue, then, where the strategy
// says so, who can do more of what is required.
func rankOf(relaxed int, at Membership, q Queue, strength int) int {
	rank := (relaxed*(maxRank+1) + at.Rank) * 1000
	if q.Strategy == MostSkilled {
		rank += 999 - min(strength, 999)
	}
	return rank
}
