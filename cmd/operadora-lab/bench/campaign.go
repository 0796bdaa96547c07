package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/cmd/operadora-lab/demo"
	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/orchestrator/lab"
)

// SimVsReal plays campaigns on the PBX and in the simulator, and says how far they lie apart.
func SimVsReal(ctx context.Context, out, progress io.Writer) error {
	for _, name := range demo.Worlds() {
		w, err := demo.World(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(progress, "sim_vs_real: scenario %s …\n", name)
		p, err := play(ctx, w)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", name, err)
		}
		if err := Emit(out,
			NewLine("sim_vs_real", "utilisation_"+name, "%", 100*p.Utilisation, "simulated, same people", 100*p.Simulated.Same.Utilisation),
			NewLine("sim_vs_real", "abandoned_"+name, "%", 100*p.Abandon, "simulated, same people", 100*p.Simulated.Same.Abandon)); err != nil {
			return err
		}
	}
	return nil
}

// play plays a campaign; what it shows is told with an error only.
func play(ctx context.Context, w *pacingsim.World) (demo.Played, error) {
	var shown strings.Builder
	p, err := demo.PlayCampaign(ctx, demo.CampaignOptions{World: w, Seed: 1, Once: true, Out: &shown})
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, shown.String())
	}
	return p, err
}

// idleWorld has more agents than are needed: whoever answers has one at once.
const idleWorld = `name: idle
about: Each free agent has one call on its way, and everybody answers.
hours: 0.1
agents: {count: 20}
campaigns:
  - name: demo
    mode: progressive
    leads: 150
    answer: {const: 1}
    answer_delay: {kind: uniform, low: 0.5, high: 2.5}
    rings_after: 0.1
    ring_timeout: 9
    min_ring: 6
    talk: {kind: uniform, low: 1, high: 3}
carrier: {lines: 60, calls_per_second: 8}
`

// The goal of answer_to_agent, of 99 of 100.
const answerGoal = 150 * time.Millisecond

// AnswerToAgent measures from the answer of somebody who is called to the first packet in
// which they hear the agent, who is on a permanent line and free: by a campaign, and by the PBX's
// own queue with agents whose line stays up, to which an answered call is sent.
func AnswerToAgent(ctx context.Context, out, progress io.Writer) error {
	w, err := pacingsim.Parse("idle.yaml", []byte(idleWorld))
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "answer_to_agent: a campaign …")
	ours, err := play(ctx, w)
	if err != nil {
		return err
	}
	peer := peerQueue().line
	fmt.Fprintf(progress, "answer_to_agent: %s …\n", peer.name)
	theirs, err := peer.answers(ctx)
	if err != nil {
		return err
	}
	return Emit(out,
		NewLine("answer_to_agent", "p50", "ms", millis(quantile(ours.Waits, .5)), peer.peer, millis(quantile(theirs, .5))),
		NewLine("answer_to_agent", "p99", "ms", millis(quantile(ours.Waits, .99)), peer.peer, millis(quantile(theirs, .99))),
		NewLine("answer_to_agent", "p99_goal", "ms", millis(quantile(ours.Waits, .99)), "goal", millis(answerGoal)))
}

// answers has the PBX call people one after another, and send those who answer to its queue.
func (s gapSide) answers(ctx context.Context) (got []time.Duration, err error) {
	heard := make(chan time.Duration, 1)
	rnd := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // repeatable is what is wanted
	carrier, err := lab.NewPhone(lab.PhoneOptions{User: "carrier"})
	if err != nil {
		return nil, err
	}
	defer carrier.Close() //nolint:contextcheck // hanging up has a limit of its own
	f, err := s.floor(ctx, []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}})
	if err != nil {
		return nil, err
	}
	defer f.stop() //nolint:contextcheck // what was started ends whatever the context
	for _, a := range f.agents {
		if line := a.line(); line != nil {
			line.PlayTone(signal)
		}
	}
	for k := range gapRounds {
		ring, talk := time.Duration(500+rnd.IntN(2000))*time.Millisecond, time.Duration(300+rnd.IntN(900))*time.Millisecond
		carrier.OnInvite(func(c *lab.Call) { //nolint:contextcheck // hanging up has a limit of its own
			_ = c.Ring()
			<-time.After(ring) // as somebody who takes the phone
			if c.Answer() != nil {
				return
			}
			at := time.Now()
			select {
			case when := <-c.FirstTone(signal):
				heard <- when.Sub(at)
				<-time.After(talk)
			case <-c.Done():
			}
			_ = c.Hangup()
		})
		if _, err := f.site.Switch.CLI(fmt.Sprintf("channel originate PJSIP/+5730010%05d@trunk extension %s@from-trunk", k, s.number)); err != nil { //nolint:contextcheck // the console has a limit of its own
			return got, err
		}
		select {
		case d := <-heard:
			got = append(got, d)
		case <-time.After(gapLimit):
			return got, errNotHeard
		case <-ctx.Done():
			return got, context.Cause(ctx)
		}
	}
	return got, nil
}

// Sizes of dial_rate.
const (
	dialLeads  = 4000
	dialGoal   = 100.0 // attempts a second
	dialOffers = 200   // so many are allowed
	dialLimit  = 5 * time.Minute
)

var dialFiles = map[string]string{
	"queues.yaml":       "queues:\n  - {id: sales}\n",
	"agents.yaml":       "agents:\n  - {id: \"101\", pbx: main, endpoint: PJSIP/101, queues: [sales]}\n",
	"flows/remind.yaml": "flow: remind\nlanguage: en\nstart: say\nprompts:\n  say: {sound: vm-goodbye}\nnodes:\n  say: {type: play, prompt: say, next: end}\n",
	"campaigns/rate.yaml": fmt.Sprintf(`campaign: rate
purpose: service
profile: own
mode: agentless
flow: remind
lists: [rate]
trunks: [{pbx: main, lines: 1000, calls_per_second: %[1]d}]
caller_id: ["+576015550000"]
hours: ["mon-sun 00:00-24:00"]
attempts: {lead: 1, number: 1, day: 9, week: 9}
pacing: {rate: %[1]d}
`, dialOffers),
	"profiles/own.yaml": `profile: own
name: {en: The bench's own}
read: 2026-11-30
rules:
  - {id: hours, kind: hours, hours: ["mon-sun 00:00-24:00"], from: 2020-01-01, law: the bench's, basis: assumed}
  - {id: abandon, kind: abandon, percent: 3, window: 24h, threshold: 2s, from: 2020-01-01, law: the bench's, basis: assumed}
`,
}

// DialRate measures how many attempts a second a campaign makes on a real PBX, each judged,
// put on record, rung, refused by a busy number and put on record again, and what one costs.
func DialRate(ctx context.Context, out, progress io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	var rung atomic.Int64
	carrier, err := lab.NewPhone(lab.PhoneOptions{User: "carrier", OnInvite: func(c *lab.Call) {
		rung.Add(1)
		_ = c.Reject(486)
	}})
	if err != nil {
		return err
	}
	defer carrier.Close() //nolint:contextcheck // hanging up has a limit of its own
	site, err := newSite(ctx, centre.Options{Definitions: dialFiles,
		Asterisk: lab.AsteriskOptions{Endpoints: lab.Desk(101, 101), Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		Config:   "    outbound: {dial: \"PJSIP/{number}@trunk\", region: CO, allow: [\"+57\"]}\nlog: {level: info}\n"})
	if err != nil {
		return err
	}
	defer discard(site)
	if err := site.Start(ctx); err != nil {
		return err
	}
	api, err := site.API("supervisor")
	if err != nil {
		return err
	}
	cli := func(args ...string) error {
		_, err := site.Run(append(args, "--token", api.Token, "--url", api.Base)...)
		return err
	}
	var b strings.Builder
	b.WriteString("phone\n")
	for k := range dialLeads {
		fmt.Fprintf(&b, "+5730010%05d\n", k)
	}
	file := filepath.Join(site.Dir, "leads.csv")
	if err := errors.Join(os.WriteFile(file, []byte(b.String()), 0o600), cli("list", "create", "rate", "--region", "CO"), cli("lead", "import", file, "--list", "rate")); err != nil {
		return err
	}
	before, err := effortOf(site)
	if err != nil {
		return err
	}
	bytesBefore := recordBytes(site)
	fmt.Fprintf(progress, "dial_rate: %d leads …\n", dialLeads)
	began := time.Now()
	if err := cli("campaign", "start", "rate"); err != nil {
		return err
	}
	err = poll(ctx, 100*time.Millisecond, func() error {
		r, err := api.GetCampaignWithResponse(ctx, "rate")
		if err == nil && r.JSON200.Results["busy"] < dialLeads {
			return fmt.Errorf("%v of %d: %w", r.JSON200.Results, dialLeads, errNotYet)
		}
		return err
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := effortOf(site)
	if err != nil {
		return err
	}
	if n := rung.Load(); n != dialLeads {
		return fmt.Errorf("%d phones rang, and %d leads were called", n, dialLeads) //nolint:err113 // nobody looks for it
	}
	used := after.since(before)
	return Emit(out,
		NewLine("dial_rate", "attempts", "attempts/s", dialLeads/took.Seconds(), "goal", dialGoal),
		NewLine("dial_rate", "cpu_of_operadora", "ms/attempt", perCall(used.operadora, dialLeads), "all", perCall(used.sum(), dialLeads)),
		NewLine("dial_rate", "cpu_of_redis", "ms/attempt", perCall(used.redis, dialLeads), "all", perCall(used.sum(), dialLeads)),
		NewLine("dial_rate", "cpu_of_pbx", "ms/attempt", perCall(used.pbx, dialLeads), "all", perCall(used.sum(), dialLeads)),
		NewLine("dial_rate", "records", "bytes/attempt", float64(recordBytes(site)-bytesBefore)/dialLeads, "", 0))
}

// recordBytes is how large the database of the records is.
func recordBytes(site *centre.Site) (n int64) {
	files, _ := filepath.Glob(filepath.Join(site.Dir, "*.db*")) // the pattern is sound
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}
