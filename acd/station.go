package acd

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
)

// Station is an agent's place as the store needs it: the phone, and what the
// agent serves. It is made once per reload; its JSON form is what the scripts read.
type Station struct {
	Agent      string   `json:"agent"`
	PBX        string   `json:"pbx"`
	Group      string   `json:"group"` // of PBXs whose callers the agent may serve
	Endpoint   string   `json:"endpoint"`
	Language   string   `json:"language"`
	Team       string   `json:"team"`
	AutoAnswer bool     `json:"auto_answer"`
	Print      string   `json:"print"`  // changes when anything else in the station does, but for Defs
	Queues     []string `json:"queues"` // the agent's own first
	Profile    string   `json:"profile"`
	Facts      []Fact   `json:"facts"`
	Defs       string   `json:"defs,omitempty"` // print of the definitions that say so

	text string
}

// JSON returns the station as the scripts read it.
func (s *Station) JSON() string { return s.text }

// seal computes the fingerprint and the JSON form.
func (s *Station) seal(defs string) {
	s.Print = stationForm
	s.Print = fingerprint(s)
	s.Defs = defs
	s.text = mustJSON(s)
}

// stationForm changes when what the store keeps of an agent does: then every agent is
// stored anew when an operadora with another one starts.
const stationForm = "counted"

// fingerprint is a short name for a value's content. Secrets do not count.
func fingerprint(v any) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(mustJSON(v))) // hash.Hash never returns an error
	return fmt.Sprintf("%016x", h.Sum64())
}

// mustJSON encodes values of this package, none of which can fail.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("acd: " + err.Error())
	}
	return string(b)
}
