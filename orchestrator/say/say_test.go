package say_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/say"
)

var update = flag.Bool("update", false, "write what comes out as the expected files")

var numbers = []int64{0, 1, 2, 15, 16, 20, 21, 22, 29, 30, 31, 41, 99, 100, 101, 121, 199, 200, 201, 221, 300, 555,
	700, 900, 999, 1000, 1001, 1021, 1100, 1999, 2000, 2026, 21000, 21021, 31000, 100000, 101000, 121000, 999999,
	1000000, 1000001, 2000000, 21000000, 100000000, 1000000000, 1000000001, 21000000000, say.Limit, -1, -5, -1000000}

func names(media []orchestrator.Media) string {
	out := make([]string, len(media))
	for i, m := range media {
		out[i] = string(m.Kind) + ":" + m.Value
		if m.Kind == orchestrator.MediaSound {
			out[i] = strings.TrimPrefix(m.Value, "digits/")
		}
	}
	return strings.Join(out, " ")
}

func TestNumbersGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		for _, g := range []say.Gender{"", say.Feminine, say.Masculine} {
			if lang == "en" && g != "" {
				continue
			}
			var b strings.Builder
			for _, n := range numbers {
				media, ok := say.Int(lang, n, g)
				if !ok {
					t.Fatalf("%d is not spoken", n)
				}
				fmt.Fprintf(&b, "%d\t%s\n", n, names(media))
			}
			golden(t, "testdata/numbers_"+lang+string(g)+".tsv", b.String())
		}
	}
}

// golden compares with a file of testdata.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// packaged are the digits/ sounds of Debian's asterisk-core-sounds packages 1.6.1.
func packaged(t *testing.T, lang string) map[string]bool {
	t.Helper()
	f, err := os.Open("testdata/core_sounds_" + lang + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		out[lines.Text()] = true
	}
	if len(out) < 50 {
		t.Fatalf("only %d sounds in the list", len(out))
	}
	return out
}

func TestEverySoundIsInThePackages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		have := packaged(t, lang)
		check := func(what string, media []orchestrator.Media) {
			for _, m := range media {
				if m.Kind != orchestrator.MediaSound || !have[m.Value] {
					t.Errorf("%s: %s needs %s %s, which is not packaged", lang, what, m.Kind, m.Value)
				}
			}
		}
		for _, g := range []say.Gender{"", say.Feminine, say.Masculine} {
			for n := int64(-1100); n <= 2200; n++ {
				media, _ := say.Int(lang, n, g)
				check(fmt.Sprint(n), media)
			}
			for _, n := range numbers {
				media, _ := say.Int(lang, n, g)
				check(fmt.Sprint(n), media)
			}
		}
		check("keys", say.Digits(lang, "0123456789*#"))
		for d := range 400 {
			date := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, d).Format("2006-01-02")
			media, _ := say.Date(lang, date)
			check(date, media)
		}
		for m := range 24 * 60 {
			clock := fmt.Sprintf("%02d:%02d", m/60, m%60)
			media, _ := say.Time(lang, clock)
			check(clock, media)
		}
	}
}

func TestDatesTimesAndMoneyGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		var b strings.Builder
		line := func(what string, media []orchestrator.Media, ok bool) {
			if !ok {
				t.Errorf("%s: %s is not spoken", lang, what)
			}
			fmt.Fprintf(&b, "%s\t%s\n", what, names(media))
		}
		for _, v := range []string{"2026-01-01", "2026-01-15", "1999-12-31", "1905-02-20", "1900-07-21", "2000-08-22", "2100-10-30", "1066-10-14"} {
			media, ok := say.Date(lang, v)
			line(v, media, ok)
		}
		for _, v := range []string{"00:00", "00:05", "01:00", "09:30", "11:59", "12:00", "12:01", "13:05", "18:21", "19:00", "21:45", "23:10"} {
			media, ok := say.Time(lang, v)
			line(v, media, ok)
		}
		for _, v := range []string{"0 MXN", "0.05 MXN", "0.1 USD", "1 USD", "1.01 EUR", "21.21 EUR", "-3.50 USD", "1000000 MXN", "21000000 COP",
			"1000001 MXN", "1234,56 EUR", "999999999999.99 ARS", "-0.00 USD"} {
			value, currency, _ := strings.Cut(v, " ")
			media, ok := say.Money(lang, value, currency)
			line(v, media, ok)
		}
		golden(t, "testdata/values_"+lang+".tsv", b.String())
	}
}

func TestValuesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"", "2026-02-30", "15/01/2026", "24:00", "9:7", "noon", "1.234", "1e3", "--1", "1234567890123", "٣"} {
		_, date := say.Date("es", v)
		_, clock := say.Time("es", v)
		_, money := say.Money("es", v, "USD")
		if date || clock || money {
			t.Errorf("%q is spoken: date %v, time %v, money %v", v, date, clock, money)
		}
	}
	if _, ok := say.Money("es", "1", "XXX"); ok || say.Currency("XXX") || !say.Currency("EUR") {
		t.Error("a currency nobody knows is spoken")
	}
	if _, ok := say.Date("fr", "2026-01-15"); ok {
		t.Error("a date is spoken in a language without rules")
	}
}

func TestNumberText(t *testing.T) {
	t.Parallel()
	rows := []struct {
		lang, text, want string
		ok               bool
	}{
		{"es", " 21 ", "21", true},
		{"es-MX", "100", "hundred", true},
		{"en_GB", "-5", "minus 5", true},
		{"en", "1000000000000", "", false},
		{"en", "99999999999999999999", "", false},
		{"en", "12a", "", false},
		{"en", "", "", false},
		{"fr", "71", "number:71", true},
	}
	for _, r := range rows {
		media, ok := say.Number(r.lang, r.text, "")
		if ok != r.ok || names(media) != r.want {
			t.Errorf("%s %q = %q, %v; want %q, %v", r.lang, r.text, names(media), ok, r.want, r.ok)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	rows := []struct{ lang, text, want string }{
		{"en", "10 2*#", "1 0 2 star pound"},
		{"es", "600-12", "6 0 0 1 2"},
		{"es", "sin cifras", ""},
		{"fr", "12-3#", "digits:123#"},
		{"fr", "rien", ""},
	}
	for _, r := range rows {
		if got := names(say.Digits(r.lang, r.text)); got != r.want {
			t.Errorf("%s %q = %q, want %q", r.lang, r.text, got, r.want)
		}
	}
}
