package call

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestHoldIsMeasured: the end of a conversation says how much of it the customer
// heard music, whoever ordered it, also when the process was killed meanwhile.
func TestHoldIsMeasured(t *testing.T) {
	t.Parallel()
	killed := func(w *world) { w.crash(2 * time.Second) }
	phone := func(w *world) { w.pbx.phoneHolds(w.pbx.phones()[0]) }
	second := time.Second.Milliseconds()
	rows := []struct {
		name   string
		stages []func(*world)
		want   []int64 // of each conversation, at least; a second more at most
	}{
		{"never", nil, []int64{0}},
		{"once", []func(*world){held, after(7 * time.Second), resumed, after(20 * time.Second)}, []int64{7 * second}},
		{"twice", []func(*world){held, after(7 * time.Second), resumed, after(5 * time.Second), held, after(4 * time.Second), resumed, after(time.Second)}, []int64{11 * second}},
		{"by the phone", []func(*world){phone, after(6 * time.Second)}, []int64{6 * second}},
		{"both at once", []func(*world){held, phone, after(6 * time.Second)}, []int64{6 * second}},
		{"killed on hold", []func(*world){held, after(3 * time.Second), killed, after(3 * time.Second), resumed, after(time.Second)}, []int64{8 * second}},
		{"somebody is asked", []func(*world){asksQueue, after(9 * time.Second)}, []int64{9 * second}},
		{"transferred from hold", []func(*world){held, after(5 * time.Second), toAgent, ringing, answered, after(8 * time.Second)}, []int64{5 * second, 0}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := at(then(talking, row.stages...)...)
			w.callerHangsUp()
			w.settle(5 * time.Minute)
			var got []int64
			for _, e := range w.entries {
				var d struct {
					Hold *int64 `json:"hold_ms"`
					Talk int64  `json:"talk_ms"`
				}
				if e.Type != orchestrator.EntryCallParted {
					continue
				}
				if err := json.Unmarshal(e.Data, &d); err != nil || d.Hold == nil || *d.Hold > d.Talk {
					t.Fatalf("%s: %v", e.Data, err)
				}
				got = append(got, *d.Hold)
			}
			if !slices.EqualFunc(got, row.want, func(got, want int64) bool { return got >= want && got <= want+second }) {
				t.Errorf("held %v ms, want %v", got, row.want)
			}
			w.checkEnded(t, orchestrator.OutcomeServed)
		})
	}
}
