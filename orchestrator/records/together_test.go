package records

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestOpenedTogether: processes that start at the same moment make the tables of a new
// file once, and all of them have it then.
func TestOpenedTogether(t *testing.T) {
	t.Parallel()
	cfg := testConfig(DSN("sqlite:" + filepath.Join(t.TempDir(), "new.db")))
	g, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		g.Go(func() error {
			db, err := Open(ctx, cfg, time.Now)
			if err != nil {
				return err
			}
			return db.Close()
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
