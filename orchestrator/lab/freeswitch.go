package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
)

// freeswitchPorts are of the same pool, in which Asterisks look for theirs: the
// event socket, SIP for phones and for outsiders, and two
// ports of audio for each leg.
var freeswitchPorts = asteriskPorts

// ErrNoFreeSWITCH means that none is installed where one is needed.
var ErrNoFreeSWITCH = errors.New("no FreeSWITCH found: install FreeSWITCH 1.10 or newer with mod_sofia, mod_loopback, mod_commands, mod_conference, mod_dptools, mod_hash, mod_dialplan_xml, mod_event_socket, mod_sndfile, mod_local_stream, mod_tone_stream and mod_logfile, and name its program or its prefix in FREESWITCH")

// FreeSWITCHOptions describe a private FreeSWITCH. The zero value has no phones
// and hands every caller to operadora's inbound context.
type FreeSWITCHOptions struct {
	Endpoints []Endpoint // their Context is not used
	Trunks    []Trunk    // dialled as sofia/gateway/<Name>/<number>
	// Values go into the files of package dialplans; password and address are filled in.
	Values dialplans.FreeSWITCHValues
	// FromTrunk replaces the extensions of context public, where callers without
	// a phone arrive. "" sends every number to operadora-inbound.
	FromTrunk string
	// Contexts are further contexts of the dialplan, such as operadora-away.
	Contexts string
	// Configuration is further <configuration> sections, such as callcenter.conf.
	Configuration string
	// Modules are loaded beside those that operadora needs.
	Modules []string
	// Debug writes everything into the log, SIP messages too.
	Debug bool
	// Dir is the instance's folder, kept when it stops; "" makes one that Stop removes.
	Dir string
	// Outlive lets the instance run on when this process ends.
	Outlive bool
}

// FreeSWITCH is a private instance.
type FreeSWITCH struct {
	o        FreeSWITCHOptions
	program  string
	modules  string
	data     string // the lab's sounds, "" when it is not set up
	password string

	server
	out *tail // guarded by mu
}

// findFreeSWITCH finds the program and the folder of its modules: $FREESWITCH is
// either the program or the prefix that it was installed under.
func findFreeSWITCH() (program, modules string, err error) {
	var candidates []string
	if named := os.Getenv("FREESWITCH"); named != "" {
		candidates = []string{named, filepath.Join(named, "bin", "freeswitch")}
	} else {
		if found, err := exec.LookPath("freeswitch"); err == nil {
			candidates = append(candidates, found)
		}
		candidates = append(candidates, "/usr/bin/freeswitch", "/usr/local/freeswitch/bin/freeswitch", "/opt/freeswitch/bin/freeswitch")
	}
	for _, c := range candidates {
		if info, err := os.Stat(c); err != nil || info.IsDir() {
			continue
		}
		if c, err = filepath.Abs(c); err != nil {
			return "", "", err
		}
		prefix := filepath.Dir(filepath.Dir(c))
		for _, m := range []string{"lib/freeswitch/mod", "lib64/freeswitch/mod", "mod"} {
			if _, err := os.Stat(filepath.Join(prefix, m, "mod_event_socket.so")); err == nil {
				return c, filepath.Join(prefix, m), nil
			}
		}
	}
	return "", "", ErrNoFreeSWITCH
}

// StartFreeSWITCH starts a private instance and returns when its event socket
// and its SIP profiles are up. ctx bounds the start alone.
func StartFreeSWITCH(ctx context.Context, o FreeSWITCHOptions) (*FreeSWITCH, error) {
	f := &FreeSWITCH{o: o}
	var err error
	if f.program, f.modules, err = findFreeSWITCH(); err != nil {
		return nil, err
	}
	parts, err := findParts()
	if err != nil {
		return nil, err
	}
	f.data = parts.data
	if f.ports, err = freeswitchPorts.claim(); err != nil {
		return nil, err
	}
	if err = f.prepare(); err == nil {
		err = f.Restart(ctx)
	}
	if err != nil {
		f.discard()
		return nil, err
	}
	return f, nil
}

// FreeSWITCHFor starts a private instance that ends with the test. The test
// fails when there is no FreeSWITCH; under -short it is skipped.
func FreeSWITCHFor(tb TB, o FreeSWITCHOptions) *FreeSWITCH {
	tb.Helper()
	return started(tb, "FreeSWITCH", func(ctx context.Context) (*FreeSWITCH, error) { return StartFreeSWITCH(ctx, o) })
}

// prepare makes the instance's folder and all its files.
func (f *FreeSWITCH) prepare() error {
	if err := f.settle("freeswitch", f.o.Dir, f.o.Outlive); err != nil {
		return err
	}
	f.password = f.o.Values.Password
	if f.password == "" {
		f.password = dialplans.NewPassword()
	}
	return f.writeConfig()
}

// Restart starts the instance again with the same ports and files; it returns
// when it is up. Calls that were up are gone.
func (f *FreeSWITCH) Restart(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.end(); err != nil {
		return err
	}
	if f.ports.lock == nil {
		return errors.New("this freeswitch was stopped for good")
	}
	if err := os.RemoveAll(filepath.Join(f.dir, "db")); err != nil {
		return fmt.Errorf("freeswitch's databases: %w", err)
	}
	// started by root it would take real-time priority, and with two cores keep
	// everybody else waiting for seconds: -np
	args := []string{"-nonat", "-nf", "-nc", "-np", "-mod", f.modules, "-sounds", f.in("sounds")}
	for _, d := range []string{"conf", "log", "run", "db", "scripts", "htdocs", "grammar", "recordings", "storage", "temp", "cache", "certs"} {
		if err := os.MkdirAll(f.in(d), 0o755); err != nil {
			return fmt.Errorf("freeswitch's folder: %w", err)
		}
		args = append(args, "-"+d, f.in(d))
	}
	// it stays in the foreground: -nf, and -nc gives it no console
	cmd := exec.CommandContext(context.WithoutCancel(ctx), f.program, args...)
	f.out = &tail{}
	cmd.Stdout, cmd.Stderr, cmd.Dir = f.out, f.out, f.dir
	cmd.Env = append(os.Environ(), "HOME="+f.dir, "LD_LIBRARY_PATH="+filepath.Join(filepath.Dir(filepath.Dir(f.program)), "lib"))
	run, err := start("freeswitch", cmd, f.o.Outlive)
	if err != nil {
		return err
	}
	if err := f.booted(ctx, run); err != nil {
		err = errors.Join(err, run.kill())
		return fmt.Errorf("freeswitch did not come up: %w; it printed:\n%s\nits log ends:\n%s", err, f.out, f.LogTail())
	}
	f.run = run
	return nil
}

func (f *FreeSWITCH) in(name string) string { return filepath.Join(f.dir, name) }

// booted waits until both SIP profiles answer on the event socket.
func (f *FreeSWITCH) booted(ctx context.Context, run *process) error {
	return await(ctx, run, 50*time.Millisecond, func() bool {
		out, err := f.api(ctx, "sofia status")
		return err == nil && strings.Count(out, "RUNNING (0)") >= 2
	})
}

// CLI runs one command as on the instance's console and returns what it printed.
func (f *FreeSWITCH) CLI(command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return f.api(ctx, command)
}

// Address is the host:port of the event socket.
func (f *FreeSWITCH) Address() string { return loopback(f.ports.base) }

// Password is the event socket's.
func (f *FreeSWITCH) Password() string { return f.password }

// SIPAddr is the host:port where phones register and call, over UDP.
func (f *FreeSWITCH) SIPAddr() string { return loopback(f.ports.base + 1) }

// TrunkAddr is the host:port where callers from outside arrive, over UDP.
func (f *FreeSWITCH) TrunkAddr() string { return loopback(f.ports.base + 2) }

// AddTrunk gives the running instance another way out.
func (f *FreeSWITCH) AddTrunk(t Trunk) error {
	f.o.Trunks = append(f.o.Trunks, t)
	if err := f.writeConfig(); err != nil {
		return err
	}
	for _, command := range []string{"reloadxml", "sofia profile external rescan"} {
		if _, err := f.CLI(command); err != nil {
			return err
		}
	}
	return nil
}

// Dir is the instance's folder.
func (f *FreeSWITCH) Dir() string { return f.dir }

// RecordingDir is where operadora's recordings are kept.
func (f *FreeSWITCH) RecordingDir() string { return f.in("recordings") }

// SoundDir is the folder of a language's voice.
func (f *FreeSWITCH) SoundDir(language string) string { return filepath.Join(f.in("sounds"), language) }

// LogPath is the instance's log.
func (f *FreeSWITCH) LogPath() string { return f.in("log/freeswitch.log") }

// LogTail is the last part of the log.
func (f *FreeSWITCH) LogTail() string {
	return endOfFile(f.in("log/freeswitch.log"), "switch_loadable_module.c", "switch_utils.c", "switch_core.c:1")
}

// Phone makes the telephone of one of the instance's endpoints and, when that
// has no fixed contact, registers it.
func (f *FreeSWITCH) Phone(ctx context.Context, user string) (*Phone, error) {
	for _, e := range f.o.Endpoints {
		if e.User != user {
			continue
		}
		p, err := NewPhone(PhoneOptions{User: user, Password: e.Password, Server: f.SIPAddr()})
		if err != nil {
			return nil, err
		}
		if err := p.Register(ctx); err != nil {
			p.Close() //nolint:contextcheck // it has no calls to hang up
			return nil, err
		}
		return p, nil
	}
	return nil, fmt.Errorf("this freeswitch has no endpoint %s", user)
}

// Caller makes the telephone of someone outside, who calls from number.
func (f *FreeSWITCH) Caller(number string) (*Phone, error) {
	return NewPhone(PhoneOptions{User: number, Server: f.TrunkAddr()})
}

// api runs one command over the event socket. It is the lab's own, so that the
// adapter is not tested by itself.
func (f *FreeSWITCH) api(ctx context.Context, command string) (string, error) {
	var d net.Dialer
	sock, err := d.DialContext(ctx, "tcp", f.Address())
	if err != nil {
		return "", err
	}
	defer sock.Close()
	stop := context.AfterFunc(ctx, func() { sock.Close() })
	defer stop()
	if _, err := fmt.Fprintf(sock, "auth %s\n\napi %s\n\nexit\n\n", f.password, command); err != nil {
		return "", err
	}
	return readReply(sock)
}
