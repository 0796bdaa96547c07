package leads

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSurvey: how the numbers and dates of a column are written is told by all its rows, else by who
// says so, else by the list's last file; else it is asked, and never guessed.
func TestSurvey(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name, values     string
		said, remembered As
		want             string // what the column is, and what the values become; or why not
	}{
		{"everybody reads them alike", "1250 -3.5 0", "", "", "a:number 1250 -3.5 0"},
		{"in two forms, each read in one way", "1.250,50 1,250.50", "", "", "a:number 1250.5 1250.5"},
		{"Spanish", "1.250 $1.250.000,50 0,125 1'250.000 -1.250,5", "", "", "a:number:comma 1250 1.2500005e+06 0.125 1.25e+06 -1250.5"},
		{"English", "1,250 1.5", "", "", "a:number:point 1250 1.5"},
		{"thousands alone", "1.250 2.500", "", "", `a !"1.250" in row 2 is read in two ways, and no row tells which is meant`},
		{"thousands alone, said", "1.250 2.500", "a:number:comma", "", "a:number:comma 1250 2500"},
		{"thousands alone, said otherwise", "1.250 2.500", "a:number:point", "", "a:number:point 1.25 2.5"},
		{"thousands alone, said without the form", "1.250 2.500", "a:number", "", `a:number !"1.250" in row 2 is read in two ways, and no row tells which is meant`},
		{"thousands alone, as last time", "1.250 2.500", "", "a:number:comma", "a:number:comma 1250 2500"},
		{"not as last time", "1,250 2,500.00", "", "a:number:comma", "a:number:point 1250 2500"},
		{"said, and the file tells otherwise", "1,250 2,500.00", "a:number:comma", "", `a:number:comma !"2,500.00" in row 3 is not written as 1.250.000,50`},
		{"one row of another form", "1.250 2.500,50 2,500.50", "", "", `a !it has "2.500,50" in row 3 beside "2,500.50" in row 4, and "1.250" in row 2 may be either`},
		{"one row of another form, said", "1.250 2.500,50 2,500.50", "a:number:comma", "", "a:number:comma 1250 2500.5 reject"},
		{"two currencies", "$1 €2", "", "", `a !it has amounts of "$" and of "€"`},
		{"a plate", "ABC123", "", "", "a ABC123"},
		{"a code", "007 008", "", "", "a 007 008"},
		{"days", "1/2/2026 31/12/2026", "", "", "a:date:dmy 2026-02-01 2026-12-31"},
		{"days of the United States", "1/2/2026 12/31/2026", "", "", "a:date:mdy 2026-01-02 2026-12-31"},
		{"days that everybody reads alike", "31-12-2026 2026-12-30 31.12.2026T00:00:00 05/05/2026", "", "", "a:date 2026-12-31 2026-12-30 2026-12-31 2026-05-05"},
		{"no day tells", "01/02/2026 03/04/2026", "", "", `a !"01/02/2026" in row 2 is read in two ways, and no row tells which is meant`},
		{"no day tells, said", "01/02/2026 03/04/2026", "a:date:dmy", "", "a:date:dmy 2026-02-01 2026-04-03"},
		{"one day of each", "01/02/2026 31/12/2026 12/31/2026", "", "", `a !it has "31/12/2026" in row 3 beside "12/31/2026" in row 4, and "01/02/2026" in row 2 may be either`},
		{"of no year that has four digits", "31/12/26", "", "", "a 31/12/26"},
		{"with a time", "31/12/2026T10:30", "", "", "a 31/12/2026T10:30"},
		{"no day", "31/02/2026", "", "", "a 31/02/2026"},
		{"text, remembered", "1.250", "", "a", "a 1.250"},
	} {
		said, remembered := map[string]As{}, map[string]As{}
		if r.said != "" {
			said["a"] = r.said
		}
		if r.remembered != "" {
			remembered["a"] = r.remembered
		}
		var rows [][]string
		for _, v := range strings.Fields(r.values) {
			rows = append(rows, []string{"3001234567", v})
		}
		columns, err := Guess([]string{"phone", "a"}, rows, said, remembered, "CO")
		if err != nil {
			t.Fatal(err)
		}
		s := NewSurvey(columns, said, remembered)
		for i, cells := range rows {
			s.Row(int64(i+2), cells)
		}
		columns = s.Settle()
		got := string(columns[1].As)
		if u := columns[1].Unclear; u != nil {
			got += " !" + u.Why
			if refused := Clear(columns) != nil; refused != (r.said != "" || r.remembered != "") {
				t.Errorf("%s: refused %v", r.name, refused)
			}
		} else {
			got += " " + become(t, columns, rows)
		}
		if got != r.want {
			t.Errorf("%s:\n got %s\nwant %s", r.name, got, r.want)
		}
	}
	err := Clear([]Column{{Heading: "Saldo", As: "saldo:number", Unclear: &Unclear{Kind: KindNumber, Why: "why"}}})
	if want := `columns: "Saldo": why: say saldo:number:comma (1.250.000,50), saldo:number:point (1,250,000.50), or saldo, which is text`; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// become is what the values of the second column become.
func become(t *testing.T, columns []Column, rows [][]string) string {
	t.Helper()
	reader := NewReader(List{Region: "CO"}, columns)
	var out []string
	for _, cells := range rows {
		lead, _, ok := reader.Read(cells)
		value := "reject"
		if ok {
			value = fmt.Sprint(lead.Fields["a"])
		}
		out = append(out, value)
	}
	return strings.Join(out, " ")
}

// TestNothingIsReadInTwoWays: without a form, a value becomes a number or a day only where both forms
// make the same of it; and what a value has become is read as itself.
func TestNothingIsReadInTwoWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{KindNumber, KindDate}).Draw(t, "kind")
		v := rapid.StringMatching(`[$-]?[0-9]{1,4}([.,'/-][0-9]{1,4}){0,3}`).Draw(t, "value")
		value, ok := read(v, kind)
		r := readings(v, kind)
		if ok && r[0] != nil && r[1] != nil && r[0] != r[1] {
			t.Fatalf("%q became %v and is %v or %v", v, value, r[0], r[1])
		}
		if day, _ := value.(string); ok && kind == KindDate && !isDay(day) {
			t.Fatalf("%q became %q", v, day)
		}
	})
}
