package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// nobodyThere is an address of this machine at which nobody listens.
const nobodyThere = "127.0.0.1:1"

// siteConfig writes what `operadora init` writes, for a Redis and a PBX that is
// away, and reads it.
func siteConfig(t *testing.T, redis string) Config {
	t.Helper()
	files, err := initialFiles(KindAsterisk, nil)
	must(t, err)
	dir := t.TempDir()
	for _, f := range files[1:] { // the first is the configuration
		must(t, writeNew(filepath.Join(dir, f.path), f.content, f.mode))
	}
	file := filepath.Join(dir, "operadora.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, "redis: {addrs: [%q]}\napi: {listen: \"127.0.0.1:0\"}\npbxs: {main: {ari: {url: \"http://%s/ari\"}}}\n",
		redis, nobodyThere), 0o600))
	cfg, err := readConfig(file)
	must(t, err)
	return cfg
}

// get asks an API and returns status and body.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(limit(t), http.MethodGet, url, nil)
	must(t, err)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(body)
}

// TestServeWithoutRedis starts while Redis is away: the API tells what is
// missing, and a signal ends it all the same.
func TestServeWithoutRedis(t *testing.T) {
	t.Parallel()
	cfg, log := siteConfig(t, nobodyThere), centre.NewLogTail()
	ctx, signal := context.WithCancel(t.Context())
	defer signal()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, cfg, slog.New(slog.NewTextHandler(log, nil))) }()
	must(t, log.Wait(limit(t), 0, "waiting for Redis", nil))
	for line := range strings.Lines(log.Text()) { // which says where and why, and nothing of how it was noticed
		if strings.Contains(line, "waiting for Redis") && (!strings.Contains(line, "connection refused") || strings.Contains(line, "revision") || strings.Contains(line, "Publish")) {
			t.Error(line)
		}
	}
	at := regexp.MustCompile(`redis=\[` + nobodyThere + `\] api=(\S+)`).FindStringSubmatch(log.Text())
	if at == nil {
		t.Fatalf("it does not say which Redis, and where the API is:\n%s", log.Text())
	}
	if status, _ := get(t, "http://"+at[1]+"/livez"); status != http.StatusOK {
		t.Errorf("/livez answers %d", status)
	}
	status, body := get(t, "http://"+at[1]+"/readyz")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"name":"redis","state":"failing"`) || !strings.Contains(body, `"name":"records","state":"ok"`) {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	signal()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-limit(t).Done():
		t.Fatal("it goes on in spite of the signal")
	}
	if text := log.Text(); !strings.Contains(text, "stopping before it served") || strings.Contains(text, "msg=serving") {
		t.Errorf("the log says\n%s", text)
	}
}

// started is operadora in this process, with a Redis of its own.
func started(t *testing.T) (*App, Config) {
	t.Helper()
	lab.Require(t)
	cfg := siteConfig(t, lab.RedisFor(t, lab.RedisOptions{}).Addr())
	app, err := NewApp(t.Context(), cfg, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(app.Stop)
	must(t, app.Start(limit(t)))
	return app, cfg
}

// TestReloadMissesAFile: a file that is gone is a slip of a hand or of a copy, and no
// order to log everybody out, or to answer no number any more.
func TestReloadMissesAFile(t *testing.T) {
	t.Parallel()
	app, cfg := started(t)
	for file, empty := range map[string]string{"agents.yaml": "agents: []", "dids.yaml": "dids: {}"} {
		path := filepath.Join(cfg.Definitions, file)
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, os.Remove(path))
		if _, err = app.Reload(limit(t), "test"); err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), empty) {
			t.Errorf("%s is gone: %v", file, err)
		}
		if d := app.current(); len(d.ACD.Agents) == 0 || len(d.Flows.DIDs) == 0 {
			t.Errorf("without %s there are %d agents and %d numbers", file, len(d.ACD.Agents), len(d.Flows.DIDs))
		}
		must(t, os.WriteFile(path, []byte(empty+"\n"), 0o600))
		if _, err = app.Reload(limit(t), "test"); err != nil {
			t.Errorf("none, as is said: %v", err)
		}
		must(t, os.WriteFile(path, text, 0o600))
		_, err = app.Reload(limit(t), "test")
		must(t, err)
	}
}

// TestSystemIsOnRecord: that operadora put the first definitions in force and started, which came in
// force later and by whom, and that it stopped, is in the journal for the log book. What changed nothing is not.
func TestSystemIsOnRecord(t *testing.T) {
	t.Parallel()
	app, cfg := started(t)
	_, err := app.Reload(limit(t), "nobody")
	must(t, err)
	path := filepath.Join(cfg.Definitions, "agents.yaml")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.Replace(text, []byte("Ana López"), []byte("Ana Gómez"), 1), 0o600))
	_, err = reloading{app}.Reload(limit(t), "ana")
	must(t, err)
	rdb, err := cfg.Redis.Client()
	must(t, err)
	defer rdb.Close()
	journal := redisstore.New(rdb, cfg.Redis.Tenant, app.log)
	told := func(n int) (out []string) {
		t.Helper()
		enough := errors.New("enough")
		err := journal.Tail(limit(t), "", func(entries []orchestrator.Entry) error {
			for _, e := range entries {
				var s orchestrator.SystemEvent
				if e.Type == orchestrator.EntrySystem {
					must(t, json.Unmarshal(e.Data, &s))
					out = append(out, fmt.Sprint(s.What, " ", s.By, " ", s.Changes))
				}
			}
			if len(out) >= n {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Fatalf("told %q: %v", out, err)
		}
		return out
	}
	want := []string{"definitions  []", "started  []", "definitions ana [agent changed: 101]", "stopped  []"}
	if got := told(3); !slices.Equal(got, want[:3]) {
		t.Errorf("told %q, want %q", got, want[:3])
	}
	app.Stop()
	if got := told(4); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestReloadsAreCounted reloads good definitions and bad ones.
func TestReloadsAreCounted(t *testing.T) {
	t.Parallel()
	app, cfg := started(t)
	_, err := app.Reload(limit(t), "test")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(cfg.Definitions, "queues.yaml"), []byte("queues: [{id: '?'}]"), 0o600))
	for range 2 {
		if _, err := app.Reload(limit(t), "test"); err == nil {
			t.Fatal("bad definitions were taken")
		}
	}
	_, figures := get(t, "http://"+app.api.Addr().String()+"/metrics")
	for _, want := range []string{`operadora_reloads_total{result="ok"} 1`, `operadora_reloads_total{result="failed"} 2`} {
		if !strings.Contains(figures, want+"\n") {
			t.Errorf("no %s in the figures", want)
		}
	}
}
