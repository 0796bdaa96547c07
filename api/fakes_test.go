package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	outbound "github.com/operadora/operadora/orchestrator/gate"
)

type fakeCalls struct {
	mu    sync.Mutex
	calls []call.Call // guarded by mu
}

func (f *fakeCalls) set(calls ...call.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = calls
}

func record(c call.Call) orchestrator.Record {
	doc, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return orchestrator.Record{ID: c.Call, PBX: c.PBX, Rev: c.Rev, Doc: doc, Ended: c.State == call.StateEnded}
}

func (f *fakeCalls) Live(_ context.Context, pbx string) (out []orchestrator.Record, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.PBX == pbx {
			out = append(out, record(c))
		}
	}
	return out, nil
}

func (f *fakeCalls) Load(_ context.Context, id string) (orchestrator.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.Call == id {
			return record(c), nil
		}
	}
	return orchestrator.Record{}, fault.New("fake", fault.NotFound, "no call %q", id)
}

type fakeEngine struct {
	pbx *fakePBX

	mu     sync.Mutex
	orders []string        // guarded by mu
	up     map[string]bool // guarded by mu
}

func newEngine() *fakeEngine {
	return &fakeEngine{pbx: &fakePBX{files: map[string][]byte{}}, up: map[string]bool{"main": true, "spare": false}}
}

func (f *fakeEngine) Ask(_ context.Context, id string, w call.Wish) error {
	if w.To.Name == "full" {
		return fault.New("fake", fault.Conflict, "a transfer is under way")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	words := []string{id, string(w.Do), string(w.To.Kind), w.To.Name, w.Recording, "by", w.By}
	if w.Whom != "" {
		words = slices.Insert(words, 2, "side", w.Whom)
	}
	if w.Agent != "" {
		words = append(words, "as", w.Agent)
	}
	f.orders = append(f.orders, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	return nil
}

func (f *fakeEngine) CallBack(_ context.Context, pbx string, o call.CallbackOrder) (call.CallbackAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, strings.Join(strings.Fields(strings.Join([]string{"callback", pbx, o.Queue, o.Number, o.Name, o.Language, "by", o.By}, " ")), " "))
	switch o.Number {
	case "900":
		return call.CallbackAnswer{}, fault.New("gate", fault.Denied, "outbound.deny: destinations with this prefix are forbidden")
	case "1":
		return call.CallbackAnswer{Result: orchestrator.CallbackPending, Call: "c8"}, nil
	}
	return call.CallbackAnswer{Result: orchestrator.CallbackOK, Call: "c9"}, nil
}

func (f *fakeEngine) Dial(_ context.Context, pbx string, o call.Order, key string) (call.Begun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, strings.Join(strings.Fields(strings.Join([]string{"dial", pbx, o.Agent, o.Queue, o.Number, key, "by", o.By}, " ")), " "))
	b := call.Begun{Call: "c9", Again: key == "again"}
	switch o.Number {
	case "900":
		b.Refusal = &call.Refusal{Text: "outbound.deny: destinations with this prefix are forbidden"}
	case "1":
		b.Refusal = &call.Refusal{Agent: orchestrator.AgentBusy}
	}
	return b, nil
}

func (f *fakeEngine) PBX(name string) (orchestrator.PBX, bool) { return f.pbx, name == "main" }

func (f *fakeEngine) Connected() map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.up)
}

// fakePBX keeps recordings. A call to any other of its methods is a nil panic: the API has no business there.
type fakePBX struct {
	orchestrator.PBX
	mu      sync.Mutex
	files   map[string][]byte // guarded by mu
	unsized bool              // guarded by mu
	claims  int64             // guarded by mu; a size that is not true
	fails   error             // set before the server runs: nothing can be deleted
}

func (f *fakePBX) put(id string, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[id] = b
}

func (f *fakePBX) OpenRecording(_ context.Context, id string) (io.ReadCloser, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.files[id]
	if !ok {
		return nil, 0, fault.New("fake", fault.NotFound, "no recording %q", id)
	}
	size := int64(len(b))
	if f.claims > 0 {
		size = f.claims
	}
	if f.unsized {
		size = -1
	}
	return io.NopCloser(bytes.NewReader(b)), size, nil
}

func (f *fakePBX) DeleteRecording(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return f.fails
	}
	if _, ok := f.files[id]; !ok {
		return fault.New("fake", fault.NotFound, "no recording %q", id)
	}
	delete(f.files, id)
	return nil
}

// fakeCallers keeps the numbers that are to be forgotten.
type fakeCallers struct{ forgotten []string }

// Numbers reads numbers as Spain does.
func (f *fakeCallers) Numbers(text string) []string {
	return outbound.Gate{"main": {Region: "ES"}}.Written(text)
}

func (f *fakeCallers) ForgetCaller(_ context.Context, number string) error {
	f.forgotten = append(f.forgotten, number)
	return nil
}

type fakeFloor struct {
	mu    sync.Mutex
	state FloorState      // guarded by mu
	err   error           // guarded by mu
	ages  []time.Duration // guarded by mu; what was asked for
}

func (f *fakeFloor) set(s FloorState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
}

func (f *fakeFloor) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeFloor) Floor(_ context.Context, age time.Duration) (FloorState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ages = append(f.ages, age)
	return f.state, f.err
}

func (f *fakeFloor) Board(ctx context.Context, age time.Duration) (Board, error) {
	s, err := f.Floor(ctx, age)
	b := Board{Queues: s.Queues, Agents: map[string]int{}, Unreadable: 2}
	for _, a := range s.Agents {
		if a.PassedOver {
			b.Agents[passedOver]++
		} else {
			b.Agents[string(a.State)]++
		}
	}
	return b, err
}

func (f *fakeFloor) AgentPage(_ context.Context, after string, limit int, want AgentFilter) ([]wire.Agent, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page []wire.Agent
	for _, a := range slices.SortedFunc(slices.Values(f.state.Agents), func(a, b wire.Agent) int { return cmp.Compare(a.ID, b.ID) }) {
		if a.ID <= after || want.State != "" && a.State != want.State || want.Queue != "" && !slices.Contains(a.Queues, want.Queue) {
			continue
		}
		if len(page) == limit {
			return page, true, f.err
		}
		page = append(page, a)
	}
	return page, false, f.err
}

func (f *fakeFloor) WaitingIn(_ context.Context, queue string) ([]wire.WaitingCall, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := slices.ContainsFunc(f.state.Queues, func(q wire.Queue) bool { return q.ID == queue })
	return slices.DeleteFunc(slices.Clone(f.state.Waiting), func(c wire.WaitingCall) bool { return c.Queue != queue }), known, f.err
}

func (f *fakeFloor) Agent(_ context.Context, id string) (wire.Agent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.state.Agents {
		if a.ID == id {
			return a, f.err
		}
	}
	return wire.Agent{}, cmp.Or(f.err, fault.New("fake", fault.NotFound, "no agent %q", id))
}

func (f *fakeFloor) Explain(_ context.Context, agent, call string) ([]wire.Finding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []wire.Finding{{Code: wire.FindingCodeMatch, Text: map[string]string{"en": call + " for " + agent}}}, f.err
}

// asked returns the ages asked for so far, and forgets them.
func (f *fakeFloor) asked() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	ages := f.ages
	f.ages = nil
	return ages
}

// fakeTeams has agent 101 in team sales, which serves the queue sales; 102 is in support, which serves support.
type fakeTeams struct{}

func (*fakeTeams) TeamOf(agent string) string {
	return map[string]string{"101": "sales", "102": "support"}[agent]
}

func (*fakeTeams) Members(team string) []string {
	return map[string][]string{"sales": {"101"}, "support": {"102"}}[team]
}

func (*fakeTeams) TeamServes(team, queue string) bool { return team == queue }

type fakeAgents struct {
	mu     sync.Mutex
	answer orchestrator.AgentAnswer    // guarded by mu
	asked  []orchestrator.AgentCommand // guarded by mu
	panics bool                        // guarded by mu
	fail   error                       // guarded by mu; nobody knows whether it was done
}

func (f *fakeAgents) Do(_ context.Context, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("a secret detail")
	}
	f.asked = append(f.asked, cmd)
	if f.fail != nil {
		return orchestrator.AgentAnswer{}, f.fail
	}
	a := f.answer
	if a.Result == "" {
		a = orchestrator.AgentAnswer{Result: orchestrator.AgentOK, State: "available"}
	}
	a.Agent = cmd.Agent
	return a, nil
}

type fakeDefinitions struct{}

func (fakeDefinitions) Definitions(context.Context) (wire.Definitions, error) {
	return wire.Definitions{Queues: []wire.QueueDefinition{{ID: "sales", Strategy: "longest_idle", Admit: "always"}},
		Agents:       []wire.AgentDefinition{{ID: "101", Name: "Eva Ruiz", PBX: "main", Endpoint: "PJSIP/101", Language: "en", Queues: map[string]int{"sales": 0}}},
		DIDs:         []wire.DIDDefinition{{Pattern: "3000", Flow: "main"}},
		Calendars:    []wire.CalendarDefinition{{ID: "office", Zone: "Europe/Madrid", Week: map[string][]string{"monday": {"09:00-14:00"}}, Holidays: []wire.HolidayDefinition{{From: "12-25", To: "12-25", Open: []string{}}}}},
		Flows:        []wire.FlowDefinition{{ID: "main", Nodes: []wire.NodeDefinition{{ID: "menu", Kind: "menu", Next: map[string]string{"1": "sales"}}}}},
		PauseReasons: []wire.PauseReasonDefinition{{ID: "lunch", Digit: "1"}}, Dispositions: []wire.DispositionDefinition{{ID: "sale"}, {ID: "again", Date: true}}, Teams: []string{"sales", "support"}}, nil
}

func (fakeDefinitions) Zone() *time.Location {
	zone, _ := time.LoadLocation("America/Bogota")
	return zone
}

func (fakeDefinitions) Choices(context.Context, string) (wire.AgentChoices, error) {
	return wire.AgentChoices{Queues: []wire.QueueChoices{{ID: "sales", Serves: true, Several: 1}}}, nil
}

func (fakeDefinitions) Reload(context.Context, string) (wire.Reloaded, error) {
	return wire.Reloaded{Queues: 1, Agents: 1, Flows: 1}, nil
}

func (fakeDefinitions) Disk(context.Context) (wire.DefinitionsOnDisk, error) {
	return wire.DefinitionsOnDisk{Usable: true, Since: noon, Faults: []wire.DefinitionFault{{File: "queues.yaml", Line: 3, Code: "W01", Advice: true, Text: "is odd"}},
		Changes: []wire.Texts{{"en": "queue new: vip"}}, Others: []string{"queues.yaml (differs)"}, Comparison: compared}, nil
}

var compared = wire.DefinitionsComparison{Files: []wire.DefinitionDifference{{File: "queues.yaml", Change: wire.DefinitionChangeChanged,
	Hunks: []wire.DefinitionHunk{{From: 1, To: 1, Lines: []wire.DefinitionLine{{Kind: wire.DefinitionLineKindAdded, Text: "  - {id: vip}"}}}}}}}

func (fakeDefinitions) Revisions(context.Context) ([]wire.DefinitionsRevision, error) {
	return []wire.DefinitionsRevision{{Revision: 1, At: noon, Instance: "here", Changes: []wire.Texts{}, InForce: true}}, nil
}

func (f fakeDefinitions) Revision(ctx context.Context, n int64) (wire.DefinitionsRevisionView, error) {
	all, _ := f.Revisions(ctx)
	if n != 1 {
		return wire.DefinitionsRevisionView{}, fault.New("fake", fault.NotFound, "revision %d is not kept", n)
	}
	return wire.DefinitionsRevisionView{Revision: all[0], Files: []wire.DefinitionFile{{File: "queues.yaml", Text: "queues: []"}}}, nil
}

func (f fakeDefinitions) Compare(ctx context.Context, from, to int64) (wire.DefinitionsComparison, error) {
	_, err := f.Revision(ctx, max(from, to))
	return compared, err
}

type fakeDoctor struct{}

func (fakeDoctor) Examination() wire.Examination {
	return wire.Examination{Instance: "here", By: "test admin", StartedAt: noon, EndedAt: noon.Add(time.Second), Lines: []wire.ExaminationLine{
		{Part: wire.Texts{"en": "redis"}, Check: wire.Texts{"en": "clock"}, Verdict: wire.ExaminationVerdictFault, Text: wire.Texts{"en": "is off"}, Remedy: wire.Texts{"en": "NTP"}, TookMS: 3}}}
}

func (fakeDoctor) Examine(by string) wire.Examination {
	return wire.Examination{Running: true, Instance: "here", By: by, StartedAt: noon}
}

// memoryJournal is a journal in memory that waits as a real one does.
type memoryJournal struct {
	mu      sync.Mutex
	entries []orchestrator.Entry // guarded by mu
	grown   chan struct{}        // guarded by mu; closed and replaced when entries grow
	tails   int                  // guarded by mu; how often Tail was called
	down    error                // guarded by mu
}

func newJournal() *memoryJournal { return &memoryJournal{grown: make(chan struct{})} }

// add appends entries with the next ids "2-<n>".
func (j *memoryJournal) add(entries ...orchestrator.Entry) []orchestrator.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range entries {
		entries[i].ID = fmt.Sprintf("2-%d", len(j.entries)+1)
		j.entries = append(j.entries, entries[i])
	}
	j.wakeLocked()
	return entries
}

func (j *memoryJournal) wakeLocked() {
	close(j.grown)
	j.grown = make(chan struct{})
}

// rewind loses the entries behind the first n.
func (j *memoryJournal) rewind(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = j.entries[:n]
	j.wakeLocked()
}

func (j *memoryJournal) setDown(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.down = err
	j.wakeLocked()
}

func (j *memoryJournal) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	j.mu.Lock()
	j.tails++
	j.mu.Unlock()
	for {
		j.mu.Lock()
		i := 1 + slices.IndexFunc(j.entries, func(e orchestrator.Entry) bool { return e.ID == after })
		part, grown, down := slices.Clone(j.entries[i:]), j.grown, j.down
		if i == 0 && after != "" {
			down = orchestrator.ErrRewound
		}
		j.mu.Unlock()
		if down != nil {
			return down
		}
		if len(part) > 0 {
			after = part[len(part)-1].ID
			if err := fn(part); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

func (j *memoryJournal) Last(context.Context) (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.down != nil || len(j.entries) == 0 {
		return "", j.down
	}
	return j.entries[len(j.entries)-1].ID, nil
}

// bareDefinitions leave every list and map out that they can.
type bareDefinitions struct{ fakeDefinitions }

func (bareDefinitions) Definitions(context.Context) (wire.Definitions, error) {
	return wire.Definitions{Agents: []wire.AgentDefinition{{}}, Flows: []wire.FlowDefinition{{}},
		Calendars: []wire.CalendarDefinition{{Holidays: []wire.HolidayDefinition{{}}}}}, nil
}

// corruptCalls have one more call, that nobody can read.
type corruptCalls struct{ *fakeCalls }

func (c corruptCalls) Live(ctx context.Context, pbx string) ([]orchestrator.Record, error) {
	list, err := c.fakeCalls.Live(ctx, pbx)
	return append(list, orchestrator.Record{ID: "broken", PBX: pbx, Doc: []byte(`{"call":`)}), err
}

// fakeCampaigns has one, march.
type fakeCampaigns struct {
	appointed map[int64]campaign.Appointment
	keep      Keep
}

func (f fakeCampaigns) Campaigns() []*campaign.Campaign {
	c := campaign.New()
	c.ID, c.Mode, c.Queue, c.Lists = "march", campaign.ModePower, "sales", []campaign.List{{List: "march"}}
	c.KeepRecordings, c.KeepRecords = f.keep.Recordings, f.keep.Records
	return []*campaign.Campaign{c}
}

func (f fakeCampaigns) Preview(_ context.Context, id string, most int64) (runner.Preview, error) {
	if id != "march" {
		return runner.Preview{}, fault.New("fake", fault.NotFound, "campaign: there is no campaign %q", id)
	}
	return runner.Preview{At: noon, Looked: most}, nil
}

func (f fakeCampaigns) View(ctx context.Context, id string) (runner.View, error) {
	_, err := f.Preview(ctx, id, 0)
	return runner.View{Campaign: f.Campaigns()[0], Run: campaign.Run{State: campaign.RunRunning}, By: "here", Live: &runner.Live{At: noon, Agents: map[string]int{"free": 2}},
		Seen: []leadstore.Seen{{State: "due", Reason: "retry_wait", Leads: 7, Next: noon}}, Today: leadstore.Tally{Attempts: 9, Results: map[campaign.Result]int64{campaign.ResultBusy: 9}}}, err
}

func (fakeCampaigns) Live() map[string]runner.Live {
	return map[string]runner.Live{"march": {At: noon, Ringing: 3, Held: "calendar office is closed"}}
}

func (fakeCampaigns) Runs(context.Context) (map[string]campaign.Run, error) { return nil, nil }

func (f fakeCampaigns) Order(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (campaign.Run, error) {
	if _, err := f.Preview(ctx, id, 0); err != nil {
		return campaign.Run{}, err
	}
	to, err := campaign.RunReady.Next(t)
	return campaign.Run{State: to, ChangedBy: by, Why: why}, err
}

// Evidence is of one call, "lost", that was abandoned.
func (f fakeCampaigns) Evidence(ctx context.Context, id string, from, to time.Time, format evidence.Format, heard func(context.Context, string) (evidence.Heard, error)) (func(io.Writer) (string, error), error) {
	if _, err := f.Preview(ctx, id, 0); err != nil {
		return nil, err
	}
	return func(w io.Writer) (string, error) {
		return evidence.Write(ctx, w, evidence.Order{Campaign: f.Campaigns()[0], From: from, To: to, Now: noon, Format: format, Heard: heard}, oneLost{})
	}, nil
}

// oneLost is a record of one abandoned call.
type oneLost struct{}

func (oneLost) Ledger(context.Context, time.Time) (*pacing.Ledger, error) {
	return pacing.NewLedger(), nil
}

func (oneLost) Terms(context.Context, string) ([]leadstore.Terms, error) { return nil, nil }

func (oneLost) Spoken(_ context.Context, id string, from, _ time.Time, _ leadstore.Spoken, _ int) ([]leadstore.Spoken, error) {
	return []leadstore.Spoken{{Attempt: leadstore.Attempt{Call: "lost", Campaign: id, Lead: 7, N: 1, Answered: from.Add(time.Minute)}, Ended: from.Add(2 * time.Minute), Abandoned: true}}, nil
}

func (f fakeCampaigns) Appoint(ctx context.Context, id string, lead int64, a campaign.Appointment, _ string) (*campaign.Appointment, error) {
	_, err := f.Preview(ctx, id, 0)
	was, there := f.appointed[lead]
	if err == nil && f.appointed != nil {
		f.appointed[lead] = a
	}
	if !there {
		return nil, err
	}
	return &was, err
}

func (f fakeCampaigns) Cancel(_ context.Context, _ string, lead int64) error {
	if _, there := f.appointed[lead]; !there {
		return fault.New("", fault.NotFound, "lead: campaign march has no appointment with lead %d", lead)
	}
	delete(f.appointed, lead)
	return nil
}

func (f fakeCampaigns) Withdraw(_ context.Context, _ string, lead int64, _ campaign.Appointment, was *campaign.Appointment, _ string) error {
	delete(f.appointed, lead)
	if was != nil {
		f.appointed[lead] = *was
	}
	return nil
}
