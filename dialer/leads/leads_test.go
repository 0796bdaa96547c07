package leads

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator/fault"
)

func guessed(t *testing.T, heading string, rows []string, said, remembered map[string]As) string {
	t.Helper()
	var below [][]string
	for _, r := range rows {
		below = append(below, strings.Split(r, ";"))
	}
	columns, err := Guess(strings.Split(heading, ";"), below, said, remembered, "CO")
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, c := range columns {
		out = append(out, string(c.As))
	}
	return strings.Join(out, " ")
}

// TestColumns: columns are known by headings in both languages, by what is said and
// remembered, and by what is in them.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name, heading    string
		rows             []string
		said, remembered map[string]As
		want             string
	}{
		{"Spanish", "Cédula;Nombres;Apellidos;Celular;Teléfono fijo 2;Idioma;Zona horaria;Días de mora", []string{"0012;Ana;Ruiz;3001234567;6011234567;es;America/Bogota;31"}, nil, nil,
			"id first_name last_name phone phone language time_zone dias_de_mora:number"},
		{"English", "Customer ID,;Full Name;Phone1;Work Phone;Amount;Notes", []string{"1;Ana;3001234567;3001234568;10.50;call late"}, nil, nil,
			"id name phone phone amount:number notes"},
		{"nombre beside apellidos", "Nombre;Apellidos;Tel.", []string{"Ana;Ruiz;3001234567"}, nil, nil, "first_name last_name phone"},
		{"a phone in name only", "Mobile plan;Phone", []string{"Gold;3001234567"}, nil, nil, "mobile_plan phone"},
		{"a phone column that is empty so far", "Phone;Phone 2", []string{"3001234567;"}, nil, nil, "phone phone"},
		{"by what is in it", "contacto;valor", []string{"Ana;3001234567", "Eva;3001234568"}, nil, nil, "contacto phone"},
		{"a code is no number", "Phone;Code;Plate;Odd", []string{"3001234567;007;ABC 123;5", "3001234567;008;XYZ 123;x"}, nil, nil, "phone code plate odd"},
		{"numbers and dates, however they are written", "Phone;Saldo;Cuota;Vence;Pagado", []string{"3001234567;$ 1.250.000,50;1.250;31/12/2026;1-2-2026"}, nil, nil,
			"phone saldo:number cuota:number vence:date pagado:date"},
		{"said", "Phone;Code;Saldo", []string{"3001234567;007;1"}, map[string]As{"Code": AsNothing, "Saldo": "balance"}, nil, "phone - balance"},
		{"remembered", "Tel A;Raro", []string{"3001234567;3001234567"}, nil, map[string]As{"Raro": AsPhone, "Tel A": AsNothing}, "- phone"},
		{"said before remembered", "Tel A;Raro", []string{"3001234567;3001234567"}, map[string]As{"Tel A": AsPhone}, map[string]As{"Raro": "odd", "Tel A": AsNothing}, "phone odd"},
		{"two of a name", "Phone;Saldo;saldo;SALDO", []string{"3001234567;1;2;3"}, nil, nil, "phone saldo:number saldo_2:number saldo_3:number"},
		{"words of expressions and of others", "Phone;In;Any;-;日本", []string{"3001234567;a;b;c;d"}, nil, nil, "phone in_ any_ column_4 column_5"},
		{"the second id is a field", "Phone;ID;Código", []string{"3001234567;1;2"}, nil, nil, "phone id codigo:number"},
		{"no phone", "a;b", []string{"1;2"}, nil, nil, "error: columns: none has telephone numbers; say which does: HEADING=phone"},
		{"no such column", "Phone", []string{"3001234567"}, map[string]As{"Fone": AsPhone}, nil, `error: columns: the file has no column "Fone"`},
		{"no such thing", "Phone", []string{"3001234567"}, map[string]As{"Phone": "X!"}, nil, `error: columns: "X!" is neither phone, id, name, first_name, last_name, language, time_zone, - nor a name for a field (a-z, 0-9, _; no word of expressions)`},
		{"no such kind", "Phone;A", []string{"3001234567;1"}, map[string]As{"A": "a:day"}, nil, `error: columns: "a:day": the kind of a field is text, number or date`},
		{"no such form", "Phone;A", []string{"3001234567;1"}, map[string]As{"A": "a:date:comma"}, nil,
			`error: columns: "a:date:comma": the form of a number is comma (1.250.000,50) or point (1,250,000.50), that of a date dmy (31/12/2026) or mdy (12/31/2026)`},
		{"twice", "Phone;A;B", []string{"3001234567;1;2"}, map[string]As{"A": "x", "B": "x:number"}, nil, `error: columns: "A" and "B" are both x`},
	} {
		if got := guessed(t, r.heading, r.rows, r.said, r.remembered); got != r.want {
			t.Errorf("%s:\n got %s\nwant %s", r.name, got, r.want)
		}
	}
}

// TestHeading: a first row with a telephone number in it names no columns.
func TestHeading(t *testing.T) {
	t.Parallel()
	f, columns, err := Settle(Format{}, []string{"Ana", "3001234567"}, [][]string{{"Eva", "3001234568"}}, nil, List{Region: "CO"})
	if err != nil || f.Heading != HeadingNo || columns[1].As != AsPhone || columns[0].Heading != "column 1" {
		t.Errorf("%+v, %v, %v", f, columns, err)
	}
	if _, _, err := Settle(Format{}, []string{"Name", "Phone"}, nil, nil, List{Region: "CO"}); err == nil || !strings.Contains(err.Error(), "no rows") {
		t.Errorf("a heading alone: %v", err)
	}
	three := func(v string) bool { return strings.HasPrefix(v, "3") }
	if _, _, err := OneColumn(Format{}, []string{"fijo", "celular"}, three, [][]string{{"301", "300"}, {"302", ""}}); err == nil || !strings.Contains(err.Error(), `"celular"`) {
		t.Errorf("two columns: %v", err)
	}
	f, columns, err = OneColumn(Format{}, []string{"name", "phone"}, three, [][]string{{"Ana", "300"}, {"Eva", "301"}})
	if err != nil || f.Heading != HeadingYes || columns[0].As != AsNothing || columns[1].As != AsPhone {
		t.Errorf("one column: %+v, %v", f, columns)
	}
}

// TestRow: what a row becomes, or why it is none.
func TestRow(t *testing.T) {
	t.Parallel()
	reader := NewReader(List{Region: "CO"}, []Column{{Heading: "Cel", As: AsPhone}, {Heading: "Otro", As: AsPhone}, {Heading: "Nombre", As: AsFirstName}, {Heading: "Apellido", As: AsLastName},
		{Heading: "Id", As: AsID}, {Heading: "Saldo", As: "saldo:number"}, {Heading: "Nota", As: "nota"}, {Heading: "Idioma", As: AsLanguage}, {Heading: "Zona", As: AsTimeZone}, {Heading: "x", As: AsNothing}})
	bogota := []string{"America/Bogota"}
	for _, r := range []struct {
		name, row string
		want      string // the lead, or ! and the reason
		left      int
	}{
		{"whole", "300 123-4567|601 2345678|Ana|Ruiz|007|12.50|hola|Español|Europe/Madrid|zzz",
			"007 Ana Ruiz es [{+573001234567 cel [America/Bogota Europe/Madrid]} {+576012345678 otro [America/Bogota Europe/Madrid]}] map[nota:hola saldo:12.5]", 0},
		{"short row", "3001234567", "   [{+573001234567 cel [America/Bogota]}] map[]", 0},
		{"twice the same", "3001234567|+57 300 1234567", "   [{+573001234567 cel [America/Bogota]}] map[]", 0},
		{"several in a cell", "3001234567 / 3001234568;3001234569", "   [{+573001234567 cel [America/Bogota]} {+573001234568 cel [America/Bogota]} {+573001234569 cel [America/Bogota]}] map[]", 0},
		{"zeros kept by a formula", `="3001234567"|="6012345678"`, "   [{+573001234567 cel [America/Bogota]} {+576012345678 otro [America/Bogota]}] map[]", 0},
		{"one wrong, one good", "12|3001234567", "   [{+573001234567 otro [America/Bogota]}] map[]", 1},
		{"a number as a workbook has it", "3.001234567E+09", "   [{+573001234567 cel [America/Bogota]}] map[]", 0},
		{"rounded", "3.00E+09", "!rounded", 0},
		{"rounded, with a comma", "5,73E+11", "!rounded", 0},
		{"letters", "300CALLNOW", "!number", 0},
		{"a dial string", "555&PJSIP/x@trunk", "!number", 0},
		{"another dial string", "3001234567@evil", "!number", 0},
		{"a variable", "${EXTEN}", "!number", 0},
		{"emergency", "123", "!number", 0},
		{"digits of another script", "٣٠٠١٢٣٤٥٦٧", "!number", 0},
		{"none", "|  |Ana", "!no_number", 0},
		{"too many cells", "3001234567|||||||||x|y", "!cells", 0},
		{"more cells that are empty", "3001234567|||||||||x||  ", "   [{+573001234567 cel [America/Bogota]}] map[]", 0},
		{"not a number", "3001234567|||||1.234,5x", "!field", 0},
		{"a number that is read in two ways", "3001234567|||||1.234", "!field", 0},
		{"one that is read in one", "3001234567|||||$ 1.234,50", "   [{+573001234567 cel [America/Bogota]}] map[saldo:1234.5]", 0},
		{"a formula", "3001234567|||||=1+1", "!field", 0},
		{"a formula as text", "3001234567||||||=HYPERLINK(1)", "   [{+573001234567 cel [America/Bogota]}] map[nota:=HYPERLINK(1)]", 0},
		{"language", "3001234567|||||||klingon", "!language", 0},
		{"zone", "3001234567||||||||Bogotá", "!time_zone", 0},
		{"this machine's zone", "3001234567||||||||Local", "!time_zone", 0},
		{"long", "3001234567||||||" + strings.Repeat("x", 3000), "!field", 0},
	} {
		lead, rejects, ok := reader.Read(strings.Split(r.row, "|"))
		got := fmt.Sprint(lead.External, " ", lead.Name, " ", lead.Language, " ", lead.Numbers, " ", lead.Fields)
		if !ok {
			got = "!" + string(rejects[0].Reason)
		}
		if got != r.want || ok && len(rejects) != r.left {
			t.Errorf("%s: %s, %v\nwant %s", r.name, got, rejects, r.want)
		}
	}
	if lead, _, _ := reader.Read([]string{"+882161234567"}); len(lead.Numbers) == 1 && len(lead.Numbers[0].Zones) > 0 {
		t.Errorf("a satellite's zone: %v", lead.Numbers)
	}
	reader.list.Zone = "America/Bogota"
	if lead, _, ok := reader.Read([]string{"+882161234567"}); ok && !cmp.Equal(lead.Numbers[0].Zones, bogota) {
		t.Errorf("a satellite's zone, by the list: %v", lead.Numbers)
	}
	if zones := ZonesOf("+18005550123"); len(zones) < 10 {
		t.Errorf("a toll-free number's zones: %v", zones)
	}
}

// TestReadIsStable: whatever is in a row, its numbers are in the one form that reading
// them again gives, and nothing that a switch would read as more than a number.
func TestReadIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`[+0]?[0-9 ().-]{5,16}([&@;,/|][A-Za-z0-9/@]*)?`)).Draw(t, "cell")
		reader := NewReader(List{Region: "CO"}, []Column{{Heading: "p", As: AsPhone}})
		lead, rejects, ok := reader.Read([]string{cell})
		if ok == (len(lead.Numbers) == 0) || !ok && (len(rejects) == 0 || rejects[0].Detail == "") {
			t.Fatalf("%q: %v %v %v", cell, ok, lead, rejects)
		}
		for _, n := range lead.Numbers {
			again, err := Normal(n.Number, "ES")
			if err != nil || again != n.Number || strings.Trim(n.Number, "+0123456789") != "" {
				t.Fatalf("%q: %q, %q, %v", cell, n.Number, again, err)
			}
		}
	})
}

// TestFilter: expressions are judged by the lead's values and their kinds; what cannot be
// right is said where it stands.
func TestFilter(t *testing.T) {
	t.Parallel()
	fields := map[string]Kind{"days_overdue": KindNumber, "risk": KindText, "due": KindText, "none": KindText, "paid": KindText, "saldo": KindText, "code": KindText, "until": KindDate}
	today := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	lead := Lead{External: "7", Name: "Ana", Numbers: []Number{{Number: "+573001234567"}}, Fields: map[string]any{"days_overdue": 31.0, "risk": "high", "due": "2026-03-12", "paid": "02/03/2026", "saldo": "350.000", "code": "0012", "until": "2026-03-31"}}
	for text, want := range map[string]bool{
		"": true, `days_overdue > 30 and risk in ["high", "medium"]`: true, "days_overdue > 31": false, `id == "7"`: true,
		`any(numbers, # startsWith "+57")`: true, `days(due) == 10`: true, `days(none) == 0`: true, `number(none) == 0`: true, "days(risk) <= 3": false, `number(risk) == 0`: false,
		"days(paid) <= 3": false, `number(paid) <= 3`: false, `number(saldo) < 1000`: false, `number(code) == 12`: true,
		`name matches "^A"`: true, `until > "2026-03-30" and days(until) == 29`: true, `until == ""`: false, `code == "0012"`: true, `risk > "a"`: true, `lower(risk) == "high"`: true, `numbers[3] == ""`: false,
	} {
		f, err := NewFilter(text, fields)
		if err != nil || f.Chooses(lead, today) != want {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"days_overdu > 3": `unknown name days_overdu, at character 1; did you mean "days_overdue"?`, "dias > 3": "; it knows code, days, days_overdue, due, id,", "days_overdue": "bool",
		"risk > 3":         "risk is a text, which is compared letter by letter: bring its column in as risk:number, from the list's first file on, or write number(risk), at character 6",
		`saldo >= "1.000"`: "bring its column in as saldo:number", `due < "31/12/2026"`: "bring its column in as due:date", `"2026-12-31" > due`: "or write days(due) with a number",
		`until > 3`: `until is a date: compare it with one such as "2026-12-31", or days(until) with a number`, `until == "31/12/2026"`: "until is a date",
		`days_overdue > "30"`: "days_overdue is a number: write one such as 1234.50, without quotation marks", "1 +": "filter:", "now() > 3": "now",
		strings.Repeat("true and ", 300) + "true": "nodes",
	} {
		if _, err := NewFilter(text, fields); err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	none, err := NewFilter(`days_overdue == 0 and risk == ""`, fields)
	if err != nil || !none.Chooses(Lead{Fields: map[string]any{"days_overdue": "text of another time"}}, today) {
		t.Errorf("no values: %v", err)
	}
}

// TestImportTable: every pair of state and trigger; each state that somebody waits in has
// a way to its end.
func TestImportTable(t *testing.T) {
	t.Parallel()
	triggers := []Trigger{OnSend, OnFile, OnCheck, OnStart, OnFinish, OnFail, OnUndo}
	want := map[State]string{
		StateReceiving: "receiving ready - - - failed undone", StateReady: "receiving - checking running - - undone", StateChecking: "- - - - ready failed undone",
		StateRunning: "- - - - done failed undoing", StateDone: "- - - - - - undoing", StateFailed: "- - - - - - undone", StateUndoing: "- - - - undone done -", StateUndone: "- - - - - - -",
	}
	if len(want) != len(table) {
		t.Errorf("%d states, want %d", len(table), len(want))
	}
	for s, line := range want {
		var got []string
		for _, trigger := range triggers {
			next, err := Next(s, trigger)
			if err != nil {
				next = "-"
				if fault.KindOf(err) != fault.Conflict {
					t.Errorf("%s %s: %v", s, trigger, err)
				}
			}
			got = append(got, string(next))
		}
		if strings.Join(got, " ") != line {
			t.Errorf("%s: %v, want %s", s, got, line)
		}
	}
}

// TestMerge: what a row has replaces what there was, and nothing else does.
func TestMerge(t *testing.T) {
	t.Parallel()
	zones := func(of ...string) []string { return of }
	got := Merge(Lead{External: "1", Name: "Ana", Language: "es", Numbers: []Number{{Number: "+1", Zones: zones("b")}, {Number: "+2", Zones: zones("b", "a")}}, Fields: map[string]any{"a": "x", "b": "y"}},
		Lead{Name: "Ana Ruiz", Numbers: []Number{{Number: "+1", Zones: zones("a", "b")}, {Number: "+2", Zones: zones("a")}, {Number: "+3"}}, Fields: map[string]any{"b": "z"}})
	want := Lead{External: "1", Name: "Ana Ruiz", Language: "es", Numbers: []Number{{Number: "+1", Zones: zones("a", "b")}, {Number: "+2", Zones: zones("b", "a")}, {Number: "+3"}}, Fields: map[string]any{"a": "x", "b": "z"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHashing: a number's hash is the same however the list was made of it.
func TestHashing(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		h    Hashing
		want string
	}{
		{Hashing{Algorithm: "sha256", Of: "e164"}, "c25fd3a0"}, {Hashing{Algorithm: "md5", Of: "digits"}, ""}, {Hashing{Algorithm: "sha1", Of: "national", Region: "ES"}, ""},
		{Hashing{Algorithm: "sha512", Of: "e164", Salt: "pepper"}, ""},
	} {
		if err := r.h.Validate(); err != nil {
			t.Fatal(err)
		}
		sum := r.h.Sum("+34910000001")
		hash, why := r.h.Hash("  " + strings.ToUpper(sum) + " ")
		if why != "" || hash != sum || len(sum) != 2*sizes[r.h.Algorithm] {
			t.Errorf("%+v: %q, %q, %s", r.h, sum, hash, why)
		}
	}
	if s := (Hashing{Algorithm: "sha1", Of: "national", Region: "ES"}).Sum("+573001234567"); s != "" {
		t.Errorf("a number of another country: %q", s)
	}
	if a, b := (Hashing{Algorithm: "md5", Of: "e164"}).Sum("+34910000001"), (Hashing{Algorithm: "md5", Of: "digits"}).Sum("+34910000001"); a == b {
		t.Error("the plus does not matter")
	}
	for _, v := range []string{"", "xyz", "abcd", strings.Repeat("0", 63)} {
		if _, why := (Hashing{Algorithm: "sha256"}).Hash(v); why == "" {
			t.Errorf("%q is a hash", v)
		}
	}
	for _, h := range []Hashing{{}, {Algorithm: "crc"}, {Algorithm: "md5", Of: "x"}, {Algorithm: "md5", Of: "national"}} {
		if err := h.Validate(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

// TestExplain: every reason is named, with the moment at which it ends by itself.
func TestExplain(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC) // 07:30 in Bogotá, 13:30 in Madrid
	list := List{ID: "l", Hours: []string{"mon-fri 08:00-14:00"}}
	held := func(zones ...string) Held {
		return Held{ID: 7, List: list, Of: Number{Number: "+57", Zones: zones}}
	}
	for _, r := range []struct {
		name string
		told Told
		now  time.Time
		want string
	}{
		{"unknown", Told{Number: "+57"}, monday, "!unknown"},
		{"open", Told{Leads: []Held{held("Europe/Madrid")}}, monday, "in_list within_hours"},
		{"too early", Told{Leads: []Held{held("America/Bogota")}}, monday, "in_list !hours until 03-02 13:00"},
		{"all zones must be open", Told{Leads: []Held{held("America/Bogota", "Europe/Madrid")}}, monday.Add(31 * time.Minute), "in_list !hours until <never>"},
		{"over the weekend", Told{Leads: []Held{held("America/Bogota")}}, monday.Add(4*24*time.Hour + 7*time.Hour), "in_list !hours until 03-09 13:00"},
		{"nobody knows", Told{Leads: []Held{held()}}, monday, "in_list !no_zone"},
		{"a zone that this machine does not know", Told{Leads: []Held{held("Europe/Madrid", "Mars/Olympus")}}, monday, "in_list !no_zone"},
		{"no hours", Told{Leads: []Held{{ID: 1, List: List{ID: "l"}}}}, monday, "in_list within_hours"},
		{"do not call", Told{DoNotCall: []Entry{{Why: "asked"}, {Campaign: "c", Expires: monday.Add(time.Hour)}, {Hashes: "robinson"}}, Leads: []Held{held("Europe/Madrid")}}, monday,
			"!do_not_call !campaign until 03-02 13:30 !do_not_call in_list within_hours"},
	} {
		var got []string
		for _, f := range Explain(r.told, r.now) {
			word := string(f.Code)
			if f.Hinders {
				word = "!" + word
			}
			if !f.Until.IsZero() {
				word += " until " + f.Until.UTC().Format("01-02 15:04")
			} else if f.Code == FindingHours {
				word += " until <never>"
			}
			got = append(got, word)
			if f.Text["en"] == "" || f.Text["es"] == "" || strings.Contains(f.Text["en"]+f.Text["es"], "%!") {
				t.Errorf("%s: %q", r.name, f.Text)
			}
		}
		if s := strings.Join(got, " "); s != r.want {
			t.Errorf("%s: %s, want %s", r.name, s, r.want)
		}
	}
	text := Explain(Told{Leads: []Held{held("America/Bogota")}}, monday)[1].Text
	if text["en"] != "outside the hours of list l (mon-fri 08:00-14:00): Mon 07:30 America/Bogota" || text["es"] != "fuera del horario de la lista l (lun-vie 08:00-14:00): lun 07:30 America/Bogota" {
		t.Errorf("%q", text)
	}
}

func TestListsAndDuplicates(t *testing.T) {
	t.Parallel()
	for _, l := range []List{{ID: ""}, {ID: "A"}, {ID: "a b"}, {ID: strings.Repeat("a", 65)}, {ID: "a", Region: "XX"}, {ID: "a", Zone: "Mars"}, {ID: "a", Hours: []string{"never"}}} {
		if err := l.Validate(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if err := (List{ID: "march-2", Region: "CO", Zone: "America/Bogota", Hours: []string{"sat 08:00-15:00"}}).Validate(); err != nil {
		t.Error(err)
	}
	for _, d := range []Duplicates{{}, {Scope: ScopeAll}, {Scope: "file", Action: ActionSkip}, {Scope: ScopeList, Action: "shoot"}} {
		if err := d.Validate(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", d, err)
		}
	}
}
