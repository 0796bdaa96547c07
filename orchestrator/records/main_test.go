package records

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// cluster is a private PostgreSQL of this test run, reached through a socket in
// its own folder; nil when no server is installed.
var cluster *postgres

type postgres struct {
	dir    string
	bin    string
	attr   *syscall.SysProcAttr
	server *exec.Cmd
	next   atomic.Int64
}

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if cluster, err = startPostgres(); err != nil {
			fmt.Fprintln(os.Stderr, "private PostgreSQL:", err)
			return 1
		}
		defer cluster.stop()
		return m.Run()
	}()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// startPostgres starts a cluster of its own when PostgreSQL is installed.
func startPostgres() (*postgres, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(bins) == 0 {
		return nil, err
	}
	bin := filepath.Dir(slices.Max(bins))
	dir, err := os.MkdirTemp("", "operadora-pg-")
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir, bin: bin}
	if p.attr, err = p.unprivileged(); err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "operadora", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
	initdb.SysProcAttr, initdb.Dir = p.attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p, p.launch()
}

// launch starts the server on its data and waits until it answers.
func (p *postgres) launch() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	p.server = exec.Command(filepath.Join(p.bin, "postgres"), "-D", filepath.Join(p.dir, "data"), "-k", p.dir,
		"-c", "listen_addresses=", "-c", "fsync=off")
	p.server.SysProcAttr, p.server.Dir, p.server.Stdout, p.server.Stderr = p.attr, p.dir, log, log
	if err := p.server.Start(); err != nil {
		return err
	}
	return p.await()
}

// unprivileged lets PostgreSQL, which refuses to run as root, run as its own
// user in a root's test, and ties it to the life of the test.
func (p *postgres) unprivileged() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("odd user %+v", u)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(p.dir, int(uid), int(gid))
}

func (p *postgres) dsn(database string) DSN {
	return DSN(fmt.Sprintf("postgres:///%s?host=%s&user=operadora", database, p.dir))
}

func (p *postgres) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		d := &DB{dialect: dialectPostgres, now: time.Now}
		if err := d.openPostgres(string(p.dsn("postgres")), 2); err != nil {
			return err
		}
		err := d.Ping(ctx)
		_ = d.Close()
		if err == nil {
			return nil
		}
		if !wait(ctx, 50*time.Millisecond) {
			return err
		}
	}
}

// halt ends the server as an operator would in a hurry: connections are cut.
func (p *postgres) halt() {
	_ = p.server.Process.Signal(syscall.SIGINT)
	_ = p.server.Wait()
}

func (p *postgres) stop() {
	if p == nil {
		return
	}
	p.halt()
	_ = os.RemoveAll(p.dir)
}

// fresh creates an empty database.
func (p *postgres) fresh(t *testing.T) DSN {
	t.Helper()
	d := &DB{dialect: dialectPostgres, now: time.Now}
	if err := d.openPostgres(string(p.dsn("postgres")), 2); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	name := fmt.Sprintf("t%d", p.next.Add(1))
	if _, err := d.write.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return p.dsn(name)
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func testConfig(dsn DSN) Config {
	return Config{DSN: dsn, Connections: 4, Batch: 50, KeepJournal: time.Hour, RetryMax: 5 * time.Millisecond}
}

func openDB(t *testing.T, dsn DSN, now func() time.Time) *DB {
	t.Helper()
	d, err := Open(t.Context(), testConfig(dsn), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onEach runs a test on an empty database of each kind that this machine has.
func onEach(t *testing.T, fn func(t *testing.T, fresh func(t *testing.T) *DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, freshSQLite)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if cluster == nil {
			t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
			return
		}
		fn(t, func(t *testing.T) *DB { return openDB(t, cluster.fresh(t), func() time.Time { return noon }) })
	})
}

func freshSQLite(t *testing.T) *DB {
	t.Helper()
	// A name with marks that a URI would misread.
	d := openDB(t, DSN("sqlite:"+filepath.Join(t.TempDir(), "re cords#1?%41.db")), func() time.Time { return noon })
	if _, err := d.write.ExecContext(t.Context(), "PRAGMA synchronous = OFF"); err != nil { // tests lose no power
		t.Fatal(err)
	}
	return d
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
