package yamlfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// List returns the YAML files of a folder, by name; without those whose names begin with
// a dot, which are an editor's. A folder that is not there has none. One that is there and
// cannot be read is an error: what stands in it must not be taken for gone.
func List(fsys fs.FS, folder string) (names []string, err error) {
	entries, err := fs.ReadDir(fsys, folder)
	if errors.Is(err, fs.ErrNotExist) && !dangles(fsys, folder) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the folder cannot be read: %w", err)
	}
	for _, e := range entries { // sorted by name
		ending := path.Ext(e.Name())
		if (ending == ".yaml" || ending == ".yml") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names, nil
}

// dangles tells whether a name stands in its folder all the same: as a link to nowhere.
func dangles(fsys fs.FS, name string) bool {
	entries, _ := fs.ReadDir(fsys, path.Dir(name))
	for _, e := range entries {
		if e.Name() == path.Base(name) {
			return true
		}
	}
	return false
}
