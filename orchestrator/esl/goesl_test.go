package esl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/0x19/goesl"
)

// The tests in this file hold what doc.go says of github.com/0x19/goesl, each
// with the library itself. Where one of them fails after an upgrade of the
// library, that part of it can be used.

// inside is the stream that a child process has goesl read, because goesl ends
// the process that reads it.
const inside = "OPERADORA_GOESL_STREAM"

// goeslServer lets one client in and sends it a stream after its first command,
// which is got. (What comes before, together with the answer to its password,
// goesl loses: it makes a new buffer then.)
func goeslServer(t *testing.T, stream io.Reader) (port uint, got chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got = make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		sock, err := l.Accept()
		if err != nil {
			return
		}
		defer sock.Close()
		r := bufio.NewReader(sock)
		fmt.Fprint(sock, "Content-Type: auth/request\n\n")
		for range 2 { // the password and an empty line
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
		}
		fmt.Fprint(sock, "Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
		var all strings.Builder
		for line := ""; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				break
			}
			all.WriteString(line)
		}
		got <- all.String()
		if stream != nil {
			_, _ = io.Copy(sock, stream) // the client may leave
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return uint(l.Addr().(*net.TCPAddr).Port), got
}

// withGoESL has goesl read a stream: its messages, and the error that ended them.
func withGoESL(t *testing.T, stream io.Reader) (all []*goesl.Message, ended error) {
	t.Helper()
	port, _ := goeslServer(t, stream)
	c, err := goesl.NewClient("127.0.0.1", port, "secret-socket", 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send("api status"); err != nil {
		t.Fatal(err)
	}
	handled := make(chan struct{})
	go func() { defer close(handled); c.Handle() }()
	for {
		m, err := c.ReadMessage()
		if err != nil {
			<-handled
			return all, err
		}
		all = append(all, m)
	}
}

// withOurs reads the same.
func withOurs(stream io.Reader) (all []frame, ended error) {
	r := newReader(stream)
	for {
		f, err := r.next()
		if err != nil {
			return all, err
		}
		all = append(all, f)
	}
}

func framed(kind, body string) string {
	return fmt.Sprintf("Content-Length: %d\nContent-Type: %s\n\n%s", len(body), kind, body)
}

// What holds up: both take the same frames, and the same texts out of them, from
// events that were recorded of a real FreeSWITCH. goesl is the witness here.
func TestReadersAgree(t *testing.T) {
	t.Parallel()
	shots, err := filepath.Glob("testdata/*.json")
	if err != nil || len(shots) < 10 {
		t.Fatalf("%d events, %v", len(shots), err)
	}
	stream := "Content-Type: command/reply\nReply-Text: +OK accepted\n\n" + framed("api/response", "true") + framed("api/response", "ñandú\n")
	for _, shot := range shots {
		raw, err := os.ReadFile(shot)
		if err != nil {
			t.Fatal(err)
		}
		stream += framed("text/event-json", string(raw))
	}
	theirs, _ := withGoESL(t, strings.NewReader(stream))
	ours, _ := withOurs(strings.NewReader(stream))
	if len(theirs) != len(shots)+3 || len(ours) != len(theirs) {
		t.Fatalf("goesl read %d messages, we read %d frames, of %d", len(theirs), len(ours), len(shots)+3)
	}
	for i, f := range ours {
		if f.kind != "text/event-json" {
			if !bytes.Equal(f.body, theirs[i].Body) {
				t.Errorf("frame %d: %q, goesl %q", i, f.body, theirs[i].Body)
			}
			continue
		}
		w, err := decode(f.body)
		if err != nil {
			t.Fatal(err)
		}
		for name, ours := range map[string]text{"Event-Name": w.Name, "Event-Sequence": w.Sequence, "Unique-ID": w.Channel, "Application": w.App, "Core-UUID": w.Core} {
			if theirs[i].GetHeader(name) != string(ours) {
				t.Errorf("frame %d: %s is %q, goesl %q", i, name, ours, theirs[i].GetHeader(name))
			}
		}
	}
}

// A refused command, which is everyday life, ends goesl's connection; what
// follows is lost with it.
func TestGoESLEndsAtARefusal(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]string{
		"api":                       framed("api/response", "-ERR No such channel!\n"),
		"reply":                     "Content-Type: command/reply\nReply-Text: -ERR invalid session id [x]\n\n",
		"text that merely holds it": framed("api/response", `{"variable_last":"-ERR NO_ANSWER"}`),
	} {
		stream := refusal + framed("api/response", "+OK\n")
		if all, err := withGoESL(t, strings.NewReader(stream)); len(all) != 0 || err == nil {
			t.Errorf("%s: goesl goes on after a refusal: %d messages, %v", name, len(all), err)
		}
		if all, _ := withOurs(strings.NewReader(stream)); len(all) != 2 {
			t.Errorf("%s: we read %d frames of 2", name, len(all))
		}
	}
}

// goesl ends the whole process at these. So a child process reads them.
func TestGoESLPanics(t *testing.T) {
	t.Parallel()
	if stream := os.Getenv(inside); stream != "" {
		_, err := withGoESL(t, strings.NewReader(stream))
		t.Logf("it ended with %v", err)
		return
	}
	for name, stream := range map[string]string{
		"negative length":                      "Content-Type: api/response\nContent-Length: -1\n\n",
		"length of exabytes":                   "Content-Type: api/response\nContent-Length: 9000000000000000000\n\n",
		"refusal without text":                 "Content-Type: command/reply\nReply-Text: -ERR\n\n",
		"refusal at the end of a short answer": framed("api/response", "-ERR"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGoESLPanics$")
			cmd.Env = append(os.Environ(), inside+"="+stream)
			out, err := cmd.CombinedOutput()
			if err == nil || !bytes.Contains(out, []byte("panic: runtime error")) {
				t.Errorf("goesl survives: %v\n%s", err, out)
			}
			if all, _ := withOurs(strings.NewReader(stream)); len(all) > 1 {
				t.Errorf("we read %d frames", len(all))
			}
		})
	}
}

// goesl drops what is no text of an event: a variable that was set twice.
func TestGoESLDropsLists(t *testing.T) {
	t.Parallel()
	event := `{"Event-Name":"CHANNEL_PARK","variable_operadora_app":["operadora","operadora"]}`
	all, _ := withGoESL(t, strings.NewReader(framed("text/event-json", event)))
	if len(all) != 1 || all[0].GetHeader("variable_operadora_app") != "" {
		t.Errorf("goesl keeps it: %v", all)
	}
	if w, err := decode([]byte(event)); err != nil || w.OurApp != "operadora" {
		t.Errorf("we read %+v, %v", w, err)
	}
}

// goesl decodes values that are not encoded: a plus becomes a blank.
func TestGoESLSpoilsReplies(t *testing.T) {
	t.Parallel()
	stream := "Content-Type: command/reply\nReply-Text: +OK 100%25\n\n"
	all, _ := withGoESL(t, strings.NewReader(stream))
	if len(all) != 1 || all[0].GetHeader("Reply-Text") == "+OK 100%25" {
		t.Errorf("goesl leaves it alone: %v", all)
	}
	if all, _ := withOurs(strings.NewReader(stream)); len(all) != 1 || all[0].reply != "+OK 100%25" {
		t.Errorf("we read %+v", all)
	}
}

// goesl takes memory for what is announced, and for a header as long as it comes.
// Not parallel: it counts what the process allocates.
func TestGoESLHasNoBounds(t *testing.T) { //nolint:paralleltest // see above
	const most, much = 4 << 20, 40 << 20
	for name, stream := range map[string]func() io.Reader{
		"a body that is only announced": func() io.Reader {
			return strings.NewReader(fmt.Sprintf("Content-Type: api/response\nContent-Length: %d\n\n", much))
		},
		"a header without end": func() io.Reader {
			line := "X-Filler: " + strings.Repeat("y", 8000) + "\n"
			return io.LimitReader(strings.NewReader(strings.Repeat(line, much/len(line))), much)
		},
	} {
		theirs, ours := stream(), stream()
		before := allocated()
		_, _ = withGoESL(t, theirs)
		if n := allocated() - before; n < much {
			t.Errorf("%s: goesl takes no more than %d bytes", name, n)
		}
		before = allocated()
		if _, err := withOurs(ours); err == nil {
			t.Errorf("%s: we read it", name)
		}
		if n := allocated() - before; n > most {
			t.Errorf("%s: we take %d bytes", name, n)
		}
	}
}

// goesl refuses an end of line in a command only where it is a pair of characters;
// FreeSWITCH takes either.
func TestGoESLSendsTwoCommandsForOne(t *testing.T) {
	t.Parallel()
	port, got := goeslServer(t, nil)
	c, err := goesl.NewClient("127.0.0.1", port, "secret-socket", 5)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const two = "api status\n\napi shutdown"
	if err := c.Send(two); err != nil {
		t.Fatalf("goesl refuses it: %v", err)
	}
	select {
	case sent := <-got:
		if !strings.Contains(sent, two) {
			t.Errorf("goesl sent %q", sent)
		}
	case <-time.After(20 * time.Second):
		t.Error("goesl sent nothing")
	}
	if oneLine(two) == nil {
		t.Error("we send it")
	}
}

// goesl writes the password into the log when it is refused.
func TestGoESLLogsThePassword(t *testing.T) {
	t.Parallel()
	const password = "sesame-sesame"
	if os.Getenv(inside) != "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if sock, err := l.Accept(); err == nil {
				fmt.Fprint(sock, "Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR invalid\n\n")
			}
		}()
		_, err = goesl.NewClient("127.0.0.1", uint(l.Addr().(*net.TCPAddr).Port), password, 5)
		raw, _ := json.Marshal(fmt.Sprint(err)) // the error says it as well
		t.Logf("%s", raw)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGoESLLogsThePassword$")
	cmd.Env = append(os.Environ(), inside+"=x")
	out, _ := cmd.CombinedOutput()
	if !bytes.Contains(out, []byte(password)) {
		t.Errorf("goesl keeps it to itself:\n%s", out)
	}
}
