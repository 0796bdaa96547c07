package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

func scrape(t *testing.T, m *metrics) string {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(m.calls, m.nodes, m.waits, m.amiss, m.backs, m.missed, m.setups, m.denied, m.ended, m.resumed)
	out := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return out.Body.String()
}

// endless is a body that fails the test when more of it is read than allowed.
type endless struct {
	read, most int
	t          *testing.T
}

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	if e.read > e.most {
		e.t.Errorf("%d bytes of the body were read", e.read)
		return 0, io.EOF
	}
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	const fifty = 50 << 20
	for _, row := range []struct {
		announced int64
		most      int
	}{{fifty, 0}, {-1, 2 << 20}} { // with its length, and chunked
		body := &endless{most: row.most, t: t}
		r := httptest.NewRequest("POST", "/api/v1/agents/101/pause", io.LimitReader(body, fifty))
		r.ContentLength = row.announced
		r.Header.Set("Authorization", "Bearer "+w.tokens[wire.RoleAdmin])
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		s.echo.ServeHTTP(out, r)
		if out.Code != 413 || !strings.Contains(out.Body.String(), "larger than 1048576 bytes") {
			t.Errorf("announced %d: %d %s", row.announced, out.Code, out.Body)
		}
	}
	// Over a real connection: the answer comes although the client has not sent the body.
	url := w.started(s)
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", fifty)
	answer := make([]byte, 12)
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 413" {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := errors.New("")
	w.parts.Checks = append(w.parts.Checks, Check{"store", func(context.Context) error { return broken }})
	s := w.server()
	got := read[wire.Readiness](t, ask(s, "GET", "/readyz", "", ""), 503)
	if got.Status != "failing" {
		t.Errorf("with a broken store: %+v", got)
	}
	broken = fault.New("redis", fault.Unavailable, "dial 10.0.0.7 refused")
	r := ask(s, "GET", "/readyz", "", "")
	if strings.Contains(r.Body.String(), "10.0.0.7") || !strings.Contains(r.Body.String(), `"detail":"unavailable"`) {
		t.Errorf("anybody may read: %s", r.Body)
	}
	broken = nil
	got = read[wire.Readiness](t, ask(s, "GET", "/readyz", "", ""), 200)
	if len(got.Checks) != 4 || got.Status != "ok" || got.Checks[3] != (wire.ReadinessCheck{Name: "pbx spare", State: "failing", Detail: "not connected here"}) {
		t.Errorf("one PBX of two: %+v", got)
	}
	w.parts.Lag = func() records.Lag { return records.Lag{Rewound: noon, Lost: 12} }
	got = read[wire.Readiness](t, ask(w.server(), "GET", "/readyz", "", ""), 200)
	if last := got.Checks[len(got.Checks)-1]; last.Name != "journal" || last.State != "ok" || !strings.Contains(last.Detail, "T12:00:00Z, at most 12 entries") {
		t.Errorf("Redis had lost its last writes: %+v", got)
	}
	w.engine.up = map[string]bool{"main": false}
	if got := read[wire.Readiness](t, ask(s, "GET", "/readyz", "", ""), 503); got.Status != "failing" {
		t.Errorf("no PBX: %+v", got)
	}
	w.engine.up = map[string]bool{"main": true}
	s.Drain()
	if got := read[wire.Readiness](t, ask(s, "GET", "/readyz", "", ""), 503); got.Status != "draining" {
		t.Errorf("draining: %+v", got)
	}
	if r := ask(s, "GET", "/livez", "", ""); r.Code != 200 {
		t.Errorf("a draining process is alive: %d", r.Code)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.started(s)
	ask(s, "GET", "/api/v1/queues/sales", w.tokens[wire.RoleWallboard], "")
	ask(s, "GET", "/api/v1/queues/sales", "op_a_b", "")
	text := ask(s, "GET", "/metrics", "", "").Body.String()
	want := []string{`operadora_queue_waiting{queue="sales"} 1`, `operadora_queue_away{queue="sales"} 0`, `operadora_queue_longest_wait_seconds{queue="sales"} 30`,
		`operadora_agents{state="talking"} 1`, `operadora_agents{state="paused"} 0`, `operadora_pbx_connected{pbx="spare"} 0`,
		`operadora_recorder_behind_seconds 3`, `operadora_recorder_entries_total 7`, `operadora_recorder_set_aside_total 2`,
		`operadora_recorder_rewinds_total 1`, `operadora_event_streams 0`, `operadora_unreadable_records 2`,
		`operadora_http_requests_total{route="GET /api/v1/queues/:queue",status="200"} 1`,
		`operadora_http_requests_total{route="GET /api/v1/queues/:queue",status="401"} 1`, `operadora_api_denied_total{why="bad_token"} 1`}
	for _, line := range want {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	w.floor.fail(errors.New("redis is away"))
	if r := ask(s, "GET", "/metrics", "", ""); r.Code != 200 || strings.Contains(r.Body.String(), "operadora_queue_waiting{") {
		t.Errorf("without the floor: %d", r.Code)
	}
	cfg := testConfig()
	cfg.OpenMetrics = false
	closed := newWorld(t)
	s = closed.serverWith(cfg)
	for token, want := range map[string]int{"": 401, closed.tokens[wire.RoleAgent]: 403, closed.tokens[wire.RoleWallboard]: 200} {
		if r := ask(s, "GET", "/metrics", token, ""); r.Code != want {
			t.Errorf("closed metrics: %d, want %d", r.Code, want)
		}
	}
}

func TestJournalFigures(t *testing.T) {
	t.Parallel()
	m := newMetrics(prometheus.NewRegistry())
	connected := entry("", orchestrator.EntryCallConnected, "1", "101", map[string]any{"wait_ms": 12_000, "expected_ms": 15_000})
	connected.At = noon.Add(3 * time.Second)
	for _, e := range []orchestrator.Entry{
		entry("", orchestrator.EntryCallNode, "1", "", orchestrator.Note{Flow: "main", Node: "menu"}),
		entry("", orchestrator.EntryCallOffered, "1", "102", nil),
		entry("", orchestrator.EntryCallMissed, "1", "102", map[string]any{"why": "no_answer"}),
		entry("", orchestrator.EntryCallMissed, "1", "102", map[string]any{"why": "a new reason"}),
		entry("", orchestrator.EntryCallOffered, "1", "101", nil), connected,
		entry("", orchestrator.EntryCallUnqueued, "2", "", map[string]any{"wait_ms": 500}),
		entry("", orchestrator.EntryCallOffered, "3", "101", nil),
		entry("", orchestrator.EntryCallConnected, "3", "101", map[string]any{"wait_ms": 7_200_000, "expected_ms": 60_000, "called_back_ms": 3_600_000}),
		entry("", orchestrator.EntryCallEnded, "1", "101", orchestrator.CallSummary{Kind: orchestrator.KindInbound, Outcome: orchestrator.OutcomeServed}),
		entry("", orchestrator.EntryCallEnded, "2", "", orchestrator.CallSummary{Kind: orchestrator.KindFeature, Outcome: "made up"}),
		{Type: orchestrator.EntryCallEnded, Data: []byte("broken")}, {Type: orchestrator.EntryCallNode, Data: []byte("broken")},
	} {
		m.follow(e)
	}
	text := scrape(t, m)
	for _, line := range []string{`operadora_calls_total{direction="inbound",result="served"} 1`, `operadora_calls_total{direction="internal",result="other"} 1`,
		`operadora_ivr_node_total{flow="main",node="menu"} 1`, `operadora_offers_missed_total{why="no_answer"} 1`, `operadora_offers_missed_total{why="other"} 1`,
		`operadora_queue_wait_seconds_sum{queue="sales",result="answered"} 12`,
		`operadora_queue_wait_expected_error_seconds_sum{queue="sales"} 3`, `operadora_queue_wait_expected_error_seconds_count{queue="sales"} 1`, `operadora_callback_seconds_sum{queue="sales"} 3600`, `operadora_queue_wait_seconds_count{queue="sales",result="out"} 1`,
		`operadora_call_setup_seconds_sum 3`, `operadora_call_setup_seconds_count 1`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	if len(m.offered) != 0 {
		t.Errorf("offers remembered: %v", m.offered)
	}
}

func TestStopEndsStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	s.Stop() // before Start
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("a second Start is accepted")
	}
	ready(t, s)
	url := "http://" + s.Addr().String()
	st := w.open(url, w.tokens[wire.RoleSupervisor], "")
	st.must()
	s.Stop()
	s.Stop()
	if _, err := st.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ends with %v", err)
	}
	if c, err := net.Dial("tcp", s.Addr().String()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

func TestEndOfContextEndsServing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	ready(t, s)
	st := w.open("http://"+s.Addr().String(), w.tokens[wire.RoleSupervisor], "")
	st.must()
	cancel()
	if _, err := st.next(); err == nil {
		t.Error("the stream goes on")
	}
	s.Stop()
}

func TestStartFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := testConfig()
	cfg.Listen = l.Addr().String()
	s := w.serverWith(cfg)
	if err := s.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "api.listen:") {
		t.Errorf("a port that is taken: %v", err)
	}
	s.Stop()
	cfg = testConfig()
	cfg.TLSCert, cfg.TLSKey = "nowhere.pem", "nowhere.key"
	other := newWorld(t).serverWith(cfg)
	if err := other.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "api.tls_cert:") {
		t.Errorf("no certificate: %v", err)
	}
	other.Stop()
}

func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := testConfig()
	var pool *x509.CertPool
	cfg.TLSCert, cfg.TLSKey, pool = certificate(t)
	s := w.serverWith(cfg)
	s.heartbeat, s.writeTime = 400*time.Millisecond, 100*time.Millisecond
	url := strings.Replace(w.started(s), "http:", "https:", 1)
	ready(t, s)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	res, err := client.Post(url+"/api/v1/session", "application/json", strings.NewReader(`{"token":"`+w.tokens[wire.RoleAdmin]+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" || !res.Cookies()[0].Secure {
		t.Errorf("%s %d %v", res.Proto, res.StatusCode, res.Header)
	}

	// A stream outlives the time that a client has for one part of it.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[wire.RoleAdmin])
	events, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	body, beats := bufio.NewReader(events.Body), 0
	for beats < 4 {
		line, err := body.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended after %d beats: %v", beats, err)
		}
		if line == ": beat\n" {
			beats++
		}
	}
	_ = events.Body.Close()
	client.CloseIdleConnections()
}

// certificate makes a certificate for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(cert, certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return cert, key, pool
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	if err := testConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for key, spoil := range map[string]func(*Config){
		"api.listen":                  func(c *Config) { c.Listen = "8090" },
		"api.tls_cert":                func(c *Config) { c.TLSKey = "k" },
		"api.tls_key":                 func(c *Config) { c.TLSCert = "c" },
		"api.trusted_proxies":         func(c *Config) { c.TrustedProxies = []string{"10.0.0.1"} },
		"api.event_clients":           func(c *Config) { c.EventClients = 0 },
		"api.event_clients_per_token": func(c *Config) { c.EventClientsPerToken = -1 },
	} {
		c := testConfig()
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+":") {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := New(c, Parts{}); err == nil {
			t.Errorf("%s: New accepts it", key)
		}
	}
}

// An audio stream takes as long as it takes: a recording is larger than any buffer on its way.
func TestLongRecordingOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := wave(8 << 20)
	w.engine.pbx.put("op-p1-r1", long)
	url := w.started(w.server())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/recordings/op-p1-r1/audio", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[wire.RoleAdmin])
	r.Header.Set("Range", "bytes=1000000-")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 206 || !bytes.Equal(got, long[1_000_000:]) {
		t.Errorf("%d, %d bytes, %v", res.StatusCode, len(got), err)
	}
}

func scrapeAll(t *testing.T, s *Server) string {
	t.Helper()
	return ask(s, "GET", "/metrics", "", "").Body.String()
}
