package evidence

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// Verdict is what a file was found to be. It is whole when there are no faults.
type Verdict struct {
	Head                Line
	Lines               int64
	Answered, Abandoned int64 // of the period
	Stand               *Line // at its end; nil where no limit was in force
	Sum                 string
	Faults              []string // most of them, each with the line that it is about
}

const (
	mostLine   = 1 << 20
	mostFaults = 20
)

// Verify reads a file, and holds each line against the chain and each figure against the
// calls that are in it. An error is one of reading; what is wrong in the file are faults.
func Verify(r io.Reader) (Verdict, error) {
	v := &verifier{rules: map[string]*Line{}}
	in := bufio.NewReaderSize(r, mostLine)
	for {
		raw, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return v.Verdict, fmt.Errorf("line %d: is longer than %d bytes: this is no evidence", v.last+1, mostLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return v.Verdict, err
		}
		if text := strings.TrimRight(string(bytes.TrimPrefix(raw, []byte("\ufeff"))), "\r\n"); text != "" {
			v.line(text)
		}
		if err != nil {
			break
		}
	}
	v.over()
	return v.Verdict, nil
}

// verifier goes through a file.
type verifier struct {
	Verdict
	format Format
	ended  bool
	last   int64 // number of the line before
	prev   string
	broken bool      // the line before could not be read
	at     time.Time // of the call before
	rules  map[string]*Line
	count  *count
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.Faults) < mostFaults {
		v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
	}
}

// line takes in a line.
func (v *verifier) line(text string) {
	if v.format == "" {
		v.format = CSV
		if strings.HasPrefix(text, "{") {
			v.format = JSON
		} else if text == strings.Join(Columns(), ",") {
			return
		} else {
			v.fault("line 1: is neither JSON nor the heading of evidence")
		}
	}
	open, hash, ok := split(v.format, text)
	l, err := read(v.format, text)
	if !ok || err != nil {
		v.fault("line %d (behind line %d): cannot be read: %v", v.last+1, v.last, cmp.Or(err, errors.New("it does not end with its hash")))
		v.last++
		v.broken = true
		return
	}
	sum := hashOf(open)
	v.link(l, sum, hash)
	if sum != hash {
		l.N = v.last + 1
	}
	v.last, v.prev, v.broken = l.N, hash, false
	v.Lines++
	v.Sum, v.ended = hash, l.Kind == KindEnd
	if len(v.Faults) == 0 { // else the figures cannot be right
		v.holds(l)
	}
}

// link holds a line against the chain.
func (v *verifier) link(l Line, sum, hash string) {
	switch {
	case v.ended:
		v.fault("line %d: stands behind the end", l.N)
	case sum != hash: // its number says nothing either
		v.fault("line %d (%s): was changed, its hash is another", v.last+1, named(l))
	case l.N <= v.last:
		v.fault("line %d (%s): stands behind line %d", l.N, named(l), v.last)
	case l.N == v.last+2:
		v.fault("line %d: is missing", l.N-1)
	case l.N > v.last+1:
		v.fault("lines %d to %d: are missing", v.last+1, l.N-1)
	case l.Prev != v.prev && !v.broken:
		v.fault("line %d (%s): was written behind another line %d than the one that is there", l.N, named(l), v.last)
	}
}

func named(l Line) string {
	if l.Call != "" {
		return string(l.Kind) + ", call " + l.Call
	}
	return string(l.Kind)
}

// holds holds what a line says against the lines before.
func (v *verifier) holds(l Line) {
	if v.count == nil {
		v.Head = l
		v.count = newCount(l.Campaign, l.Began)
		if l.Kind != KindHead || l.Format != format {
			v.fault("line %d: is no head of %s", l.N, format)
		}
		return
	}
	v.count.take(&l)
	switch l.Kind {
	case KindRule:
		v.rules[l.Rule] = &l
	case KindEarlier:
		if !l.At.Before(v.Head.From) || !l.At.Equal(l.At.Truncate(pacing.LedgerPeriod)) || l.Abandoned > l.Answered || l.Abandoned < 0 {
			v.fault("line %d (%s): is no count of before the period", l.N, l.Kind)
		}
	case KindAnswered, KindAbandoned:
		if l.AnsweredAt.Before(v.at) || l.AnsweredAt.Before(v.Head.From) || !l.AnsweredAt.Before(v.Head.To) {
			v.fault("line %d (%s): its time is out of order, or outside the period", l.N, named(l))
		}
		v.at = l.AnsweredAt
		if l.Kind == KindAbandoned && l.Rule != "" {
			v.stands(l, l.AnsweredAt)
		}
	case KindTotal:
		if l.Answered != v.count.answered || l.Abandoned != v.count.abandoned || l.Figure != share(l.Abandoned, l.Answered) {
			v.fault("line %d (%s): says %d abandoned of %d, and the lines before have %d of %d", l.N, l.Kind, l.Abandoned, l.Answered, v.count.abandoned, v.count.answered)
		}
		v.Answered, v.Abandoned = l.Answered, l.Abandoned
	case KindStand:
		v.stands(l, l.At)
		v.Stand = &l
	case KindEnd:
	case KindHead:
		v.fault("line %d: is a second head", l.N)
	default:
		v.fault("line %d: is of no kind that is known: %q", l.N, l.Kind)
	}
}

// stands computes a stand anew.
func (v *verifier) stands(l Line, at time.Time) {
	rule := v.rules[l.Rule]
	if rule == nil {
		v.fault("line %d (%s): goes by rule %q, which is in no line before", l.N, named(l), l.Rule)
		return
	}
	if day := at.UTC().AddDate(0, 0, 1).Format(time.DateOnly); day < rule.InForceFrom {
		v.fault("line %d (%s): goes by rule %q, which was not in force yet", l.N, named(l), l.Rule)
	}
	if day := at.UTC().AddDate(0, 0, -1).Format(time.DateOnly); rule.InForceUntil != "" && rule.InForceUntil < day {
		v.fault("line %d (%s): goes by rule %q, which was in force no more", l.N, named(l), l.Rule)
	}
	want := l
	v.count.stand(&want, rule, at)
	if want != l {
		v.fault("line %d (%s): says %d abandoned of %d since %s, limit %v, and the lines before give %d of %d since %s, limit %v", l.N, named(l),
			l.Abandoned, l.Answered, l.WindowFrom.Format(moments), l.Limit, want.Abandoned, want.Answered, want.WindowFrom.Format(moments), want.Limit)
	}
}

// over is told at the end of the file.
func (v *verifier) over() {
	switch {
	case v.last == 0:
		v.fault("there is no line of evidence in it")
	case !v.ended:
		v.fault("it is cut off behind line %d: the end is missing", v.last)
	}
}
