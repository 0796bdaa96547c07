package flowfile

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flows"
)

// Files is the text of all definitions. DIDs and Calendars may be empty.
type Files struct {
	Flows     []ivr.Source
	DIDs      ivr.Source
	Calendars ivr.Source
}

// FeatureFlow is the id of the flow that answers feature codes. A flow of that
// name among the files takes the place of the built-in one.
const FeatureFlow = "features"

// ReadFiles reads a folder: flows/*.yaml, dids.yaml and calendars.yaml. What
// is not there is empty.
func ReadFiles(fsys fs.FS) (Files, error) {
	var out Files
	names, err := fs.Glob(fsys, "flows/*.yaml")
	if err != nil {
		return out, err
	}
	more, err := fs.Glob(fsys, "flows/*.yml")
	if err != nil {
		return out, err
	}
	names = append(names, more...)
	slices.Sort(names)
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return out, err
		}
		out.Flows = append(out.Flows, ivr.Source{File: name, YAML: string(text)})
	}
	for name, into := range map[string]*ivr.Source{"dids.yaml": &out.DIDs, "calendars.yaml": &out.Calendars} {
		text, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return out, err
		}
		*into = ivr.Source{File: path.Base(name), YAML: string(text)}
	}
	return out, nil
}

// Load reads and lints all definitions as a whole. When faults.Err() is not
// nil the definitions must not be used; they are returned for tools that show
// what there is.
func Load(files Files, known Known) (ivr.Definitions, Faults) {
	defs := ivr.Definitions{Flows: map[string]*ivr.Flow{}, Sources: map[string]ivr.Source{},
		Calendars: map[string]*ivr.Calendar{}, Feature: FeatureFlow}
	var faults Faults
	for _, src := range files.Flows {
		faults = append(faults, addFlow(&defs, src)...)
	}
	if defs.Flows[FeatureFlow] == nil {
		faults = append(faults, addFlow(&defs, flows.Features())...)
	}
	if files.Calendars.YAML != "" {
		cals, fs := readCalendars(files.Calendars)
		faults = append(faults, fs...)
		if cals != nil {
			defs.Calendars = cals
		}
	}
	if files.DIDs.YAML != "" {
		dids, fs := readDIDs(files.DIDs)
		defs.DIDs, faults = dids, append(faults, fs...)
	}
	unread := map[string]bool{}
	for _, f := range faults {
		unread[f.Flow] = unread[f.Flow] || f.Code == CodeForm
	}
	return defs, append(faults, lint(defs, known, unread)...).sorted()
}

func addFlow(defs *ivr.Definitions, src ivr.Source) Faults {
	f, faults := readFlow(src)
	if f == nil || f.ID == "" {
		return faults
	}
	if other := defs.Flows[f.ID]; other != nil {
		return append(faults, Fault{Code: CodeForm, At: f.At, Flow: f.ID,
			Text: "flow " + f.ID + " is defined already in " + other.At.File})
	}
	defs.Flows[f.ID], defs.Sources[f.ID] = f, src
	return faults
}
