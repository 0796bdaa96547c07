package doctor

import (
	"encoding/json"
	"fmt"
	"time"
)

// Verdict says how a thing is.
type Verdict int

// Verdicts, from good to bad.
const (
	OK      Verdict = iota
	Note            // could not be examined, or is for people to look at
	Warning         // works, and should be changed
	Fault           // does not work
)

var verdictNames = map[Verdict]string{OK: "ok", Note: "note", Warning: "warning", Fault: "fault"}

// String returns the verdict in a word.
func (v Verdict) String() string { return verdictNames[v] }

// Line is the verdict on one thing.
type Line struct {
	Part    string // what it belongs to: "redis", "pbx main"
	Check   string // what was examined
	Verdict Verdict
	Text    string        // what was found
	Remedy  string        // what to do; "" when the verdict is OK
	Took    time.Duration // of the examination, 0 when it came with another
}

// MarshalJSON writes the verdict as a word and the time in milliseconds.
func (l Line) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Part    string  `json:"part"`
		Check   string  `json:"check"`
		Verdict string  `json:"verdict"`
		Text    string  `json:"text"`
		Remedy  string  `json:"remedy,omitempty"`
		TookMS  float64 `json:"took_ms,omitempty"`
	}{l.Part, l.Check, l.Verdict.String(), l.Text, l.Remedy, float64(l.Took.Microseconds()) / 1000})
}

// sheet collects the lines of one part.
type sheet struct {
	part  string
	lines []Line
}

func (s *sheet) add(v Verdict, check, remedy, format string, args ...any) *Line {
	s.lines = append(s.lines, Line{Part: s.part, Check: check, Verdict: v, Text: fmt.Sprintf(format, args...), Remedy: remedy})
	return &s.lines[len(s.lines)-1]
}

func (s *sheet) ok(check, format string, args ...any) *Line {
	return s.add(OK, check, "", format, args...)
}

// Worst is the worst verdict of some lines.
func Worst(lines []Line) Verdict {
	worst := OK
	for _, l := range lines {
		worst = max(worst, l.Verdict)
	}
	return worst
}
