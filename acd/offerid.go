package acd

import (
	"crypto/rand"
	"strings"
)

// An offer's id is "<call>-<unique>": like all ids of operadora it carries its
// call, so that a late word about an offer that is long over still finds the
// call and gets its true place.

// MakeOfferID joins a call and the unique part of an offer's id.
func MakeOfferID(call, unique string) string { return call + "-" + unique }

// CallOfOffer returns the call an offer is or was for, "" when the id is none of ours.
func CallOfOffer(offer string) string {
	i := strings.LastIndexByte(offer, '-')
	if i < 0 {
		return ""
	}
	return offer[:i]
}

// newUnique makes the unique part of an offer's id: 130 random bits, no dash.
func newUnique() string { return rand.Text() }
