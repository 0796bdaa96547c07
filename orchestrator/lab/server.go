package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// startLimit bounds the start of a server where the caller sets no bound: on a
// machine that is busy with a whole test run, Asterisk has taken ten seconds.
const startLimit = 60 * time.Second

// started starts a server that ends with the test; a failed test logs the end of
// its log.
func started[S interface {
	Stop() error
	LogTail() string
}](tb TB, what string, start func(context.Context) (S, error)) S {
	tb.Helper()
	Require(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), startLimit)
	defer cancel()
	s, err := start(ctx)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the end of %s's log:\n%s", what, s.LogTail())
		}
		if err := s.Stop(); err != nil {
			tb.Logf("%v", err)
		}
	})
	return s
}

// server is a child that serves until it is told to end and may be started
// anew, with the same folder and ports; Asterisk, FreeSWITCH and Redis are ones.
type server struct {
	dir   string
	temp  *folder // nil when the caller named the folder
	ports *portBlock

	mu  sync.Mutex
	run *process // guarded by mu; nil when stopped
}

// settle makes the server's folder: dir, or, for "", one that Stop removes.
func (s *server) settle(kind, dir string, outlive bool) error {
	var err error
	if dir == "" {
		if s.temp, err = newFolder(kind, outlive); err == nil {
			s.dir = s.temp.path
		}
	} else if s.dir, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(s.dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("%s's folder: %w", kind, err)
	}
	return nil
}

// Stop ends the server for good and removes its folder, if its start made it. It
// may be called more than once.
func (s *server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.end()
	s.discard()
	return err
}

// discard gives back the ports and the folder.
func (s *server) discard() {
	s.ports.release()
	if s.temp != nil {
		s.temp.remove()
	}
}

// await looks again every now and then whether a server that was started is up.
func await(ctx context.Context, run *process, every time.Duration, up func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if up() {
			return nil
		}
		select {
		case <-run.gone:
			return fmt.Errorf("it ended: %w", run.ending())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// PID is the process id, 0 when the server does not run.
func (s *server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return 0
	}
	return s.run.pid
}

// Kill ends the server at once, as a crash would. Restart brings it back.
func (s *server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	err := s.run.kill()
	s.run = nil
	return err
}

// Pause freezes the server: connections stay open and nothing is answered.
func (s *server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return errors.New("this server does not run")
	}
	return s.run.signal(sig)
}

// end asks the server to end and kills it when it takes too long. s.mu is held.
func (s *server) end() error {
	if s.run == nil {
		return nil
	}
	if err := s.run.stop(syscall.SIGTERM, 10*time.Second); err != nil {
		return err
	}
	s.run = nil
	return nil
}
