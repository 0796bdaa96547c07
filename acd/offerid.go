package acd

import "crypto/rand"

// MakeOfferID joins a call and the unique part of an offer's id: like all ids
// of operadora, "<call>-<unique>" carries its call.
func MakeOfferID(call, unique string) string { return call + "-" + unique }

// newUnique makes the unique part of an offer's id: 130 random bits, no dash.
func newUnique() string { return rand.Text() }
