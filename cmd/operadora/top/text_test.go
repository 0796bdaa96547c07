package top

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCutAndPad(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		text  string
		width int
		cut   string
		left  string
		right string
	}{
		{"Ana", 5, "Ana", "Ana  ", "  Ana"},
		{"Ana", 3, "Ana", "Ana", "Ana"},
		{"Lucía", 4, "Luc…", "Luc…", "Luc…"},
		{"Ana", 1, "…", "…", "…"},
		{"Ana", 0, "", "", ""},
		{"王小明", 5, "王小…", "王小…", "王小…"},
		{"王小明", 4, "王…", "王… ", " 王…"},
		{"e\u0301a", 2, "e\u0301a", "e\u0301a", "e\u0301a"},
		{"", 2, "", "  ", "  "},
	} {
		if got := cut(r.text, r.width); got != r.cut {
			t.Errorf("cut(%q, %d) = %q, want %q", r.text, r.width, got, r.cut)
		}
		if got := pad(r.text, r.width, false); got != r.left {
			t.Errorf("pad(%q, %d) = %q, want %q", r.text, r.width, got, r.left)
		}
		if got := pad(r.text, r.width, true); got != r.right {
			t.Errorf("pad(%q, %d) to the right = %q, want %q", r.text, r.width, got, r.right)
		}
	}
}

func TestNothingFromOutsideMovesTheCursor(t *testing.T) {
	t.Parallel()
	if got := clean("a\x1b[2Jb\r\n\tc\u202e\u0000"); got != "a?[2Jb???c??" {
		t.Errorf("clean = %q", got)
	}
}

func TestALineIsDrawnInItsStyle(t *testing.T) {
	t.Parallel()
	l := line{{"one", green}, {text: " two "}, {"three", bold}}
	for _, r := range []struct {
		width  int
		colour bool
		want   string
	}{
		{80, false, "one two three"},
		{80, true, "\x1b[32mone\x1b[m two \x1b[1mthree\x1b[m"},
		{5, true, "\x1b[32mone\x1b[m …"},
		{2, true, "\x1b[32mo…\x1b[m"},
		{0, true, ""},
	} {
		if got := l.text(r.width, r.colour); got != r.want {
			t.Errorf("in %d columns: %q, want %q", r.width, got, r.want)
		}
	}
}

func TestWidths(t *testing.T) {
	t.Parallel()
	cols := []column{{width: 4, grow: 1}, {width: 6}, {width: 5, grow: 3}}
	for _, r := range []struct {
		room int
		want []int
	}{{17, []int{4, 6, 5}}, {21, []int{5, 6, 8}}, {10, []int{4, 6, 5}}, {0, []int{4, 6, 5}}} {
		if diff := cmp.Diff(r.want, widths(cols, r.room)); diff != "" {
			t.Errorf("in %d columns (-want +got):\n%s", r.room, diff)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		room       int
		want, gets []int
	}{
		{10, []int{2, 3, 4}, []int{2, 3, 4}},
		{10, []int{2, 30, 40}, []int{2, 4, 4}},
		{2, []int{5, 5, 5}, []int{1, 1, 0}},
		{0, []int{5, 5}, []int{0, 0}},
		{-3, []int{5}, []int{0}},
		{5, []int{0, 0}, []int{0, 0}},
	} {
		if diff := cmp.Diff(r.gets, share(r.room, r.want)); diff != "" {
			t.Errorf("%d among %v (-want +got):\n%s", r.room, r.want, diff)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0:00", 0: "0:00", 7900 * time.Millisecond: "0:07", 61 * time.Second: "1:01",
		time.Hour - 1: "59:59", time.Hour + 2*time.Minute + 3*time.Second: "1:02:03", 30 * time.Hour: "30:00:00",
	} {
		if got := clock(d); got != want {
			t.Errorf("clock(%s) = %q, want %q", d, got, want)
		}
	}
}
