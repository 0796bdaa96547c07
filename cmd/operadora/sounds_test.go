package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora/doctor"
)

// TestUnplayableSoundsAreNotThere: the PBX lists them, and callers hear nothing.
func TestUnplayableSoundsAreNotThere(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := printSounds(&out, []doctor.Sound{{Language: "en", Name: "good", There: true}, {Language: "en", Name: "mute", There: true, Unplayable: "/x/mute.wav is empty"}}, true)
	if err == nil || !strings.Contains(err.Error(), "1 of 2 sounds cannot be played") || !strings.Contains(out.String(), "/x/mute.wav is empty") || strings.Contains(out.String(), "good") {
		t.Errorf("%v:\n%s", err, &out)
	}
}

// TestSoundsForElsewhere: everything whose text is known, and no PBX is asked.
func TestSoundsForElsewhere(t *testing.T) {
	t.Parallel()
	file := initialSite(t)
	out, err := run(t, "sounds", "speak", "--all", "--dry-run", "--dir", t.TempDir(), "--config", file)
	if err != nil || !strings.Contains(out, "/es/operadora/") || !strings.Contains(out, "/en/operadora/") || strings.Contains(out, "not made") || !strings.Contains(out, "nothing was made") {
		t.Errorf("%v:\n%s", err, out)
	}
	if _, err := run(t, "sounds", "speak", "--all", "--config", file); err == nil || !strings.Contains(err.Error(), "--dir is missing") {
		t.Errorf("%v", err)
	}
}
