package esl

import (
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator/fault"
)

// ruling is what an answer that is not a success means for the command that got
// it. FreeSWITCH has no codes, only sentences, and several for the same thing.
type ruling struct {
	verbs string // our names of the commands, separated by blanks; "" is any
	text  string // how the sentence begins
	kind  fault.Kind
	done  bool // the purpose is reached: no error at all
}

// rulings are read from the top; the first that fits counts. The sentences are
// those of mod_commands, mod_conference and mod_event_socket.
var rulings = []ruling{
	{verbs: "Hangup", text: "-ERR No such channel", done: true},
	{verbs: "Claim", text: "-ERR", done: true}, // nothing was to be undone
	{verbs: "Claim", text: "+OK", done: true},
	{verbs: "StopPlay Unhold", text: "-ERR No such channel", done: true},
	{verbs: "Unhold", text: "-ERR Cannot stop displace session", done: true},
	{verbs: "StopRecord", text: "-ERR Cannot locate session", done: true},
	{verbs: "StopRecord", text: "-ERR Cannot stop record session", done: true},
	{verbs: "StopRecord", text: "+OK", done: true},
	{verbs: "Beep", text: "-ERR Cannot displace session", done: true}, // it is hearing that very tone
	{text: "-ERR No such channel", kind: fault.NotFound},
	{text: "-ERR no such channel", kind: fault.NotFound},
	{text: "-ERR Invalid uuid", kind: fault.NotFound},
	{text: "-ERR invalid uuid", kind: fault.NotFound},
	{text: "-ERR Cannot locate session", kind: fault.NotFound},
	{text: "-ERR invalid session id", kind: fault.NotFound},
	{verbs: "Answer", text: "-ERROR", kind: fault.NotFound}, // uuid_answer says no more of a channel that is gone
	{verbs: "Record", text: "-ERR Cannot record session", kind: fault.Conflict},
	{verbs: "Record MuteRecord", text: "-ERR Cannot", kind: fault.NotFound},
	{text: "INVALID COMMAND", kind: fault.Invalid},
	{text: "-ERR command not found", kind: fault.Invalid},
	{text: "-USAGE", kind: fault.Invalid},
	{text: "-ERR no reply", done: true}, // the command had nothing to print
	{text: "+OK", done: true},
}

// judge makes the error of an answer, nil when the purpose is reached. What no
// row names and begins with a dash is a conflict: FreeSWITCH has judged it.
func judge(verb, answer string) error {
	for _, r := range rulings {
		if !strings.HasPrefix(answer, r.text) || !names(r.verbs, verb) {
			continue
		}
		if r.done {
			return nil
		}
		return fault.New("esl."+verb, r.kind, "freeswitch says %q", brief(answer))
	}
	if strings.HasPrefix(answer, "-") {
		return fault.New("esl."+verb, fault.Conflict, "freeswitch says %q", brief(answer))
	}
	return nil
}

// brief is an answer as it may stand in a log: one line, without what follows.
func brief(answer string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(answer), "\n")
	if len(line) > 120 {
		line = line[:120]
	}
	return line
}

func names(verbs, verb string) bool {
	return verbs == "" || slices.Contains(strings.Fields(verbs), verb)
}
