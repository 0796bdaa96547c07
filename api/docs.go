package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // openapi.yaml
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle string

// GetSpecification implements StrictServerInterface.
func (s operations) GetSpecification(context.Context, GetSpecificationRequestObject) (GetSpecificationResponseObject, error) {
	return GetSpecification200ApplicationYamlResponse{Body: bytes.NewReader(spec), ContentLength: int64(len(spec))}, nil
}

// GetDocumentation implements StrictServerInterface.
func (s operations) GetDocumentation(context.Context, GetDocumentationRequestObject) (GetDocumentationResponseObject, error) {
	return docs()
}

// docs is the docs page, made when it is asked for first.
var docs = sync.OnceValues(func() (d documentation, err error) {
	doc, err := document()
	if err != nil {
		return d, err
	}
	d.page, d.policy, err = renderDocs(doc)
	return d, err
})

// documentation is the docs page with the policy that allows its style.
type documentation struct {
	page   []byte
	policy string
}

func (d documentation) VisitGetDocumentationResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Security-Policy", d.policy)
	w.Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	_, err := w.Write(d.page)
	return err
}

// docsOperation is one operation on the docs page.
type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Roles                                  []string
	Self                                   bool // also an agent for itself
	Open                                   bool // to all
	Parameters, Body, Answers              []docsField
}

// docsField is a parameter, a member or an answer. Of is the schema that it
// leads to, "" for none.
type docsField struct {
	Name, Kind, Of, Text string
	Needed               bool
}

// docsSchema is a schema that has a name of its own.
type docsSchema struct {
	Name, Text, Words string
	Members           []docsField
}

// renderDocs makes the docs page from the specification, and the content
// policy that allows its own style and nothing else.
func renderDocs(doc *openapi3.T) (page []byte, policy string, err error) {
	var list []docsOperation
	for _, route := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(route)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			list = append(list, describe(method, route, item, item.Operations()[method]))
		}
	}
	var schemas []docsSchema
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		v := doc.Components.Schemas[name].Value
		schemas = append(schemas, docsSchema{Name: name, Text: v.Description, Words: words(v.Enum), Members: members(v)})
	}
	t, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Style": template.CSS(docsStyle), "Info": doc.Info, "Operations": list, "Schemas": schemas}) //nolint:gosec // our own file
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256([]byte(docsStyle))
	policy = "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return b.Bytes(), policy, nil
}

func describe(method, route string, item *openapi3.PathItem, op *openapi3.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: method, Path: route, Summary: op.Summary, Description: op.Description,
		Open: op.Security != nil && len(*op.Security) == 0}
	d.Self, _ = op.Extensions["x-self"].(bool)
	roles, _ := op.Extensions["x-roles"].([]any)
	for _, r := range roles {
		d.Roles = append(d.Roles, fmt.Sprint(r))
	}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		f := field(p.Value.Name, p.Value.Schema)
		f.Text, f.Needed = p.Value.Description, p.Value.Required
		d.Parameters = append(d.Parameters, f)
	}
	if op.RequestBody != nil {
		if json := op.RequestBody.Value.Content.Get(echo.MIMEApplicationJSON); json != nil {
			d.Body = members(json.Schema.Value)
		} else {
			d.Body = []docsField{{Name: "the whole body", Kind: "file (" + echo.MIMEOctetStream + ")", Needed: true}}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		r := op.Responses.Value(status).Value
		f := docsField{Name: status}
		for _, kind := range slices.Sorted(maps.Keys(r.Content)) {
			f = field(status, r.Content[kind].Schema)
			if f.Of == "" {
				f.Kind = kind
			}
		}
		if r.Description != nil {
			f.Text = *r.Description
		}
		d.Answers = append(d.Answers, f)
	}
	return d
}

// members lists what an object holds, what its parts bring included.
func members(s *openapi3.Schema) []docsField {
	var out []docsField
	for _, part := range s.AllOf {
		out = append(out, members(part.Value)...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		f := field(name, s.Properties[name])
		f.Needed = slices.Contains(s.Required, name)
		out = append(out, f)
	}
	return out
}

// field says what kind of thing a schema is of.
func field(name string, s *openapi3.SchemaRef) docsField {
	f := docsField{Name: name, Of: path.Base(s.Ref), Text: s.Value.Description}
	if s.Ref == "" {
		f.Of = ""
	}
	v := s.Value
	f.Kind = strings.Join(v.Type.Slice(), " ")
	switch {
	case v.Items != nil:
		item := field("", v.Items)
		f.Kind, f.Of = "list of "+item.Kind, item.Of
	case len(v.Enum) > 0 && s.Ref == "":
		f.Kind = words(v.Enum)
	case v.Format == "date-time":
		f.Kind = "moment"
	}
	return f
}
