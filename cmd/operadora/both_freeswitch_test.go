//go:build freeswitch

package main

import (
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// TestBothAtOnce: one queue over an Asterisk and a FreeSWITCH, with a trunk between them.
func TestBothAtOnce(t *testing.T) {
	t.Parallel()
	if centre.OnFreeSWITCH() {
		t.Skip("has an Asterisk as the first of the two")
	}
	oneQueue(t, centre.Beside{FreeSWITCH: true}, "user")
}

// TestLineAtAFreeSWITCH: callers of an Asterisk are served by an agent on a permanent
// line of a FreeSWITCH.
func TestLineAtAFreeSWITCH(t *testing.T) {
	t.Parallel()
	if centre.OnFreeSWITCH() {
		t.Skip("has an Asterisk as the first of the two")
	}
	lineThere(t, centre.Beside{FreeSWITCH: true}, "user")
}
