package bench

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/operadora/operadora/cmd/operadora-lab/newcomer"
)

// FirstCall measures how long a newcomer takes who types README.md's commands
// without a pause: from `operadora init` to the first served call.
func FirstCall(ctx context.Context, out, progress io.Writer) error {
	readme, err := newcomer.Readme()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "op-newcomer-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left there is temporary
	r, err := newcomer.Run(ctx, newcomer.Options{Dir: dir, Readme: readme, First: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "first_call: served after %v\n", r.FirstCall)
	return Emit(out, NewLine("first_call", "from init to the first served call", "s", r.FirstCall.Seconds(), "the whole hour's limit", newcomer.Limit.Seconds()))
}
