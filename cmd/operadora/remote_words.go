package main

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// plainQueue is a queue as people read it: an agent's own, for calls that are for
// that one alone, has a name that nobody has given it.
func plainQueue(queue string) string {
	if agent := orchestrator.OwnerOfQueue(queue); agent != "" {
		return agent + "'s own"
	}
	return queue
}

// plainParty is who called, as people read it.
func plainParty(from string) string {
	if queue, ok := strings.CutPrefix(from, "queue "); ok {
		return "queue " + plainQueue(queue)
	}
	return from
}

var (
	queueField   = regexp.MustCompile(`"(queue|destination)":"(@[^"\\]+)"`)
	outcomeField = regexp.MustCompile(`"outcome":"key:([^"\\]+)"`)
)

// plainDetail is what a timeline tells of an entry, as people read it. Programs
// take --json, which has it as it is stored.
func plainDetail(data json.RawMessage) string {
	text := queueField.ReplaceAllStringFunc(string(data), func(s string) string {
		m := queueField.FindStringSubmatch(s)
		return `"` + m[1] + `":"` + plainQueue(m[2]) + `"`
	})
	return outcomeField.ReplaceAllString(text, `"outcome":"key $1"`)
}
