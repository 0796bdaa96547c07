package api

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

var csvHeader = []string{"call", "pbx", "kind", "did", "caller", "caller_name", "language", "time_zone", "started_at", "answered_at",
	"queued_at", "connected_at", "parted_at", "ended_at", "wait_ms", "talk_ms", "queue", "agent", "agent_name", "offers", "outcome",
	"ended_by", "cause", "recording", "voicemail", "path", "adopted", "disposition", "from", "to", "campaign", "lead", "attempts"}

// csvPage is how many contacts are read at a time.
const csvPage = 500

// contactTable writes contacts as CSV with a heading, the latest start first. It
// reads page by page, so that neither memory nor a transaction grows with the
// export. A cell that a spreadsheet would take for a formula is preceded by an
// apostrophe.
type contactTable struct {
	contacts func(context.Context, records.ContactFilter) ([]records.Contact, string, error)
	zone     *time.Location
	names    map[string]string // of agents
}

// contactTable makes a table with times in a zone, and the agents' names as they are defined now.
func (s *Server) contactTable(ctx context.Context, zone string) (*contactTable, error) {
	where, err := zoneOf(zone)
	if err != nil {
		return nil, err
	}
	d, err := s.Definitions.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range d.Agents {
		names[a.ID] = a.Name
	}
	return &contactTable{contacts: s.Records.Contacts, zone: where, names: names}, nil
}

func (t *contactTable) write(ctx context.Context, w io.Writer, f records.ContactFilter) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	f.Limit, f.Cursor = csvPage, ""
	for {
		list, next, err := t.contacts(ctx, f)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := out.Write(t.row(contactView(c))); err != nil {
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

func (t *contactTable) row(c wire.Contact) []string {
	row := []string{c.ID, c.PBX, string(c.Kind), c.DID, c.Caller.Number, c.Caller.Name, c.Language, t.zone.String(), t.moment(c.StartedAt),
		t.moment(c.AnsweredAt), t.moment(c.QueuedAt), t.moment(c.ConnectedAt), t.moment(c.PartedAt), t.moment(c.EndedAt),
		strconv.FormatInt(c.WaitMS, 10), strconv.FormatInt(c.TalkMS, 10), c.Queue, c.Agent, t.names[c.Agent], strconv.Itoa(c.Offers),
		string(c.Outcome), string(c.EndedBy), strconv.Itoa(c.Cause), c.Recording, c.Voicemail, strings.Join(c.Path, " "),
		strconv.Itoa(c.Adopted), c.Disposition, c.From(), c.To(), c.Campaign, c.Lead, strconv.Itoa(c.Attempts)}
	for i, cell := range row {
		row[i] = reports.Text(cell)
	}
	return row
}

func (t *contactTable) moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(t.zone).Format(time.RFC3339)
}
