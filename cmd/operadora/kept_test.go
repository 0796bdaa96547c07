package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	acdstore "github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

const keptQueues = `queues:
  - {id: sales, place_kept: 10m, wrap_up: 0s, announce_every: 3s, announce_first: 1s, announce_position: true}
  - {id: brief, place_kept: 1s, wrap_up: 0s, announce_every: 3s, announce_first: 1s, announce_position: true}
  - {id: level1, max_wait: 1s}
  - {id: level2, max_wait: 1s}
  - {id: level3, max_wait: 2s}
  - {id: level4, wrap_up: 0s}
`

const keptFlow = `flow: %[1]s
language: en
start: pick_up
prompts:
  bye: {sound: vm-goodbye}
nodes:
  pick_up: {type: answer, next: wait}
  wait: {type: queue, queue: %[1]s, on: {timeout: bye, full: bye, no_agents: bye, exit: bye, error: bye}}
  bye: {type: play, prompt: bye, next: end}
`

// waiter is a caller who waits.
type waiter struct {
	*lab.Call
	id string // of the call
}

// waits has a caller call a queue's number, and returns when the call has its place.
func (r *rig) waits(from, did string) waiter {
	r.t.Helper()
	known := map[string]bool{}
	r.entries(func(e orchestrator.Entry) { known[e.Call] = true })
	c := r.call(from, did)
	var id string
	r.await(from+" in the queue", func(e orchestrator.Entry) bool {
		id = e.Call
		return e.Type == orchestrator.EntryCallQueued && !known[id]
	})
	return waiter{c, id}
}

// toldPlace waits until a caller is told of a place in the queue.
func (r *rig) toldPlace(store *redisstore.Store, w waiter, place int) {
	r.t.Helper()
	said := "queue-youarenext"
	if place > 1 {
		said = fmt.Sprint("digits/", place)
	}
	r.eventually(fmt.Sprint(w.id, " is told of place ", place), func() error {
		doc, err := store.Load(r.t.Context(), w.id)
		if err != nil {
			return err
		}
		c, err := call.Parse(doc.Doc)
		if err == nil && (c.Playing == nil || !slices.Contains(c.Playing.Sounds, said)) {
			err = fmt.Errorf("it hears %+v", c.Playing)
		}
		return err
	})
}

// goes has a caller hang up, and returns when the call is on record.
func (r *rig) goes(w waiter) {
	r.t.Helper()
	must(r.t, w.Hangup())
	r.over(w)
}

func (r *rig) over(w waiter) {
	r.t.Helper()
	r.await("the end of "+w.id, func(e orchestrator.Entry) bool { return e.Type == orchestrator.EntryCallEnded && e.Call == w.id })
}

// TestPlaceKept: who waits and hangs up, or is cut off, and calls again within the time is
// where they were, hears it, and is served in that order, be it from another PBX; a number
// that is another, or is withheld, and who calls too late, are behind all. Who goes through the levels of a support is before who came later to the last.
func TestPlaceKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, beside: &centre.Beside{Endpoints: lab.Desk(201, 201)}, files: map[string]string{
		"queues.yaml":       keptQueues,
		"agents.yaml":       "agents:\n  - {id: \"101\", pbx: main, endpoint: PJSIP/101, queues: [sales, brief, level4]}\n",
		"flows/levels.yaml": examples(t, "../../acd/README.md")["definitions/flows/levels.yaml"], "flows/level4.yaml": fmt.Sprintf(keptFlow, "level4"),
		"flows/line.yaml": fmt.Sprintf(keptFlow, "sales"), "flows/brief.yaml": fmt.Sprintf(keptFlow, "brief"),
		"dids.yaml": "dids:\n  \"5000\": sales\n  \"5001\": brief\n  \"5002\": levels\n  \"5003\": level4\n",
	}})
	r.start()
	there := r.at(r.Other)
	store, kept := r.keeps()

	t.Log("the third hangs up")
	var line []waiter
	for n := 1; n <= 4; n++ {
		line = append(line, r.waits(fmt.Sprint(5550000+n), "5000"))
	}
	r.toldPlace(store, line[2], 3)
	r.goes(line[2])
	r.toldPlace(store, line[3], 3)

	t.Log("and calls again, at another PBX")
	third := there.waits("5550003", "5000")
	r.toldPlace(store, third, 3)
	r.toldPlace(store, line[3], 4)

	t.Log("and is cut off")
	mark := r.Log.Mark()
	must(t, r.Other.Kill())
	must(t, r.Other.Restart(limit(t)))
	r.waitLog(mark, `msg="pbx connected" component=orchestrator pbx=`+centre.OtherPBX)
	r.over(third)
	third = r.waits("5550003", "5000")
	r.toldPlace(store, third, 3)

	t.Log("and hangs up while operadora is not there")
	r.kill()
	must(t, third.Hangup())
	r.start()
	r.over(third)
	third = r.waits("5550003", "5000")
	r.toldPlace(store, third, 3)

	t.Log("another number")
	fifth := r.waits("5550005", "5000")
	r.toldPlace(store, fifth, 5)

	t.Log("no number")
	withheld := r.waits("anonymous", "5000")
	seventh := r.waits("5550007", "5000")
	r.toldPlace(store, withheld, 6)
	r.goes(withheld)
	withheld = r.waits("anonymous", "5000")
	r.toldPlace(store, seventh, 6)
	r.toldPlace(store, withheld, 7)

	t.Log("too late")
	early, next := r.waits("5550011", "5001"), r.waits("5550012", "5001")
	r.toldPlace(store, next, 2)
	r.goes(early)
	r.eventually("the place is kept no longer", func() error {
		if place, err := kept(t.Context(), "brief", "5550011"); err != nil || place != "" {
			return fmt.Errorf("%q: %w", place, err)
		}
		return nil
	})
	late := r.waits("5550011", "5001")
	r.toldPlace(store, late, 2)

	t.Log("through four levels of support, beside one who calls the fourth")
	up, fourth := r.waits("5550021", "5002"), r.waits("5550022", "5003")
	var levels []string
	r.await("the fourth level of "+up.id, func(e orchestrator.Entry) bool {
		if e.Type == orchestrator.EntryCallQueued && e.Call == up.id {
			levels = append(levels, e.Queue)
		}
		return len(levels) == 4
	})
	if want := []string{"level1", "level2", "level3", "level4"}; !slices.Equal(levels, want) {
		t.Errorf("it went through %v", levels)
	}

	t.Log("and so they are served")
	for _, w := range []waiter{next, late} {
		r.goes(w)
	}
	ana := r.login("101")
	for _, w := range []waiter{line[0], line[1], third, line[3], fifth, seventh, withheld, up, fourth} {
		r.serve(ana, w.Call)
	}
	served := map[string]int{}
	for _, got := range r.settled(16) {
		if got.Outcome == orchestrator.OutcomeServed {
			served[got.Call]++
		}
	}
	for _, w := range line {
		if want := w != line[2]; (served[w.id] == 1) != want {
			t.Errorf("served: %v, want %v: %s", !want, want, w.id)
		}
	}
}

// keeps is the store of calls, and what is kept of those who left a queue.
func (r *rig) keeps() (*redisstore.Store, func(ctx context.Context, queue, caller string) (string, error)) {
	r.t.Helper()
	cfg, rdb := r.redis()
	return redisstore.New(rdb, cfg.Redis.Tenant, slog.New(slog.DiscardHandler)), acdstore.New(rdb, cfg.Redis.Tenant).KeptPlace
}
