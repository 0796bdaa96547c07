package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/operadora/operadora/api/oidc/oidctest"
	"github.com/operadora/operadora/api/web"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// mustHavePages is the environment variable by which `make test` says that the pages have
// been built, and their browser installed: what lacks is a fault then, and nothing skipped.
const mustHavePages = "MUST_HAVE_PAGES"

// browser finds what the pages are tested with, or skips the test.
func browser(t *testing.T) (node, chromium string) {
	t.Helper()
	lack := func(what string) {
		t.Helper()
		if os.Getenv(mustHavePages) != "" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	if _, built := web.Index(); !built {
		lack("the pages are not built into this program: make web")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		lack("there is no node")
	}
	for _, name := range []string{"chromium-headless-shell", "chromium"} {
		if chromium, err = exec.LookPath(name); err == nil {
			return node, chromium
		}
	}
	lack("there is no chromium: make browser")
	return "", ""
}

// through goes the way of a script through the pages in a real Chromium, as whoever has the token. The
// script says what it waits for, and parts does it.
func through(t *testing.T, script, base, token string, parts map[string]func(), more ...string) {
	t.Helper()
	node, chromium := browser(t)
	cmd := exec.CommandContext(limit(t), node, append([]string{"test/e2e/" + script, base, token}, more...)...)
	cmd.Dir = filepath.Join("..", "..", "api", "web")
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var told strings.Builder
	cmd.Stderr = &told
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	last := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if last = lines.Text(); parts[last] != nil {
			t.Log(last)
			parts[last]()
			_, err := fmt.Fprintln(in, "done")
			must(t, err)
		}
	}
	if err := cmd.Wait(); err != nil || last != "ok" {
		t.Errorf("the page: %v, %s", err, last)
	}
	t.Log(told.String())
}

// below puts a proxy with a path of its own before operadora; served is to be called after each start, because
// operadora has another port then.
func below(t *testing.T, r *rig) (served func(), base string) {
	t.Helper()
	var target atomic.Pointer[url.URL]
	proxy := httptest.NewServer(http.StripPrefix("/operadora", &httputil.ReverseProxy{
		Rewrite:      func(p *httputil.ProxyRequest) { p.SetURL(target.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}))
	t.Cleanup(proxy.Close)
	return func() {
		t.Helper()
		api, err := r.API("supervisor")
		must(t, err)
		u, err := url.Parse(api.Base)
		must(t, err)
		target.Store(u)
	}, proxy.URL + "/operadora"
}

// TestFloorPage has a supervisor sign in below a proxy's path, pause an agent, see a caller wait
// and be served, listen, live through a kill -9, and sign out and in, in a real Chromium: no
// error, nothing that the content policy forbids, no request to elsewhere, nothing that axe
// finds in either language and theme.
func TestFloorPage(t *testing.T) {
	t.Parallel()
	browser(t)
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": `agents:
  - {id: "101", name: Ana, pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, pin: "4711"}
teams:
  - {id: all, supervisors: ["102"], may: [listen, whisper, barge, takeover]}
`, "queues.yaml": strings.ReplaceAll(rigQueues, "{id: sales,", "{id: sales, name: {en: Sales, es: Ventas},")}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana, bea := r.login("101"), r.desk("102")

	served, base := below(t, r)
	served()

	var caller, agent, listener *lab.Call
	through(t, "floor.mjs", base+"/", api.Token, map[string]func(){
		"call":   func() { caller = r.queue("5550001"); r.awaitEntry(orchestrator.EntryCallQueued, 1) },
		"answer": func() { agent = r.takes(ana, caller) },
		"listen": func() { listener = r.answers(bea) },
		"left":   func() { ended(t, listener) },
		"kill":   r.kill,
		"start":  func() { r.start(); served() },
		"hangup": func() { must(t, agent.Hangup()); ended(t, caller) },
	})
}

// TestReportsPage has a supervisor ask for reports and hear a recording: what is seen is what the API and
// the files say, a colleague who is sent the address sees the same, and what was muted is drawn. A recording that is
// drawn has not been played; one that is played, by many requests, is on the audit log once.
func TestReportsPage(t *testing.T) {
	t.Parallel()
	browser(t)
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": `agents:
  - {id: "101", name: Ana, pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, queues: [sales]}
`}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	admin, err := r.API("admin")
	must(t, err)
	ana := r.login("101")
	c := r.queue("5550001")
	a := r.takes(ana, c)
	r.awaitEntry(orchestrator.EntryCallRecording, 1)
	live := r.onlyCall(api)
	life.Sleep(limit(t), time.Second) // of sound
	_, err = api.MuteRecordingWithResponse(limit(t), live.LiveRecording.ID)
	must(t, err)
	life.Sleep(limit(t), 1500*time.Millisecond) // of silence
	_, err = api.UnmuteRecordingWithResponse(limit(t), live.LiveRecording.ID)
	must(t, err)
	ben := r.login("102")
	other := r.queue("5550002")
	r.serve(ben, other)
	must(t, a.Hangup())
	ended(t, c)
	third := r.queue("5550003")
	r.awaitEntry(orchestrator.EntryCallQueued, 3)
	must(t, third.Hangup())
	calls := r.settled(3)
	i := slices.IndexFunc(calls, func(s orchestrator.CallSummary) bool { return s.Caller.Number == "5550001" })
	muted := calls[i]
	_, err = admin.PlaceHoldWithResponse(limit(t), wire.LegalHoldOrder{Call: muted.Call, Why: "a suit"})
	must(t, err)

	plays := func(want int) func() {
		return func() {
			log, err := admin.ListAuditWithResponse(limit(t), &wire.ListAuditParams{Object: &muted.Recording, Action: new("recording.play")})
			must(t, err)
			if got := len(log.JSON200.Items); got != want {
				t.Errorf("%d lines of playing on the audit log, want %d", got, want)
			}
		}
	}
	through(t, "reports.mjs", api.Base+"/", api.Token, map[string]func(){"drawn": plays(0), "played": plays(1)}, muted.Recording)
}

// TestPeoplePage has the first administrator come in by what `operadora user create` prints, let an
// agent, a program and a screen in and out again, and the agent change her password, sign in again
// where she was and be signed out elsewhere, have all that operadora stands on examined, and put
// definitions in force that were wrong at first, in a real Chromium.
func TestPeoplePage(t *testing.T) {
	t.Parallel()
	browser(t)
	queues := rigQueues
	r := newRig(t, rigOptions{agents: 1, files: map[string]string{"queues.yaml": queues,
		"agents.yaml": "agents:\n  - {id: \"101\", pbx: main, endpoint: PJSIP/101, queues: [sales], pin: \"4711\"}\n"}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	out, err := r.Run("user", "create", "root", "--role", "admin", "--name", "Root of all")
	must(t, err)
	_, link, _ := strings.Cut(strings.TrimSpace(out), "/#/welcome/")
	write := func(more string) func() {
		return func() { must(t, r.Define("queues.yaml", strings.Replace(queues, "queues:\n", "queues:\n"+more, 1))) }
	}
	through(t, "people.mjs", api.Base+"/", link, map[string]func(){"fault": write("  - {id: vip, wrap: 5s}\n"), "mend": write("  - {id: vip, wrap_up: 5s}\n")})
}

// TestSignInPage has people set a second factor up and use it, where it is wanted and where a role needs it, and
// sign in at an OpenID provider of another site, below a proxy's path, in a real Chromium.
func TestSignInPage(t *testing.T) {
	t.Parallel()
	browser(t)
	r := newRig(t, rigOptions{agents: 1})
	op := oidctest.New(t, time.Now)
	op.URL = strings.Replace(op.URL, "127.0.0.1", "localhost", 1) // another site than ours
	op.Claims = map[string]any{"preferred_username": "marta"}
	served, base := below(t, r)
	config, err := os.ReadFile(r.Config())
	must(t, err)
	must(t, r.Write("operadora.yaml", strings.Replace(string(config), `listen: "127.0.0.1:0"`, fmt.Sprintf(`listen: "127.0.0.1:0", public_url: %q, totp_required: [campaign_manager], oidc: {issuer: %q, name: Acme, client_id: %s, client_secret: %s}`,
		base, op.URL, oidctest.ClientID, oidctest.ClientSecret), 1)))
	r.start()
	served()
	link := func(login, role string, more ...string) string {
		t.Helper()
		out, err := r.Run(append([]string{"user", "create", login, "--role", role}, more...)...)
		must(t, err)
		_, link, _ := strings.Cut(strings.TrimSpace(out), base+"/#/welcome/")
		return link
	}
	through(t, "signin.mjs", base+"/", link("root", "admin"), nil, op.URL, link("eva", "agent", "--agent", "101", "--name", "Eva Ruiz"), link("carla", "campaign_manager"))
	if f := op.Faults(); len(f) > 0 {
		t.Errorf("what the provider blames: %q", f)
	}
}
