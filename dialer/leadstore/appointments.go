package leadstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/orchestrator/records"
)

// Appointed is an appointment with a lead that is yet to be kept.
type Appointed struct {
	Campaign string
	Lead     int64
	Name     string // the lead's
	At       time.Time
}

// Appointments are those that somebody made and that are yet to be kept, the next first.
func (s *Store) Appointments(ctx context.Context, by string, most int) (out []Appointed, err error) {
	err = s.tables.Query(ctx, func(rows *sql.Rows) error {
		var a Appointed
		var when int64
		err := rows.Scan(&a.Campaign, &a.Lead, &a.Name, &when)
		a.At = at(when)
		out = append(out, a)
		return err
	}, "SELECT a.campaign, a.lead, l.name, a.at FROM campaign_appointments a JOIN leads l ON l.id = a.lead WHERE a.made_by = ? ORDER BY a.at, a.lead LIMIT ?",
		records.Text(by), most)
	return out, err
}
