package api

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

func validSpec(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every operation of the document is served, every route is in the document,
// and the access is the document's: there is no second place that says it.
func TestRoutesAndSpecAgree(t *testing.T) {
	t.Parallel()
	doc := validSpec(t)
	s := newWorld(t).server()
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := s.operationOf(method, echoPath(path))
			if o == nil || ids[o.id] || op.Summary == "" {
				t.Errorf("%s %s: served %v, its id is another's, or it has no summary", method, path, o)
				continue
			}
			ids[o.id] = true
			if open := op.Security != nil && len(*op.Security) == 0; open == (len(o.access.roles) > 0) {
				t.Errorf("%s %s: open to all is %v, and its roles are %v", method, path, open, o.access.roles)
			}
		}
	}
	for _, r := range s.echo.Routes() {
		if s.operationOf(r.Method, r.Path) == nil {
			t.Errorf("the router has %s %s, which the document has not", r.Method, r.Path)
		}
	}
	if got := len(s.echo.Routes()); got != len(ids) {
		t.Errorf("the router has %d routes, the document %d operations", got, len(ids))
	}
}

// A cookie without a path is of the folder under which a browser sees what gives it: one given
// further below would not be sent with anything else.
func TestCookiesAreOfTheWholeAPI(t *testing.T) {
	t.Parallel()
	given := 0
	for name, item := range validSpec(t).Paths.Map() {
		for method, op := range item.Operations() {
			for _, r := range op.Responses.Map() {
				if r.Value.Headers["Set-Cookie"] == nil {
					continue
				}
				if given++; path.Dir(name) != "/api/v1" {
					t.Errorf("%s %s gives a cookie of %s alone", method, name, path.Dir(name))
				}
			}
		}
	}
	if given == 0 {
		t.Error("nothing gives a cookie")
	}
}

// conform checks an answer against the document.
func conform(t *testing.T, router routers.Router, req *http.Request, res *httptest.ResponseRecorder) {
	t.Helper()
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.Code, Header: res.Header(),
		Body:    io.NopCloser(bytes.NewReader(res.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s %s answers %d against the document: %v\n%.300s", req.Method, req.URL, res.Code, err, res.Body)
	}
}

// decodable makes the validator take answers that are not JSON as they are.
func decodable() {
	for _, kind := range []string{"text/html", "audio/wave", "text/event-stream", "application/yaml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.FileBodyDecoder)
}

func TestAnswersConformToSpec(t *testing.T) {
	decodable() // global in the library, so this test is not parallel
	doc := validSpec(t)
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	s := w.server()
	w.agents.answer = orchestrator.AgentAnswer{Result: orchestrator.AgentLater, State: "talking"}
	seen := map[int]bool{}
	check := func(method, path, token, body string, headers ...string) {
		t.Helper()
		res := ask(s, method, path, token, body, headers...)
		req := httptest.NewRequest(method, path, nil)
		conform(t, router, req, res)
		seen[res.Code] = true
	}
	for _, o := range s.inOrder() {
		path := concrete(o.path)
		for _, role := range Roles {
			check(o.method, path, w.tokens[role], bodies[o.id])
		}
		s.throttle = newThrottle(s.Now)
		check(o.method, path, "", bodies[o.id])
		if o.tag != "session" && o.tag != "health" && o.tag != "docs" {
			check(o.method, path+sep(path)+"nonsense=1", w.tokens[wire.RoleAdmin], bodies[o.id])
		}
	}
	admin := w.tokens[wire.RoleAdmin]
	check("POST", "/api/v1/session", "", `{"token":"`+admin+`"}`)
	check("GET", "/api/v1/recordings/op-p1-r1/audio", admin, "") // deleted by now
	for _, result := range []orchestrator.AgentResult{"ok", "unknown", "already", "bad_reason", "surprise"} {
		w.agents.answer.Result = result
		check("POST", "/api/v1/agents/101/pause", admin, `{"reason":"x"}`)
	}
	check("GET", "/api/v1/contacts?limit=0", admin, "")
	check("GET", "/api/v1/contacts/none", admin, "")
	check("GET", "/api/v1/queues/none", admin, "")
	check("POST", "/api/v1/agents/101/pause", admin, `{"reason":`)
	w.floor.set(FloorState{Agents: []wire.Agent{{ID: "101", State: wire.AgentStateOffline}}, Queues: []wire.Queue{{ID: "sales"}}}) // lists and maps left out
	for _, path := range []string{"/agents", "/queues", "/queues/sales", "/queues/sales/waiting"} {
		check("GET", "/api/v1"+path, admin, "")
	}
	s.Definitions = bareDefinitions{}
	check("GET", "/api/v1/definitions", admin, "")
	w.floor.fail(io.ErrUnexpectedEOF)
	check("GET", "/api/v1/queues", admin, "")
	for _, status := range []int{200, 202, 204, 400, 401, 403, 404, 409, 410, 500, 503} {
		if !seen[status] {
			t.Errorf("no answer with %d was checked", status)
		}
	}
}

func sep(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	s := newWorld(t).server()
	r := ask(s, "GET", "/docs", "", "")
	page := r.Body.String()
	for _, want := range []string{"GET /api/v1/agents/{agent}", "Roles: admin, supervisor, and an agent for itself", "Open to all", "disposition", `id="AgentState"`, "offline, available, reserved", `href="#Problem"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, outside := range []string{"<script", "src=", "http://", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	if policy := r.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if r := ask(s, "GET", "/openapi.yaml", "", ""); r.Body.String() != string(spec) {
		t.Error("openapi.yaml is not served as it is")
	}
}
