package top

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// Frame is what Render needs beside the model.
type Frame struct {
	Now           time.Time
	Width, Height int    // of the terminal; Height 0 is as many lines as it takes
	Colour        bool   // styles as escape sequences
	Notice        string // what is wrong with the connection, "" for nothing
	Status        string // a further line at the end, "" for none
	Keys          string // what keys do, shown in the corner
}

// Render draws the model. It returns at most Height lines of at most Width
// columns: queues first, then agents, then calls, each cut where there is not
// room for all.
func Render(m *Model, f Frame) []string {
	lines := append([]line{title(m, f)}, totals(m, f.Now.Location())...)
	if f.Notice != "" {
		lines = append(lines, line{{clean(f.Notice), reverse}})
	}
	if f.Status != "" {
		lines = append(lines, line{{clean(f.Status), dim}})
	}
	if !m.Since.IsZero() {
		tables := [][]line{queueTable(m, f), agentTable(m, f), callTable(m, f)}
		if f.Height > 0 {
			fit(tables, f.Height-len(lines))
		}
		for _, t := range tables {
			if len(t) > 0 {
				lines = append(append(lines, nil), t...)
			}
		}
	}
	if f.Height > 0 && len(lines) > f.Height {
		lines = lines[:f.Height]
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text(f.Width, f.Colour)
	}
	return out
}

// fit shortens tables until each, with an empty line before it, fits into
// height lines together. A table that is cut says how many rows are missing.
func fit(tables [][]line, height int) {
	room := height - 2*len(tables) // an empty line and the heading
	want := make([]int, len(tables))
	for i, t := range tables {
		want[i] = max(0, len(t)-1)
	}
	for i, n := range share(room, want) {
		if n >= want[i] {
			continue
		}
		if n <= 0 {
			tables[i] = tables[i][:1]
			continue
		}
		more := line{{fmt.Sprintf("… %d more", want[i]-n+1), dim}}
		tables[i] = append(tables[i][:n:n], more)
	}
}

// share divides room among those who want some of it: nobody gets more than he
// wants, and whoever gets less gets no less than any other.
func share(room int, want []int) []int {
	got := make([]int, len(want))
	for room > 0 {
		before := room
		for i := range want {
			if room > 0 && got[i] < want[i] {
				got[i]++
				room--
			}
		}
		if room == before {
			break
		}
	}
	return got
}

func title(m *Model, f Frame) line {
	l := line{{"operadora", bold}}
	for _, name := range slices.Sorted(maps.Keys(m.PBXs)) {
		l = append(l, span{text: "  " + clean(name) + " "})
		if m.PBXs[name] {
			l = append(l, span{"connected", green})
		} else {
			l = append(l, span{"not connected", red})
		}
	}
	right := f.Now.Format("15:04:05")
	if f.Keys != "" {
		right += "  " + f.Keys
	}
	used := 0
	for _, s := range l {
		used += columns(s.text)
	}
	if gap := f.Width - used - columns(right); gap > 0 {
		l = append(l, span{text: strings.Repeat(" ", gap)}, span{right, dim})
	}
	return l
}

// totals says what goes on now and how calls have ended since the view began.
func totals(m *Model, zone *time.Location) []line {
	if m.Since.IsZero() {
		return []line{{{"waiting for the first events", dim}}}
	}
	menu, talking := 0, 0
	for _, c := range m.Calls {
		switch {
		case !c.Inbound() || c.Waits():
		case c.State == wire.CallStateTalking:
			talking++
		default:
			menu++
		}
	}
	waiting, away, _ := m.waiting("")
	waits := fmt.Sprintf("%d waiting", waiting)
	if away > 0 {
		waits += fmt.Sprintf(" (%d of them on a PBX that is away)", away)
	}
	ended, parts := 0, []string{}
	for _, o := range outcomes {
		if n := m.Ended[o]; n > 0 {
			ended += n
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	past := fmt.Sprintf("%d ended since %s", ended, m.Since.In(zone).Format("15:04"))
	if len(parts) > 0 {
		past += ": " + strings.Join(parts, ", ")
	}
	return []line{
		{{text: fmt.Sprintf("%d in menus, %s, %d talking", menu, waits, talking)}},
		{{text: past}},
	}
}

func queueTable(m *Model, f Frame) []line {
	cols := []column{{title: "QUEUE", width: 12, grow: 1}, {title: "WAITING", width: 7, right: true}, {title: "AWAY", width: 4, right: true}, {title: "LONGEST", width: 7, right: true}}
	states := []wire.AgentState{wire.AgentStateAvailable, wire.AgentStateReserved, wire.AgentStateTalking, wire.AgentStateWrapup, wire.AgentStatePaused}
	for _, s := range states {
		title := strings.ToUpper(StateWord(s))
		cols = append(cols, column{title: title, width: max(7, len(title)), right: true})
	}
	var rows [][]span
	for _, q := range m.queues() {
		n, away, oldest := m.waiting(q.ID)
		waits, apart := span{strconv.Itoa(n), plain}, span{"·", dim}
		if away > 0 {
			apart = span{strconv.Itoa(away), red}
		}
		if n > 0 {
			waits.style = yellow
		}
		name := q.Name
		if name == "" {
			name = q.ID
		}
		row := []span{{text: name}, waits, apart, {text: ago(oldest, f.Now)}}
		staff := m.staff(q.ID, f.Now)
		for _, s := range states {
			cell := span{strconv.Itoa(staff[s]), agentWords[s].style}
			if staff[s] == 0 {
				cell = span{"·", dim}
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return table(cols, rows, f.Width)
}

func agentTable(m *Model, f Frame) []line {
	cols := []column{{title: "AGENT", width: 5}, {title: "NAME", width: 12, grow: 2}, {title: "STATE", width: 14, grow: 2},
		{title: "FOR", width: 7, right: true}, {title: "CALLER", width: 12, grow: 1}, {title: "QUEUE", width: 10, grow: 1}}
	var rows [][]span
	for _, a := range m.agents() {
		caller := ""
		if c, ok := m.Calls[a.Call]; ok {
			caller = number(c)
		}
		since := a.Since
		if a.State == wire.AgentStateOffline {
			since = time.Time{} // how long somebody has been away says nothing here
		}
		rows = append(rows, []span{{text: a.ID}, {text: a.Name}, agentWord(a, f.Now), {text: ago(since, f.Now)}, {text: caller}, {text: a.Queue}})
	}
	return table(cols, rows, f.Width)
}

func callTable(m *Model, f Frame) []line {
	cols := []column{{title: "FROM", width: 12, grow: 1}, {title: "TO", width: 12},
		{title: "STATE", width: 8}, {title: "WHERE", width: 18, grow: 2}, {title: "AGENT", width: 6},
		{title: "WAITS", width: 7, right: true}, {title: "TIME", width: 7, right: true}}
	var rows [][]span
	for _, c := range m.calls() {
		agent := c.Serving
		if agent == "" && c.State == wire.CallStateTalking {
			agent = c.Agent
		}
		rows = append(rows, []span{{text: cmp.Or(c.From(), "unknown")}, {text: c.To()}, callWord(c), {text: where(c)},
			{text: agent}, {text: ago(c.WaitSince, f.Now)}, {text: ago(c.StartedAt, f.Now)}})
	}
	return table(cols, rows, f.Width)
}

// number is the caller as the API shows it to this token.
func number(c Call) string {
	if c.Caller.Number == "" {
		return "unknown"
	}
	return c.Caller.Number
}

func itoa(n int) string { return strconv.Itoa(n) }
