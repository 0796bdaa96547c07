//go:build package

package newcomer

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

// TestInstalled attaches what the package has installed below $INSTALLED to an Asterisk, as README.md says it, has
// a call served, and another go on while the shell's $UPGRADE brings the next version.
func TestInstalled(t *testing.T) {
	lab.Require(t)
	readme, err := Readme()
	if err != nil {
		t.Fatal(err)
	}
	root, command := os.Getenv("INSTALLED"), os.Getenv("UPGRADE")
	if root == "" || command == "" {
		t.Fatal("INSTALLED and UPGRADE say what is tried: make package-test")
	}
	report, err := Run(context.WithoutCancel(t.Context()), Options{Dir: t.TempDir(), Readme: readme, Tell: t.Logf, Installed: root,
		Upgrade: func(ctx context.Context) error {
			if out, err := exec.CommandContext(ctx, "bash", "-c", command).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w: %s", command, err, out)
			}
			return nil
		}})
	if err != nil {
		t.Fatalf("%v\noperadora's log:\n%s", err, report.Log)
	}
	t.Logf("first_call %.1f s", report.FirstCall.Seconds())
}
