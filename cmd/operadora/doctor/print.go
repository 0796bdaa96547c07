package doctor

import (
	"fmt"
	"io"
	"strings"
	"time"
)

var colours = map[Verdict]string{OK: "32", Note: "36", Warning: "33", Fault: "1;31"}

// slow is from when on the time of an examination is printed.
const slow = 200 * time.Millisecond

// Print writes the lines of one part below its name, in a language. colour is for terminals.
func Print(w io.Writer, lines []Line, language string, colour bool) error {
	var b strings.Builder
	part := ""
	for _, l := range lines {
		l = l.In(language)
		if l.Part != part {
			part = l.Part
			fmt.Fprintf(&b, "%s\n", clean(part))
		}
		word := fmt.Sprintf("%-7s", l.Verdict.word(language, false))
		if colour {
			word = "\x1b[" + colours[l.Verdict] + "m" + word + "\x1b[0m"
		}
		fmt.Fprintf(&b, "  %s  %s: %s", word, clean(l.Check), clean(l.Text))
		if l.Took >= slow {
			fmt.Fprintf(&b, " (%s)", short(l.Took))
		}
		b.WriteByte('\n')
		if l.Verdict != OK {
			fmt.Fprintf(&b, "             %s\n", clean(l.Remedy))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// clean keeps what others sent from moving the cursor or forging a line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}
