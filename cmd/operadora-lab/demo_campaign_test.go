package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

func demonstrateCampaign(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return execute(t, newDemoCampaignCommand(), args)
}

// TestDemoCampaign: a campaign on real parts, whose phones, journal, records and evidence
// agree, beside its simulation; nothing is left.
func TestDemoCampaign(t *testing.T) {
	lab.Require(t)
	needProgram(t)
	out, err := demonstrateCampaign(t, "--once", "--leads", "40", "--seed", "3")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"✓ 40 calls placed = ", "✓ nothing is left", "✓ 40 leads, 40 attempts, ",
		" 0 of them twice, 0 numbers of nobody", "last hash", "at most 3.00 %, rule abandon", "running  ringing", "simulated, same people", "utilisation", "points apart"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestDemoCampaignRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]string{{"--leads", "-1"}, {"--leads", "301"}, {"--scenario", "s3"}} {
		if _, err := demonstrateCampaign(t, bad...); err == nil || !strings.Contains(err.Error(), bad[1]) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
