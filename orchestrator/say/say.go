// Package say turns values into the lists of sounds that speak them in English
// and Spanish, from the names of Asterisk's core sound packages. It is pure
// and imports only the media type of orchestrator.
//
// The rules follow Asterisk's own main/say.c (ast_say_number_full_en and
// ast_say_number_full_es) where the packaged sounds have what it asks for, and
// go beyond it where it is wrong or the file does not exist: the Spanish
// package has no digits/100 ("cien" is digits/hundred there), and say.c says
// "veintiuno mil" where people say "veintiún mil".
//
// For a language that has no rules here the PBX's own number and digit
// speaking is used.
package say

import (
	"slices"
	"strconv"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// Gender is the grammatical gender of what is counted. "" is plain counting.
type Gender string

// The genders.
const (
	Feminine  Gender = "f"
	Masculine Gender = "m"
)

// Limit is the largest absolute value that Number speaks.
const Limit = 999_999_999_999

// Spoken tells whether a language has rules here.
func Spoken(lang string) bool {
	switch base(lang) {
	case "en", "es":
		return true
	}
	return false
}

// keyNames are the sounds of keys that are no digits.
var keyNames = map[rune]string{'*': "star", '#': "pound"}

// Digits speaks a text key by key: digits, * and #. Anything else (spaces,
// punctuation) is passed over in silence.
func Digits(lang, text string) []orchestrator.Media {
	if !Spoken(lang) {
		keep := strings.Map(func(r rune) rune {
			if (r >= '0' && r <= '9') || r == '*' || r == '#' {
				return r
			}
			return -1
		}, text)
		if keep == "" {
			return nil
		}
		return []orchestrator.Media{{Kind: orchestrator.MediaDigits, Value: keep}}
	}
	var out []orchestrator.Media
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			out = append(out, sound("digits/"+string(r)))
		case r == '*' || r == '#':
			out = append(out, sound("digits/"+keyNames[r]))
		}
	}
	return out
}

// Number speaks a whole number. ok is false when the text is none or lies
// beyond Limit; the caller may then speak its digits.
func Number(lang, text string, g Gender) (media []orchestrator.Media, ok bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n > Limit || n < -Limit {
		return nil, false
	}
	return Int(lang, n, g)
}

// Int is Number for a value that is a number already.
func Int(lang string, n int64, g Gender) (media []orchestrator.Media, ok bool) {
	if n > Limit || n < -Limit {
		return nil, false
	}
	if !Spoken(lang) {
		return []orchestrator.Media{{Kind: orchestrator.MediaNumber, Value: strconv.FormatInt(n, 10)}}, true
	}
	var names []string
	if n < 0 {
		names, n = append(names, "minus"), -n
	}
	if base(lang) == "es" {
		names = append(names, spanish(n, g)...)
	} else {
		names = append(names, english(n)...)
	}
	return digits(names), true
}

// english speaks n >= 0: "one hundred one", "twenty one thousand".
func english(n int64) []string {
	switch {
	case n <= 20:
		return []string{strconv.FormatInt(n, 10)}
	case n < 100:
		return rest([]string{strconv.FormatInt(n/10*10, 10)}, n%10, english)
	case n < 1000:
		return rest(append(english(n/100), "hundred"), n%100, english)
	case n < 1_000_000:
		return rest(append(english(n/1000), "thousand"), n%1000, english)
	case n < 1_000_000_000:
		return rest(append(english(n/1_000_000), "million"), n%1_000_000, english)
	}
	return rest(append(english(n/1_000_000_000), "billion"), n%1_000_000_000, english)
}

// spanish speaks n >= 0. A number before "mil" or "millones" is masculine and
// short: "veintiún mil", "un millón".
func spanish(n int64, g Gender) []string {
	same := func(n int64) []string { return spanish(n, g) }
	short := Masculine
	switch {
	case n == 1:
		return []string{spanishOne(g)}
	case n == 21 && spanishOne(g) != "1":
		return []string{"20-and", spanishOne(g)}
	case n < 31:
		return []string{strconv.FormatInt(n, 10)}
	case n < 100 && n%10 == 0:
		return []string{strconv.FormatInt(n, 10)}
	case n < 100:
		return append([]string{strconv.FormatInt(n/10*10, 10), "and"}, spanish(n%10, g)...)
	case n == 100:
		return []string{"hundred"}
	case n < 200:
		return append([]string{"100-and"}, spanish(n%100, g)...)
	case n < 1000:
		return rest([]string{strconv.FormatInt(n/100*100, 10)}, n%100, same)
	case n < 2000:
		return rest([]string{"thousand"}, n%1000, same)
	case n < 1_000_000:
		return rest(append(spanish(n/1000, short), "thousand"), n%1000, same)
	case n < 2_000_000:
		return rest([]string{"1M", "million"}, n%1_000_000, same)
	}
	return rest(append(spanish(n/1_000_000, short), "millions"), n%1_000_000, same)
}

// spanishOne is "uno", "una" or "un". There are no sounds for feminine
// hundreds ("doscientas"), so one and twenty-one are all that gender changes.
func spanishOne(g Gender) string {
	switch g {
	case Feminine:
		return "1F"
	case Masculine:
		return "1M"
	}
	return "1"
}

// rest appends what is left of a number, nothing when nothing is left.
func rest(head []string, n int64, speak func(int64) []string) []string {
	if n == 0 {
		return head
	}
	return append(head, speak(n)...)
}

// digits are sounds of the folder that numbers, days and months are in.
func digits(names []string) []orchestrator.Media {
	out := make([]orchestrator.Media, len(names))
	for i, name := range names {
		out[i] = sound("digits/" + name)
	}
	return out
}

func sound(name string) orchestrator.Media {
	return orchestrator.Media{Kind: orchestrator.MediaSound, Value: name}
}

// base is the language without its region, in lower case.
func base(lang string) string { return strings.ToLower(orchestrator.BaseLanguage(lang)) }

// Sample returns sounds that spoken values need in a language, enough to tell
// whether its sound package is installed; nil for a language without rules.
func Sample(lang string) []string {
	if !Spoken(lang) {
		return nil
	}
	media := Digits(lang, "0123456789*#")
	for _, n := range []int64{-121_121, 2_000_030} {
		m, _ := Int(lang, n, "")
		media = append(media, m...)
	}
	var out []string
	for _, m := range media {
		if !slices.Contains(out, m.Value) {
			out = append(out, m.Value)
		}
	}
	return out
}
