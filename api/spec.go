package api

import (
	_ "embed" // openapi.yaml
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/operadora/operadora/api/wire"
)

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config wire/oapi-codegen.yaml openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config client/oapi-codegen.yaml openapi.yaml

//go:embed openapi.yaml
var spec []byte

// operation is one operation of openapi.yaml: what a request must be like and
// who may send it. What is not in the document does not exist, and an operation
// without x-roles and without "security: []" lets nobody in.
type operation struct {
	id, method, path string // path in echo's form: /agents/:agent
	tag              string
	access           access
	stream           bool // no deadline, and not timed
	upload           bool // its body is a file, which is read as it comes and takes as long as it takes
	reach            reach
	anyQuery         bool // takes parameters that the document does not have
	audited          bool // leaves a line on the audit log
	parameters       []*openapi3.Parameter
	query            []string         // names of the parameters in the query
	body             *openapi3.Schema // what a body must be like
	needsBody        bool
}

// document is openapi.yaml as read, once, and changed by nobody.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return doc, nil
})

// Prepare begins to read openapi.yaml, which takes a fifth of a second: New waits for it. Who
// has other things to begin with calls it first.
func Prepare() { go func() { _, _ = document() }() }

// loadSpec gives the operations in openapi.yaml, by method and path.
func loadSpec() (map[string]*operation, error) {
	doc, err := document()
	if err != nil {
		return nil, err
	}
	table := map[string]*operation{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for method, op := range item.Operations() {
			o, err := newOperation(method, path, item, op)
			if err != nil {
				return nil, fmt.Errorf("openapi.yaml: %s %s: %w", method, path, err)
			}
			table[method+" "+o.path] = o
		}
	}
	return table, nil
}

func newOperation(method, path string, item *openapi3.PathItem, op *openapi3.Operation) (*operation, error) {
	if op.OperationID == "" || len(op.Tags) != 1 {
		return nil, fmt.Errorf("an operation needs an operationId and one tag")
	}
	o := &operation{id: op.OperationID, method: method, path: echoPath(path), tag: op.Tags[0], body: nothing}
	o.stream, _ = op.Extensions["x-stream"].(bool)
	o.upload, _ = op.Extensions["x-upload"].(bool)
	o.anyQuery, _ = op.Extensions["x-any-query"].(bool)
	audits, _ := op.Extensions["x-audited"].(bool)
	o.audited = audits || !safe(method)
	o.access.public = op.Security != nil && len(*op.Security) == 0
	o.access.self, _ = op.Extensions["x-self"].(bool)
	team, _ := op.Extensions["x-team"].(string)
	if o.reach = reach(team); !slices.Contains(reaches, o.reach) {
		return nil, fmt.Errorf("x-team: %q is none of %q", team, reaches)
	}
	roles, _ := op.Extensions["x-roles"].([]any)
	for _, r := range roles {
		role, _ := r.(string)
		if !ValidRole(role) {
			return nil, fmt.Errorf("x-roles: %q is not a role", role)
		}
		o.access.roles = append(o.access.roles, wire.Role(role))
	}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		o.parameters = append(o.parameters, p.Value)
		if p.Value.In == openapi3.ParameterInQuery {
			o.query = append(o.query, p.Value.Name)
		}
	}
	if op.RequestBody != nil && !o.upload {
		content := op.RequestBody.Value.Content.Get("application/json")
		if content == nil {
			return nil, fmt.Errorf("a body must be application/json")
		}
		o.body, o.needsBody = content.Schema.Value, op.RequestBody.Value.Required
	}
	return o, nil
}

// nothing is the body of an operation that takes none: none at all, or {}.
var nothing = openapi3.NewObjectSchema().WithoutAdditionalProperties()

// echoPath turns OpenAPI's form of a path into echo's.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// operationOf returns the operation of a route, nil when there is none.
func (s *Server) operationOf(method, path string) *operation { return s.operations[method+" "+path] }

// permissions lists the operations that a token may use.
func (s *Server) permissions(a *asker) []string {
	var out []string
	for _, o := range s.operations {
		if !o.access.public && o.access.allows(a.who, a.who.Agent) && s.factored(a.who, o) && o.within(a.who.Scopes) && (!bound(a.who) || o.reach != reachCentre) {
			out = append(out, o.id)
		}
	}
	slices.Sort(out)
	return out
}

// safe tells whether a method changes nothing.
func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }
