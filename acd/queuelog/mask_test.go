package queuelog_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/acd/queuelog"
)

// TestNumbersOfTransfersAreMasked: a timeline has the outside number of a transfer masked
// (orchestrator.MaskNumber), whoever tells of the transfer.
func TestNumbersOfTransfersAreMasked(t *testing.T) {
	t.Parallel()
	const number = "+34600123456"
	line := "1764500001|a.1|sales|SIP/101|BLINDTRANSFER|" + number + "|from-internal|4|60|1"
	r, err := queuelog.ReadRow(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range queuelog.NewConverter(queuelog.Names{PBX: "main"}).Take(line, r) {
		if strings.Contains(string(e.Data), number) {
			t.Errorf("%s says %s", e.Type, e.Data)
		}
	}
}
