package records

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Two tenants keep their records in one database. Their journals give the same
// ids: neither may move the other's place or hide its entries.
func TestTenantsShareADatabase(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		lima, quito := d.Of("lima"), d.Of("quito")
		a := newStory(t).served("1", "sales", "101", 1, 1).agent("101", "talking", "wrapup").disposed("1", "101", "sale").entries
		b := newStory(t).abandoned("2", "sales", 1).agent("201", "offline", "available").entries
		write(t, lima, a)
		write(t, quito, b[:2])
		write(t, lima, a)
		write(t, quito, b)
		write(t, quito, b)
		for _, x := range []struct {
			d    *DB
			want string
		}{{lima, a[len(a)-1].ID}, {quito, b[len(b)-1].ID}} {
			if p, err := x.d.Place(t.Context()); err != nil || p.ID != x.want || p.Epoch != 0 {
				t.Errorf("%s: place %+v, want %s, %v", x.d.tenant, p, x.want, err)
			}
		}
		if n, m := len(texts(t, lima)), len(texts(t, quito)); n != len(a) || m != len(b) {
			t.Errorf("%d and %d entries on record, want %d and %d", n, m, len(a), len(b))
		}
		list, _, err := d.Contacts(t.Context(), ContactFilter{})
		if err != nil || len(list) != 2 {
			t.Errorf("contacts %+v, %v", list, err)
		}
		states, _, err := d.AgentStates(t.Context(), AgentStateFilter{})
		if err != nil || len(states) != 2 {
			t.Errorf("states %+v, %v", states, err)
		}
		if all := dump(t, d); len(all["visits"]) != 2 || len(all["dispositions"]) != 1 {
			t.Errorf("visits %v, dispositions %v", all["visits"], all["dispositions"])
		}
		since, err := lima.Since(t.Context(), a[0].ID, 100)
		if diff := cmp.Diff(ids(a[1:]), ids(since)); err != nil || diff != "" {
			t.Errorf("%v, since (-want +got):\n%s", err, diff)
		}
	})
}

// A database of the version before has one place and does not say whose: the
// tenant that asks first has it, and nothing that was on record comes again.
func TestPlaceFromBeforeTenants(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		entries := newStory(t).day(3, 2).entries
		write(t, d, entries) // with no tenant, as before
		own := d.Of("default")
		p, err := own.Place(t.Context())
		if want := entries[len(entries)-1].ID; err != nil || p.ID != want {
			t.Fatalf("place %+v, want %s, %v", p, want, err)
		}
		want := dump(t, d)
		write(t, own, entries)
		if diff := cmp.Diff(want, dump(t, d)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if held, err := own.Holds(t.Context(), entries[0]); err != nil || !held {
			t.Errorf("an entry from before is on record: %v, %v", held, err)
		}
		if p, err := d.Of("other").Place(t.Context()); err != nil || p.ID != "" {
			t.Errorf("the place of a second tenant: %+v, %v", p, err)
		}
	})
}

func TestIdentityLasts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, other := fresh(t), fresh(t)
		a, err1 := d.Identity(t.Context())
		again, err2 := d.Of("lima").Identity(t.Context())
		b, err3 := other.Identity(t.Context())
		if a != again || a == b || err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%q, %q, %q: %v %v %v", a, again, b, err1, err2, err3)
		}
	})
}
