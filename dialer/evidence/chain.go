package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	JSON Format = "json" // an object in each line
	CSV  Format = "csv"  // with a heading
)

// chain writes lines, each with the hash of the one before.
type chain struct {
	w      io.Writer
	format Format
	n      int64
	last   string
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// add writes a line. Texts are in one line each.
func (c *chain) add(l Line) error {
	if c.n++; c.n == 1 && c.format == CSV {
		if _, err := io.WriteString(c.w, strings.Join(Columns(), ",")+"\n"); err != nil {
			return err
		}
	}
	for _, f := range l.cells() {
		if text, ok := f.at.(*string); ok {
			*text = strings.Join(strings.Fields(strings.ToValidUTF8(*text, "?")), " ")
		}
	}
	l.N, l.Prev, l.Hash = c.n, c.last, ""
	text, err := c.open(&l)
	if err != nil {
		return err
	}
	c.last = hashOf(text)
	if c.format == CSV {
		_, err = fmt.Fprintf(c.w, "%s%s\n", text, c.last)
	} else {
		_, err = fmt.Fprintf(c.w, "%s,\"hash\":\"%s\"}\n", text, c.last)
	}
	return err
}

// open is the text of a line up to its own hash.
func (c *chain) open(l *Line) (string, error) {
	if c.format != CSV {
		return string(l.object()), nil
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(l.row()); err != nil {
		return "", err
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), w.Error()
}

// split takes a line of a file apart: its text up to its own hash, and that. ok is false for
// one that is none.
func split(format Format, line string) (text, hash string, ok bool) {
	const before, after = `,"hash":"`, `"}`
	if format == CSV {
		i := strings.LastIndexByte(line, ',') + 1
		return line[:i], line[i:], i > 0 && len(line)-i == 2*sha256.Size
	}
	i := len(line) - 2*sha256.Size - len(before) - len(after)
	if i < 0 || !strings.HasSuffix(line, after) || line[i:i+len(before)] != before {
		return line, "", false
	}
	return line[:i], strings.TrimSuffix(line[i+len(before):], after), true
}

// read reads the fields of a line.
func read(format Format, line string) (Line, error) {
	if format != CSV {
		return readObject([]byte(line))
	}
	row, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return Line{}, err
	}
	return readRow(row)
}
