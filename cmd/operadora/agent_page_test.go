package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

const agentPageQueues = `queues:
  - {id: sales, name: {en: Sales, es: Ventas}, ring_timeout: 20s, retry: 1s, wrap_up: 50s, extend_wrap_up: {by: 30s, most: 3m}, record: true,
     outcome: {required: true, several: 2}, caller_id: "+576015550000", callback: {first: agent}, misses_before_pause: 0}
dispositions:
  - {name: sale, texts: {en: Sale, es: Venta}}
  - {name: cash, parent: sale, digits: "1", texts: {en: Cash, es: Contado}}
  - {name: card, parent: sale, digits: "2", texts: {en: Card, es: Tarjeta}}
  - {name: again, date: true, texts: {en: Again, es: De nuevo}}
pause_reasons:
  - {name: lunch, digit: "2", texts: {en: Lunch, es: Almuerzo}}
`

// TestAgentPage is an agent's whole shift by keyboard beside a desk phone: in, a pause, a callback, a caller,
// a note that outlives the end of the session, a reload and a kill -9, hold, a colleague who is asked and gets
// the caller, more time, an outcome; a campaign's call with its script and an appointment, a number that is
// busy, and out.
func TestAgentPage(t *testing.T) {
	t.Parallel()
	browser(t)
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	o := dialsOver(carrier, 2)
	o.files["queues.yaml"] = agentPageQueues
	o.files["profiles/own.yaml"] = strings.ReplaceAll(ownRules, "threshold: 2s", "threshold: 30s")
	o.files["agents.yaml"] = `agents:
  - {id: "101", name: Ana, pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "102", name: Ben, pbx: main, endpoint: PJSIP/102, queues: []}
`
	r := newRig(t, o)
	r.start()
	token, err := r.Run("token", "create", "--name", "ana", "--role", "agent", "--agent", "101")
	must(t, err)
	ana, ben := r.desk("101"), r.login("102")
	file := filepath.Join(t.TempDir(), "march.csv")
	must(t, os.WriteFile(file, []byte("celular;nombre;due\n3001000000;Lucía;12 March\n"), 0o600))

	var target atomic.Pointer[url.URL] // it has another port after each start
	served := func() func(args ...string) string {
		api, err := r.API("supervisor")
		must(t, err)
		u, err := url.Parse(api.Base)
		must(t, err)
		target.Store(u)
		return r.by(api)
	}
	do := served()
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }})
	t.Cleanup(proxy.Close)

	var caller, agent, asked, lead *lab.Call
	through(t, "agent.mjs", proxy.URL+"/", strings.TrimSpace(token), map[string]func(){
		"promised": func() {
			for _, line := range strings.Split(strings.TrimSpace(do("callback", "list")), "\n")[1:] {
				do("callback", "cancel", strings.Fields(line)[0])
			}
		},
		"call":   func() { caller = r.queue("5550001"); agent = r.next(ana); must(t, agent.Ring()) },
		"answer": func() { must(t, agent.Answer()); r.talk(caller, agent) },
		"kill":   r.kill,
		"start":  func() { r.start(); do = served() },
		"asked":  func() { asked = r.answers(ben); r.talk(asked, agent) },
		"through": func() {
			ended(t, agent)
			r.talk(caller, asked)
			must(t, caller.Hangup())
			ended(t, asked)
		},
		"disposed": func() {
			r.told(orchestrator.EntryAgentDisposed, `"disposition":"cash"`, `"notes":"asks for the manager"`)
		},
		"campaign": func() {
			do("list", "create", "march", "--region", "CO")
			do("lead", "import", file, "--list", "march")
			do("campaign", "start", "march")
			lead = r.answers(carrier)
			agent = r.takes(ana, lead)
		},
		"lead": func() { must(t, lead.Hangup()); ended(t, agent) },
		"dial": func() {
			agent = r.answers(ana)
			called := r.next(carrier)
			must(t, called.Reject(486))
			ended(t, agent)
		},
		"logout": func() { do("agent", "logout", "101") },
	})
}
