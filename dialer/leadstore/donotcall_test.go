package leadstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/fault"
)

// refusals are the reasons not to call a number, in words.
func (b *bundle) refusals(number, campaign string) (out []string) {
	b.t.Helper()
	list, err := b.DoNotCall(b.t.Context(), number, campaign)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, fmt.Sprintf("%q %q %q", e.Campaign, e.Hashes, e.Why))
	}
	return out
}

// TestDoNotCall: for all, for a campaign and by an external list; until a moment; at the
// import and again whenever somebody asks.
func TestDoNotCall(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		const ana, eva, luz, zoe = "+573000000001", "+573000000002", "+573000000003", "+573000000004"
		forbid := func(e leads.Entry) {
			t.Helper()
			if _, err := b.Forbid(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		forbid(leads.Entry{Number: ana, Why: "asked", By: "me"})
		forbid(leads.Entry{Number: eva, Campaign: "march"})
		forbid(leads.Entry{Number: zoe, Expires: b.clock.now().Add(time.Hour)})
		if i := b.bring(Order{Target: leads.IntoHashes, Source: "robinson", Hashing: leads.Hashing{Algorithm: "sha256", Of: "national", Region: "CO"}},
			"hash\n"+(leads.Hashing{Algorithm: "sha256", Of: "national", Region: "CO"}).Sum(luz)+"\nnothing\n"); i.Added != 1 || i.Rejected != 1 {
			t.Errorf("hashes: %+v", i)
		}
		want(t, "for all", b.refusals(ana, "march"), `"" "" "asked"`)
		want(t, "by that campaign", b.refusals(eva, "march"), `"march" "" ""`)
		want(t, "by another", b.refusals(eva, "april"))
		want(t, "by an external list", b.refusals(luz, ""), `"" "robinson" ""`)
		want(t, "for an hour", b.refusals(zoe, ""), `"" "" ""`)
		b.list(leads.List{ID: "l", Region: "CO"})
		file := "phone;phone 2\n3000000001;\n3000000001;3000000005\n3000000002;\n3000000003;\n3000000004;\n"
		i := b.received(intoL, file)
		counts := Counts{Done: 5, Added: 2, Forbidden: 3, LeftOut: 1, Rejects: 4}
		if i = b.begun(i, true); i.Counts != counts {
			t.Errorf("dry run: %+v", i.Counts)
		}
		if i = b.begun(i, false); i.Counts != counts {
			t.Errorf("import: %+v", i.Counts)
		}
		want(t, "leads", b.leadsOf("l", ""), "+573000000005 map[]", "+573000000002 map[]")
		want(t, "rejects", b.rejectsOf(i.N), "2 false do_not_call [3000000001 ]", "3 true do_not_call [3000000001 3000000005]", "5 false do_not_call [3000000003 ]", "6 false do_not_call [3000000004 ]")
		b.clock.forward(2 * time.Hour)
		want(t, "after the hour", b.refusals(zoe, ""))
		// Who is a lead and must not be called any more is told so at the next question.
		forbid(leads.Entry{Number: "+573000000005", Why: "asked later"})
		want(t, "later", b.refusals("+573000000005", "x"), `"" "" "asked later"`)
		told, err := b.Told(ctx, "+573000000005")
		if err != nil || len(told.Leads) != 1 || told.Leads[0].List.ID != "l" || len(told.DoNotCall) != 1 {
			t.Errorf("%+v, %v", told, err)
		}
		if err := b.Allow(ctx, ana, ""); err != nil {
			t.Error(err)
		}
		if err := b.Allow(ctx, ana, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("twice: %v", err)
		}
		want(t, "allowed", b.refusals(ana, "march"))
		if _, err := b.Forbid(ctx, leads.Entry{Number: ana, Expires: b.clock.now()}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("past: %v", err)
		}
		if _, err := b.Forbid(ctx, leads.Entry{Number: ana, Campaign: "A B"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("campaign: %v", err)
		}
	})
}

// TestDoNotCallFiles: numbers in whatever column they are; what was there stays; undo
// takes back what the file brought, and nothing else.
func TestDoNotCallFiles(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		if _, err := b.Forbid(ctx, leads.Entry{Number: "+573000000001", Why: "by hand"}); err != nil {
			t.Fatal(err)
		}
		o := Order{Target: leads.IntoDoNotCall, Region: "CO", Why: "the register"}
		i := b.received(o, "name,number\nAna,3000000001\nEva,300 000 0002\nBob,12\nEva,+573000000002\n")
		counts := Counts{Done: 4, Added: 2, Doubles: 1, Rejected: 1, Rejects: 1} // what is forbidden by hand is so by the register, too
		if i = b.begun(i, true); i.Counts != counts {
			t.Errorf("dry run: %+v", i.Counts)
		}
		if i = b.begun(i, false); i.Counts != counts {
			t.Errorf("import: %+v", i.Counts)
		}
		want(t, "rejects", b.rejectsOf(i.N), "4 false number [Bob 12]")
		list, err := b.Entries(ctx, leads.Entry{}, 10)
		if err != nil || len(list) != 3 || list[0].Why != "by hand" || list[1].Why != "the register" || list[1].Number != list[0].Number {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err = b.Entries(ctx, list[0], 10); err != nil || len(list) != 2 {
			t.Errorf("the next page: %+v, %v", list, err)
		}
		if _, err := b.Undo(ctx, i.N); err != nil {
			t.Fatal(err)
		}
		b.worked(i.N)
		if list, err = b.Entries(ctx, leads.Entry{}, 10); err != nil || len(list) != 1 || list[0].Why != "by hand" {
			t.Errorf("after the undo: %+v, %v", list, err)
		}
		plain := b.bring(Order{Target: leads.IntoDoNotCall, Region: "CO", Campaign: "c"}, "3000000007\n3000000008\n")
		if plain.Added != 2 || plain.Format.Heading != leads.HeadingNo {
			t.Errorf("without a heading: %+v", plain)
		}
	})
}

// TestListThatCannotHaveANumber: leads of one country come in beside an external list that
// has national numbers of another.
func TestListThatCannotHaveANumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		h := leads.Hashing{Algorithm: "sha256", Of: "national", Region: "ES"}
		b.bring(Order{Target: leads.IntoHashes, Source: "robinson", Hashing: h}, h.Sum("+34600000001")+"\n")
		b.list(leads.List{ID: "l", Region: "CO"})
		if i := b.bring(intoL, manyRows(10)); i.State != leads.StateDone || i.Added != 9 {
			t.Errorf("%s, %d added: %s", i.State, i.Added, i.Error)
		}
	})
}

// TestExternalListsOfHashes: one list has hashes of one kind; it can be removed.
func TestExternalListsOfHashes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *bundle) {
		ctx := t.Context()
		h := leads.Hashing{Algorithm: "md5", Of: "digits", Salt: "x"}
		var file strings.Builder
		const n = hashesAtOnce + 10
		for i := range n {
			file.WriteString(h.Sum(fmt.Sprintf("+57300%07d", i)) + "\n")
		}
		o := Order{Target: leads.IntoHashes, Source: "s", Hashing: h}
		if i := b.bring(o, file.String()); i.Added != n || i.Format.Heading != leads.HeadingNo {
			t.Errorf("%+v", i)
		}
		o.Hashing.Salt = "y"
		if _, err := b.NewImport(ctx, o); fault.KindOf(err) != fault.Conflict {
			t.Errorf("hashes of another kind: %v", err)
		}
		sources, err := b.Sources(ctx)
		if err != nil || len(sources) != 1 || sources[0].Hashes != n {
			t.Errorf("%+v, %v", sources, err)
		}
		if len(b.refusals("+573000000003", "")) != 1 {
			t.Error("it may be called")
		}
		if more, err := b.DropSource(ctx, "s"); err != nil || !more {
			t.Error(more, err)
		}
		if more, err := b.DropSource(ctx, "s"); err != nil || more {
			t.Error(more, err)
		}
		if _, err := b.DropSource(ctx, "s"); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		want(t, "without the list", b.refusals("+573000000003", ""))
	})
}
