package lookup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
)

// journal is a log that tests read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// asking runs a service by what lookups.yaml says.
func asking(t *testing.T, yaml string, p lookup.Parts) (*lookup.Service, *journal) {
	t.Helper()
	defs, faults := load(t, yaml)
	if faults != "" {
		t.Fatal(faults)
	}
	log := &journal{}
	p.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := lookup.New(p)
	s.Use(defs)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, log
}

func ask(t *testing.T, s *lookup.Service, source string, params map[string]string) orchestrator.LookupAnswer {
	t.Helper()
	return s.LookUp(t.Context(), orchestrator.Lookup{Source: source, Params: params})
}

// TestAnswers: what a source says becomes found with its results, none, or an error.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	var body atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.URL.Path != "/api/v1/subscribers/0012" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, body.Load().(string))
	}))
	t.Cleanup(srv.Close)
	s, _ := asking(t, `lookups:
  balance:
    kind: http
    url: `+srv.URL+`/api/v1/
    path: /subscribers/{subscriber}
    headers: {Authorization: "file:/etc/token"}
    allow: [127.0.0.1/32]
    timeout: 8s
    params: {subscriber: {type: digits, min: 4, max: 12}}
    none: [404, 410]
    found: $.subscribers
    results:
      name: $.subscribers[0].name
      amount: {path: "$.subscribers[0].balance.amount", type: number, need: true}
      due: {path: "$.subscribers[0].balance.due", type: date}
      vip: {path: "$.subscribers[0].vip", type: bool}
      at: {path: "$.subscribers[0].at", type: time}
      line: {path: "$.subscribers[0].line", type: digits}
`, lookup.Parts{})
	found := func(values map[string]string) orchestrator.LookupAnswer {
		return orchestrator.LookupAnswer{Result: orchestrator.LookupFound, Values: values}
	}
	none := orchestrator.LookupAnswer{Result: orchestrator.LookupNone}
	failed := func(why string) orchestrator.LookupAnswer {
		return orchestrator.LookupAnswer{Result: orchestrator.LookupError, Why: why}
	}
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   orchestrator.LookupAnswer
	}{
		{"all", 200, `{"subscribers":[{"name":" Ana López ","balance":{"amount":125000.50,"due":"2026-12-15T10:00:00Z"},"vip":true,"at":"09:30:00","line":"0057"}]}`,
			found(map[string]string{"name": "Ana López", "amount": "125000.50", "due": "2026-12-15", "vip": "true", "at": "09:30", "line": "0057"})},
		{"what may be missing", 200, `{"subscribers":[{"balance":{"amount":1.25e5,"due":null}}]}`, found(map[string]string{"amount": "125000"})},
		{"large and exact", 200, `{"subscribers":[{"balance":{"amount":12345678901234567890}}]}`, found(map[string]string{"amount": "12345678901234567890"})},
		{"status", 404, "gone", none},
		{"another status", 410, "", none},
		{"no content", 204, "", none},
		{"empty list", 200, `{"subscribers":[]}`, none},
		{"null", 200, `{"subscribers":null}`, none},
		{"nothing there", 200, `{}`, none},
		{"what is needed", 200, `{"subscribers":[{"name":"Ana"}]}`, failed(`result "amount" is not in the answer`)},
		{"another type", 200, `{"subscribers":[{"balance":{"amount":"much"}}]}`, failed(`result "amount" is not of type number in the answer`)},
		{"no single value", 200, `{"subscribers":[{"balance":{"amount":[1]}}]}`, failed(`result "amount" is no single value in the answer`)},
		{"no date", 200, `{"subscribers":[{"balance":{"amount":1,"due":"15/12/2026"}}]}`, failed(`result "due" is not of type date in the answer`)},
		{"two answers", 200, `{} {}`, failed(`its answer is no JSON (its type is "text/plain; charset=utf-8")`)},
		{"a fault of ours", 400, "", failed("it answers 400 Bad Request")},
	} {
		status.Store(int32(row.status))
		body.Store(row.body)
		if diff := cmp.Diff(row.want, ask(t, s, "balance", map[string]string{"subscriber": "0012"})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
	for value, want := range map[string]string{"": "has 0 characters", "123": "has 3 characters", "12a4": "is not of type digits", "１２３４": "is not of type digits"} {
		if got := ask(t, s, "balance", map[string]string{"subscriber": value}); got.Result != orchestrator.LookupNone || !strings.Contains(got.Why, want) {
			t.Errorf("%q: %+v", value, got)
		}
	}
	if got := ask(t, s, "nothing", nil); got.Result != orchestrator.LookupError || !strings.Contains(got.Why, "is not defined") {
		t.Errorf("a source that there is not: %+v", got)
	}
	lost := s.LookUp(t.Context(), orchestrator.Lookup{Source: "balance", Masked: []string{"subscriber"}})
	if lost.Result != orchestrator.LookupError || !strings.Contains(lost.Why, "was lost with the process") {
		t.Errorf("a masked value that another process had: %+v", lost)
	}
	body.Store(`{"subscribers":[{"balance":{"amount":1}}]}`)
	status.Store(200)
	if had := s.LookUp(t.Context(), orchestrator.Lookup{Source: "balance", Masked: []string{"subscriber"}, Secret: map[string]string{"subscriber": "0012"}}); had.Result != orchestrator.LookupFound {
		t.Errorf("a masked value: %+v", had)
	}
}

// TestParametersAreData: whatever a caller or another system put into a value arrives as that value, in its place.
func TestParametersAreData(t *testing.T) {
	t.Parallel()
	type request struct {
		Path, Query string
		Body        map[string]any
		Others      int
	}
	var got request
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tenants/7/{ref}/state", func(w http.ResponseWriter, r *http.Request) {
		got = request{Path: r.PathValue("ref"), Query: r.URL.Query().Get("q"), Others: len(r.URL.Query()) - 1}
		_ = json.NewDecoder(r.Body).Decode(&got.Body)
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s, _ := asking(t, `lookups:
  state:
    kind: http
    url: `+srv.URL+`/tenants/7
    path: "/{ref}/state"
    method: POST
    query: {q: "ref:{ref}"}
    body: '{"filter": {"ref": "{ref}", "n": "{n}", "label": "no {n}"}, "limit": 1}'
    allow: [127.0.0.0/8]
    timeout: 8s
    params: {ref: {max: 200}, n: number}
`, lookup.Parts{})
	for _, value := range []string{
		"12", "../../admin", "..%2f..%2fadmin", "a/../../8", `x\..\y`, "1' OR '1'='1' --", `"}, "admin": true, {"a":"`, "a&limit=9&q=other", "a?b#c",
		"{ref}{n}", "%00", "a;b", "\u202eabc", "ñandú ☎", "a+b c", "$where: 1", "...",
	} {
		answer := ask(t, s, "state", map[string]string{"ref": value, "n": "007.50"})
		want := request{Path: value, Query: "ref:" + value, Body: map[string]any{
			"filter": map[string]any{"ref": value, "n": 7.5, "label": "no 007.50"}, "limit": 1.0}}
		if diff := cmp.Diff(want, got); diff != "" || answer.Result != orchestrator.LookupFound {
			t.Errorf("%q: %+v (-want +got):\n%s", value, answer, diff)
		}
	}
	got = request{}
	for _, value := range []string{".", ".."} {
		if answer := ask(t, s, "state", map[string]string{"ref": value, "n": "1"}); answer.Result != orchestrator.LookupNone || got.Path != "" {
			t.Errorf("%q: %+v, and %+v was asked", value, answer, got)
		}
	}
}

// TestHostileSources: each has its result, in time, and its fault in the log; of what was asked, and of secrets, the log has nothing.
func TestHostileSources(t *testing.T) {
	t.Parallel()
	internal := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the inner service was asked") }))
	t.Cleanup(internal.Close)
	hang := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	zipped := bomb()
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"huge": func(w http.ResponseWriter, _ *http.Request) { pour(w, `{"a":"`, 1<<30) },
		"zipped": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped)
		},
		"endless": func(w http.ResponseWriter, r *http.Request) { pour(w, "[", 100); hang(w, r) },
		"silent":  hang,
		"headers": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
		"moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		},
		"inward": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, internal.URL, http.StatusTemporaryRedirect)
		},
		"xml": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = io.WriteString(w, "<balance>12</balance>")
		},
		"deep":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 60_000)) },
		"expired": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		"broken":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"cut":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		mux.HandleFunc("/"+path+"/{ref}", serve)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	secure := httptest.NewUnstartedServer(mux)
	secure.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())

	rows := []struct{ name, url, why string }{
		{"huge", srv.URL, "its answer is longer than 64 kB"},
		{"zipped", srv.URL, "its answer is longer than 64 kB"},
		{"endless", srv.URL, "no answer within 300ms"},
		{"silent", srv.URL, "no answer within 300ms"},
		{"headers", srv.URL, "server response headers exceeded"},
		{"moved", srv.URL, "it answers 302 Found, and redirects are not followed"},
		{"inward", srv.URL, "it answers 307 Temporary Redirect, and redirects are not followed"},
		{"xml", srv.URL, `its answer is no JSON (its type is "application/xml")`},
		{"deep", srv.URL, "its answer is no JSON"},
		{"expired", srv.URL, "it answers 401 Unauthorized: the secrets in its headers or query are wrong or have expired"},
		{"broken", srv.URL, "it answers 502 Bad Gateway"},
		{"cut", srv.URL, "EOF"},
		{"certificate", secure.URL, "tls: failed to verify certificate"},
		{"metadata", "http://169.254.169.254", "169.254.169.254 may not be dialled: no source has such an address"},
		{"mapped", "http://[::ffff:169.254.169.254]", "169.254.169.254 may not be dialled"},
		{"private", "http://10.0.0.5", "10.0.0.5 may not be dialled: it is not public, and allow of the source does not have it"},
		{"mine", "http://[::1]:" + port, "::1 may not be dialled: it is not public"},
		{"nobody", "http://0.0.0.0:" + port, "0.0.0.0 may not be dialled"},
		{"nat64", "http://[64:ff9b::7f00:1]", "64:ff9b::7f00:1 may not be dialled"},
		{"closed", "http://127.0.0.1:1", "connection refused"},
	}
	yaml := "lookups:\n"
	for _, r := range rows {
		allow, timeout := "127.0.0.1/32", "8s"
		if strings.Contains(r.why, "within") {
			timeout = "300ms"
		}
		if r.name == "metadata" || r.name == "mapped" || r.name == "nobody" {
			allow = "0.0.0.0/0" // never, whatever is allowed
		}
		yaml += fmt.Sprintf("  %s: {kind: http, url: %q, path: \"/%s/{ref}\", timeout: %s, allow: [%s], headers: {X-Token: \"file:/etc/token\"}, params: {ref: digits}}\n", r.name, r.url, r.name, timeout, allow)
	}
	s, log := asking(t, yaml, lookup.Parts{})
	for _, r := range rows {
		answer := ask(t, s, r.name, map[string]string{"ref": "4815162342"})
		if answer.Result != orchestrator.LookupError || !strings.Contains(answer.Why, r.why) {
			t.Errorf("%s: %+v, want %q", r.name, answer, r.why)
		}
		if entry := "source=" + r.name + " "; !strings.Contains(log.String(), entry) {
			t.Errorf("%s: the log does not have it", r.name)
		}
		for _, secret := range []string{"4815162342", "s3cret"} {
			if strings.Contains(answer.Why, secret) || strings.Contains(log.String(), secret) {
				t.Errorf("%s: %s is told: %s\n%s", r.name, secret, answer.Why, log)
			}
		}
	}
}

// pour writes n bytes more, or as many as are taken.
func pour(w io.Writer, begin string, n int) {
	_, _ = io.WriteString(w, begin)
	chunk := bytes.Repeat([]byte("0,"), 16<<10)
	for ; n > 0; n -= len(chunk) {
		if _, err := w.Write(chunk[:min(n, len(chunk))]); err != nil {
			return
		}
	}
}

// bomb is 8 MB of JSON in a few kB.
func bomb() []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	pour(z, "[", 8<<20)
	_ = z.Close()
	return out.Bytes()
}

// TestOwnAuthority: certificates of an organisation's own are judged by its own.
func TestOwnAuthority(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":1}`) }))
	t.Cleanup(srv.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	defs, _, faults := lookup.Load(fstest.MapFS{lookup.FileName: {Data: []byte(`lookups: {s: {kind: http, url: "` + srv.URL + `", ca: /ca.pem, timeout: 8s, allow: [127.0.0.1/32], results: {a: $.a}}}`)}},
		func(text string) (string, error) { return string(ca), nil })
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	s := lookup.New(lookup.Parts{Log: slog.New(slog.DiscardHandler)})
	s.Use(defs)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if got := ask(t, s, "s", nil); got.Result != orchestrator.LookupFound || got.Values["a"] != "1" {
		t.Errorf("%+v", got)
	}
}

// TestRebinding: a name that had a good address, and has another one as it is dialled, is not dialled there.
func TestRebinding(t *testing.T) {
	t.Parallel()
	lc := net.ListenConfig{}
	good, err := lc.Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(good.Addr().String())
	inner, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(l net.Listener, h http.HandlerFunc) {
		srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}} //nolint:gosec // of a test
		srv.Config.SetKeepAlivesEnabled(false)
		srv.Start()
		t.Cleanup(srv.Close)
	}
	serve(good, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":"good"}`) })
	serve(inner, func(http.ResponseWriter, *http.Request) { t.Error("the inner service was asked") })
	names := &zone{}
	names.address.Store([4]byte{127, 0, 0, 2})
	s, log := asking(t, `lookups: {s: {kind: http, url: "http://crm.example:`+port+`", timeout: 8s, allow: [127.0.0.2/32], results: {a: $.a}}}`,
		lookup.Parts{Resolver: names.resolver(t)})
	if got := ask(t, s, "s", nil); got.Values["a"] != "good" {
		t.Fatalf("%+v", got)
	}
	names.address.Store([4]byte{127, 0, 0, 1})
	if got := ask(t, s, "s", nil); got.Result != orchestrator.LookupError || !strings.Contains(got.Why, "127.0.0.1 may not be dialled") {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(log.String(), "127.0.0.1 may not be dialled") {
		t.Errorf("the log does not have it: %s", log)
	}
}

// zone is a name server by which every name has one address.
type zone struct{ address atomic.Value }

func (z *zone) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	lc := net.ListenConfig{}
	conn, err := lc.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var over sync.WaitGroup
	over.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(z.reply(buf[:n]), from)
		}
	})
	t.Cleanup(func() { _ = conn.Close(); over.Wait() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (z *zone) reply(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) == 0 {
		return nil
	}
	m.Response, m.Additionals = true, nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body: &dnsmessage.AResource{A: z.address.Load().([4]byte)}}}
	}
	out, _ := m.Pack()
	return out
}
