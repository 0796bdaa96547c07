package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/operadora/operadora/"

// forbidden says who may not import whom, and why. Paths are prefixes.
var forbidden = []struct{ who, whom, why string }{
	{"orchestrator", "acd", "the orchestrator declares what it needs; acd implements it"},
	{"orchestrator", "ivr", "the orchestrator declares what it needs; ivr implements it"},
	{"orchestrator", "dialer", "the orchestrator knows calls, not campaigns"},
	{"orchestrator", "api", "calls know nothing of HTTP"},
	{"acd", "ivr", "queues and flows meet in the orchestrator only"},
	{"acd", "dialer", "queues and campaigns meet in the orchestrator only"},
	{"acd", "api", "queues know nothing of HTTP"},
	{"ivr", "acd", "queues and flows meet in the orchestrator only"},
	{"ivr", "dialer", "flows and campaigns meet in the orchestrator only"},
	{"ivr", "api", "flows know nothing of HTTP"},
	{"dialer", "acd", "queues and campaigns meet in the orchestrator only"},
	{"dialer", "ivr", "flows and campaigns meet in the orchestrator only"},
	{"dialer", "api", "campaigns know nothing of HTTP"},
	{"dialer/pacing", "orchestrator", "pacing is arithmetic"},
	{"dialer/compliance", "dialer", "what the law asks stands by itself"},
	{"dialplans", "orchestrator", "dialplans are a leaf"},
	{"orchestrator/fault", "orchestrator", "fault is a leaf"},
	{"orchestrator/erlang", "orchestrator", "erlang is arithmetic"},
	{"orchestrator/life", "orchestrator", "life is a leaf"},
	{"orchestrator/yamlfile", "orchestrator", "yamlfile is a leaf"},
	{"orchestrator/calendar", "orchestrator", "calendar is a leaf"},
	{"orchestrator/gate", "orchestrator/ari", "the gate is pure"},
}

// pure packages decide and do nothing: whom they may not import, and why.
// Entries are prefixes of whole path elements, of the standard library or ours.
var pure = []struct {
	who, why string
	whom     []string
}{
	{"orchestrator/call", "what a call is and how it moves is pure", []string{"context", "net", "os", "log", "sync",
		module + "orchestrator/engine", module + "orchestrator/redisstore", module + "orchestrator/ari", module + "orchestrator/records"}},
	{"orchestrator/calendar", "what hours are is arithmetic", []string{"context", "net", "os", "log", "sync"}},
	{"dialer/campaign", "which number is called next is pure", []string{"context", "net", "os", "log", "sync", "database",
		module + "dialer/leadstore", module + "orchestrator/records"}},
	{"dialer/compliance", "whether somebody may be called is pure", []string{"context", "net", "os", "log", "sync", "database",
		module + "dialer/leadstore", module + "orchestrator/records"}},
	{"dialer/leads", "what a lead is and how it is read is pure", []string{"context", "net", "os", "log", "sync", "database",
		module + "dialer/leadstore", module + "orchestrator/records"}},
}

// shared lists the programs' packages that the other program may import, and why.
var shared = []struct{ who, whom, why string }{
	{"cmd/operadora-lab", "cmd/operadora/top", "the demonstration shows what an operator would see"},
}

// notLinked says what operadora links nothing of, however indirectly, and why.
// Entries are prefixes of whole path elements.
var notLinked = []struct{ path, why string }{
	{"github.com/emiago", "SIP phones are for tests and the lab; the PBX speaks SIP"},
	{"testing", "no part of what an operator runs is a test"},
	{"net/http/httptest", "no part of what an operator runs is a test"},
	{module + "orchestrator/lab", "an operator has a PBX and a Redis"},
	{module + "orchestrator/mailer/mailtest", "an operator has a mail server"},
	{module + "orchestrator/pbxtest", "the scriptable switch is for tests and benches"},
	{module + "dialer/pacingsim", "the simulator judges the pacer and dials nothing"},
	{module + "cmd/operadora-lab", "the lab runs operadora, never the other way round"},
}

// clients lists who alone may import a client library.
var clients = []struct {
	library string
	owners  []string
}{
	{"github.com/coder/websocket", []string{"orchestrator/ari"}},
	{"github.com/CyCoreSystems/ari", []string{"orchestrator/ari"}},
	{"github.com/0x19/goesl", []string{"orchestrator/esl"}},
	{"github.com/redis/go-redis", []string{"orchestrator/redisstore", "acd/redisstore", "ivr/redisstore", "dialer/redisstore", "orchestrator/lab"}},
	{"modernc.org/sqlite", []string{"orchestrator/records"}},
	{"github.com/jackc/pgx", []string{"orchestrator/records"}},
	{"github.com/theory/jsonpath", []string{"ivr/lookup"}},
	{"github.com/sony/gobreaker", []string{"ivr/lookup"}},
	{"github.com/jellydator/ttlcache", []string{"ivr/lookup"}},
	{"github.com/wneessen/go-mail", []string{"orchestrator/mailer"}},
	{"github.com/labstack/echo", []string{"api"}},
	{"github.com/spf13/cobra", []string{"cmd"}},
	{"github.com/spf13/viper", []string{"cmd"}},
	{"github.com/emiago/diago", []string{"orchestrator/lab"}},
}

func under(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		who, ok := strings.CutPrefix(words[0], module)
		if !ok {
			continue
		}
		packages++
		for _, imported := range words[1:] {
			checkImport(t, who, imported)
		}
	}
	if packages < 10 {
		t.Fatalf("only %d packages were looked at", packages)
	}
}

// TestOperadoraLinksNoProvingGround looks at everything that is linked, however indirectly.
func TestOperadoraLinksNoProvingGround(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"cmd/operadora").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	linked := strings.Fields(string(out))
	if len(linked) < 100 {
		t.Fatalf("only %d packages were looked at", len(linked))
	}
	for _, path := range linked {
		for _, no := range notLinked {
			if under(path, no.path) {
				t.Errorf("operadora links %s: %s", path, no.why)
			}
		}
	}
}

// program is the program that a package below cmd belongs to: cmd/<name>.
func program(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "cmd/"), "/")
	return "cmd/" + name
}

// mayImportCommand tells whether who may import whom, which is below cmd.
func mayImportCommand(who, whom string) bool {
	if under(who, "cmd") && program(who) == program(whom) {
		return true
	}
	for _, s := range shared {
		if under(who, s.who) && under(whom, s.whom) {
			return true
		}
	}
	return false
}

func checkImport(t *testing.T, who, imported string) {
	t.Helper()
	whom, ours := strings.CutPrefix(imported, module)
	for _, p := range pure {
		for _, no := range p.whom {
			if under(who, p.who) && under(imported, no) {
				t.Errorf("%s imports %s: %s", who, whom, p.why)
			}
		}
	}
	if ours {
		if under(whom, "cmd") && !mayImportCommand(who, whom) {
			t.Errorf("%s imports %s: nobody imports cmd", who, whom)
		}
		if who == "orchestrator" && whom != "orchestrator/fault" {
			t.Errorf("%s imports %s: the words that all share stand on nothing but fault", who, whom)
		}
		for _, f := range forbidden {
			// a leaf may import below itself
			if under(who, f.who) && under(whom, f.whom) && !under(whom, f.who) {
				t.Errorf("%s imports %s: %s", who, whom, f.why)
			}
		}
		return
	}
	for _, c := range clients {
		if !under(imported, c.library) {
			continue
		}
		allowed := false
		for _, owner := range c.owners {
			allowed = allowed || under(who, owner)
		}
		if !allowed {
			t.Errorf("%s imports %s: only %s may", who, imported, strings.Join(c.owners, ", "))
		}
	}
}
