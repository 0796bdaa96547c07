package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// kind is a kind of file that people write.
type kind struct {
	name  string // of its schema
	title string
	shape any      // a value of the type that it is read into
	also  []string // other names that people try
}

// kinds are all files that operadora reads.
var kinds = []kind{
	{"config", "operadora.yaml: the configuration", Config{}, nil},
	{"queues", "queues.yaml, agents.yaml, agents/*.yaml and callers.yaml: queues and people", acd.Definitions{}, []string{"agents", "callers"}},
	{"dids", "dids.yaml: which flow answers which number", flowfile.DIDs{}, nil},
	{"calendars", "calendars.yaml: opening hours", flowfile.Calendars{}, nil},
	{"mailboxes", "mailboxes.yaml: who is told by mail of messages that callers leave", mailer.Mailboxes{}, nil},
	{"lookups", "lookups.yaml: sources outside that flows ask", lookup.Lookups{}, []string{"lookup"}},
	{"flow", "flows/*.yaml: what callers hear", flowfile.Flow{}, []string{"flows"}},
	{"campaign", "campaigns/*.yaml: outbound campaigns", campaign.Campaign{}, []string{"campaigns"}},
	{"profile", "profiles/*.yaml: rules by which people may be called", compliance.Profile{}, []string{"profiles"}},
}

func kindNamed(name string) (kind, error) {
	var names []string
	for _, k := range kinds {
		if k.name == name || slices.Contains(k.also, name) {
			return k, nil
		}
		names = append(names, k.name)
	}
	return kind{}, fmt.Errorf("there is no kind of file %q%s", name, yamlfile.Suggest(name, names))
}

// newConfigCommand explains the configuration.
func newConfigCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Explain the configuration"}
	c.AddCommand(&cobra.Command{
		Use:   "reference [KIND]",
		Short: "Every key with its default, what it may be, its environment variable and its purpose",
		Long: "Every key of the configuration with its default, what it may be, its environment variable and its purpose; or of\n" +
			"another kind of file: " + kindNames() + ". NAME stands for a name of your choice, [] for each entry of a list.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "config"
			if len(args) == 1 {
				name = args[0]
			}
			k, err := kindNamed(name)
			if err != nil {
				return err
			}
			writeReference(cmd.OutOrStdout(), k)
			return nil
		},
	})
	return c
}

func kindNames() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

func writeReference(w io.Writer, k kind) {
	fmt.Fprintf(w, "%s\n", k.title)
	for _, key := range yamlfile.Keys(k.shape) {
		fmt.Fprintf(w, "\n%s\n    %s\n    %s\n", key.Name(), key.Doc, facts(key, k.name == "config"))
	}
}

// facts says what a key may be, and what it is when left out.
func facts(k yamlfile.Key, env bool) string {
	parts := []string{k.Kind}
	if k.Allowed != "" {
		parts[0] += ": " + k.Allowed
	}
	switch {
	case k.Need:
		parts = append(parts, "must be given")
	case k.Default != "":
		parts = append(parts, "default "+k.Default)
	}
	if env {
		parts = append(parts, variable(k.Path))
	}
	return strings.Join(parts, "; ")
}

// newSchemaCommand writes JSON Schemas, with which editors complete and explain keys.
func newSchemaCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "schema [KIND]",
		Short: "JSON Schemas of the files, with which editors complete, explain and check every key",
		Long: "The JSON Schema of a kind of file: " + kindNames() + ". With --dir all are written into a folder, also over\n" +
			"those of an earlier version. `operadora init` writes them, and lines that tell editors of them.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (dir == "") == (len(args) == 0) {
				return fmt.Errorf("name one kind of file (%s), or --dir for all", kindNames())
			}
			if dir != "" {
				return writeSchemas(dir)
			}
			k, err := kindNamed(args[0])
			if err != nil {
				return err
			}
			raw, err := yamlfile.Schema(k.title, k.shape)
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", raw)
			}
			return err
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "folder to write all schemas into")
	return c
}

func writeSchemas(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // schemas are no secret
		return err
	}
	for _, k := range kinds {
		raw, err := yamlfile.Schema(k.title, k.shape)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, k.name+".json"), append(raw, '\n'), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}
