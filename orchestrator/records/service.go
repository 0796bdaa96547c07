package records

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// ServiceFilter asks for the figures of queues.
type ServiceFilter struct {
	From, To  time.Time     // of entering the queue; To is exclusive; both are required
	Queue     string        // "" is all, each on its own
	Interval  time.Duration // length of an interval, counted from From; 0 is one interval for the whole span
	Threshold time.Duration // T: waits up to and including it are within the service level
	Short     time.Duration // s: abandons up to and including it may be left out
}

// ServiceFigures are the parts of a queue's service level in one interval,
// counted by when a call entered the queue. Every stay of a call in a queue
// counts on its own. Parts add up over queues and intervals; formulas never do:
// sum the parts first (Add), then compute.
type ServiceFigures struct {
	Queue string `json:"queue"`
	From  int64  `json:"from"` // unix milliseconds
	To    int64  `json:"to"`   // exclusive

	Offered         int64 `json:"offered"`          // O: entered the queue, those still waiting included
	Answered        int64 `json:"answered"`         // A
	AnsweredWithin  int64 `json:"answered_within"`  // A_t: wait <= T
	Abandoned       int64 `json:"abandoned"`        // B
	AbandonedWithin int64 `json:"abandoned_within"` // B_t: wait <= T
	AbandonedShort  int64 `json:"abandoned_short"`  // B_s: wait <= s
	Flowed          int64 `json:"flowed"`           // F: left otherwise

	WaitAnsweredMS  int64 `json:"wait_answered_ms"`  // sum over A, ring time included
	WaitAbandonedMS int64 `json:"wait_abandoned_ms"` // sum over B
	WaitAllMS       int64 `json:"wait_all_ms"`       // sum over A, B and F
	TalkMS          int64 `json:"talk_ms"`
	LongestWaitMS   int64 `json:"longest_wait_ms"` // of those who have left
}

// Waiting is how many of the offered are still in the queue: O - A - B - F.
func (f ServiceFigures) Waiting() int64 { return f.Offered - f.Answered - f.Abandoned - f.Flowed }

// Add returns the sum of two sets of parts; queue and span are those of f.
func (f ServiceFigures) Add(g ServiceFigures) ServiceFigures {
	f.Offered += g.Offered
	f.Answered += g.Answered
	f.AnsweredWithin += g.AnsweredWithin
	f.Abandoned += g.Abandoned
	f.AbandonedWithin += g.AbandonedWithin
	f.AbandonedShort += g.AbandonedShort
	f.Flowed += g.Flowed
	f.WaitAnsweredMS += g.WaitAnsweredMS
	f.WaitAbandonedMS += g.WaitAbandonedMS
	f.WaitAllMS += g.WaitAllMS
	f.TalkMS += g.TalkMS
	f.LongestWaitMS = max(f.LongestWaitMS, g.LongestWaitMS)
	return f
}

// Formula names a figure computed from the parts.
type Formula string

// The formulas in use. There is no single service level: contracts, PBXs and
// suites differ in what they do with abandoned and diverted calls. The first
// is Asterisk's ServicelevelPerf, the second its ServicelevelPerf2 (AMI
// QueueParams, app_queue.c).
const (
	SLOfAnswered      Formula = "sl_answered"       // A_t / A
	SLWithAbandons    Formula = "sl_with_abandons"  // (A_t + B_t) / (A + B)
	SLStrict          Formula = "sl_strict"         // A_t / (A + B)
	SLShortExcluded   Formula = "sl_short_excluded" // A_t / (A + B - B_s)
	SLLateAbandons    Formula = "sl_late_abandons"  // A_t / (A + B - B_t)
	SLOfOffered       Formula = "sl_offered"        // A_t / O
	AbandonRate       Formula = "abandon_rate"      // B / O
	ASASeconds        Formula = "asa_seconds"       // sum of waits of answered / A; ring time is inside
	AbandonSeconds    Formula = "abandon_seconds"   // sum of waits of abandoned / B
	MeanWaitSeconds   Formula = "wait_seconds"      // sum of all waits / (A + B + F)
	MeanTalkSeconds   Formula = "talk_seconds"      // sum of talk / A
	millisPerSecond           = 1000.0
	maxServiceBuckets         = 10_000
)

// Formulas computes every formula; one whose divisor is 0 has no value and is nil.
func (f ServiceFigures) Formulas() map[Formula]*float64 {
	out := map[Formula]*float64{}
	ratio := func(name Formula, over, under float64) {
		out[name] = nil
		if under > 0 {
			v := over / under
			out[name] = &v
		}
	}
	a, at, b := float64(f.Answered), float64(f.AnsweredWithin), float64(f.Abandoned)
	bt, bs := float64(f.AbandonedWithin), float64(f.AbandonedShort)
	ratio(SLOfAnswered, at, a)
	ratio(SLWithAbandons, at+bt, a+b)
	ratio(SLStrict, at, a+b)
	ratio(SLShortExcluded, at, a+b-bs)
	ratio(SLLateAbandons, at, a+b-bt)
	ratio(SLOfOffered, at, float64(f.Offered))
	ratio(AbandonRate, b, float64(f.Offered))
	ratio(ASASeconds, float64(f.WaitAnsweredMS)/millisPerSecond, a)
	ratio(AbandonSeconds, float64(f.WaitAbandonedMS)/millisPerSecond, b)
	ratio(MeanWaitSeconds, float64(f.WaitAllMS)/millisPerSecond, a+b+float64(f.Flowed))
	ratio(MeanTalkSeconds, float64(f.TalkMS)/millisPerSecond, a)
	return out
}

func (f ServiceFilter) check() error {
	const op = "records.Service"
	switch {
	case f.From.IsZero() || f.To.IsZero() || !f.From.Before(f.To):
		return fault.New(op, fault.Invalid, "to: must be after from")
	case f.Interval < 0 || f.Threshold < 0 || f.Short < 0:
		return fault.New(op, fault.Invalid, "interval, threshold and short must not be negative")
	case f.Interval > 0 && f.Interval < time.Minute:
		return fault.New(op, fault.Invalid, "interval: %s is less than 1m", f.Interval)
	case f.Interval > 0 && f.To.Sub(f.From)/f.Interval >= maxServiceBuckets:
		return fault.New(op, fault.Invalid, "interval: %s gives more than %d intervals", f.Interval, maxServiceBuckets)
	}
	return nil
}

// serviceQuery sums up visits by queue and interval. Its parameters are From and
// the interval's length (for the bucket), T, T, s and the condition's.
const serviceQuery = `SELECT queue, (entered_at - ?) / ? AS bucket, COUNT(*),
	SUM(CASE WHEN result = 'answered' THEN 1 ELSE 0 END),
	SUM(CASE WHEN result = 'answered' AND wait_ms <= ? THEN 1 ELSE 0 END),
	SUM(CASE WHEN result = 'abandoned' THEN 1 ELSE 0 END),
	SUM(CASE WHEN result = 'abandoned' AND wait_ms <= ? THEN 1 ELSE 0 END),
	SUM(CASE WHEN result = 'abandoned' AND wait_ms <= ? THEN 1 ELSE 0 END),
	SUM(CASE WHEN result = 'flowed' THEN 1 ELSE 0 END),
	CAST(SUM(CASE WHEN result = 'answered' THEN wait_ms ELSE 0 END) AS BIGINT),
	CAST(SUM(CASE WHEN result = 'abandoned' THEN wait_ms ELSE 0 END) AS BIGINT),
	CAST(SUM(wait_ms) AS BIGINT), CAST(SUM(talk_ms) AS BIGINT), MAX(wait_ms)
	FROM visits`

// Service returns the figures of each queue and interval with at least one
// call, by interval, then by queue. Figures come from what is on record, so a
// restart changes nothing. Intervals are of equal length, counted from From.
func (d *DB) Service(ctx context.Context, f ServiceFilter) ([]ServiceFigures, error) {
	const op = "records.Service"
	if err := f.check(); err != nil {
		return nil, err
	}
	step := f.Interval
	if step == 0 {
		step = f.To.Sub(f.From)
	}
	origin, length := ms(f.From), max(1, step.Milliseconds())
	t, s := f.Threshold.Milliseconds(), f.Short.Milliseconds()
	var w where
	w.between("entered_at", f.From, f.To)
	w.equal("queue", f.Queue)
	args := append([]any{origin, length, t, t, s}, w.args...)
	rows, err := d.read.QueryContext(ctx, d.rebind(serviceQuery+w.String()+" GROUP BY 1, 2 ORDER BY 2, 1"), args...)
	if err != nil {
		return nil, classify(op, err)
	}
	list := []ServiceFigures{}
	err = each(rows, func(rows *sql.Rows) error {
		var x ServiceFigures
		var bucket int64
		err := rows.Scan(&x.Queue, &bucket, &x.Offered, &x.Answered, &x.AnsweredWithin, &x.Abandoned, &x.AbandonedWithin,
			&x.AbandonedShort, &x.Flowed, &x.WaitAnsweredMS, &x.WaitAbandonedMS, &x.WaitAllMS, &x.TalkMS, &x.LongestWaitMS)
		x.From = origin + bucket*length
		x.To = min(x.From+length, ms(f.To))
		list = append(list, x)
		return err
	})
	return list, classify(op, err)
}
