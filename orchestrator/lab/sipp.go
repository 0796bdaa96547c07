package lab

import (
	"bytes"
	"context"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// Key is a digit that a SIPp caller presses.
type Key struct {
	After time.Duration // after the answer, or after the key before it
	Digit rune
}

// SIPpCallers are callers from outside, for load: SIPp makes hundreds of calls
// where Go phones, with their audio, make dozens. They send no audio, and
// digits as SIP INFO.
type SIPpCallers struct {
	Target     string        // host:port of the PBX
	Number     string        // whom they call
	From       string        // they call from this number with 1, 2, 3… appended; "" is 555
	Calls      int           // how many in all
	Rate       float64       // new calls a second; 0 is 10
	Concurrent int           // at most this many at a time; 0 is all
	Keys       []Key         // what they press
	Stay       time.Duration // they hang up after this, counted from the last key; 0 is 10 minutes
	Patience   time.Duration // an unanswered call is given up after this; 0 is a minute
}

// SIPpPhones are desk phones on one port, for load. Endpoints reach them by a
// fixed contact at Addr.
type SIPpPhones struct {
	Calls       int           // SIPp ends after this many; 0 runs until Stop
	Ring        time.Duration // before they answer
	Talk        time.Duration // they hang up after this; 0 is 10 minutes
	Refuse      int           // refuse every call with this SIP status; 0 answers
	NeverAnswer bool          // ring on
}

// SIPpResult counts calls by how they ended.
type SIPpResult struct {
	Calls      int
	Successful int    // answered, and ended by either side
	Abandoned  int    // given up by a caller who ran out of patience
	Failed     int    // refused, or not carried to the end
	Errors     string // the last of what SIPp complained about
}

// SIPp is a running SIPp.
type SIPp struct {
	temp  *folder
	ports *portBlock
	run   *process
	out   *tail
}

// SIPp binds a port for SIP and four for audio.
var sippPorts = portPool{name: "sipp", first: 8100, size: 10, count: 100}

const forever = 10 * time.Minute

func milliseconds(d, otherwise time.Duration) int64 {
	if d == 0 {
		d = otherwise
	}
	return max(1, d.Milliseconds())
}

// StartSIPpCallers starts the callers. They end when ctx does, at the latest.
func StartSIPpCallers(ctx context.Context, o SIPpCallers) (*SIPp, error) {
	if o.Calls < 1 {
		return nil, errors.New("sipp callers: Calls must be at least 1")
	}
	type key struct {
		N       int
		AfterMS int64
		Digit   string
	}
	data := struct {
		Number, From       string
		Keys               []key
		StayMS, PatienceMS int64
	}{o.Number, o.From, nil, milliseconds(o.Stay, forever), milliseconds(o.Patience, time.Minute)}
	if data.From == "" {
		data.From = "555"
	}
	for i, k := range o.Keys {
		data.Keys = append(data.Keys, key{i + 1, milliseconds(k.After, 0), string(k.Digit)})
	}
	if o.Rate == 0 {
		o.Rate = 10
	}
	if o.Concurrent == 0 {
		o.Concurrent = o.Calls
	}
	// SIPp takes a whole number of calls a period.
	return startSIPp(ctx, "caller.xml", data, "-m", strconv.Itoa(o.Calls), "-l", strconv.Itoa(o.Concurrent),
		"-r", strconv.Itoa(max(1, int(o.Rate*10))), "-rp", "10000", o.Target)
}

// StartSIPpPhones starts the phones and returns when they listen. They end
// when ctx does, at the latest.
func StartSIPpPhones(ctx context.Context, o SIPpPhones) (*SIPp, error) {
	data := struct {
		Refuse         int
		RingMS, TalkMS int64
	}{o.Refuse, milliseconds(o.Ring, time.Millisecond), milliseconds(o.Talk, forever)}
	if o.NeverAnswer {
		data.RingMS = forever.Milliseconds()
	}
	var args []string
	if o.Calls > 0 {
		args = []string{"-m", strconv.Itoa(o.Calls)}
	}
	s, err := startSIPp(ctx, "phone.xml", data, args...)
	if err != nil {
		return nil, err
	}
	if err := s.listening(ctx); err != nil {
		err = errors.Join(err, s.run.kill())
		s.discard()
		return nil, err
	}
	return s, nil
}

func startSIPp(ctx context.Context, scenario string, data any, args ...string) (*SIPp, error) {
	p, err := findParts()
	if err != nil {
		return nil, err
	}
	tmpl, err := template.ParseFS(scenarios, "sipp/"+scenario)
	if err != nil {
		return nil, fmt.Errorf("sipp scenario: %w", err)
	}
	var xml bytes.Buffer
	if err := tmpl.Execute(&xml, data); err != nil {
		return nil, fmt.Errorf("sipp scenario: %w", err)
	}
	s := &SIPp{out: &tail{}}
	if s.ports, err = sippPorts.claim(); err != nil {
		return nil, err
	}
	if s.temp, err = newFolder("sipp", false); err != nil {
		s.ports.release()
		return nil, err
	}
	file := filepath.Join(s.temp.path, scenario)
	if err = os.WriteFile(file, xml.Bytes(), 0o600); err == nil {
		cmd := exec.CommandContext(ctx, p.sipp, append([]string{
			"-sf", file, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-bind_local", "-t", "u1",
			"-p", strconv.Itoa(s.ports.base), "-mp", strconv.Itoa(s.ports.base + 2), "-nostdin",
			"-trace_stat", "-stf", s.statFile(), "-fd", "1", "-trace_err", "-error_file", s.errorFile(),
		}, args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = s.temp.path, s.out, s.out
		s.run, err = start("sipp", cmd, false)
	}
	if err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

func (s *SIPp) statFile() string  { return filepath.Join(s.temp.path, "stat.csv") }
func (s *SIPp) errorFile() string { return filepath.Join(s.temp.path, "errors.log") }

func (s *SIPp) discard() {
	s.ports.release()
	s.temp.remove()
}

// Addr is SIPp's own host:port.
func (s *SIPp) Addr() string { return loopback(s.ports.base) }

// listening returns when SIPp has bound its port. It asks the kernel: to try
// the port itself could take it from SIPp at the wrong moment.
func (s *SIPp) listening(ctx context.Context) error {
	entry := fmt.Appendf(nil, " 0100007F:%04X ", s.ports.base) // 127.0.0.1 as the kernel writes it
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		table, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			return fmt.Errorf("sipp: %w", err)
		}
		if bytes.Contains(table, entry) {
			return nil
		}
		select {
		case <-s.run.gone:
			return fmt.Errorf("sipp ended at once: %w: %s", s.run.ending(), s.out)
		case <-ctx.Done():
			return fmt.Errorf("sipp: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Wait returns the result when SIPp has made its calls. Calls that failed are
// no error.
func (s *SIPp) Wait(ctx context.Context) (SIPpResult, error) {
	select {
	case <-s.run.gone:
	case <-ctx.Done():
		err := s.run.kill()
		s.discard()
		return SIPpResult{}, fmt.Errorf("waiting for sipp: %w", errors.Join(context.Cause(ctx), err))
	}
	defer s.discard()
	r, err := s.result()
	var exit *exec.ExitError
	if errors.As(s.run.err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 99) {
		return r, err // a call failed, or none was made: the result tells
	}
	if s.run.err != nil {
		return r, fmt.Errorf("sipp: %w: %s %s", s.run.err, r.Errors, s.out)
	}
	return r, err
}

// Stop lets running calls end within a few seconds, ends SIPp, and returns the
// result.
func (s *SIPp) Stop() (SIPpResult, error) {
	if err := s.run.stop(syscall.SIGUSR1, 5*time.Second); err != nil {
		return SIPpResult{}, err
	}
	defer s.discard()
	return s.result()
}

// Up is how many calls SIPp has in progress, as of the last second.
func (s *SIPp) Up() (int, error) {
	r, err := s.result()
	return r.Calls - r.Successful - r.Abandoned - r.Failed, err
}

// result reads the last line of SIPp's statistics.
func (s *SIPp) result() (SIPpResult, error) {
	var r SIPpResult
	if log, err := os.ReadFile(s.errorFile()); err == nil {
		r.Errors = string(bytes.TrimSpace(log[max(0, len(log)-tailSize):]))
	}
	data, err := os.ReadFile(s.statFile())
	if err != nil {
		return r, fmt.Errorf("sipp's statistics: %w", err)
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes = ';', -1, true
	rows, err := reader.ReadAll()
	if err != nil || len(rows) < 2 {
		return r, fmt.Errorf("sipp's statistics have %d lines: %w", len(rows), err)
	}
	last := rows[len(rows)-1]
	for i, name := range rows[0] {
		if i >= len(last) {
			break
		}
		n, _ := strconv.Atoi(strings.TrimSpace(last[i])) // other columns are times
		switch name {
		case "TotalCallCreated":
			r.Calls = n
		case "SuccessfulCall(C)":
			r.Successful = n
		case "FailedCall(C)":
			r.Failed = n
		case "abandoned(C)":
			r.Abandoned = n
		}
	}
	r.Successful -= r.Abandoned // SIPp counts a cancelled call that went by its scenario
	return r, nil
}
