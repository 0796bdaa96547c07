package leadstore

import (
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
)

// TestWhoIsRemovedWhileDialledIsNotCounted: a lead who is erased between being chosen and being dialled, or whose call is told of
// later, is none of those that a campaign has, nor of those that it called.
func TestWhoIsRemovedWhileDialledIsNotCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		b.list(leads.List{ID: "l", Region: "CO"})
		b.bring(Order{Target: leads.IntoList, List: "l"}, "phone\n3001234567\n3007654321\n3005550000\n3005550001\n")
		term, _, _, err := b.TakeTerm(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all := b.leadsOfEach("l")
		attempt := func(call string, i int) Attempt {
			return Attempt{Call: call, Campaign: "march", Lead: all[i][0], List: all[i][1], N: 1, Number: "+573009999999", PBX: "main", Planned: b.clock.now()}
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(b.Plan(ctx, term, []Attempt{attempt("given up", 1)}))
		must(b.Settle(ctx, term, "", []Settled{{Call: "given up", Ended: b.clock.now(), As: campaign.Ended{Result: campaign.ResultFailed}}}))
		for _, number := range []string{"+573001234567", "+573007654321"} {
			_, err = b.Erase(ctx, number, false)
			must(err)
		}
		must(b.Plan(ctx, term, []Attempt{attempt("chosen before", 0)}))
		_, err = b.Reopen(ctx, term, []string{"given up"})
		must(err)
		must(b.Place(ctx, term, "march", []Look{{Lead: all[0][0], List: all[0][1], Due: b.clock.now().Add(time.Hour)}}))
		if n, err := b.NotCalled(ctx, "march", []string{"l"}); err != nil || n != 2 {
			t.Errorf("%d of the 2 leads that there are were not called, %v; want 2", n, err)
		}
		seen, err := b.Stand(ctx, "march")
		if must(err); len(seen) != 0 {
			t.Errorf("the campaign has %+v of leads that there are not", seen)
		}
	})
}
