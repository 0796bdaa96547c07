package esl

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	stream := "Content-Type: auth/request\n\n" +
		"Content-Type: command/reply\nReply-Text: +OK accepted\n\n" +
		"Content-Type: command/reply\nReply-Text: +OK Job-UUID: op-job-1\nJob-UUID: op-job-1\n\n" +
		"Content-Type: api/response\nContent-Length: 4\n\ntrue" + // no line ends this body
		"Content-Length: 5\nContent-Type: text/event-json\n\n{\"é\"" + // bytes, not letters
		"\n\n\nContent-Type: api/response\r\nContent-Length: 0\r\n\r\n" +
		"Content-Type: text/disconnect-notice\nContent-Disposition: disconnect\nContent-Length: 5\n\nbye.\n"
	r := newReader(strings.NewReader(stream))
	want := []frame{
		{kind: "auth/request"},
		{kind: "command/reply", reply: "+OK accepted"},
		{kind: "command/reply", reply: "+OK Job-UUID: op-job-1", job: "op-job-1"},
		{kind: "api/response", body: []byte("true")},
		{kind: "text/event-json", body: []byte("{\"é\"")},
		{kind: "api/response"},
		{kind: "text/disconnect-notice", content: "disconnect", body: []byte("bye.\n")},
	}
	for i, w := range want {
		f, err := r.next()
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if f.kind != w.kind || f.reply != w.reply || f.job != w.job || f.content != w.content || !bytes.Equal(f.body, w.body) {
			t.Errorf("frame %d: %+v, want %+v", i, f, w)
		}
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v", err)
	}
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]string{
		"endless line":         strings.Repeat("a", 2*maxLine),
		"endless header":       strings.Repeat("A: b\n", maxHeader+2) + "\n",
		"endless empty lines":  strings.Repeat("\n", maxHeader+2),
		"no colon":             "Content-Type\n\n",
		"no type":              "Reply-Text: +OK\n\n",
		"negative length":      "Content-Type: api/response\nContent-Length: -1\n\n",
		"length that is none":  "Content-Type: api/response\nContent-Length: 0x10\n\n",
		"length of gigabytes":  "Content-Type: api/response\nContent-Length: 99999999999\n\n",
		"two lengths":          "Content-Type: api/response\nContent-Length: 4\nContent-Length: 5\n\n12345",
		"body cut short":       "Content-Type: api/response\nContent-Length: 10\n\n12345",
		"header cut short":     "Content-Type: api/response\n",
		"header line in parts": "Content-Ty",
	} {
		if f, err := newReader(strings.NewReader(stream)).next(); err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// What is announced costs nothing until it arrives. Not parallel: it counts what
// the process allocates.
func TestAnnouncedBodyCostsNothing(t *testing.T) { //nolint:paralleltest // see above
	before := allocated()
	if _, err := newReader(strings.NewReader("Content-Type: api/response\nContent-Length: 16777216\n\n")).next(); err == nil {
		t.Fatal("a body that never came was read")
	}
	if n := allocated() - before; n > 1<<20 {
		t.Errorf("%d bytes for a body that never came", n)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR invalid\n\n"))
	f.Add([]byte("Content-Length: 2\nContent-Type: text/event-json\n\n{}"))
	f.Add([]byte("\r\n\nContent-Type: x\nContent-Length: 3\n\nab"))
	for _, name := range captures(f) {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte("Content-Length: 9\nContent-Type: text/event-json\n\n"), raw...))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := newReader(bytes.NewReader(stream))
		read := 0
		for {
			fr, err := r.next()
			if err != nil {
				break
			}
			if read += len(fr.body); read > len(stream) {
				t.Fatalf("%d bytes of bodies in a stream of %d", read, len(stream))
			}
			if fr.kind == "" {
				t.Fatal("a frame without a type")
			}
			if fr.kind == "text/event-json" {
				if w, err := decode(fr.body); err == nil {
					_ = w.playing() + w.room()
				}
			}
		}
	})
}

func captures(tb testing.TB) []string {
	tb.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		tb.Fatal(err)
	}
	return names
}
