package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/doctor"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// newFlowCommand checks, plays and draws flows.
func newFlowCommand() *cobra.Command {
	c := &cobra.Command{Use: "flow", Short: "Check, try out and draw the flows that callers go through"}
	c.PersistentFlags().String("definitions", "", "definitions folder (default: the one around the files named, then the configuration's, then definitions)")
	c.AddCommand(newFlowLintCommand(), newFlowSimCommand(), newFlowShowCommand())
	return c
}

func newFlowLintCommand() *cobra.Command {
	var pbx string
	c := &cobra.Command{
		Use:   "lint [FOLDER | FILE...]",
		Short: "Name file, line and node of each fault of the flows",
		Long: "Name file, line and node of each fault of the flows: of a definitions folder, or of some flow files as they\n" +
			"would stand in it. The exit code is 1 when there is an error; warnings (W codes) are advice.",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := readFlows(cmd, args)
			if err != nil {
				return err
			}
			known, err := knownFor(cmd, set.dir, pbx)
			if err != nil {
				return err
			}
			defs, faults := flowfile.Load(set.files, known)
			return printFaults(cmd.OutOrStdout(), set.only(faults), len(defs.Flows))
		},
	}
	c.Flags().StringVar(&pbx, "pbx", "", "look for the sounds on this PBX of the configuration")
	return c
}

// printFaults writes one line per fault and returns an error when one is more than advice.
func printFaults(out io.Writer, faults yamlfile.Faults, flows int) error {
	bad := 0
	for _, f := range faults {
		if f.Code.Warning() {
			fmt.Fprintln(out, "warning:", f)
		} else {
			bad++
			fmt.Fprintln(out, "error:", f)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d errors and %d warnings", bad, len(faults)-bad)
	}
	fmt.Fprintf(out, "ok: %d flows (with the built-in ones), %d warnings\n", flows, len(faults))
	return nil
}

// flowSet is what the flow commands work on.
type flowSet struct {
	dir   string // definitions folder, "" for none
	files flowfile.Files
	asked []string // files that were named, as they were named; empty for all
}

// only drops faults of files that were not asked for.
func (s flowSet) only(faults yamlfile.Faults) yamlfile.Faults {
	if len(s.asked) == 0 {
		return faults
	}
	return slices.DeleteFunc(faults, func(f yamlfile.Fault) bool { return !slices.Contains(s.asked, f.At.File) })
}

// readFlows reads a folder, or files as they would stand in their folder.
func readFlows(cmd *cobra.Command, args []string) (flowSet, error) {
	if len(args) == 1 {
		if st, err := os.Stat(args[0]); err == nil && st.IsDir() {
			files, err := readFolder(args[0])
			return flowSet{dir: args[0], files: files}, err
		}
	}
	near := ""
	if len(args) > 0 {
		near = args[0]
	}
	dir, err := definitionsFolder(cmd, near)
	if err != nil {
		return flowSet{}, err
	}
	set := flowSet{dir: dir, asked: args}
	if dir != "" {
		if set.files, err = readFolder(dir); err != nil {
			return set, err
		}
	} else if len(args) == 0 {
		return set, errors.New("no definitions folder: name one, or a flow file; `operadora init` writes one")
	}
	for _, file := range args {
		if err := set.put(file); err != nil {
			return set, err
		}
	}
	return set, nil
}

// readFolder reads the definitions about flows; files are named with the folder.
func readFolder(dir string) (flowfile.Files, error) {
	if st, err := os.Stat(dir); err != nil {
		return flowfile.Files{}, fmt.Errorf("definitions folder: %w", err)
	} else if !st.IsDir() {
		return flowfile.Files{}, fmt.Errorf("%s is no folder", dir)
	}
	files, faults := flowfile.ReadFiles(os.DirFS(dir))
	for i := range files.Flows {
		files.Flows[i].File = filepath.Join(dir, files.Flows[i].File)
	}
	for _, src := range []*ivr.Source{&files.DIDs, &files.Calendars} {
		if src.YAML != "" {
			src.File = filepath.Join(dir, src.File)
		}
	}
	return files, faults.Err()
}

// put adds a file to the set in place of the one that defines the same flow.
func (s *flowSet) put(file string) error {
	text, err := yamlfile.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		return err
	}
	src := ivr.Source{File: file, YAML: text}
	flow, _ := flowfile.Parse(src) // its faults are told with all others
	s.files.Flows = slices.DeleteFunc(s.files.Flows, func(other ivr.Source) bool {
		if same(other.File, file) {
			return true
		}
		there, err := flowfile.Parse(other)
		return flow != nil && err == nil && there.ID == flow.ID && !slices.Contains(s.asked, other.File)
	})
	s.files.Flows = append(s.files.Flows, src)
	return nil
}

func same(a, b string) bool {
	one, err1 := os.Stat(a)
	two, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

// definitionsFolder finds the folder that files belong to; "" when there is none.
func definitionsFolder(cmd *cobra.Command, near string) (string, error) {
	if dir, err := cmd.Flags().GetString("definitions"); err != nil || dir != "" {
		return dir, err
	}
	named, err := told(cmd, "config")
	if err != nil {
		return "", err
	}
	if around := filepath.Dir(near); named == "" && near != "" && filepath.Base(around) == "flows" {
		return filepath.Dir(around), nil
	}
	if file, err := findConfig(cmd); err == nil {
		cfg, err := readConfig(file)
		return cfg.Definitions, err
	}
	if st, err := os.Stat("definitions"); err == nil && st.IsDir() {
		return "definitions", nil
	}
	return "", nil
}

// knownFor gathers what can be asked: about queues always, about destinations
// when a configuration or a PBX is named, about sounds when a PBX is.
func knownFor(cmd *cobra.Command, dir, pbx string) (flowfile.Known, error) {
	var known flowfile.Known
	known.Queue, known.Needs = queuesOf(dir)
	named, err := told(cmd, "config")
	if err != nil || (pbx == "" && named == "") {
		return known, err
	}
	cfg, err := loadConfig(cmd)
	if err != nil {
		return known, err
	}
	a := App{gate: gateOf(cfg.PBXs)}
	maps.DeleteFunc(a.gate, func(name string, _ gate.Policy) bool { return pbx != "" && name != pbx })
	known.Destination = a.known().Destination
	if pbx == "" {
		return known, nil
	}
	conn, ok := cfg.PBXs[pbx]
	if !ok {
		return known, fmt.Errorf("--pbx %q is not in the configuration's pbxs", pbx)
	}
	if conn.Kind == KindFreeSWITCH {
		if _, err := esl.Sounds(cmd.Context(), conn.FreeSWITCH, "", nil); err != nil {
			return known, noSounds(pbx, err)
		}
		known.Sound = func(language, name string) bool {
			has, err := esl.Sounds(cmd.Context(), conn.FreeSWITCH, language, []string{name})
			return err != nil || has[name] // it answered a moment ago
		}
		return known, nil
	}
	report, err := asteriskSounds(cmd.Context(), pbx, conn.ARI)
	if err != nil {
		return known, err
	}
	known.Sound = func(language, name string) bool { return doctor.HasSound(report, language, name) }
	return known, nil
}

// queuesOf tells whether there is a queue; nil when the folder does not say.
func queuesOf(dir string) (queue func(name string) bool, needs func(text string) error) {
	if dir == "" {
		return nil, nil
	}
	floor := readACD(os.DirFS(dir))
	return floor.queue(), floor.needs()
}

// oneFlow reads the set around one flow, named by its id or its file.
func oneFlow(cmd *cobra.Command, name string) (ivr.Definitions, yamlfile.Faults, *ivr.Flow, error) {
	var args []string
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		args = []string{name}
	}
	set, err := readFlows(cmd, args)
	if err != nil {
		return ivr.Definitions{}, nil, nil, err
	}
	defs, faults := flowfile.Load(set.files, flowfile.Known{})
	names := make([]string, 0, len(defs.Flows))
	for id, f := range defs.Flows {
		if id == name || (len(args) == 1 && f.At.File == name) {
			return defs, faults, f, nil
		}
		names = append(names, id)
	}
	if len(args) == 1 {
		return defs, faults, nil, fmt.Errorf("%s holds no flow that can be read:\n%w", name, set.only(faults).Err())
	}
	slices.Sort(names)
	return defs, faults, nil, fmt.Errorf("there is no flow %q, but %s", name, strings.Join(names, ", "))
}

func newFlowShowCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "show FLOW",
		Short: "Draw a flow, named by its id or its file, as text or as a Mermaid flowchart",
		Args:  named,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, _, flow, err := oneFlow(cmd, args[0])
			if err != nil {
				return err
			}
			switch format {
			case "mermaid":
				_, err = io.WriteString(cmd.OutOrStdout(), ivr.Mermaid(flow))
			case "text":
				_, err = io.WriteString(cmd.OutOrStdout(), flowText(flow))
			default:
				return fmt.Errorf("--format %q is neither text nor mermaid", format)
			}
			return err
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or mermaid")
	return c
}

func newFlowSimCommand() *cobra.Command {
	var script, at string
	c := &cobra.Command{
		Use:   "sim FLOW",
		Short: "Play a call through a flow, named by its id or its file, in text",
		Long: "Play a call through a flow in text, on the interpreter that serves real calls. A script is a transcript:\n" +
			"  @ did 5000                how the call arrives (did, caller, language, at, feature, lead FIELD VALUE)\n" +
			"  < dtmf 1                  what happens; what cannot happen where the flow stands is an error\n" +
			"  > prompt hello (en)       what must come of it; where a script says so, anything else is an error\n" +
			"What can happen (| stands between choices, [ ] around what may be left out):\n" +
			simEvents("  < ") +
			"Without --script the lines are read from the terminal and answered one by one, or from a pipe as a script.",
		Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			defs, faults, flow, err := oneFlow(cmd, args[0])
			if err != nil {
				return err
			}
			if err := faults.Err(); err != nil {
				return fmt.Errorf("the flows cannot be used:\n%w", err)
			}
			begin := time.Now()
			if at != "" {
				if begin, err = time.Parse(time.RFC3339, at); err != nil {
					return fmt.Errorf("--at %q is no moment; write 2026-12-25T10:00:00Z", at)
				}
			}
			return simulate(cmd, simulator{defs: leadingTo(defs, flow.ID), at: begin}, script)
		},
	}
	c.Flags().StringVar(&script, "script", "", "file with the script; - is the standard input")
	c.Flags().StringVar(&at, "at", "", "when the call begins, such as 2026-12-25T10:00:00Z (default: now)")
	return c
}
