package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
)

// TestRedisIsEmptied: somebody empties Redis under two processes, and they go on by what they have. A
// conversation goes on at the process that drives the PBX; who waited hears the menu again; agents, who
// are all logged out by it, log in again and serve who waited, and who calls. What an administrator then
// puts in force is taken by the other process, and is not undone by it.
func TestRedisIsEmptied(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	one, err := r.API("admin")
	must(t, err)
	reload := func() {
		t.Helper()
		_, err := r.Run("reload", "--token", one.Token, "--url", one.Base)
		must(t, err)
	}
	here, there := filepath.Join(r.Dir, "definitions"), filepath.Join(t.TempDir(), "definitions")
	edit := func(note string) { // in both folders
		t.Helper()
		path := filepath.Join(here, "queues.yaml")
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, append(text, "# "+note+"\n"...), 0o600))
		must(t, os.RemoveAll(there))
		must(t, os.CopyFS(there, os.DirFS(here)))
	}
	two := centre.NewLogTail()
	edit("first")
	reload()
	kill, err := r.Beside("two", two, "OPERADORA_DEFINITIONS="+there)
	must(t, err)
	t.Cleanup(kill)
	must(t, two.Wait(limit(t), 0, "msg=serving", nil))
	for _, note := range []string{"second", "third", "fourth"} {
		mark := two.Mark()
		edit(note)
		reload()
		must(t, two.Wait(limit(t), mark, "in force here", nil))
	}

	rdb := redis.NewClient(&redis.Options{Addr: r.Redis.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	keys, err := rdb.Keys(t.Context(), "op:{*}:generation").Result()
	must(t, err)
	if len(keys) != 1 {
		t.Fatalf("keys %v", keys)
	}
	ana := r.login("101")
	talking := r.queue("5550001")
	talks := r.takes(ana, talking)
	waiting := r.queue("5550002")
	r.awaitEntry(orchestrator.EntryCallQueued, 2)

	must(t, rdb.FlushAll(t.Context()).Err())
	r.talk(talking, talks)
	must(t, talks.Hangup())
	ended(t, talking)
	r.dial(ana, "*481")
	must(t, waiting.SendDTMF("1"))
	r.serve(ana, waiting)
	r.serve(ana, r.queue("5550003"))
	reload() // the same files: they are in force anew
	_, err = rdb.HGet(t.Context(), keys[0], "n").Result()
	must(t, err)

	edit("fifth")
	want, err := json.Marshal(hashed(filesOf(os.DirFS(here))))
	must(t, err)
	mark := two.Mark()
	reload()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := two.Wait(ctx, mark, "in force here", nil); err != nil {
		all, _ := rdb.HGetAll(t.Context(), keys[0]).Result()
		t.Errorf("the other process did not take what was put in force: %v; in force now: generation %s by %s, the files of the reload: %v",
			err, all["n"], all["by"], all["files"] == string(want))
	}
}
