package flowfile

import "github.com/operadora/operadora/orchestrator/yamlfile"

// The codes of what lint finds, beside those of the reader. The strings are
// public: never reuse one.
const (
	CodeForm                      = yamlfile.CodeForm
	CodeBounds                    = yamlfile.CodeBounds
	CodeUnknown                   = yamlfile.CodeUnknown
	CodeTarget      yamlfile.Code = "E01" // an edge to a node that does not exist
	CodeStart       yamlfile.Code = "E02" // no start node
	CodeUnreachable yamlfile.Code = "E03" // no path leads to a node
	CodeNoExit      yamlfile.Code = "E04" // no path from a node ends the call
	CodeSpin        yamlfile.Code = "E05" // a cycle that waits for nobody
	CodeMissingEdge yamlfile.Code = "E06" // an outcome that nothing handles
	CodeUnset       yamlfile.Code = "E07" // a variable read before it is set on some path
	CodePrompt      yamlfile.Code = "E08" // a prompt is undefined or lacks a language
	CodeSound       yamlfile.Code = "E09" // a sound is not on the PBX
	CodeKeys        yamlfile.Code = "E10" // ambiguous menu keys
	CodeRecursion   yamlfile.Code = "E14" // sub-flows that call themselves
	CodeOutcome     yamlfile.Code = "E15" // an edge for an outcome that never comes

	CodeUnusedPrompt yamlfile.Code = "W01" // nobody plays a prompt
	CodeManyOptions  yamlfile.Code = "W02" // a menu with more than five options
	CodeUnmasked     yamlfile.Code = "W03" // a long number that is shown in the timeline
	CodeNoHuman      yamlfile.Code = "W04" // no path to a person
	CodeImpatient    yamlfile.Code = "W05" // a limit that leaves no time to act
	CodeUndialled    yamlfile.Code = "W06" // a number that no PBX can pass on
)
