package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/operadora/operadora/orchestrator"
)

// heard returns the flow's steps of a timeline.
func heard(timeline []orchestrator.Entry) (out []orchestrator.Note) {
	for _, e := range timeline {
		var n orchestrator.Note
		if e.Type == orchestrator.EntryCallNode && json.Unmarshal(e.Data, &n) == nil {
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
func pathOf(timeline []orchestrator.Entry) string {
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

// columns of the report, with their widths.
var reportColumns = []struct {
	title string
	width int
}{{"", 1}, {"CALLER", 7}, {"CALLED", 7}, {"WHAT THE CALLER DOES", 23}, {"WHAT THE CALLER HEARD", 35}, {"WAIT", 5},
	{"SERVED BY", 14}, {"TALK", 5}, {"ENDED", 18}, {"RECORDING", 11}}

func row(cells ...string) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, reportColumns[i].width-uniseg.StringWidth(c))+1))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Report writes one line per call, with what is wrong below the calls that
// went otherwise than their scripts say. It returns how many those are.
func Report(scripts []Script, evidence []Evidence, names map[string]string) (lines []string, wrong int) {
	var titles []string
	for _, c := range reportColumns {
		titles = append(titles, c.title)
	}
	lines = append(lines, row(titles...))
	for i, s := range scripts {
		e := evidence[i]
		faults := Judge(s, e)
		mark := "✓"
		if len(faults) > 0 {
			mark = "✗"
			wrong++
		}
		cells := []string{mark, s.Number, strings.TrimSpace(s.DID + " " + s.Language), s.What, pathOf(e.Timeline), "–", "–", "–", "not on record", "–"}
		if len(e.Contacts) > 0 {
			c := e.Contacts[0]
			ended := string(c.Outcome)
			if c.EndedBy != "" {
				ended += ", " + c.EndedBy
			}
			cells = append(cells[:5], seconds(c.WaitMS), agentName(c.Agent, names), seconds(c.TalkMS), ended, e.Sound.String())
		}
		lines = append(lines, row(cells...))
		for _, f := range faults {
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
