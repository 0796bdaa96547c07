package records

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { return now }
		made, bearer, err := d.CreateToken(t.Context(), Token{Name: "wall", Role: "wallboard", Expires: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		secret := strings.Split(bearer, "_")[2]
		if !strings.HasPrefix(bearer, "op_"+made.ID+"_") || len(secret) != 52 {
			t.Errorf("token text %q", bearer)
		}
		other, _, err := d.CreateToken(t.Context(), Token{Name: "desk", Role: "agent", Agent: "101"})
		if err != nil {
			t.Fatal(err)
		}
		found, err := d.FindToken(t.Context(), bearer)
		if err != nil || found.Name != "wall" || !found.Valid(now) || found.Valid(noon.Add(time.Hour)) {
			t.Errorf("found %+v, %v", found, err)
		}
		for _, bad := range []string{"", "op", "op__", bearer + "x", bearer[:len(bearer)-1], "op_" + other.ID + "_" + secret,
			"OP_" + made.ID + "_" + secret, "op_\x00_" + secret, strings.Repeat("_", 500)} {
			if _, err := d.FindToken(t.Context(), bad); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%q: %v, want NotFound", bad, err)
			}
		}
		now = noon.Add(2 * time.Minute)
		if _, err := d.FindToken(t.Context(), bearer); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second) // within the same minute: not written again
		if found, err := d.FindToken(t.Context(), bearer); err != nil || !found.Used.Equal(noon.Add(2*time.Minute)) {
			t.Errorf("last use %v, %v", found.Used, err)
		}
		for range 2 {
			if err := d.RevokeToken(t.Context(), made.ID); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		list, err := d.Tokens(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		for _, x := range list {
			if x.ID == made.ID && (!x.Revoked.Equal(noon.Add(2*time.Minute+time.Second)) || x.Valid(noon)) {
				t.Errorf("revoked %+v", x)
			}
		}
		if err := d.RevokeToken(t.Context(), "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("revoking what is not there: %v", err)
		}
		if _, _, err := d.CreateToken(t.Context(), Token{Name: "x"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a token without a role: %v", err)
		}
		var leaked int
		if err := d.read.QueryRowContext(t.Context(), d.rebind("SELECT COUNT(*) FROM tokens WHERE hash = ? OR hash LIKE ?"), secret, "%"+secret+"%").Scan(&leaked); err != nil || leaked != 0 {
			t.Errorf("the secret is stored: %d, %v", leaked, err)
		}
	})
}

// TestAuditIsInOrder: lines of one millisecond too, whatever else makes ids meanwhile.
func TestAuditIsInOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		d.now = func() time.Time { return noon }
		var want []string
		for i := range 20 {
			object := fmt.Sprint(i)
			if err := d.Audit(t.Context(), AuditLine{Who: "eva", Action: "recording.play", Object: object}); err != nil {
				t.Fatal(err)
			}
			ulid.MustNewDefault(noon.Add(time.Duration(i) * time.Hour))
			want = append([]string{object}, want...) // the latest first
		}
		list, _, err := d.AuditLog(t.Context(), AuditFilter{Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range list {
			got = append(got, l.Object)
		}
		if !slices.Equal(got, want) {
			t.Errorf("lines %v, want %v", got, want)
		}
	})
}

func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { now = now.Add(time.Second); return now }
		for i := range 5 {
			l := AuditLine{Who: "eva", Role: "supervisor", IP: "127.0.0.1", RequestID: "r", Action: "recording.play", Object: fmt.Sprint("rec-", i)}
			if i == 4 {
				l.Who, l.Action = "ivan", "call.hangup"
			}
			if err := d.Audit(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		var objects []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			list, next, err := d.AuditLog(t.Context(), AuditFilter{Who: "eva", Limit: 3, Cursor: cursor})
			if err != nil || pages > 2 {
				t.Fatal(pages, err)
			}
			for _, l := range list {
				objects = append(objects, l.Object)
			}
			cursor = next
		}
		if got := strings.Join(objects, " "); got != "rec-3 rec-2 rec-1 rec-0" {
			t.Errorf("eva's lines: %s", got)
		}
		for _, forbidden := range []string{"UPDATE audit SET who = 'nobody'", "DELETE FROM audit"} {
			if _, err := d.write.ExecContext(t.Context(), forbidden); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", forbidden, err)
			}
		}
	})
}

// TestNobodySignsInByTheDatabase: who has a copy of the file has nothing to sign in with. It does
// have what codes of a second factor are made from.
func TestNobodySignsInByTheDatabase(t *testing.T) {
	t.Parallel()
	d := freshSQLite(t)
	token, bearer, err := d.CreateToken(t.Context(), Token{Name: "desk", Role: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	_, session, err := d.CreateSession(t.Context(), token.Identity(), time.Hour, Origin{Client: "Firefox"})
	if err != nil {
		t.Fatal(err)
	}
	eva, err := d.CreateUser(t.Context(), User{Login: "eva", Role: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := d.InviteUser(t.Context(), eva.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ReplaceRecovery(t.Context(), eva.ID, []string{"RECOVERY-CODE"}); err != nil {
		t.Fatal(err)
	}
	var file string
	if err := d.read.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	for _, name := range []string{file, file + "-wal"} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, part...)
	}
	for what, text := range map[string]string{"token": bearer, "session": session, "link": link, "recovery code": "__RECOVERY-CODE"} {
		id, secret := strings.Split(text, "_")[1], strings.Split(text, "_")[2]
		if bytes.Contains(kept, []byte(secret)) || !bytes.Contains(kept, []byte(id)) {
			t.Errorf("the secret of a %s is in the file, or nothing of it is", what)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "op.db")
	for range 2 { // the second finds everything up to date
		d := openDB(t, DSN("sqlite:"+file), func() time.Time { return noon })
		if err := d.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: personal data is readable by others", info.Mode(), err)
	}
	if _, err := Open(t.Context(), testConfig("mysql://x"), time.Now); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an unknown database: %v", err)
	}
	if _, err := Open(t.Context(), testConfig(DSN("sqlite:"+filepath.Join(file, "no", "dir"))), time.Now); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a folder that is not there: %v", err)
	}
	_, err = Open(t.Context(), testConfig("postgres://eva:hunter2@127.0.0.1:1/op?connect_timeout=2"), time.Now)
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a server that is not there: %v", err)
	}
}

func TestDSNHidesItsPassword(t *testing.T) {
	t.Parallel()
	rows := map[DSN]string{
		"sqlite:/var/lib/op.db":             "sqlite:/var/lib/op.db",
		"postgres://eva:hunter2@db/op":      "postgres://eva:***@db/op",
		"postgres://db/op?password=hunter2": "postgres://db/op?password=***",
		"postgres://eva@db/op":              "postgres://eva@db/op",
		"postgres://eva:hunter2@db:x/%zz":   "***",
		"hunter2":                           "***",
	}
	for dsn, want := range rows {
		for _, got := range []string{dsn.String(), fmt.Sprintf("%v", dsn), fmt.Sprintf("%#v", dsn), dsn.LogValue().String()} {
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	good := Config{DSN: "sqlite:x.db", Connections: 8, Batch: 500, KeepJournal: time.Hour, RetryMax: time.Second}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for key, spoil := range map[string]func(*Config){
		"records.dsn":          func(c *Config) { c.DSN = "x" },
		"records.connections":  func(c *Config) { c.Connections = 1 },
		"records.batch":        func(c *Config) { c.Batch = 0 },
		"records.keep_journal": func(c *Config) { c.KeepJournal = 0 },
		"records.retry_max":    func(c *Config) { c.RetryMax = 0 },
	} {
		c := good
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+":") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
