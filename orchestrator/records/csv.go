package records

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

var csvHeader = []string{"call", "pbx", "kind", "did", "caller", "caller_name", "language", "started", "answered", "queued",
	"connected", "parted", "ended", "wait_seconds", "talk_seconds", "queue", "agent", "offers", "outcome", "ended_by",
	"cause", "recording", "voicemail", "path", "adopted", "disposition"}

// ContactsCSV writes all contacts that f chooses (its Limit and Cursor are
// ignored) as CSV with a heading, the latest start first. It reads page by
// page, so that neither memory nor a transaction grows with the export. Times
// are RFC 3339 in UTC, lengths in seconds. A cell that a spreadsheet would take
// for a formula is preceded by an apostrophe.
func (d *DB) ContactsCSV(ctx context.Context, w io.Writer, f ContactFilter) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	f.Limit, f.Cursor = maxPage, ""
	for {
		list, next, err := d.Contacts(ctx, f)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := out.Write(csvRow(c)); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || next == "" {
			return err
		}
		f.Cursor = next
	}
}

func csvRow(c Contact) []string {
	row := []string{c.Call, c.PBX, string(c.Kind), c.DID, c.Caller.Number, c.Caller.Name, c.Language, stamp(c.StartedAt),
		stamp(c.AnsweredAt), stamp(c.QueuedAt), stamp(c.ConnectedAt), stamp(c.PartedAt), stamp(c.EndedAt),
		seconds(c.WaitMS), seconds(c.TalkMS), c.Queue, c.Agent, strconv.Itoa(c.Offers), string(c.Outcome), c.EndedBy,
		strconv.Itoa(int(c.Cause)), c.Recording, c.Voicemail, strings.Join(c.Path, " "), strconv.Itoa(c.Adopted), c.Disposition}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// harmless defuses formula injection: callers choose their own names, and a
// spreadsheet runs what begins with one of these
// (https://owasp.org/www-community/attacks/CSV_Injection).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func stamp(ms int64) string {
	if ms == 0 {
		return ""
	}
	return at(ms).Format(time.RFC3339)
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
