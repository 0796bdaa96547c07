package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/cmd/operadora/top"
)

// Options say how the demonstration runs.
type Options struct {
	Calls int    // callers in the crowd
	Seed  uint64 // of everything that is left to chance
	Once  bool   // end after the round instead of staying up
	Out   io.Writer
}

// roundLimit is how long a round may take on a busy machine; a caller who still
// waits then has been forgotten.
const roundLimit = 10 * time.Minute

var errGone = errors.New("operadora has ended by itself; its log says why")

var errInterrupted = errors.New("interrupted in the middle of a round; everything was ended")

// Run plays one round and shows it. The error is nil only when every call ended
// as its script says, the totals add up and nothing is left over. Unless
// o.Once is set it then stays up until ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	crowd := Crowd(o.Calls, o.Seed)
	g := &stage{}
	defer func() { //nolint:contextcheck // hanging up has a limit of its own
		failed := err != nil
		if errors.Is(err, context.Canceled) {
			err, failed = errInterrupted, false
		}
		if failed && g.dir != "" {
			_, werr := fmt.Fprintf(o.Out, "The files of this run are kept until the next one, among them\n  %s\n  %s\n",
				shown(g.logFile()), shown(filepath.Join(g.dir, "asterisk", "log", "messages")))
			err = errors.Join(err, werr)
		}
		err = errors.Join(err, g.close(failed))
	}()
	if err := g.setUp(ctx, progress{o.Out}, crowd); err != nil {
		return err
	}
	pages, first, err := g.pages(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(o.Out, pages); err != nil {
		return err
	}
	if !o.Once {
		g.openBrowser(first)
	}
	troubles, err := g.round(ctx, cancel, o, crowd)
	if err != nil {
		return err
	}
	good, err := g.report(ctx, o.Out, crowd, troubles)
	if err != nil {
		return err
	}
	if !o.Once {
		if _, err := io.WriteString(o.Out, g.next()); err != nil {
			return err
		}
		if err := g.goOn(ctx, o); err != nil {
			return err
		}
		fmt.Fprintln(o.Out, "\nending …")
	}
	if !good {
		return errors.New("not every call ended as its script says, or the totals do not add up")
	}
	return nil
}

// round lets the crowd call and shows it until the last caller is off the line.
// It returns, per caller, what went wrong on the line.
func (g *stage) round(ctx context.Context, cancel context.CancelFunc, o Options, crowd []Script) ([]error, error) {
	limited, stop := context.WithTimeoutCause(ctx, roundLimit, errors.New("the round took too long"))
	defer stop()
	calling, fail := context.WithCancelCause(limited)
	defer fail(nil)
	show, hide := context.WithCancel(ctx)
	var beside sync.WaitGroup
	var shown error
	beside.Go(func() { shown = g.show(show, cancel, o, len(crowd)) })
	beside.Go(func() {
		select {
		case <-g.site.Gone():
			fail(errGone) // nobody need wait for what cannot come
		case <-show.Done():
		}
	})
	troubles := g.callAll(calling, crowd)
	hide()
	beside.Wait()
	if errors.Is(context.Cause(calling), errGone) {
		return troubles, errGone
	}
	return troubles, errors.Join(ctx.Err(), shown)
}

// goOn has crowds call, one after the other, until ctx ends: who looks at the pages sees the
// centre work. Nobody judges these calls; after some hours no caller has a number of its own any more.
func (g *stage) goOn(ctx context.Context, o Options) error {
	calling, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() {
		for n := o.Calls; n+o.Calls <= mostNumbers && calling.Err() == nil; n += o.Calls {
			crowd := later(Crowd(o.Calls, o.Seed+uint64(n)), n) //nolint:gosec // not negative
			g.desks.expect(crowd)
			g.callAll(calling, crowd)
		}
	})
	select {
	case <-ctx.Done():
		return nil
	case <-g.site.Gone():
		return errGone
	}
}

// callAll places the calls one after the other, each after its gap, and returns when all are over.
func (g *stage) callAll(ctx context.Context, crowd []Script) []error {
	troubles := make([]error, len(crowd))
	var callers sync.WaitGroup
	defer callers.Wait()
	for i, s := range crowd {
		gap := time.NewTimer(s.Gap)
		select {
		case <-gap.C:
		case <-ctx.Done():
			gap.Stop()
			return troubles
		}
		callers.Go(func() { troubles[i] = call(ctx, g.site.Switch, g.watch, s) })
	}
	return troubles
}

// show shows the round: live on a terminal, else line by line.
func (g *stage) show(ctx context.Context, cancel context.CancelFunc, o Options, calls int) error {
	status := func() string {
		begun, ended := g.watch.counts()
		return fmt.Sprintf("demonstration: %d of %d callers have called, %d are done", begun, calls, ended)
	}
	if out, ok := o.Out.(*os.File); ok && top.IsTerminal(out) {
		v := &top.View{Stream: g.api, Status: status, Keys: "q hides this and shows the links for a browser, Ctrl-C ends"}
		key, err := v.Show(ctx, out)
		switch {
		case err != nil:
			return err
		case key == top.KeyInterrupt:
			cancel()
			return nil
		case key == top.KeyNone:
			return nil
		}
	}
	return g.follow(ctx, o.Out, status)
}

// follow writes a line whenever callers have come or gone.
func (g *stage) follow(ctx context.Context, w io.Writer, status func() string) error {
	last := ""
	for {
		now := ""
		changed := func() bool {
			now = fmt.Sprintf("%d/%d", len(g.watch.numbers), len(g.watch.ended))
			return now != last
		}
		if g.watch.until(ctx, "callers", changed) != nil {
			return nil // the round is over
		}
		last = now
		if _, err := fmt.Fprintln(w, status()); err != nil {
			return err
		}
	}
}

// report waits until everything has settled and writes one line per call and the totals.
func (g *stage) report(ctx context.Context, w io.Writer, crowd []Script, troubles []error) (good bool, err error) {
	var books Books
	err = progress{w}.step("waiting until all is on record and nothing is left", func() (err error) {
		books, err = g.settle(ctx, len(crowd))
		return err
	})
	if err != nil {
		return false, err
	}
	evidence, err := g.evidence(ctx, crowd, troubles, books.Contacts)
	if err != nil {
		return false, err
	}
	names := map[string]string{}
	for _, a := range agents {
		names[a.id] = a.name
	}
	lines, wrong := Report(crowd, evidence, names)
	totals, balanced := Totals(Balance(books))
	verdict := fmt.Sprintf("✓ all %d calls ended as their scripts say", len(crowd))
	if wrong > 0 {
		verdict = fmt.Sprintf("✗ %d of %d calls did not end as their scripts say", wrong, len(crowd))
	}
	_, err = fmt.Fprintf(w, "\n%s\n\n%s\n%s\n", strings.Join(lines, "\n"), strings.Join(totals, "\n"), verdict)
	return wrong == 0 && balanced, err
}

// next says what to try while the demonstration stays up.
func (g *stage) next() string {
	program := "operadora"
	if path, err := centre.Program(); err == nil {
		program = shown(path)
	}
	recordings := g.site.Switch.RecordingDir()
	return fmt.Sprintf(`
Everything stays up, and further callers call, until you press Ctrl-C. From another terminal, in this folder:

  export OPERADORA_TOKEN=%[1]s
  %[2]s top --url %[3]s
  %[2]s agent list --url %[3]s
  %[2]s agent pause 101 lunch --url %[3]s
  curl -s -H "Authorization: Bearer $OPERADORA_TOKEN" '%[3]s/api/v1/contacts?limit=3'

Call it with a softphone on this machine (UDP, no account, µ-law): the desk phones answer.
  sip:5000@%[4]s    in Spanish
  sip:5001@%[4]s    in English

  the API       %[3]s/docs
  recordings    %[5]s  (fetched through the API: %[6]s)
  definitions   %[7]s  (after a change: kill -HUP %[8]d)
  logs          %[9]s
                %[10]s
`, g.api.Token, program, g.api.Base, g.site.Switch.SIPAddr(), shown(recordings), shown(filepath.Join(g.dir, "recordings")),
		shown(filepath.Join(g.dir, "definitions")), g.site.PID(), shown(g.logFile()), shown(g.site.Switch.LogPath()))
}

// shown is a path as it is shorter to read: from the working folder where it is below it.
func shown(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
