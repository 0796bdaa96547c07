package records

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/fault"
)

// TestRevisions: each is kept once, whoever tells of it; the last few of a tenant stay, and of their
// texts those that one of them has.
func TestRevisions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		lima, quito := d.Of("lima"), d.Of("quito")
		revision := func(i int) Revision {
			return Revision{At: noon.Add(time.Duration(i) * time.Minute), Instance: "north", By: "eva", Changes: []string{fmt.Sprintf("queue new: q%d", i)},
				Files: map[string]string{"queues.yaml": fmt.Sprintf("queues: [%d]", i), "agents.yaml": "agents: []"}}
		}
		keep := func(d *DB, r Revision, want int64) {
			t.Helper()
			if n, err := d.KeepRevision(t.Context(), r, func() map[string]string { return r.Files }, 3); err != nil || n != want {
				t.Fatalf("revision %d, %v; want %d", n, err, want)
			}
		}
		keep(lima, revision(1), 1)
		again := revision(1)
		again.By, again.Instance = "", "south"
		keep(lima, again, 1)
		keep(quito, revision(1), 1)
		for i := 2; i <= 5; i++ {
			keep(lima, revision(i), int64(i))
		}
		list, err := lima.Revisions(t.Context())
		if err != nil || len(list) != 3 || list[0].N != 5 || list[2].N != 3 || list[0].By != "eva" || len(list[0].Changes) != 1 {
			t.Errorf("kept: %+v, %v", list, err)
		}
		want := revision(5)
		want.N = 5
		if got, err := lima.Revision(t.Context(), 5); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%v, (-want +got):\n%s", err, cmp.Diff(want, got))
		}
		if _, err := lima.Revision(t.Context(), 2); fault.KindOf(err) != fault.NotFound {
			t.Errorf("one that is gone: %v", err)
		}
		if got, err := quito.Revision(t.Context(), 1); err != nil || len(got.Files) != 2 || got.Files["queues.yaml"] != "queues: [1]" {
			t.Errorf("another tenant's: %+v, %v", got, err)
		}
		var texts int
		if err := d.read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM revision_texts").Scan(&texts); err != nil || texts != 5 {
			t.Errorf("%d texts are kept, want 5, %v", texts, err)
		}
		empty := Revision{At: noon.Add(time.Hour)}
		keep(quito, empty, 2)
		if got, err := quito.Revision(t.Context(), 2); err != nil || len(got.Files) != 0 || len(got.Changes) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
