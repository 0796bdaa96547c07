package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/cmd/operadora/top"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/orchestrator/lab"
)

// CampaignOptions say how a campaign is played.
type CampaignOptions struct {
	World *pacingsim.World // its first campaign is played
	Seed  uint64           // of the people who are called
	Once  bool             // end after the campaign instead of staying up
	Out   io.Writer
}

// campaignLimit is how long a campaign may take on a busy machine.
const campaignLimit = 5 * time.Minute

// Played is what came of a campaign.
type Played struct {
	Utilisation         float64 // talk and wrap-up over time, until the last lead was dialled
	Abandon             float64
	Answered, Abandoned int64
	Length              time.Duration   // until the last lead was dialled
	Waits               []time.Duration // from the answer to the agent's voice, at the phones
	Good                bool            // the books balance
	Simulated           Simulated
}

// PlayCampaign plays a campaign on real parts, and shows it. The error is nil only when
// what phones, journal, records and evidence say agrees.
func PlayCampaign(ctx context.Context, o CampaignOptions) (out Played, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &campaignStage{o: o, public: &public{people: pacingsim.People(o.World, o.Seed, o.World.Campaigns[0].Leads)}}
	g.public.went = make([]visit, len(g.public.people))
	defer func() { //nolint:contextcheck // hanging up has a limit of its own
		failed := err != nil && !errors.Is(err, context.Canceled)
		if failed && g.dir != "" {
			_, werr := fmt.Fprintf(o.Out, "The files of this run are kept until the next one, among them\n  %s\n", shown(g.logFile()))
			err = errors.Join(err, werr)
		}
		cancel()
		err = errors.Join(err, g.close(failed))
	}()
	if err := g.prepare(ctx, progress{o.Out}); err != nil {
		return out, err
	}
	began := time.Now()
	if err := g.run(ctx); err != nil {
		return out, err
	}
	if out, err = g.report(ctx, began); err != nil {
		return out, err
	}
	simulated, err := Simulate(ctx, o.World, o.Seed)
	if err != nil {
		return out, err
	}
	out.Simulated = simulated
	if err := Compare(o.Out, out); err != nil {
		return out, err
	}
	if !o.Once {
		fmt.Fprintf(o.Out, "\nEverything stays up until you press Ctrl-C. From another terminal, in this folder:\n\n  export OPERADORA_TOKEN=%s\n  %s campaign show %s --url %s\n",
			g.api.Token, g.program(), campaignName, g.api.Base)
		select {
		case <-ctx.Done():
		case <-g.site.Gone():
			return out, errGone
		}
	}
	if !out.Good {
		return out, errors.New("what phones, journal, records and evidence say does not agree")
	}
	return out, nil
}

// campaignStage is what a campaign is played on.
type campaignStage struct {
	stage
	o      CampaignOptions
	public *public
}

func (g *campaignStage) program() string {
	if path, err := centre.Program(); err == nil {
		return shown(path)
	}
	return "operadora"
}

// prepare starts everything, brings the leads in and has the agents log in.
func (g *campaignStage) prepare(ctx context.Context, p progress) (err error) {
	carrier, err := lab.NewPhone(lab.PhoneOptions{User: "carrier"})
	if err != nil {
		return err
	}
	g.phones = append(g.phones, carrier)
	g.public.carrier = carrier
	n := g.o.World.Agents.Count
	o := centre.Options{Asterisk: lab.AsteriskOptions{Endpoints: lab.Desk(101, 100+n), Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		Config: "    outbound: {dial: \"PJSIP/{number}@trunk\", region: CO, allow: [\"+57\"]}\n"}
	own := func(map[string]string) (map[string]string, error) { return campaignFiles(g.o.World), nil }
	if err := g.open(ctx, p, o, wire.CallKindCampaign, own); err != nil {
		return err
	}
	g.spawn(func() { g.public.serve(g.background) })
	if err := p.step(fmt.Sprintf("%d agents log in, each with a permanent line", n), func() error { return g.lines(ctx, n) }); err != nil {
		return err
	}
	return p.step(fmt.Sprintf("bringing in %d leads from a file", len(g.public.people)), func() error { return g.bring() })
}

// lines logs the agents in.
func (g *campaignStage) lines(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for i := range n {
		user := fmt.Sprint(101 + i)
		phone, err := g.site.Switch.Phone(ctx, user)
		if err != nil {
			return err
		}
		g.phones = append(g.phones, phone)
		phone.OnInvite(func(c *lab.Call) {
			if c.Answer() == nil {
				c.PlayTone(agentVoice)
			}
		})
		if _, err := g.api.LoginAgentWithResponse(ctx, user, wire.AgentLogin{Line: true}); err != nil {
			return err
		}
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := g.api.Agents(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(a wire.Agent) bool { return a.Line != wire.LineStateIdle || a.State != wire.AgentStateAvailable }) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not every line is up: %w", context.Cause(ctx))
		}
	}
}

// cli runs a command of operadora with the token of the demonstration.
func (g *campaignStage) cli(args ...string) (string, error) {
	return g.site.Run(append(args, "--token", g.api.Token, "--url", g.api.Base)...)
}

func (g *campaignStage) bring() error {
	file := filepath.Join(g.dir, "leads.csv")
	if err := os.WriteFile(file, []byte(leadsFile(len(g.public.people))), 0o600); err != nil {
		return err
	}
	if _, err := g.cli("list", "create", campaignName, "--region", "CO"); err != nil {
		return err
	}
	out, err := g.cli("lead", "import", file, "--list", campaignName)
	if err == nil && !strings.Contains(out, fmt.Sprintf("%d added", len(g.public.people))) {
		err = fmt.Errorf("the import says %q", out)
	}
	return err
}

// run starts the campaign and shows it until nobody is left to call, and nobody talks.
func (g *campaignStage) run(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, campaignLimit, errors.New("the campaign took too long"))
	defer stop()
	live, hide := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer hide()
	if _, err := g.cli("campaign", "start", campaignName); err != nil {
		return err
	}
	beside.Go(func() { g.live(live) })
	done := func() bool { return len(g.watch.ended) >= len(g.public.people) }
	over := make(chan error, 1)
	beside.Go(func() { over <- g.watch.until(live, "the end of the campaign", done) })
	select {
	case err := <-over:
		return err
	case <-g.site.Gone():
		return errGone
	}
}

// live shows `operadora campaign watch`: on a terminal in one line, else now and then.
func (g *campaignStage) live(ctx context.Context) {
	cmd, err := g.site.Program("campaign", "watch", campaignName, "--token", g.api.Token, "--url", g.api.Base)
	if err != nil {
		return
	}
	w := &liveLine{w: g.o.Out, every: 10}
	if out, ok := g.o.Out.(*os.File); ok && top.IsTerminal(out) {
		w.every, w.before = 1, "\r\x1b[K"
	}
	cmd.Stdout = w
	ended := make(chan struct{})
	if lab.Launch(cmd, func(error) { close(ended) }) != nil {
		return
	}
	<-ctx.Done()
	_ = cmd.Process.Kill() // it has ended already, if that fails
	<-ended
	if w.before != "" {
		_, _ = io.WriteString(w.w, "\n") // what cannot be shown is not
	}
}

// liveLine shows one of so many lines.
type liveLine struct {
	w      io.Writer
	every  int
	before string
	n      int
}

// Write implements io.Writer: a line at a time.
func (l *liveLine) Write(b []byte) (int, error) {
	if l.n++; (l.n-1)%l.every != 0 {
		return len(b), nil
	}
	text := l.before + string(b)
	if l.before != "" {
		text = strings.TrimRight(text, "\n")
	}
	_, err := io.WriteString(l.w, text)
	return len(b), err
}

// report waits until everything has settled, and draws it all up.
func (g *campaignStage) report(ctx context.Context, began time.Time) (out Played, err error) {
	var books Books
	if err := (progress{g.o.Out}).step("agents log out; waiting until all is on record and nothing is left", func() (err error) {
		for i := range g.o.World.Agents.Count {
			if _, err := g.api.LogoutAgentWithResponse(ctx, fmt.Sprint(101+i), wire.AgentForce{}); err != nil {
				return err
			}
		}
		books, err = g.settle(ctx, len(g.public.people))
		return err
	}); err != nil {
		return out, err
	}
	file := filepath.Join(g.dir, "evidence.jsonl")
	if _, err := g.cli("campaign", "evidence", campaignName, "--from", began.Format(time.RFC3339), "--output", file); err != nil {
		return out, err
	}
	verified, err := g.site.Run("campaign", "evidence", "--verify", file)
	if err != nil {
		return out, err
	}
	v, err := verdictOf(file)
	if err != nil {
		return out, err
	}
	answer, err := g.api.GetCampaignWithResponse(ctx, campaignName)
	if err != nil {
		return out, err
	}
	view := *answer.JSON200
	t := g.public.tally()
	g.watch.mu.Lock()
	changes, started := slices.Clone(g.watch.changes), slices.Clone(g.watch.started)
	g.watch.mu.Unlock()
	out = Played{Answered: v.Answered, Abandoned: v.Abandoned, Abandon: v.Stands[0].Figure, Length: slices.MaxFunc(started, time.Time.Compare).Sub(view.Run.Began),
		Utilisation: utilisation(changes, view.Run.Began, slices.MaxFunc(started, time.Time.Compare)), Waits: t.waits}
	lines, good := Totals(append(Balance(books), campaignChecks(view, books.Contacts, t, v, len(g.public.people))...))
	out.Good = good
	_, err = fmt.Fprintf(g.o.Out, "\nThe evidence of the legal limit, verified (%s):\n%s\n%s\n", shown(file), indent(verified), strings.Join(lines, "\n"))
	return out, err
}

func verdictOf(file string) (evidence.Verdict, error) {
	f, err := os.Open(file) //nolint:gosec // in the run's own folder
	if err != nil {
		return evidence.Verdict{}, err
	}
	v, err := evidence.Verify(f)
	if err == nil && len(v.Stands) == 0 {
		err = errors.New("the evidence says nothing of a limit")
	}
	return v, errors.Join(err, f.Close())
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
