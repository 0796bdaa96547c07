package flowfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/say"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Known answers for what is defined elsewhere. A nil function means that
// nobody can tell; the check is left out.
type Known struct {
	Queue       func(name string) bool
	Callback    func(queue string) bool       // whether a queue calls back
	Needs       func(text string) error       // why a requirement on agents is none
	Unmet       func(queue, text string) bool // whether no agent of a queue meets one
	Mailbox     func(name string) bool        // of mailboxes.yaml
	Lookups     map[string]ivr.LookupSource   // of lookups.yaml; nil when nobody can tell
	Destination func(number string) error     // why the gate would refuse it
	Sound       func(lang, name string) bool  // whether the PBX has a sound
	Digits      bool                          // every PBX passes on of a dialled number + and digits only
}

// Lint checks definitions as a whole. Faults of single files (E00, E10, E11)
// are found by reading them.
func Lint(defs ivr.Definitions, known Known) yamlfile.Faults { return lint(defs, known, unread{}) }

// lint says nothing of what follows from what could not be read as it stands.
func lint(defs ivr.Definitions, known Known, left unread) yamlfile.Faults {
	var out yamlfile.Faults
	ids := make([]string, 0, len(defs.Flows))
	for id := range defs.Flows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	loops, spoiled := recursive(defs.Flows)
	for _, id := range ids {
		faulty, partly := left.flows[id]
		l := &linter{defs: defs, known: known, left: left, f: defs.Flows[id], loops: loops[id], spoiled: spoiled[id], faulty: faulty, partly: partly}
		l.flow()
		out = append(out, l.faults...)
	}
	return append(out, lintDIDs(defs, known.Digits, left)...).Sorted()
}

// linter checks one flow.
type linter struct {
	defs    ivr.Definitions
	known   Known
	f       *ivr.Flow
	loops   bool // it calls itself, directly or not
	spoiled bool // it calls a flow that does
	left    unread
	partly  bool                 // it has faults of form, so its paths cannot be told
	faulty  map[string]*ivr.Node // nodes with such: they are there, and have edges
	faults  yamlfile.Faults
}

func (l *linter) fault(code yamlfile.Code, at ivr.Pos, node, format string, args ...any) {
	l.faults = append(l.faults, yamlfile.Fault{Code: code, At: at, Where: where(l.f.ID, node), Text: fmt.Sprintf(format, args...)})
}

func (l *linter) flow() {
	if l.loops {
		l.fault(CodeRecursion, l.f.At, "", "the flow calls itself through its sub-flows; that would never return")
	}
	l.targets()
	l.prompts()
	if l.spoiled {
		return // outcomes and paths hang on sub-flows that never return
	}
	for _, name := range l.f.NodeNames() {
		l.node(l.f.Nodes[name])
	}
	if l.partly || l.f.Nodes[l.f.Start] == nil {
		return // nothing can be said of paths
	}
	l.paths()
	l.variables()
}

// targets checks where edges lead (E01, E02).
func (l *linter) targets() {
	names := append(l.f.NodeNames(), slices.Collect(maps.Keys(l.faulty))...)
	slices.Sort(names)
	missing := func(to string) bool { return to != ivr.End && !slices.Contains(names, to) }
	switch {
	case len(names) == 0: // told by the reader
	case l.f.Start == "" && l.f.StartAt == (ivr.Pos{}):
		l.fault(CodeStart, l.f.At, "", "start is missing: it names the node that calls begin with")
	case l.f.Start != "" && (missing(l.f.Start) || l.f.Start == ivr.End):
		l.fault(CodeStart, l.f.StartAt, "", "start is %q, and there is no such node%s", l.f.Start, yamlfile.Suggest(l.f.Start, names))
	}
	if e := l.f.OnError; e != "" && missing(e) {
		l.fault(CodeTarget, l.f.OnErrorAt, "", "on_error is %q, and there is no such node%s", e, yamlfile.Suggest(e, names))
	}
	for _, name := range names {
		n := l.f.Nodes[name]
		if n == nil {
			n = l.faulty[name]
		}
		for _, o := range n.Outcomes() {
			if e := n.On[o]; missing(e.To) {
				l.fault(CodeTarget, e.At, name, "%s leads to %q, and there is no such node%s", plain(o), e.To, yamlfile.Suggest(e.To, names))
			}
		}
	}
}

// plain says an outcome as the file does.
func plain(outcome string) string {
	if k, ok := strings.CutPrefix(outcome, "key:"); ok {
		return "key " + k
	}
	if c, ok := strings.CutPrefix(outcome, "case:"); ok {
		return "case " + c
	}
	return fmt.Sprintf("outcome %q", outcome)
}

// prompts checks languages, sounds and use of prompts (E08, E09, W01).
func (l *linter) prompts() {
	used := map[string]bool{}
	for _, name := range l.f.NodeNames() {
		for _, it := range l.f.Nodes[name].Items() {
			used[it.Prompt] = true
			if it.Prompt != "" && l.f.Prompts[it.Prompt] == nil {
				l.fault(CodePrompt, it.At, name, "prompt %q is not defined%s", it.Prompt, yamlfile.Suggest(it.Prompt, l.promptNames()))
			}
			if it.Sound != "" {
				l.sounds(it.At, name, []string{it.Sound}, l.f.Languages)
			}
		}
	}
	l.speech()
	for _, key := range l.promptNames() {
		p := l.f.Prompts[key]
		if !used[key] && !l.partly {
			l.fault(CodeUnusedPrompt, p.At, "", "prompt %q is never played", key)
		}
		for _, lang := range l.f.Languages {
			if names := p.In(lang); len(names) == 0 {
				instead := "callers would hear language " + l.f.Language
				if lang == l.f.Language {
					instead = "give it a name (sound: own/" + key + "), by which operadora sounds speak makes it of the text"
				}
				l.fault(CodePrompt, p.At, "", "prompt %q has no sound in language %s; %s", key, lang, instead)
			} else {
				l.sounds(p.At, "", names, []string{lang})
			}
		}
	}
}

// speech checks that values can be spoken in each language (E08, E09).
func (l *linter) speech() {
	spoken := false
	for _, name := range l.f.NodeNames() {
		for _, it := range l.f.Nodes[name].Items() {
			if it.Say == nil {
				continue
			}
			spoken = true
			for _, lang := range l.f.Languages {
				if f := it.Say.Form; !say.Spoken(lang) && f != ivr.SayDigits && f != ivr.SayNumber {
					l.fault(CodePrompt, it.At, name, "language %s has no rules for speaking a %s", lang, f)
				}
			}
		}
	}
	if !spoken || l.known.Sound == nil {
		return
	}
	for _, lang := range l.f.Languages {
		missing := slices.DeleteFunc(say.Sample(lang), func(s string) bool { return l.known.Sound(lang, s) })
		if len(missing) > 0 {
			l.fault(CodeSound, l.f.At, "", "the PBX lacks sounds for spoken numbers in language %s, such as %s; install its core sound package", lang, missing[0])
		}
	}
}

func (l *linter) promptNames() []string {
	out := make([]string, 0, len(l.f.Prompts))
	for k := range l.f.Prompts {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (l *linter) sounds(at ivr.Pos, node string, names, langs []string) {
	if l.known.Sound == nil {
		return
	}
	for _, lang := range langs {
		for _, s := range names {
			if !l.known.Sound(lang, s) {
				l.fault(CodeSound, at, node, "the PBX has no sound %q in language %s", s, lang)
			}
		}
	}
}

// node checks one node against what is defined elsewhere (E06, E12, E15, W02, W03, W05, W07).
func (l *linter) node(n *ivr.Node) {
	l.missing(n)
	switch s := n.Step.(type) {
	case *ivr.Menu:
		l.patience(n, &s.Question)
		if k := options(s.Keys); k > maxOptions {
			l.fault(CodeManyOptions, n.At, n.Name, "a menu with %d options is more than callers remember; %d is a good limit", k, maxOptions)
		}
	case *ivr.Gather:
		l.patience(n, &s.Question)
		if s.Max >= cardDigits && !s.Mask {
			l.fault(CodeUnmasked, n.At, n.Name, "a number of %d digits may be a card, and it is shown in the timeline; add mask: true", s.Max)
		}
	case *ivr.Set:
		if ivr.ValidLanguage(s.Language) && !l.f.Speaks(s.Language) {
			l.fault(CodePrompt, n.At, n.Name, "language %s is not among the flow's languages", s.Language)
		}
	case *ivr.Hours:
		l.hours(n, s)
	case *ivr.Queue:
		l.queue(n, s)
	case *ivr.Callback:
		l.callback(n, s)
	case *ivr.Record:
		if s.Silence > s.Max {
			l.fault(CodeImpatient, n.At, n.Name, "silence of %s never ends a message of at most %s", s.Silence, s.Max)
		}
		if l.known.Mailbox != nil && s.Mailbox != "" && !strings.Contains(s.Mailbox, "{{") && !l.known.Mailbox(s.Mailbox) {
			l.fault(CodeUnknown, n.At, n.Name, "mailbox %q is not defined in mailboxes.yaml", s.Mailbox)
		}
	case *ivr.Transfer:
		if !strings.Contains(s.To, "{{") && ivr.ValidDestination(s.To) && l.known.Destination != nil {
			if err := l.known.Destination(s.To); err != nil {
				l.fault(CodeUnknown, n.At, n.Name, "a transfer to %s would be refused: %v", s.To, err)
			}
		}
	case *ivr.Lookup:
		l.lookup(n, s)
	case *ivr.Call:
		l.call(n, s)
	}
}

// missing finds the outcomes that lead nowhere (E06).
func (l *linter) missing(n *ivr.Node) {
	var names []string
	trouble := true
	for _, w := range l.ways(n) {
		if w.To == "" {
			names = append(names, w.Outcome)
			trouble = trouble && w.Rule.Trouble
		}
	}
	if len(names) == 0 {
		return
	}
	remedy := "add the edge to the node"
	if trouble {
		remedy = "add it to the node, or defaults: {on_error: …} to the flow"
	}
	l.fault(CodeMissingEdge, n.At, n.Name, "nothing is said for outcome %s: %s", strings.Join(names, ", "), remedy)
}

const (
	maxOptions = 5
	cardDigits = 13 // the shortest card numbers in use
)

// options counts the keys of a menu that callers have to choose between; 0, *
// and # have meanings that people know.
func options(keys []string) int {
	n := 0
	for _, k := range keys {
		if !strings.Contains("0*#", k) {
			n++
		}
	}
	return n
}

func (l *linter) patience(n *ivr.Node, q *ivr.Question) {
	if q.Waits.FirstDigit < 2*time.Second || q.Waits.InterDigit < time.Second {
		l.fault(CodeImpatient, n.At, n.Name, "first_digit %s and inter_digit %s leave no time to press a key", q.Waits.FirstDigit, q.Waits.InterDigit)
	}
}

func (l *linter) queue(n *ivr.Node, s *ivr.Queue) {
	if !strings.Contains(s.Queue, "{{") && l.known.Queue != nil && !l.known.Queue(s.Queue) {
		l.fault(CodeUnknown, n.At, n.Name, "queue %q is not defined", s.Queue)
	}
	if l.known.Needs != nil {
		if err := l.known.Needs(s.Needs); err != nil {
			l.fault(CodeForm, n.At, n.Name, "needs: %q cannot be judged: %v", s.Needs, err)
		}
	}
	if !strings.Contains(s.Queue, "{{") && l.known.Unmet != nil && l.known.Unmet(s.Queue, s.Needs) {
		l.fault(yamlfile.CodeUnmet, n.At, n.Name, "needs: %q: no agent who serves %s can do so; callers wait for nobody", s.Needs, s.Queue)
	}
	if s.MaxWait > 0 && s.MaxWait < 5*time.Second {
		l.fault(CodeImpatient, n.At, n.Name, "max_wait %s is shorter than a phone rings", s.MaxWait)
	}
}

// callback checks that the queue calls back, and what may be called.
func (l *linter) callback(n *ivr.Node, s *ivr.Callback) {
	if !strings.Contains(s.Queue, "{{") && l.known.Queue != nil {
		switch {
		case !l.known.Queue(s.Queue):
			l.fault(CodeUnknown, n.At, n.Name, "queue %q is not defined", s.Queue)
		case l.known.Callback != nil && !l.known.Callback(s.Queue):
			l.fault(CodeUnknown, n.At, n.Name, "queue %q calls nobody back: it has no callback in queues.yaml", s.Queue)
		}
	}
	if !strings.Contains(s.Number, "{{") && ivr.ValidDestination(s.Number) && l.known.Destination != nil {
		if err := l.known.Destination(s.Number); err != nil {
			l.fault(CodeUnknown, n.At, n.Name, "a callback to %s would be refused: %v", s.Number, err)
		}
	}
}

// lookup checks that the source is there, and takes and gives what the node says.
func (l *linter) lookup(n *ivr.Node, s *ivr.Lookup) {
	if l.known.Lookups == nil {
		return
	}
	source, ok := l.known.Lookups[s.Source]
	if !ok {
		l.fault(CodeUnknown, n.At, n.Name, "source %q is not defined in lookups.yaml%s", s.Source, yamlfile.Suggest(s.Source, slices.Sorted(maps.Keys(l.known.Lookups))))
		return
	}
	given := map[string]bool{}
	for _, p := range s.Params {
		given[p.Name] = true
		if !slices.Contains(source.Params, p.Name) {
			l.fault(CodeUnknown, p.At, n.Name, "source %q takes no parameter %q%s", s.Source, p.Name, yamlfile.Suggest(p.Name, source.Params))
		}
	}
	for _, name := range source.Params {
		if !given[name] {
			l.fault(CodeUnknown, n.At, n.Name, "source %q needs parameter %q", s.Source, name)
		}
	}
	for _, a := range s.Save {
		if !slices.Contains(source.Results, a.Value) {
			l.fault(CodeUnknown, a.At, n.Name, "source %q has no result %q%s", s.Source, a.Value, yamlfile.Suggest(a.Value, source.Results))
		}
	}
}

func (l *linter) hours(n *ivr.Node, s *ivr.Hours) {
	c := l.defs.Calendars[s.Calendar]
	if c == nil && l.left.calendars {
		return
	}
	if c == nil {
		l.fault(CodeUnknown, n.At, n.Name, "calendar %q is not defined", s.Calendar)
		return
	}
	for _, o := range n.Outcomes() {
		name, ok := strings.CutPrefix(o, "holiday:")
		if ok && !slices.ContainsFunc(c.Holidays, func(h calendar.Holiday) bool { return h.Name == name }) {
			l.fault(CodeUnknown, n.On[o].At, n.Name, "calendar %q has no holiday %q", s.Calendar, name)
		}
	}
}

// call checks a sub-flow's parameters, outcomes and values.
func (l *linter) call(n *ivr.Node, s *ivr.Call) {
	sub := l.defs.Flows[s.Flow]
	if sub == nil {
		if !l.left.files {
			l.fault(CodeUnknown, n.At, n.Name, "flow %q is not defined", s.Flow)
		}
		return
	}
	if _, partly := l.left.flows[s.Flow]; partly {
		return // what it takes and returns is not known
	}
	given := map[string]bool{}
	for _, p := range s.Params {
		given[p.Name] = true
		if !slices.Contains(sub.Params, p.Name) {
			l.fault(CodeUnknown, p.At, n.Name, "flow %q takes no parameter %q", s.Flow, p.Name)
		}
	}
	for _, p := range sub.Params {
		if !given[p] {
			l.fault(CodeUnknown, n.At, n.Name, "flow %q needs parameter %q", s.Flow, p)
		}
	}
	returns := sub.Returns()
	for _, o := range n.Outcomes() {
		if _, ok := returns[o]; !ok && o != ivr.OutError {
			l.fault(CodeOutcome, n.On[o].At, n.Name, "flow %q never returns %q", s.Flow, o)
		}
	}
	for _, a := range s.Save {
		if !returned(sub, a.Value) {
			l.fault(CodeUnknown, a.At, n.Name, "flow %q returns no value %q", s.Flow, a.Value)
		}
	}
}

func returned(sub *ivr.Flow, value string) bool {
	for _, n := range sub.Nodes {
		if s, ok := n.Step.(*ivr.Return); ok {
			if slices.ContainsFunc(s.Values, func(a ivr.Assign) bool { return a.Name == value }) {
				return true
			}
		}
	}
	return false
}

// lintDIDs checks the dialled numbers (E12, E08, W06).
func lintDIDs(defs ivr.Definitions, digits bool, left unread) yamlfile.Faults {
	var out yamlfile.Faults
	for _, d := range defs.DIDs {
		f := defs.Flows[d.Flow]
		if digits && strings.Trim(strings.TrimSuffix(d.Pattern, "*"), "+0123456789") != "" {
			out = append(out, yamlfile.Fault{Code: CodeUndialled, At: d.At, Where: "number " + d.Pattern, Text: "no call comes to it: of what was dialled Asterisk's dialplan passes on + and digits only"})
		}
		switch {
		case f == nil && left.files: // it may be that one
		case f == nil:
			out = append(out, yamlfile.Fault{Code: CodeUnknown, At: d.At, Where: "number " + d.Pattern, Text: fmt.Sprintf("goes to flow %q, which is not defined", d.Flow)})
		case d.Language != "" && !f.Speaks(d.Language):
			out = append(out, yamlfile.Fault{Code: CodePrompt, At: d.At, Where: "number " + d.Pattern, Text: fmt.Sprintf("begins in language %s, which flow %s does not speak", d.Language, d.Flow)})
		case len(f.Params) > 0:
			out = append(out, yamlfile.Fault{Code: CodeUnknown, At: d.At, Where: "number " + d.Pattern, Text: fmt.Sprintf("goes to flow %s, which needs parameters and can only be called by another flow", d.Flow)})
		}
	}
	return out
}
