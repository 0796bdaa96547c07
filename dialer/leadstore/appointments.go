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
	Number   string // "": the one that is next
	Agent    string // with whom; "" for anyone
	By       string
}

// Appointments are those that somebody made and that are yet to be kept, the next first.
func (s *Store) Appointments(ctx context.Context, by string, most int) ([]Appointed, error) {
	return s.appointments(ctx, "a.made_by = ? ORDER BY a.at, a.lead LIMIT ?", records.Text(by), most)
}

// AppointmentsOf are those of a campaign that are yet to be kept, the next first, behind one of them; the zero Appointed is none.
func (s *Store) AppointmentsOf(ctx context.Context, id string, behind Appointed, most int) ([]Appointed, error) {
	return s.appointments(ctx, "a.campaign = ? AND (a.at, a.lead) > (?, ?) ORDER BY a.at, a.lead LIMIT ?", id, ms(behind.At), behind.Lead, most)
}

func (s *Store) appointments(ctx context.Context, which string, args ...any) (out []Appointed, err error) {
	err = s.tables.Query(ctx, func(rows *sql.Rows) error {
		var a Appointed
		var when int64
		err := rows.Scan(&a.Campaign, &a.Lead, &a.Name, &when, &a.Number, &a.Agent, &a.By)
		a.At = at(when)
		out = append(out, a)
		return err
	}, "SELECT a.campaign, a.lead, l.name, a.at, a.number, a.agent, a.made_by FROM campaign_appointments a JOIN leads l ON l.id = a.lead WHERE "+which, args...)
	return out, err
}
