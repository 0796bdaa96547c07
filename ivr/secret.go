package ivr

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator/fault"
)

// hidden is what a state is never stored with: the digits that masked gathers
// collect, the variables that hold them, and, in flows that have such a gather, keys
// typed ahead. It stays with the process; another one that takes the call up asks
// for them again.
type hidden struct {
	Keys  string              `json:"k,omitempty"`
	Ahead string              `json:"a,omitempty"`
	Vars  map[string]string   `json:"x,omitempty"`
	Stack []map[string]string `json:"s,omitempty"` // of the frames, as far as there is any
}

// encode returns the state as it is stored, and what is not: nil when there is
// nothing. masks tells whether the flow has a masked gather.
func (s *state) encode(masks bool) (raw, secret json.RawMessage, err error) {
	const op = "ivr.Next"
	open, h := *s, hidden{}
	if s.Masked {
		open.Keys, h.Keys = "", s.Keys
	}
	if masks {
		open.Ahead, h.Ahead = "", s.Ahead
	}
	open.Vars, h.Vars = divide(s.Vars, s.Hide)
	if slices.ContainsFunc(s.Stack, func(f frame) bool { return len(f.Hide) > 0 }) {
		open.Stack, h.Stack = slices.Clone(s.Stack), make([]map[string]string, len(s.Stack))
		for i, f := range s.Stack {
			open.Stack[i].Vars, h.Stack[i] = divide(f.Vars, f.Hide)
		}
	}
	if raw, err = json.Marshal(open); err != nil {
		return nil, nil, fault.E(op, fault.Internal, err)
	}
	if h.Keys == "" && h.Ahead == "" && h.Vars == nil && h.Stack == nil {
		return raw, nil, nil
	}
	secret, err = json.Marshal(h)
	return raw, secret, fault.E(op, fault.Internal, err)
}

// reveal puts back what encode took out. What cannot be read was of another
// process and counts as lost.
func (s *state) reveal(secret json.RawMessage) {
	var h hidden
	if len(secret) == 0 || json.Unmarshal(secret, &h) != nil {
		return
	}
	s.Keys, s.Ahead = s.Keys+h.Keys, s.Ahead+h.Ahead
	s.Vars = united(s.Vars, h.Vars)
	for i := range min(len(h.Stack), len(s.Stack)) {
		s.Stack[i].Vars = united(s.Stack[i].Vars, h.Stack[i])
	}
}

// divide parts variables into those that may be stored and those named.
func divide(vars map[string]string, names []string) (open, secret map[string]string) {
	if len(names) == 0 {
		return vars, nil
	}
	open = maps.Clone(vars)
	for _, name := range names {
		if value, ok := vars[name]; ok {
			if secret == nil {
				secret = map[string]string{}
			}
			secret[name] = value
			delete(open, name)
		}
	}
	return open, secret
}

func united(open, secret map[string]string) map[string]string {
	if len(secret) == 0 {
		return open
	}
	all := maps.Clone(open)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, secret)
	return all
}

// hides tells whether a text reads a variable that is not stored.
func (s *state) hides(text string) bool {
	return len(s.Hide) > 0 && slices.ContainsFunc(References(text), func(name string) bool { return slices.Contains(s.Hide, name) })
}

// masks tells whether any flow of a revision has a masked gather.
func (rev *Revision) masks() bool {
	for _, f := range rev.Flows {
		for _, n := range f.Nodes {
			if g, ok := n.Step.(*Gather); ok && g.Mask {
				return true
			}
		}
	}
	return false
}
