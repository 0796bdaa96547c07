package records

import (
	"strconv"
	"strings"
)

// position turns a journal id ("<unix ms>-<n>") into text that sorts in the
// journal's order: both numbers padded to 20 digits. An id of another form is
// its own position.
func position(id string) string {
	first, second, ok := strings.Cut(id, "-")
	if !ok {
		return id
	}
	a, err1 := strconv.ParseUint(first, 10, 64)
	b, err2 := strconv.ParseUint(second, 10, 64)
	if err1 != nil || err2 != nil {
		return id
	}
	return pad(a) + "-" + pad(b)
}

func pad(n uint64) string {
	s := strconv.FormatUint(n, 10)
	return strings.Repeat("0", 20-len(s)) + s
}
