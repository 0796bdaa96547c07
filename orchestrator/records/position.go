package records

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// epochDigits are the leading digits of a position that count epochs. They are
// zeros otherwise: a time in milliseconds has 13 digits.
const epochDigits = 6

// position turns a journal id ("<unix ms>-<n>") into text that sorts in the
// order in which the entries came: by the epoch of the journal, then by the id,
// both numbers padded to 20 digits. An id of another form is its own position.
func position(epoch int64, id string) string {
	ms, n, err := orchestrator.ParseEntryID(id)
	if err != nil {
		return id
	}
	p := pad(ms) + "-" + pad(n)
	if count := fmt.Sprintf("%0*d", epochDigits, epoch); len(count) == epochDigits && strings.Trim(p[:epochDigits], "0") == "" {
		p = count + p[epochDigits:]
	}
	return p
}

func pad(n uint64) string {
	s := strconv.FormatUint(n, 10)
	return strings.Repeat("0", 20-len(s)) + s
}

// markSign parts a journal id from the mark of an entry's content, see line.twin.
const markSign = "."

// journalID is the id that an entry had in the journal.
func journalID(id string) string {
	id, _, _ = strings.Cut(id, markSign)
	return id
}
