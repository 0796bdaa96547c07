// Package flows holds the flows that come with the program: the one that
// answers agents' feature codes, and an example for callers with its dialled
// numbers and calendar.
package flows

import (
	"embed"

	"github.com/operadora/operadora/ivr"
)

//go:embed *.yaml
var files embed.FS

// Features is the flow that answers feature codes.
func Features() ivr.Source { return must("features.yaml") }

// Examples are the flows of the demonstration.
func Examples() []ivr.Source { return []ivr.Source{must("voicemail.yaml"), must("welcome.yaml")} }

// ExampleDIDs are the numbers of the demonstration: 5000 in Spanish, 5001 in English.
func ExampleDIDs() ivr.Source { return must("dids.yaml") }

// ExampleCalendars are the calendars of the demonstration.
func ExampleCalendars() ivr.Source { return must("calendars.yaml") }

// must reads a file that is part of the program.
func must(name string) ivr.Source {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return ivr.Source{File: "builtin/" + name, YAML: string(text)}
}
