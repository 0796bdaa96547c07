package lookup

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/theory/jsonpath"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator"
)

// Definitions are the sources by name.
type Definitions map[string]Source

// Source is one that can be asked.
type Source struct {
	Name    string
	Params  []Param // in the order of the file
	Results []Result
	Found   *jsonpath.Path // nil: any result is enough
	Timeout time.Duration
	Cache   time.Duration
	How     Maker
}

// Maker makes who asks a source, once for as long as its definition holds.
type Maker interface {
	open(p Parts) asker
	// refuses tells why a source cannot be asked with values although they are of their types.
	refuses(values map[string]string) string
}

// Known is what lint may ask of the sources.
func (d Definitions) Known() map[string]ivr.LookupSource {
	out := map[string]ivr.LookupSource{}
	for name, s := range d {
		var k ivr.LookupSource
		for _, p := range s.Params {
			k.Params = append(k.Params, p.Name)
		}
		for _, r := range s.Results {
			k.Results = append(k.Results, r.Name)
		}
		out[name] = k
	}
	return out
}

// lost is why a look-up cannot be made again by another process.
const lost = "parameter %q is masked, and its value was lost with the process that had it"

// bind checks what a source is asked with. A value that is not what it must be is not asked for:
// nobody has it.
func (s *Source) bind(l orchestrator.Lookup) (values map[string]string, refused orchestrator.LookupAnswer) {
	values = map[string]string{}
	for _, p := range s.Params {
		value, ok := l.Params[p.Name]
		if slices.Contains(l.Masked, p.Name) {
			if value, ok = l.Secret[p.Name]; !ok {
				return nil, orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: fmt.Sprintf(lost, p.Name)}
			}
		}
		if !ok {
			return nil, orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: fmt.Sprintf("parameter %q is not given", p.Name)}
		}
		if why := p.refuses(value); why != "" {
			return nil, orchestrator.LookupAnswer{Result: orchestrator.LookupNone, Why: fmt.Sprintf("not asked: parameter %q %s", p.Name, why)}
		}
		values[p.Name] = value
	}
	if why := s.How.refuses(values); why != "" {
		return nil, orchestrator.LookupAnswer{Result: orchestrator.LookupNone, Why: "not asked: " + why}
	}
	return values, orchestrator.LookupAnswer{}
}

// read takes the results of a document.
func (s *Source) read(doc any) (orchestrator.LookupAnswer, error) {
	none := orchestrator.LookupAnswer{Result: orchestrator.LookupNone}
	if s.Found != nil && !slices.ContainsFunc(s.Found.Select(doc), something) {
		return none, nil
	}
	out := orchestrator.LookupAnswer{Result: orchestrator.LookupFound, Values: map[string]string{}}
	var missing error
	for _, r := range s.Results {
		value, err := r.take(doc)
		if err != nil {
			return out, unfit{err}
		}
		if value == "" {
			if r.Need && missing == nil {
				missing = unfit{fmt.Errorf("result %q is not in the answer", r.Name)}
			}
			continue
		}
		out.Values[r.Name] = value
	}
	if s.Found == nil && len(s.Results) > 0 && len(out.Values) == 0 {
		return none, nil
	}
	return out, missing
}

// something tells whether a value says that there is something.
func something(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	case json.Number:
		return true
	}
	return true
}

// unfit is a failure of one answer, which says nothing of the source: it is not held against it.
type unfit struct{ error }

// Unwrap returns the cause.
func (u unfit) Unwrap() error { return u.error }
