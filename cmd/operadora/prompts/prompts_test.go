package prompts

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tone is a WAV file with a sine.
func tone(hz float64, rate, channels, samples int) []byte {
	var b []byte
	b = append(b, "RIFF\xff\xff\xff\xffWAVEfmt "...)
	for _, v := range []uint32{16, 1 | uint32(channels)<<16, uint32(rate), uint32(2 * rate * channels), uint32(2*channels) | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "LIST\x03\x00\x00\x00abc\x00data\xff\xff\xff\xff"...) // as a program does that writes to a pipe
	for i := range samples {
		for range channels {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))))
		}
	}
	return b
}

// power of a frequency in telephone audio, 1 for a full sine.
func power(t *testing.T, wav []byte, hz float64) float64 {
	t.Helper()
	s, rate, err := decode(wav)
	if err != nil || rate != Rate {
		t.Fatal(rate, err)
	}
	var re, im float64
	for i, v := range s {
		re += v * math.Cos(2*math.Pi*hz*float64(i)/Rate)
		im += v * math.Sin(2*math.Pi*hz*float64(i)/Rate)
	}
	return 2 * math.Hypot(re, im) / float64(len(s))
}

func TestTelephone(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{8000, 16000, 22050, 44100, 48000} {
		for _, channels := range []int{1, 2} {
			got, err := Telephone(tone(1000, rate, channels, rate))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(got) - 44; n < 2*Rate-4 || n > 2*Rate+4 {
				t.Errorf("%d Hz: a second became %d bytes", rate, n)
			}
			if p := power(t, got, 1000); p < 0.55 || p > 0.66 { // -4 dB
				t.Errorf("%d Hz, %d channels: the tone has %.2f", rate, channels, p)
			}
		}
	}
	// What a telephone cannot carry is gone, not folded back: 5000 Hz would be heard as 3000.
	two := tone(5000, 22050, 1, 22050)
	copy(two[len(two)-4000:], tone(1000, 22050, 1, 2000)[len(tone(1000, 22050, 1, 2000))-4000:])
	got, err := Telephone(two)
	if err != nil {
		t.Fatal(err)
	}
	if p := power(t, got, 3000); p > 0.02 {
		t.Errorf("folded back: %.3f", p)
	}
}

func TestTelephoneRefuses(t *testing.T) {
	t.Parallel()
	bits := tone(400, 8000, 1, 10)
	bits[34] = 24
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("hello, this is no sound file"), "24 bits": bits, "empty": tone(400, 8000, 1, 0)} {
		if _, err := Telephone(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzTelephone(f *testing.F) {
	f.Add(tone(400, 8000, 1, 10))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = Telephone(b[:min(len(b), 4096)]) })
}

// engine writes a program that speaks in the place of an engine.
func engine(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tone.wav"), tone(500, 16000, 1, 1600), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "engine")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncd "+dir+"\n"+script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return path
}

func TestSpeak(t *testing.T) {
	t.Parallel()
	path := engine(t, `[ "$1" = warm-es ] && [ "$(cat)" = "Hola; \$(id)" ] && cp tone.wav "$2"`)
	e := Engine{Command: path + " {voice} {file}", Voices: map[string]string{"es": "warm-es"}}
	if b, err := e.Speak(t.Context(), "es", "Hola; $(id)"); err != nil || len(b) < 1500 {
		t.Errorf("by standard input: %d bytes, %v", len(b), err)
	}
	path = engine(t, `[ "$1" = en ] && [ "$2" = "Hello there." ] && cp tone.wav "$3"`)
	e = Engine{Command: path + " {language} {text} {file}"}
	if _, err := e.Speak(t.Context(), "en", "Hello there."); err != nil {
		t.Errorf("by an argument: %v", err)
	}
	for want, e := range map[string]Engine{
		"no such file": {Command: "/no/such/engine {file}"},
		"out of ideas": {Command: engine(t, "echo out of ideas; exit 3")},
		"no file":      {Command: engine(t, "exit 0")},
		"no speech":    {},
	} {
		if _, err := e.Speak(t.Context(), "en", "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", e, err, want)
		}
	}
}
