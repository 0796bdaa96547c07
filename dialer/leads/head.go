package leads

import (
	"errors"
	"io"
	"slices"
	"strconv"
)

// Head reads the first row of a file, and some below it.
func Head(rows Rows, samples int) (head []string, below [][]string, err error) {
	for len(below) < samples {
		_, row, err := rows.Next()
		if _, bad := errors.AsType[*BadRow](err); bad && head != nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if head == nil {
			head = slices.Clone(row)
			continue
		}
		below = append(below, slices.Clone(row))
	}
	if head == nil {
		return nil, nil, invalid("the file is empty")
	}
	return head, below, nil
}

// Settle says what the columns of a file of leads are, and whether its first row names
// them: one with a telephone number in it does not.
func Settle(f Format, head []string, below [][]string, said map[string]As, list List) (Format, []Column, error) {
	if f.Heading == "" {
		f.Heading = HeadingYes
		if slices.ContainsFunc(head, func(v string) bool { _, err := Normal(cell(v), list.Region); return err == nil }) {
			f.Heading = HeadingNo
		}
	}
	if f.Heading == HeadingNo {
		below = append([][]string{slices.Clone(head)}, below...)
		for i := range head {
			head[i] = "column " + strconv.Itoa(i+1)
		}
	}
	if len(below) == 0 {
		return f, nil, invalid("the file has a heading and no rows")
	}
	columns, err := Guess(head, below, said, list.Columns, list.Region)
	return f, columns, err
}

// OneColumn finds the column of a file that has what fits: the first in which most of the
// rows do, or the first of all. Whether there is a heading is told by whether it fits.
func OneColumn(f Format, head []string, fits func(string) bool, below [][]string) (Format, []Column) {
	columns := make([]Column, len(head))
	at := 0
	for i, h := range head {
		columns[i] = Column{Heading: h, As: AsNothing}
		if share(column(append([][]string{head}, below...), i), fits) > 0.5 {
			at = i
			break
		}
	}
	for i := range columns {
		columns[i] = Column{Heading: head[i], As: AsNothing}
	}
	columns[at].As = AsPhone
	if f.Heading == "" {
		f.Heading = HeadingYes
		if fits(cell(columns[at].Heading)) {
			f.Heading = HeadingNo
		}
	}
	return f, columns
}
