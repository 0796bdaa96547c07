// Package keys tells the feature codes that an agent types in a conversation from
// the keys that are meant for the other side. It is pure: keys and what was held
// back go in, what is to be done comes out; whoever asks keeps the time.
package keys

import (
	"regexp"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Action is what a code does.
type Action string

// What agents can do by keys.
const (
	Hold     Action = "hold"       // the other side hears music, or no longer
	Transfer Action = "transfer"   // the customer goes to who has the number
	Consult  Action = "consult"    // the agent asks who has the number, and the customer hears music
	Complete Action = "complete"   // the customer stays with whom the agent asks
	Cancel   Action = "cancel"     // whom the agent asks is hung up
	Swap     Action = "swap"       // the agent talks with the other of the two
	Meet     Action = "conference" // all three talk
	Send     Action = "send"       // the customer goes through the flow that has the number, and comes back
	Mute     Action = "mute"       // silence in the recording, or no longer
	Dispose  Action = "dispose"    // the number is the call's outcome
	HangUp   Action = "hangup"     // the end of the call
	Machine  Action = "machine"    // the other side is an answering machine
)

// Code is what is typed after the prefix. None begins with another.
type Code struct {
	Keys   string
	Does   Action
	Number bool // a number follows, up to #
}

// Codes are all codes.
var Codes = []Code{
	{Keys: "1", Does: Hold},
	{Keys: "2", Does: Transfer, Number: true},
	{Keys: "3", Does: Consult, Number: true},
	{Keys: "4", Does: Complete},
	{Keys: "5", Does: Cancel},
	{Keys: "6", Does: Swap},
	{Keys: "7", Does: Meet},
	{Keys: "#", Does: Send, Number: true},
	{Keys: "8", Does: Mute},
	{Keys: "9", Does: Dispose, Number: true},
	{Keys: "00", Does: HangUp},
	{Keys: "01", Does: Machine},
}

const (
	// CodeWait is how long the next key of a code may take. Keys that may become a
	// code reach the other side so much later.
	CodeWait = 2 * time.Second
	// NumberWait is how long the next key of a number may take, or its #.
	NumberWait = 6 * time.Second
	// maxNumber is the longest number: one of E.164 with an international prefix.
	maxNumber = 20
)

// Table recognises the codes after one prefix; with an empty one there are none.
type Table struct {
	Prefix string `yaml:"prefix" default:"" doc:"What agents type before a feature code while they talk, such as *: *1 holds the caller. One to three keys, the first * or #. What is no code reaches the other side, some tenths of a second later than it would by itself; the prefix alone, or another beginning of a code, after two seconds without a key. Empty: there are no codes, and the PBX passes all keys on."`
	// Flows are those that a number stands for, after the code of Send.
	Flows map[string]string `yaml:"flows" keys:"keys" default:"" doc:"Flows that agents send callers through by keys, by number: {\"1\": payment} is *#1# with the prefix *. Callers come back from them; the recording is silent meanwhile."`
}

var prefixShape = regexp.MustCompile(`^([*#][*#0-9]{0,2})?$`)

// Validate names the key and value that cannot be right.
func (t Table) Validate() error {
	if !prefixShape.MatchString(t.Prefix) {
		return fault.New("keys", fault.Invalid, "keys.prefix: %q is not one to three keys of which the first is * or #", t.Prefix)
	}
	for number := range t.Flows {
		if number == "" || len(number) > maxNumber || strings.Trim(number, "0123456789") != "" {
			return fault.New("keys", fault.Invalid, "keys.flows: %q is not a number", number)
		}
	}
	return nil
}

// Result is what a key, or its not coming, leads to.
type Result struct {
	Held   string        // held back: to be given to the next Press or Pause
	Wait   time.Duration // after which Pause is to be called; 0 when nothing is held
	Pass   string        // is no code, and for the other side
	Does   Action        // a code was typed to its end; "" for none
	Number string        // of Does
	Wrong  bool          // a number was given up: it was not ended, is too long, or * was pressed
}

// stage is what the keys that are held back may still become.
type stage int

const (
	nothing stage = iota // no code begins so
	begun                // the beginning of one
	typed                // one, whole
	digits               // one, and some of its number
)

// look says what keys from the prefix on are.
func (t Table) look(keys string) (stage, Code, string) {
	for _, c := range Codes {
		whole := t.Prefix + c.Keys
		switch {
		case t.Prefix == "":
		case keys == whole && !c.Number:
			return typed, c, ""
		case c.Number && strings.HasPrefix(keys, whole):
			return digits, c, keys[len(whole):]
		case strings.HasPrefix(whole, keys):
			return begun, c, ""
		}
	}
	return nothing, Code{}, ""
}

// Press takes one key after those that are held back.
func (t Table) Press(held, key string) Result {
	var r Result
	keys := held + key
	for keys != "" {
		is, code, number := t.look(keys)
		switch is {
		case begun:
			r.Held, r.Wait = keys, CodeWait
			return r
		case typed:
			r.Does = code.Does
			return r
		case digits:
			return t.number(code, keys, number)
		case nothing: // the first of them is; the others may begin a code
			r.Pass, keys = r.Pass+keys[:1], keys[1:]
		}
	}
	return r
}

// number takes what was typed of a number.
func (t Table) number(c Code, keys, number string) Result {
	ended := strings.HasSuffix(number, "#")
	number = strings.TrimSuffix(number, "#")
	switch {
	case strings.Trim(number, "0123456789") != "" || len(number) > maxNumber || ended && number == "":
		return Result{Wrong: true}
	case ended:
		return Result{Does: c.Does, Number: number}
	}
	return Result{Held: keys, Wait: NumberWait}
}

// Pause takes that no key came after those that are held back: the beginning of a
// code was none, and a number is given up.
func (t Table) Pause(held string) Result {
	if is, _, _ := t.look(held); is == digits {
		return Result{Wrong: true}
	}
	return Result{Pass: held}
}
