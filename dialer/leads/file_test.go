package leads

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/orchestrator/fault"
)

// wide is text in UTF-16.
func wide(text string, big, mark bool) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xFEFF}, units...)
	}
	var b []byte
	for _, u := range units {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// all reads every row of a file.
func all(t *testing.T, file string, f Format) (out [][]string, how Format, bad int, err error) {
	t.Helper()
	rows, how, err := Open(strings.NewReader(file), f)
	if err != nil {
		return nil, how, 0, err
	}
	defer rows.Close()
	for {
		_, row, err := rows.Next()
		if _, ok := errors.AsType[*BadRow](err); ok {
			bad++
			continue
		}
		if errors.Is(err, io.EOF) {
			return out, how, bad, nil
		}
		if err != nil {
			return out, how, bad, err
		}
		out = append(out, row)
	}
}

// TestHowAFileIsWritten: encoding and delimiter are found out, and letters and leading
// zeros stay what they are.
func TestHowAFileIsWritten(t *testing.T) {
	t.Parallel()
	text := "código;teléfono\n007;3001234567\n\n;\n008;\"300;1\"\n"
	latin := "c\xf3digo;tel\xe9fono\n007;3001234567\n008;\"300;1\"\n"
	want := [][]string{{"código", "teléfono"}, {"007", "3001234567"}, {"008", "300;1"}}
	for _, r := range []struct {
		name, file string
		encoding   Encoding
	}{
		{"utf-8", text, UTF8}, {"with a mark", "\ufeff" + text, UTF8}, {"windows-1252", latin, Windows1252},
		{"utf-16", wide(text, false, true), UTF16LE}, {"utf-16, the other way", wide(text, true, true), UTF16BE},
		{"utf-16 without a mark", wide(text, false, false), UTF16LE}, {"lines of an old Mac's neighbour", strings.ReplaceAll(text, "\n", "\r\n"), UTF8},
	} {
		got, how, bad, err := all(t, r.file, Format{})
		if err != nil || bad > 0 || how.Encoding != r.encoding || how.Delimiter != ";" || how.Kind != FileCSV {
			t.Errorf("%s: %v, %d bad, %+v", r.name, err, bad, how)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
	for file, want := range map[string]string{"a,b\n1,2\n": ",", "a\tb\n1\t2\n": "\t", "a|b\n1|2\n": "|", "phone\n300\n": ",", "a;b,c\n1;2\n3;4\n": ";"} {
		if _, how, _, err := all(t, file, Format{}); err != nil || how.Delimiter != want {
			t.Errorf("%q: %q, %v", file, how.Delimiter, err)
		}
	}
	if got, _, _, err := all(t, latin, Format{Encoding: Windows1252, Delimiter: ";"}); err != nil || got[0][1] != "teléfono" {
		t.Errorf("said: %v, %v", got, err)
	}
	// A letter that the first look cuts in two is no reason to take the file for another encoding.
	long := "name;phone\n" + strings.Repeat("ñandú;3001234567\n", 8000)
	for cut := range 3 {
		if _, how, _, err := all(t, strings.Repeat("x", cut)+long, Format{}); err != nil || how.Encoding != UTF8 {
			t.Errorf("cut at %d: %v, %v", cut, how.Encoding, err)
		}
	}
}

func workbookOf(t *testing.T, fill func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWorkbook: a number of twelve digits is not rounded, text keeps its zeros, numbers and days are
// read alike by everybody whatever they are shown as, and empty rows and sheets are no fault.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	file := workbookOf(t, func(f *excelize.File) {
		date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		if err != nil {
			t.Fatal(err)
		}
		for cell, v := range map[string]any{"A1": "Teléfono", "B1": "Código", "C1": "Vence", "A3": 573001234567, "B3": "007", "C3": 45000, "E3": 45000, "F3": 1250, "G3": 45000, "H3": 0.12} {
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
		}
		for cell, shown := range map[string]string{"E3": "dd/mm/yyyy", "F3": `"$" #,##0`, "G3": "yyyy", "H3": "0%"} {
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &shown})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Sheet1", cell, cell, style); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(f.SetCellStyle("Sheet1", "C3", "C3", date), f.SetCellValue("Sheet1", "D3", " ")); err != nil {
			t.Fatal(err)
		}
		if _, err := f.NewSheet("other"); err != nil {
			t.Fatal(err)
		}
	})
	got, how, _, err := all(t, file, Format{})
	if err != nil || how.Kind != FileXLSX || how.Sheet != "Sheet1" {
		t.Fatalf("%+v, %v", how, err)
	}
	if diff := cmp.Diff([][]string{{"Teléfono", "Código", "Vence"}, {"573001234567", "007", "2023-03-15", " ", "2023-03-15", "1250", "2023", "12%"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, _, _, err := all(t, file, Format{Sheet: "other"}); err != nil || len(got) != 0 {
		t.Errorf("other sheet: %v, %v", got, err)
	}
	if _, _, _, err := all(t, file, Format{Sheet: "none"}); err == nil || !strings.Contains(err.Error(), "Sheet1, other") {
		t.Errorf("no such sheet: %v", err)
	}
}

// TestHostileFiles: what cannot be read is refused, in words that say what is wrong.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	good := workbookOf(t, func(f *excelize.File) { _ = f.SetCellValue("Sheet1", "A1", "phone") })
	columns := strings.TrimSuffix(strings.Repeat("c,", 10_000), ",")
	for name, r := range map[string]struct {
		file, want string
		format     Format
	}{
		"empty":               {"", "is empty", Format{}},
		"blank":               {" \r\n\n \n", "is empty", Format{}},
		"cut off in quotes":   {"name,phone\n\"Ana,300\nEva,301\n", "ends within the cell that a quotation mark opens in line 2", Format{}},
		"never closed":        {"name,phone\n\"" + strings.Repeat("x", 3<<20) + "\n", "row of more than 1048576 bytes", Format{}},
		"one line":            {strings.Repeat("x", 3<<20), "row of more than 1048576 bytes", Format{}},
		"ten thousand":        {columns + "\n" + columns + "\n", "10000 columns in line 1, more than 500", Format{}},
		"ten thousand, later": {"phone\n300\n" + columns + "\n", "10000 columns in line 3, more than 500", Format{}},
		"binary":              {"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00", "not text", Format{}},
		"latin, later":        {"name,phone\n" + strings.Repeat("Ana,3001234567\n", 8000) + "Mu\xf1oz,3001234568\n", "not utf-8 behind line 8001: say how it is encoded", Format{}},
		"old workbook":        {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more", "old kind (.xls)", Format{}},
		"workbook cut off":    {good[:len(good)/2], "the workbook cannot be read", Format{}},
		"a zip of the other":  {"PK\x03\x04 and nothing", "the workbook cannot be read", Format{}},
		"said to be CSV":      {good, "the file is not csv", Format{Kind: FileCSV}},
		"said to be XLSX":     {"phone\n300\n", "the file is not xlsx", Format{Kind: FileXLSX}},
	} {
		_, _, _, err := all(t, r.file, r.format)
		if err == nil || !strings.Contains(err.Error(), r.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %q", name, err, r.want)
		}
	}
	wideBook := workbookOf(t, func(f *excelize.File) {
		for i := range 600 {
			cell, _ := excelize.CoordinatesToCellName(i+1, 1)
			_ = f.SetCellValue("Sheet1", cell, i)
		}
	})
	if _, _, _, err := all(t, wideBook, Format{}); err == nil || !strings.Contains(err.Error(), "600 columns in row 1") {
		t.Errorf("a wide workbook: %v", err)
	}
	// A stray mark costs its row, and no other.
	got, _, bad, err := all(t, "name,phone\nAna \"la jefa\" Ruiz,300\nEva,301\n\"Bo\"b,302\nLuz,303\n", Format{})
	if err != nil || bad != 2 || fmt.Sprint(got) != "[[name phone] [Eva 301] [Luz 303]]" {
		t.Errorf("stray marks: %v, %d bad, %v", got, bad, err)
	}
	for _, f := range []Format{{Kind: "pdf"}, {Encoding: "ebcdic"}, {Delimiter: "x"}, {Heading: "maybe"}} {
		if err := f.Validate(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// bookOf is a workbook as nobody's program writes it: of parts, and of those that it must have.
func bookOf(t *testing.T, parts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const rel = "http://schemas.openxmlformats.org/package/2006/relationships"
	const doc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	all := map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>`,
		"_rels/.rels":                `<Relationships xmlns="` + rel + `"><Relationship Id="r1" Type="` + doc + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="` + main + `" xmlns:r="` + doc + `"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="` + rel + `"><Relationship Id="r1" Type="` + doc + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet xmlns="` + main + `"><sheetData></sheetData></worksheet>`,
	}
	maps.Copy(all, parts)
	for name, text := range all {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sheetOf is such a workbook with a sheet.
func sheetOf(t *testing.T, data func(w io.Writer)) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row>`)
	data(&b)
	b.WriteString(`</sheetData></worksheet>`)
	return bookOf(t, map[string]string{"xl/worksheets/sheet1.xml": b.String()})
}

// TestDamagedWorkbook: one of whose sheet not all can be read brings nothing in: its rows do not
// just end there.
func TestDamagedWorkbook(t *testing.T) {
	t.Parallel()
	row := func(n int, text string) string {
		return fmt.Sprintf(`<row r="%d"><c r="A%d" t="inlineStr"><is><t>%s</t></is></c></row>`, n, n, text)
	}
	for name, bad := range map[string]string{"a control character": row(3, "Ana\x01"), "what is no entity": row(3, "Ana&nbsp;"), "another encoding": row(3, "Mu\xf1oz"), "an open tag": `<row r="3"><c>`} {
		file := sheetOf(t, func(w io.Writer) { _, _ = io.WriteString(w, row(2, "300")+bad+row(4, "301")) })
		if got, _, _, err := all(t, file, Format{}); err == nil || !strings.Contains(err.Error(), "the workbook cannot be read") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestWorkbooksThatBlowUp: a small file that is large once it is unpacked, or says that
// it has rows without end, is refused before it takes memory.
func TestWorkbooksThatBlowUp(t *testing.T) {
	t.Parallel()
	plain := sheetOf(t, func(io.Writer) {})
	if got, _, _, err := all(t, plain, Format{}); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	block := []byte(strings.Repeat("x", 1<<20))
	for name, r := range map[string]struct {
		file, want string
	}{
		"one cell": {sheetOf(t, func(w io.Writer) {
			_, _ = io.WriteString(w, `<row r="2"><c r="A2" t="inlineStr"><is><t>`)
			for range 64 {
				_, _ = w.Write(block)
			}
			_, _ = io.WriteString(w, `</t></is></c></row>`)
		}), "a cell of more than 1048576 bytes"},
		"a row far away": {sheetOf(t, func(w io.Writer) {
			_, _ = io.WriteString(w, `<row r="2147483647"><c r="A2147483647" t="inlineStr"><is><t>300</t></is></c></row>`)
		}), "row number exceeds maximum limit"},
	} {
		if _, _, _, err := all(t, r.file, Format{}); err == nil || !strings.Contains(err.Error(), r.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s (%d bytes): %v, want %q", name, len(r.file), err, r.want)
		}
	}
	for name, r := range map[string]struct {
		parts map[string]string
		want  string
	}{
		"one text for many cells": {map[string]string{"xl/sharedStrings.xml": `<sst><si>` + strings.Repeat(`<r><t>`+strings.Repeat("x", 1<<19)+`</t></r>`, 10) + `</si></sst>`,
			"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row>` + strings.Repeat(`<c t="s"><v>0</v></c>`, 500) + `</row></sheetData></worksheet>`}, "rows of 500 cells and texts of 5242880 bytes"},
		"under another name": {map[string]string{"xl/worksheets/sheet2.bin": `<worksheet>` + strings.Repeat("x", 2<<20) + `</worksheet>`}, "a cell of more than 1048576 bytes"},
		"styles":             {map[string]string{"xl/styles.xml": `<styleSheet>` + strings.Repeat(`<x/>`, 2<<20) + `</styleSheet>`}, "more than 1048576 tags"},
		"a picture":          {map[string]string{"xl/media/1.png": strings.Repeat("x", 65<<20)}, "more than 64 MiB beside its cells"},
		"texts without end":  {map[string]string{"xl/sharedStrings.xml": `<sst>` + strings.Repeat(`<si/>`, 9<<20) + `</sst>`}, "more than 8388608 texts"},
		"one name twice":     {map[string]string{"xl/worksheets/SHEET9.xml": `<worksheet/>`, "xl/worksheets/sheet9.xml": `<worksheet/>`}, "one name"},
	} {
		if _, _, _, err := all(t, bookOf(t, r.parts), Format{}); err == nil || !strings.Contains(err.Error(), r.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %q", name, err, r.want)
		}
	}
	many := sheetOf(t, func(w io.Writer) { _, _ = io.WriteString(w, strings.Repeat(`<row></row>`, 1_000_000)) })
	if err := unpackable([]byte(many), 8<<20); err == nil || !strings.Contains(err.Error(), "more than 8 MiB once it is unpacked") || len(many) > 100_000 {
		t.Errorf("many rows (%d bytes): %v", len(many), err)
	}
}

// FuzzOpen: whatever a file holds, reading it ends, in rows or in a fault of the file.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"", "a,b\n1,2\n", "\"", "a\n\"x\"y\n", "\xff\xfea\x00", "PK\x03\x04", "\ufeffa;b\n", "a\x00b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, _, err := Open(bytes.NewReader(file), Format{})
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v", err)
			}
			return
		}
		defer rows.Close()
		for n := 0; ; n++ {
			_, row, err := rows.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if _, bad := errors.AsType[*BadRow](err); bad {
				continue
			}
			if err != nil {
				if fault.KindOf(err) != fault.Invalid {
					t.Errorf("%v", err)
				}
				return
			}
			if len(row) > MaxColumns || n > len(file) {
				t.Fatalf("row %d has %d cells", n, len(row))
			}
		}
	})
}
