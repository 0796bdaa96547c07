package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/life"
)

// What the import bench brings in: of a hundred rows one has no number and one is there
// already.
const (
	importRows  = 1_000_000
	importLimit = 20 * time.Minute
)

// The goals of an import: a million rows within ten minutes, and no more memory however
// many rows there are.
const (
	importRowsGoal   = importRows / 600.0
	importMemoryGoal = 128e6
)

// Import measures how fast a running operadora brings a CSV of a million leads in, over
// its API into SQLite, and by how much that makes the most memory grow that the process
// had resident at any moment.
func Import(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, importLimit)
	defer cancel()
	f, err := newFloor(ctx, 1, nil)
	if err != nil {
		return err
	}
	defer f.stop()
	if _, err := f.api.CreateListWithResponse(ctx, wire.LeadListOrder{ID: "bench", Region: "CO"}); err != nil {
		return err
	}
	empty, err := memoryOf(f.site.PID(), "VmHWM:")
	if err != nil {
		return err
	}
	worked, err := processorTime(f.site.PID())
	if err != nil {
		return err
	}
	begun := time.Now()
	i, err := f.bringIn(ctx, progress)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	full, err := memoryOf(f.site.PID(), "VmHWM:")
	if err != nil {
		return err
	}
	after, err := processorTime(f.site.PID())
	if err != nil {
		return err
	}
	if i.State != wire.ImportStateDone || i.Done != importRows || i.Added != importRows*98/100 {
		return fmt.Errorf("import %s is %s: %d rows, %d added: %s", i.ID, i.State, i.Done, i.Added, i.Error)
	}
	return Emit(out,
		NewLine("import", "rows_per_second", "1/s", importRows/took.Seconds(), "goal", importRowsGoal),
		NewLine("import", "processor_time_per_row", "ms", perCall(after-worked, importRows), "", 0),
		NewLine("import", "growth_of_peak_memory", "MB", (full-empty)/1e6, "goal", importMemoryGoal/1e6),
		NewLine("import", "peak_memory", "MB", full/1e6, "before", empty/1e6))
}

// bringIn sends a file and follows it to its end.
func (f *floor) bringIn(ctx context.Context, progress io.Writer) (wire.Import, error) {
	order := wire.ImportOrder{Target: wire.ImportTargetList, List: "bench", File: "bench.csv"}
	made, err := f.api.CreateImportWithResponse(ctx, order)
	if err != nil {
		return wire.Import{}, err
	}
	if made.JSON200 == nil {
		return wire.Import{}, errors.New("import: the answer is not the API's")
	}
	i := *made.JSON200
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(writeLeads(w)) }() // an error of the pipe is the reader's, which tells
	if _, err := f.api.Upload(ctx, i.ID, r); err != nil {
		return i, err
	}
	if _, err := f.api.StartImportWithResponse(ctx, i.ID, wire.ImportStart{}); err != nil {
		return i, err
	}
	const often = time.Second
	told := 0
	for {
		got, err := f.api.GetImportWithResponse(ctx, i.ID)
		if err != nil {
			return i, err
		}
		if i = *got.JSON200; i.State != wire.ImportStateRunning {
			return i, nil
		}
		if done := int(i.Done / (importRows / 10)); done > told {
			told = done
			fmt.Fprintf(progress, "import: %d of %d rows …\n", i.Done, i.Total)
		}
		if !life.Sleep(ctx, often) {
			return i, ctx.Err()
		}
	}
}

// writeLeads writes the file.
func writeLeads(to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<20)
	fmt.Fprintln(w, "Cédula;Nombre;Celular;Saldo;Días de mora")
	for i := range importRows {
		number := mobile(i)
		switch i % 100 {
		case 98:
			number = "no tiene"
		case 99:
			number = mobile(i - 50)
		}
		fmt.Fprintf(w, "%08d;Persona Número %d;%s;%d.50;%d\n", i, i, number, 1000+i%977_777, i%120)
	}
	return w.Flush()
}

// mobile is one of many mobile numbers of Colombia, another for each n.
func mobile(n int) string {
	const prefixes = 11 // 310 to 320
	return fmt.Sprintf("%d%07d", 310+n%prefixes, n/prefixes*7919%10_000_000)
}
