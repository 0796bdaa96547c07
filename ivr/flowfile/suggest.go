package flowfile

import (
	"fmt"
	"strings"
)

// Suggest is what to add to a complaint about a misspelt word: "; did you mean …?",
// or all known words when none is near.
func Suggest(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(known) == 0 {
		return ""
	}
	return "; it knows " + strings.Join(known, ", ")
}

// Nearest returns the known word that a misspelt one was probably meant to be,
// "" when none is near.
func Nearest(word string, known []string) string {
	best, far := "", 3
	word = word[:min(len(word), maxWord)]
	for _, k := range known {
		if d := distance(word, k); d < far && 2*d < len(k) {
			best, far = k, d
		}
	}
	return best
}

// maxWord is how much of a misspelt word is compared.
const maxWord = 64

// distance counts the letters to insert, drop, change or swap with their
// neighbour to get from a to b (optimal string alignment, on bytes).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
