package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// superviseVerbs are the commands by which a supervisor is with an agent.
var superviseVerbs = []struct {
	use   string
	mode  wire.SuperviseMode
	short string
}{
	{"listen CALL", wire.SuperviseModeListen, "Listen to a conversation, unheard: the supervisor's phone is rung"},
	{"whisper CALL", wire.SuperviseModeWhisper, "Listen to a conversation and be heard by the agent alone"},
	{"barge CALL", wire.SuperviseModeBarge, "Be heard by both sides of a conversation"},
	{"takeover CALL", wire.SuperviseModeTakeover, "Take the agent's place in a conversation"},
}

// newSuperviseCommands are all of them, and the end of it.
func newSuperviseCommands() []*cobra.Command {
	out := []*cobra.Command{newCallLeaveCommand()}
	for _, v := range superviseVerbs {
		out = append(out, newCallSuperviseCommand(v.use, v.mode, v.short))
	}
	return out
}

func newCallSuperviseCommand(use string, mode wire.SuperviseMode, short string) *cobra.Command {
	body := wire.Supervise{Mode: mode}
	c := jsonFlag(&cobra.Command{
		Use: use, Short: short, Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.SuperviseCallWithResponse(cmd.Context(), args[0], body)
			if err != nil {
				return err
			}
			return showOrdered(cmd, r.JSON202, fmt.Sprintf("%s ordered", mode))
		}),
	})
	asFlag(c, &body.Supervisor)
	return c
}

func newCallLeaveCommand() *cobra.Command {
	var body wire.Leave
	c := jsonFlag(&cobra.Command{
		Use: "leave CALL", Short: "End that a supervisor is in a conversation", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.LeaveCallWithResponse(cmd.Context(), args[0], body)
			if err != nil {
				return err
			}
			return showOrdered(cmd, r.JSON202, "leaves")
		}),
	})
	asFlag(c, &body.Supervisor)
	return c
}

func asFlag(c *cobra.Command, supervisor *string) {
	c.Flags().StringVar(supervisor, "as", "", "the supervisor, an agent's id; with the token of an agent it is that one")
}
