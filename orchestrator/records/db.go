package records

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/oklog/ulid/v2"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // driver "sqlite"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

//go:embed migrations
var migrations embed.FS

// DB is the store of durable records. Its times are in milliseconds.
type DB struct {
	dialect dialect
	tenant  string // whose journal it is a record of, see Of
	// SQLite allows one writer: giving writers one connection makes them wait in
	// Go, in order, instead of polling for the file's lock. On PostgreSQL both
	// are the same pool.
	write, read *sql.DB
	now         func() time.Time
	auditIDs    ulid.MonotonicReader // lines of one millisecond are in order
}

// Open opens the database and brings its tables up to date. Several processes
// may do so at once. A SQLite file is made readable by its owner alone. Errors
// are Invalid for a DSN that cannot work, Unavailable otherwise.
func Open(ctx context.Context, cfg Config, now func() time.Time) (*DB, error) {
	const op = "records.Open"
	kind, rest, err := cfg.DSN.split()
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	d := &DB{dialect: kind, now: now, auditIDs: &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}}
	if kind == dialectSQLite {
		err = d.openSQLite(rest, cfg.Connections)
	} else {
		err = d.openPostgres(rest, cfg.Connections)
	}
	if err != nil {
		return nil, fault.E(op, fault.Unavailable, err)
	}
	if err := d.migrate(ctx, migrations, "goose_db_version"); err != nil {
		_ = d.Close() // the first error is the one that tells
		return nil, fault.E(op, fault.Unavailable, fmt.Errorf("%s: %w", cfg.DSN, errorWithoutDSN(err, cfg.DSN)))
	}
	return d, nil
}

func (d *DB) openSQLite(file string, connections int) error {
	err := makeSQLite(file)
	if err != nil {
		return err
	}
	// WAL lets readers go on beside the writer; FULL keeps a committed audit
	// line through a power cut.
	common := "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + common
	if d.write, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(connections - 1)
	d.read.SetMaxIdleConns(connections - 1)
	return nil
}

// makeSQLite makes the file, if there is none. It is its folder's owner's, also when root is the first who
// opens it, as `operadora doctor` is before the service has run: the service could not otherwise.
func makeSQLite(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(file, os.O_RDWR, 0) // whether it may be
	} else if err == nil {
		err = ownedAsFolder(f)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func ownedAsFolder(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if of, ok := folder.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(of.Uid), int(of.Gid))
	}
	return nil
}

func (d *DB) openPostgres(dsn string, connections int) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	d.write, d.read = db, db
	return nil
}

// migrate runs the migrations that are in a folder for each dialect. Their versions are kept in a table.
func (d *DB) migrate(ctx context.Context, all fs.FS, table string) error {
	files, err := fs.Sub(all, "migrations/"+string(d.dialect))
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName(table)}
	if d.dialect == dialectPostgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // two instances may start at the same moment
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, d.write, files, options...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	for n := 1; err != nil && d.dialect == dialectSQLite && n < migrateTries && life.SleepAbout(ctx, migratePause); n++ {
		_, err = p.Up(ctx) // another process may have made the same tables meanwhile: SQLite has no lock for it
	}
	return err
}

const (
	migrateTries = 20
	migratePause = 100 * time.Millisecond
)

// Close ends all connections. The DB must not be used afterwards.
func (d *DB) Close() error {
	err := d.read.Close()
	if d.write != d.read {
		if werr := d.write.Close(); err == nil {
			err = werr
		}
	}
	return err
}

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	err := d.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	return classify("records.Ping", err)
}

// Dialect is "sqlite" or "postgres".
func (d *DB) Dialect() string { return string(d.dialect) }

// rebind turns ? into $1, $2 … for PostgreSQL. No statement here has a ? inside a literal.
func (d *DB) rebind(query string) string {
	if d.dialect != dialectPostgres {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// inTx runs fn in a transaction of its own.
func (d *DB) inTx(ctx context.Context, fn func(tx *transaction) error) error {
	begun, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	tx := &transaction{begun, d, map[string]*sql.Stmt{}}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // the first error is the one that tells
		return err
	}
	return tx.Commit()
}

// transaction is one of the writer's.
type transaction struct {
	*sql.Tx
	db       *DB
	prepared map[string]*sql.Stmt // by their text; they end with the transaction
}

// run executes a statement that comes again and again. SQLite spends about as long
// on reading one as on carrying it out; PostgreSQL's driver remembers them itself.
func (tx *transaction) run(ctx context.Context, query string, args []any) (sql.Result, error) {
	if tx.db.dialect == dialectPostgres {
		return tx.ExecContext(ctx, tx.db.rebind(query), args...)
	}
	s, ok := tx.prepared[query]
	if !ok {
		var err error
		if s, err = tx.PrepareContext(ctx, query); err != nil { //nolint:sqlclosecheck // ends with the transaction
			return nil, err
		}
		tx.prepared[query] = s
	}
	// With a context that can end, SQLite's driver starts a goroutine for each run. The
	// transaction ends with its own, before the next statement.
	return s.ExecContext(context.WithoutCancel(ctx), args...)
}

// text makes a string storable: PostgreSQL refuses NUL and broken UTF-8, and a
// caller's name may hold both.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// bit stores whether something is so.
func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// ms turns a time into unix milliseconds, the zero time into 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the reverse of ms.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
