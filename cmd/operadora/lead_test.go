package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/records"
)

// noJournal has nothing in it, and never will.
type noJournal struct{}

func (noJournal) Tail(ctx context.Context, _ string, _ func([]orchestrator.Entry) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func (noJournal) Last(context.Context) (string, error) { return "", nil }

// leadDesk is the API with what it keeps leads in and campaigns over them, and nothing else of operadora.
func leadDesk(t *testing.T, campaigns ...*campaign.Campaign) (run func(args ...string) (string, error), file func(name, text string) string) {
	t.Helper()
	dir := t.TempDir()
	cfg := records.Config{DSN: records.DSN("sqlite:" + filepath.Join(dir, "r.db")), Connections: 4, Batch: 100, KeepJournal: time.Hour, RetryMax: time.Second}
	db, err := records.Open(t.Context(), cfg, time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	store, err := leadstore.New(t.Context(), db, time.Now)
	must(t, err)
	importer := leadstore.NewImporter(store, slog.New(slog.DiscardHandler))
	must(t, importer.Start(t.Context()))
	t.Cleanup(importer.Stop)
	server, err := api.New(api.Config{Listen: "127.0.0.1:0", EventClients: 1, EventClientsPerToken: 1, EventClientsPerAddress: 1},
		api.Parts{Leads: store, Campaigns: runner.New(runner.Parts{Store: store, Now: time.Now,
			Gate: gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Allow: []string{"+57"}, Deny: []string{"+57301"}}},
			Defined: func() map[string]*campaign.Campaign {
				return keyed(campaigns, func(c *campaign.Campaign) string { return c.ID })
			},
		}), Records: db, Tokens: db, People: db, Journal: noJournal{}})
	must(t, err)
	must(t, server.Start(t.Context()))
	t.Cleanup(server.Stop)
	_, token, err := db.CreateToken(t.Context(), records.Token{Name: "me", Role: "admin"})
	must(t, err)
	return func(args ...string) (string, error) {
			return command(t, append(args, "--token", token, "--url", "http://"+server.Addr().String())...)
		}, func(name, text string) string {
			path := filepath.Join(dir, name)
			must(t, os.WriteFile(path, []byte(text), 0o600))
			return path
		}
}

// TestLeadsFromTheCommandLine goes the whole way: list, dry run, import with what it
// shows, rejects, filter, explain, do-not-call, undo, delete.
func TestLeadsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	run, file := leadDesk(t)
	step := func(want string, args ...string) string {
		t.Helper()
		out, err := run(args...)
		if err != nil || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s: %v\n%s\nwant %s", strings.Join(args, " "), err, out, want)
		}
		return out
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if out, err := run(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q\n%s", strings.Join(args, " "), err, want, out)
		}
	}
	step(`list +march\nleads +0\nregion +CO`, "list", "create", "march", "--region", "CO", "--hours", "mon-sun 00:00-24:00")
	step(`\+573000000002 must not be called`, "dnc", "add", "300 000 0002", "--region", "CO", "--why", "asked")
	csv := file("march.csv", "Cédula;Nombre;Celular;Días de mora\n007;Ana;3000000001;31\n008;Eva;3000000002;40\n009;Luz;555&PJSIP/x@trunk;50\n010;=1+1;3000000004;2\n")
	step(`Celular +phone(.|\n)*2 +Ana  \+573000000001  dias_de_mora=31(.|\n)*4 +rejected: Celular: (.|\n)*dry run, nothing was brought in: 4 rows, 2 added, 0 updated, 0 duplicates, 1 do not call, 1 rejected`,
		"lead", "import", csv, "--list", "march", "--dry-run")
	rejects := filepath.Join(filepath.Dir(csv), "rejects.csv")
	step(`import 2: 4 rows, 2 added`, "lead", "import", csv, "--list", "march", "--rejects", rejects)
	text, err := os.ReadFile(rejects)
	must(t, err)
	if want := "row,result,reason,detail,Cédula,Nombre,Celular,Días de mora\n3,rejected,do_not_call,"; !strings.HasPrefix(string(text), want) || strings.Count(string(text), "\n") != 3 {
		t.Errorf("rejects:\n%s", text)
	}
	step(`2,rejected|3,rejected`, "lead", "rejects", "2")
	step(`march +2 +CO`, "list", "list")
	step(`fields +dias_de_mora:number`, "list", "show", "march")
	if out := step(`007 +Ana`, "lead", "list", "--list", "march", "--filter", "dias_de_mora > 30"); strings.Contains(out, "010") {
		t.Errorf("filtered:\n%s", out)
	}
	refused("unknown name mora, at character 1", "lead", "list", "--list", "march", "--filter", "mora > 30")
	step(`\+573000000001 may be called now`, "lead", "explain", "+573000000001")
	step(`\+573000000002 may not be called now\n! it must not be called: asked\n  no se debe llamar: asked\n! \+573000000002 is in no list`, "lead", "explain", "3000000002", "--region", "CO")
	step(`import 3: 4 rows, 0 added, 2 updated`, "lead", "import", csv, "--list", "march", "--duplicates", "all:update", "--column", "Nombre=-")
	refused("import 3 has changed leads of import 2 since", "lead", "undo", "2")
	step(`3 +.*march +done +4/4(.|\n)*2 +.*march +done(.|\n)*1 +.*march +ready`, "lead", "imports")
	step(`import 3 is undone`, "lead", "undo", "3")
	step(`import 2 is undone`, "lead", "undo", "2")
	step(`march +0 `, "list", "list")
	step(`2 rows, 2 added`, "dnc", "import", file("x.csv", "number\n3000000008\n3000000009\n"), "--region", "CO", "--campaign", "march")
	step(`1 rows, 1 added`, "dnc", "import", file("h.csv", strings.Repeat("ab", 32)+"\n"), "--hashes", "robinson", "--algorithm", "sha256", "--of", "national", "--region", "CO")
	step(`robinson +sha256 +national +1`, "dnc", "sources")
	step(`\+573000000002 +- (.|\n)*\+573000000008 +march`, "dnc", "list")
	step(``, "dnc", "drop", "robinson")
	step(``, "dnc", "remove", "+573000000002")
	refused("not among those", "dnc", "remove", "+573000000002")
	refused("say --yes", "list", "delete", "march")
	step(`list march and its 0 leads are gone`, "list", "delete", "march", "--yes")
	refused("there is no list", "lead", "import", csv, "--list", "march")
	step(``, "list", "create", "l", "--region", "CO")
	for name, r := range map[string][2]string{
		"empty.csv": {"", "the file is empty"}, "cut.csv": {"a,phone\n\"x,1\n", "the file ends within the cell"}, "wide.csv": {strings.Repeat("c,", 10_000), "more than 500"},
		"old.xls": {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "old kind (.xls)"}, "words.csv": {"a,b\nx,y\n", "none has telephone numbers"},
	} {
		refused(r[1], "lead", "import", file(name, r[0]), "--list", "l")
	}
	refused("no such file", "lead", "import", "nowhere.csv", "--list", "l")
	refused("not HEADING=WHAT", "lead", "import", csv, "--list", "l", "--column", "x")
	refused("not SCOPE:ACTION", "lead", "import", csv, "--list", "l", "--duplicates", "x")
	refused("is not one of list, all, none", "lead", "import", csv, "--list", "l", "--duplicates", "x:skip")
	refused(`the file has no column "Cel"`, "lead", "import", csv, "--list", "l", "--column", "Cel=phone")
}

// TestCampaignPreview: who would be called at this moment is counted, and who not by reason;
// nothing is written, so that it says the same again.
func TestCampaignPreview(t *testing.T) {
	t.Parallel()
	c := campaign.New()
	c.ID, c.Mode, c.Purpose, c.Profile = "march", campaign.ModeProgressive, compliance.PurposeService, "own"
	c.Lists = []campaign.List{{List: "march", Weight: 1, Filter: "late > 10"}}
	c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 5, PerSecond: 5}}
	c.Rules = compliance.Profile{ID: "own", Rules: []compliance.Rule{{ID: "hours", Kind: compliance.KindHours, From: "2020-01-01", Detail: &compliance.Hours{Hours: []string{"mon-sun 00:00-24:00"}}}}}
	run, file := leadDesk(t, c)
	must2 := func(args ...string) string {
		t.Helper()
		out, err := run(args...)
		must(t, err)
		return out
	}
	must2("list", "create", "march", "--region", "CO")
	must2("lead", "import", file("m.csv", "phone,late\n3000000001,31\n3000000002,40\n3010000003,12\n3000000004,2\n"), "--list", "march")
	must2("dnc", "add", "3000000002", "--region", "CO", "--campaign", "march", "--why", "asked")
	for range 2 {
		out := must2("campaign", "preview", "march")
		for _, want := range []string{`4 leads looked at: 1 may be called now`, `1 +do_not_call +- +it must not be called: asked`, `1 +filter +- +the campaign's filter`, `1 +gate +1, from .* outbound.deny`} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("%s\nwant %s", out, want)
			}
		}
	}
	if out := must2("campaign", "preview", "march", "--most", "2"); !strings.Contains(out, "2 leads looked at; there are more") {
		t.Error(out)
	}
	if out := must2("campaign", "preview", "march", "--language", "es"); !strings.Contains(out, "no se debe llamar: asked") {
		t.Error(out)
	}
	if out := must2("campaign", "list"); !regexp.MustCompile(`march +ready +progressive +service +own +- +march`).MatchString(out) {
		t.Error(out)
	}
	if _, err := run("campaign", "preview", "marhc"); err == nil || !strings.Contains(err.Error(), `there is no campaign "marhc"; did you mean "march"?`) {
		t.Error(err)
	}
}
