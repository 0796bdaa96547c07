package flowfile

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/say"
)

// items reads what to play: a prompt key, or a list of keys and of
// {say: {digits: …}}, {say: {number: …, gender: f}}, {say: {money: …, currency: EUR}},
// {sound: …} and {tone: …}.
func (r *reader) items(n ast.Node, what string) []ivr.Item {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if it, ok := r.item(n, what); ok {
			return []ivr.Item{it}
		}
		return nil
	}
	var out []ivr.Item
	for _, v := range seq.Values {
		if it, ok := r.item(v, what); ok {
			out = append(out, it)
		}
	}
	return out
}

func (r *reader) item(n ast.Node, what string) (ivr.Item, bool) {
	it := ivr.Item{At: r.pos(n)}
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		o := r.object(n, what)
		it.Sound, it.Tone = o.text("sound"), o.text("tone")
		if c := o.child("say"); c != nil {
			it.Say = r.say(c)
			c.done()
		}
		o.done()
		if len(o.keys) != 1 {
			r.fault(CodeForm, it.At, "each entry of %s has exactly one of say, sound and tone", what)
			return it, false
		}
		if it.Sound != "" && !ivr.ValidSound(it.Sound) {
			r.fault(CodePrompt, it.At, "%q is no sound name", it.Sound)
		}
		return it, it.Say != nil || it.Sound != "" || it.Tone != ""
	}
	it.Prompt = r.text(n, what)
	return it, it.Prompt != ""
}

// say reads one form of speech, with gender or currency, of an object that may hold more.
func (r *reader) say(o *object) *ivr.Say {
	s := &ivr.Say{Gender: o.text("gender"), Currency: o.text("currency")}
	found := 0
	for _, form := range ivr.SayForms() {
		value := o.text(string(form))
		if o.has(string(form)) {
			s.Form, s.Value = form, value
			found++
		}
	}
	if found != 1 {
		r.fault(CodeForm, o.at, "%s needs exactly one of digits, number, date, time and money", o.what)
		return nil
	}
	if s.Gender != "" && s.Gender != "f" && s.Gender != "m" {
		r.fault(CodeForm, o.posOf("gender"), "gender is f or m, not %q", s.Gender)
	}
	if s.Form == ivr.SayMoney && !say.Currency(s.Currency) {
		r.fault(CodeForm, o.posOf("currency"), "%s: amounts in currency %q cannot be spoken", o.what, s.Currency)
	}
	return s
}

// prompt reads the items under a key.
func (o *object) prompt(key string) []ivr.Item {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return o.r.items(n, key+" of "+o.what)
}

// tries reads items for several attempts: one list for all of them, or a list of lists.
func (o *object) tries(key string) ivr.Tries {
	n := o.take(key)
	if n == nil {
		return nil
	}
	what := key + " of " + o.what
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		return ivr.Tries{o.r.items(n, what)}
	}
	for _, v := range seq.Values {
		if _, nested := v.(*ast.SequenceNode); !nested {
			return ivr.Tries{o.r.items(n, what)}
		}
	}
	var out ivr.Tries
	for _, v := range seq.Values {
		out = append(out, o.r.items(v, what))
	}
	return out
}
