package ari

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Asterisk lists a channel that hung up until its hangup handlers have run:
// what was told of it decides whether a call is made for it.
func TestOriginatorThatEnds(t *testing.T) {
	t.Parallel()
	const caller = "100.1"
	start := &wire.StasisStart{Channel: wire.ChannelData{ID: caller, State: "Up"}, Args: []string{"inbound", "5000", endedArg}}
	request := &wire.ChannelHangupRequest{Channel: wire.ChannelData{ID: caller}, Cause: 16}
	end := &wire.StasisEnd{Channel: wire.ChannelData{ID: caller}}
	for _, row := range []struct {
		name string
		told []wire.Event
		gone bool
	}{
		{"here", []wire.Event{start}, false},
		{"hanging up", []wire.Event{start, request}, true},
		{"ended", []wire.Event{start, request, end}, true},
	} {
		f := newFake(t)
		f.handle("GET /ari/channels/"+caller, answer(200, `{"id":"100.1","state":"Up"}`))
		a := f.adapter(nil)
		tr := newTranslator("lab", a.legs)
		for _, w := range row.told {
			tr.translate(w)
		}
		err := a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second, Originator: caller})
		if gone := errors.Is(err, orchestrator.ErrOriginatorGone) && fault.KindOf(err) == fault.NotFound; gone != row.gone || (err != nil) != row.gone {
			t.Errorf("%s: %v", row.name, err)
		}
		if dialled := strings.Contains(fmt.Sprint(f.requests()), "/op-c1-l1/dial"); dialled == row.gone {
			t.Errorf("%s: dialled %v", row.name, dialled)
		}
	}
}

// Ends are read from the newest back to the last sign of life, and no entry of
// an earlier round of the ring is taken for a newer one.
func TestEndsAreRead(t *testing.T) {
	t.Parallel()
	const app, life = "operadora", 1_700_000_000 // seconds
	slot := func(n int) string { return dialplans.EndedVariable(app) + "_" + strconv.Itoa(n%dialplans.EndsKept) }
	at := func(n int, after time.Duration) string {
		return fmt.Sprintf("%d,100.%d,%d,16", n, n, life*1000+after.Milliseconds())
	}
	for _, row := range []struct {
		name  string
		last  string
		until string
		slots map[string]string
		want  string
	}{
		{"none", "", "", nil, ""},
		{"unreadable", "x", "", nil, ""},
		{"past the last sign of life", "3", strconv.Itoa(life), map[string]string{
			slot(3): at(3, 9*time.Second), slot(2): at(2, 8*time.Second), slot(1): at(1, -time.Minute)}, "100.2 100.3"},
		{"calls were not taken", "2", pulseNever, map[string]string{slot(2): at(2, 0), slot(1): at(1, -time.Hour)}, "100.1 100.2"},
		{"round the ring", "501", strconv.Itoa(life), map[string]string{
			slot(501): at(501, time.Second), slot(500): at(500, time.Second), slot(499): at(499, -time.Minute)}, "100.500 100.501"},
		{"an older round", "501", strconv.Itoa(life), map[string]string{slot(501): at(501, time.Second), slot(500): at(0, time.Second)}, "100.501"},
		{"a broken entry", "2", strconv.Itoa(life), map[string]string{slot(2): at(2, time.Second), slot(1): "1,100.1,now,16"}, "100.2"},
	} {
		f := newFake(t)
		f.handle("GET /ari/asterisk/variable", func(w http.ResponseWriter, r *http.Request) {
			v := map[string]string{dialplans.EndedVariable(app): row.last, dialplans.UntilVariable(app): row.until}[r.URL.Query().Get("variable")]
			if v == "" {
				v = row.slots[r.URL.Query().Get("variable")]
			}
			answer(200, fmt.Sprintf(`{"value":%q}`, v))(w, r)
		})
		ends, err := f.adapter(nil).client.ends(t.Context(), app)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		var got []string
		for n := range 502 {
			if e, there := ends["100."+strconv.Itoa(n)]; there && e.Cause == orchestrator.CauseNormal {
				got = append(got, "100."+strconv.Itoa(n))
			}
		}
		if strings.Join(got, " ") != row.want || len(got) != len(ends) {
			t.Errorf("%s: read %v of %d, want %q", row.name, got, len(ends), row.want)
		}
	}
}
