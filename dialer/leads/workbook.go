package leads

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html/charset"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Bounds of a workbook.
const (
	MaxWorkbook = 128 << 20 // bytes of the file, which is unpacked from memory
	maxUnpacked = 1 << 30   // bytes of its parts
	maxText     = 1 << 20   // bytes of a part without a tag between: spreadsheets have no cell of more than 32 kB
	maxBeside   = 64 << 20  // bytes of what is neither sheets nor the texts of cells: styles, pictures
	maxTags     = 1 << 20   // of a part of that: each is a value in memory
	maxTexts    = 8 << 20   // of cells: where each is, is in memory
	maxRow      = 512 << 20 // bytes of the texts of a row: it is in memory
	// inMemory is how much a part may take of memory once it is unpacked; the rest is in
	// temporary files.
	inMemory = 16 << 20
)

type workbook struct {
	file *excelize.File
	rows *excelize.Rows // as it is shown
	raw  *excelize.Rows // as it is kept: 1250.5, and 46387 for a day
	n    int64
}

func openWorkbook(in io.Reader, f *Format) (Rows, error) {
	packed, err := io.ReadAll(io.LimitReader(in, MaxWorkbook+1))
	switch {
	case err != nil:
		return nil, err
	case len(packed) > MaxWorkbook:
		return nil, invalid("the workbook has more than %d MiB: save it as CSV", MaxWorkbook>>20)
	}
	if err := unpackable(packed, maxUnpacked); err != nil {
		return nil, err
	}
	file, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: inMemory,
		ShortDatePattern: "yyyy-mm-dd"})
	if err != nil {
		return nil, damaged(err)
	}
	w := &workbook{file: file}
	sheets := file.GetSheetList()
	if f.Sheet == "" && len(sheets) > 0 {
		f.Sheet = sheets[0]
	}
	if !slices.Contains(sheets, f.Sheet) {
		err = invalid("sheet: the workbook has no sheet %q, but %s", short(f.Sheet), short(strings.Join(sheets, ", ")))
	} else if w.rows, err = file.Rows(f.Sheet); err == nil {
		w.raw, err = file.Rows(f.Sheet)
	}
	if err != nil && fault.KindOf(err) != fault.Invalid {
		err = invalid("the sheet %q cannot be read: %s", short(f.Sheet), short(err.Error()))
	}
	if err != nil {
		_ = file.Close() // the first error is the one that tells
		return nil, err
	}
	return w, nil
}

// damaged says that a workbook cannot be read.
func damaged(err error) error {
	return invalid("the workbook cannot be read, it is damaged, cut off or has a password: %s", short(err.Error()))
}

// unpackable looks at all that a workbook is once it is unpacked, whatever it says of
// its size, before anything of it is taken into memory.
func unpackable(packed []byte, most int64) error {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return damaged(err)
	}
	left, beside := most, int64(maxBeside)
	names := map[string]bool{}
	var widest, longest int64
	for _, part := range archive.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/")) // as excelize looks for it
		if names[name] {
			return damaged(errors.New("two of its parts have one name"))
		}
		names[name] = true
		x := look(part, name, left+1)
		if left -= x.all; left < 0 {
			return invalid("the workbook has more than %d MiB once it is unpacked: save it as CSV", most>>20)
		}
		if fault.KindOf(x.err) == fault.Invalid && x.err != nil {
			return x.err
		}
		if x.err != nil {
			return damaged(x.err)
		}
		widest, longest = max(widest, x.cells), max(longest, x.text)
		if streamed(name) {
			continue
		}
		if beside -= x.all; beside < 0 {
			return invalid("the workbook has more than %d MiB beside its cells: save it as CSV", maxBeside>>20)
		}
	}
	if widest*longest > maxRow { // each of its cells may have the longest text
		return invalid("the workbook has rows of %d cells and texts of %d bytes: save it as CSV", widest, longest)
	}
	return nil
}

// streamed tells whether a part is read piece by piece: a sheet, or the texts of the cells of all.
func streamed(name string) bool {
	return name == "xl/sharedstrings.xml" || strings.HasPrefix(name, "xl/worksheets/sheet")
}

// extent is how large a part is once it is unpacked, or why that cannot be told.
type extent struct {
	all   int64 // bytes
	cells int64 // of its widest row
	text  int64 // bytes of the longest text of those that are for all cells
	err   error
}

// look goes through a part. What is no XML would end a sheet for who reads it, as if it had no
// more rows.
func look(part *zip.File, name string, most int64) (x extent) {
	r, err := part.Open()
	if err != nil {
		return extent{err: err}
	}
	defer func() { _ = r.Close() }() // it was only read
	bounds := &markup{binary: !streamed(name) && !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels"), streamed: streamed(name)}
	in := io.TeeReader(io.LimitReader(r, most), bounds)
	if !bounds.binary {
		x.err = x.measure(in)
	}
	if x.err == nil {
		_, x.err = io.Copy(io.Discard, in)
	}
	x.all = bounds.all
	return x
}

// measure reads a part that is XML, of a sheet to the end of its rows.
func (x *extent) measure(in io.Reader) error {
	d := xml.NewDecoder(in)
	d.CharsetReader = charset.NewReaderLabel
	var cells, texts, text int64
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "row":
				cells = 0
			case "c":
				cells++
				x.cells = max(x.cells, cells)
			case "si":
				text = 0
				if texts++; texts > maxTexts {
					return invalid("the workbook has more than %d texts: save it as CSV", maxTexts)
				}
			}
		case xml.EndElement:
			switch token.Name.Local {
			case "si":
				x.text = max(x.text, text)
			case "sheetData":
				return nil
			}
		case xml.CharData:
			text += int64(len(token))
		}
	}
}

// markup bounds how long a text is that has no tag in it, and how many tags a part has that is
// taken into memory.
type markup struct {
	binary   bool // it is none
	streamed bool
	since    int // bytes since the last tag began
	tags     int
	all      int64 // bytes
}

// Write implements io.Writer.
func (m *markup) Write(b []byte) (int, error) {
	m.all += int64(len(b))
	if m.binary {
		return len(b), nil
	}
	for rest := b; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			m.since += len(rest)
		} else {
			m.since += i
		}
		if m.since > maxText {
			return 0, invalid("the workbook has a cell of more than %d bytes", maxText)
		}
		if i < 0 {
			return len(b), nil
		}
		if m.tags++; m.tags > maxTags && !m.streamed {
			return 0, invalid("the workbook has more than %d tags beside its cells: save it as CSV", maxTags)
		}
		m.since, rest = 0, rest[i+1:]
	}
}

// meant is the text of a cell, and of a number or a day what everybody reads alike: the workbook
// keeps which it is, and shows 1,250 or 31/12/2026.
func meant(shown, raw string) string {
	if shown == raw {
		return shown
	}
	kept, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return shown
	}
	for _, r := range readings(shown, KindNumber) {
		if n, ok := r.(float64); ok && math.Abs(n-kept) <= 0.5 {
			return strconv.FormatFloat(n, 'f', -1, 64) // rounded as it is shown
		}
	}
	at, err := excelize.ExcelDateToTime(kept, false)
	for _, r := range readings(shown, KindDate) {
		if err == nil && r == at.Format(time.DateOnly) {
			return at.Format(time.DateOnly)
		}
	}
	return shown
}

// Next implements Rows.
func (w *workbook) Next() (int64, []string, error) {
	for w.rows.Next() && w.raw.Next() {
		w.n++
		row, err := w.rows.Columns()
		var raw []string
		if err == nil {
			raw, err = w.raw.Columns(excelize.Options{RawCellValue: true})
		}
		if err != nil {
			return w.n, nil, invalid("the workbook cannot be read from row %d on: %s", w.n, short(err.Error()))
		}
		for i := range row[:min(len(row), len(raw))] {
			row[i] = meant(row[i], raw[i])
		}
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		if len(row) > MaxColumns {
			return w.n, nil, invalid("the file has %d columns in row %d, more than %d", len(row), w.n, MaxColumns)
		}
		bytes := 0
		for _, c := range row {
			bytes += len(c)
		}
		if bytes > MaxRowBytes {
			return w.n, nil, invalid("the file has a row of more than %d bytes, row %d", MaxRowBytes, w.n)
		}
		if !blank(row) {
			return w.n, row, nil
		}
	}
	if err := errors.Join(w.rows.Error(), w.raw.Error()); err != nil {
		return w.n, nil, invalid("the workbook cannot be read from row %d on: %s", w.n, short(err.Error()))
	}
	return 0, nil, io.EOF
}

// Close implements Rows, and removes the temporary files.
func (w *workbook) Close() error { return errors.Join(w.rows.Close(), w.raw.Close(), w.file.Close()) }
