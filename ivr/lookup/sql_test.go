package lookup_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
	_ "github.com/operadora/operadora/orchestrator/records" // the drivers
)

// onEach runs a test on a database of each kind that this machine has. driver and name open it for changes.
func onEach(t *testing.T, do func(t *testing.T, dsn string, db *sql.DB)) {
	t.Helper()
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			driver, dsn, name := "sqlite", "", filepath.Join(t.TempDir(), "the crm.db")
			if kind == "postgres" {
				if cluster == nil {
					t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
					return
				}
				driver, name = "pgx", cluster.Fresh(t)
			}
			if dsn = name; kind == "sqlite" {
				dsn = "sqlite:" + name
			}
			db, err := sql.Open(driver, name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			do(t, dsn, db)
		})
	}
}

func exec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSQL: rows become results; parameters are bound, whatever they hold; nothing can be changed; and what goes wrong is told
// without the values.
func TestSQL(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, dsn string, db *sql.DB) {
		exec(t, db, "CREATE TABLE subscribers (number VARCHAR(40), line INTEGER, name TEXT, amount NUMERIC(12,2), due DATE, vip BOOLEAN)",
			"INSERT INTO subscribers VALUES ('0012', 7, 'Ana López', 125000.50, '2026-12-15', TRUE)",
			"INSERT INTO subscribers VALUES ('0013', 8, NULL, NULL, NULL, FALSE)")
		for n := range 60 {
			exec(t, db, fmt.Sprintf("INSERT INTO subscribers VALUES ('many', %d, 'x', 1, NULL, FALSE)", n+100))
		}
		yaml := "lookups:\n"
		for name, query := range map[string]string{
			"balance": "SELECT name, amount, due, vip, line FROM subscribers WHERE number = {n} AND {n} <> ''",
			"line":    "SELECT name, amount, due, vip, line FROM subscribers WHERE line = {n};",
			"changes": "UPDATE subscribers SET amount = 0 WHERE number = {n} RETURNING name, amount, due, vip, line",
			"gone":    "SELECT name, amount, due, vip, line FROM subscribrs WHERE number = {n}",
			"two":     "SELECT name FROM subscribers WHERE number = {n}; DELETE FROM subscribers",
		} {
			yaml += fmt.Sprintf("  %s: {kind: sql, dsn: %q, query: %q, timeout: 8s, params: {n: {max: 99}}, results: {name: \"$[0].name\", amount: {path: \"$[0].amount\", type: number}, "+
				"due: {path: \"$[0].due\", type: date}, vip: {path: \"$[0].vip\", type: bool}, line: {path: \"$[0].line\", type: digits}}}\n", name, dsn, query)
		}
		s, log := asking(t, yaml, lookup.Parts{})
		ana := map[string]string{"name": "Ana López", "amount": "125000.50", "due": "2026-12-15", "vip": "true", "line": "7"}
		if strings.HasPrefix(dsn, "sqlite:") {
			ana["amount"] = "125000.5" // it keeps numbers as such
		}
		for _, row := range []struct {
			source, n string
			want      orchestrator.LookupResult
			values    map[string]string
			why       string
		}{
			{"balance", "0012", orchestrator.LookupFound, ana, ""},
			{"balance", "0013", orchestrator.LookupFound, map[string]string{"vip": "false", "line": "8"}, ""},
			{"balance", "0014", orchestrator.LookupNone, nil, ""},
			{"balance", "' OR '1'='1", orchestrator.LookupNone, nil, ""},
			{"balance", "0012'; DROP TABLE subscribers; --", orchestrator.LookupNone, nil, ""},
			{"balance", "many", orchestrator.LookupError, nil, "more than 50 rows"},
			{"line", "7", orchestrator.LookupFound, ana, ""},
			{"changes", "0012", orchestrator.LookupError, nil, "the database refuses the query"},
			{"gone", "0012", orchestrator.LookupError, nil, "subscribrs"},
			{"two", "0012", orchestrator.LookupError, nil, "the database"},
			{"balance", "0012", orchestrator.LookupFound, ana, ""},
		} {
			got := ask(t, s, row.source, map[string]string{"n": row.n})
			if diff := cmp.Diff(row.values, got.Values); got.Result != row.want || diff != "" || !strings.Contains(got.Why, row.why) {
				t.Errorf("%s of %q: %+v (-want +got):\n%s", row.source, row.n, got, diff)
			}
		}
		if strings.HasPrefix(dsn, "postgres") { // SQLite compares whatever there is
			got := ask(t, s, "line", map[string]string{"n": "48 15162342"})
			if got.Result != orchestrator.LookupError || !strings.Contains(got.Why, "refuses a value (SQLSTATE 22P02)") || strings.Contains(got.Why+log.String(), "15162342") {
				t.Errorf("a value of another type: %+v\n%s", got, log)
			}
		}
		var left int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM subscribers WHERE amount = 0").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d were changed (%v)", left, err)
		}
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM subscribers").Scan(&left); err != nil || left != 62 {
			t.Errorf("%d are left (%v)", left, err)
		}
	})
}

// TestSQLThatHangs: callers wait no longer than timeout, and the server does not go on either.
func TestSQLThatHangs(t *testing.T) {
	t.Parallel()
	if cluster == nil {
		t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
		return
	}
	dsn := cluster.Fresh(t)
	s, log := asking(t, fmt.Sprintf("lookups: {slow: {kind: sql, dsn: %q, query: \"SELECT pg_advisory_xact_lock(7), pg_sleep(3600), {n} AS n\", timeout: 300ms, connections: 1, params: {n: text}, results: {n: \"$[0].n\"}}, "+
		"away: {kind: sql, dsn: \"postgres://eva@127.0.0.1:1/crm\", query: SELECT 1 AS n, timeout: 8s, results: {n: \"$[0].n\"}}, "+
		"lost: {kind: sql, dsn: \"sqlite:%s/no.db\", query: SELECT 1 AS n, timeout: 8s, results: {n: \"$[0].n\"}}}", dsn, t.TempDir()), lookup.Parts{})
	for source, why := range map[string]string{"slow": "no answer within 300ms", "away": "connection refused", "lost": "unable to open database file"} {
		if got := ask(t, s, source, map[string]string{"n": "1"}); got.Result != orchestrator.LookupError || !strings.Contains(got.Why, why) {
			t.Errorf("%s: %+v, want %q", source, got, why)
		}
		if !strings.Contains(log.String(), "source="+source) {
			t.Errorf("%s is not in the log", source)
		}
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "SELECT pg_advisory_lock(7)"); err != nil { // the query had it
		t.Error(err)
	}
}
