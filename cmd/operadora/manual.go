package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManualCommand writes what packages have for man(1).
func newManualCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "manual",
		Short: "Write the manual pages, one for each command",
		Long: "Write the manual pages for man(1), one for each command. Their date is SOURCE_DATE_EPOCH of the environment,\n" +
			"if it is set. `operadora completion` writes what shells need to complete commands and flags.",
		Args: named,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // manuals are for all
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // a page is the same on every day
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "operadora", Manual: "operadora"}, dir)
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "folder to write into")
	_ = c.MarkFlagRequired("dir") // there is such a flag
	return c
}
