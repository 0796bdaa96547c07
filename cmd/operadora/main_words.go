package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
// left out, and the flags that must be given. It is a cobra.PositionalArgs.
func named(c *cobra.Command, args []string) error {
	names := strings.Fields(c.Use)[1:]
	usage := c.CommandPath() + " " + strings.Join(names, " ")
	if len(args) > len(names) {
		return fmt.Errorf("%q is one argument too many; write %s (%s --help tells its flags)", args[len(names)], usage, c.CommandPath())
	}
	if len(args) < len(names) && !strings.HasPrefix(names[len(args)], "[") {
		return fmt.Errorf("%s is missing; write %s", names[len(args)], usage)
	}
	var missing error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, wanted := f.Annotations[cobra.BashCompOneRequiredFlag]; wanted && !f.Changed && missing == nil {
			missing = fmt.Errorf("--%s is missing (%s); write %s --%s …", f.Name, f.Usage, usage, f.Name)
		}
	})
	return missing
}
