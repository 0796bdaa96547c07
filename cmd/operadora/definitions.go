package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/goccy/go-yaml"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Definitions is all that the definitions folder says, checked as a whole.
type Definitions struct {
	ACD   acd.Definitions
	Flows ivr.Definitions
}

// acdFiles are the files of the definitions folder about queues and people.
// Each may hold any of the keys of acd.Definitions; a key stands in one file only.
var acdFiles = []string{"queues.yaml", "agents.yaml"}

// loadDefinitions reads a definitions folder. Warnings do not hinder its use;
// any error does. known says what the PBXs and the gate can tell; its Queue is
// filled in from the folder itself.
func loadDefinitions(dir string, pbxs map[string]PBXConfig, known flowfile.Known) (Definitions, flowfile.Faults, error) {
	if _, err := os.Stat(dir); err != nil {
		return Definitions{}, nil, fault.E("definitions", fault.Invalid, fmt.Errorf("folder: %w", err))
	}
	fsys := os.DirFS(dir)
	var d Definitions
	if err := readACD(fsys, &d.ACD); err != nil {
		return Definitions{}, nil, err
	}
	var errs []error
	if err := d.ACD.Validate(); err != nil {
		errs = append(errs, err)
	}
	for _, a := range d.ACD.Agents {
		if _, ok := pbxs[a.PBX]; !ok {
			errs = append(errs, fmt.Errorf("agents: %s: pbx: %q is not in the configuration's pbxs", a.ID, a.PBX))
		}
	}
	queues := map[string]bool{}
	for _, q := range d.ACD.Queues {
		queues[q.ID] = true
	}
	known.Queue = func(name string) bool { return queues[name] }
	files, err := flowfile.ReadFiles(fsys)
	if err != nil {
		return Definitions{}, nil, errors.Join(append(errs, err)...)
	}
	flows, faults := flowfile.Load(files, known)
	d.Flows = flows
	if err := faults.Err(); err != nil {
		errs = append(errs, err)
	}
	return d, faults, fault.E("definitions", fault.Invalid, errors.Join(errs...))
}

// readACD decodes the files strictly: an unknown key is an error with its line.
func readACD(fsys fs.FS, into *acd.Definitions) error {
	found := map[string]string{}
	for _, name := range acdFiles {
		raw, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var keys map[string]any
		if err := yaml.Unmarshal(raw, &keys); err != nil {
			return fault.New("definitions", fault.Invalid, "%s: %s", name, yaml.FormatError(err, false, true))
		}
		for key := range keys {
			if other, twice := found[key]; twice {
				return fault.New("definitions", fault.Invalid, "%s: %q is already in %s", name, key, other)
			}
			found[key] = name
		}
		if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict()); err != nil {
			return fault.New("definitions", fault.Invalid, "%s: %s", name, yaml.FormatError(err, false, true))
		}
	}
	if len(found) == 0 {
		return fault.New("definitions", fault.Invalid, "neither %s nor %s is there", acdFiles[0], acdFiles[1])
	}
	return nil
}
