package esl

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Adapter commands one FreeSWITCH and tells what it does. Make it with New. Its
// methods may be called from any goroutine; Run by one at a time.
type Adapter struct {
	name    string
	cfg     Config
	log     *slog.Logger
	metrics *Metrics
	legs    *legs
	watch   *watch
	lamps   *lamps
	calling life.Places // orders to call somebody that are being given
	shelf   shelf
	awake   *awake

	mu      sync.Mutex
	session *session // that is ready, nil when none is; guarded by mu
}

var _ orchestrator.PBX = (*Adapter)(nil)

// New makes the adapter of the PBX that the configuration calls name. It
// connects to nothing before Run. Metrics may be shared by several adapters.
func New(name string, cfg Config, log *slog.Logger, m *Metrics) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fault.E("esl.New", fault.Invalid, err)
	}
	return &Adapter{
		name: name, cfg: cfg, metrics: m, legs: newLegs(cfg.App), watch: newWatch(), lamps: newLamps(), awake: newAwake(),
		shelf: newShelf(cfg), calling: life.NewPlaces(cfg.Connections / 2),
		log: cmp.Or(log, slog.Default()).With("component", "esl", "pbx", name),
	}, nil
}

// Name is the PBX's name in the configuration.
func (a *Adapter) Name() string { return a.name }

// Close has nothing to close: connections end with Run.
func (a *Adapter) Close() {}

// errAway means that commands cannot be carried out: nobody is connected.
var errAway = errors.New("freeswitch is not connected")

func (a *Adapter) present() *session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session
}

func (a *Adapter) enter(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session = s
}

// ready returns the session that commands go through.
func (a *Adapter) ready(ctx context.Context, verb string) (*session, error) {
	if ctx.Err() != nil {
		return nil, fault.E("esl."+verb, fault.Unavailable, ctx.Err())
	}
	if s := a.present(); s != nil {
		return s, nil
	}
	return nil, fault.New("esl."+verb, fault.Unavailable, "%w: %w", orchestrator.ErrNothingDone, errAway)
}

// api carries out one command and returns what FreeSWITCH says to it. An error
// means that nobody knows.
func (a *Adapter) api(ctx context.Context, verb, command string) (string, error) {
	s, err := a.ready(ctx, verb)
	if err != nil {
		return "", err
	}
	return s.api(ctx, verb, command)
}

// order carries out one command whose answer is a success or a refusal.
func (a *Adapter) order(ctx context.Context, verb, command string) error {
	answer, err := a.api(ctx, verb, command)
	if err != nil {
		return err
	}
	return judge(verb, answer)
}

// orders carries out commands of which none waits for another, all at a time, and
// returns the first error.
func (a *Adapter) orders(ctx context.Context, verb string, commands ...string) error {
	errs := make([]error, len(commands))
	var wg sync.WaitGroup
	for i, command := range commands {
		wg.Go(func() { errs[i] = a.order(ctx, verb, command) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// api sends a command over one of the session's connections and waits for the
// answer, for as long as one command may take.
func (s *session) api(ctx context.Context, verb, command string) (string, error) {
	f, err := s.ask(ctx, verb, "api "+command)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(f.body)+f.reply, "\r\n"), nil // a refusal without api comes as a reply
}

func (s *session) ask(ctx context.Context, verb, command string) (frame, error) {
	a := s.a
	if err := oneLine(firstPart(command)); err != nil {
		return frame{}, err
	}
	if !a.awake.now() {
		s.end(fault.New("esl."+verb, fault.Unavailable, "%w", errSlept))
		return frame{}, fault.New("esl."+verb, fault.Unavailable, "%w", errSlept)
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, a.cfg.CommandTimeout)
	defer cancel()
	f, err := s.pick().ask(limited, command)
	if err != nil {
		a.metrics.command(a.name, verb, "unknown", time.Since(began))
		if ctx.Err() == nil && limited.Err() != nil {
			// what is not answered may be carried out later, when it is no longer ours to order
			s.end(fault.New("esl."+verb, fault.Unavailable, "freeswitch did not answer for %v", a.cfg.CommandTimeout))
		}
		return frame{}, err
	}
	outcome := "ok"
	if strings.HasPrefix(f.reply, "-") || strings.HasPrefix(string(f.body), "-") {
		outcome = "refused"
	}
	a.metrics.command(a.name, verb, outcome, time.Since(began))
	return f, nil
}

// firstPart is the command without the header lines that sendmsg and bgapi add,
// each of which was checked when it was made.
func firstPart(command string) string {
	if strings.HasPrefix(command, "sendmsg ") || strings.HasPrefix(command, "bgapi ") || strings.HasPrefix(command, "sendevent ") {
		line, _, _ := strings.Cut(command, "\n")
		return line
	}
	return command
}

// awake knows whether this process has been running without a pause. One that
// was stopped, or starved, for longer than a lease is held may wake in the
// middle of a command that is no longer its to give: it gives none, and
// connects anew, which proves the lease.
type awake struct {
	mu   sync.Mutex
	last time.Time        // guarded by mu
	time func() time.Time // monotonic; it goes on while the process is stopped
}

// nap is how long the process may be stopped before it is taken for asleep: less
// than a lease lasts, and longer than a busy machine lets a process wait. Whoever
// commands looks at the lease before each command; this is about a pause after that.
const nap = 1500 * time.Millisecond

var errSlept = errors.New("this process was stopped for a while; whose turn it is to command must be proved anew")

func newAwake() *awake { return &awake{time: time.Now} }

// tick is called several times within a nap while a session is up.
func (w *awake) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.time()
}

func (w *awake) now() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time().Sub(w.last) < nap
}
