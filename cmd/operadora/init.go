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
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/ivr/flows"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

//go:embed sample
var sampleFiles embed.FS

// newInitCommand writes a configuration and definitions to begin with.
func newInitCommand() *cobra.Command {
	var dir, pbx, admin string
	var set []string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration and definitions to begin with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind, err := kindOf(pbx)
			if err != nil {
				return err
			}
			given, err := readSet(set)
			if err != nil {
				return err
			}
			files, err := initialFiles(kind, given)
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := writeNew(filepath.Join(dir, f.path), f.content, f.mode); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "wrote", filepath.Join(dir, f.path))
			}
			schemas := filepath.Join(dir, "schemas")
			if err := writeSchemas(schemas); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "wrote", schemas, "(for editors)")
			if admin == "" {
				return nil
			}
			return firstAdmin(cmd, filepath.Join(dir, "operadora.yaml"), admin)
		},
	}
	c.Flags().StringVar(&admin, "admin", "admin", "add a first administrator who signs in as that, and print the one-time link by which the password is set; empty adds none")
	c.Flags().StringVar(&dir, "dir", ".", "folder to write into")
	c.Flags().StringArrayVar(&set, "set", nil, "what a key of operadora.yaml is to have, KEY=VALUE, such as redis.db=1 (may be repeated)")
	pbxFlag(c, &pbx)
	return c
}

// firstAdmin adds an administrator to the records of a new configuration.
func firstAdmin(cmd *cobra.Command, file, login string) error {
	if err := api.CheckLogin(login); err != nil {
		return fmt.Errorf("--admin: %w", err)
	}
	cfg, err := readConfig(file)
	if err != nil {
		return err
	}
	return withRecordsOf(cmd, cfg, func(cfg Config, db *records.DB) error {
		return addUser(cmd, cfg, db, records.User{Login: login, Role: string(wire.RoleAdmin)})
	})
}

type initialFile struct {
	path    string
	content []byte
	mode    fs.FileMode
}

// sampleCampaign is not read as it stands: whoever wants campaigns copies it.
const sampleCampaign = "march.yaml.example"

// initialFiles lists the sample configuration and the definitions, for such a PBX. Each
// names its schema for editors, and ends with all keys that it may have.
func initialFiles(pbx Kind, set map[string]string) ([]initialFile, error) {
	out := []initialFile{{"operadora.yaml", append(schemaLine("schemas/config.json"), sampleConfig(pbx, set)...), 0o640}}
	add := func(text, folder, name, schema string) error {
		k, err := kindNamed(schema)
		if err != nil {
			return err
		}
		up := strings.Repeat("../", strings.Count(folder, "/")+1)
		content := append(schemaLine(up+"schemas/"+schema+".json"), text...)
		var tops []string // of the kind of file that is written as several
		if schema == "queues" {
			tops = topKeys(text)
		}
		out = append(out, initialFile{path.Join(folder, name), append(content, keyComments(k, tops)...), 0o644})
		return nil
	}
	names, err := fs.Glob(sampleFiles, "sample/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		raw, err := sampleFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text := strings.ReplaceAll(string(raw), KindAsterisk.phone()+"/", pbx.phone()+"/")
		if err := add(text, "definitions", path.Base(name), "queues"); err != nil {
			return nil, err
		}
	}
	for _, src := range flows.Examples() {
		if err := add(src.YAML, "definitions/flows", path.Base(src.File), "flow"); err != nil {
			return nil, err
		}
	}
	campaign, err := sampleFiles.ReadFile("sample/" + sampleCampaign)
	if err != nil {
		return nil, err
	}
	if err := add(string(campaign), "definitions/campaigns", sampleCampaign, "campaign"); err != nil {
		return nil, err
	}
	for src, schema := range map[string]string{flows.ExampleDIDs().YAML: "dids", flows.ExampleCalendars().YAML: "calendars"} {
		if err := add(src, "definitions", schema+".yaml", schema); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// schemaLine tells editors where the schema of a file is.
func schemaLine(schema string) []byte {
	return []byte("# yaml-language-server: $schema=" + schema + "\n")
}

// topKeys lists the keys at the top of a file.
func topKeys(text string) (out []string) {
	for line := range strings.Lines(text) {
		if key, _, ok := strings.Cut(line, ":"); ok && strings.Trim(key, " #-") == key {
			out = append(out, key)
		}
	}
	return out
}

// keyComments lists as comments every key that a file with these keys at its top may
// have; nil is a file that has all there are.
func keyComments(k kind, tops []string) []byte {
	var b bytes.Buffer
	b.WriteString("\n# Every key that may stand here, with its purpose, what it may be and what it is\n# when left out. NAME is a name of your choice, [] each entry of a list.\n")
	for _, key := range yamlfile.Keys(k.shape) {
		if top, below := yamlfile.First(key.Path); tops != nil && (below || key.Holds) && !slices.Contains(tops, top) {
			continue // another file has it
		}
		fmt.Fprintf(&b, "#   %s: %s\n#       %s\n", key.Name(), key.Doc, facts(key, false))
	}
	return b.Bytes()
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
// for, with one PBX named main. set has other values than the defaults, by key.
func sampleConfig(pbx Kind, set map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString("# operadora's configuration. A key that is left out has the value shown here.\n" +
		"# OPERADORA_REDIS_DB=1 in the environment goes before redis.db here, and\n" +
		"# OPERADORA_PBXS_MAIN_ARI_USER=x before pbxs.main.ari.user. A password may be\n" +
		"# \"${NAME}\" (from the environment), \"file:/path\" (from a file) or \"credential:NAME\"\n" +
		"# (from what systemd's LoadCredential= gives, else from the folder credentials beside this file).\n")
	writeSample(&b, yamlfile.Keys(Config{}), func(k yamlfile.Key) string {
		if value, ok := set[k.Path]; ok {
			return written(k, value)
		}
		return sampleValue(k, pbx)
	})
	return b.Bytes()
}

// writeSample writes keys with their defaults, in sections, each below what it is for.
func writeSample(b *bytes.Buffer, keys []yamlfile.Key, value func(yamlfile.Key) string) {
	var before []string
	for _, k := range keys {
		if k.Holds && k.Kind != "list" {
			continue // its own keys say it
		}
		path := strings.Split(k.Path, ".")
		sections, name := path[:len(path)-1], path[len(path)-1]
		if strings.Contains(k.Path, "[]") { // of the entries of a list, which is written above, without any
			fmt.Fprintf(b, "%s#   %s: %s%s\n", indent(len(sections)-1), name, k.Doc, allowed(k))
			continue
		}
		for i, s := range sections {
			if i < len(before) && slices.Equal(before[:i+1], sections[:i+1]) {
				continue
			}
			if s == "NAME" {
				fmt.Fprintf(b, "%smain: # a name of your choice\n", indent(i))
				continue
			}
			fmt.Fprintf(b, "\n%s%s:\n", indent(i), s)
		}
		before = sections
		pad := indent(len(sections))
		fmt.Fprintf(b, "%s# %s%s\n%s%s: %s\n", pad, k.Doc, allowed(k), pad, name, value(k))
	}
}

func indent(depth int) string { return strings.Repeat("  ", depth) }

// allowed is what to add to a key's purpose.
func allowed(k yamlfile.Key) string {
	if k.Allowed == "" || k.Kind == "text" {
		return ""
	}
	return " (" + k.Allowed + ")"
}

func sampleValue(k yamlfile.Key, pbx Kind) string {
	section, _, _ := PBXConfig{Kind: pbx}.connection()
	switch k.Path {
	case "pbxs.NAME.kind":
		return strconv.Quote(string(pbx))
	case "pbxs.NAME." + section + ".password":
		return strconv.Quote(dialplans.NewPassword()) // `operadora dialplan print` reads it here
	}
	return written(k, k.Default)
}

// written is a value as the file has it.
func written(k yamlfile.Key, value string) string {
	switch k.Kind {
	case "list":
		return "[" + value + "]"
	case "text":
		return strconv.Quote(value)
	case "keys":
		return "{" + value + "}"
	}
	return value
}

// readSet reads what keys are to have; those of the PBX main count as those of every PBX's.
func readSet(set []string) (map[string]string, error) {
	known := map[string]bool{}
	var names []string
	for _, k := range yamlfile.Keys(Config{}) {
		if name := strings.Replace(k.Path, "pbxs.NAME.", "pbxs.main.", 1); !k.Holds {
			known[name] = true
			names = append(names, name)
		}
	}
	out := map[string]string{}
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("--set %q is not KEY=VALUE", s)
		case !known[key]:
			return nil, fmt.Errorf("--set: there is no key %q%s", key, yamlfile.Suggest(key, names))
		}
		out[strings.Replace(key, "pbxs.main.", "pbxs.NAME.", 1)] = value
	}
	return out, nil
}
