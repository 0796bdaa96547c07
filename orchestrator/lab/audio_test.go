package lab

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zaf/g711"
)

func TestHasTone(t *testing.T) {
	t.Parallel()
	noise := make([]int16, window)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = int16(random.IntN(16000) - 8000)
	}
	mixed := Tone(440, 50*time.Millisecond)
	for i, v := range Tone(1000, 50*time.Millisecond) {
		mixed[i] = mixed[i]/2 + v/2
	}
	for _, row := range []struct {
		name    string
		samples []int16
		hz      float64
		want    bool
	}{
		{"the tone itself", Tone(440, 50*time.Millisecond), 440, true},
		{"another tone", Tone(440, 50*time.Millisecond), 520, false},
		{"its octave", Tone(440, 50*time.Millisecond), 880, false},
		{"noise", noise, 440, false},
		{"silence", make([]int16, window), 440, false},
		{"nothing", nil, 440, false},
		{"half of a mixture", mixed, 440, false},
		{"after µ-law", throughMulaw(Tone(440, 50*time.Millisecond)), 440, true},
	} {
		if got := HasTone(row.samples, row.hz); got != row.want {
			t.Errorf("%s: HasTone at %g Hz is %v, want %v", row.name, row.hz, got, row.want)
		}
	}
}

// A click of two samples and a gap of half a packet both show, wherever they are.
func TestPurity(t *testing.T) {
	t.Parallel()
	pure := throughMulaw(Tone(700, time.Second))
	if share, weakest := Purity(pure, 700); share < 0.99 || weakest < 7900 {
		t.Errorf("a pure tone: %.3f, %.0f", share, weakest)
	}
	for at := 0; at < len(pure)-frameSamples; at += 700 {
		click := slices.Clone(pure)
		click[at], click[at+1] = 20000, -20000
		if share, _ := Purity(click, 700); share > 0.95 {
			t.Errorf("a click at %d: %.3f", at, share)
		}
		gap := slices.Clone(pure)
		clear(gap[at : at+frameSamples/2])
		if share, weakest := Purity(gap, 700); share > 0.95 && weakest > 7000 {
			t.Errorf("a gap at %d: %.3f, %.0f", at, share, weakest)
		}
	}
	if l := level(pure, 700); l < 7900 {
		t.Errorf("level %.0f", l)
	}
	if l := level(pure, 1000); l > 100 {
		t.Errorf("level of another tone %.0f", l)
	}
}

func throughMulaw(samples []int16) []int16 {
	var b []byte
	for _, v := range samples {
		b = append(b, g711.EncodeUlawFrame(v))
	}
	return linear(0, b)
}

func TestEarWaitsForWindowsInARow(t *testing.T) {
	t.Parallel()
	var e ear
	heard := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		first := true
		heard <- e.wait(t.Context(), nil, 150*time.Millisecond, func(w []int16) bool {
			if first {
				close(begun)
				first = false
			}
			return HasTone(w, 440)
		})
	}()
	silence := make([]int16, window)
	for waiting := true; waiting; {
		e.hear(silence)
		select {
		case <-begun:
			waiting = false
		default:
		}
	}
	tone := Tone(440, 50*time.Millisecond)
	e.hear(tone)
	e.hear(tone)
	e.hear(silence) // breaks the row
	e.hear(tone)
	e.hear(tone)
	select {
	case err := <-heard:
		t.Fatalf("two windows in a row were enough: %v", err)
	default:
	}
	e.hear(tone)
	if err := <-heard; err != nil {
		t.Fatal(err)
	}
}

func TestEarStopsWaiting(t *testing.T) {
	t.Parallel()
	var e ear
	ended := make(chan struct{})
	close(ended)
	if err := e.wait(t.Context(), ended, time.Second, quiet); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end of the call: %v, want ErrEnded", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.wait(ctx, nil, time.Second, quiet); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v, want context canceled", err)
	}
	if len(e.waiters) != 0 {
		t.Errorf("%d waiters are left behind", len(e.waiters))
	}
}

func TestMouthSaysSamplesThenItsTone(t *testing.T) {
	t.Parallel()
	var m mouth
	m.tone(440)
	m.say(Tone(1000, 20*time.Millisecond))
	payload := make([]byte, frameSamples)
	m.frame(payload)
	if !HasTone(linear(0, payload), 1000) {
		t.Error("the first packet is not what it was told to say")
	}
	m.frame(payload)
	if !HasTone(linear(0, payload), 440) {
		t.Error("the tone does not go on after it")
	}
	m.tone(0)
	m.frame(payload)
	if !quiet(linear(0, payload)) {
		t.Error("it does not fall silent")
	}
}

func TestReadWAV(t *testing.T) {
	t.Parallel()
	header := "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
	stereo := "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x04\x00\x10\x00"
	for _, row := range []struct {
		name, content string
		want          []int16
	}{
		{"plain", header + "data\x04\x00\x00\x00\x01\x00\xff\xff", []int16{1, -1}},
		{"another chunk first", header + "LIST\x03\x00\x00\x00abc\x00data\x02\x00\x00\x00\x02\x00", []int16{2}},
		{"still being written", header + "data\xff\xff\xff\x7f\x03\x00", []int16{3}},
		{"stereo", stereo + "data\x04\x00\x00\x00\x01\x00\xff\xff", nil},
		{"no audio", header, nil},
		{"not a WAV", "ID3", nil},
	} {
		path := filepath.Join(t.TempDir(), "r.wav")
		if err := os.WriteFile(path, []byte(row.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadWAV(path)
		if diff := cmp.Diff(row.want, got); diff != "" || (err == nil) != (row.want != nil) {
			t.Errorf("%s: error %v, samples (-want +got):\n%s", row.name, err, diff)
		}
	}
}

// Who talks is heard under a beep, which is mixed in.
func TestFirstToneAmongOthers(t *testing.T) {
	t.Parallel()
	var e ear
	at := e.firstTone(700)
	beep := Tone(1000, 20*time.Millisecond)
	e.see(beep)
	select {
	case <-at:
		t.Error("a beep passes for a voice")
	default:
	}
	for i, v := range Tone(700, 20*time.Millisecond) {
		beep[i] += v
	}
	e.see(beep)
	select {
	case <-at:
	default:
		t.Error("a voice under a beep is not heard")
	}
}
