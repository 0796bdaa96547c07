package api

import (
	"strings"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/runner"
)

// shutTexts are in Spanish why a campaign may not dial at all, as the runner says it; that its calendar is closed stands beside, for the name that is in it.
var shutTexts = map[string]string{
	"the campaign is paused":                        "la campaña está en pausa",
	"the campaign is draining":                      "la campaña se está vaciando",
	"it is not known whether another process dials": "no se sabe si marca otro proceso",
	"no PBX of its trunks is connected":             "ninguna centralita de sus troncales está conectada",
	"no agent is free for who would ask for one":    "no hay agente libre para quien lo pidiera",
}

// heldTexts is what keeps a campaign from dialling one more, in the languages in which it is known.
func heldTexts(l runner.Live) wire.Texts {
	out := wire.Texts{"en": l.Held}
	if l.Held == l.Hold.String() {
		out["es"] = l.Hold.Spanish()
		return out
	}
	if es, ok := shutTexts[l.Held]; ok {
		out["es"] = es
		return out
	}
	if name, ok := strings.CutPrefix(l.Held, "calendar "); ok {
		if name, ok = strings.CutSuffix(name, " is closed"); ok {
			out["es"] = "el calendario " + name + " está cerrado"
		}
	}
	return out
}
