package yamlfile

import (
	"fmt"
	"strings"

	"github.com/hbollon/go-edlib"
)

// Suggest is what to add to a complaint about a misspelt word: "; did you mean …?",
// or all known words when none is near.
func Suggest(word string, known []string) string {
	if text := near(word, known); text != "" || len(known) == 0 {
		return text
	}
	return "; it knows " + strings.Join(known, ", ")
}

func near(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// Nearest returns the known word that a misspelt one was probably meant to be,
// "" when none is near: at most two letters are inserted, dropped, changed or
// swapped, and fewer than half of the word's.
func Nearest(word string, known []string) string {
	best, far := "", 3
	word = word[:min(len(word), maxWord)]
	for _, k := range known {
		if d := edlib.OSADamerauLevenshteinDistance(word, k); d < far && 2*d < len(k) {
			best, far = k, d
		}
	}
	return best
}

// maxWord is how much of a misspelt word is compared.
const maxWord = 64
