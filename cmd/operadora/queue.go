package main

import (
	"cmp"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newQueueCommand is about who waits.
func newQueueCommand() *cobra.Command {
	c := &cobra.Command{Use: "queue", Short: "See queues, through a running operadora"}
	clientFlags(c)
	c.AddCommand(newQueueListCommand())
	return c
}

func newQueueListCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "list", Short: "List queues, who waits and who serves", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			queues, err := c.Queues(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, queues, func(w io.Writer) error {
				var rows [][]string
				for _, q := range queues {
					row := []string{q.ID, cmp.Or(q.Name, q.ID), strconv.Itoa(q.Waiting), strconv.Itoa(q.Away), strconv.Itoa(q.Callbacks), since(q.LongestSince), lasted(q.EstimateMS, time.Second)}
					for _, s := range []wire.AgentState{wire.AgentStateAvailable, wire.AgentStateReserved, wire.AgentStateTalking, wire.AgentStateWrapup, wire.AgentStatePaused} {
						row = append(row, strconv.Itoa(q.Agents[string(s)]))
					}
					rows = append(rows, row)
				}
				return columns(w, []string{"QUEUE", "NAME", "WAITING", "AWAY", "CALLBACKS", "LONGEST", "ESTIMATE", "AVAILABLE", "RINGING", "TALKING", "WRAP-UP", "PAUSED"}, rows)
			})
		}),
	})
}
