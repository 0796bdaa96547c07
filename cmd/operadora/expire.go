package main

import (
	"context"
	"errors"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/life"
)

// expiryRetry is how long after a failure what is kept no longer is looked at again.
const expiryRetry = 10 * time.Minute

// expireDue is when to look next, and the day that is due by now: the last one whose time
// has come, in the centre's time zone.
func expireDue(now time.Time, minute int, zone *time.Location) (day, next time.Time) {
	today := now.In(zone)
	at := calendar.When(zone, today, minute)
	if at.After(now) {
		return today.AddDate(0, 0, -1), at
	}
	return today, calendar.When(zone, today.AddDate(0, 0, 1), minute)
}

// keepExpiring removes what queues keep no longer, once a day, by one of the processes. A
// day that was slept through is made up for at the start.
func (a *App) keepExpiring(ctx context.Context) {
	minute, err := a.cfg.Records.ExpireTime()
	if err != nil {
		return // it is left out: for another fault the configuration was refused
	}
	for {
		day, next := expireDue(time.Now(), minute, a.current().ACD.Zone())
		if err := a.expireOn(ctx, day); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "what is kept no longer was not removed", "error", err)
			next = time.Now().Add(expiryRetry)
		}
		if !life.Sleep(ctx, time.Until(next)) {
			return
		}
	}
}

// expireOn removes what is kept no longer, unless another process does, or did, on that day.
func (a *App) expireOn(ctx context.Context, day time.Time) error {
	mine, err := a.db.ClaimDay(ctx, "retention", day)
	if err != nil || !mine {
		return err
	}
	done, err := a.api.Expire(ctx)
	for _, i := range done.Items {
		if i.RemovedCalls+i.RemovedRecordings+i.Failed > 0 {
			a.log.InfoContext(ctx, "removed what is kept no longer", "queue", i.Queue, "recordings", i.RemovedRecordings, "calls", i.RemovedCalls, "held", i.Held, "failed", i.Failed)
		}
	}
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime) // also as it stops: the rest is the next one's
	defer cancel()
	return errors.Join(err, a.db.ReturnDay(ctx, "retention", day))
}
