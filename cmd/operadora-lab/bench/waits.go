package bench

import (
	"context"
	"fmt"
	"io"

	"github.com/operadora/operadora/acd"
)

// waitDays is how many days are simulated of each load.
const waitDays = 10

// EWTError simulates days of a contact centre, without a PBX, and tells by how much the
// waits were off that those who waited and were answered had been told as they came, beside
// app_queue's formula. Loads are of what the agents at work can carry.
func EWTError(ctx context.Context, out, progress io.Writer) error {
	for _, load := range []float64{1, 1.1, 1.25} {
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(progress, "ewt_error: %d days of load %.2f …\n", waitDays, load)
		ours, theirs := acd.WaitErrors(waitDays, load)
		at := fmt.Sprintf("_load_%.2f", load)
		if err := Emit(out,
			NewLine("ewt_error", "mean"+at, "s", ours.Mean, "app_queue", theirs.Mean),
			NewLine("ewt_error", "p95"+at, "s", ours.P95, "app_queue", theirs.P95),
			NewLine("ewt_error", "callers"+at, "", float64(ours.Callers), "", 0)); err != nil {
			return err
		}
	}
	return nil
}
