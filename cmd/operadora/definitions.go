package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"time"

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
	// Changed is when the files about queues and people were last written: of two
	// processes with different ones the newer are in force.
	Changed time.Time
}

// acdFiles are the files of the definitions folder about queues and people.
// Each may hold any of the keys of acd.Definitions; a key stands in one file only.
var acdFiles = []string{"queues.yaml", "agents.yaml"}

// loadDefinitions reads a definitions folder. Warnings do not hinder its use;
// any error does. known says what the PBXs and the gate can tell; its Queue is
// filled in from the folder itself.
func loadDefinitions(dir string, pbxs map[string]PBXConfig, known flowfile.Known) (Definitions, flowfile.Faults, error) {
	if _, err := os.Stat(dir); err != nil {
		return Definitions{}, nil, fault.E("definitions", fault.Invalid, err)
	}
	fsys := os.DirFS(dir)
	d := Definitions{Changed: lastChange(fsys)}
	at, err := readACD(fsys, &d.ACD)
	if err != nil {
		return Definitions{}, nil, fault.E("", fault.Invalid, err)
	}
	var errs []error
	for _, f := range append(d.ACD.Faults(), strangers(d.ACD.Agents, pbxs)...) {
		errs = append(errs, at.locate(f))
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
	return d, faults, fault.E("", fault.Invalid, errors.Join(errs...))
}

// lastChange is the newest modification time of acdFiles, zero when none is there.
func lastChange(fsys fs.FS) (newest time.Time) {
	for _, name := range acdFiles {
		if info, err := fs.Stat(fsys, name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

// strangers finds agents at PBXs that the configuration does not have.
func strangers(agents []acd.Agent, pbxs map[string]PBXConfig) (out []acd.Fault) {
	names := slices.Sorted(maps.Keys(pbxs))
	for i, a := range agents {
		if _, ok := pbxs[a.PBX]; !ok {
			out = append(out, acd.Fault{List: "agents", Index: i, Text: fmt.Sprintf("%q: pbx: %q is not in the configuration's pbxs%s",
				a.ID, a.PBX, flowfile.Suggest(a.PBX, names))})
		}
	}
	return out
}

// readACD decodes the files strictly: an unknown key is an error with its
// place. It tells where each entry of a list is written.
func readACD(fsys fs.FS, into *acd.Definitions) (places, error) {
	at, found := places{}, map[string]string{}
	var errs []error
	for _, name := range acdFiles {
		raw, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		body, err := parseYAML(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
		}
		for _, m := range mappingOf(body) {
			key := m.Key.GetToken().Value
			if other, twice := found[key]; twice {
				errs = append(errs, fmt.Errorf("%s: %q is already in %s", placeOf(name, m.Key), key, other))
			}
			found[key] = name
		}
		in := inspection{file: name, at: at}
		in.walk(body, reflect.TypeOf(into).Elem(), "")
		if errs = append(errs, in.faults...); len(errs) > 0 {
			continue // what follows would tell the same in other words
		}
		if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
		}
	}
	if len(found) == 0 && len(errs) == 0 {
		return nil, fmt.Errorf("neither %s nor %s has anything in it", acdFiles[0], acdFiles[1])
	}
	return at, errors.Join(errs...)
}
