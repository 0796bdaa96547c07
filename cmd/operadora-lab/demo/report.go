package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/operadora/operadora/api/wire"
)

// heard returns the flow's steps of a timeline.
func heard(timeline []wire.Entry) (out []wire.EntryNode) {
	for _, e := range timeline {
		var n wire.EntryNode
		if e.Type == wire.EntryTypeCallNode && json.Unmarshal(e.Data, &n) == nil {
			out = append(out, n)
		}
	}
	return out
}

// nodeWords are the nodes of the demonstration's flows in which a caller hears
// or does something; the others only lead from one to the next.
var nodeWords = map[string]string{
	"welcome/greet": "welcome", "welcome/menu": "menu", "welcome/in_english": "english", "welcome/in_spanish": "spanish",
	"welcome/sales": "sales", "welcome/support": "support", "welcome/operator": "operator", "welcome/unattended": "nobody there",
	"welcome/after_hours": "closed", "welcome/festive": "holiday", "welcome/trouble": "trouble", "welcome/goodbye": "goodbye",
	"voicemail/take": "message", "voicemail/thanks": "saved",
}

// pathOf says in short what a caller heard.
func pathOf(timeline []wire.Entry) string {
	var words []string
	last := ""
	for _, n := range heard(timeline) {
		node := n.Flow + "/" + n.Node
		word := nodeWords[node]
		switch {
		case n.Outcome == "retry":
			word = map[string]string{"nomatch": "wrong", "noinput": "silent"}[n.Detail["why"]]
		case n.Outcome != "" && node == last: // how it ended; a node that waits for nothing tells only that
			word = ""
		}
		last = node
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// agentName shows who served a call.
func agentName(id string, names map[string]string) string {
	if id == "" {
		return "–"
	}
	return strings.TrimSpace(id + " " + names[id])
}

func seconds(ms int64) string {
	if ms == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1fs", float64(ms)/1000)
}

func (s *Sound) String() string {
	if s == nil {
		return "–"
	}
	if s.Err != "" {
		return "missing"
	}
	return fmt.Sprintf("%.1fs %dkB", s.Length.Seconds(), (s.Bytes+500)/1000)
}

// headings of the report.
var headings = []string{"", "CALLER", "CALLED", "THE CALLER", "HEARD", "WAIT", "SERVED BY", "TALK", "ENDED", "RECORDING"}

// align makes the cells of each column equally wide.
func align(rows [][]string) []string {
	widths := make([]int, len(headings))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	out := make([]string, len(rows))
	for n, r := range rows {
		var b strings.Builder
		for i, cell := range r {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+1))
		}
		out[n] = strings.TrimRight(b.String(), " ")
	}
	return out
}

// cells is a call's line, without its mark.
func cells(s Script, e Evidence, names map[string]string) []string {
	out := []string{s.Number, strings.TrimSpace(s.DID + " " + s.Language), s.What, pathOf(e.Timeline)}
	if len(e.Contacts) == 0 {
		return append(out, "–", "–", "–", "not on record", "–")
	}
	c := e.Contacts[0]
	ended := string(c.Outcome)
	if c.EndedBy != "" && c.EndedBy != wire.EndedByOperadora { // that a flow ends by itself is the rule
		ended += ", " + string(c.EndedBy)
	}
	if c.Disposition != "" {
		ended += ": " + c.Disposition
	}
	return append(out, seconds(c.WaitMS), agentName(c.Agent, names), seconds(c.TalkMS), ended, e.Sound.String())
}

// Report writes one line per call, with what is wrong below the calls that
// went otherwise than their scripts say. It returns how many those are.
func Report(scripts []Script, evidence []Evidence, names map[string]string) (lines []string, wrong int) {
	rows, faults := [][]string{headings}, [][]string{nil}
	for i, s := range scripts {
		f, mark := Judge(s, evidence[i]), "✓"
		if len(f) > 0 {
			mark = "✗"
			wrong++
		}
		rows = append(rows, append([]string{mark}, cells(s, evidence[i], names)...))
		faults = append(faults, f)
	}
	for i, l := range align(rows) {
		lines = append(lines, l)
		for _, f := range faults[i] {
			lines = append(lines, "  ! "+f)
		}
	}
	return lines, wrong
}

// Totals writes the checks; ok is false when one does not hold.
func Totals(checks []Check) (lines []string, ok bool) {
	ok = true
	for _, c := range checks {
		mark := "✓"
		if !c.OK {
			mark, ok = "✗", false
		}
		lines = append(lines, mark+" "+c.What)
	}
	return lines, ok
}

// took shows how long a step lasted.
func took(d time.Duration) string { return fmt.Sprintf("(%.1fs)", d.Seconds()) }
