package evidence

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/pacing"
)

// Verdict is what a file was found to be. It is whole when there are no faults.
type Verdict struct {
	Head                Line
	Lines               int64
	Answered, Abandoned int64  // of the period
	Stands              []Line // of each limit in force at its end
	Paced               *Line  // what pacing counted then; nil where no limit was in force
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
	v := &verifier{rules: map[int64]rules{}}
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
	broken bool            // the line before could not be read
	call   Line            // before
	owed   rules           // by which it is not said yet how they stood with it
	rules  map[int64]rules // by revision
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
	if len(v.owed) > 0 && l.Kind != KindStand {
		v.fault("line %d (%s): stands where how rule %q stood with call %s is missing", l.N, named(l), v.owed[0].Rule, v.call.Call)
		v.owed = nil
	}
	switch l.Kind {
	case KindRule:
		v.rules[l.Revision] = append(v.rules[l.Revision], l)
	case KindEarlier:
		if !l.At.Before(v.Head.From) || !l.At.Equal(l.At.Truncate(pacing.LedgerPeriod)) || l.Abandoned > l.Answered || l.Abandoned < 0 {
			v.fault("line %d (%s): is no count of before the period", l.N, l.Kind)
		}
	case KindAnswered, KindAbandoned:
		v.called(l)
	case KindTotal:
		if l.Answered != v.count.answered || l.Abandoned != v.count.abandoned || l.Figure != share(l.Abandoned, l.Answered) {
			v.fault("line %d (%s): says %d abandoned of %d, and the lines before have %d of %d", l.N, l.Kind, l.Abandoned, l.Answered, v.count.abandoned, v.count.answered)
		}
		v.Answered, v.Abandoned = l.Answered, l.Abandoned
	case KindStand:
		v.stands(l)
	case KindPaced:
		v.paced(l)
	case KindEnd:
	case KindHead:
		v.fault("line %d: is a second head", l.N)
	default:
		v.fault("line %d: is of no kind that is known: %q", l.N, l.Kind)
	}
}

// called holds a call against the period, and against the rules by which it was begun.
func (v *verifier) called(l Line) {
	if l.AnsweredAt.Before(v.call.AnsweredAt) || l.AnsweredAt.Before(v.Head.From) || !l.AnsweredAt.Before(v.Head.To) {
		v.fault("line %d (%s): its time is out of order, or outside the period", l.N, named(l))
	}
	by := v.rules[l.Revision] // none where no limit was in force in the period
	if want := by.waited(&l); l.Waited != want {
		v.fault("line %d (%s): says %v without an agent, and its times give %v", l.N, named(l), l.Waited, want)
	}
	if v.call = l; l.Kind == KindAbandoned {
		v.owed = by.inForce(l.AnsweredAt)
	}
}

// stands computes a stand anew.
func (v *verifier) stands(l Line) {
	i := slices.IndexFunc(v.rules[l.Revision], func(r Line) bool { return r.Rule == l.Rule })
	if i < 0 {
		v.fault("line %d (%s): goes by rule %q of revision %d, which is in no line before", l.N, named(l), l.Rule, l.Revision)
		return
	}
	rule := v.rules[l.Revision][i]
	if len((rules{rule}).inForce(l.At)) == 0 {
		v.fault("line %d (%s): goes by rule %q, which was not in force", l.N, named(l), l.Rule)
	}
	if l.Call != "" {
		if l.Call != v.call.Call || !l.At.Equal(v.call.AnsweredAt) || l.Revision != v.call.Revision || v.call.Kind != KindAbandoned {
			v.fault("line %d (%s): is not about the abandoned call before", l.N, named(l))
		}
		v.owed = slices.DeleteFunc(v.owed, func(r Line) bool { return r.Rule == l.Rule })
	} else {
		v.Stands = append(v.Stands, l)
	}
	want := l
	v.count.stand(&want, &rule, l.At)
	if want != l {
		v.fault("line %d (%s): says %d abandoned of %d since %s, limit %v, and the lines before give %d of %d since %s, limit %v", l.N, named(l),
			l.Abandoned, l.Answered, l.WindowFrom.Format(moments), l.Limit, want.Abandoned, want.Answered, want.WindowFrom.Format(moments), want.Limit)
	}
}

// paced computes anew what pacing counted.
func (v *verifier) paced(l Line) {
	v.Paced = &l
	want := v.rules[l.Revision].strictest(l.At)
	if want == nil {
		v.fault("line %d (%s): goes by revision %d, of which no rule was in force", l.N, l.Kind, l.Revision)
		return
	}
	v.count.paced(want, l.At)
	want.N, want.Prev, want.Hash = l.N, l.Prev, l.Hash
	if *want != l {
		v.fault("line %d (%s): says %d abandoned of %d, limit %v, and the lines before give %d of %d, limit %v", l.N, l.Kind, l.PacedAbandoned, l.PacedAnswered, l.Limit, want.PacedAbandoned, want.PacedAnswered, want.Limit)
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
