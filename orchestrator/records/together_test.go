package records

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestOpenedTogether: processes that start at the same moment make the tables of a new
// file once, and all of them have it then.
func TestOpenedTogether(t *testing.T) {
	t.Parallel()
	cfg := testConfig(DSN("sqlite:" + filepath.Join(t.TempDir(), "new.db")))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(t.Context(), cfg, time.Now)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
