package compliance

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Texts is a text per language ("en", "es").
type Texts map[string]string

// Profile are rules for calls to the people of one country, or of your own.
type Profile struct {
	At      yamlfile.Pos
	ID      string `yaml:"profile,need" shape:"id" doc:"Name of the profile; those that ship are BR, CO, ES, MX, UK and US."`
	Name    Texts  `yaml:"name,need" keys:"tongue" doc:"Name for people, per language."`
	Extends string `yaml:"extends" shape:"id" default:"" doc:"A profile that ships, whose rules hold as well: what is written here can only add to them. Empty: none."`
	Read    string `yaml:"read,need" doc:"Day on which somebody last read the sources: 2026-11-30."`
	Rules   []Rule `yaml:"rules,need" doc:"The rules; each that refuses hinders a call."`
}

// Rule is one rule, and where it is written.
type Rule struct {
	At      yamlfile.Pos
	ID      string    `yaml:"id,need" shape:"id" doc:"Name of the rule, by which refusals tell of it."`
	Kind    Kind      `yaml:"kind,need" doc:"What is ruled: abandon, ring, message, hours, cap, channel, lockout, caller_id, or a duty that operadora does not see to."`
	For     []Purpose `yaml:"for" oneof:"sales collection service survey" doc:"Purposes of calls that it is about: sales, collection, service, survey; none is all."`
	Besides []Maker   `yaml:"besides" oneof:"agents callbacks" doc:"Calls that it is about besides those of campaigns, where their queue names the profile (contact): agents (what agents dial), callbacks. It refuses them, and counts what they were."`
	From    string    `yaml:"from,need" doc:"First day on which it is in force: 2023-10-10; the first of a year of which no more is known."`
	Until   string    `yaml:"until" default:"" doc:"Last day; empty is no end."`
	Law     Where     `yaml:"law,need" doc:"Where it is written, with article; or why it is assumed."`
	Source  string    `yaml:"source" default:"" doc:"Address where that was read."`
	Basis   Basis     `yaml:"basis" oneof:"law regulator code assumed" default:"law" doc:"What stands behind it: law, a regulator's policy, a code of the trade, or nothing that was found, and it is assumed out of caution."`
	Confirm Texts     `yaml:"confirm" keys:"tongue" doc:"What counsel should look at, per language."`
	Detail  any
}

// Maker is who has a call made that no campaign makes. "" is a campaign.
type Maker string

// The makers of other calls.
const (
	MakerAgents    Maker = "agents"
	MakerCallbacks Maker = "callbacks"
)

// MakerOf is the maker of a call that no campaign makes.
func MakerOf(callback bool) Maker {
	if callback {
		return MakerCallbacks
	}
	return MakerAgents
}

// About tells whether any of the rules is about the calls of a maker.
func (p Profile) About(m Maker) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.about(m) })
}

// about tells whether the rule is about the calls of a maker.
func (r Rule) about(m Maker) bool { return m == "" || slices.Contains(r.Besides, m) }

// Where is where a rule is written: the same in every language, or in each.
type Where struct {
	All string `yaml:",short"`
	En  string `yaml:"en" default:"" doc:"In English."`
	Es  string `yaml:"es" default:"" doc:"In Spanish."`
}

// In is the text in a language.
func (w Where) In(language string) string {
	if language == "es" {
		return cmp.Or(w.Es, w.All, w.En)
	}
	return cmp.Or(w.En, w.All, w.Es)
}

// Kind is what a rule is about.
type Kind string

// The kinds of rules.
const (
	KindAbandon  Kind = "abandon"
	KindRing     Kind = "ring"
	KindMessage  Kind = "message"
	KindHours    Kind = "hours"
	KindCap      Kind = "cap"
	KindChannel  Kind = "channel"
	KindLockout  Kind = "lockout"
	KindCallerID Kind = "caller_id"
	KindDuty     Kind = "duty"
)

// Variants says what further keys a rule of each kind has.
func (Rule) Variants() (string, map[string]any) {
	return "kind", map[string]any{string(KindAbandon): Abandon{}, string(KindRing): Ring{}, string(KindMessage): Message{},
		string(KindHours): Hours{}, string(KindCap): Cap{}, string(KindChannel): OneChannel{}, string(KindLockout): Lockout{},
		string(KindCallerID): CallerID{}, string(KindDuty): Duty{}}
}

// Purpose is why people are called.
type Purpose string

// The purposes.
const (
	PurposeSales      Purpose = "sales"
	PurposeCollection Purpose = "collection"
	PurposeService    Purpose = "service"
	PurposeSurvey     Purpose = "survey"
)

// Purposes are all there are.
var Purposes = []Purpose{PurposeSales, PurposeCollection, PurposeService, PurposeSurvey}

// Basis is what stands behind a rule.
type Basis string

// What may stand behind a rule.
const (
	BasisLaw       Basis = "law"
	BasisRegulator Basis = "regulator"
	BasisCode      Basis = "code"
	BasisAssumed   Basis = "assumed"
)

// Abandon bounds the calls that a person answers and no agent is there for.
type Abandon struct {
	Percent       float64       `yaml:"percent,need" min:"0.01" max:"99" doc:"Most of the calls that people answer that may be abandoned, in percent: 3."`
	Window        time.Duration `yaml:"window,need" min:"1h" max:"8784h" doc:"Over what time: 24h, 720h."`
	WindowKind    WindowKind    `yaml:"window_kind" oneof:"rolling fixed" default:"rolling" doc:"The window is the last hours at each moment (rolling), or one after the other from the campaign's start (fixed)."`
	Threshold     time.Duration `yaml:"threshold,need" min:"100ms" max:"1m" doc:"Time without an agent after which a call is abandoned."`
	Starts        Start         `yaml:"starts" oneof:"answer greeting_end" default:"answer" doc:"What that time is counted from: the answer, or the end of the greeting."`
	FalseMachines bool          `yaml:"false_machines" default:"false" doc:"Whether people count as abandoned who were taken for machines and hung up on."`
}

// with is what holds to both: of each part the stricter. What is kept within each short window
// is within a long one, and what is at every moment is at the end of a fixed window.
func (a *Abandon) with(b *Abandon) *Abandon {
	if b == nil {
		return a
	}
	out := Abandon{Percent: min(a.Percent, b.Percent), Window: min(a.Window, b.Window), WindowKind: a.WindowKind, Threshold: min(a.Threshold, b.Threshold),
		Starts: a.Starts, FalseMachines: a.FalseMachines || b.FalseMachines}
	if out.WindowKind == WindowFixed {
		out.WindowKind = b.WindowKind
	}
	if out.Starts == StartGreetingEnd {
		out.Starts = b.Starts
	}
	return &out
}

// WindowKind is how a window moves.
type WindowKind string

// The kinds of windows.
const (
	WindowRolling WindowKind = "rolling"
	WindowFixed   WindowKind = "fixed"
)

// Start is what the threshold is counted from.
type Start string

// What it may be counted from.
const (
	StartAnswer      Start = "answer"
	StartGreetingEnd Start = "greeting_end"
)

// Ring is how long a phone must ring before a call is given up.
type Ring struct {
	Least time.Duration `yaml:"least,need" min:"1s" max:"2m" doc:"How long it must ring."`
}

// Message is what an abandoned person must hear.
type Message struct {
	Within time.Duration `yaml:"within,need" min:"100ms" max:"1m" doc:"How soon after what the threshold is counted from."`
	Says   []Said        `yaml:"says,need" oneof:"name number purpose opt_out" doc:"What it says: name, number, purpose, opt_out (a key or a word by which not to be called again)."`
}

// Said is a part of a message.
type Said string

// Hours are when people may be called, on the clocks of all zones in which they may be.
type Hours struct {
	Hours    []string `yaml:"hours,need" doc:"mon-fri 07:00-19:00 and the like."`
	Holidays string   `yaml:"holidays" default:"" doc:"Country on whose public holidays nobody is called; empty: none."`
}

// Cap bounds how often somebody is tried, or spoken with.
type Cap struct {
	Counts   Counts   `yaml:"counts,need" oneof:"attempts conversations" doc:"What is counted: attempts, or conversations (direct contacts)."`
	Most     int      `yaml:"most,need" min:"1" max:"1000" doc:"Most of them in the time of per."`
	Per      string   `yaml:"per,need" doc:"day or week (from Monday) of the person's calendar, or a time that moves along: 168h."`
	Same     Same     `yaml:"same" oneof:"person number" default:"person" doc:"Whether what all numbers of the person had counts, or what this number had."`
	Channels Channels `yaml:"channels" oneof:"all call" default:"call" doc:"Whether contacts over all channels count, or calls."`
}

// Counts is what a cap counts.
type Counts string

// What a cap may count.
const (
	CountAttempts      Counts = "attempts"
	CountConversations Counts = "conversations"
)

// Same is what contacts of a cap have in common.
type Same string

// What they may have in common.
const (
	SamePerson Same = "person"
	SameNumber Same = "number"
)

// Channels is by which channels a cap counts.
type Channels string

// The channels of a cap.
const (
	ChannelsAll  Channels = "all"
	ChannelsCall Channels = "call"
)

// OneChannel holds to the channel by which somebody was spoken with.
type OneChannel struct {
	Per string `yaml:"per,need" doc:"For how long: week (from Monday) of the person's calendar, or 168h after it."`
}

// Lockout is how long somebody is left alone after an abandoned call.
type Lockout struct {
	Time           time.Duration `yaml:"time,need" min:"1h" max:"8784h" doc:"How long."`
	UnlessReserved bool          `yaml:"unless_reserved" default:"false" doc:"Whether a call is allowed all the same if an agent is kept for it."`
}

// CallerID is what number is shown to whom is called.
type CallerID struct {
	Shown     bool     `yaml:"shown" default:"true" doc:"Whether a number must be shown."`
	NotMobile bool     `yaml:"not_mobile" default:"false" doc:"Whether it must be none of a mobile phone."`
	Prefixes  []string `yaml:"prefixes" shape:"prefix" doc:"What it must begin with, one of these: +34400. None: anything."`
}

// Duty is something that operadora does not see to.
type Duty struct {
	Text Texts `yaml:"text,need" keys:"tongue" doc:"What is to be done, per language."`
}

// ahead and behind are how far the clocks of the world are ahead of UTC and behind it.
const ahead, behind = 14 * time.Hour, 12 * time.Hour

// InForce tells whether the rule is in force somewhere in the world at a moment.
func (r Rule) InForce(now time.Time) bool {
	return r.From <= now.UTC().Add(ahead).Format(time.DateOnly) && (r.Until == "" || now.UTC().Add(-behind).Format(time.DateOnly) <= r.Until)
}

// ends is the first moment at which the rule is in force nowhere any more; zero for never.
func (r Rule) ends() time.Time {
	last, err := time.Parse(time.DateOnly, r.Until)
	if err != nil {
		return time.Time{}
	}
	return last.AddDate(0, 0, 1).Add(behind)
}

// Is tells whether the rule is about calls of a purpose. A purpose that nobody said is
// every one.
func (r Rule) Is(p Purpose) bool {
	return len(r.For) == 0 || p == "" || slices.Contains(r.For, p)
}

// rulesAt are the rules in force at a moment for calls of a purpose.
func (p Profile) rulesAt(now time.Time, purpose Purpose) (out []Rule) {
	for _, r := range p.Rules {
		if r.InForce(now) && r.Is(purpose) {
			out = append(out, r)
		}
	}
	return out
}

// Terms are what holds for the calls that are made.
type Terms struct {
	Abandon *Abandon      // of each part the strictest, nil for no limit
	Limit   string        // the rule with the lowest percent
	MinRing time.Duration // the longest of those demanded
	Message *Message      // all that an abandoned person must hear, nil for nothing
}

// Served is how long after the answer an agent must be there, at most, or the message begins;
// 0 where no rule says so. A time that is counted from the greeting's end is not yet over then.
func (t Terms) Served() (d time.Duration) {
	if t.Abandon != nil {
		d = t.Abandon.Threshold
	}
	if t.Message != nil && (d == 0 || t.Message.Within < d) {
		d = t.Message.Within
	}
	return d
}

// Greeted tells whether the time of Served is counted from the end of what who answered says
// first.
func (t Terms) Greeted() bool { return t.Abandon != nil && t.Abandon.Starts == StartGreetingEnd }

// Terms are the strictest of the rules in force at a moment for calls of a purpose.
func (p Profile) Terms(now time.Time, purpose Purpose) (t Terms) {
	for _, r := range p.rulesAt(now, purpose) {
		switch d := r.Detail.(type) {
		case *Abandon:
			if t.Abandon == nil || d.Percent < t.Abandon.Percent {
				t.Limit = r.ID
			}
			t.Abandon = d.with(t.Abandon)
		case *Ring:
			t.MinRing = max(t.MinRing, d.Least)
		case *Message:
			m := Message{Within: d.Within, Says: slices.Clone(d.Says)}
			if t.Message != nil {
				m.Within = min(m.Within, t.Message.Within)
				m.Says = append(m.Says, t.Message.Says...)
				slices.Sort(m.Says)
				m.Says = slices.Compact(m.Says)
			}
			t.Message = &m
		}
	}
	return t
}
