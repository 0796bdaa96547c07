package calendar

import (
	"maps"
	"slices"
	"time"
)

// feast is a public holiday of every year from one on.
type feast struct {
	name  string
	month time.Month
	day   int
	// easter counts the days from Easter Sunday, where month is 0.
	easter int
	// nth is the which weekday of the month it is, 1 to 5, in place of day.
	nth     int
	weekday time.Weekday
	// monday moves it to the Monday after, unless it is one.
	monday bool
	from   int // the first year
	every  int // how many years are from one to the next; 0 and 1: each year has it
}

// countries are the public holidays of whole countries. Regions and towns have more.
var countries = map[string][]feast{
	// Ley 51 de 1983 (Ley Emiliani), and Ley 2578 de 2026.
	"CO": {
		{name: "Año Nuevo", month: 1, day: 1},
		{name: "Reyes Magos", month: 1, day: 6, monday: true},
		{name: "San José", month: 3, day: 19, monday: true},
		{name: "Jueves Santo", easter: -3},
		{name: "Viernes Santo", easter: -2},
		{name: "Día del Trabajo", month: 5, day: 1},
		{name: "Ascensión del Señor", easter: 39, monday: true},
		{name: "Corpus Christi", easter: 60, monday: true},
		{name: "Sagrado Corazón de Jesús", easter: 68, monday: true},
		{name: "San Pedro y San Pablo", month: 6, day: 29, monday: true},
		{name: "Virgen de Chiquinquirá", month: 7, day: 9, monday: true, from: 2026},
		{name: "Independencia", month: 7, day: 20},
		{name: "Batalla de Boyacá", month: 8, day: 7},
		{name: "Asunción de la Virgen", month: 8, day: 15, monday: true},
		{name: "Día de la Raza", month: 10, day: 12, monday: true},
		{name: "Todos los Santos", month: 11, day: 1, monday: true},
		{name: "Independencia de Cartagena", month: 11, day: 11, monday: true},
		{name: "Inmaculada Concepción", month: 12, day: 8},
		{name: "Navidad", month: 12, day: 25},
	},
	// The days that are holidays in all of Spain; communities and towns add up to five.
	"ES": {
		{name: "Año Nuevo", month: 1, day: 1},
		{name: "Epifanía del Señor", month: 1, day: 6},
		{name: "Viernes Santo", easter: -2},
		{name: "Fiesta del Trabajo", month: 5, day: 1},
		{name: "Asunción de la Virgen", month: 8, day: 15},
		{name: "Fiesta Nacional", month: 10, day: 12},
		{name: "Todos los Santos", month: 11, day: 1},
		{name: "Día de la Constitución", month: 12, day: 6},
		{name: "Inmaculada Concepción", month: 12, day: 8},
		{name: "Natividad del Señor", month: 12, day: 25},
	},
	// Ley Federal del Trabajo, art. 74, without the days of elections.
	"MX": {
		{name: "Año Nuevo", month: 1, day: 1},
		{name: "Día de la Constitución", month: 2, nth: 1, weekday: time.Monday},
		{name: "Natalicio de Benito Juárez", month: 3, nth: 3, weekday: time.Monday},
		{name: "Día del Trabajo", month: 5, day: 1},
		{name: "Día de la Independencia", month: 9, day: 16},
		{name: "Día de la Revolución", month: 11, nth: 3, weekday: time.Monday},
		{name: "Transmisión del Poder Ejecutivo", month: 10, day: 1, from: 2024, every: 6},
		{name: "Navidad", month: 12, day: 25},
	},
	// Leis 662/1949, 6.802/1980 and 14.759/2023, and Good Friday.
	"BR": {
		{name: "Confraternização Universal", month: 1, day: 1},
		{name: "Paixão de Cristo", easter: -2},
		{name: "Tiradentes", month: 4, day: 21},
		{name: "Dia do Trabalho", month: 5, day: 1},
		{name: "Independência", month: 9, day: 7},
		{name: "Nossa Senhora Aparecida", month: 10, day: 12},
		{name: "Finados", month: 11, day: 2},
		{name: "Proclamação da República", month: 11, day: 15},
		{name: "Dia da Consciência Negra", month: 11, day: 20, from: 2024},
		{name: "Natal", month: 12, day: 25},
	},
}

// Countries are those whose public holidays are known.
func Countries() []string { return slices.Sorted(maps.Keys(countries)) }

// PublicHoliday is a date that is one.
type PublicHoliday struct {
	Date Day
	Name string
}

// PublicHolidays are those of a country in a year, by date; none of a country that is
// not known. Two may fall on one date.
func PublicHolidays(country string, year int) (out []PublicHoliday) {
	for _, f := range countries[country] {
		if at, is := f.in(year); is {
			y, m, d := at.Date()
			out = append(out, PublicHoliday{Day{y, m, d}, f.name})
		}
	}
	slices.SortStableFunc(out, func(a, b PublicHoliday) int { return a.Date.yearless() - b.Date.yearless() })
	return out
}

// IsHoliday tells whether a date is a public holiday of a country. No feast that is
// moved to a Monday is moved into another year.
func IsHoliday(country string, date time.Time) bool {
	y, m, d := date.Date()
	return slices.ContainsFunc(countries[country], func(f feast) bool {
		at, is := f.in(y)
		return is && at.Month() == m && at.Day() == d
	})
}

// in is the feast's date in a year, if it has one.
func (f feast) in(year int) (time.Time, bool) {
	if year < f.from || f.every > 1 && (year-f.from)%f.every != 0 {
		return time.Time{}, false
	}
	at := time.Date(year, f.month, f.day, 0, 0, 0, 0, time.UTC)
	switch {
	case f.month == 0:
		at = easter(year).AddDate(0, 0, f.easter)
	case f.nth > 0:
		at = time.Date(year, f.month, 1, 0, 0, 0, 0, time.UTC)
		at = at.AddDate(0, 0, (int(f.weekday)-int(at.Weekday())+7)%7+7*(f.nth-1))
	}
	if f.monday {
		at = at.AddDate(0, 0, (int(time.Monday)-int(at.Weekday())+7)%7)
	}
	return at, true
}

// easter is Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, ch. 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}
