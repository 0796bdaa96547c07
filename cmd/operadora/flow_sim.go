package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/top"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

// simulator plays scripts, each from the beginning of a call.
type simulator struct {
	defs ivr.Definitions
	at   time.Time
}

// leadingTo makes every number lead to one flow; a number that leads there
// anyhow keeps its language.
func leadingTo(defs ivr.Definitions, flow string) ivr.Definitions {
	dids := ivr.DIDs{}
	for _, d := range defs.DIDs {
		if d.Flow == flow && d.Pattern != "*" {
			dids = append(dids, d)
		}
	}
	defs.DIDs = append(dids, ivr.DID{Pattern: "*", Flow: flow})
	return defs
}

// play returns the transcript as far as it goes, also with an error.
func (s simulator) play(ctx context.Context, script string) (string, error) {
	sim, err := ivr.NewSim(ctx, s.defs, flowfile.Parse, s.at)
	if err != nil {
		return "", err
	}
	return sim.Run(strings.NewReader(script))
}

// simulate plays a script from a file or a pipe, or talks with a person.
func simulate(cmd *cobra.Command, s simulator, script string) error {
	in := cmd.InOrStdin()
	if script == "" {
		if file, ok := in.(*os.File); ok && top.IsTerminal(file) {
			return talk(cmd.Context(), s, in, cmd.OutOrStdout())
		}
	} else if script != "-" {
		file, err := os.Open(script)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	transcript, failed := s.play(cmd.Context(), string(text))
	if _, err := io.WriteString(cmd.OutOrStdout(), transcript); err != nil {
		return err
	}
	return failed
}

// simEvents lists what can happen in a script; what it means stands below a long form.
func simEvents(margin string) string {
	const width = 25
	var b strings.Builder
	for _, e := range ivr.SimEvents() {
		gap := strings.Repeat(" ", max(0, width-len(e.Form)))
		if gap == "" {
			gap = "\n" + margin[:1] + strings.Repeat(" ", len(margin)-1+width)
		}
		fmt.Fprintf(&b, "%s%s%s %s\n", margin, e.Form, gap, e.Means)
	}
	return b.String()
}

// talk answers line by line. The call is played from its beginning each time,
// so that a line that cannot happen leaves no trace.
func talk(ctx context.Context, s simulator, in io.Reader, out io.Writer) error {
	fmt.Fprint(out, "# What can happen:\n"+simEvents("#   "))
	fmt.Fprintln(out, "# First of all, if you like, how the call arrives: @ did 5000, @ caller 600123456, @ at 2026-12-25T10:00:00Z.")
	fmt.Fprintln(out, "# quit ends it.")
	shown, err := s.play(ctx, "")
	if err != nil {
		return err
	}
	fmt.Fprint(out, shown)
	script := ""
	for lines := bufio.NewScanner(in); ctx.Err() == nil; {
		fmt.Fprint(out, "< ")
		if !lines.Scan() {
			fmt.Fprintln(out)
			return lines.Err()
		}
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
			continue
		case line == "quit":
			return nil
		case !strings.ContainsAny(line[:1], "<@#"):
			line = "< " + line
		}
		now, err := s.play(ctx, script+line+"\n")
		if err != nil {
			fmt.Fprintln(out, "#", err)
			continue
		}
		script += line + "\n"
		fmt.Fprint(out, news(shown, now, line))
		if shown = now; callOver(now) {
			fmt.Fprintln(out, "# The call is over.")
			return nil
		}
	}
	return ctx.Err()
}

// news is what a transcript has that the one before it had not, without the
// line that was just typed.
func news(before, now, typed string) string {
	old, lines := strings.SplitAfter(before, "\n"), strings.SplitAfter(now, "\n")
	n := 0
	for n < len(old) && n < len(lines) && old[n] == lines[n] {
		n++
	}
	var b strings.Builder
	for _, line := range lines[n:] {
		if strings.TrimSpace(line) != typed {
			b.WriteString(line)
		}
	}
	return b.String()
}

// callOver tells whether a call has ended: by the caller, the flow, or the dialplan it went back to.
func callOver(transcript string) bool {
	lines := strings.Split(strings.TrimSpace(transcript), "\n")
	last := lines[len(lines)-1]
	return last == "< hangup" || strings.HasPrefix(last, "> hangup") || strings.HasPrefix(last, "> continue")
}
