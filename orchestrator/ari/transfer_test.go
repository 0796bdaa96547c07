package ari

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

func TestWhoHandsTransfersOver(t *testing.T) {
	t.Parallel()
	rows := []struct {
		version      string
		auto, always bool
	}{
		{"16.9.0", false, false}, {"18.26.4", false, false}, {"20.12.0", false, false}, {"20.13.0", false, true}, {"20.21.0", true, true},
		{"21.7.0", false, false}, {"21.8.0", false, true}, {"21.12.1", false, true}, {"22.2.0", false, false}, {"22.3.0", false, true},
		{"22.10.1+dfsg+~cs6.17", false, true}, {"22.11.0-rc1", true, true}, {"23.0.0", false, true}, {"23.5.0", true, true}, {"24.0.0", true, true},
		{"certified/20.7-cert5", false, false}, {"GIT-master-1234", false, false}, {"", false, false},
	}
	for _, r := range rows {
		if got := TransfersAuto.with(r.version); got != r.auto || Transfers("").with(r.version) != r.auto {
			t.Errorf("%q: auto %v", r.version, got)
		}
		if got := TransfersAlways.with(r.version); got != r.always {
			t.Errorf("%q: always %v", r.version, got)
		}
		if TransfersNever.with(r.version) {
			t.Errorf("%q: taken over although never", r.version)
		}
	}
}

// TestTransfersAreForbiddenToAsterisk: whatever the version, a phone that we
// call can take nobody out of a conversation by itself.
func TestTransfersAreForbiddenToAsterisk(t *testing.T) {
	t.Parallel()
	o := orchestrator.Origination{Endpoint: "PJSIP/101"}
	if v := originationVariables(o, false); v["TRANSFER_CONTEXT"] != noTransfer || v[handling] != "" {
		t.Errorf("%v", v)
	}
	if v := originationVariables(o, true); v["TRANSFER_CONTEXT"] != noTransfer || v[handling] != "ari-only" {
		t.Errorf("%v", v)
	}
	o.Endpoint = "Local/1@x"
	if v := originationVariables(o, true); v[handling] != "" {
		t.Errorf("%v", v)
	}
}

// TestBothLines: a phone that asks for an attended transfer names whom it talks with
// on its other line, and that is taken out of there through the dialplan.
func TestBothLines(t *testing.T) {
	t.Parallel()
	frame := `{"type":"ChannelTransfer","refer_to":{"requested_destination":{"destination":"102"},"destination_channel":{"id":"1.5"},
		"connected_channel":{"id":"1.6","name":"PJSIP/102-00000003"}},"referred_by":{"source_channel":{"id":"op-c1-a2"}}}`
	e, err := decode([]byte(frame))
	if err != nil {
		t.Fatal(err)
	}
	var got orchestrator.Event
	if v := e.into(&got); v != tell || got.Other != "1.5" || got.Peer != "Channel/PJSIP/102-00000003" {
		t.Fatalf("%v: %+v", v, got)
	}
	a := &Adapter{legs: newLegs()}
	o := orchestrator.Origination{Channel: "op-c1-c6", Endpoint: got.Peer, Timeout: 10e9}
	r, err := a.origination(o)
	if err != nil {
		t.Fatal(err)
	}
	if body := r.body.(variablesBody); r.query.Get("endpoint") != "Local/s@operadora-join/n" || body.Variables["OPERADORA_JOIN"] != "PJSIP/102-00000003" || o.Variables != nil {
		t.Errorf("%v with %v", r.query, body.Variables)
	}
}
