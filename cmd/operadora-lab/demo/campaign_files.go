package demo

import (
	"embed"
	"fmt"
	"strings"

	"github.com/operadora/operadora/dialer/pacingsim"
)

// worlds are the scenarios in which a campaign may be played: short ones.
//
//go:embed worlds/*.yaml
var worldFiles embed.FS

// Worlds are their names.
func Worlds() (out []string) {
	files, _ := worldFiles.ReadDir("worlds") // it is embedded
	for _, f := range files {
		out = append(out, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return out
}

// World is one of them.
func World(name string) (*pacingsim.World, error) {
	text, err := worldFiles.ReadFile("worlds/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q, but %s", name, strings.Join(Worlds(), ", "))
	}
	return pacingsim.Parse(name+".yaml", text)
}

// campaignName is the campaign, its list, and the prefix of its numbers.
const (
	campaignName  = "demo"
	numbersPrefix = "+5730010"
)

// numberOf is the number of the k-th lead.
func numberOf(k int) string { return fmt.Sprintf("%s%05d", numbersPrefix, k) }

// leadOf is whose number it is; -1 for nobody's.
func leadOf(number string) int {
	var k int
	i := strings.LastIndex(number, strings.TrimPrefix(numbersPrefix, "+"))
	if i < 0 {
		return -1
	}
	if _, err := fmt.Sscanf(number[i+len(numbersPrefix)-1:], "%05d", &k); err != nil {
		return -1
	}
	return k
}

// leadsFile is the list as a file.
func leadsFile(n int) string {
	var b strings.Builder
	b.WriteString("celular;nombre;saldo\n")
	for k := range n {
		fmt.Fprintf(&b, "%s;Lead %d;%d\n", strings.TrimPrefix(numberOf(k), "+57"), k, 100+k)
	}
	return b.String()
}

// campaignFiles are the definitions in which a world's campaign is run.
func campaignFiles(w *pacingsim.World) map[string]string {
	c := &w.Campaigns[0]
	wrap := "0s"
	if w.Agents.Wrap != nil {
		if l, err := w.Agents.Wrap.Law(); err == nil { // it was checked as the world was read
			wrap = fmt.Sprintf("%gs", l.Mean())
		}
	}
	agents := "agents:\n"
	for n := 101; n <= 100+w.Agents.Count; n++ {
		agents += fmt.Sprintf("  - {id: \"%[1]d\", pbx: main, endpoint: PJSIP/%[1]d, queues: [sales]}\n", n)
	}
	return map[string]string{
		"queues.yaml": fmt.Sprintf("queues:\n  - {id: sales, ring_timeout: 5s, retry: 1s, wrap_up: %s}\n", wrap),
		"agents.yaml": agents,
		"campaigns/" + campaignName + ".yaml": fmt.Sprintf(`campaign: %[1]s
purpose: service
profile: demo
mode: %[2]s
queue: sales
message: [vm-goodbye]
language: es
script: {es: "Buenos días, {{name}}: su saldo es de {{saldo}}."}
lists: [%[1]s]
trunks: [{pbx: main, lines: %[3]d, calls_per_second: %[4]g}]
caller_id: ["+576015550000"]
hours: ["mon-sun 00:00-24:00"]
attempts: {lead: 1, number: 1, day: 9, week: 9}
lockout: 1h
pacing: {abandon_percent: %[5]g, ring_timeout: %[6]gs}
`, campaignName, c.Mode, w.Carrier.Lines, w.Carrier.CallsPerSecond, 100*c.Limit, c.RingTimeout),
		"profiles/demo.yaml": fmt.Sprintf(`profile: demo
name: {en: The demonstration's own}
read: 2026-11-30
rules:
  - {id: hours, kind: hours, hours: ["mon-sun 00:00-24:00"], from: 2020-01-01, law: the demonstration's, basis: assumed}
  - {id: abandon, kind: abandon, percent: %[1]g, window: %[2]gh, threshold: %[3]gs, from: 2020-01-01, law: the demonstration's, basis: assumed}
  - {id: message, kind: message, within: %[3]gs, says: [name], from: 2020-01-01, law: the demonstration's, basis: assumed}
  - {id: ring, kind: ring, least: %[4]gs, from: 2020-01-01, law: the demonstration's, basis: assumed}
`, 100*c.Limit, c.WindowHours, c.Threshold, c.MinRing),
	}
}
