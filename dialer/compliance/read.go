package compliance

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

//go:embed profiles
var files embed.FS

// Shipped are the profiles that ship, by id.
func Shipped() map[string]Profile {
	out := map[string]Profile{}
	names, _ := fs.Glob(files, "profiles/*.yaml") // its only error is of the pattern
	for _, name := range names {
		text, err := files.ReadFile(name)
		p, faults := Read(name, string(text))
		if err != nil || faults.Err() != nil {
			panic(fmt.Sprintf("%s, which is embedded: %v %v", name, err, faults))
		}
		out[p.ID] = p
	}
	return out
}

// Read reads a profile's file, and adds the rules of the one that it extends.
func Read(name, text string) (p Profile, faults yamlfile.Faults) {
	f, faults := yamlfile.Parse(name, text)
	if f == nil {
		return p, faults
	}
	faults = f.Decode(&p, yamlfile.Options{})
	if faults.Err() != nil {
		return p, faults
	}
	c := checker{at: p.At, where: "profile " + p.ID}
	c.profile(p)
	if p.Extends != "" {
		c.extend(&p)
	}
	return p, append(faults, c.faults...).Sorted()
}

// checker tells what the tags cannot.
type checker struct {
	at     yamlfile.Pos
	where  string
	faults yamlfile.Faults
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, yamlfile.Fault{Code: yamlfile.CodeForm, At: c.at, Where: c.where, Text: fmt.Sprintf(format, args...)})
}

// extend adds the rules of a profile that ships.
func (c *checker) extend(p *Profile) {
	c.at, c.where = p.At, "profile "+p.ID
	text, err := files.ReadFile("profiles/" + strings.ToLower(p.Extends) + ".yaml")
	if err != nil || strings.EqualFold(p.ID, p.Extends) {
		c.fault("extends %q, and what ships is %s", p.Extends, strings.Join(Names(), ", "))
		return
	}
	base, faults := Read(p.Extends, string(text))
	c.faults = append(c.faults, faults...)
	for _, r := range base.Rules {
		if slices.ContainsFunc(p.Rules, func(own Rule) bool { return own.ID == r.ID }) {
			c.fault("rule %q is also one of %s, whose rules hold as they are; give yours another id", r.ID, base.ID)
		}
	}
	p.Rules = append(base.Rules, p.Rules...)
}

// Names are those of the profiles that ship.
func Names() (out []string) {
	names, _ := fs.Glob(files, "profiles/*.yaml") // its only error is of the pattern
	for _, name := range names {
		out = append(out, strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(name, "profiles/"), ".yaml")))
	}
	return out
}

func (c *checker) profile(p Profile) {
	if _, err := time.Parse(time.DateOnly, p.Read); err != nil {
		c.fault("read: %q is no day; write 2026-11-30", p.Read)
	}
	if len(p.Rules) == 0 {
		c.fault("has no rules, and nobody may be called by it")
	}
	seen := map[string]bool{}
	for _, r := range p.Rules {
		c.at, c.where = r.At, "profile "+p.ID+", rule "+r.ID
		if seen[r.ID] {
			c.fault("there are two rules of that id")
		}
		seen[r.ID] = true
		c.rule(r)
	}
}

func (c *checker) rule(r Rule) {
	for key, day := range map[string]string{"from": r.From, "until": r.Until} {
		if _, err := time.Parse(time.DateOnly, day); err != nil && day != "" {
			c.fault("%s: %q is no day; write 2026-11-30", key, day)
		}
	}
	if r.Until != "" && r.Until < r.From {
		c.fault("until: it ends on %s, before it begins on %s", r.Until, r.From)
	}
	if r.Source == "" && r.Basis != BasisAssumed {
		c.fault("source: says that it is no assumption, and where it was read is missing")
	}
	switch r.Kind {
	case KindAbandon, KindRing, KindMessage, KindDuty:
		if len(r.Besides) > 0 {
			c.fault("besides: a rule of kind %s refuses no calls", r.Kind)
		}
	case KindHours, KindCap, KindChannel, KindLockout, KindCallerID:
	}
	switch d := r.Detail.(type) {
	case *Hours:
		if _, err := calendar.ReadHours(d.Hours); err != nil || len(d.Hours) == 0 {
			c.fault("hours: %v", err)
		}
		if d.Holidays != "" && !slices.Contains(calendar.Countries(), d.Holidays) {
			c.fault("holidays: those of %q are not known; those of %s are", d.Holidays, strings.Join(calendar.Countries(), ", "))
		}
	case *Cap:
		c.per(d.Per, perDay, perWeek)
	case *OneChannel:
		c.per(d.Per, perWeek)
	case *CallerID:
		if !d.Shown && !d.NotMobile && len(d.Prefixes) == 0 {
			c.fault("asks nothing of the number that is shown")
		}
	}
}

// longestPer is the longest period of a cap.
const longestPer = 366 * 24 * time.Hour

// per checks the period of a cap.
func (c *checker) per(text string, words ...string) {
	if slices.Contains(words, text) {
		return
	}
	if d, err := time.ParseDuration(text); err != nil || d <= 0 || d > longestPer {
		c.fault("per: %q is neither %s nor a time such as 168h", text, strings.Join(words, ", "))
	}
}
