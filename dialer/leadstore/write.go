package leadstore

import (
	"cmp"
	"context"
	"database/sql"
	"hash/maphash"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/records"
)

// batch is what becomes of some rows of an import, in one transaction.
type batch struct {
	s   *Store
	tx  *records.Tx
	imp Import
	dry *seen // what a dry run has seen; nil when rows are brought in

	forbidden map[string]string
	byNumber  map[string]int64 // leads that are there
	byID      map[string]int64
	known     map[int64]leads.Lead  // those that rows are to update
	fresh     map[int64]*leads.Lead // of this batch, by the id that they are given
	lines     map[int64]int64
	order     []int64
	changed   map[int64]leads.Lead
	before    map[int64]leads.Lead

	counts  Counts
	rejects []leads.Reject
}

// seen are the numbers and ids of a dry run's rows, as hashes: what is brought in can be
// looked up, what is not must be remembered.
type seen struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func newSeen() *seen { return &seen{maphash.MakeSeed(), map[uint64]struct{}{}} }

func (s *seen) has(keys []string) bool {
	for _, k := range keys {
		if _, ok := s.set[maphash.String(s.seed, k)]; ok {
			return true
		}
	}
	return false
}

func (s *seen) add(keys []string) {
	for _, k := range keys {
		s.set[maphash.String(s.seed, k)] = struct{}{}
	}
}

// keysOf are what a lead is known by.
func keysOf(l leads.Lead) []string {
	var keys []string
	for _, n := range l.Numbers {
		keys = append(keys, n.Number)
	}
	if l.External != "" {
		keys = append(keys, "id "+l.External)
	}
	return keys
}

// leads decides upon rows that are to be leads, and writes them unless it is a dry run.
func (b *batch) leads(ctx context.Context, rows []Previewed) error {
	first, err := take(ctx, b.tx, "lead", int64(len(rows))) // before anything is looked up
	if err != nil {
		return err
	}
	b.fresh, b.lines, b.changed, b.before = map[int64]*leads.Lead{}, map[int64]int64{}, map[int64]leads.Lead{}, map[int64]leads.Lead{}
	if err := b.lookUp(ctx, rows); err != nil {
		return err
	}
	for i := range rows {
		p := &rows[i]
		b.counts.Done++
		if !p.OK {
			b.counts.Rejected++
			b.rejects = append(b.rejects, p.Rejects...)
			continue
		}
		allowed, refused := b.allowed(p.Lead.Numbers)
		if len(allowed) == 0 {
			b.counts.Forbidden++
			b.reject(p, leads.ReasonDoNotCall, refused[0]+" must not be called")
			continue
		}
		p.Lead.Numbers = allowed
		if !b.place(p, first+int64(i)) {
			continue
		}
		for _, n := range refused {
			p.Rejects = append(p.Rejects, leads.Reject{Row: p.Row, Kept: true, Reason: leads.ReasonDoNotCall, Detail: n + " must not be called"})
		}
		if len(p.Rejects) > 0 {
			p.Rejects[0].Cells = p.Cells
		}
		b.counts.LeftOut += int64(len(p.Rejects))
		b.rejects = append(b.rejects, p.Rejects...)
	}
	if b.dry != nil {
		return nil
	}
	return b.write(ctx)
}

func (b *batch) reject(p *Previewed, reason leads.Reason, detail string) {
	b.rejects = append(b.rejects, leads.Reject{Row: p.Row, Reason: reason, Detail: detail, Cells: p.Cells})
}

// allowed parts numbers into those that may be called and those that must not.
func (b *batch) allowed(numbers []leads.Number) (ok []leads.Number, refused []string) {
	for _, n := range numbers {
		if b.forbidden[n.Number] != "" {
			refused = append(refused, n.Number)
		} else {
			ok = append(ok, n)
		}
	}
	return ok, refused
}

// place makes a lead of a row, or finds the one that it is.
func (b *batch) place(p *Previewed, id int64) (taken bool) {
	there := b.there(p.Lead)
	keys := keysOf(p.Lead)
	d := b.imp.Duplicates
	if b.dry != nil && there == 0 && d.Scope != leads.ScopeNone && b.dry.has(keys) {
		there = -1 // it would be
	}
	if there == 0 || d.Scope == leads.ScopeNone {
		b.counts.Added++
		if b.dry != nil {
			b.dry.add(keys)
			return true
		}
		lead := p.Lead
		b.fresh[id], b.lines[id] = &lead, p.Row
		b.order = append(b.order, id)
		b.know(lead, id)
		return true
	}
	if d.Action == leads.ActionSkip {
		b.counts.Doubles++
		what := "it is a row of this file"
		if there > 0 {
			what = "it is lead " + Import{N: there}.ID()
		}
		b.reject(p, leads.ReasonDuplicate, what)
		return false
	}
	b.counts.Updated++
	if b.dry != nil {
		b.dry.add(keys)
		return true
	}
	if fresh, ok := b.fresh[there]; ok {
		*fresh = leads.Merge(*fresh, p.Lead)
		b.know(*fresh, there)
		return true
	}
	old, changed := b.changed[there]
	if !changed {
		old = b.known[there]
		b.before[there] = old
	}
	b.changed[there] = leads.Merge(old, p.Lead)
	b.know(b.changed[there], there)
	return true
}

// there is the lead that a row's is already, 0 for none.
func (b *batch) there(l leads.Lead) int64 {
	if id, ok := b.byID[l.External]; ok && l.External != "" {
		return id
	}
	for _, n := range l.Numbers {
		if id, ok := b.byNumber[n.Number]; ok {
			return id
		}
	}
	return 0
}

// know lets the rows that follow find a lead.
func (b *batch) know(l leads.Lead, id int64) {
	if l.External != "" {
		b.byID[l.External] = id
	}
	for _, n := range l.Numbers {
		if _, ok := b.byNumber[n.Number]; !ok {
			b.byNumber[n.Number] = id
		}
	}
}

// lookUp finds what is known of the rows' numbers and ids.
func (b *batch) lookUp(ctx context.Context, rows []Previewed) error {
	var numbers, external []string
	for _, p := range rows {
		if !p.OK {
			continue
		}
		for _, n := range p.Lead.Numbers {
			numbers = append(numbers, n.Number)
		}
		if p.Lead.External != "" {
			external = append(external, records.Text(p.Lead.External))
		}
	}
	b.byNumber, b.byID = map[string]int64{}, map[string]int64{}
	var err error
	if b.forbidden, err = b.s.forbidden(ctx, b.tx, numbers, ""); err != nil || b.imp.Duplicates.Scope == leads.ScopeNone {
		return err
	}
	within, args := "", []any(nil)
	if b.imp.Duplicates.Scope == leads.ScopeList {
		within, args = " AND list = ?", []any{b.imp.list}
	}
	for _, q := range []struct {
		into          map[string]int64
		key, id, from string
		values        []string
	}{{b.byNumber, "number", "lead", "lead_numbers", numbers}, {b.byID, "external", "id", "leads", external}} {
		if len(q.values) == 0 {
			continue
		}
		err := b.tx.Query(ctx, func(r *sql.Rows) error {
			var key string
			var id int64
			err := r.Scan(&key, &id)
			if was, ok := q.into[key]; !ok || id < was {
				q.into[key] = id
			}
			return err
		}, "SELECT "+q.key+", "+q.id+" FROM "+q.from+" WHERE "+q.key+" <> '' AND "+q.key+" IN ("+records.Marks(len(q.values))+")"+within, append(anys(q.values), args...)...)
		if err != nil {
			return err
		}
	}
	if b.dry != nil || b.imp.Duplicates.Action == leads.ActionSkip {
		return nil
	}
	return b.load(ctx, rows)
}

// forbidden are those of some numbers that nobody may call, or a campaign may not, and why.
func (s *Store) forbidden(ctx context.Context, q querier, numbers []string, campaign string) (map[string]string, error) {
	out := map[string]string{}
	if len(numbers) == 0 {
		return out, nil
	}
	note := func(r *sql.Rows) error {
		var n, why string
		err := r.Scan(&n, &why)
		out[n] = cmp.Or(why, out[n], "do not call")
		return err
	}
	if err := q.Query(ctx, note, "SELECT number, why FROM do_not_call WHERE campaign IN ('', ?) AND (expires_at = 0 OR expires_at > ?) AND number IN ("+records.Marks(len(numbers))+")",
		append([]any{campaign, ms(s.now())}, anys(numbers)...)...); err != nil {
		return nil, err
	}
	sources, err := sourcesWhere(ctx, q, "true")
	if err != nil {
		return nil, err
	}
	for _, src := range sources {
		of := map[string]string{}
		for _, n := range numbers {
			if h := src.Sum(n); h != "" {
				of[h] = n
			}
		}
		if len(of) == 0 { // the list has no numbers of their country
			continue
		}
		hashes := make([]any, 0, len(of)+1)
		hashes = append(hashes, src.ID)
		for h := range of {
			hashes = append(hashes, h)
		}
		if err := q.Query(ctx, func(r *sql.Rows) error {
			var h string
			err := r.Scan(&h)
			out[of[h]] = "external list " + src.ID
			return err
		}, "SELECT hash FROM do_not_call_hashes WHERE source = ? AND hash IN ("+records.Marks(len(of))+")", hashes...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// load reads the leads that rows are to update. A row may yet be another's, by what a row
// before it brings: that lead is one of these, or fresh.
func (b *batch) load(ctx context.Context, rows []Previewed) error {
	var ids []any
	b.known = map[int64]leads.Lead{}
	for _, p := range rows {
		l := p.Lead
		l.Numbers, _ = b.allowed(l.Numbers)
		id := b.there(l)
		if _, twice := b.known[id]; id == 0 || twice || !p.OK || len(l.Numbers) == 0 {
			continue
		}
		b.known[id] = leads.Lead{}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := leadsWhere(ctx, b.tx, "id IN ("+records.Marks(len(ids))+")", ids...)
	for _, l := range list {
		b.known[l.ID] = l.Lead
	}
	return err
}

// write writes what was decided, and counts what is added.
func (b *batch) write(ctx context.Context) error {
	if len(b.order) == 0 {
		return b.writeAll(ctx)
	}
	return counting(ctx, b.tx, ofLists("BETWEEN ? AND ?", []any{b.order[0], b.order[len(b.order)-1]}), func() error { return b.writeAll(ctx) })
}

func (b *batch) writeAll(ctx context.Context) error {
	var rows, numbers [][]any
	for _, id := range b.order {
		l := b.fresh[id]
		rows = append(rows, append([]any{id, b.imp.list, b.imp.N, b.lines[id]}, leadArgs(*l)...))
		numbers = append(numbers, numberRows(id, b.imp.list, *l)...)
	}
	if _, err := b.tx.Insert(ctx, "leads", "id, list, import, line, external, name, language, fields", "", rows); err != nil {
		return err
	}
	if _, err := b.tx.Insert(ctx, "lead_numbers", "lead, n, list, number, label, zones", "", numbers); err != nil {
		return err
	}
	var before [][]any
	for id, l := range b.before {
		before = append(before, []any{id, b.imp.N, toJSON(l)})
	}
	if _, err := b.tx.Insert(ctx, "lead_before", "lead, import, doc", "ON CONFLICT (lead, import) DO NOTHING", before); err != nil {
		return err
	}
	maps.DeleteFunc(b.changed, func(id int64, l leads.Lead) bool { return reflect.DeepEqual(l, b.before[id]) }) // as it was: nobody has to look at it again
	return rewriteAll(ctx, b.tx, b.changed, ms(b.s.now()))
}

// rewriteAll gives leads other values and numbers.
func rewriteAll(ctx context.Context, tx *records.Tx, to map[int64]leads.Lead, now int64) error {
	if len(to) == 0 {
		return nil
	}
	if err := beside(ctx, tx); err != nil {
		return err
	}
	return counting(ctx, tx, ofLeads(anys(slices.Collect(maps.Keys(to)))), func() error {
		for id, l := range to {
			if err := rewrite(ctx, tx, id, l, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// rewrite gives a lead other values and numbers. Campaigns look at it again: what they found
// of it, and left until later or for ever, is not known of it as it is now.
func rewrite(ctx context.Context, tx *records.Tx, id int64, l leads.Lead, now int64) error {
	list, err := one[int64](ctx, tx, "SELECT list FROM leads WHERE id = ?", id)
	if err != nil {
		return err
	}
	if list == 0 {
		return nil // it has been removed
	}
	change, err := take(ctx, tx, "change", 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE leads SET external = ?, name = ?, language = ?, fields = ?, changed = ? WHERE id = ?", append(leadArgs(l), change, id)...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE campaign_leads SET state = ?, due = ? WHERE lead = ? AND state <> ?", leadDue, now, id, leadCalling); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM lead_numbers WHERE lead = ?", id); err != nil {
		return err
	}
	_, err = tx.Insert(ctx, "lead_numbers", "lead, n, list, number, label, zones", "", numberRows(id, list, l))
	return err
}

func leadArgs(l leads.Lead) []any {
	return []any{records.Text(l.External), records.Text(l.Name), l.Language, toJSON(l.Fields)}
}

func numberRows(id, list int64, l leads.Lead) (out [][]any) {
	for i, n := range l.Numbers {
		out = append(out, []any{id, i, list, n.Number, n.Label, strings.Join(n.Zones, " ")})
	}
	return out
}

// values decides upon rows that are numbers or hashes that must not be called, and
// writes them unless it is a dry run. Each import has its own of what several have, so
// that the end of one is not that of another.
func (b *batch) values(ctx context.Context, rows []Previewed) error {
	var write [][]any
	var all []string
	for _, p := range rows {
		b.counts.Done++
		if !p.OK {
			b.counts.Rejected++
			b.rejects = append(b.rejects, p.Rejects...)
			continue
		}
		all = append(all, p.Value)
	}
	table, columns, key := "do_not_call", "number, campaign, why, added_by, added_at, expires_at, import", "number, campaign, import"
	if b.imp.Target == leads.IntoHashes {
		table, columns, key = "do_not_call_hashes", "hash, source, import", "hash, source, import"
	}
	if b.dry != nil {
		b.countValues(all)
		return nil
	}
	for _, v := range all {
		if b.imp.Target == leads.IntoHashes {
			write = append(write, []any{v, b.imp.Source, b.imp.N})
		} else {
			write = append(write, []any{v, b.imp.Campaign, records.Text(b.imp.Why), records.Text(b.imp.By), ms(b.s.now()), 0, b.imp.N})
		}
	}
	added, err := b.tx.Insert(ctx, table, columns, "ON CONFLICT ("+key+") DO NOTHING", write)
	b.counts.Added += added
	b.counts.Doubles += int64(len(all)) - added
	return err
}

// countValues counts which of some values are in the file already.
func (b *batch) countValues(all []string) {
	for _, v := range all {
		if b.dry.has([]string{v}) {
			b.counts.Doubles++
			continue
		}
		b.dry.add([]string{v})
		b.counts.Added++
	}
}
