// Package phrases says in another language what parts of the program say in English, from a list
// of what they may say. What is quoted in it (names, errors of others, commands) stays as it is.
package phrases

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Book is a list of phrases in two languages.
type Book []phrase

type phrase struct {
	from   *regexp.Regexp // with a group for each value
	to     string         // with %s, or %[2]s, for each
	weight int            // letters that are no value: of several that fit, the one with most is meant
}

// place is where a value goes.
var place = regexp.MustCompile(`%(\[\d\])?[sd]`)

// Read reads a list: a phrase in English, below it the same in the other language, an empty line.
// %s is a value, %d one that is a number.
func Read(list string) Book {
	var out Book
	groups := strings.NewReplacer("%s", "(.*?)", "%d", `(\d+)`)
	for block := range strings.SplitSeq(list, "\n\n") {
		from, to, _ := strings.Cut(strings.TrimSpace(block), "\n")
		if from == "" || strings.HasPrefix(from, "#") {
			continue
		}
		out = append(out, phrase{
			from:   regexp.MustCompile("(?s)^" + groups.Replace(regexp.QuoteMeta(from)) + "$"),
			to:     place.ReplaceAllString(to, "%${1}s"),
			weight: len(place.ReplaceAllString(from, "")),
		})
	}
	slices.SortStableFunc(out, func(a, b phrase) int { return b.weight - a.weight })
	return out
}

// Say says a text in the other language; false, with the text as it is, where no phrase fits. The
// values in it may be phrases themselves, or lists of some.
func (b Book) Say(text string) (string, bool) {
	for _, p := range b {
		found := p.from.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		values := make([]any, 0, len(found)-1)
		for _, value := range found[1:] {
			values = append(values, b.value(value))
		}
		return fmt.Sprintf(p.to, values...), true
	}
	return text, false
}

// value is a value in the other language, as far as there are phrases for it, or for what it lists.
func (b Book) value(text string) string {
	said, ok := b.Say(text)
	if ok || !strings.Contains(text, ", ") {
		return said
	}
	items := strings.Split(text, ", ")
	for i, item := range items {
		items[i], _ = b.Say(item)
	}
	return strings.Join(items, ", ")
}
