package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

// TestMatchAndBoard: the benches of matching and boards run, at a size that takes no time,
// on one Redis and on a Cluster, and each of their figures is there.
func TestMatchAndBoard(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	m := matching{sizes: []int{50, 100}, times: 20}
	var out bytes.Buffer
	if err := m.match(t.Context(), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := m.board(t.Context(), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for d := json.NewDecoder(&out); d.More(); {
		var l Line
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		got[l.Bench+" "+l.Metric] = l.Ours
	}
	for _, name := range []string{"match free_50_p50", "match free_100_p99", "match enter_100_p99", "match per_second_of_one_core_100", "match growth_free_50_to_100",
		"match enter_on_a_cluster_100_p50", "match growth_enter_on_a_cluster_50_to_100", "board read_100_p99", "board match_with_readers_100_p99"} {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
}
