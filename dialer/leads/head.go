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

// OneColumn finds the column of a file that has what fits: that in which most of the
// rows that have something there do, or the first of all. Two such columns are refused: what the second holds would
// be taken for forbidden, and be called. Whether there is a heading is told by whether it fits.
func OneColumn(f Format, head []string, fits func(string) bool, below [][]string) (Format, []Column, error) {
	columns := make([]Column, len(head))
	rows := below
	if len(rows) == 0 {
		rows = [][]string{head}
	}
	var found []int
	for i, h := range head {
		columns[i] = Column{Heading: h, As: AsNothing}
		if share(column(rows, i), fits) > 0.5 {
			found = append(found, i)
		}
	}
	if len(found) > 1 {
		return f, nil, invalid("columns %d (%q) and %d (%q) both hold what must not be called: bring them in as files of one such column each",
			found[0]+1, short(head[found[0]]), found[1]+1, short(head[found[1]]))
	}
	at := 0
	if len(found) > 0 {
		at = found[0]
	}
	columns[at].As = AsPhone
	if f.Heading == "" {
		f.Heading = HeadingYes
		if fits(cell(columns[at].Heading)) {
			f.Heading = HeadingNo
		}
	}
	return f, columns, nil
}
