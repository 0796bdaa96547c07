package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/records"
)

func TestUserCommands(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	put(t, filepath.Join(filepath.Dir(config), "definitions", "agents.yaml"), "pause_reasons:", "teams: [{id: day}, {id: night}]\npause_reasons:")
	user := func(args ...string) (string, error) {
		return command(t, append([]string{"-c", config, "user"}, args...)...)
	}
	link := regexp.MustCompile(`^eva sets a password, once, until \S+ \S+, at\nhttp://127\.0\.0\.1:\d+/#/welcome/(ol_\w+)\n$`)
	var links []string
	for _, row := range []struct{ args, want string }{
		{"create Eva! --role admin", `"eva!" is not 1 to 64 of`},
		{"create eva --role agent", `--agent "": is needed with role agent`},
		{"create eva --role agent --agent 999", `--agent "999" is not defined in`},
		{"create eva --role admin --team day", `--team "day": goes with role supervisor only`},
		{"create eva --role supervisor --team dusk", `--team "dusk" is not defined in`},
		{"create EVA --role supervisor --team day --name Eva", "link"},
		{"create eva --role admin", `login: "eva" is somebody's already`},
		{"list", "invited"},
		{"invite eva", "link"},
		{"disable eva", "eva is disabled"},
		{"invite eva", "eva is disabled"},
		{"enable eva", "eva may sign in"},
		{"list", "no password"},
		{"end-sessions eva", "eva is signed out everywhere"},
		{"remove-totp eva", "eva has no second factor any more"},
		{"remove-totp ivan", `nobody signs in as "ivan"`},
		{"disable ivan", `nobody signs in as "ivan"`},
	} {
		out, err := user(strings.Fields(row.args)...)
		if err != nil {
			out += err.Error()
		}
		if row.want == "link" {
			if found := link.FindStringSubmatch(out); found == nil {
				t.Errorf("%s: %s", row.args, out)
			} else {
				links = append(links, found[1])
			}
		} else if !strings.Contains(out, row.want) {
			t.Errorf("%s: %s, want %q", row.args, out, row.want)
		}
	}
	if len(links) != 2 || links[0] == links[1] {
		t.Errorf("links %q", links)
	}
}

// What init prints lets the first administrator in.
func TestInitInvitesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := command(t, "init", "--dir", dir)
	must(t, err)
	_, link, found := strings.Cut(strings.TrimSpace(out), "http://127.0.0.1:8090/#/welcome/")
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(dir, "operadora.db")), Connections: 2}, time.Now)
	must(t, err)
	defer func() { _ = db.Close() }()
	if u, err := db.LinkedUser(t.Context(), link); !found || err != nil || u.Login != "admin" || u.Role != "admin" {
		t.Errorf("%s: %+v, %v", out, u, err)
	}
}

func TestWhereThePagesAre(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]api.Config{
		"http://127.0.0.1:8090":     {Listen: "127.0.0.1:8090"},
		"https://localhost:443":     {Listen: ":443", TLSCert: "x"},
		"http://localhost:80":       {Listen: "[::]:80"},
		"https://cc.example.org/op": {Listen: ":80", PublicURL: "https://cc.example.org/op/"},
	} {
		if got := pagesAt(cfg); got != want {
			t.Errorf("%+v: %s, want %s", cfg, got, want)
		}
	}
}
