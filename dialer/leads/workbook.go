package leads

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Bounds of a workbook.
const (
	MaxWorkbook = 128 << 20 // bytes of the file, which is unpacked from memory
	maxUnpacked = 1 << 30   // bytes of its parts
	maxText     = 1 << 20   // bytes of a part without a tag between: spreadsheets have no cell of more than 32 kB
	// inMemory is how much a part may take of memory once it is unpacked; the rest is in
	// temporary files.
	inMemory = 16 << 20
)

type workbook struct {
	file *excelize.File
	rows *excelize.Rows
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
	file, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: inMemory})
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
	} else if w.rows, err = file.Rows(f.Sheet); err != nil {
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
	left := most
	for _, part := range archive.File {
		r, err := part.Open()
		if err != nil {
			return damaged(err)
		}
		n, err := io.Copy(&markup{binary: !strings.HasSuffix(part.Name, ".xml")}, io.LimitReader(r, left+1))
		_ = r.Close() // it was only read
		if left -= n; left < 0 {
			return invalid("the workbook has more than %d MiB once it is unpacked: save it as CSV", most>>20)
		}
		if fault.KindOf(err) == fault.Invalid {
			return err
		}
		if err != nil {
			return damaged(err)
		}
	}
	return nil
}

// markup bounds how long a text is that has no tag in it.
type markup struct {
	binary bool // it is none
	since  int  // bytes since the last tag began
}

// Write implements io.Writer.
func (m *markup) Write(b []byte) (int, error) {
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
		m.since, rest = 0, rest[i+1:]
	}
}

// Next implements Rows.
func (w *workbook) Next() (int64, []string, error) {
	for w.rows.Next() {
		w.n++
		row, err := w.rows.Columns()
		if err != nil {
			return w.n, nil, invalid("the workbook cannot be read from row %d on: %s", w.n, short(err.Error()))
		}
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		if len(row) > MaxColumns {
			return w.n, nil, invalid("the file has %d columns in row %d, more than %d", len(row), w.n, MaxColumns)
		}
		if !blank(row) {
			return w.n, row, nil
		}
	}
	if err := w.rows.Error(); err != nil {
		return w.n, nil, invalid("the workbook cannot be read from row %d on: %s", w.n, short(err.Error()))
	}
	return 0, nil, io.EOF
}

// Close implements Rows, and removes the temporary files.
func (w *workbook) Close() error { return errors.Join(w.rows.Close(), w.file.Close()) }
