// Package voice tells which files of FreeSWITCH's voices speak what operadora
// names. Above the adapters a sound has one name, that of Asterisk's core sounds
// (digits/20, vm-goodbye), whatever the PBX; here is what FreeSWITCH's packages
// (freeswitch-sounds-en-us-callie, freeswitch-sounds-es-ar-mario and their likes)
// call it. Names that are not of the core, such as operadora/welcome, stay.
//
// It is pure and imports nothing.
package voice

import (
	"strconv"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// both are the sounds that the two languages have under the same name.
var both = map[string][]string{
	"digits/a-m": {"time/a-m"}, "digits/p-m": {"time/p-m"}, "digits/oclock": {"time/oclock"}, "digits/oh": {"time/oh"},
	"digits/at": {"time/at"}, "digits/today": {"time/today"}, "digits/tomorrow": {"time/tomorrow"}, "digits/yesterday": {"time/yesterday"},
	"digits/dollars": {"currency/dollars"}, "digits/minus": {"currency/minus"}, "digits/and": {"currency/and"},
	"digits/billion": {"digits/thousand", "digits/million"},
}

// spanish are sounds that only Spanish has, or has otherwise: "ciento" is
// digits/hundred and "cien" digits/100; hundreds are two files but for the
// irregular ones; there is no feminine one.
var spanish = map[string][]string{
	"digits/hundred": {"digits/100"}, "digits/100-and": {"digits/hundred"},
	"digits/200": {"digits/2", "digits/hundreds"}, "digits/300": {"digits/3", "digits/hundreds"},
	"digits/400": {"digits/4", "digits/hundreds"}, "digits/600": {"digits/6", "digits/hundreds"},
	"digits/800": {"digits/8", "digits/hundreds"},
	"digits/1M":  {"digits/un"}, "digits/1F": {"digits/1"}, "digits/20-and": {"digits/veinti"},
	"digits/es-de": {"time/of"}, "digits/es-el": nil, "digits/at_s": {"time/at"}, "digits/afternoon": {"time/p-m"},
}

// Files are the files of a voice, without folder of the voice and ending, that
// speak a sound one after the other; none for a word that the voice lacks and
// that is understood without.
func Files(language, name string) []string {
	if strings.EqualFold(orchestrator.BaseLanguage(language), "es") {
		if files, ok := spanish[name]; ok {
			return files
		}
	}
	if files, ok := both[name]; ok {
		return files
	}
	for _, p := range []struct{ ours, theirs string }{
		{"digits/day-", "time/day-"}, {"digits/mon-", "time/mon-"}, {"vm-", "voicemail/vm-"}, {"conf-", "conference/conf-"},
	} {
		if rest, ok := strings.CutPrefix(name, p.ours); ok {
			return []string{p.theirs + rest}
		}
	}
	return []string{name}
}

// Digits are the files that speak keys one by one; ok is false for what is no key.
func Digits(keys string) (files []string, ok bool) {
	for _, k := range keys {
		switch {
		case k >= '0' && k <= '9':
			files = append(files, "digits/"+string(k))
		case k == '*':
			files = append(files, "digits/star")
		case k == '#':
			files = append(files, "digits/pound")
		default:
			return nil, false
		}
	}
	return files, keys != ""
}

// Number are the files that speak a whole number, for a language whose rules
// nobody knows above; ok is false for what is none, or beyond a billion.
func Number(language, text string) (files []string, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > 999_999_999 || n < -999_999_999 {
		return nil, false
	}
	if n < 0 {
		files, n = Files(language, "digits/minus"), -n
	}
	return append(files, english(n)...), true
}

func english(n int64) []string {
	rest := func(head []string, n int64) []string {
		if n == 0 {
			return head
		}
		return append(head, english(n)...)
	}
	switch {
	case n <= 20:
		return []string{"digits/" + strconv.FormatInt(n, 10)}
	case n < 100:
		return rest([]string{"digits/" + strconv.FormatInt(n/10*10, 10)}, n%10)
	case n < 1000:
		return rest(append(english(n/100), "digits/hundred"), n%100)
	case n < 1_000_000:
		return rest(append(english(n/1000), "digits/thousand"), n%1000)
	}
	return rest(append(english(n/1_000_000), "digits/million"), n%1_000_000)
}
