// Package centre sets up a whole private contact centre on loopback: Asterisk,
// Redis, and operadora as a process of its own that can be killed. The
// demonstration, the benchmarks and the tests of the whole program stand on it.
package centre

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// PBX is the name of the one PBX of a site.
const PBX = "main"

// Options say what a site has.
type Options struct {
	// Dir is the site's folder; it must exist.
	Dir string
	// Asterisk describes the PBX; its phones are the agents' desk phones.
	Asterisk lab.AsteriskOptions
	// FreeSWITCH is what a FreeSWITCH in its place has besides.
	FreeSWITCH lab.FreeSWITCHOptions
	// Definitions are the files of the definitions folder by name.
	Definitions map[string]string
	// ARI holds further keys of the connection to Asterisk, such as "transfers: never".
	ARI string
	// Config holds further lines of operadora.yaml.
	Config string
	// Via gives the address under which operadora reaches the PBX at addr
	// (host:port); nil is the same.
	Via func(addr string) string
	// Beside is a second PBX, OtherPBX, with a trunk between the two over which each
	// rings the phones of the other; nil is none.
	Beside *Beside
	// Redis is the configuration of a Redis that is there already, as redis has it; "" starts one.
	Redis string
	// Password replaces the PBX's password in the configuration.
	Password string
}

// OtherPBX is the name of the second PBX of a site that has one.
const OtherPBX = "other"

// Beside is the second PBX of a site.
type Beside struct {
	FreeSWITCH bool // what it is; else it is what the first is
	Endpoints  []lab.Endpoint
	Config     string            // further lines of its part of the configuration
	Files      map[string]string // of an Asterisk, as in lab.AsteriskOptions
}

// Site is a private contact centre.
type Site struct {
	Dir        string
	Switch     Switch          // the PBX
	Asterisk   *lab.Asterisk   // the same; nil when it is a FreeSWITCH
	FreeSWITCH *lab.FreeSWITCH // the same; nil when it is an Asterisk
	Other      Switch          // the second PBX; nil when there is none
	Redis      *lab.Redis      // nil when it was there
	Log        *LogTail        // what operadora logs

	cmd  *exec.Cmd
	gone chan struct{} // closed when cmd has ended
}

// New starts Asterisk and Redis and writes the configuration. operadora itself
// runs from Start on. ctx bounds the set-up alone.
func New(ctx context.Context, o Options) (_ *Site, err error) {
	s := &Site{Dir: o.Dir, Log: NewLogTail()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if o.Beside != nil {
		o = o.reachable()
	}
	pbx, err := s.startSwitch(ctx, o)
	if err != nil {
		return nil, err
	}
	other := ""
	if o.Beside != nil {
		pbx = fmt.Sprintf("reach: {%s: \"%s\"}\n    %s", OtherPBX, over(s.Switch), pbx)
		if other, err = s.startBeside(ctx, *o.Beside); err != nil {
			return nil, err
		}
	}
	// As an operator would run it: what was acknowledged and written (Redis.Written) survives
	// the end of redis-server, and at most the last two seconds are lost with the machine.
	if o.Redis == "" {
		user := redisstore.Service("default", "operadora", dialplans.NewPassword())
		if s.Redis, err = lab.StartRedis(ctx, lab.RedisOptions{AppendOnly: true, Config: []string{"appendfsync everysec", user.String()}}); err != nil {
			return nil, err
		}
		o.Redis = fmt.Sprintf(`{addrs: ["%s"], username: %s, password: "%s"}`, s.Redis.Addr(), user.Name, user.Password)
	}
	for name, text := range o.Definitions {
		if err = s.Define(name, text); err != nil {
			return nil, err
		}
	}
	return s, s.Write("operadora.yaml", fmt.Sprintf(`redis: %s
api: {listen: "127.0.0.1:0"}
pbxs:
%s  %s:
    %s
%s
`, o.Redis, other, PBX, pbx, named(o.Config)))
}

// Write puts a file into the site's folder.
func (s *Site) Write(name, text string) error {
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// Define puts a file into the folder of definitions.
func (s *Site) Define(name, text string) error {
	return s.Write(filepath.Join("definitions", name), named(text))
}

// Config is the path of the configuration file.
func (s *Site) Config() string { return filepath.Join(s.Dir, "operadora.yaml") }

// Program is an operadora command line in the site's folder. It dies with this process.
func (s *Site) Program(args ...string) (*exec.Cmd, error) {
	return Command(s.Dir, append(args, "-c", s.Config())...)
}

// Run runs an operadora command to its end and returns what it printed.
func (s *Site) Run(args ...string) (string, error) {
	return Run(s.Dir, append(args, "-c", s.Config())...)
}

// Begin starts operadora and returns at once.
func (s *Site) Begin() error {
	cmd, err := s.Program("serve")
	if err != nil {
		return err
	}
	cmd.Stderr, cmd.Stdout = s.Log, s.Log
	gone := make(chan struct{})
	if err := lab.Launch(cmd, func(error) { close(gone) }); err != nil { // how it ends is told by its log
		return err
	}
	s.cmd, s.gone = cmd, gone
	return nil
}

// Beside starts another operadora on the same parts, under an instance name of
// its own, that logs to log; env goes before the configuration file. kill ends it, if it has
// not ended before.
func (s *Site) Beside(instance string, log *LogTail, env ...string) (kill func(), err error) {
	cmd, err := s.Program("serve")
	if err != nil {
		return nil, err
	}
	cmd.Env = append(append(cmd.Env, "OPERADORA_INSTANCE="+instance), env...)
	cmd.Stderr, cmd.Stdout = log, log
	gone := make(chan struct{})
	if err := lab.Launch(cmd, func(error) { close(gone) }); err != nil { // how it ends is told by its log
		return nil, err
	}
	return func() {
		_ = cmd.Process.Kill() // it has ended already, if that fails
		<-gone
	}, nil
}

// Start starts operadora and waits until it serves and its PBX is connected.
func (s *Site) Start(ctx context.Context) error {
	mark := s.Log.Mark()
	if err := s.Begin(); err != nil {
		return err
	}
	if err := errors.Join(s.Await(ctx, mark, `msg="pbx connected" component=orchestrator pbx=`+PBX), s.Await(ctx, mark, "msg=serving")); err != nil {
		return err
	}
	if s.Other != nil {
		if err := s.Await(ctx, mark, `msg="pbx connected" component=orchestrator pbx=`+OtherPBX); err != nil {
			return err
		}
		if err := awaitTakes(ctx, s.Other, true); err != nil {
			return err
		}
	}
	if s.FreeSWITCH != nil { // an Asterisk's dialplan tries before it was told anything
		return s.AwaitTakes(ctx, true)
	}
	return nil
}

// Await blocks until operadora has logged text after mark. It fails early when operadora ends.
func (s *Site) Await(ctx context.Context, mark int, text string) error {
	return s.Log.Wait(ctx, mark, text, s.gone)
}

// Gone is closed when operadora has ended; nil before the first start.
func (s *Site) Gone() <-chan struct{} { return s.gone }

// Kill ends operadora as a power cut would.
func (s *Site) Kill() error { return s.end(syscall.SIGKILL) }

// Stop ends operadora in order.
func (s *Site) Stop() error { return s.end(syscall.SIGTERM) }

// Signal sends operadora a signal.
func (s *Site) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// PID is operadora's process id, 0 when it does not run.
func (s *Site) PID() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

func (s *Site) end(sig os.Signal) error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.gone:
	case <-time.After(20 * time.Second):
		return fmt.Errorf("operadora did not end after %s", sig)
	}
	s.cmd = nil
	return nil
}

// Close ends everything that the site started.
func (s *Site) Close() error {
	errs := []error{s.end(syscall.SIGTERM)}
	for _, pbx := range []Switch{s.Switch, s.Other} {
		if pbx != nil {
			errs = append(errs, pbx.Stop())
		}
	}
	if s.Redis != nil {
		errs = append(errs, s.Redis.Stop())
	}
	return errors.Join(errs...)
}

var servingAt = regexp.MustCompile(`msg=serving api=(\S+)`)

// API is a client of the running operadora with a token of a role.
func (s *Site) API(role string) (*client.API, error) {
	found := servingAt.FindAllStringSubmatch(s.Log.Text(), -1)
	if len(found) == 0 {
		return nil, errors.New("operadora does not serve yet")
	}
	token, err := s.Run("token", "create", "--name", "lab", "--role", role)
	if err != nil {
		return nil, err
	}
	return client.New("http://"+found[len(found)-1][1], strings.TrimSpace(token))
}
