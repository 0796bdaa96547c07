package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/records"
)

func TestTokenOfAnAgent(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	create := func(more ...string) (string, error) {
		return command(t, append([]string{"-c", config, "token", "create", "--name", "desk"}, more...)...)
	}
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"--role", "agent"}, `--agent "": is needed with role agent`},
		{[]string{"--role", "agent", "--agent", "999"}, `--agent "999" is not defined in ` + filepath.Join(filepath.Dir(config), "definitions") + "; there are 101, 102"},
		{[]string{"--role", "wallboard", "--agent", "101"}, "goes with role agent only"},
		{[]string{"--role", "king"}, `--role "king": is not one of`},
	} {
		if _, err := create(row.args...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: %v, want %q", row.args, err, row.want)
		}
	}
	if out, err := create("--role", "agent", "--agent", "101"); err != nil || !strings.HasPrefix(out, "op_") {
		t.Errorf("%q, %v", out, err)
	}
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(config), "definitions")))
	out, err := create("--role", "agent", "--agent", "999")
	if err != nil || !strings.HasPrefix(out, `warning: whether agent "999" is defined is not known: `) || !strings.Contains(out, "\nop_") {
		t.Errorf("without definitions: %q, %v", out, err)
	}
}

func TestTokenOfTeams(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	put(t, filepath.Join(filepath.Dir(config), "definitions", "agents.yaml"), "pause_reasons:", "teams: [{id: day}, {id: night}]\npause_reasons:")
	create := func(more ...string) (string, error) {
		return command(t, append([]string{"-c", config, "token", "create", "--name", "boss"}, more...)...)
	}
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"--role", "admin", "--team", "day"}, `--team "day": goes with role supervisor only, not with admin`},
		{[]string{"--role", "supervisor", "--team", "dusk"}, `--team "dusk" is not defined in ` + filepath.Join(filepath.Dir(config), "definitions") + "; there are day, night"},
	} {
		if _, err := create(row.args...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: %v, want %q", row.args, err, row.want)
		}
	}
	if out, err := create("--role", "supervisor", "--team", "day", "--team", "night"); err != nil || !strings.HasPrefix(out, "op_") {
		t.Errorf("%q, %v", out, err)
	}
	out, err := command(t, "-c", config, "token", "list")
	if err != nil || !strings.Contains(out, "TEAMS") || !strings.Contains(out, "day night") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTokenRevoke(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	token := func(args ...string) (string, error) {
		return command(t, append([]string{"-c", config, "token"}, args...)...)
	}
	ids := map[string][]string{}
	for _, name := range []string{"wb", "twice", "twice"} {
		out, err := token("create", "--name", name, "--role", "wallboard")
		must(t, err)
		ids[name] = append(ids[name], strings.Split(out, "_")[1])
	}
	refused := func(which string, wants ...string) {
		t.Helper()
		_, err := token("revoke", which)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("revoke %s: %v, want %q", which, err, want)
			}
		}
	}
	revoked := func(which, want string) {
		t.Helper()
		if out, err := token("revoke", which); err != nil || out != want {
			t.Errorf("revoke %s: %q, %v, want %q", which, out, err, want)
		}
	}
	refused("nobody", `the ID or the name "nobody"`, "`operadora token list`")
	refused("twice", "2 tokens have the name", ids["twice"][0], ids["twice"][1])
	revoked("wb", "revoked "+ids["wb"][0]+" (wb)\n")
	refused("wb", "not revoked yet")
	revoked(ids["twice"][1], "revoked "+ids["twice"][1]+" (twice)\n")
	revoked("twice", "revoked "+ids["twice"][0]+" (twice)\n") // the other one is gone

	cfg, err := readConfig(config)
	must(t, err)
	db, err := records.Open(t.Context(), cfg.Records, time.Now)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	list, _, err := db.AuditLog(t.Context(), records.AuditFilter{Who: commandLine, Limit: 10})
	must(t, err)
	var told []string
	for _, l := range list {
		told = append(told, l.Action+" "+l.Object+" "+l.Detail)
	}
	want := []string{"token.revoke twice " + ids["twice"][0], "token.revoke twice " + ids["twice"][1], "token.revoke wb " + ids["wb"][0],
		"token.create twice role wallboard", "token.create twice role wallboard", "token.create wb role wallboard"}
	if !slices.Equal(told, want) {
		t.Errorf("on record: %q, want %q", told, want)
	}
}

// A token ends by itself unless somebody wants it otherwise, and may be narrowed.
func TestTokenExpiresByDefault(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	token := func(args ...string) (string, error) {
		return command(t, append([]string{"-c", config, "token"}, args...)...)
	}
	for _, args := range [][]string{{"--name", "usual"}, {"--name", "forever", "--days", "0"}, {"--name", "narrow", "--scope", "calls:read", "--scope", "queues:read"}} {
		if _, err := token(append([]string{"create", "--role", "supervisor"}, args...)...); err != nil {
			t.Error(args, err)
		}
	}
	if _, err := token("create", "--role", "supervisor", "--name", "x", "--scope", "calls"); err == nil || !strings.Contains(err.Error(), `"calls" is not a scope`) {
		t.Errorf("a scope that is none: %v", err)
	}
	list, err := token("list")
	must(t, err)
	until := time.Now().AddDate(0, 0, 90).Format("2006-01-02")
	for _, line := range strings.Split(list, "\n") {
		if got := strings.Contains(line, until); strings.Contains(line, "supervisor") && got == strings.Contains(line, "forever") {
			t.Errorf("expires in 90 days: %v: %s", got, line)
		}
		if strings.Contains(line, "narrow") && !strings.Contains(line, "calls:read queues:read") {
			t.Error(line)
		}
	}
}
