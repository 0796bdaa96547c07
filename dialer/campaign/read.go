package campaign

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Folder is where campaigns stand among the definitions.
const Folder = "campaigns"

// Known is what the rest of the definitions can tell. A nil function cannot.
type Known struct {
	Now       time.Time // by whose rules is checked
	Profiles  map[string]compliance.Profile
	Calendars map[string]*calendar.Calendar
	Agents    func(queue string) (n int, there bool) // how many serve a queue
	Flow      func(name, queue string) FlowFacts
	PBX       func(name string) bool
	Closed    func(pbx string) string // the key that keeps a PBX from calling any outside number, and why; "" for none
	Hears     func(pbx string) bool   // whether it can hear who answered
	// Disposition tells whether agents may say it of calls of a queue.
	Disposition func(name, queue string) bool
}

// CodeClosed is a PBX that calls no outside number, and so nobody.
const CodeClosed yamlfile.Code = "W08"

// FlowFacts are what a campaign asks of a flow.
type FlowFacts struct {
	There  bool
	Queues bool // it has a node that brings the call to the queue
	Nodes  []string
	Fields []string // of leads, that it reads
}

// Load reads campaigns/*.yaml of a folder of definitions, and tells every fault.
func Load(fsys fs.FS, known Known) (map[string]*Campaign, yamlfile.Faults) {
	out := map[string]*Campaign{}
	var faults yamlfile.Faults
	names, err := yamlfile.List(fsys, Folder)
	if err != nil {
		faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeForm, At: yamlfile.Pos{File: Folder}, Text: err.Error()})
	}
	for _, name := range names {
		text, err := yamlfile.ReadFile(fsys, name)
		if err != nil {
			faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeForm, At: yamlfile.Pos{File: name}, Text: err.Error()})
			continue
		}
		c, more := Read(name, text, known)
		if c != nil && out[c.ID] != nil {
			more = append(more, yamlfile.Fault{Code: yamlfile.CodeForm, At: c.At, Where: "campaign", Text: fmt.Sprintf("%q is already in %s", c.ID, out[c.ID].At.File)})
		}
		faults = append(faults, more...)
		if more.Err() == nil {
			out[c.ID] = c
		}
	}
	return out, faults.Sorted()
}

// Read reads a campaign's file; nil when it cannot be made sense of at all.
func Read(name, text string, known Known) (*Campaign, yamlfile.Faults) {
	f, faults := yamlfile.Parse(name, text)
	if f == nil {
		return nil, faults
	}
	c := New()
	if faults = f.Decode(c, yamlfile.Options{}); faults.Err() != nil {
		return nil, faults
	}
	k := checker{File: f, c: c, known: known}
	k.rules()
	k.hours()
	k.whom()
	k.served()
	k.pacing()
	k.machines()
	k.preview()
	k.retry()
	k.shown()
	if len(k.faults) == 0 {
		k.paced()
	}
	return c, slices.Concat(faults, k.faults, k.unused).Sorted()
}

// checker tells what the tags cannot.
type checker struct {
	*yamlfile.File
	c      *Campaign
	known  Known
	faults yamlfile.Faults
	unused yamlfile.Faults // warnings
}

func (k *checker) fault(code yamlfile.Code, key, format string, args ...any) {
	k.faults = append(k.faults, yamlfile.Fault{Code: code, At: k.At(key), Where: key, Text: fmt.Sprintf(format, args...)})
}

// set tells whether a key is written.
func (k *checker) set(key string) bool { _, ok := k.Set(key); return ok }

func (k *checker) rules() {
	p, ok := k.known.Profiles[k.c.Profile]
	if !ok {
		k.fault(yamlfile.CodeUnknown, "profile", "there is no profile %q%s", k.c.Profile, yamlfile.Suggest(k.c.Profile, slices.Collect(maps.Keys(k.known.Profiles))))
	}
	k.c.Rules = p
}

func (k *checker) hours() {
	c := k.c
	if c.Times != "" {
		if c.Calendar = k.known.Calendars[c.Times]; c.Calendar == nil {
			k.fault(yamlfile.CodeUnknown, "calendar", "calendar %q is not defined%s", c.Times, yamlfile.Suggest(c.Times, slices.Collect(maps.Keys(k.known.Calendars))))
			return
		}
	}
	own, err := calendar.ReadHours(c.Hours)
	switch {
	case err != nil:
		k.fault(yamlfile.CodeForm, "hours", "%v", err)
	case c.Times == "" && len(c.Hours) == 0:
		k.fault(yamlfile.CodeForm, "hours", "has no hours: name a calendar, hours, or both")
	case c.Calendar != nil && c.Calendar.Opens([]*time.Location{c.Calendar.Zone}, k.known.Now).IsZero():
		k.fault(yamlfile.CodeForm, "calendar", "calendar %q is not open at any time of the next weeks", c.Times)
	default:
		for _, r := range c.Rules.Rules {
			if d, ok := r.Detail.(*compliance.Hours); ok && r.InForce(k.known.Now) && r.Is(c.Purpose) && !meet(own.Week, d.Open().Week) {
				k.fault(yamlfile.CodeForm, "hours", "none of these hours is within those of rule %s of profile %s: %s", r.ID, c.Profile, strings.Join(d.Hours, ", "))
			}
		}
	}
}

// meet tells whether two weeks have a minute in common.
func meet(a, b calendar.Week) bool {
	for day := range a {
		for _, x := range a[day] {
			if slices.ContainsFunc(b[day], func(y calendar.Span) bool { return max(x.From, y.From) < min(x.To, y.To) }) {
				return true
			}
		}
	}
	return false
}

// whom checks who is called, and over what.
func (k *checker) whom() {
	if len(k.c.Lists) == 0 {
		k.fault(yamlfile.CodeForm, "lists", "has no lists: there is nobody to call")
	}
	lists, pbxs := map[string]bool{}, map[string]bool{}
	for i, l := range k.c.Lists {
		if lists[l.List] {
			k.fault(yamlfile.CodeForm, fmt.Sprintf("lists[%d]", i), "list %q is named twice", l.List)
		}
		lists[l.List] = true
	}
	if len(k.c.Trunks) == 0 {
		k.fault(yamlfile.CodeForm, "trunks", "has no trunks: there is no way to call")
	}
	for i, t := range k.c.Trunks {
		key := fmt.Sprintf("trunks[%d].pbx", i)
		if pbxs[t.PBX] {
			k.fault(yamlfile.CodeForm, key, "PBX %q is named twice", t.PBX)
		}
		pbxs[t.PBX] = true
		if k.known.PBX != nil && !k.known.PBX(t.PBX) {
			k.fault(yamlfile.CodeUnknown, key, "%q is not in the configuration's pbxs", t.PBX)
		} else if k.known.Closed != nil {
			if why := k.known.Closed(t.PBX); why != "" {
				k.unused = append(k.unused, yamlfile.Fault{Code: CodeClosed, At: k.At(key), Where: key, Text: "nobody is called over it: " + why})
			}
		}
	}
}

// served checks who serves those who answer.
func (k *checker) served() {
	c := k.c
	agentless, preview := c.Mode == ModeAgentless, c.Mode == ModePreview
	switch {
	case c.Queue == "" && !agentless:
		k.fault(yamlfile.CodeForm, "queue", "has no queue: mode %s needs the agents of one", c.Mode)
	case c.Queue != "" && k.known.Agents != nil:
		n, there := k.known.Agents(c.Queue)
		if !there {
			k.fault(yamlfile.CodeUnknown, "queue", "there is no queue %q", c.Queue)
		} else if n == 0 {
			k.fault(yamlfile.CodeForm, "queue", "queue %q has no agents: nobody would serve who answers", c.Queue)
		}
	}
	message := c.Rules.Terms(k.known.Now, c.Purpose).Message
	switch {
	case agentless && len(c.Message) > 0:
		k.fault(yamlfile.CodeForm, "message", "nobody would hear it: in mode agentless the flow speaks")
	case preview && len(c.Message) > 0:
		k.fault(yamlfile.CodeForm, "message", "nobody would hear it: in mode preview the agent is there before the lead answers")
	case preview && c.Flow != "":
		k.fault(yamlfile.CodeForm, "flow", "is of the other modes: in mode preview the agent is there before the lead answers")
	case !agentless && !preview && message != nil && len(c.Message) == 0:
		k.fault(yamlfile.CodeForm, "message", "is missing: by profile %s who answers and has no agent hears one within %v, with %s", c.Profile, message.Within, said(message.Says))
	}
	if c.Flow == "" {
		if c.Never != "" {
			k.fault(yamlfile.CodeForm, "never_again", "is a node of the flow, and there is no flow")
		}
		if agentless {
			k.fault(yamlfile.CodeForm, "flow", "is missing: in mode agentless a flow speaks")
		}
		return
	}
	if k.known.Flow == nil || len(k.faults) > 0 { // of the queue, whose the flow's is to be
		return
	}
	flow := k.known.Flow(c.Flow, c.Queue)
	c.Reads = flow.Fields
	switch {
	case !flow.There:
		k.fault(yamlfile.CodeUnknown, "flow", "there is no flow %q", c.Flow)
	case c.Never != "" && !slices.Contains(flow.Nodes, c.Never):
		k.fault(yamlfile.CodeUnknown, "never_again", "flow %q has no node %q%s", c.Flow, c.Never, yamlfile.Suggest(c.Never, flow.Nodes))
	case k.untold(flow.Fields) != "":
		k.fault(yamlfile.CodeForm, "fields", "flow %q reads {{lead.%s}}, which is none of them: name it, or leave fields out", c.Flow, k.untold(flow.Fields))
	case agentless && c.Queue == "":
	case !flow.Queues:
		k.fault(yamlfile.CodeForm, "flow", "flow %q has no node of type queue for queue %q: nobody would serve who answers", c.Flow, c.Queue)
	}
}

// untold is a field that the flow reads and is not told; "" for none.
func (k *checker) untold(reads []string) string {
	for _, field := range reads {
		if k.c.Fields != nil && !slices.Contains(k.c.Fields, field) {
			return field
		}
	}
	return ""
}

// said are the parts of a message, as a profile names them.
func said(parts []compliance.Said) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return strings.Join(out, ", ")
}

// preview checks how agents say whether a lead is called.
func (k *checker) preview() {
	c := k.c
	for _, key := range []string{"preview.limit", "preview.then"} {
		if k.set(key) && c.Mode != ModePreview {
			k.fault(yamlfile.CodeForm, key, "is of mode preview, and this is mode %s", c.Mode)
		}
	}
	if c.Mode == ModePreview && c.Machines.Hears() {
		k.fault(yamlfile.CodeForm, "machines.detect", "is of other modes: in mode preview the agent hears who answers, and says *01 of a machine")
	}
}

func (k *checker) pacing() {
	c := k.c
	for _, x := range []struct {
		key  string
		mode Mode
	}{{"ratio", ModePower}, {"target_wait", ModeWait}, {"rate", ModeAgentless}} {
		key := "pacing." + x.key
		switch {
		case k.set(key) && c.Mode != x.mode:
			k.fault(yamlfile.CodeForm, key, "is of mode %s, and this is mode %s", x.mode, c.Mode)
		case !k.set(key) && c.Mode == x.mode:
			k.fault(yamlfile.CodeForm, key, "is missing: mode %s needs it", c.Mode)
		}
	}
	terms := c.Rules.Terms(k.known.Now, c.Purpose)
	if a := terms.Abandon; a != nil && c.Pacing.Abandon > a.Percent {
		k.fault(yamlfile.CodeForm, "pacing.abandon_percent", "%v is more than profile %s allows, which is %v", c.Pacing.Abandon, c.Profile, a.Percent)
	}
	if c.Rules.ID != "" && terms.Abandon == nil {
		k.fault(yamlfile.CodeForm, "profile", "profile %s has no limit of abandoned calls for purpose %s, and mode %s needs one", c.Profile, c.Purpose, c.Mode)
	}
	if c.Pacing.RingTimeout < terms.MinRing {
		k.fault(yamlfile.CodeForm, "pacing.ring_timeout", "%v is less than profile %s demands, which is %v", c.Pacing.RingTimeout, c.Profile, terms.MinRing)
	}
}

// leastAgain is the shortest time after which the same number may be called again.
const leastAgain = time.Minute

// knownOutcome tells whether retry rules may name an outcome.
func knownOutcome(name string) bool {
	if d, ok := strings.CutPrefix(name, dispositionOf); ok {
		return d != ""
	}
	_, ok := defaults[Result(name)]
	return ok
}

func (k *checker) retry() {
	for _, e := range k.c.Retry {
		key := yamlfile.Path("retry", e.Key)
		name, said := strings.CutPrefix(e.Key, dispositionOf)
		switch {
		case !knownOutcome(e.Key):
			var names []string
			for _, r := range Results {
				names = append(names, string(r))
			}
			k.fault(yamlfile.CodeUnknown, key, "there is no outcome %q%s", e.Key, yamlfile.Suggest(e.Key, names))
		case said && k.known.Disposition != nil && !k.known.Disposition(name, k.c.Queue):
			k.fault(yamlfile.CodeUnknown, key, "agents of queue %q have no disposition %q", k.c.Queue, name)
		case e.Value.Do == StepAgain && e.Value.After < leastAgain:
			k.fault(yamlfile.CodeForm, key, "again after %v: the same number is called again after %v at least", e.Value.After, leastAgain)
		case e.Value.Do == StepFinish && (e.Value.After > 0 || e.Value.Most > 0):
			k.fault(yamlfile.CodeForm, key, "finish has neither after nor most: the lead is not called again")
		}
	}
}

// shown checks what numbers are shown, by the profile's rules too.
func (k *checker) shown() {
	if len(k.c.Shown) == 0 {
		k.callerID("caller_id", "")
	}
	for i, s := range k.c.Shown {
		key := fmt.Sprintf("caller_id[%d]", i)
		if n, err := gate.E164(s.Number, ""); err != nil || n != s.Number {
			k.fault(yamlfile.CodeForm, key, "%q is not a number with + and country code", s.Number)
			continue
		}
		k.callerID(key, s.Number)
		if len(s.To) == 0 && i < len(k.c.Shown)-1 {
			k.fault(yamlfile.CodeForm, key, "is shown to every number, and none behind it ever is; put it last, or say to which (to)")
		}
	}
}

func (k *checker) callerID(key, number string) {
	for _, r := range k.c.Rules.Refusals(k.known.Now, compliance.Call{Purpose: k.c.Purpose, CallerID: number}, compliance.Callee{}, nil) {
		if r.Rule.Kind == compliance.KindCallerID {
			k.fault(yamlfile.CodeForm, key, "%s (rule %s of profile %s)", r.Text["en"], r.Rule.ID, k.c.Profile)
			return
		}
	}
}

// paced asks the pacer whether it takes the campaign.
func (k *checker) paced() {
	p, ok := k.c.Paced(k.known.Now, k.known.Now)
	if !ok {
		return
	}
	if err := (pacing.Config{Campaigns: []pacing.CampaignConfig{p}}).Validate(); err != nil {
		k.fault(yamlfile.CodeForm, "pacing", "%v", err)
	}
}
