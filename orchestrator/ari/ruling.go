package ari

import (
	"net/http"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ruling is what an answer that is not 2xx means for the command that got it.
// Asterisk's status says little: 400, 409 and 500 each are about the caller's
// channel in one place, the phone in another, and the whole machine in a third.
type ruling struct {
	verbs  string // our names of the commands, separated by blanks; "" is any
	status int    // 0 is any
	text   string // how Asterisk's sentence begins; "" is any
	kind   fault.Kind
	done   bool   // the purpose is reached: no error at all
	left   bool   // the channel is not in our application
	cause  error  // what callers look for by errors.Is
	about  string // what we say of it; "" leaves it to Asterisk's own sentence
}

// rulings are read from the top; the first that fits counts. The sentences are
// those of res/ari/resource_*.c, the same from Asterisk 16 to 22.
var rulings = []ruling{
	// Done already, or nothing left to do it to.
	{verbs: "Originate CreateBridge", status: http.StatusConflict, done: true}, // the id exists: the same order given twice
	{verbs: "Hangup Unsnoop StopPlay DestroyBridge DeleteRecording", status: http.StatusNotFound, done: true},
	{verbs: "DestroyBridge", status: http.StatusConflict, text: "Bridge not in Stasis", done: true},
	{verbs: "Part", status: http.StatusBadRequest, done: true}, // "Channel not found"
	{verbs: "Part", status: http.StatusUnprocessableEntity, done: true},
	{verbs: "Part", status: http.StatusNotFound, done: true},
	{verbs: "Part", status: http.StatusConflict, text: "Bridge not in Stasis", done: true},
	// An origination: about the caller, and about the phone.
	{verbs: "Originator", status: http.StatusNotFound, kind: fault.NotFound, cause: orchestrator.ErrOriginatorGone},
	{verbs: "Dial", status: http.StatusConflict, text: "Channel is not in the 'Down' state", done: true}, // it is dialled already
	{verbs: "Originate", status: http.StatusInternalServerError, text: "Allocation failed",
		kind: fault.NotFound, about: "the endpoint cannot be reached"}, // no such technology, endpoint or contact
	// Channels and bridges that are gone.
	{verbs: "Join", status: http.StatusBadRequest, text: "Channel not found", kind: fault.NotFound, cause: orchestrator.ErrChannelGone},
	{verbs: "Join", status: http.StatusUnprocessableEntity, kind: fault.NotFound, left: true},
	{status: http.StatusConflict, text: "Channel not in Stasis", kind: fault.NotFound, left: true},
	// A bridge of ours that Asterisk is still taking down is listed, but
	// answers as if it belonged to somebody else.
	{status: http.StatusConflict, text: "Bridge not in Stasis", kind: fault.NotFound, about: "the bridge is being removed"},
	{verbs: "Snoop", status: http.StatusNotFound, kind: fault.NotFound, about: "whom to monitor is gone"},
	{verbs: "Continue", status: http.StatusNotFound, text: "Requested label", kind: fault.Conflict, about: "the dialplan has no such line"},
	// The rest is told by the status alone.
	{status: http.StatusUnauthorized, kind: fault.Denied},
	{status: http.StatusForbidden, kind: fault.Denied},
	{status: http.StatusNotFound, kind: fault.NotFound},
	{status: http.StatusConflict, kind: fault.Conflict},
	{status: http.StatusPreconditionFailed, kind: fault.Conflict}, // "Channel in invalid state"
	{status: http.StatusRequestTimeout, kind: fault.Unavailable},
	{status: http.StatusTooManyRequests, kind: fault.Unavailable}, // of a proxy before it
	{status: http.StatusNotImplemented, kind: fault.Invalid},
}

// rule says what an answer means. What no row names is the asker's fault when
// it is 4xx, and otherwise no judgement at all: Asterisk, or what stands before
// it, is in trouble.
func rule(verb string, status int, text string) ruling {
	for _, r := range rulings {
		if (r.status == 0 || r.status == status) && strings.HasPrefix(text, r.text) && names(r.verbs, verb) {
			return r
		}
	}
	if status/100 == 4 {
		return ruling{kind: fault.Invalid}
	}
	return ruling{kind: fault.Unavailable}
}

func names(verbs, verb string) bool {
	return verbs == "" || slices.Contains(strings.Fields(verbs), verb)
}

// refusal makes the error of an answer, nil when its purpose is reached.
func refusal(verb string, status int, text string) error {
	r := rule(verb, status, text)
	if r.done {
		return nil
	}
	var err error = &answerError{status: status, text: text, left: r.left}
	if r.cause != nil {
		return fault.New("ari."+verb, r.kind, "%w: %w", r.cause, err)
	}
	if r.about != "" {
		return fault.New("ari."+verb, r.kind, "%s: %w", r.about, err)
	}
	return fault.E("ari."+verb, r.kind, err)
}
