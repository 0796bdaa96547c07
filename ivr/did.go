package ivr

import "strings"

// DIDs says which flow answers which dialled number.
type DIDs []DID

// DID is one entry: a number ("5000"), a beginning ("+34910*") or "*" for all others.
type DID struct {
	Pattern  string
	Flow     string
	Language string // the language the call begins in; "" is the flow's
	CallerID string // shown to outside numbers that its callers are put through to; "" leaves it to the queue
	At       Pos
}

// Find returns the entry for a dialled number: the exact one, else the one
// with the longest beginning that fits.
func (d DIDs) Find(number string) (DID, bool) {
	best, found := DID{}, false
	for _, e := range d {
		prefix, wild := strings.CutSuffix(e.Pattern, "*")
		switch {
		case !wild && e.Pattern == number:
			return e, true
		case wild && strings.HasPrefix(number, prefix) && (!found || len(prefix) > len(best.Pattern)-1):
			best, found = e, true
		}
	}
	return best, found
}
