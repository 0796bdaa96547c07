// Package pgtest runs a private PostgreSQL for tests, where one is installed. It is for
// tests only.
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
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

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"go.uber.org/goleak"
)

// Server is a private PostgreSQL, reached through a socket in its own folder.
type Server struct {
	dir    string
	bin    string
	attr   *syscall.SysProcAttr
	server *exec.Cmd
	next   atomic.Int64
}

// Main runs a package's tests with a server, which stays nil when none is installed,
// and looks for goroutines that were left behind.
func Main(m *testing.M, server **Server) int {
	code := func() int {
		var err error
		if *server, err = Start(); err != nil {
			fmt.Fprintln(os.Stderr, "private PostgreSQL:", err)
			return 1
		}
		defer (*server).Stop()
		return m.Run()
	}()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// Start starts a server of its own when PostgreSQL is installed.
func Start() (*Server, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(bins) == 0 {
		return nil, err
	}
	bin := filepath.Dir(slices.Max(bins))
	dir, err := os.MkdirTemp("", "operadora-pg-")
	if err != nil {
		return nil, err
	}
	p := &Server{dir: dir, bin: bin}
	if p.attr, err = p.unprivileged(); err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "operadora", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8") //nolint:gosec // the installed one
	initdb.SysProcAttr, initdb.Dir = p.attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p, p.Launch()
}

// Launch starts the server on its data and waits until it answers.
func (p *Server) Launch() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()                                                                                          // the server has its own copy
	p.server = exec.Command(filepath.Join(p.bin, "postgres"), "-D", filepath.Join(p.dir, "data"), "-k", p.dir, //nolint:gosec // the installed one
		"-c", "listen_addresses=", "-c", "fsync=off")
	p.server.SysProcAttr, p.server.Dir, p.server.Stdout, p.server.Stderr = p.attr, p.dir, log, log
	if err := p.server.Start(); err != nil {
		return err
	}
	return p.await()
}

// unprivileged lets PostgreSQL, which refuses to run as root, run as its own
// user in a root's test, and ties it to the life of the test.
func (p *Server) unprivileged() (*syscall.SysProcAttr, error) {
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

// DSN is that of a database.
func (p *Server) DSN(database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=operadora", database, p.dir)
}

func (p *Server) await() error {
	const often = 50 * time.Millisecond
	by := time.Now().Add(30 * time.Second)
	for {
		err := p.exec(context.Background(), "SELECT 1")
		if err == nil || time.Now().After(by) {
			return err
		}
		<-time.After(often)
	}
}

// exec runs a statement as the owner of all databases.
func (p *Server) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("pgx", p.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the statement is done
	_, err = db.ExecContext(ctx, statement)
	return err
}

// Halt ends the server as an operator would in a hurry: connections are cut.
func (p *Server) Halt() {
	_ = p.server.Process.Signal(syscall.SIGINT)
	_ = p.server.Wait()
}

// Stop ends the server and removes its data.
func (p *Server) Stop() {
	if p == nil {
		return
	}
	p.Halt()
	_ = os.RemoveAll(p.dir)
}

// Fresh creates an empty database and returns its DSN.
func (p *Server) Fresh(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d", p.next.Add(1))
	if err := p.exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return p.DSN(name)
}
