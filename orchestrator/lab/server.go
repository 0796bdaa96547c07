package lab

import (
	"errors"
	"sync"
	"syscall"
	"time"
)

// server is a child that serves until it is told to end and may be started
// anew; Asterisk and Redis are ones.
type server struct {
	mu  sync.Mutex
	run *process // guarded by mu; nil when stopped
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
