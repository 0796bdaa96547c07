package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
)

// Endpoint is a desk phone that Asterisk knows.
type Endpoint struct {
	User     string // such as "101"; also its extension and the name of its channel: PJSIP/101
	Password string // "" lets the phone call without one
	Name     string // shown to others; "" is "Agent " and the user
	// Contact is where the phone is reached, such as sip:101@127.0.0.1:5070.
	// "" means that the phone registers.
	Contact string
	// Language is the language of its prompts; "" is that of the instance.
	Language string
	// Context is where its calls start; "" is from-phones.
	Context string
	// NoTransfers has Asterisk refuse the phone's transfers (REFER).
	NoTransfers bool
}

// Trunk is a way out, dialled as PJSIP/<number>@<Name>. A Phone serves as the
// carrier at its far end.
type Trunk struct {
	Name string
	Addr string // host:port of the far end
	// Named has calls come from a user of the trunk's name, who calls in a header of
	// its own: another Asterisk of the lab knows them by it, and not by the number of
	// who calls, which may be that of a phone.
	Named bool
}

// Queue is a queue of app_queue, kept to compare with.
type Queue struct {
	Name     string
	Strategy string   // "" is rrmemory
	Members  []string // such as PJSIP/101
	Settings []string // further lines of queues.conf
}

// LogLevel is how much an instance logs.
type LogLevel int

// Log levels, each with all that the one before it has.
const (
	LogWarnings LogLevel = iota // notices, warnings and errors
	LogVerbose                  // and each step of the dialplan
	LogSIP                      // and each SIP message
)

// AsteriskOptions describe a private Asterisk. The zero value has no phones,
// no trunks, and answers every caller in operadora's inbound context.
type AsteriskOptions struct {
	Endpoints []Endpoint
	Trunks    []Trunk
	Queues    []Queue
	// Values go into the files of package dialplans; the ARI password and the
	// address of the HTTP server are filled in.
	Values dialplans.Values
	// FromTrunk replaces the dialplan of context from-trunk, where callers
	// without a phone of Endpoints arrive. "" sends every number to
	// operadora-inbound.
	FromTrunk string
	// Dialplan is added to extensions.conf: contexts of its own, or lines for
	// from-phones after a "[from-phones](+)" line.
	Dialplan string
	// Files are further configuration files by name; one that the lab writes
	// itself is replaced.
	Files map[string]string
	// Language is the default language of prompts; "" is "en".
	Language string
	Log      LogLevel
	// Dir is the instance's folder, kept when it stops; "" makes one that Stop
	// removes. The path must be shorter than 80 bytes.
	Dir string
	// AsPackaged is an Asterisk as a package leaves it, before anybody heard of
	// operadora: it runs as a user of its own, whose the folders are, HTTP is off,
	// there is no folder for recordings, none of operadora's files and sounds, and
	// Dialplan is the whole of extensions.conf.
	AsPackaged bool
	// Outlive lets the instance run on when this process ends.
	Outlive bool
}

// Asterisk is a private instance.
type Asterisk struct {
	o      AsteriskOptions
	parts  parts
	values dialplans.Values

	server
	out *tail // guarded by mu; what the running program printed itself
}

// StartAsterisk starts a private instance and returns when it has fully
// booted. ctx bounds the start alone.
func StartAsterisk(ctx context.Context, o AsteriskOptions) (*Asterisk, error) {
	p, err := findParts()
	if err != nil {
		return nil, err
	}
	ports, err := asteriskPorts.claim()
	if err != nil {
		return nil, err
	}
	a := &Asterisk{o: o, parts: p, server: server{ports: ports}}
	if err := a.prepare(); err != nil {
		a.discard()
		return nil, err
	}
	if err := a.Restart(ctx); err != nil {
		a.discard()
		return nil, err
	}
	return a, nil
}

// AsteriskFor starts a private instance that ends with the test. A failed test
// logs the end of its log.
func AsteriskFor(tb TB, o AsteriskOptions) *Asterisk {
	tb.Helper()
	return started(tb, "Asterisk", func(ctx context.Context) (*Asterisk, error) { return StartAsterisk(ctx, o) })
}

// prepare makes the instance's folder and all its files.
func (a *Asterisk) prepare() error {
	if err := a.settle("asterisk", a.o.Dir, a.o.Outlive); err != nil {
		return err
	}
	if len(a.dir) >= 80 {
		return fmt.Errorf("asterisk's folder %s is too long for the path of a socket", a.dir)
	}
	a.values = a.o.Values
	a.values.HTTPBind, a.values.HTTPPort, a.values.KeepHTTP = "127.0.0.1", a.ports.base, dialplans.HTTP{}
	if a.values.ARIPassword == "" {
		a.values.ARIPassword = dialplans.NewPassword()
	}
	return a.writeConfig()
}

// Restart starts the instance again with the same ports and files, after Stop
// is too late but after Kill or while it runs; it returns when it has fully
// booted. Calls that were up are gone.
func (a *Asterisk) Restart(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.end(); err != nil {
		return err
	}
	if a.ports.lock == nil {
		return errors.New("this asterisk was stopped for good")
	}
	// A killed instance leaves its control socket behind, on which a new one
	// that is not listening yet would seem to be there.
	if err := os.RemoveAll(filepath.Join(a.dir, "run", "asterisk.ctl")); err != nil {
		return fmt.Errorf("asterisk's control socket: %w", err)
	}
	cmd := a.command(context.WithoutCancel(ctx), "-f")
	a.out = &tail{}
	cmd.Stdout, cmd.Stderr, cmd.Dir = a.out, a.out, a.dir
	run, err := startAs("asterisk", cmd, a.o.Outlive, a.user())
	if err != nil {
		return err
	}
	if err := a.booted(ctx, run); err != nil {
		err = errors.Join(err, run.kill())
		return fmt.Errorf("asterisk did not come up: %w; it printed:\n%s\nits log ends:\n%s", err, a.out, a.LogTail())
	}
	a.run = run
	return nil
}

// booted waits until the instance says that it has fully booted.
func (a *Asterisk) booted(ctx context.Context, run *process) error {
	return await(ctx, run, 20*time.Millisecond, func() bool {
		if _, err := os.Stat(filepath.Join(a.dir, "run", "asterisk.ctl")); err != nil {
			return false
		}
		out, err := a.cli(ctx, "core waitfullybooted")
		return err == nil && strings.Contains(out, "fully booted")
	})
}

// command returns a call of the asterisk program with this instance's
// configuration, through the lab's own program loader where it has one.
func (a *Asterisk) command(ctx context.Context, args ...string) *exec.Cmd {
	argv := append([]string{a.parts.asterisk, "-C", filepath.Join(a.dir, "etc", "asterisk.conf")}, args...)
	if a.parts.loader != "" {
		argv = append([]string{a.parts.loader, "--library-path", a.parts.libraries}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH=", "HOME="+a.dir)
	return cmd
}

// Console is the command line that reaches the instance's console; -rx and a command follow.
func (a *Asterisk) Console() []string { return a.command(context.Background()).Args }

// CLI runs one command on the instance's console and returns what it printed.
func (a *Asterisk) CLI(command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return a.cli(ctx, command)
}

func (a *Asterisk) cli(ctx context.Context, command string) (string, error) {
	out, err := a.command(ctx, "-r", "-x", command).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("asterisk -rx %q: %w: %s", command, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// ARIURL is the base of ARI, such as http://127.0.0.1:10000/ari.
func (a *Asterisk) ARIURL() string { return "http://" + loopback(a.ports.base) + "/ari" }

// WebsocketURL is where ARI's events are read, such as
// ws://127.0.0.1:10000/ari/events.
func (a *Asterisk) WebsocketURL() string { return "ws://" + loopback(a.ports.base) + "/ari/events" }

// User is the ARI user.
func (a *Asterisk) User() string {
	if a.values.ARIUser == "" {
		return dialplans.DefaultValues().ARIUser
	}
	return a.values.ARIUser
}

// Password is the ARI user's.
func (a *Asterisk) Password() string { return a.values.ARIPassword }

// SIPAddr is the host:port where SIP is spoken, over UDP.
func (a *Asterisk) SIPAddr() string { return loopback(a.ports.base + 1) }

// AddTrunk gives the running instance another way out.
func (a *Asterisk) AddTrunk(t Trunk) error {
	a.o.Trunks = append(a.o.Trunks, t)
	if err := a.writeConfig(); err != nil {
		return err
	}
	_, err := a.CLI("module reload res_pjsip.so")
	return err
}

// Dir is the instance's folder.
func (a *Asterisk) Dir() string { return a.dir }

// RecordingDir is where ARI's stored recordings are kept.
func (a *Asterisk) RecordingDir() string { return filepath.Join(a.dir, "spool", "recording") }

// LogPath is the instance's log.
func (a *Asterisk) LogPath() string { return filepath.Join(a.dir, "log", "messages") }

// LogTail is the last part of the log, without the lines of modules that load.
func (a *Asterisk) LogTail() string {
	return endOfFile(a.LogPath(), "loader.c: Loading")
}

// WaitLog returns when a line of the log, since the start, contains text. What
// is logged depends on AsteriskOptions.Log.
func (a *Asterisk) WaitLog(ctx context.Context, text string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		log, err := os.ReadFile(a.LogPath())
		if err != nil {
			return fmt.Errorf("asterisk's log: %w", err)
		}
		if bytes.Contains(log, []byte(text)) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %q in asterisk's log: %w", text, context.Cause(ctx))
		}
	}
}
