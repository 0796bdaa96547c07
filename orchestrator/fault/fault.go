// Package fault gives every error of operadora one of a few kinds, so that an
// edge (the API, the command line) can answer without knowing who failed.
//
// It is a leaf: it imports nothing of operadora and everybody may import it.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says who has to act on an error. The set is closed.
type Kind int

const (
	// Internal is a fault of operadora itself; the zero value, so that an
	// error nobody classified is never shown to a user in detail.
	Internal Kind = iota
	// Invalid means that the asker sent something that can never work.
	Invalid
	// NotFound means that the thing asked for does not exist (any more).
	NotFound
	// Conflict means that the thing exists but its state forbids the request.
	Conflict
	// Denied means that policy forbids the request whatever the state.
	Denied
	// Unavailable means that a part outside (PBX, Redis, SQL) cannot answer now; retrying may help.
	Unavailable
)

var kindNames = map[Kind]string{
	Internal: "internal", Invalid: "invalid", NotFound: "not found",
	Conflict: "conflict", Denied: "denied", Unavailable: "unavailable",
}

// String returns the kind in words, as used in logs.
func (k Kind) String() string { return kindNames[k] }

// Error is an error with its kind and the operation that met it.
type Error struct {
	Op   string // "acd.Enqueue"
	Kind Kind
	Err  error
}

// Error returns "op: text"; the kind is not part of the text.
func (e *Error) Error() string {
	if e.Op == "" {
		return e.Err.Error()
	}
	return e.Op + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E wraps err with an operation and a kind. A nil err gives nil.
func E(op string, kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// New makes an error of a kind from a format, like fmt.Errorf.
func New(op string, kind Kind, format string, args ...any) error {
	return &Error{Op: op, Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost classified error in err's chain, Internal when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Text is the text of an error for people: without the names of functions
// that its parts carry for the log.
func Text(err error) string {
	text := err.Error()
	var strip func(error)
	strip = func(err error) {
		if e, ok := err.(*Error); ok && strings.Contains(e.Op, ".") { //nolint:errorlint // each link of the chain is looked at
			text = strings.ReplaceAll(text, e.Op+": ", "")
		}
		switch e := err.(type) { //nolint:errorlint // the same
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				strip(part)
			}
		case interface{ Unwrap() error }:
			if next := errors.Unwrap(err); next != nil {
				strip(next)
			}
		}
	}
	strip(err)
	return text
}
