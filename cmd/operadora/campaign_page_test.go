package main

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestCampaignsPage has a campaign manager bring files in as people write them, with columns, preview, rejects and undo, and
// launch, pause and drain a campaign that calls phones; the gauge says what the API says, and the evidence adds up to it.
func TestCampaignsPage(t *testing.T) {
	t.Parallel()
	browser(t)
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, dialsOver(carrier, 2))
	r.start()
	for _, user := range []string{"101", "102"} {
		r.loginLine(r.desk(user)).PlayTone(900)
	}
	go publicPhones(t, carrier)
	api, err := r.API("campaign_manager")
	must(t, err)
	through(t, "campaigns.mjs", api.Base+"/", api.Token, map[string]func(){
		"dials": func() { r.awaitEnds(orchestrator.KindCampaign, 4) },
	})
}
