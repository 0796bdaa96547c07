package queuelog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Row is a line of a queue_log: when, which call, queue and agent, what, and more.
type Row struct {
	At                       time.Time
	Call, Queue, Agent, What string
	More                     []string
}

// mostRow is the longest line that is read, in bytes.
const mostRow = 4096

// ReadRow reads a line. Errors say what is wrong with it.
func ReadRow(line string) (Row, error) {
	if len(line) > mostRow {
		return Row{}, fmt.Errorf("the row has %d bytes, and %d is the most", len(line), mostRow)
	}
	f := strings.Split(line, "|")
	if len(f) < 5 {
		return Row{}, fmt.Errorf("the row has %d fields; it needs time, call, queue, agent and event", len(f))
	}
	at, err := readTime(f[0])
	if err != nil {
		return Row{}, err
	}
	r := Row{At: at, Call: some(f[1]), Queue: some(f[2]), Agent: some(f[3]), What: strings.ToUpper(f[4]), More: f[5:]}
	return r, r.check()
}

// readTime reads seconds since 1970, with a fraction where queue_log has them so.
func readTime(text string) (time.Time, error) {
	whole, part, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	ms := int64(0)
	if err == nil && part != "" {
		ms, err = strconv.ParseInt((part + "000")[:3], 10, 64)
	}
	const first, last = 915148800, 4102444800 // 1999, and 2100
	if err != nil || s < first || s > last {
		return time.Time{}, fmt.Errorf("time: %q is no time in seconds since 1970", text)
	}
	return time.Unix(s, ms*int64(time.Millisecond)).UTC(), nil
}

func some(s string) string {
	if s == "NONE" {
		return ""
	}
	return s
}

// event is a kind of rows: what it needs, and which of its further fields are numbers.
type event struct {
	call, queue, agent bool
	numbers            []int
}

// events are the rows that say something. Their further fields are those of apps/app_queue.c.
var events = map[string]event{
	"DID":                 {call: true},
	"ENTERQUEUE":          {call: true, queue: true},                                      // url|caller|position
	"RINGNOANSWER":        {call: true, queue: true, agent: true, numbers: []int{0}},      // ms
	"RINGCANCELED":        {call: true, queue: true, agent: true, numbers: []int{0}},      // ms
	"CONNECT":             {call: true, queue: true, agent: true, numbers: []int{0}},      // hold|channel|ring
	"COMPLETECALLER":      {call: true, queue: true, agent: true, numbers: []int{0, 1}},   // hold|talk|position
	"COMPLETEAGENT":       {call: true, queue: true, agent: true, numbers: []int{0, 1}},   // the same
	"TRANSFER":            {call: true, queue: true, agent: true, numbers: []int{2, 3}},   // extension|context|hold|talk|position
	"BLINDTRANSFER":       {call: true, queue: true, agent: true, numbers: []int{2, 3}},   // the same
	"ATTENDEDTRANSFER":    {call: true, queue: true, agent: true, numbers: []int{-3, -2}}, // how|…|hold|talk|position
	"ABANDON":             {call: true, queue: true, numbers: []int{2}},                   // position|at first|wait
	"EXITWITHTIMEOUT":     {call: true, queue: true},                                      // the same
	"EXITEMPTY":           {call: true, queue: true},                                      // the same
	"EXITWITHKEY":         {call: true, queue: true},                                      // key|position|at first|wait
	"WITHDRAW":            {call: true, queue: true},                                      // position|at first|wait|why; of older ones the wait is missing
	"AGENTLOGIN":          {agent: true},
	"AGENTCALLBACKLOGIN":  {agent: true},
	"AGENTLOGOFF":         {agent: true},
	"AGENTCALLBACKLOGOFF": {agent: true},
	"ADDMEMBER":           {agent: true, queue: true},
	"REMOVEMEMBER":        {agent: true, queue: true},
	"PAUSE":               {agent: true, queue: true},
	"UNPAUSE":             {agent: true, queue: true},
	"PAUSEALL":            {agent: true},
	"UNPAUSEALL":          {agent: true},
}

// Known tells whether a row says something. Others, as CONFIGRELOAD, are left aside.
func (r Row) Known() bool {
	_, ok := events[r.What]
	return ok
}

func (r Row) check() error {
	e := events[r.What]
	for _, x := range []struct {
		needs        bool
		field, value string
	}{{true, "event", r.What}, {e.call, "call", r.Call}, {e.queue, "queue", r.Queue}, {e.agent, "agent", r.Agent}} {
		if x.needs && x.value == "" {
			return fmt.Errorf("%s: %s has none", x.field, r.What)
		}
	}
	for _, n := range e.numbers {
		if _, err := r.number(n); err != nil {
			return err
		}
	}
	return nil
}

// number is a further field that is one; those below 0 are counted from the end. A trailing field
// that is empty is 0.
func (r Row) number(i int) (int64, error) {
	if i < 0 {
		i += len(r.More)
	}
	text := ""
	if i >= 0 && i < len(r.More) {
		text = r.More[i]
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1e9 {
		return 0, fmt.Errorf("field %d: %q of %s is no number", i+6, text, r.What)
	}
	return n, nil
}

// ms is a field of seconds in milliseconds.
func (r Row) ms(i int) int64 {
	n, _ := r.number(i) // checked as it was read
	return n * 1000
}

func (r Row) text(i int) string {
	if i < len(r.More) {
		return r.More[i]
	}
	return ""
}
