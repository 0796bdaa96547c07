package leads

import (
	"strings"
	"testing"
	"time"
)

// TestOneNumberHasOneForm: however it is written, so that what must not be called is
// found.
func TestOneNumberHasOneForm(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]struct {
		region string
		texts  []string
	}{
		"+573011234567":  {"CO", []string{"3011234567", "573011234567", "+57 301 1234567", "0057 301 123 4567", "00573011234567", "=\"3011234567\""}},
		"+573511234567":  {"CO", []string{"00573511234567", "3511234567"}},
		"+576012345678":  {"CO", []string{"0057 601 2345678", "(601) 234 5678"}},
		"+5534988112233": {"BR", []string{"0055 34 98811-2233", "034 98811-2233", "5534988112233"}},
		"+5549991122334": {"BR", []string{"0055 49 99112-2334", "+55 (0)49 99112 2334"}},
		"+34910000001":   {"ES", []string{"0034910000001", "910 00 00 01"}},
		"+525512345678":  {"MX", []string{"+5255 1234 5678", "0052 55 1234 5678", "55 1234 5678"}},
		"+442079460958":  {"GB", []string{"020 7946 0958", "0044 020 7946 0958", "+44 (0)20 7946 0958"}},
	} {
		for _, text := range r.texts {
			if got, _, why := Phone(text, r.region); got != want {
				t.Errorf("%q in %s: %q (%s), want %q", text, r.region, got, why, want)
			}
		}
	}
}

// TestNationalHashesAreOfTheWholePlan: the list of a country has numbers of all that
// share its code.
func TestNationalHashesAreOfTheWholePlan(t *testing.T) {
	t.Parallel()
	for number, region := range map[string]string{"+17875551234": "US", "+447797712345": "GB", "+14165550123": "US", "+77012345678": "RU"} {
		if (Hashing{Algorithm: "md5", Of: "national", Region: region}).Sum(number) == "" {
			t.Errorf("%s can be in no list of %s", number, region)
		}
	}
	if (Hashing{Algorithm: "md5", Of: "national", Region: "ES"}).Sum("+573001234567") != "" {
		t.Error("a Colombian number in a Spanish list")
	}
}

// TestFilterMakesNoListsOfItsOwn: a lead is judged in no time.
func TestFilterMakesNoListsOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"any(1..900000, # == 0)", "all(numbers, len(1..900000) > 3)", "number(id) in 1..3"} {
		f, err := NewFilter(text, nil)
		if err == nil {
			began := time.Now()
			f.Chooses(Lead{}, began)
			t.Errorf("%s: taken; one lead takes %v", text, time.Since(began))
		} else if !strings.Contains(err.Error(), "range") {
			t.Error(err)
		}
	}
}
