package say

import (
	"regexp"
	"strconv"

	"github.com/operadora/operadora/orchestrator"
)

// coins names the sounds of a currency: one and several of its unit and of its
// hundredth. They are operadora's own prompts.
type coins struct{ unit, units, cent, cents string }

// pesos are spoken alike in every country that has them.
var pesos = coins{"peso", "pesos", "cent", "cents"}

var currencies = map[string]coins{
	"USD": {"dollar", "dollars", "cent", "cents"},
	"EUR": {"euro", "euros", "euro-cent", "euro-cents"},
	"MXN": pesos, "ARS": pesos, "COP": pesos, "CLP": pesos, "UYU": pesos, "DOP": pesos,
}

// Currency tells whether amounts in a currency (ISO 4217) can be spoken.
func Currency(code string) bool { _, ok := currencies[code]; return ok }

// amount is a decimal number with at most two digits after the point, which
// may also be a comma.
var amount = regexp.MustCompile(`^(-?)([0-9]{1,12})(?:[.,]([0-9]{1,2}))?$`)

// Money speaks an amount: "five cents", "one dollar and fifty cents", "un
// millón de pesos". ok is false when the text is no amount up to Limit, or
// language or currency have no rules here.
func Money(lang, text, currency string) (media []orchestrator.Media, ok bool) {
	m := amount.FindStringSubmatch(text)
	c, known := currencies[currency]
	if m == nil || !known || !Spoken(lang) {
		return nil, false
	}
	units, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return nil, false
	}
	cents := hundredths(m[3])
	if m[1] != "" && units+cents > 0 {
		media = digits([]string{"minus"})
	}
	if units > 0 || cents == 0 {
		media = append(media, count(lang, units, c.unit, c.units)...)
		if cents == 0 {
			return media, true
		}
		media = append(media, sound("operadora/and"))
	}
	return append(media, count(lang, cents, c.cent, c.cents)...), true
}

// hundredths reads the digits after the point: "5" is fifty.
func hundredths(s string) int64 {
	if len(s) == 1 {
		s += "0"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0 // no digits at all
	}
	return n
}

// count speaks a number of things. In Spanish a full million takes "de".
func count(lang string, n int64, one, many string) []orchestrator.Media {
	name := many
	if n == 1 {
		name = one
	}
	if base(lang) != "es" {
		return append(digits(english(n)), sound("operadora/"+name))
	}
	names := spanish(n, Masculine)
	if n >= 1_000_000 && n%1_000_000 == 0 {
		names = append(names, "es-de")
	}
	return append(digits(names), sound("operadora/"+name))
}
