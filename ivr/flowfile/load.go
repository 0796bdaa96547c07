package flowfile

import (
	"errors"
	"io/fs"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flows"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
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
// is not there is empty; what cannot be read is a fault.
func ReadFiles(fsys fs.FS) (out Files, faults yamlfile.Faults) {
	fault := func(name string, err error) {
		faults = append(faults, yamlfile.Fault{At: yamlfile.Pos{File: name}, Code: CodeForm, Text: err.Error()})
	}
	names, err := yamlfile.List(fsys, "flows")
	if err != nil {
		fault("flows", err)
	}
	read := func(name string, must bool) (ivr.Source, bool) {
		text, err := yamlfile.ReadFile(fsys, name)
		if err != nil && (must || !errors.Is(err, fs.ErrNotExist)) {
			fault(name, err)
		}
		return ivr.Source{File: name, YAML: text}, err == nil
	}
	for _, name := range names {
		if src, ok := read(name, true); ok {
			out.Flows = append(out.Flows, src)
		}
	}
	for name, into := range map[string]*ivr.Source{"dids.yaml": &out.DIDs, "calendars.yaml": &out.Calendars} {
		if src, ok := read(name, false); ok {
			*into = src
		}
	}
	return out, faults
}

// Load reads and lints all definitions as a whole. When faults.Err() is not
// nil the definitions must not be used; they are returned for tools that show
// what there is.
func Load(files Files, known Known) (ivr.Definitions, yamlfile.Faults) {
	defs := ivr.Definitions{Flows: map[string]*ivr.Flow{}, Sources: map[string]ivr.Source{},
		Calendars: map[string]*calendar.Calendar{}, Feature: FeatureFlow}
	var faults yamlfile.Faults
	left := unread{flows: map[string]map[string]*ivr.Node{}}
	for _, src := range files.Flows {
		faults = append(faults, left.addFlow(&defs, src)...)
	}
	if defs.Flows[FeatureFlow] == nil {
		faults = append(faults, left.addFlow(&defs, flows.Features())...)
	}
	if files.Calendars.YAML != "" {
		cals, fs := readCalendars(files.Calendars)
		faults = append(faults, fs...)
		if left.calendars = cals == nil; cals != nil {
			defs.Calendars = cals
		}
	}
	if files.DIDs.YAML != "" {
		dids, fs := readDIDs(files.DIDs)
		defs.DIDs, faults = dids, append(faults, fs...)
	}
	return defs, append(faults, lint(defs, known, left)...).Sorted()
}

// unread is what could not be read as it stands: what follows from that is not
// told as well.
type unread struct {
	flows     map[string]map[string]*ivr.Node // faulty nodes, by flow; an entry for every flow with a fault
	files     bool                            // a flow file of which not even the name is known
	calendars bool
}

func (u *unread) addFlow(defs *ivr.Definitions, src ivr.Source) yamlfile.Faults {
	f, faulty, faults := readFlow(src)
	if f == nil {
		u.files = true
		return faults
	}
	if other := defs.Flows[f.ID]; other != nil {
		return append(faults, yamlfile.Fault{Code: CodeForm, At: f.At, Where: where(f.ID, ""), Text: "is defined already in " + other.At.File})
	}
	if faults.Err() != nil {
		u.flows[f.ID] = faulty
	}
	defs.Flows[f.ID], defs.Sources[f.ID] = f, src
	return faults
}
