package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// stage is everything that the demonstration runs on.
type stage struct {
	dir   string
	lock  *os.File // held while the folder is in use
	site  *centre.Site
	api   *client.API // with role admin: the demonstration sees whole numbers
	watch *watch
	desks *desks

	background context.Context    //nolint:containedctx // of the background work
	cancel     context.CancelFunc // ends it
	done       []<-chan struct{}  // closed when each part of it has ended
	phones     []*lab.Phone       // of a campaign: agents' and the carrier's
}

// longestDir is how long the path of Asterisk's folder may be.
const longestDir = 79

// newFolder makes the folder of a run below the lab's work folder and removes
// those that earlier runs have left and nobody uses.
func newFolder() (dir string, lock *os.File, err error) {
	home, err := lab.Dir()
	if err != nil {
		return "", nil, err
	}
	work := filepath.Join(home, "work")
	if err := os.MkdirAll(work, 0o750); err != nil {
		return "", nil, err
	}
	old, _ := filepath.Glob(filepath.Join(work, "demo-*", lockName)) // the pattern is sound
	for _, name := range old {
		if f, err := lockFile(name); err == nil {
			err = errors.Join(os.RemoveAll(filepath.Dir(name)), f.Close())
			if err != nil {
				return "", nil, err
			}
		}
	}
	if dir, err = os.MkdirTemp(work, "demo-"); err != nil {
		return "", nil, err
	}
	lock, err = lockFile(filepath.Join(dir, lockName))
	return dir, lock, err
}

const lockName = "in-use.lock"

// lockFile locks a file that nobody else has locked. The lock ends with the process.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the lab's work folder
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// progress shows the steps of the set-up.
type progress struct{ w io.Writer }

// step runs do and shows how it went and how long it took.
func (p progress) step(what string, do func() error) error {
	if _, err := io.WriteString(p.w, what+" … "); err != nil {
		return err
	}
	begun := time.Now()
	if err := do(); err != nil {
		fmt.Fprintln(p.w, "failed")
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintln(p.w, "ok", took(time.Since(begun)))
	return nil
}

// setUp starts everything, and shows it. What was started is ended by close,
// also after an error.
func (g *stage) setUp(ctx context.Context, p progress, crowd []Script) error {
	var endpoints []lab.Endpoint
	for i, e := range lab.Desk(101, 100+len(agents)) {
		e.Name, e.Language = agents[i].name, agents[i].language
		endpoints = append(endpoints, e)
	}
	if err := g.open(ctx, p, centre.Options{Asterisk: lab.AsteriskOptions{Endpoints: endpoints}}, wire.CallKindInbound, Adapt); err != nil {
		return err
	}
	if err := p.step(fmt.Sprintf("registering %d desk phones", len(agents)), func() (err error) {
		g.desks, err = openDesks(g.background, g.site.Switch, g.watch, crowd)
		return err
	}); err != nil {
		return err
	}
	return p.step("agents log in by dialling *481 and hear that they are", func() error { return g.desks.login(ctx) })
}

// open starts PBX, Redis and operadora in a folder of their own, with definitions that are made of
// those of `operadora init`, and follows the calls of a kind.
func (g *stage) open(ctx context.Context, p progress, o centre.Options, kind wire.CallKind, adapt func(map[string]string) (map[string]string, error)) (err error) {
	if _, err := centre.Program(); err != nil {
		return err // before a folder is made for it
	}
	if g.dir, g.lock, err = newFolder(); err != nil {
		return err
	}
	o.Dir, o.Config = g.dir, o.Config+"log: {level: info}\n"
	if o.Definitions, err = g.definitions(adapt); err != nil {
		return err
	}
	// Kept with the run's other files where the path is not too long for that.
	if dir := filepath.Join(g.dir, "asterisk"); len(dir) <= longestDir {
		o.Asterisk.Dir = dir
	}
	g.background, g.cancel = context.WithCancel(ctx)
	steps := []struct {
		what string
		do   func() error
	}{
		{"starting " + centre.NameOfPBX() + " and Redis, private to this run", func() (err error) { g.site, err = centre.New(ctx, o); return err }},
		{"starting operadora", func() error {
			log, err := os.OpenFile(g.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			if err != nil {
				return err
			}
			g.spawn(func() { copyLog(g.background, g.site.Log, log) })
			return g.site.Start(ctx)
		}},
		{"following its stream of changes", func() (err error) {
			if g.api, err = g.site.API("admin"); err != nil {
				return err
			}
			g.watch = newWatch(kind)
			g.spawn(func() { g.watch.run(g.background, g.api) })
			return g.watch.ready(ctx)
		}},
	}
	for _, s := range steps {
		if err := p.step(s.what, s.do); err != nil {
			return err
		}
	}
	return nil
}

// definitions are those of the demonstration. What `operadora init` wrote stays
// beside them.
func (g *stage) definitions(adapt func(map[string]string) (map[string]string, error)) (map[string]string, error) {
	dir := filepath.Join(g.dir, "initial")
	if err := os.Mkdir(dir, 0o750); err != nil {
		return nil, err
	}
	initial, err := Initial(dir)
	if err != nil {
		return nil, err
	}
	return adapt(initial)
}

// spawn runs do in the background; close waits for it.
func (g *stage) spawn(do func()) {
	done := make(chan struct{})
	g.done = append(g.done, done)
	go func() {
		defer close(done)
		do()
	}()
}

// logFile is where operadora's log is.
func (g *stage) logFile() string { return filepath.Join(g.dir, "operadora.log") }

// copyLog writes what operadora logs to a file, until ctx ends.
func copyLog(ctx context.Context, l *centre.LogTail, f *os.File) {
	defer func() { _ = f.Close() }() // a log that cannot be written must not end the demonstration
	for at := 0; ; {
		err := l.Wait(ctx, at, "\n", nil)
		text := l.Text()
		if _, werr := f.WriteString(text[at:]); werr != nil || err != nil {
			return
		}
		at = len(text)
	}
}

// close ends everything. With keep, the run's folder stays.
func (g *stage) close(keep bool) error {
	var errs []error
	if g.desks != nil {
		g.desks.close()
	}
	for _, p := range g.phones {
		p.Close()
	}
	if g.site != nil {
		errs = append(errs, g.site.Close())
	}
	if g.cancel != nil {
		g.cancel()
	}
	for _, d := range g.done {
		<-d
	}
	if g.dir != "" && !keep {
		errs = append(errs, os.RemoveAll(g.dir))
	}
	if g.lock != nil {
		errs = append(errs, g.lock.Close())
	}
	return errors.Join(errs...)
}
