package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	acdstore "github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// TestMain lets the test binary be operadora itself: rigs run it as a process
// of its own, so that it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv(centre.AsProgram) != "" {
		main()
		return
	}
	if err := beProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// beProgram makes this binary the one that rigs run, unless the environment
// names another.
func beProgram() error {
	if os.Getenv(centre.ProgramPath) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Setenv(centre.ProgramPath, self)
}

// rig is a private contact centre for one test.
type rig struct {
	*centre.Site
	t *testing.T
}

// rigOptions are what differs between rigs.
type rigOptions struct {
	agents   int               // desk phones from 101 on; 0 is 3
	files    map[string]string // definitions, replacing the defaults
	asterisk lab.AsteriskOptions
	via      func(addr string) string
	beside   *centre.Beside // a second PBX
	password string         // instead of the right one
	ari      string         // further keys of the connection to Asterisk
	config   string         // further lines of the PBX's part of the configuration
	redis    string         // configuration of a Redis that is there; "" starts one
}

const rigQueues = `queues:
  - {id: sales, ring_timeout: 5s, retry: 1s, wrap_up: 1s, record: true, exit_key: "*", announce_every: 4s, announce_first: 2s, announce_position: true, misses_before_pause: 2}
dispositions:
  - {name: done, digits: "1"}
pause_reasons:
  - {name: lunch, digit: "2"}
`

// salesAndBen are one agent of the queue, and one of none, to whom calls are handed.
const salesAndBen = `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: []}
`

const rigFlow = `flow: line
language: en
languages: [en, es]
start: pick_up
defaults: {on_error: bye}
prompts:
  options: {sound: tt-monkeys}
  wrong:   {sound: pbx-invalid}
  bye:     {sound: vm-goodbye}
nodes:
  pick_up: {type: answer, next: menu}
  menu:
    type: menu
    prompt: options
    nomatch: wrong
    keys: {"1": sales, "2": message, "3": late}
    on: {noinput: bye, nomatch: bye}
  sales:
    type: queue
    queue: sales
    max_wait: 3m
    on: {timeout: message, full: bye, no_agents: bye, exit: message}
  late:
    type: queue
    queue: sales
    max_wait: 3s
    on: {timeout: message, full: bye, no_agents: bye, exit: message}
  message: {type: record, max: 20s, beep: true, terminator: "#", next: bye, on: {failed: bye}}
  bye: {type: play, prompt: bye, next: end}
`

func newRig(t *testing.T, o rigOptions) *rig {
	t.Helper()
	lab.Require(t)
	if o.agents == 0 {
		o.agents = 3
	}
	if len(o.asterisk.Endpoints) == 0 || o.asterisk.Endpoints[0].User != "101" {
		o.asterisk.Endpoints = append(lab.Desk(101, 100+o.agents), o.asterisk.Endpoints...)
	}
	agents := "agents:\n"
	for n := 101; n <= 100+o.agents; n++ {
		agents += fmt.Sprintf("  - {id: \"%[1]d\", pbx: main, endpoint: PJSIP/%[1]d, queues: [sales]}\n", n)
	}
	files := map[string]string{"queues.yaml": rigQueues, "agents.yaml": agents, "flows/line.yaml": rigFlow,
		"dids.yaml": "dids:\n  \"5000\": {flow: line}\n"}
	maps.Copy(files, o.files)
	site, err := centre.New(limit(t), centre.Options{Dir: t.TempDir(), Asterisk: o.asterisk, Definitions: files,
		Beside: o.beside, Redis: o.redis, Via: o.via, Password: o.password, ARI: o.ari, Config: o.config + "lease_ttl: 2s\nlog: {level: debug}\n"})
	must(t, err)
	r := &rig{Site: site, t: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of operadora's log:\n%s", r.Log.End(200))
			t.Logf("the end of the PBX's log:\n%s", r.Switch.LogTail())
			if r.Other != nil {
				t.Logf("the end of the other PBX's log:\n%s", r.Other.LogTail())
			}
		}
		r.noneRefused()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if log := r.Log.Text(); strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic:") {
			t.Errorf("operadora has a race or panicked:\n%s", log)
		}
	})
	return r
}

// noneRefused checks that the user as whom operadora asks Redis may do all that it does.
func (r *rig) noneRefused() {
	r.t.Helper()
	if r.Redis == nil {
		return
	}
	rdb := redis.NewClient(&redis.Options{Addr: r.Redis.Addr(), MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	denied, err := rdb.ACLLog(ctx, 10).Result()
	if err != nil {
		return // a test may have killed it
	}
	for _, d := range denied {
		if !strings.HasPrefix(d.Object, "slowlog|") && !strings.HasPrefix(d.Object, "beyond:") { // doctor tries what it should not be able to do
			r.t.Errorf("Redis refused something: %s %s", d.Reason, d.Object)
		}
	}
}

// start runs operadora and waits until the PBX is connected.
func (r *rig) start() {
	r.t.Helper()
	must(r.t, r.Start(limit(r.t)))
}

// kill ends operadora as a power cut would.
func (r *rig) kill() {
	r.t.Helper()
	must(r.t, r.Kill())
}

// waitLog waits for a line of operadora's log behind mark.
func (r *rig) waitLog(mark int, text string) {
	r.t.Helper()
	must(r.t, r.Await(limit(r.t), mark, text))
}

// limit bounds every wait of a test.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// desk returns a registered desk phone.
func (r *rig) desk(user string) *lab.Phone {
	r.t.Helper()
	p, err := r.Switch.Phone(limit(r.t), user)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(p.Close)
	return p
}

// dial dials a code at a phone and waits until the PBX has hung up: the code has been carried out.
func (r *rig) dial(p *lab.Phone, code string) {
	r.t.Helper()
	ctx := limit(r.t)
	c, err := p.Dial(ctx, code, lab.DialOptions{})
	if err != nil {
		r.t.Fatalf("%s dials %s: %v", p.User(), code, err)
	}
	if err := c.WaitSound(ctx); err != nil {
		r.t.Fatalf("%s dials %s and hears nothing: %v", p.User(), code, err)
	}
	if _, err := c.WaitEnd(ctx); err != nil {
		r.t.Fatalf("%s dials %s: %v", p.User(), code, err)
	}
}

// login makes a desk phone whose agent is logged in by feature code.
func (r *rig) login(user string) *lab.Phone {
	r.t.Helper()
	p := r.desk(user)
	r.dial(p, "*481")
	return p
}

// call places a call from outside and waits for the answer.
func (r *rig) call(from, did string) *lab.Call {
	r.t.Helper()
	p, err := r.Switch.Caller(from)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(p.Close)
	c, err := p.Dial(limit(r.t), did, lab.DialOptions{})
	if err != nil {
		r.t.Fatalf("%s calls %s: %v", from, did, err)
	}
	return c
}

// queue places a call that presses 1 in the menu, for the queue.
func (r *rig) queue(from string) *lab.Call {
	r.t.Helper()
	c := r.call(from, "5000")
	if _, ok := r.Switch.(*lab.FreeSWITCH); ok { // it throws away some of the keys of the first moment
		must(r.t, c.WaitSound(limit(r.t)))
	}
	must(r.t, c.SendDTMF("1"))
	return c
}

// serve has a desk phone take a caller's call, talk and hang up.
func (r *rig) serve(p *lab.Phone, caller *lab.Call) {
	r.t.Helper()
	must(r.t, r.takes(p, caller).Hangup())
	ended(r.t, caller)
}

// next waits for a call at a desk phone.
func (r *rig) next(p *lab.Phone) *lab.Call {
	r.t.Helper()
	c, err := p.NextCall(limit(r.t))
	if err != nil {
		r.t.Fatalf("no call at %s: %v", p.User(), err)
	}
	return c
}

// answers has a phone pick up the next call that comes to it.
func (r *rig) answers(p *lab.Phone) *lab.Call {
	r.t.Helper()
	c := r.next(p)
	must(r.t, c.Answer())
	return c
}

// takes has a phone pick up the next call that comes to it, and talk with the other end.
func (r *rig) takes(p *lab.Phone, other *lab.Call) *lab.Call {
	r.t.Helper()
	c := r.answers(p)
	r.talk(other, c)
	return c
}

// talk lets caller and agent hear each other.
func (r *rig) talk(c, a *lab.Call) {
	r.t.Helper()
	c.PlayTone(500)
	a.PlayTone(900)
	must(r.t, c.WaitTone(limit(r.t), 900))
	must(r.t, a.WaitTone(limit(r.t), 500))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ended(t *testing.T, c *lab.Call) {
	t.Helper()
	if _, err := c.WaitEnd(limit(t)); err != nil {
		t.Fatal(err)
	}
}

// redis opens the Redis of the rig as its configuration says, until the test ends.
func (r *rig) redis() (Config, redis.UniversalClient) {
	r.t.Helper()
	cfg, err := readConfig(r.Config())
	must(r.t, err)
	rdb, err := cfg.Redis.Client()
	must(r.t, err)
	r.t.Cleanup(func() { _ = rdb.Close() })
	return cfg, rdb
}

// stores opens the journal and stores of the rig beside operadora.
func (r *rig) stores() (*redisstore.Store, *acd.Service) {
	r.t.Helper()
	cfg, rdb := r.redis()
	defs, _, err := loadDefinitions(cfg.Definitions, cfg.PBXs, flowfile.Known{})
	must(r.t, err)
	s, err := acd.New(acd.Parts{Store: acdstore.New(rdb, cfg.Redis.Tenant), Definitions: defs.ACD})
	must(r.t, err)
	return redisstore.New(rdb, cfg.Redis.Tenant, slog.New(slog.DiscardHandler)), s
}

// await follows the journal from its beginning until seen says that it has seen enough.
func (r *rig) await(what string, seen func(orchestrator.Entry) bool) {
	r.t.Helper()
	store, _ := r.stores()
	ctx := limit(r.t)
	enough := errors.New("enough")
	err := store.Tail(ctx, "", func(entries []orchestrator.Entry) error {
		for _, e := range entries {
			if seen(e) {
				return enough
			}
		}
		return nil
	})
	if !errors.Is(err, enough) {
		r.t.Fatalf("the journal never told of %s: %v", what, err)
	}
}

// awaitEntry waits for the nth entry of a type.
func (r *rig) awaitEntry(typ orchestrator.EntryType, n int) (found orchestrator.Entry) {
	r.t.Helper()
	r.await(fmt.Sprintf("%s, %d times", typ, n), func(e orchestrator.Entry) bool {
		if e.Type == typ {
			n--
			found = e
		}
		return n == 0
	})
	return found
}

// told waits for an entry that holds all the texts.
func (r *rig) told(typ orchestrator.EntryType, texts ...string) {
	r.t.Helper()
	r.await(string(typ)+" "+strings.Join(texts, " "), func(e orchestrator.Entry) bool {
		for _, text := range texts {
			if !strings.Contains(string(e.Data), text) {
				return false
			}
		}
		return e.Type == typ
	})
}

// summaryOf reads the record of a call of a kind out of the entry of its end; ok is
// false for every other entry.
func (r *rig) summaryOf(e orchestrator.Entry, kind orchestrator.CallKind) (s orchestrator.CallSummary, ok bool) {
	r.t.Helper()
	if e.Type != orchestrator.EntryCallEnded {
		return s, false
	}
	must(r.t, json.Unmarshal(e.Data, &s))
	return s, s.Kind == kind
}

// awaitEnds waits until n calls of a kind have ended.
func (r *rig) awaitEnds(kind orchestrator.CallKind, n int) {
	r.t.Helper()
	left := n
	r.await(fmt.Sprintf("%d ended calls", n), func(e orchestrator.Entry) bool {
		if _, ok := r.summaryOf(e, kind); ok {
			left--
		}
		return left == 0
	})
}

// summaries returns the calls of a kind on record in the journal, in the order of their ends.
func (r *rig) summaries(kind orchestrator.CallKind) (out []orchestrator.CallSummary) {
	r.t.Helper()
	r.entries(func(e orchestrator.Entry) {
		if s, ok := r.summaryOf(e, kind); ok {
			out = append(out, s)
		}
	})
	return out
}

// entries goes through all that the journal has by now.
func (r *rig) entries(each func(orchestrator.Entry)) {
	r.t.Helper()
	store, _ := r.stores()
	last, err := store.Last(limit(r.t))
	must(r.t, err)
	enough := errors.New("enough")
	err = store.Tail(limit(r.t), "", func(entries []orchestrator.Entry) error {
		for _, e := range entries {
			each(e)
			if e.ID == last {
				return enough
			}
		}
		return nil
	})
	if !errors.Is(err, enough) {
		r.t.Fatalf("reading the journal: %v", err)
	}
}

// settled waits until n callers' calls are on record and checks what must hold
// whatever happened: each call ended once, journal and records agree, no agent
// is stuck, and nothing is left on the PBX. It returns the calls.
func (r *rig) settled(n int) []orchestrator.CallSummary {
	r.t.Helper()
	return r.settledOf(orchestrator.KindInbound, n)
}

// settledOf is settled for calls of a kind.
func (r *rig) settledOf(kind orchestrator.CallKind, n int) []orchestrator.CallSummary {
	r.t.Helper()
	r.awaitEnds(kind, n)
	calls := r.summaries(kind)
	seen := map[string]bool{}
	for _, c := range calls {
		if seen[c.Call] {
			r.t.Errorf("call %s ended twice", c.Call)
		}
		seen[c.Call] = true
	}
	if len(calls) != n {
		r.t.Errorf("%d calls on record, want %d", len(calls), n)
	}
	r.eventually("records agree with the journal", func() error { return r.recordsAgree(calls) })
	r.eventually("nothing is left", r.nothingLeft)
	return calls
}

// eventually asks again until ok is nil or the time is over.
func (r *rig) eventually(what string, ok func() error) {
	r.t.Helper()
	ctx := limit(r.t)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("%s: %v", what, err)
		case <-tick.C:
		}
	}
}

func (r *rig) recordsAgree(calls []orchestrator.CallSummary) error {
	cfg, err := readConfig(r.Config())
	if err != nil {
		return err
	}
	db, err := records.Open(limit(r.t), cfg.Records, time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, c := range calls {
		got, _, err := db.Contact(limit(r.t), c.Call)
		if err != nil {
			return err
		}
		if got.Outcome != c.Outcome || got.EndedAt != c.EndedAt || got.Agent != c.Agent || got.TalkMS != c.TalkMS {
			return fmt.Errorf("call %s: journal %+v, record %+v", c.Call, c, got)
		}
	}
	return nil
}

func (r *rig) nothingLeft() error {
	store, desk := r.stores()
	for _, pbx := range []string{centre.PBX, centre.OtherPBX} {
		live, err := store.Live(limit(r.t), pbx)
		if err != nil {
			return err
		}
		if len(live) > 0 {
			return fmt.Errorf("%d live calls on %s, the first is %s", len(live), pbx, live[0].Doc)
		}
	}
	snap, err := desk.Snapshot(limit(r.t))
	if err != nil {
		return err
	}
	for _, a := range snap.Agents {
		if a.State == acd.StateReserved || a.State == acd.StateTalking || a.Offer != "" {
			return fmt.Errorf("agent %s is stuck in %q with offer %q", a.ID, a.State, a.Offer)
		}
	}
	if len(snap.Calls) > 0 {
		return fmt.Errorf("queues still hold %v", snap.Calls)
	}
	left, err := r.Left()
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("left in the PBX: %s", strings.Join(left, ", "))
	}
	return nil
}

func agentAt(t *testing.T, desk *acd.Service, id string) (acd.AgentView, error) {
	snap, err := desk.Snapshot(limit(t))
	if err != nil {
		return acd.AgentView{}, err
	}
	for _, a := range snap.Agents {
		if a.ID == id {
			return a, nil
		}
	}
	return acd.AgentView{}, fmt.Errorf("no agent %s", id)
}

func deviceIs(t *testing.T, desk *acd.Service, id string, want orchestrator.DeviceState) error {
	a, err := agentAt(t, desk, id)
	if err == nil && a.Device != want {
		err = fmt.Errorf("agent %s's phone is %q, want %q", id, a.Device, want)
	}
	return err
}

func agentIs(t *testing.T, desk *acd.Service, id string, want acd.State, reason string) error {
	a, err := agentAt(t, desk, id)
	if err == nil && (a.State != want || (reason != "" && a.Reason != reason)) {
		err = fmt.Errorf("agent %s is %q for %q, want %q for %q", id, a.State, a.Reason, want, reason)
	}
	return err
}

// able waits until an agent is free, and the phone is.
func (r *rig) able(desk *acd.Service, id string) {
	r.t.Helper()
	r.eventually("agent "+id+" is free", func() error {
		return cmp.Or(agentIs(r.t, desk, id, acd.StateAvailable, ""), deviceIs(r.t, desk, id, orchestrator.DeviceFree))
	})
}

// as runs commands with a token of a role of the operadora that runs; each must succeed.
func (r *rig) as(role string) func(args ...string) string {
	r.t.Helper()
	api, err := r.API(role)
	must(r.t, err)
	return r.by(api)
}

// by does so with the token that a client has.
func (r *rig) by(api *client.API) func(args ...string) string {
	return func(args ...string) string {
		r.t.Helper()
		out, err := r.Run(append(args, "--token", api.Token, "--url", api.Base)...)
		must(r.t, err)
		return out
	}
}
