package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flows"
)

//go:embed sample
var sampleFiles embed.FS

// newInitCommand writes a configuration and definitions to begin with.
func newInitCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration and definitions to begin with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := initialFiles()
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := writeNew(filepath.Join(dir, f.path), f.content, f.mode); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "wrote", filepath.Join(dir, f.path))
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", ".", "folder to write into")
	return c
}

type initialFile struct {
	path    string
	content []byte
	mode    fs.FileMode
}

// initialFiles lists the sample configuration and the definitions.
func initialFiles() ([]initialFile, error) {
	out := []initialFile{{"operadora.yaml", sampleConfig(), 0o640}}
	names, err := fs.Glob(sampleFiles, "sample/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		raw, err := sampleFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, initialFile{filepath.Join("definitions", path.Base(name)), raw, 0o644})
	}
	for _, src := range flows.Examples() {
		out = append(out, initialFile{filepath.Join("definitions", "flows", path.Base(src.File)), []byte(src.YAML), 0o644})
	}
	for _, src := range []ivr.Source{flows.ExampleDIDs(), flows.ExampleCalendars()} {
		out = append(out, initialFile{filepath.Join("definitions", path.Base(src.File)), []byte(src.YAML), 0o644})
	}
	return out, nil
}

// writeNew writes a file that does not exist yet, with the folders above it.
func writeNew(path string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // others may read definitions; a file with secrets has a mode of its own
		return err
	}
	return createNew(path, content, mode)
}

// createNew writes a file that does not exist yet into a folder that does.
func createNew(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and was not changed; remove it first or choose another folder", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// sampleConfig is a configuration with every key, its default and what it is
// for, with one PBX named main.
func sampleConfig() []byte {
	var b bytes.Buffer
	b.WriteString("# operadora's configuration. A key that is left out has the value shown here.\n" +
		"# OPERADORA_REDIS_DB=1 in the environment goes before redis.db here, and\n" +
		"# OPERADORA_PBXS_MAIN_ARI_USER=x before pbxs.main.ari.user. A password may be\n" +
		"# \"${NAME}\" (from the environment) or \"file:/path\" (from a file).\n")
	writeSample(&b, reflect.TypeFor[Config](), 0)
	return b.Bytes()
}

func writeSample(b *bytes.Buffer, t reflect.Type, depth int) {
	pad := strings.Repeat("  ", depth)
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("mapstructure")
		switch {
		case f.Type.Kind() == reflect.Struct:
			fmt.Fprintf(b, "\n%s%s:\n", pad, key)
			writeSample(b, f.Type, depth+1)
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			fmt.Fprintf(b, "\n%s%s:\n%s  main: # a name of your choice\n", pad, key, pad)
			writeSample(b, f.Type.Elem(), depth+2)
		default:
			fmt.Fprintf(b, "%s# %s\n%s%s: %s\n", pad, f.Tag.Get("doc"), pad, key, sampleValue(f))
		}
	}
}

func sampleValue(f reflect.StructField) string {
	text := f.Tag.Get("default")
	switch {
	case f.Tag.Get("mapstructure") == "password" && f.Tag.Get("default") == "" && f.Type.Name() == "Secret":
		return `""`
	case f.Type.Kind() == reflect.Slice:
		return "[" + text + "]"
	case f.Type.Kind() == reflect.String:
		return fmt.Sprintf("%q", text)
	}
	return text
}
