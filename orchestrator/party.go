package orchestrator

import (
	"strings"
	"unicode"
)

// maxParty is the longest number or name that is passed on, in characters.
const maxParty = 64

// CleanParty makes signalled text safe to show, store and signal again: it
// removes control characters and what has a meaning in SIP headers, ARI
// parameters or channel names, and cuts both parts to 64 characters.
func CleanParty(p Party) Party {
	return Party{Number: cleanText(p.Number, "&/@,;:'`"), Name: cleanText(p.Name, "")}
}

func cleanText(s, also string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "") {
		if n == maxParty {
			break
		}
		if unicode.IsControl(r) || strings.ContainsRune("\"\\<>{}"+also, r) || !unicode.IsPrint(r) {
			continue
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}
