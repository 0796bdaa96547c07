// Package web holds the pages: an application of scripts that runs in the browser and
// asks the API like anybody else. `make web` builds it into dist, which is not kept with
// the sources; a program that was built without it serves a page that says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist stub.html
var files embed.FS

// Index is the page that everything begins with, and false when it was not built.
func Index() (page []byte, built bool) {
	if page, err := files.ReadFile("dist/index.html"); err == nil {
		return page, true
	}
	page, err := files.ReadFile("stub.html")
	if err != nil {
		panic(err) // it is embedded
	}
	return page, false
}

// Asset is a file that the page asks for, and the same compressed by gzip, nil where that is not smaller.
// Its name has its content's hash in it, so that what was fetched once holds for ever.
func Asset(name string) (plain, gzip []byte, err error) {
	if !fs.ValidPath(name) {
		return nil, nil, fs.ErrNotExist
	}
	if plain, err = files.ReadFile("dist/assets/" + name); err != nil {
		return nil, nil, fs.ErrNotExist
	}
	gzip, _ = files.ReadFile("dist/assets/" + name + ".gz") // a file that does not shrink has none
	return plain, gzip, nil
}
