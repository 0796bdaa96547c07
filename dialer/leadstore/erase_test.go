package leadstore

import (
	"testing"

	"github.com/operadora/operadora/dialer/leads"
)

// TestErase: of a number no lead is left, in whatever list and form, nor what it was before,
// nor a rejected row, nor a file that waits with it; others stay, and so does do-not-call.
func TestErase(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		b.list(leads.List{ID: "march", Region: "CO"})
		b.list(leads.List{ID: "april", Region: "CO"})
		update := leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}
		march := Order{Target: leads.IntoList, List: "march", Duplicates: update}
		b.bring(march, "id,name,phone,phone2\n1,Ana,300 123 4567,6011234567\n2,Luz,3007654321,\n3,Eva,3001234567,3009999999\n")
		b.bring(march, "id,name,phone\n2,Luz,3017654321\n")
		b.bring(Order{Target: leads.IntoList, List: "april"}, "id,name,phone\n9,Ana Maria,(300) 123-4567\n8,Leo,3005550000\n")
		rejected := b.bring(Order{Target: leads.IntoList, List: "april"}, "id,name,phone\n7,Ana again,300.123.45.67\n6,Leo again,3005550000\n")
		waiting := b.received(march, "id,name,phone\n5,Ana,+57 300 123 4567\n")
		other := b.received(march, "id,name,phone\n4,Teo,3004444444\n")
		onWay, err := b.NewImport(t.Context(), march)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Forbid(t.Context(), leads.Entry{Number: "+573001234567", Why: "asked"}); err != nil {
			t.Fatal(err)
		}
		found, err := b.Erase(t.Context(), "+573001234567", true)
		if want := (Erased{Leads: 2, Rejects: 1, Files: 1, Busy: 1}); err != nil || found != want {
			t.Errorf("looked for: %+v, %v, want %+v", found, err, want)
		}
		if len(b.leadsOf("march", "")) != 2 || len(b.leadsOf("april", "")) != 2 {
			t.Errorf("a dry run removes")
		}
		if _, err := b.Undo(t.Context(), onWay.N); err != nil {
			t.Fatal(err)
		}
		gone, err := b.Erase(t.Context(), "3001234567", false) // as a trunk may show it
		if want := (Erased{Leads: 2, Rejects: 1, Files: 1}); err != nil || gone != want {
			t.Errorf("erased: %+v, %v, want %+v", gone, err, want)
		}
		want(t, "march", b.leadsOf("march", ""), "2 Luz +573007654321,+573017654321 map[]")
		want(t, "april", b.leadsOf("april", ""), "8 Leo +573005550000 map[]")
		want(t, "rejects", b.rejectsOf(rejected.N), "2 false duplicate []", "3 false duplicate [6 Leo again 3005550000]")
		for n, state := range map[int64]leads.State{waiting.N: leads.StateUndone, other.N: leads.StateReady} {
			if i, err := b.Import(t.Context(), n); err != nil || i.State != state {
				t.Errorf("import %d is %s, %v, want %s", n, i.State, err, state)
			}
		}
		var left int64
		b.count("SELECT COUNT(*) FROM lead_before WHERE doc LIKE '%3001234567%'", &left)
		if left != 0 {
			t.Errorf("%d earlier states have it", left)
		}
		if told, err := b.Told(t.Context(), "+573001234567"); err != nil || len(told.DoNotCall) != 1 || len(told.Leads) != 0 {
			t.Errorf("%+v, %v", told, err)
		}
		if again, err := b.Erase(t.Context(), "+573001234567", false); err != nil || again != (Erased{}) {
			t.Errorf("again: %+v, %v", again, err)
		}
		if short, err := b.Erase(t.Context(), "101", false); err != nil || short != (Erased{}) {
			t.Errorf("an extension: %+v, %v", short, err)
		}
	})
}
