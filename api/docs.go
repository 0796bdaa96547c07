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
	"slices"
	"sort"
	"strings"

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
	return documentation{s.docs, s.docsPolicy}, nil
}

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

// docsOperation is one route on the docs page.
type docsOperation struct {
	Method, Path, Summary, Description string
	Roles                              []string
	Parameters                         []docsParameter
	Body                               []docsParameter
	Answers                            []docsParameter
}

type docsParameter struct{ Name, Kind, Text string }

// renderDocs makes the docs page from the specification, and the content
// policy that allows its own style and nothing else.
func renderDocs(doc *openapi3.T) (page []byte, policy string, err error) {
	var list []docsOperation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		operations := doc.Paths.Value(path).Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			list = append(list, describe(method, path, operations[method]))
		}
	}
	t, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Style": template.CSS(docsStyle), "Info": doc.Info, "Operations": list}) //nolint:gosec // our own file
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256([]byte(docsStyle))
	policy = "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return b.Bytes(), policy, nil
}

func describe(method, path string, op *openapi3.Operation) docsOperation {
	d := docsOperation{Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	roles, _ := op.Extensions["x-roles"].([]any)
	for _, r := range roles {
		d.Roles = append(d.Roles, fmt.Sprint(r))
	}
	for _, p := range op.Parameters {
		d.Parameters = append(d.Parameters, docsParameter{p.Value.Name, p.Value.In, p.Value.Description})
	}
	if op.RequestBody != nil {
		if m := op.RequestBody.Value.Content.Get("application/json"); m != nil {
			for _, name := range slices.Sorted(maps.Keys(m.Schema.Value.Properties)) {
				v := m.Schema.Value.Properties[name].Value
				d.Body = append(d.Body, docsParameter{name, strings.Join(v.Type.Slice(), " "), v.Description})
			}
		}
	}
	for status, r := range op.Responses.Map() {
		text := ""
		if r.Value.Description != nil {
			text = *r.Value.Description
		}
		d.Answers = append(d.Answers, docsParameter{Name: status, Text: text})
	}
	sort.Slice(d.Answers, func(i, j int) bool { return d.Answers[i].Name < d.Answers[j].Name })
	return d
}
