package redisstore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/ivr/redisstore"
	"github.com/operadora/operadora/orchestrator"
)

// TestLookupsInRedis: the value of a key, or of a field of a hash, is the answer; values name no other key, and what goes wrong is
// told without what was asked.
func TestLookupsInRedis(t *testing.T) {
	t.Parallel()
	_, rdb, tenant := setup(t)
	ctx := t.Context()
	for key, value := range map[string]string{"1": `{"tier":"gold","points":1200}`, "2": "silver", "3": "0012", "1:pin": `{"tier":"secret"}`} {
		if err := rdb.Set(ctx, tenant+":customer:"+key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.HSet(ctx, tenant+":hash:1", "tier", "gold", "pin", "4711").Err(); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Do(ctx, "ACL", "SETUSER", tenant, "on", ">pw-of-mine", "~"+tenant+":customer:*", "+get").Err(); err != nil {
		t.Fatal(err)
	}
	source := func(user, key, more string) string {
		return fmt.Sprintf("{kind: redis, timeout: 8s, url: \"file:%s@%s\", key: %q, params: {n: {max: 40}}%s}\n", user, server.Addr(), key, more)
	}
	yaml := "lookups:\n  json: " + source("", tenant+":customer:{n}", ", results: {tier: $.tier, points: {path: $.points, type: number}}") +
		"  text: " + source("", tenant+":customer:{n}", ", results: {tier: $}") +
		"  field: " + source("", tenant+":hash:{n}", ", field: tier, results: {tier: $}") +
		"  mine: " + source(tenant+":pw-of-mine", tenant+":customer:{n}", ", results: {tier: $.tier}") +
		"  forbidden: " + source(tenant+":pw-of-mine", tenant+":hash:{n}", ", results: {tier: $.tier}") +
		"  expired: " + source(tenant+":pw-expired", tenant+":customer:{n}", ", results: {tier: $.tier}") +
		"  away: {kind: redis, timeout: 8s, url: \"redis://127.0.0.1:1\", key: \"a{n}\", params: {n: text}, results: {tier: $}}\n"
	defs, _, faults := lookup.Load(fstest.MapFS{lookup.FileName: {Data: []byte(yaml)}}, func(text string) (string, error) {
		return "redis://" + strings.TrimPrefix(text, "file:"), nil
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := lookup.New(lookup.Parts{Log: slog.New(slog.NewTextHandler(&log, nil)), Redis: redisstore.OpenReader})
	s.Use(defs)
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	for _, row := range []struct {
		source, n string
		want      orchestrator.LookupResult
		values    map[string]string
		why       string
	}{
		{"json", "1", orchestrator.LookupFound, map[string]string{"tier": "gold", "points": "1200"}, ""},
		{"json", "9", orchestrator.LookupNone, nil, ""},
		{"json", "1:pin", orchestrator.LookupNone, nil, "no part of a key"},
		{"json", "*", orchestrator.LookupNone, nil, "no part of a key"},
		{"text", "2", orchestrator.LookupFound, map[string]string{"tier": "silver"}, ""},
		{"text", "3", orchestrator.LookupFound, map[string]string{"tier": "0012"}, ""},
		{"text", "1", orchestrator.LookupError, nil, "no single value"},
		{"field", "1", orchestrator.LookupFound, map[string]string{"tier": "gold"}, ""},
		{"field", "2", orchestrator.LookupNone, nil, ""},
		{"mine", "1", orchestrator.LookupFound, map[string]string{"tier": "gold"}, ""},
		{"forbidden", "1", orchestrator.LookupError, nil, "Redis refuses (NOPERM): the secret in its url is wrong or has expired"},
		{"expired", "1", orchestrator.LookupError, nil, "Redis refuses (WRONGPASS)"},
		{"away", "815", orchestrator.LookupError, nil, "connection refused"},
	} {
		got := s.LookUp(ctx, orchestrator.Lookup{Source: row.source, Params: map[string]string{"n": row.n}})
		if got.Result == orchestrator.LookupError {
			got.Values = nil
		}
		if diff := cmp.Diff(row.values, got.Values); got.Result != row.want || diff != "" || !strings.Contains(got.Why, row.why) {
			t.Errorf("%s of %q: %+v (-want +got):\n%s", row.source, row.n, got, diff)
		}
	}
	for _, secret := range []string{"pw-of-mine", "pw-expired", "815"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, &log)
		}
	}
}
