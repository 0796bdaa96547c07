package top

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Key is what the user did to end a view.
type Key byte

// Keys that end a view.
const (
	KeyNone      Key = 0 // it was not a key: the context or the stream ended it
	KeyQuit      Key = 'q'
	KeyInterrupt Key = 3 // Ctrl-C: on a terminal in raw mode it is a character, not a signal
)

// IsTerminal tells whether f can show a View.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Escape sequences (ECMA-48, and xterm's alternate screen).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	goHome      = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// Show fills the terminal out until ctx ends, the token is refused, or q or
// Ctrl-C is typed; it says which key it was. The terminal is then as before.
func (v *View) Show(ctx context.Context, out *os.File) (_ Key, err error) {
	keyboard, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return KeyNone, fmt.Errorf("the keyboard: %w", err)
	}
	fd := int(out.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		_ = keyboard.Close() // nothing was read
		return KeyNone, fmt.Errorf("the terminal: %w", err)
	}
	defer func() {
		_, werr := out.WriteString(leaveScreen)
		err = errors.Join(err, werr, term.Restore(fd, before))
	}()
	if _, err := out.WriteString(enterScreen); err != nil {
		_ = keyboard.Close() // nothing was read
		return KeyNone, err
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	keys, wait := readKeys(keyboard)
	key, err := v.run(ctx, out, keys, resized)
	err = errors.Join(err, keyboard.Close())
	wait()
	return key, err
}

// readKeys delivers what is typed. Closing the file ends it; wait then returns
// when it has ended.
func readKeys(f *os.File) (keys <-chan byte, wait func()) {
	out := make(chan byte, 16)
	var done sync.WaitGroup
	done.Go(func() {
		buf := make([]byte, 16)
		for {
			n, err := f.Read(buf)
			if err != nil {
				return // closed
			}
			for _, b := range buf[:n] {
				select {
				case out <- b:
				default: // more typed than anybody looks at
				}
			}
		}
	})
	return out, done.Wait
}

// run draws until something ends it.
func (v *View) run(ctx context.Context, out *os.File, keys <-chan byte, resized <-chan os.Signal) (Key, error) {
	ch, stop := v.updates(ctx)
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	var s state
	var due <-chan time.Time
	for {
		select {
		case u, ok := <-ch:
			if !ok {
				return KeyNone, stop()
			}
			s.take(u)
			if due == nil {
				due = time.After(drawAfter)
			}
			continue
		case k := <-keys:
			if key := Key(k); key == KeyQuit || key == KeyInterrupt {
				return key, stop()
			}
			continue
		case <-due:
			due = nil
		case <-tick.C:
		case <-resized:
		}
		if err := v.draw(out, &s); err != nil {
			_ = stop() // drawing failed first
			return KeyNone, err
		}
	}
}

// draw writes the whole screen at once, over what is there: less than clearing
// it first, and it does not flicker.
func (v *View) draw(out *os.File, s *state) error {
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	f := v.frame(s, time.Now())
	// One column less: behind a full line, terminals disagree on where the cursor is.
	f.Width, f.Height, f.Colour = width-1, height, os.Getenv("NO_COLOR") == ""
	if f.Keys == "" {
		f.Keys = "q quits"
	}
	var b strings.Builder
	b.WriteString(goHome)
	for i, l := range Render(&s.model, f) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(l + clearLine)
	}
	b.WriteString(clearRest)
	_, err = out.WriteString(b.String())
	return err
}
