package gate

import (
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// opening reads when outside numbers may be called.
func (p Policy) opening() (calendar.Calendar, error) {
	o := calendar.Calendar{Zone: time.Local}
	if p.Zone != "" {
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			return o, invalid("time_zone: %q is not a time zone, such as Europe/Madrid", p.Zone)
		}
		o.Zone = zone
	}
	var err error
	if o.Hours, err = calendar.ReadHours(p.Hours); err != nil {
		return o, invalid("hours: %w", err)
	}
	return o, nil
}
