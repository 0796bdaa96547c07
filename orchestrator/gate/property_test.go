package gate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator/gate"
)

// open allows every number but those with the denied prefix.
func open(region, deny string) gate.Gate {
	return gate.Gate{"pbx": {
		Dial: "PJSIP/{number}@trunk", Region: region, Cost: gate.CostPremium, Allow: []string{"+"}, Deny: []string{deny},
		Short: []string{"112", "XXXX", "*72", "*21*XXXX#"},
	}}
}

// dialled is the number in an endpoint.
func dialled(endpoint string) string {
	return strings.TrimSuffix(strings.TrimPrefix(endpoint, "PJSIP/"), "@trunk")
}

var regions = slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions()))

// numbers is one number of each kind that each country's plan has.
var numbers = func() map[string]string {
	out := map[string]string{} // number: region
	for _, region := range regions {
		for kind := phonenumbers.FIXED_LINE; kind < phonenumbers.UNKNOWN; kind++ {
			if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil && phonenumbers.IsValidNumber(n) {
				out[phonenumbers.Format(n, phonenumbers.E164)] = region
			}
		}
	}
	return out
}()

// TestNoSpellingPassesADeny writes numbers of the whole world in every way that
// people, PBXs and fraudsters write them. However it is written and wherever it is
// dialled, a number whose prefix is denied is not reached, and a way of writing
// that means the number is not taken for another.
func TestNoSpellingPassesADeny(t *testing.T) {
	t.Parallel()
	all := slices.Sorted(maps.Keys(numbers))
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SampledFrom(all).Draw(t, "number")
		home := numbers[number]
		n, err := phonenumbers.Parse(number, "")
		if err != nil {
			t.Fatal(err)
		}
		from := home
		if rapid.Bool().Draw(t, "abroad") {
			from = rapid.SampledFrom(regions).Draw(t, "from")
		}
		deny := number[:rapid.IntRange(3, len(number)).Draw(t, "denied")]
		nsn, trunk := phonenumbers.GetNationalSignificantNumber(n), phonenumbers.GetNddPrefixForRegion(home, true)
		cc := strings.TrimSuffix(number[1:], nsn)
		digits := strings.ReplaceAll(phonenumbers.FormatOutOfCountryCallingNumber(n, from), "+", "")
		text := rapid.SampledFrom([]string{
			number, "+" + cc + " (" + trunk + ") " + nsn, "00" + cc + nsn, "011" + cc + nsn, digits, cc + nsn, nsn, trunk + nsn,
			"0" + nsn, "0000" + cc + nsn, "+00" + cc + nsn, "+" + cc + "00" + cc + nsn, cc + cc + nsn, "9" + number[1:], "*" + number, "#31#" + nsn,
			phonenumbers.Format(n, phonenumbers.NATIONAL), phonenumbers.Format(n, phonenumbers.INTERNATIONAL), phonenumbers.Format(n, phonenumbers.RFC3966),
		}).Draw(t, "spelling")
		for range rapid.IntRange(0, 3).Draw(t, "insertions") {
			at := rapid.IntRange(0, len(text)).Draw(t, "at")
			text = text[:at] + rapid.SampledFrom([]string{"*", "#", " ", "-", ".", "(", ")", "/", "+", "0", ",", "w", "p", ";", "\x00"}).Draw(t, "insert") + text[at:]
		}
		endpoint, err := reach(open(from, deny), "pbx", text)
		if err == nil && strings.HasPrefix(dialled(endpoint), deny) {
			t.Fatalf("%q dialled in %s reached %s although %s is denied", text, from, endpoint, deny)
		}
		if err == nil && len(dialled(endpoint)) > 10 && !strings.HasPrefix(dialled(endpoint), "+") {
			t.Fatalf("%q went to %s as it was written", text, endpoint)
		}
	})
}

// TestEverySpellingIsOneNumber: the ways to write a number that its country has are the same number.
func TestEverySpellingIsOneNumber(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		region, number string
		spellings      []string
	}{
		{"ES", "+34910000001", []string{"910000001", "0034910000001", "34910000001", "+34 910 00 00 01"}},
		{"GB", "+442079460958", []string{"02079460958", "2079460958", "00442079460958", "+44 (0)20 7946 0958", "0044 020 7946 0958"}},
		{"US", "+18765551234", []string{"8765551234", "18765551234", "01118765551234", "+1 (876) 555-1234"}},
		{"IT", "+390612345678", []string{"0612345678", "00390612345678", "+39 06 1234 5678"}},
		{"CO", "+573101234567", []string{"3101234567", "573101234567", "00573101234567", "+57 310 1234567"}},
		{"AR", "+5491112345678", []string{"011 15 1234 5678", "+54 9 11 1234 5678", "0054 9 11 1234 5678"}},
		{"BR", "+5511961234567", []string{"11961234567", "011961234567", "01511961234567", "005511961234567"}},
	} {
		for _, s := range r.spellings {
			if got, err := gate.E164(s, r.region); got != r.number {
				t.Errorf("%q in %s: %q, %v, want %s", s, r.region, got, err, r.number)
			}
		}
	}
}

// FuzzDestination gives the gate anything at all: what comes out is a number in
// its one form that no prefix forbids, or something that the policy lists.
func FuzzDestination(f *testing.F) {
	for _, seed := range []string{"910000001", "+34*900", "00 34 807 123 456", "112", "*72", "0000", "*21*1234#", "tel:+34-910", "910,1", "٩10000001", "+1876555123\n4"} {
		f.Add(seed, "ES")
		f.Add(seed, "US")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		const deny = "+348"
		endpoint, err := reach(open(region, deny), "pbx", text)
		if err != nil {
			if endpoint != "" {
				t.Fatalf("%q was refused with an endpoint, %q", text, endpoint)
			}
			return
		}
		got := dialled(endpoint)
		if got == "" || strings.Trim(got, "+0123456789*#") != "" {
			t.Fatalf("%q reached %q", text, endpoint)
		}
		if got[0] != '+' {
			if got != text || len(got) > 9 {
				t.Fatalf("%q reached %q, which is not in the list", text, endpoint)
			}
			return
		}
		if again, err := gate.E164(got, ""); again != got {
			t.Fatalf("%q reached %q, which reads as %q (%v)", text, got, again, err)
		}
		if strings.HasPrefix(got, deny) {
			t.Fatalf("%q reached %q, which is denied", text, got)
		}
	})
}
