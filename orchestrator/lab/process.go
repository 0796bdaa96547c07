package lab

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child that is waited for from its start on.
type process struct {
	name string
	pid  int
	gone chan struct{} // closed when the child has ended and been waited for
	err  error         // of Wait; read only after gone is closed
}

// start runs cmd in a process group of its own, so that an interrupt typed at
// the terminal reaches it only through its owner. Unless outlive is set, the
// kernel kills it when this process ends, however it ends.
func start(name string, cmd *exec.Cmd, outlive bool) (*process, error) {
	return startAs(name, cmd, outlive, nil)
}

// startAs is start as another user; nil is this one.
func startAs(name string, cmd *exec.Cmd, outlive bool, user *syscall.Credential) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: user}
	if !outlive {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	p := &process{name: name, gone: make(chan struct{})}
	if err := Launch(cmd, func(err error) { p.err = err; close(p.gone) }); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

// Launch starts cmd and calls ended with how it ended, once it has. The death
// signal (Pdeathsig) is bound to the thread that forked, not to the process:
// that thread lives as long as the child.
func Launch(cmd *exec.Cmd, ended func(error)) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(cmd.Wait())
		}
	}()
	return <-started
}

// ending is why the child ended, which it has.
func (p *process) ending() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// signal sends s to the child; a child that is gone already is no error.
func (p *process) signal(s syscall.Signal) error {
	select {
	case <-p.gone:
		return nil
	default:
	}
	if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %v to %s: %w", s, p.name, err)
	}
	return nil
}

// stop asks the child to end with s and kills it when it has not within grace.
func (p *process) stop(s syscall.Signal, grace time.Duration) error {
	if err := p.signal(s); err != nil {
		return err
	}
	// A stopped child (SIGSTOP) would see the request only when it goes on.
	if err := p.signal(syscall.SIGCONT); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.gone:
		return nil
	case <-timer.C:
		return p.kill()
	}
}

// kill ends the child at once and waits until it is gone.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.gone
	return nil
}

// tail keeps the last part of what is written to it; its zero value is ready.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

const tailSize = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}

// endOfFile returns the last part of the file at path, or a remark why not,
// leaving out lines that contain one of the given texts.
func endOfFile(path string, without ...string) string {
	f, err := os.Open(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	defer f.Close()
	var t tail
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if !slices.ContainsFunc(without, func(s string) bool { return strings.Contains(lines.Text(), s) }) {
			fmt.Fprintln(&t, lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(&t, "(log unreadable from here: "+err.Error()+")")
	}
	return t.String()
}
