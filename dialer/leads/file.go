package leads

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Format is how a file is written. What is empty is found out.
type Format struct {
	Kind      FileKind
	Encoding  Encoding
	Delimiter string // one of , ; | and the tabulator
	Sheet     string // of a workbook; "" is the first
	Heading   Heading
}

// FileKind is what a file is.
type FileKind string

// The kinds of files.
const (
	FileCSV  FileKind = "csv"
	FileXLSX FileKind = "xlsx"
)

// Encoding is how the letters of a CSV are written.
type Encoding string

// The encodings.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252" // and so ISO 8859-1
)

// Heading says whether the first row names the columns.
type Heading string

// The answers.
const (
	HeadingYes Heading = "yes"
	HeadingNo  Heading = "no"
)

// Bounds of a file.
const (
	MaxColumns  = 500
	MaxRowBytes = 1 << 20
	// sniffed is how much of a file is looked at to find out how it is written.
	sniffed = 64 << 10
)

var delimiters = []string{",", ";", "\t", "|"}

// Validate names what cannot be right.
func (f Format) Validate() error {
	if f.Kind != "" && f.Kind != FileCSV && f.Kind != FileXLSX {
		return invalid("format: %q is neither csv nor xlsx", short(string(f.Kind)))
	}
	if f.Encoding != "" && decoder(f.Encoding) == nil {
		return invalid("encoding: %q is none of utf-8, utf-16le, utf-16be, windows-1252", short(string(f.Encoding)))
	}
	if f.Delimiter != "" && !slices.Contains(delimiters, f.Delimiter) {
		return invalid("delimiter: %q is none of , ; | and the tabulator", short(f.Delimiter))
	}
	if f.Heading != "" && f.Heading != HeadingYes && f.Heading != HeadingNo {
		return invalid("heading: %q is neither yes nor no", short(string(f.Heading)))
	}
	return nil
}

func decoder(e Encoding) encoding.Encoding {
	switch e {
	case UTF8:
		return unicode.UTF8BOM
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case Windows1252:
		return charmap.Windows1252
	}
	return nil
}

// Rows goes through the rows of a file.
type Rows interface {
	// Next returns the next row that is not empty, and its number as a spreadsheet
	// counts; io.EOF after the last. *BadRow is of one row, and the next may be read;
	// any other error is of the file.
	Next() (n int64, cells []string, err error)
	Close() error
}

// BadRow means that a row cannot be read; those behind it can.
type BadRow struct{ Why string }

// Error tells why.
func (b *BadRow) Error() string { return b.Why }

// Open begins to read a file, and returns how it is written. Errors are Invalid, and
// name what is wrong with the file.
func Open(r io.Reader, f Format) (Rows, Format, error) {
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, f, err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, f, invalid("the file is empty")
	}
	zip, old := bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0"))
	switch {
	case old:
		return nil, f, invalid("the file is a workbook of the old kind (.xls), or has a password: save it as .xlsx or CSV")
	case f.Kind == FileCSV && zip, f.Kind == FileXLSX && !zip:
		return nil, f, invalid("format: the file is not %s", f.Kind)
	case zip:
		f.Kind = FileXLSX
		rows, err := openWorkbook(in, &f)
		return rows, f, err
	}
	f.Kind = FileCSV
	rows, err := openCSV(in, head, len(head) < sniffed, &f)
	return rows, f, err
}

func openCSV(in io.Reader, head []byte, whole bool, f *Format) (Rows, error) {
	if f.Encoding == "" {
		f.Encoding = encodingOf(head, whole)
	}
	dec := decoder(f.Encoding)
	text, _ := dec.NewDecoder().Bytes(head) // what is cut off at its end does not matter
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, invalid("the file is not text: it has a zero byte at %d; is it really a CSV?", i)
	}
	if f.Delimiter == "" {
		f.Delimiter = delimiterOf(string(text))
	}
	if f.Encoding == UTF8 { // found out at its begin: what is none later is not to be taken for letters that nobody knows
		in = transform.NewReader(in, encoding.UTF8Validator)
	}
	meter := &meter{from: dec.NewDecoder().Reader(in)}
	c := csv.NewReader(meter)
	c.Comma, c.FieldsPerRecord = rune(f.Delimiter[0]), -1
	return &csvRows{csv: c, meter: meter}, nil
}

// encodingOf finds out how letters are written.
func encodingOf(head []byte, whole bool) Encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE
	}
	even, odd := 0, 0 // zero bytes: those of latin letters in UTF-16
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	switch {
	case odd > len(head)/4 && even == 0:
		return UTF16LE
	case even > len(head)/4 && odd == 0:
		return UTF16BE
	}
	for cut := 0; !whole && cut < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); cut++ {
		head = head[:len(head)-1] // a letter may have been cut in two
	}
	if utf8.Valid(head) {
		return UTF8
	}
	return Windows1252
}

// delimiterOf is what parts the most rows into the same number of cells, more than one.
func delimiterOf(text string) string {
	best, most := ",", 0
	for _, d := range delimiters {
		c := csv.NewReader(strings.NewReader(text))
		c.Comma, c.FieldsPerRecord, c.LazyQuotes = rune(d[0]), -1, true
		first, same := 0, 0
		for range 50 {
			row, err := c.Read()
			if err != nil {
				break
			}
			if first == 0 {
				first = len(row)
			}
			if len(row) == first && first > 1 {
				same++
			}
		}
		if score := same*1000 + first; same > 0 && score > most {
			best, most = d, score
		}
	}
	return best
}

// meter bounds how much is read for one row.
type meter struct {
	from io.Reader
	row  int   // bytes since the row began
	all  int64 // bytes
	over bool  // there are no more
}

var errLong = invalid("the file has a row of more than %d bytes; a quotation mark that is never closed?", MaxRowBytes)

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	if m.row > MaxRowBytes {
		return 0, errLong
	}
	n, err := m.from.Read(b)
	m.row += n
	m.all += int64(n)
	m.over = errors.Is(err, io.EOF)
	return n, err
}

type csvRows struct {
	csv   *csv.Reader
	meter *meter
	line  int // in which the last row began
}

// Next implements Rows. The number is of the line in which the row begins.
func (r *csvRows) Next() (int64, []string, error) {
	for {
		r.meter.row = 0
		row, err := r.csv.Read()
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			return r.stray(wrong)
		}
		if errors.Is(err, encoding.ErrInvalidUTF8) {
			return 0, nil, invalid("the file is not %s behind line %d: say how it is encoded, such as %s", UTF8, r.line, Windows1252)
		}
		if err != nil {
			return 0, nil, err
		}
		line, _ := r.csv.FieldPos(0)
		r.line = line
		if len(row) > MaxColumns {
			return int64(line), nil, invalid("the file has %d columns in line %d, more than %d", len(row), line, MaxColumns)
		}
		if !blank(row) {
			return int64(line), row, nil
		}
	}
}

// stray is about a quotation mark: it may be that of a row, or of a cell that has no
// end, which has taken all that follows with it.
func (r *csvRows) stray(wrong *csv.ParseError) (int64, []string, error) {
	if errors.Is(wrong.Err, csv.ErrQuote) && r.meter.over && r.csv.InputOffset() == r.meter.all {
		return 0, nil, invalid("the file ends within the cell that a quotation mark opens in line %d: it is cut off, or the mark is stray", wrong.StartLine)
	}
	return int64(wrong.StartLine), nil, &BadRow{"a quotation mark stands within a cell of line " + strconv.Itoa(wrong.Line) + ": double it, and put the cell in quotation marks"}
}

// Close implements Rows.
func (r *csvRows) Close() error { return nil }

func blank(row []string) bool {
	return !slices.ContainsFunc(row, func(c string) bool { return strings.TrimSpace(c) != "" })
}
