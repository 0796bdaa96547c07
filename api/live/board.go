// Package live keeps what a floor looks like now, for many who watch it: rows,
// and which of them changed since when. It reads nothing and sends nothing; the API
// does both. A Board belongs to one goroutine at a time.
package live

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// Kind is what a row is of. The strings are names of lists in the API.
type Kind string

// Kinds of rows.
const (
	Agents  Kind = "agents"
	Calls   Kind = "calls"
	Queues  Kind = "queues"
	PBXs    Kind = "pbxs"
	Waiting Kind = "waiting" // a queue's line, as a whole
	// Campaigns are what a list of campaigns says of each, CampaignViews how each stands.
	Campaigns     Kind = "campaigns"
	CampaignViews Kind = "campaign_views"
)

// Key names a row.
type Key struct {
	Kind Kind
	ID   string
}

// Row is one row as it is since a revision.
type Row struct {
	Key
	Rev   int64
	Gone  bool
	Value any    // what was put; nil of one that is gone
	JSON  []byte // what it is compared by
}

// mark says that a row changed with a revision.
type mark struct {
	rev int64
	key Key
}

// slack is how many rows that are gone are kept at most, for those who have not seen
// them go.
const slack = 1_000

// Board is rows by key. Rows that are put or dropped show up with the next Commit:
// its revision is theirs, so whoever has seen a revision is told by After what is
// to be told since, each row once, however long that is ago. The zero value is empty.
type Board struct {
	rows    map[Key]*Row
	there   int    // rows that are not gone
	log     []mark // by rev; a row's last mark is its true one
	rev     int64
	since   int64 // After knows of what changed after this revision
	pending map[Key]bool
}

// Rev is the revision of the last Commit, 0 before the first.
func (b *Board) Rev() int64 { return b.rev }

// Get returns a row that is there.
func (b *Board) Get(k Key) (*Row, bool) {
	r, ok := b.rows[k]
	return r, ok && !r.Gone
}

// Put takes a row in and tells whether it is another than before.
func (b *Board) Put(k Key, value any, json []byte) bool {
	r, ok := b.Get(k)
	if ok && bytes.Equal(r.JSON, json) {
		return false
	}
	if !ok {
		b.there++
	}
	b.set(&Row{Key: k, Value: value, JSON: json})
	return true
}

// Drop takes a row out and tells whether it was there.
func (b *Board) Drop(k Key) bool {
	if _, ok := b.Get(k); !ok {
		return false
	}
	b.there--
	b.set(&Row{Key: k, Gone: true})
	return true
}

func (b *Board) set(r *Row) {
	if b.rows == nil {
		b.rows, b.pending = map[Key]*Row{}, map[Key]bool{}
	}
	b.rows[r.Key] = r
	b.pending[r.Key] = true
}

// Commit gives what was put and dropped since the last one a revision. It tells
// whether there was anything.
func (b *Board) Commit() bool {
	if len(b.pending) == 0 {
		return false
	}
	b.rev++
	for k := range b.pending {
		b.rows[k].Rev = b.rev
		b.log = append(b.log, mark{b.rev, k})
	}
	clear(b.pending)
	if len(b.log) > 2*b.there+4*slack {
		b.compact()
	}
	return true
}

// compact leaves one mark for each row, and forgets the older half of those that are gone.
func (b *Board) compact() {
	b.log = slices.DeleteFunc(b.log, func(m mark) bool { return b.rows[m.key].Rev != m.rev })
	var gone []mark
	for _, m := range b.log {
		if b.rows[m.key].Gone {
			gone = append(gone, m)
		}
	}
	if len(gone) <= slack {
		return
	}
	b.since = gone[len(gone)-slack/2-1].rev
	b.log = slices.DeleteFunc(b.log, func(m mark) bool {
		old := b.rows[m.key].Gone && m.rev <= b.since
		if old {
			delete(b.rows, m.key)
		}
		return old
	})
}

// Keys lists the rows of a kind that are there, by id.
func (b *Board) Keys(kind Kind) []Key {
	var out []Key
	for k, r := range b.rows {
		if k.Kind == kind && !r.Gone {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, c Key) int { return cmp.Compare(a.ID, c.ID) })
	return out
}

// All returns the committed rows that are there, by kind and id.
func (b *Board) All() []*Row {
	out := make([]*Row, 0, len(b.rows))
	for _, r := range b.rows {
		if !r.Gone && r.Rev > 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, c *Row) int { return cmp.Or(cmp.Compare(a.Kind, c.Kind), cmp.Compare(a.ID, c.ID)) })
	return out
}

// After returns the rows that changed after a revision, those that are gone among
// them; false when that cannot be told any more, and All is to be told instead.
func (b *Board) After(rev int64) ([]*Row, bool) {
	if rev < b.since || rev > b.rev {
		return nil, false
	}
	from, _ := slices.BinarySearchFunc(b.log, rev+1, func(m mark, rev int64) int { return cmp.Compare(m.rev, rev) })
	var out []*Row
	for _, m := range b.log[from:] {
		if r := b.rows[m.key]; r.Rev == m.rev {
			out = append(out, r)
		}
	}
	return out, true
}

// ID is a revision of an epoch as clients keep it.
func ID(epoch string, rev int64) string { return epoch + "-" + strconv.FormatInt(rev, 10) }
