package main

import (
	"context"
	"maps"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/newcomer"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/mailer"
)

// TestNewcomersHour follows README.md to the letter on an Asterisk as Debian
// installs it: a prompt is heard, a call is served, recorded and on record, and
// the dialplan of before serves while operadora hangs, has no Redis, or is stopped. With the examples
// of the READMEs about callers and agents, all together, doctor finds no fault.
func TestNewcomersHour(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	readme, err := newcomer.Readme()
	must(t, err)
	of := examples(t, "../../acd/README.md")
	maps.Copy(of, examples(t, "../../ivr/README.md"))
	delete(of, "definitions/"+mailer.MailboxesFile) // for who has a mail server
	report, err := newcomer.Run(context.WithoutCancel(t.Context()), newcomer.Options{Dir: t.TempDir(), Readme: readme, Examples: of, Tell: t.Logf})
	if err != nil {
		t.Fatalf("%v\noperadora's log:\n%s", err, report.Log)
	}
	t.Logf("first_call %.1f s", report.FirstCall.Seconds())
}
