package doctor

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// expected is one line that must be among those of a judgement, and the only
// one that is neither ok nor a note; "" in check expects none such.
type expected struct {
	name    string
	lines   []Line
	check   string
	verdict Verdict
	text    string
	remedy  string
}

func (e expected) test(t *testing.T) {
	t.Helper()
	found := false
	for _, l := range e.lines {
		if (l.Remedy == "") != (l.Verdict == OK) {
			t.Errorf("remedy %q of %+v", l.Remedy, l)
		}
		if l.Check == e.check && l.Verdict == e.verdict && strings.Contains(l.Text, e.text) && strings.Contains(l.Remedy, e.remedy) {
			found = true
		} else if l.Verdict >= Warning {
			t.Errorf("unexpected %+v", l)
		}
	}
	if !found && e.check != "" {
		t.Errorf("no %s of %s with %q and remedy %q in %+v", e.verdict, e.check, e.text, e.remedy, e.lines)
	}
}

func testAll(t *testing.T, rows []expected) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.test(t)
		})
	}
}

func TestJudgeRedis(t *testing.T) {
	t.Parallel()
	with := func(change func(*redisFacts)) []Line {
		f := redisFacts{addrs: "127.0.0.1:6379", health: redisstore.Health{Version: "7.0.15", Mode: "standalone", Role: "master",
			Persistence: redisstore.PersistAppend, MemoryPolicy: "noeviction", Latency: time.Millisecond}}
		change(&f)
		return judgeRedis(f)
	}
	health := func(change func(*redisstore.Health)) []Line {
		return with(func(f *redisFacts) { change(&f.health) })
	}
	type h = redisstore.Health
	testAll(t, []expected{
		{"all well", with(func(*redisFacts) {}), "", OK, "", ""},
		{"refused", with(func(f *redisFacts) { f.err = syscall.ECONNREFUSED }), "reachable", Fault, "refused", "is Redis running at 127.0.0.1:6379"},
		{"password", with(func(f *redisFacts) { f.err = errors.New("WRONGPASS invalid username-password pair") }), "reachable", Fault, "WRONGPASS", "redis.password"},
		{"rights", with(func(f *redisFacts) { f.err = errors.New("NOPERM no permissions") }), "reachable", Fault, "NOPERM", "redis acl"},
		{"rights beyond", health(func(h *h) { h.User, h.Beyond = "default", true }), "rights", Note, `"default"`, "redis acl"},
		{"starting", with(func(f *redisFacts) { f.err = errors.New("LOADING Redis is loading") }), "reachable", Fault, "LOADING", "wait"},
		{"certificate", with(func(f *redisFacts) { f.err = errors.New("x509: unknown authority") }), "reachable", Fault, "x509", "redis.tls"},
		{"slow", health(func(h *h) { h.Latency = 50 * time.Millisecond }), "reachable", Warning, "50ms", "SLOWLOG"},
		{"old", health(func(h *h) { h.Version = "6.0.16" }), "version", Fault, "6.0.16", "6.2"},
		{"6.2", health(func(h *h) { h.Version = "6.2.1" }), "version", OK, "", ""},
		{"no version", health(func(h *h) { h.Version = "" }), "version", Fault, "", "6.2"},
		{"replica", health(func(h *h) { h.Role = "slave" }), "role", Fault, "slave", "Sentinel"},
		{"nothing kept", health(func(h *h) { h.Persistence = redisstore.PersistNone }), "persistence", Fault, "nothing", "appendonly yes"},
		{"snapshots", health(func(h *h) { h.Persistence = redisstore.PersistSnapshot }), "persistence", Warning, "snapshots", "appendonly yes"},
		{"unknown", health(func(h *h) { h.Persistence = redisstore.PersistUnknown }), "persistence", Note, "does not tell", "append-only"},
		{"disk full", health(func(h *h) { h.WriteFailed = true }), "persistence", Fault, "disk", "disk"},
		{"evicts", health(func(h *h) { h.MemoryPolicy, h.MaxMemory = "allkeys-lru", 1<<30 }), "memory", Fault, "allkeys-lru", "noeviction"},
		{"may evict", health(func(h *h) { h.MemoryPolicy = "volatile-lru" }), "memory", Warning, "volatile-lru", "noeviction"},
		{"nearly full", health(func(h *h) { h.MaxMemory, h.UsedMemory = 100<<20, 90<<20 }), "memory", Warning, "90.0 MiB of 100.0 MiB", "maxmemory"},
		{"room", health(func(h *h) { h.MaxMemory, h.UsedMemory = 20<<30, 90<<10 }), "memory", OK, "90 KiB of 20 GiB", ""},
		{"clock", health(func(h *h) { h.Clock = -3 * time.Second }), "clock", Warning, "-3s", "NTP"},
		{"journal", health(func(h *h) { h.Journal = 2_000_000 }), "journal", Warning, "2000000", "recorder"},
	})
}

func TestJudgeRecords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	judge := func(f recordsFacts) []Line { return judgeRecords(f, now) }
	rewound := func(ago time.Duration) recordsFacts {
		return recordsFacts{place: records.Place{Epoch: 2, Lost: 17, Rewound: now.Add(-ago)}}
	}
	testAll(t, []expected{
		{"all well", judge(recordsFacts{dsn: "sqlite:x.db", file: true}), "", OK, "", ""},
		{"no folder", judge(recordsFacts{dsn: "sqlite:x/x.db", file: true, open: os.ErrNotExist}), "opens", Fault, "x/x.db", "folder must exist"},
		{"no server", judge(recordsFacts{dsn: "postgres://u:***@h/d", open: syscall.ECONNREFUSED}), "opens", Fault, "***", "psql"},
		{"no answer", judge(recordsFacts{read: errors.New("gone")}), "readable", Fault, "gone", "psql"},
		{"read-only", judge(recordsFacts{write: errors.New("readonly")}), "writable", Fault, "readonly", "replica"},
		{"lost its last writes", judge(rewound(time.Hour)), "journal", Warning, "17 entries of the journal that are on record among them; noticed 2026-03-04 09:00:00, 2 times", "appendfsync"},
		{"long ago", judge(rewound(30 * 24 * time.Hour)), "journal", OK, "17 entries", ""},
	})
}

func TestJudgeAPI(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	judge := func(f apiFacts) []Line {
		if f.cfg.Listen == "" {
			f.cfg.Listen = "127.0.0.1:8090"
		}
		return judgeAPI(f, now)
	}
	secure := api.Config{Listen: "0.0.0.0:443", TLSCert: "c", TLSKey: "k"}
	ready := &readyz{Status: "ok"}
	failing := &readyz{Status: "failing", Checks: []struct{ Name, State string }{{"redis", "ok"}, {"pbx main", "failing"}}}
	testAll(t, []expected{
		{"free", judge(apiFacts{}), "", OK, "", ""},
		{"any port", judge(apiFacts{cfg: api.Config{Listen: "127.0.0.1:0"}}), "address", OK, "each start", ""},
		{"served", judge(apiFacts{listen: syscall.EADDRINUSE, served: ready}), "address", OK, "operadora serves", ""},
		{"served, not ready", judge(apiFacts{listen: syscall.EADDRINUSE, served: failing}), "address", Warning, `"failing": pbx main`, "log"},
		{"taken", judge(apiFacts{listen: syscall.EADDRINUSE}), "address", Fault, "another program", "ss -ltnp"},
		{"no such address", judge(apiFacts{listen: syscall.EADDRNOTAVAIL}), "address", Fault, "no address of this machine", "api.listen"},
		{"a small port", judge(apiFacts{listen: os.ErrPermission}), "address", Fault, "permission", "1024"},
		{"nonsense", judge(apiFacts{listen: errors.New("unknown port")}), "address", Fault, "unknown port", "api.listen"},
		{"TLS", judge(apiFacts{cfg: secure, until: now.AddDate(1, 0, 0)}), "transport", OK, "2027-03-04", ""},
		{"ends soon", judge(apiFacts{cfg: secure, until: now.AddDate(0, 0, 3)}), "transport", Warning, "2026-03-07", "renew"},
		{"ended", judge(apiFacts{cfg: secure, until: now.AddDate(0, 0, -3)}), "transport", Fault, "2026-03-01", "renew"},
		{"no certificate", judge(apiFacts{cfg: secure, cert: os.ErrNotExist}), "transport", Fault, "cannot be used", "tls_key"},
	})
}

func running(without ...string) map[string]bool {
	out := map[string]bool{"format_wav_gsm": true}
	for _, m := range modules {
		out[m.name] = true
	}
	for _, name := range without {
		delete(out, name)
	}
	return out
}

func wellPBX() pbxFacts {
	cfg := ari.Config{URL: "http://127.0.0.1:8088/ari", User: "operadora", Password: "x", App: "operadora", MaxConnections: 64}
	return pbxFacts{cfg: cfg, modules: running(), report: ari.Report{Version: "22.10.1", WriteTimeout: 5 * time.Second,
		Request: time.Millisecond, Event: time.Millisecond, Sounds: map[string][]string{}}, sessions: sessionFacts{tried: 66, taken: 66}}
}

func TestJudgePBX(t *testing.T) {
	t.Parallel()
	with := func(change func(*pbxFacts)) []Line {
		f := wellPBX()
		change(&f)
		return judgePBX("main", f, []string{"wav", "wav49"})
	}
	access := func(err error) []Line { return with(func(f *pbxFacts) { f.access = err }) }
	report := func(change func(*ari.Report)) []Line { return with(func(f *pbxFacts) { change(&f.report) }) }
	denied := fault.New("ari.Probe", fault.Denied, "asterisk answers 403")
	testAll(t, []expected{
		{"all well", with(func(*pbxFacts) {}), "", OK, "", ""},
		{"nobody there", access(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), "reachable", Fault, "refused", "bindport"},
		{"no such host", access(&net.DNSError{Name: "pbx", Err: "no such host"}), "reachable", Fault, "no such host", "name service"},
		{"silence", access(os.ErrDeadlineExceeded), "reachable", Fault, "timeout", "firewall"},
		{"cut", access(errors.New("EOF")), "reachable", Fault, "EOF", "sessionlimit"},
		{"wrong password", access(statusError(401)), "login", Fault, "401", "[operadora] in ari.conf"},
		{"forbidden", access(statusError(403)), "login", Fault, "403", "http.conf"},
		{"another server", access(statusError(404)), "reachable", Fault, "404", "enabled = yes"},
		{"trouble", access(statusError(503)), "reachable", Fault, "503 Service Unavailable", "log"},
		{"read-only", with(func(f *pbxFacts) { f.probe, f.report.Event = denied, 0 }), "login", Fault, "not command", "read_only = no"},
		{"no event", with(func(f *pbxFacts) { f.probe, f.report.Event = errors.New("deaf"), 0 }), "event round trip", Fault, "deaf", "websocket"},
		{"slow events", report(func(r *ari.Report) { r.Event = time.Second }), "event round trip", Warning, "1s", "overloaded"},
		{"too old", report(func(r *ari.Report) { r.Version = "13.38.3" }), "version", Warning, "older than 16", "22"},
		{"oldest", report(func(r *ari.Report) { r.Version = "16.28.0" }), "version", OK, "16.28.0", ""},
		{"too new", report(func(r *ari.Report) { r.Version = "23.0.0" }), "version", Warning, "newer than 22", "22"},
		{"unknown version", report(func(r *ari.Report) { r.Version = "" }), "version", Note, "", "core show version"},
		{"module", with(func(f *pbxFacts) { f.modules = running("res_stasis_playback") }), "module res_stasis_playback", Fault, "prompts", "load = res_stasis_playback.so"},
		{"module that matters less", with(func(f *pbxFacts) { f.modules = running("res_pjsip_header_funcs") }), "module res_pjsip_header_funcs", Warning, "answer by themselves", "modules.conf"},
		{"module of a format", with(func(f *pbxFacts) { f.modules = running("format_wav_gsm") }), "module format_wav_gsm", Fault, "format wav49", ""},
		{"modules unknown", with(func(f *pbxFacts) { f.modulesErr = statusError(404) }), "modules", Warning, "404", "res_ari_asterisk"},
		{"ours", with(func(f *pbxFacts) { f.report.Attached, f.ours = true, true }), "application", OK, "serves here", ""},
		{"another's", with(func(f *pbxFacts) { f.report.Attached = true }), "application", Warning, "in use", "ari.app"},
		{"ours or another's", with(func(f *pbxFacts) { f.report.Attached, f.unseen = true, true }), "application", Note, "cannot be told", "api.listen"},
		{"free, though unseen", with(func(f *pbxFacts) { f.unseen = true }), "application", OK, "free", ""},
		{"just connecting", with(func(f *pbxFacts) { f.ours = true }), "application", Note, "connects just now", "again"},
		{"short timeout", report(func(r *ari.Report) { r.WriteTimeout = 100 * time.Millisecond }), "websocket write timeout", Warning, "100ms", "5000"},
		{"timeout not told", report(func(r *ari.Report) { r.WriteTimeout = 0 }), "websocket write timeout", Note, "", "ari.conf"},
		{"few sessions", with(func(f *pbxFacts) { f.sessions = sessionFacts{tried: 66, taken: 30, refused: true} }), "http sessions", Warning, "30 connections", "sessionlimit = 1000"},
		{"sessions unknown", with(func(f *pbxFacts) { f.sessions.err = os.ErrDeadlineExceeded }), "http sessions", Note, "", "sessionlimit"},
		{"beside another", with(func(f *pbxFacts) { f.sessions = sessionFacts{tried: 8, taken: 8} }), "http sessions", OK, "8 more", ""},
		{"empty password", with(func(f *pbxFacts) { f.cfg.Password = "" }), "ari.password", Warning, "empty", "pbxs.main.ari.password"},
	})
}

func TestJudgePhones(t *testing.T) {
	t.Parallel()
	agents := []acd.Agent{{ID: "ana", PBX: "main", Endpoint: "PJSIP/101"}, {ID: "bob", PBX: "main", Endpoint: "PJSIP/102"}, {ID: "eva", PBX: "other", Endpoint: "PJSIP/9"}}
	judge := func(states map[string]string, err error, agents []acd.Agent) []Line {
		s := &sheet{part: "pbx main"}
		judgePhones(s, "main", agents, states, onAsterisk, err)
		return s.lines
	}
	testAll(t, []expected{
		{"all here", judge(map[string]string{"PJSIP/101": "online", "PJSIP/102": "online"}, nil, agents), "", OK, "", ""},
		{"one away", judge(map[string]string{"PJSIP/101": "online", "PJSIP/102": "offline"}, nil, agents), "phones", Warning, "1 of 2 are not registered: PJSIP/102 (bob)", "plugged in"},
		{"one unknown", judge(map[string]string{"PJSIP/101": "online"}, nil, agents), "phones", Fault, "does not know PJSIP/102 (bob)", "pjsip.conf"},
		{"nobody", judge(nil, nil, agents[2:]), "phones", Note, "no agent", "agents.yaml"},
		{"not told", judge(nil, statusError(404), agents), "phones", Note, "404", "res_ari_endpoints"},
	})
}

func TestJudgeTransfers(t *testing.T) {
	t.Parallel()
	judge := func(version string, setting ari.Transfers, phones []string, err error) []Line {
		s := &sheet{part: "pbx main"}
		judgeTransfers(s, pbxFacts{cfg: ari.Config{Transfers: setting}, report: ari.Report{Version: version}, settings: phoneSettings{transferring: phones}, settingsErr: err})
		return s.lines
	}
	ana := []string{"PJSIP/101"}
	testAll(t, []expected{
		{"handed over", judge("22.11.0", ari.TransfersAuto, nil, nil), "transfer keys", OK, "come to operadora", ""},
		{"handed over by order", judge("22.10.1", ari.TransfersAlways, nil, nil), "transfer keys", OK, "come to operadora", ""},
		{"refused", judge("22.10.1", ari.TransfersAuto, nil, nil), "transfer keys", OK, "are refused", ""},
		{"not refused", judge("18.20.0", ari.TransfersAuto, ana, nil), "transfer keys", Warning, "PJSIP/101", "allow_transfer = no"},
		{"never", judge("22.11.0", ari.TransfersNever, ana, nil), "transfer keys", Warning, "cuts the caller off", "allow_transfer = no"},
		{"not told", judge("16.9.0", ari.TransfersAuto, nil, statusError(403)), "transfer keys", Note, "403", "allow_transfer = no"},
	})
}

func TestJudgeVanishing(t *testing.T) {
	t.Parallel()
	judge := func(phones []string, err error) []Line {
		s := &sheet{part: "pbx main"}
		judgeVanishing(s, pbxFacts{settings: phoneSettings{lasting: phones}, settingsErr: err})
		return s.lines
	}
	testAll(t, []expected{{"for ever", judge([]string{"PJSIP/101"}, nil), "vanished phones", Note, "PJSIP/101", "rtp_timeout = 60"}})
	if lines := append(judge(nil, nil), judge(nil, statusError(403))...); len(lines) > 0 {
		t.Errorf("%+v", lines)
	}
}

func TestJudgeDefinitions(t *testing.T) {
	t.Parallel()
	numbers := ivr.Definitions{DIDs: ivr.DIDs{{Pattern: "5000", Flow: "line"}}}
	two := judgeDefinitions("d", Definitions{Err: errors.New("one\n\ntwo")})
	if len(two) != 2 || two[0].Text != "one" || two[1].Verdict != Fault {
		t.Errorf("%+v", two)
	}
	testAll(t, []expected{
		{"good", judgeDefinitions("d", Definitions{Flows: numbers}), "", OK, "", ""},
		{"no numbers", judgeDefinitions("d", Definitions{}), "numbers", Warning, "no number", "dids.yaml"},
		{"faulty", two[:1], "valid", Fault, "one", "operadora check"},
	})
}
