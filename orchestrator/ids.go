package orchestrator

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// The ids of everything made on a PBX carry the id of its owner (a call, or the
// session of an agent's permanent line), so that an event finds it without a
// look-up and leftovers can be told apart:
// "op-<owner>-<letter><n>".
const idPrefix = "op-"

// MakeID is the id of an owner's nth thing on a PBX. The letter says what it is:
// a, c, l, t and s channels, b bridges, w bridges of those who monitor, p playbacks, r and
// m recordings.
func MakeID(owner, letter string, n int) string {
	return idPrefix + owner + "-" + letter + strconv.Itoa(n)
}

// OwnerOf returns the owner whose id is in a channel, bridge, playback or
// recording id of ours, "" when the id is not of our making.
func OwnerOf(id string) string {
	rest, ok := strings.CutPrefix(id, idPrefix)
	if !ok {
		return ""
	}
	owner, _, ok := strings.Cut(rest, "-")
	if !ok {
		return ""
	}
	return owner
}

// Ours tells whether an id is of operadora's making.
func Ours(id string) bool { return OwnerOf(id) != "" }

// Monitors tells whether a bridge is one in which somebody monitors a channel.
func Monitors(bridge string) bool {
	rest, _ := strings.CutPrefix(bridge, idPrefix+OwnerOf(bridge)+"-")
	return strings.HasPrefix(rest, "w")
}

// ParseEntryID splits the id of an entry of the journal, or of another stream of the store:
// "<unix ms>-<n>".
func ParseEntryID(id string) (ms, n uint64, err error) {
	head, tail, ok := strings.Cut(id, "-")
	if ms, err = strconv.ParseUint(head, 10, 64); err == nil && ok {
		n, err = strconv.ParseUint(tail, 10, 64)
	}
	if err != nil || !ok {
		return 0, 0, fmt.Errorf("%q is not the id of a journal entry", id)
	}
	return ms, n, nil
}

// CompareEntryIDs tells which of two ids comes later in the stream; one that is none is the first.
func CompareEntryIDs(a, b string) int {
	ams, an, _ := ParseEntryID(a)
	bms, bn, _ := ParseEntryID(b)
	return cmp.Or(cmp.Compare(ams, bms), cmp.Compare(an, bn))
}
