package newcomer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// ownDialplan is what the PBX did before operadora: a trunk, phones, a queue.
const ownDialplan = `[general]
static = yes
writeprotect = no

[from-trunk]
exten => _X.,1,Queue(sales)

[from-internal]
exten => _10X,1,Dial(PJSIP/${EXTEN},30)
`

// site is the machine of somebody who comes to operadora: Debian's Asterisk
// with a dialplan of its own, a Redis, and a folder to work in.
type site struct {
	dir      string
	asterisk *lab.Asterisk
	redis    *lab.Redis
	api      string
	env      []string
	paths    *strings.Replacer // README's paths into this machine's

	serve *exec.Cmd
	log   *centre.LogTail
	gone  chan struct{}
}

// newSite makes it in dir; installed is the root of a system that has operadora's package, "" when it is built here.
func newSite(ctx context.Context, dir, installed string) (_ *site, err error) {
	s := &site{dir: dir, log: centre.NewLogTail()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	var phones []lab.Endpoint
	for _, e := range lab.Desk(101, 103) {
		e.Context = "from-internal"
		phones = append(phones, e)
	}
	s.asterisk, err = lab.StartAsterisk(ctx, lab.AsteriskOptions{
		AsPackaged: true, Endpoints: phones, Dialplan: ownDialplan,
		Queues: []lab.Queue{{Name: "sales", Members: []string{"PJSIP/103"}}},
	})
	if err != nil {
		return nil, err
	}
	if s.redis, err = lab.StartRedis(ctx, lab.RedisOptions{AppendOnly: true}); err != nil {
		return nil, err
	}
	if s.api, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	command := ""
	if installed != "" {
		command = "exec '" + filepath.Join(installed, "usr/bin/operadora") + "'"
	} else {
		program, err := centre.Program()
		if err != nil {
			return nil, err
		}
		command = centre.AsProgram + "=1 exec '" + program + "'"
	}
	// The shell finds them as on the newcomer's machine; the ports are this run's own.
	for name, command := range map[string]string{
		"work/bin/operadora": command,
		"usr/bin/asterisk":   "exec '" + strings.Join(s.asterisk.Console(), "' '") + "'", //nolint:contextcheck // it runs nothing
	} {
		path := filepath.Join(dir, name)
		if err = os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return nil, err
		}
		if err = os.WriteFile(path, []byte("#!/bin/sh\n"+command+" \"$@\"\n"), 0o700); err != nil { //nolint:gosec // a program
			return nil, err
		}
	}
	s.paths = strings.NewReplacer("/etc/asterisk", filepath.Join(s.asterisk.Dir(), "etc"), "/var/spool/asterisk", filepath.Join(s.asterisk.Dir(), "spool"),
		"/usr/share/operadora", filepath.Join(installed, "/usr/share/operadora"))
	s.env = append(os.Environ(), "PATH="+filepath.Join(dir, "usr/bin")+":"+os.Getenv("PATH"),
		"OPERADORA_REDIS_ADDRS="+s.redis.Addr(), "OPERADORA_API_LISTEN="+s.api, "OPERADORA_PBXS_MAIN_ARI_URL="+s.asterisk.ARIURL())
	if installed != "" {
		s.env = append(s.env, "OPERADORA_CONFIG="+filepath.Join(installed, "etc/operadora/operadora.yaml"),
			"OPERADORA_RECORDS_DSN=sqlite:"+filepath.Join(installed, "var/lib/operadora/operadora.db"))
	}
	return s, nil
}

// freeAddress is an address on loopback that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// work is the folder in which the newcomer types.
func (s *site) work() string { return filepath.Join(s.dir, "work") }

// shell runs a script as typed into a terminal, and ends at the first command that fails.
func (s *site) shell(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail")
	cmd.Dir, cmd.Env = s.work(), s.env
	cmd.Stdin = strings.NewReader("set -v\n" + s.paths.Replace(script) + "\n")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("the commands of README.md fail: %w:\n%s", err, out.String())
	}
	return out.String(), nil
}

// start starts `operadora serve` as the last command of the README's block does.
func (s *site) start(ctx context.Context) error {
	cmd := exec.Command(filepath.Join(s.work(), "bin", "operadora"), "serve") //nolint:gosec // ours
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.work(), s.env, s.log, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	gone, mark := make(chan struct{}), s.log.Mark()
	if err := lab.Launch(cmd, func(error) { close(gone) }); err != nil { // how it ends is told by its log
		return err
	}
	s.serve, s.gone = cmd, gone
	return errors.Join(s.log.Wait(ctx, mark, `msg="pbx connected"`, gone), s.log.Wait(ctx, mark, "msg=serving", gone))
}

// stop ends it as Ctrl-C does.
func (s *site) stop(ctx context.Context) error {
	if s.serve == nil {
		return nil
	}
	if err := s.serve.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.gone:
		s.serve = nil
		return nil
	case <-ctx.Done():
		return errors.New("operadora serve did not end")
	}
}

func (s *site) close() error {
	var errs []error
	if s.serve != nil {
		errs = append(errs, ignoreDone(s.serve.Process.Kill()))
		<-s.gone
	}
	if s.asterisk != nil {
		errs = append(errs, s.asterisk.Stop())
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Stop())
	}
	return errors.Join(errs...)
}

func ignoreDone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
