package flowfile

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
)

// Parse reads one flow file. The error is of type Faults. It looks at the file
// alone: what needs the other definitions is for Lint.
func Parse(src ivr.Source) (*ivr.Flow, error) {
	f, faults := readFlow(src)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// readFlow returns nil when the file cannot be made sense of at all.
func readFlow(src ivr.Source) (*ivr.Flow, Faults) {
	r := &reader{file: src.File}
	root := r.parse(src.YAML)
	if root == nil {
		return nil, r.faults
	}
	f := &ivr.Flow{At: root.at, Prompts: map[string]*ivr.Prompt{}, Nodes: map[string]*ivr.Node{}}
	f.ID = root.must("flow")
	r.flow = f.ID
	if f.ID != "" && !ivr.ValidName(f.ID) {
		r.fault(CodeForm, root.posOf("flow"), "%q cannot name a flow: letters, digits, - and _ only", f.ID)
	}
	f.Version = root.text("version")
	f.Start, f.StartAt = root.text("start"), root.posOf("start")
	r.languages(root, f)
	d := r.defaults(root, f)
	f.Params = r.params(root)
	r.prompts(root.child("prompts"), f)
	r.nodes(root.child("nodes"), f, d)
	root.done()
	return f, r.faults
}

func (r *reader) languages(root *object, f *ivr.Flow) {
	f.Language = root.must("language")
	f.Languages = root.texts("languages")
	if f.Language != "" && !slices.Contains(f.Languages, f.Language) {
		f.Languages = append([]string{f.Language}, f.Languages...)
	}
	for _, l := range f.Languages {
		if !ivr.ValidLanguage(l) {
			r.fault(CodeForm, root.posOf("languages"), "%q is no language; write es, en or es-MX", l)
		}
	}
}

func (r *reader) params(root *object) []string {
	names := root.texts("params")
	for _, p := range names {
		if !ivr.ValidVariable(p) {
			r.fault(CodeForm, root.posOf("params"), "%q cannot name a variable", p)
		}
	}
	return names
}

// defaults are what the questions of a flow say unless they say otherwise.
type defaults struct {
	bargeIn bool
	waits   ivr.Waits
	retries ivr.Retries
}

func (r *reader) defaults(root *object, f *ivr.Flow) defaults {
	d := defaults{bargeIn: true,
		waits:   ivr.Waits{FirstDigit: ivr.DefaultFirstDigit, InterDigit: ivr.DefaultInterDigit},
		retries: ivr.Retries{NoInput: ivr.DefaultRetries, NoMatch: ivr.DefaultRetries}}
	o := root.child("defaults")
	if o == nil {
		return d
	}
	d.bargeIn = o.flag("barge_in", d.bargeIn)
	d.waits = r.waits(o, d.waits)
	d.retries = r.retries(o, d.retries)
	f.OnError, f.OnErrorAt = o.text("on_error"), o.posOf("on_error")
	o.done()
	return d
}

func (r *reader) waits(o *object, absent ivr.Waits) ivr.Waits {
	w := ivr.Waits{FirstDigit: o.duration("first_digit", absent.FirstDigit),
		InterDigit: o.duration("inter_digit", absent.InterDigit)}
	if w.FirstDigit <= 0 || w.InterDigit <= 0 {
		r.fault(CodeBounds, o.at, "first_digit and inter_digit of %s must be longer than 0", o.what)
		return absent
	}
	return w
}

// maxRetries keeps a silent line from holding a channel for ever.
const maxRetries = 20

// retries reads "retries: 2" or "retries: {noinput: 2, nomatch: 3}".
func (r *reader) retries(o *object, absent ivr.Retries) ivr.Retries {
	out := absent
	switch v := o.vals["retries"].val.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		c := o.child("retries")
		out.NoInput = c.number("noinput", absent.NoInput)
		out.NoMatch = c.number("nomatch", absent.NoMatch)
		c.done()
	default:
		if n := o.number("retries", -1); v != nil && n >= 0 {
			out = ivr.Retries{NoInput: n, NoMatch: n}
		}
	}
	if out.NoInput > maxRetries || out.NoMatch > maxRetries {
		r.fault(CodeBounds, o.posOf("retries"), "more than %d retries", maxRetries)
		return absent
	}
	return out
}

// prompts reads "key: sound", or "key: {es: sound, en: [sound, sound], text: {es: …}}".
func (r *reader) prompts(o *object, f *ivr.Flow) {
	if o == nil {
		return
	}
	for _, key := range o.keys {
		n := o.take(key)
		if n == nil {
			continue
		}
		p := &ivr.Prompt{Key: key, At: o.vals[key].key, Sounds: map[string][]string{}, Text: map[string]string{}}
		what := "prompt " + key
		switch n.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			r.promptLanguages(r.object(n, what), p)
		default:
			p.Sounds[""] = r.sounds(n, what)
		}
		f.Prompts[key] = p
	}
}

func (r *reader) promptLanguages(o *object, p *ivr.Prompt) {
	for _, key := range o.keys {
		switch {
		case key == "text":
			r.promptText(o, p)
		case key == "sound":
			p.Sounds[""] = r.sounds(o.take(key), o.what)
		case ivr.ValidLanguage(key):
			if n := o.take(key); n != nil {
				p.Sounds[key] = r.sounds(n, o.what)
			}
		}
	}
	o.used["sound"], o.used["text"] = true, true
	o.done()
}

func (r *reader) promptText(o *object, p *ivr.Prompt) {
	switch o.vals["text"].val.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		c := o.child("text")
		for _, lang := range c.keys {
			p.Text[lang] = c.text(lang)
		}
	default:
		p.Text[""] = o.text("text")
	}
}

// sounds reads one sound name or a list, and refuses names that would be read
// as something else by a PBX.
func (r *reader) sounds(n ast.Node, what string) []string {
	if n == nil {
		return nil
	}
	names := r.texts(n, what)
	for _, s := range names {
		if !ivr.ValidSound(s) {
			r.fault(CodePrompt, r.pos(n), "%q of %s is no sound name: letters, digits, / - _ and . only, without extension", s, what)
		}
	}
	return names
}
