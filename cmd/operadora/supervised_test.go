package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/orchestrator/lab"
)

// TestToldToSystemd: what systemd is told from the start to the end. It is not parallel: the
// environment and the signal are the whole process's.
func TestToldToSystemd(t *testing.T) {
	lab.Require(t)
	socket := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	must(t, err)
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "20000")
	told := make(chan string, 1000)
	go func() {
		defer close(told)
		for buf := make([]byte, 4096); ; {
			n, err := l.Read(buf)
			if err != nil {
				return
			}
			told <- string(buf[:n])
		}
	}()
	expect := func(pattern string) {
		t.Helper()
		want := regexp.MustCompile("^(?:" + pattern + ")$")
		for alive := 0; ; {
			select {
			case said := <-told:
				switch {
				case want.MatchString(said):
					return
				case said == "WATCHDOG=1":
					alive++
				default:
					t.Fatalf("systemd was told %q, want %s", said, pattern)
				}
			case <-limit(t).Done():
				t.Fatalf("systemd was not told %s, after %d signs of life", pattern, alive)
			}
		}
	}
	cfg := siteConfig(t, lab.RedisFor(t, lab.RedisOptions{}).Addr())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, cfg, slog.New(slog.DiscardHandler)) }()
	expect(`STATUS=starting.*`)
	expect(`READY=1\nSTATUS=serving, API at 127\.0\.0\.1:\d+`)
	expect(`WATCHDOG=1`)
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	expect(`RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reloading.*`)
	expect(`READY=1\nSTATUS=serving, definitions reloaded`)
	must(t, os.WriteFile(filepath.Join(cfg.Definitions, "dids.yaml"), []byte("dids: ["), 0o600))
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	expect(`RELOADING=1\n(.|\n)*`)
	expect(`READY=1\nSTATUS=serving; the definitions were not reloaded.*`)
	stop()
	expect(`STOPPING=1\nSTATUS=stopping.*`)
	must(t, <-ended)
}

// TestManual: each command has a page with what --help says of it, the same on every day.
func TestManual(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := filepath.Join(t.TempDir(), "man1")
	if out, err := run(t, "manual", "--dir", dir); err != nil {
		t.Fatal(err, out)
	}
	pages := 0
	every(newRootCommand(), func(c *cobra.Command) {
		text, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		if err != nil || !strings.Contains(string(text), "Nov 2023") {
			t.Errorf("%s: %v in\n%.200s", c.CommandPath(), err, text)
		}
		pages++
	})
	if pages < 50 {
		t.Errorf("%d pages", pages)
	}
}
