package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// jsonFlag adds --json: what the API said, for machines.
func jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().Bool("json", false, "print what the API answers, as JSON")
	return c
}

// languageFlag lets people choose the language of what they read.
func languageFlag(c *cobra.Command, to *string) {
	*to = "en"
	c.Flags().Var((*tongue)(to), "language", "en or es")
}

// tongue is a flag that is a language which operadora speaks.
type tongue string

// String implements pflag.Value.
func (t *tongue) String() string { return string(*t) }

// Type implements pflag.Value.
func (t *tongue) Type() string { return "string" }

// Set implements pflag.Value.
func (t *tongue) Set(text string) error {
	if text != "en" && text != "es" {
		return errors.New("there are en and es")
	}
	*t = tongue(text)
	return nil
}

// show prints a value as JSON when the command was told to, and for people otherwise.
func show(cmd *cobra.Command, v any, human func(w io.Writer) error) error {
	if asked, err := cmd.Flags().GetBool("json"); err != nil || asked {
		if err != nil {
			return err
		}
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetIndent("", "  ")
		return out.Encode(v)
	}
	return human(cmd.OutOrStdout())
}

// errNoAnswer is of a program that is not this version's operadora.
var errNoAnswer = errors.New("what answers is not the API of this operadora: the answer cannot be read")

// showAnswer is show for one answer of the API, nil when it could not be read.
func showAnswer[T any](cmd *cobra.Command, answer *T, human func(w io.Writer, answer T) error) error {
	if answer == nil {
		return errNoAnswer
	}
	return show(cmd, answer, func(w io.Writer) error { return human(w, *answer) })
}

// columns prints rows under a heading. A cell is of one line, and commands no terminal:
// what a file of leads had is data.
func columns(w io.Writer, heading []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heading}, rows...) {
		shown := make([]string, len(row))
		for i, cell := range row {
			shown[i] = printable(cell)
		}
		fmt.Fprintln(t, strings.Join(shown, "\t"))
	}
	return t.Flush()
}

// printable is a text in one line that commands no terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// since is how long ago a moment was, "-" for never.
func since(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return time.Since(at).Round(time.Second).String()
}

// lasted is a length of time as people read it, "-" for none.
func lasted(ms int64, exact time.Duration) string {
	if ms == 0 {
		return "-"
	}
	return (time.Duration(ms) * time.Millisecond).Round(exact).String()
}

// orDash is a text, or a dash where there is none.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// unlessEmpty is an optional parameter of the API.
func unlessEmpty[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}
