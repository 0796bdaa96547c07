package acd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Validate checks the definitions as a whole and returns every fault, each
// naming the field and its value; an Invalid error.
func (d Definitions) Validate() error {
	queues := map[string]bool{}
	for _, q := range d.Queues {
		queues[q.ID] = true
	}
	faults := append(yamlfile.Check("", d), d.Faults(func(id string) bool { return queues[id] })...)
	return fault.E("", fault.Invalid, faults.Err())
}

// Faults tells what does not fit together; what is said of each key alone is in
// the tags, and checked by who reads the files. queue tells whether there is a
// queue; nil when nobody can tell.
func (d Definitions) Faults(queue func(id string) bool) yamlfile.Faults {
	c := &complaints{queue: queue}
	ids, codes := c.unique(), c.unique()
	for i, q := range d.Queues {
		c.at("queues", i, q.ID)
		ids("id", q.ID)
		d.checkRequirements(c, q)
		codes("dial_code", q.DialCode)
		d.checkOutcome(c, q)
		c.check(q.Seed == 0 || q.Strategy == Random, yamlfile.CodeForm, "seed", "%d says nothing with strategy %s: it is of random", q.Seed, q.Strategy)
		c.check(q.Strategy != RingAll || !q.AutoAnswer, yamlfile.CodeForm, "auto_answer", "with strategy ring_all every phone would pick up at once")
		if e := q.ExtendWrapUp; e != nil {
			c.check(q.WrapUp > 0, yamlfile.CodeForm, "extend_wrap_up", "there is no time for finishing that could be extended: wrap_up is 0")
			c.check(e.Most > q.WrapUp, yamlfile.CodeForm, "extend_wrap_up.most", "%s is no longer than wrap_up, which is %s", e.Most, q.WrapUp)
		}
	}
	full := d.WithProfiles()
	full.checkMet(c)
	d.checkCallers(c)
	d.checkSkills(c)
	full.checkKinds(c)
	full.checkLanes(c)
	d.checkProfiles(c)
	d.checkAgents(c)
	d.checkTeams(c)
	c.zone(d.TimeZone)
	d.checkReasons(c)
	d.checkDispositions(c)
	return c.found
}

// complaints collects faults, each with the entry it is at.
type complaints struct {
	queue func(id string) bool
	where string
	name  string
	found yamlfile.Faults
}

// minPIN is the fewest digits of a PIN.
func (d Definitions) minPIN() int {
	if d.MinPIN == 0 {
		return 4
	}
	return d.MinPIN
}

// at says which entry is looked at from now on.
func (c *complaints) at(list string, index int, name string) {
	c.where, c.name = fmt.Sprintf("%s[%d]", list, index), name
}

func (c *complaints) check(ok bool, code yamlfile.Code, field, format string, args ...any) {
	if !ok {
		text := fmt.Sprintf(format, args...)
		if c.name != "" {
			text += fmt.Sprintf(" (of %q)", c.name)
		}
		c.add(code, c.where+"."+field, "%s", text)
	}
}

// add adds a fault that is at a place of its own.
func (c *complaints) add(code yamlfile.Code, where, format string, args ...any) {
	c.found = append(c.found, yamlfile.Fault{Code: code, Where: where, Text: fmt.Sprintf(format, args...)})
}

// unique returns a check that a field's value was not there before.
func (c *complaints) unique() func(field, value string) {
	seen := map[string]bool{}
	return func(field, value string) {
		c.check(value == "" || !seen[value], yamlfile.CodeForm, field, "%q is used twice", value)
		seen[value] = true
	}
}

// zone checks the centre's time zone.
func (c *complaints) zone(name string) {
	if _, err := zoneOf(name); err != nil {
		c.add(yamlfile.CodeUnknown, "time_zone", "%q is no time zone that this machine knows; one is America/Bogota", name)
	}
}

// queues checks the queues that an entry names.
func (c *complaints) queues(names []string) {
	twice := c.unique()
	for i, q := range names {
		field := fmt.Sprintf("queues[%d]", i)
		c.check(c.queue == nil || c.queue(q), yamlfile.CodeUnknown, field, "there is no queue %q", q)
		twice(field, q)
	}
}

func (d Definitions) checkAgents(c *complaints) {
	ids, phones, skills := c.unique(), map[phone]string{}, d.skillNames()
	profiles := keyed(d.Profiles, func(p AgentProfile) string { return p.ID })
	for i, a := range d.Agents {
		c.at("agents", i, a.ID)
		ids("id", a.ID)
		at := phone{a.PBX, a.Endpoint}
		other, taken := phones[at]
		c.check(!taken || a.Endpoint == "", yamlfile.CodeForm, "endpoint", "%q on pbx %q is agent %q's already", a.Endpoint, a.PBX, other)
		phones[at] = a.ID
		c.check(a.PIN == "" || len(a.PIN.Reveal()) >= d.minPIN(), yamlfile.CodeForm, "pin", "has fewer than %d digits, which is min_pin_length", d.minPIN()) // the value is secret
		_, known := profiles[a.Profile]
		c.check(a.Profile == "" || known, yamlfile.CodeUnknown, "profile", "there is no profile %q", a.Profile)
		c.abilities(a.Skills, a.Queues, skills)
	}
}

func (d Definitions) checkProfiles(c *complaints) {
	ids, skills := c.unique(), d.skillNames()
	for i, p := range d.Profiles {
		c.at("profiles", i, p.ID)
		ids("id", p.ID)
		c.abilities(p.Skills, p.Queues, skills)
	}
}

// abilities checks the skills and the places in queues of an entry.
func (c *complaints) abilities(has map[string]int, in []Membership, skills []string) {
	names := make([]string, len(in))
	for j, m := range in {
		names[j] = m.Queue
	}
	c.queues(names)
	for _, s := range slices.Sorted(maps.Keys(has)) {
		if !slices.Contains(skills, s) { // what to suggest is dear to find
			c.check(false, yamlfile.CodeUnknown, "skills."+s, "there is no skill %q%s; the list skills of queues.yaml or agents.yaml declares them", s, yamlfile.Suggest(s, skills))
		}
	}
}

// checkRequirements compiles what a queue requires of agents.
func (d Definitions) checkRequirements(c *complaints, q Queue) {
	judge := func(field, text string) {
		err := d.Judges(text)
		c.check(err == nil, yamlfile.CodeForm, field, "%q cannot be judged: %v", text, err)
	}
	judge("requires", q.Requires)
	for i, r := range q.Relax {
		judge(fmt.Sprintf("relax[%d].requires", i), r.Requires)
		later := i == 0 || r.After > q.Relax[i-1].After
		c.check(later, yamlfile.CodeForm, fmt.Sprintf("relax[%d].after", i), "%s is not later than the one before", r.After)
		c.check(r.Expected == 0 || r.Expected < r.After, yamlfile.CodeForm, fmt.Sprintf("relax[%d].expected", i), "%s is not less than after, %s: it would say nothing", r.Expected, r.After)
	}
}

// checkMet warns of requirements that no agent of their queue meets, each once.
func (d Definitions) checkMet(c *complaints) {
	type unmet struct {
		where  string
		queues []string
	}
	found := map[string]*unmet{}
	var texts []string
	look := func(q, where, text string) {
		if !d.NobodyMeets(q, text) {
			return
		}
		if found[text] == nil {
			found[text] = &unmet{where: where}
			texts = append(texts, text)
		}
		if u := found[text]; !slices.Contains(u.queues, q) {
			u.queues = append(u.queues, q)
		}
	}
	for i, q := range d.Queues {
		look(q.ID, fmt.Sprintf("queues[%d].requires", i), q.Requires)
		for j, r := range q.Relax {
			look(q.ID, fmt.Sprintf("queues[%d].relax[%d].requires", i, j), r.Requires)
		}
	}
	for _, text := range texts {
		u := found[text]
		c.add(yamlfile.CodeUnmet, u.where, "%q: no agent who serves %s can do so; callers wait for nobody", text, strings.Join(u.queues, " or "))
	}
}

// NobodyMeets tells whether none of the agents who serve a queue meets a requirement.
// It is false for what depends on the call, and while nobody serves the queue.
func (d Definitions) NobodyMeets(queue, text string) bool {
	skills := d.skillNames()
	r, err := newRequirement(text, skills)
	if err != nil || r == needsNothing || r.any || len(r.asks) > 0 {
		return false
	}
	served := false
	for _, a := range d.Agents {
		if !a.Serves(queue) {
			continue
		}
		served = true
		if ok, _ := r.met(newEnv(skills, a.Skills), a.Skills, nil); ok {
			return false
		}
	}
	return served
}

// checkKinds refuses definitions with more kinds of agents than are compared, and
// says what makes them so many.
func (d Definitions) checkKinds(c *complaints) {
	if n := d.kinds(func(*Agent) {}); n > mostHeads {
		noSkills := d.kinds(func(a *Agent) { a.Skills = nil })
		noRanks := d.kinds(func(a *Agent) {
			a.Queues = slices.Clone(a.Queues)
			for i := range a.Queues {
				a.Queues[i].Rank, a.Queues[i].Delay = 0, 0
			}
		})
		c.add(yamlfile.CodeForm, "agents", "there are %d kinds of agents, who differ in queues, ranks, delays or skills: %d at most can be compared for each call (without skills there are %d, without ranks and delays %d)",
			n, mostHeads, noSkills, noRanks)
	}
}

// kinds counts profiles, of agents who were changed.
func (d Definitions) kinds(change func(*Agent)) int {
	if len(d.Agents) <= mostHeads {
		return 0
	}
	d.Agents = slices.Clone(d.Agents)
	for i := range d.Agents {
		change(&d.Agents[i])
	}
	return len(newDirectory(d, nil, 0).profiles)
}

func (d Definitions) checkCallers(c *complaints) {
	ids, agents, taken := c.unique(), keyed(d.Agents, func(a Agent) string { return a.ID }), map[[2]string]string{}
	for i, k := range d.Callers {
		c.at("callers", i, k.ID)
		ids("id", k.ID)
		c.queues(k.Queues)
		c.check(len(k.Numbers) > 0, yamlfile.CodeForm, "numbers", "is empty: nobody is known by it")
		_, known := agents[k.Prefer]
		c.check(k.Prefer == "" || known, yamlfile.CodeUnknown, "prefer", "there is no agent %q", k.Prefer)
		k.each(func(j int, key [2]string) {
			c.check(strings.Trim(key[1], "*") != "", yamlfile.CodeForm, fmt.Sprintf("numbers[%d]", j), "%q is how numbers from abroad begin, which is compared with none", k.Numbers[j])
			other, there := taken[key]
			c.check(!there, yamlfile.CodeForm, fmt.Sprintf("numbers[%d]", j), "%q is %q's already in the same queue", k.Numbers[j], other)
			taken[key] = k.ID
		})
	}
}

func (d Definitions) checkSkills(c *complaints) {
	names := c.unique()
	for i, s := range d.Skills {
		c.at("skills", i, s.Name)
		names("name", s.Name)
		c.check(!slices.Contains(reserved, s.Name), yamlfile.CodeForm, "name", "%q is a word of the language of requirements", s.Name)
	}
}

func (d Definitions) checkTeams(c *complaints) {
	ids, agents, teams := c.unique(), keyed(d.Agents, func(a Agent) string { return a.ID }), map[string]bool{}
	for i, t := range d.Teams {
		c.at("teams", i, t.ID)
		ids("id", t.ID)
		teams[t.ID] = true
		twice := c.unique()
		for j, id := range t.Supervisors {
			field := fmt.Sprintf("supervisors[%d]", j)
			a, known := agents[id]
			c.check(known, yamlfile.CodeUnknown, field, "there is no agent %q", id)
			c.check(!known || a.PIN != "", yamlfile.CodeForm, field, "agent %q has no pin, which a supervisor's phone is asked for", id)
			twice(field, id)
		}
		c.check(len(t.May) > 0 || len(t.Supervisors) == 0, yamlfile.CodeForm, "may", "is empty: the supervisors may do nothing")
	}
	for i, a := range d.Agents {
		c.at("agents", i, a.ID)
		c.check(a.Team == "" || teams[a.Team], yamlfile.CodeUnknown, "team", "there is no team %q", a.Team)
	}
}

func keyed[T any](list []T, key func(T) string) map[string]T {
	out := make(map[string]T, len(list))
	for _, v := range list {
		out[key(v)] = v
	}
	return out
}

func (d Definitions) checkReasons(c *complaints) {
	names, digits := c.unique(), c.unique()
	for i, r := range d.PauseReasons {
		c.at("pause_reasons", i, r.Name)
		c.check(r.Name != ReasonMissed && r.Name != orchestrator.ReasonLine && r.Name != orchestrator.ReasonPreview, yamlfile.CodeForm, "name", "%q is operadora's own", r.Name)
		names("name", r.Name)
		digits("digit", r.Digit)
		c.check(r.AtOnceIn == PauseInCentre || r.AtOnceIn == "" || r.AtOnce > 0, yamlfile.CodeForm, "at_once_in", "%s says nothing without at_once", r.AtOnceIn)
		limited := r.PerDay > 0 || r.Times > 0 || r.AtOnce > 0
		c.check(r.Over == overRefuse || r.Over == "" || limited, yamlfile.CodeForm, "over", "%s says nothing without per_day, times_per_day or at_once", r.Over)
	}
}

// mostDeep is how deep a tree of dispositions may be.
const mostDeep = 6

func (d Definitions) checkDispositions(c *complaints) {
	type scoped struct{ value, queue string }
	names, digits, tree := c.unique(), map[scoped]string{}, newOutcomes(d.Dispositions)
	for i, x := range d.Dispositions {
		c.at("dispositions", i, x.Name)
		names("name", x.Name)
		c.queues(x.Queues)
		above, known := tree.byName[x.Parent]
		c.check(x.Parent == "" || known, yamlfile.CodeUnknown, "parent", "there is no disposition %q", x.Parent)
		c.check(len(tree.above(x)) <= mostDeep, yamlfile.CodeForm, "parent", "%q leads up more than %d times, or in a circle", x.Parent, mostDeep-1)
		if known && len(above.Queues) > 0 {
			for j, q := range x.Queues {
				c.check(slices.Contains(above.Queues, q), yamlfile.CodeForm, fmt.Sprintf("queues[%d]", j), "%q is no queue of %q, which is above it", q, x.Parent)
			}
		}
		if x.Digits == "" {
			continue
		}
		c.check(!x.Date, yamlfile.CodeForm, "digits", "%q: it asks for a date, which a phone cannot say", x.Digits)
		c.check(!tree.group[x.Name], yamlfile.CodeForm, "digits", "%q: others are below it, and it is not given itself", x.Digits)
		for _, q := range tree.scope(x) {
			other, taken := digits[scoped{x.Digits, q}]
			c.check(!taken, yamlfile.CodeForm, "digits", "%q is %q's already in the same queue", x.Digits, other)
			digits[scoped{x.Digits, q}] = x.Name
		}
	}
}

// checkOutcome checks what holds for the dispositions of a queue's calls.
func (d Definitions) checkOutcome(c *complaints, q Queue) {
	if q.Outcome == nil {
		return
	}
	tree := newOutcomes(d.Dispositions)
	c.check(!q.Outcome.Required || q.Outcome.Default == "", yamlfile.CodeForm, "outcome", "required and default %q are two answers to the same: what becomes of a call that gets none", q.Outcome.Default)
	fits := slices.ContainsFunc(d.Dispositions, func(x Disposition) bool { return !tree.group[x.Name] && tree.fits(x, q.ID) })
	c.check(!q.Outcome.Required || fits, yamlfile.CodeForm, "outcome.required", "there is no disposition that could be given")
	x, known := tree.byName[q.Outcome.Default]
	switch {
	case q.Outcome.Default == "":
	case !known:
		c.check(false, yamlfile.CodeUnknown, "outcome.default", "there is no disposition %q", q.Outcome.Default)
	default:
		c.check(!x.Date, yamlfile.CodeForm, "outcome.default", "%q: it asks for a date, and nobody says one", x.Name)
		c.check(!tree.group[x.Name], yamlfile.CodeForm, "outcome.default", "%q: others are below it, and it is not given itself", x.Name)
		c.check(tree.fits(x, q.ID), yamlfile.CodeForm, "outcome.default", "%q is not for this queue", x.Name)
	}
}
