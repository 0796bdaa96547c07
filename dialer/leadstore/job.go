package leadstore

import (
	"context"
	"errors"
	"io"

	"github.com/operadora/operadora/dialer/leads"
)

// Previewed is what a row of a file becomes.
type Previewed struct {
	Row     int64
	Cells   []string
	OK      bool
	Lead    leads.Lead // with leads.IntoList
	Value   string     // a number or a hash, with the other targets
	Rejects []leads.Reject
}

// job goes through the rows of an import's file.
type job struct {
	imp    Import
	rows   leads.Rows
	reader leads.Reader
	at     int // the column that matters, where it is one
}

// open begins to go through an import's file, behind its heading.
func (s *Store) open(ctx context.Context, i Import) (*job, error) {
	list, err := s.listOf(ctx, i)
	if err != nil {
		return nil, err
	}
	rows, _, err := leads.Open(s.file(ctx, i.N), i.Format)
	if err != nil {
		return nil, err
	}
	j := &job{imp: i, rows: rows, reader: leads.NewReader(list, i.Settled)}
	for n, c := range i.Settled {
		if c.As == leads.AsPhone && i.Target != leads.IntoList {
			j.at = n
		}
	}
	if i.Format.Heading != leads.HeadingNo {
		if _, _, err := rows.Next(); err != nil {
			_ = rows.Close() // the first error is the one that tells
			return nil, err
		}
	}
	return j, nil
}

func (j *job) close() { _ = j.rows.Close() } // it was only read

// next reads and decides upon the next row; io.EOF after the last.
func (j *job) next() (Previewed, error) {
	row, cells, err := j.rows.Next()
	p := Previewed{Row: row, Cells: cells}
	if bad, ok := errors.AsType[*leads.BadRow](err); ok {
		p.Rejects = []leads.Reject{{Row: row, Reason: leads.ReasonQuotes, Detail: bad.Why}}
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if j.imp.Target == leads.IntoList {
		p.Lead, p.Rejects, p.OK = j.reader.Read(cells)
	} else {
		p.Value, p.Rejects = j.one(cells)
		p.OK = p.Value != ""
	}
	for i := range p.Rejects {
		p.Rejects[i].Row = row
	}
	if len(p.Rejects) > 0 {
		p.Rejects[0].Cells = cells
	}
	return p, nil
}

// one reads the one value of a row that must not be called.
func (j *job) one(cells []string) (string, []leads.Reject) {
	if j.at >= len(cells) {
		return "", []leads.Reject{{Reason: leads.ReasonNoNumber, Detail: "the row ends before the column"}}
	}
	if j.imp.Target == leads.IntoHashes {
		hash, why := j.imp.Hashing.Hash(cells[j.at])
		if why != "" {
			return "", []leads.Reject{{Reason: leads.ReasonHash, Detail: why}}
		}
		return hash, nil
	}
	number, reason, why := leads.Phone(cells[j.at], j.imp.Region)
	if why != "" {
		return "", []leads.Reject{{Reason: reason, Detail: why}}
	}
	return number, nil
}

// pass goes past a row, whether or not it can be read; io.EOF after the last.
func (j *job) pass() error {
	_, _, err := j.rows.Next()
	if _, bad := errors.AsType[*leads.BadRow](err); bad {
		return nil
	}
	return err
}

// count goes through a whole file without looking at what is in its rows, so that a
// file that is broken brings nothing in. It returns how many rows there are.
func (s *Store) count(ctx context.Context, i Import) (n int64, err error) {
	j, err := s.open(ctx, i)
	if err != nil {
		return 0, err
	}
	defer j.close()
	for {
		err := j.pass()
		if errors.Is(err, io.EOF) {
			return n, ctx.Err()
		}
		if err != nil {
			return n, err
		}
		n++
	}
}

// batchSize is how many rows are written in one transaction at most, and batchBytes about
// how much text they hold: a row may have a megabyte, and a few batches are in memory.
const (
	batchSize  = 500
	batchBytes = 4 << 20
)

// batches sends the rows of an import's file, without the first skip of them, in
// batches. It closes out at the end; the error is told by the function that it returns,
// which waits for that.
func (j *job) batches(ctx context.Context, skip int64) (<-chan []Previewed, func() error) {
	out := make(chan []Previewed, 2)
	over := make(chan error, 1)
	go func() {
		defer close(out)
		over <- j.send(ctx, skip, out)
	}()
	return out, func() error { return <-over }
}

func (j *job) send(ctx context.Context, skip int64, out chan<- []Previewed) error {
	for range skip {
		if err := j.pass(); err != nil {
			return err
		}
	}
	batch, bytes := make([]Previewed, 0, batchSize), 0
	for {
		p, err := j.next()
		over := errors.Is(err, io.EOF)
		if err != nil && !over {
			return err
		}
		if !over {
			batch = append(batch, p)
			for _, c := range p.Cells {
				bytes += len(c)
			}
		}
		if len(batch) == batchSize || bytes >= batchBytes || over && len(batch) > 0 {
			select {
			case out <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
			batch, bytes = make([]Previewed, 0, batchSize), 0
		}
		if over {
			return nil
		}
	}
}
