package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora/doctor"
)

// How long an examination that a page asks for may take: of one part, and whole.
const (
	partLimit    = 30 * time.Second
	examineLimit = 2 * time.Minute
)

// examiner examines what this process stands on when it is asked to, one time after the
// other, and keeps what the last one found.
type examiner struct {
	instance string
	examine  func(ctx context.Context, tell func([]doctor.Line))
	begin    func(do func(ctx context.Context)) // in the background, until the process ends
	log      *slog.Logger
	now      func() time.Time

	mu   sync.Mutex
	last wire.Examination // guarded by mu; who has it reads its lines, which are only added to
}

// Examination implements api.Doctor.
func (e *examiner) Examination() wire.Examination {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last.Instance = e.instance
	return e.last
}

// Examine implements api.Doctor.
func (e *examiner) Examine(by string) wire.Examination {
	e.mu.Lock()
	asked := !e.last.Running
	if asked {
		e.last = wire.Examination{Running: true, By: by, StartedAt: e.now()}
	}
	e.mu.Unlock()
	if asked {
		e.begin(e.run)
	}
	return e.Examination()
}

func (e *examiner) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	defer func() {
		if why := recover(); why != nil { // calls go on
			e.log.ErrorContext(ctx, "an examination broke off", "why", why, "stack", string(debug.Stack()))
			e.tell([]doctor.Line{{Part: "examination", Check: "the rest", Verdict: doctor.Fault, Text: fmt.Sprintf("it ended by itself: %v", why),
				Remedy: "look for it in operadora's log, and tell whoever makes operadora"}})
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.last.Running, e.last.EndedAt = false, e.now()
	}()
	e.examine(ctx, e.tell)
}

func (e *examiner) tell(lines []doctor.Line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range lines {
		e.last.Lines = append(e.last.Lines, examinationLine(l))
	}
}

// examinationLine is a line in all languages.
func examinationLine(l doctor.Line) wire.ExaminationLine {
	out := wire.ExaminationLine{Part: wire.Texts{}, Check: wire.Texts{}, Verdict: wire.ExaminationVerdict(l.Verdict.String()), Text: wire.Texts{}, TookMS: l.Took.Milliseconds()}
	for _, language := range doctor.Languages {
		said := l.In(language)
		out.Part[language], out.Check[language], out.Text[language] = said.Part, said.Check, said.Text
		if said.Remedy != "" {
			if out.Remedy == nil {
				out.Remedy = wire.Texts{}
			}
			out.Remedy[language] = said.Remedy
		}
	}
	return out
}

// newExaminer examines what an App stands on, from where it runs. The definitions are those
// that lie in the folder now, as they would be after a restart.
func (a *App) newExaminer() *examiner {
	return &examiner{instance: leaseOwner(a.cfg.Instance).Instance, log: a.log, now: time.Now,
		begin: func(do func(context.Context)) { a.wg.Go(func() { do(a.life) }) },
		examine: func(ctx context.Context, tell func([]doctor.Line)) {
			cfg := a.cfg
			cfg.API.Listen = a.api.Addr().String() // the port may have been left to chance
			site := siteOf(cfg)
			site.Limit, site.Console = partLimit, doctor.Console{Command: []string{defaultConsole}}
			doctor.Run(ctx, site, tell)
		}}
}
