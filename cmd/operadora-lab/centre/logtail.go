package centre

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
)

// LogTail keeps what a process printed and lets others wait for a text in it.
type LogTail struct {
	mu    sync.Mutex
	buf   bytes.Buffer  // guarded by mu
	grown chan struct{} // closed and replaced at each write; guarded by mu
}

// NewLogTail makes an empty one.
func NewLogTail() *LogTail { return &LogTail{grown: make(chan struct{})} }

// Write implements io.Writer.
func (l *LogTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.grown)
	l.grown = make(chan struct{})
	return l.buf.Write(p)
}

// Mark is the present end; Wait looks only behind a mark.
func (l *LogTail) Mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Len()
}

// Wait blocks until text stands behind mark. gone (nil is never) ends it early.
func (l *LogTail) Wait(ctx context.Context, mark int, text string, gone <-chan struct{}) error {
	for {
		l.mu.Lock()
		found, grown := strings.Contains(string(l.buf.Bytes()[mark:]), text), l.grown
		l.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-grown:
		case <-gone:
			return fmt.Errorf("operadora ended before it said %q; its log ends:\n%s", text, l.End(20))
		case <-ctx.Done():
			return fmt.Errorf("operadora never said %q: %w", text, context.Cause(ctx))
		}
	}
}

// Text is everything so far.
func (l *LogTail) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// End is the last lines.
func (l *LogTail) End(lines int) string {
	all := strings.Split(l.Text(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
