package compliance

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Folder is where profiles of one's own stand among the definitions.
const Folder = "profiles"

// Load are the profiles that ship, and those that a folder of definitions has in
// profiles/*.yaml. What cannot be used is told, and left out.
func Load(fsys fs.FS) (map[string]Profile, yamlfile.Faults) {
	out := Shipped()
	var faults yamlfile.Faults
	names, err := yamlfile.List(fsys, Folder)
	if err != nil {
		faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeForm, At: yamlfile.Pos{File: Folder}, Text: err.Error()})
	}
	for _, name := range names {
		text, err := yamlfile.ReadFile(fsys, name)
		if err != nil {
			faults = append(faults, yamlfile.Fault{Code: yamlfile.CodeForm, At: yamlfile.Pos{File: name}, Text: err.Error()})
			continue
		}
		p, more := Read(name, text)
		if other, there := out[p.ID]; more.Err() == nil && there {
			text := fmt.Sprintf("%q is already in %s", p.ID, other.At.File)
			if slices.Contains(Names(), p.ID) {
				text = fmt.Sprintf("%q is one that ships; give yours another name, and `extends: %[1]s` if its rules shall hold, too", p.ID)
			}
			more = append(more, yamlfile.Fault{Code: yamlfile.CodeForm, At: p.At, Where: "profile", Text: text})
		}
		faults = append(faults, more...)
		if more.Err() == nil {
			out[p.ID] = p
		}
	}
	return out, faults.Sorted()
}
