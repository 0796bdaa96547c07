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
	{"dialplans", "orchestrator", "dialplans are a leaf"},
	{"orchestrator/fault", "orchestrator", "fault is a leaf"},
	{"orchestrator/gate", "orchestrator/ari", "the gate is pure"},
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
	{"github.com/labstack/echo", []string{"api"}},
	{"github.com/spf13/viper", []string{"cmd"}},
	{"github.com/spf13/cobra", []string{"cmd"}},
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

func checkImport(t *testing.T, who, imported string) {
	t.Helper()
	whom, ours := strings.CutPrefix(imported, module)
	if ours {
		if under(whom, "cmd") && !under(who, "cmd") {
			t.Errorf("%s imports %s: nobody imports cmd", who, whom)
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
