package top

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares lines with testdata/name.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path, got := filepath.Join("testdata", name), strings.Join(lines, "\n")+"\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// crowded is a busy hour: more callers than any screen has lines.
func crowded(t *testing.T) *Model {
	m := play(t, story()[:13])
	for i := range 40 {
		c := Call{}
		c.ID, c.DID, c.StartedAt = fmt.Sprintf("x%02d", i), "5000", noon.Add(time.Duration(-i)*time.Second)
		c.Caller.Number = fmt.Sprintf("***%03d", i)
		switch i % 4 {
		case 0:
			c.State, c.Queue, c.WaitSince = wire.CallStateWaiting, "support", c.StartedAt
		case 1:
			c.State, c.Node = wire.CallStateFlow, "welcome/menu"
		case 2:
			c.State, c.Queue, c.Agent, c.Serving = wire.CallStateTalking, "sales", "101", "101"
		case 3:
			c.State, c.Kind, c.Node = wire.CallStateFlow, wire.CallKindFeature, "features/say_logged_in"
		}
		m.Calls[c.ID] = c
	}
	for i := range 12 {
		a := m.Agents["102"]
		a.ID, a.Name, a.State = fmt.Sprintf("2%02d", i), "Agente número "+itoa(i), []wire.AgentState{"available", "paused", "offline", "sabbatical"}[i%4]
		a.Reason = map[wire.AgentState]string{"paused": "lunch"}[a.State]
		if i == 4 {
			a.Device = wire.DeviceStateUnreachable
		}
		m.Agents[a.ID] = a
	}
	return m
}

func TestRender(t *testing.T) {
	t.Parallel()
	now := noon.Add(13 * time.Second)
	m := play(t, story()[:17])
	quiet := play(t, story())
	for _, r := range []struct {
		name  string
		model *Model
		frame Frame
	}{
		{"empty.txt", &Model{}, Frame{Now: now, Width: 80, Height: 24, Keys: "q quits"}},
		{"small.txt", m, Frame{Now: now, Width: 80, Height: 24, Keys: "q quits"}},
		{"colour.txt", m, Frame{Now: now, Width: 80, Height: 24, Keys: "q quits", Colour: true}},
		{"notice.txt", m, Frame{Now: now, Width: 80, Height: 24, Notice: "NO CONNECTION, what you see is old", Status: "7 of 9 done"}},
		{"quiet.txt", quiet, Frame{Now: now, Width: 80, Height: 24}},
		{"crowded.txt", crowded(t), Frame{Now: now, Width: 80, Height: 24}},
		{"tiny.txt", crowded(t), Frame{Now: now, Width: 40, Height: 10}},
		{"wide.txt", crowded(t), Frame{Now: now, Width: 132, Height: 40}},
		{"printed.txt", crowded(t), Frame{Now: now, Width: 100}},
	} {
		golden(t, r.name, Render(r.model, r.frame))
	}
}

// TestRenderKeepsToTheScreen draws at every size that a terminal may be made.
func TestRenderKeepsToTheScreen(t *testing.T) {
	t.Parallel()
	m := crowded(t)
	for height := 1; height <= 60; height++ {
		for width := 1; width <= 140; width += 3 {
			lines := Render(m, Frame{Now: noon, Width: width, Height: height, Notice: "n", Status: "s", Keys: "k"})
			if len(lines) > height {
				t.Fatalf("%d lines at height %d", len(lines), height)
			}
			for _, l := range lines {
				if columns(l) > width {
					t.Fatalf("%q takes %d columns of %d", l, columns(l), width)
				}
			}
		}
	}
}
