package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/orchestrator/fault"
)

// refuseUnknown makes a misspelt subcommand of a command an error, as cobra
// does by itself only below the root: elsewhere it prints help and succeeds.
func refuseUnknown(c *cobra.Command) {
	for _, sub := range c.Commands() {
		refuseUnknown(sub)
	}
	if !c.HasSubCommands() || c.Runnable() {
		return
	}
	c.DisableFlagsInUseLine = true
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

// suggestWithin is how many letters may be wrong in what is suggested; cobra's own default.
const suggestWithin = 2

func unknownCommand(c *cobra.Command, name string) error {
	c.SuggestionsMinimumDistance = suggestWithin
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("unknown command %q for %q; did you mean %s?", name, c.CommandPath(), strings.Join(near, " or "))
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q for %q; there are %s", name, c.CommandPath(), strings.Join(names, ", "))
}

// named wants the arguments that a command's Use names; those in [ ] may be
// left out. It is a cobra.PositionalArgs.
func named(c *cobra.Command, args []string) error {
	names := strings.Fields(c.Use)[1:]
	usage := c.CommandPath() + " " + strings.Join(names, " ")
	if len(args) > len(names) {
		return fmt.Errorf("%q is one argument too many; write %s", args[len(names)], usage)
	}
	if len(args) < len(names) && !strings.HasPrefix(names[len(args)], "[") {
		return fmt.Errorf("%s is missing; write %s", names[len(args)], usage)
	}
	return nil
}

// told is the text of an error for people: without the names of functions
// that its parts carry for the log.
func told(err error) string {
	text := err.Error()
	var strip func(error)
	strip = func(err error) {
		if e, ok := err.(*fault.Error); ok && strings.Contains(e.Op, ".") { //nolint:errorlint // each link of the chain is looked at
			text = strings.ReplaceAll(text, e.Op+": ", "")
		}
		switch e := err.(type) { //nolint:errorlint // the same
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				strip(part)
			}
		case interface{ Unwrap() error }:
			if next := errors.Unwrap(err); next != nil {
				strip(next)
			}
		}
	}
	strip(err)
	return text
}
