package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// supervisor is systemd, where it has started this process and wants to know how it
// stands (sd_notify(3), Type=notify); elsewhere nobody is told anything.
type supervisor struct{ log *slog.Logger }

// say tells a state, and a line for `systemctl status`.
func (s supervisor) say(status string, state ...string) {
	state = append(state, "STATUS="+status)
	if _, err := daemon.SdNotify(false, strings.Join(state, "\n")); err != nil {
		s.log.Warn("systemd was not told how operadora stands", "status", status, "error", err)
	}
}

// reloading must tell when it began: systemd takes a READY that was under way for the answer otherwise.
func (s supervisor) reloading() {
	s.say("reloading the definitions", daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
}

// watch gives systemd's watchdog, if there is one, a sign of life twice in its time until ctx ends, as
// long as alive returns. Whoever gives none is ended with a trace of what it was at, and started anew.
func (s supervisor) watch(ctx context.Context, alive func()) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.log.Warn("the watchdog's time cannot be read", "error", err)
	}
	if err != nil || within <= 0 {
		return
	}
	tick := time.NewTicker(within / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		alive()
		if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
			s.log.Warn("systemd's watchdog got no sign of life", "error", err)
		}
	}
}
