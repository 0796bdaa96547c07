package records

import (
	"database/sql"
	"testing"
)

// TestPlanAfresh: it holds for the transaction, and no longer.
func TestPlanAfresh(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(t *testing.T) *DB) {
		d := fresh(t)
		mode := func(tx *Tx) (is string, err error) {
			if d.dialect != dialectPostgres {
				return "", nil
			}
			err = tx.Query(t.Context(), func(r *sql.Rows) error { return r.Scan(&is) }, "SHOW plan_cache_mode")
			return is, err
		}
		var within, behind string
		own := &Tables{d}
		err := own.InTx(t.Context(), func(tx *Tx) (err error) {
			if err = tx.PlanAfresh(t.Context()); err == nil {
				within, err = mode(tx)
			}
			return err
		})
		if err == nil {
			err = own.InTx(t.Context(), func(tx *Tx) (err error) { behind, err = mode(tx); return err })
		}
		if err != nil || d.dialect == dialectPostgres && (within != "force_custom_plan" || behind == within) {
			t.Errorf("within %q, behind %q, %v", within, behind, err)
		}
	})
}
