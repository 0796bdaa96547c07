package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newCallbackCommand is about who is to be called back.
func newCallbackCommand() *cobra.Command {
	c := &cobra.Command{Use: "callback", Short: "See and arrange who is called back, through a running operadora"}
	clientFlags(c)
	c.AddCommand(newCallbackListCommand(), newCallbackShowCommand(), newCallbackCancelCommand(), newCallbackAddCommand())
	return c
}

func newCallbackListCommand() *cobra.Command {
	var queue string
	c := jsonFlag(&cobra.Command{
		Use: "list", Short: "List who is to be called back, the oldest request first", Args: cobra.NoArgs,
		RunE: remotely(func(cmd *cobra.Command, c remote, _ []string) error {
			list, err := c.Callbacks(cmd.Context(), wire.ListCallbacksParams{Queue: unlessEmpty(queue)})
			if err != nil {
				return err
			}
			return show(cmd, list, func(w io.Writer) error {
				var rows [][]string
				for _, b := range list {
					rows = append(rows, []string{b.Call, b.Queue, b.Number, string(b.State), since(b.EnteredAt), strconv.Itoa(b.Attempts), clock(b.NextAt), clock(b.ExpiresAt), b.Serving})
				}
				return columns(w, []string{"CALLBACK", "QUEUE", "NUMBER", "STATE", "WAITING", "ATTEMPTS", "NEXT", "EXPIRES", "AGENT"}, rows)
			})
		}),
	})
	c.Flags().StringVar(&queue, "queue", "", "only those of this queue")
	return c
}

// clock is a moment of these days, in this machine's zone.
func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Local().Format("01-02 15:04:05")
}

func newCallbackShowCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "show CALLBACK", Short: "Show who is to be called back, and when", Args: named,
		Long: "Show who is to be called back, and when. `operadora call show` has what happened so far, and once it is over `operadora contact show`.",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.GetCallbackWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON200, func(w io.Writer, b wire.Callback) error {
				return showLines(w, [][2]string{{"callback", b.Call}, {"number", b.Number + " " + b.Name}, {"queue", b.Queue}, {"pbx", b.PBX},
					{"state", string(b.State)}, {"asked by", b.AskedBy}, {"asked", clock(b.AskedAt)}, {"waiting", since(b.EnteredAt)},
					{"attempts", strconv.Itoa(b.Attempts)}, {"next", clock(b.NextAt)}, {"expires", clock(b.ExpiresAt)}, {"agent", b.Serving}}, nil)
			})
		}),
	})
}

func newCallbackCancelCommand() *cobra.Command {
	return jsonFlag(&cobra.Command{
		Use: "cancel CALLBACK", Short: "Call somebody back no more, who was not reached yet", Args: named,
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			r, err := c.CancelCallbackWithResponse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showOrdered(cmd, r.JSON202, "is not called back")
		}),
	})
}

func newCallbackAddCommand() *cobra.Command {
	var body wire.CallbackRequest
	c := jsonFlag(&cobra.Command{
		Use: "add QUEUE NUMBER", Short: "Have a number called when it is its turn in a queue", Args: named,
		Example: "  operadora callback add sales 910000001 --name \"Ana Ruiz\"",
		RunE: remotely(func(cmd *cobra.Command, c remote, args []string) error {
			body.Queue, body.Number = args[0], args[1]
			r, err := c.AddCallbackWithResponse(cmd.Context(), body)
			if err != nil {
				return err
			}
			return showAnswer(cmd, r.JSON202, func(w io.Writer, p wire.CallbackPromise) error {
				word := "is to be called back"
				if p.Result == wire.CallbackResultPending {
					word = "was to be called back already"
				}
				_, err := fmt.Fprintf(w, "callback %s: %s %s\n", p.Callback, args[1], word)
				return err
			})
		}),
	})
	f := c.Flags()
	f.StringVar(&body.Name, "name", "", "the customer's name, shown to the agent")
	f.StringVar(&body.Language, "language", "", "the customer's: en or es")
	f.StringVar(&body.PBX, "pbx", "", "whose trunk calls; to be named only when there are several")
	return c
}
