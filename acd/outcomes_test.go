package acd

import (
	"slices"
	"testing"
)

// TestOutcomesOfAQueue are those at the ends of the tree that are for the queue, or for any.
func TestOutcomesOfAQueue(t *testing.T) {
	t.Parallel()
	d := Definitions{Dispositions: []Disposition{{Name: "sale", Queues: []string{"sales"}}, {Name: "cash", Parent: "sale"}, {Name: "card", Parent: "sale", Queues: []string{"shop"}}, {Name: "done"}}}
	for queue, want := range map[string][]string{"sales": {"cash", "done"}, "shop": {"card", "done"}, "@101": {"done"}} {
		if got := d.OutcomesOf(queue); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", queue, got, want)
		}
	}
}
