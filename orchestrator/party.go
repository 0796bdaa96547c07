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
	return Party{Number: CleanNumber(p.Number), Name: cleanText(p.Name, "")}
}

// CleanNumber is CleanParty for a number alone: a caller's, or the one that was dialled.
func CleanNumber(n string) string { return cleanText(n, "&/@,;:'`") }

// AreKeys tells whether text is keys of a telephone, at least one, and nothing else:
// PBXs take some letters for pauses and lengths.
func AreKeys(text string) bool {
	return text != "" && strings.Trim(text, "0123456789*#ABCDabcd") == ""
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

// MaskNumber hides the middle of a number for logs and timelines: at most the
// last three characters stay.
func MaskNumber(n string) string {
	r := []rune(n)
	if len(r) <= 3 {
		return strings.Repeat("*", len(r))
	}
	return strings.Repeat("*", len(r)-3) + string(r[len(r)-3:])
}
