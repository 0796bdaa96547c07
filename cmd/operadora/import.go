package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd/queuesconf"
)

// newImportCommand turns a queues.conf into definitions.
func newImportCommand() *cobra.Command {
	var pbx, dir string
	c := &cobra.Command{
		Use: "import FILE", Short: "Turn Asterisk's queues.conf into queues.yaml and agents.yaml",
		Long: "Turn Asterisk's queues.conf into queues.yaml and agents.yaml. They are printed, or written into a folder in which neither is\n" +
			"there yet. What operadora does otherwise, or not at all, is said in comments that begin with \"no equivalent\".",
		Example: "  operadora import /etc/asterisk/queues.conf\n  operadora import /etc/asterisk/queues.conf --dir definitions",
		Args:    named,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			d, err := queuesconf.Convert(in, pbx)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if dir == "" {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "# queues.yaml\n%s\n# agents.yaml\n%s", d.Queues, d.Agents)
				return err
			}
			return writeImported(cmd.OutOrStdout(), dir, d)
		},
	}
	c.Flags().StringVar(&pbx, "pbx", "main", "name of this Asterisk in the configuration (pbxs)")
	c.Flags().StringVar(&dir, "dir", "", "write the files into this folder instead of printing them")
	return c
}

// writeImported writes both files, or none.
func writeImported(out io.Writer, dir string, d queuesconf.Definitions) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("--dir: %w; nothing was written", err)
	}
	var written []string
	for _, f := range []struct{ name, text string }{{"queues.yaml", d.Queues}, {"agents.yaml", d.Agents}} {
		path := filepath.Join(dir, f.name)
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			written = append(written, path)
			_, err = io.WriteString(file, f.text)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			for _, w := range written {
				err = errors.Join(err, os.Remove(w))
			}
			return fmt.Errorf("--dir: %w; nothing was written", err)
		}
	}
	for _, w := range written {
		fmt.Fprintln(out, "wrote", w)
	}
	fmt.Fprintf(out, "%d remarks begin with \"no equivalent\": read them, then run `operadora check`\n", d.Remarks)
	return nil
}
