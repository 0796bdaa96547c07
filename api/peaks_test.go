package api

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
)

// wavFile is a WAV file; size is what it says of its data.
func wavFile(format, channels, rate, bits, size int, data []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00") // a chunk of an odd length is filled up
	b = binary.LittleEndian.AppendUint16(b, uint16(format))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(size)), data...)
}

// linear are 16-bit samples of one level.
func linear(n int, level int16) (out []byte) {
	for range n {
		out = binary.LittleEndian.AppendUint16(out, uint16(level))
	}
	return out
}

func TestPeaks(t *testing.T) {
	t.Parallel()
	second := slices.Concat(linear(4000, 0), linear(2000, -16384), linear(2000, 300)) // at 8000 Hz
	stereo := slices.Concat(linear(8000, 0), linear(1, 0), linear(1, 32767), linear(7998, 0))
	half := slices.Concat(slices.Repeat([]int{0}, 10), slices.Repeat([]int{128}, 5), slices.Repeat([]int{2}, 5))
	levels := func(quiet, loud byte) []byte {
		return slices.Concat(bytes.Repeat([]byte{quiet}, 400), bytes.Repeat([]byte{loud}, 400))
	}
	rows := []struct {
		name     string
		file     []byte
		duration int64
		peaks    []int
		bad      string
	}{
		{"a second", wavFile(wavLinear, 1, 8000, 16, len(second), second), 1000, half, ""},
		{"of a PBX that was killed", wavFile(wavLinear, 1, 8000, 16, 0, second), 1000, half, ""},
		{"that breaks off", wavFile(wavLinear, 1, 8000, 16, 99_999_999, second), 1000, half, ""},
		{"with something behind", wavFile(wavLinear, 1, 8000, 16, 800, second), 50, []int{0}, ""},
		{"of two channels", wavFile(wavExtensible, 2, 8000, 16, len(stereo), stereo), 1000, slices.Concat(slices.Repeat([]int{0}, 10), []int{255}, slices.Repeat([]int{0}, 9)), ""},
		{"of 8 bits", wavFile(wavLinear, 1, 8000, 8, 800, levels(128, 0)), 100, []int{0, 255}, ""},
		{"of mu-law", wavFile(wavMuLaw, 1, 8000, 8, 800, levels(0xff, 0x80)), 100, []int{0, 250}, ""},
		{"of A-law", wavFile(wavALaw, 1, 8000, 8, 800, levels(0xd5, 0xaa)), 100, []int{0, 252}, ""},
		{"of nothing", wavFile(wavLinear, 1, 8000, 16, 0, nil), 0, []int{}, ""},
		{"a last peak that is short", wavFile(wavLinear, 1, 8000, 16, 802, linear(401, -32768)), 50, []int{255, 255}, ""},
		{"of GSM", wavFile(49, 1, 8000, 0, 65, make([]byte, 65)), 0, nil, "WAV of format 49 with 1 channels, 8000 Hz, 0 bits"},
		{"of no rate", wavFile(wavLinear, 1, 0, 16, 2, []byte{1, 2}), 0, nil, "0 Hz"},
		{"no WAV", []byte("OggS and so on, for a while"), 0, nil, "no WAV file"},
		{"a head alone", wavFile(wavLinear, 1, 8000, 16, 0, nil)[:40], 0, nil, "no WAV file"},
		{"nothing at all", nil, 0, nil, "no WAV file"},
	}
	for _, r := range rows {
		got, err := peaksOf(bytes.NewReader(r.file))
		if r.bad != "" {
			if err == nil || !strings.Contains(err.Error(), r.bad) {
				t.Errorf("%s: %v, want %q", r.name, err, r.bad)
			}
			continue
		}
		if err != nil || got.DurationMS != r.duration || got.PeakMS != 50 || !slices.Equal(got.Peaks, r.peaks) {
			t.Errorf("%s: %+v, %v, want %d ms and %v", r.name, got, err, r.duration, r.peaks)
		}
	}
	for _, seconds := range []int{49, 50, 51, 600, 3601} {
		data := make([]byte, seconds*8000)
		got, err := peaksOf(bytes.NewReader(wavFile(wavMuLaw, 1, 8000, 8, len(data), data)))
		if err != nil || len(got.Peaks) > mostPeaks || int64(len(got.Peaks))*got.PeakMS < got.DurationMS || got.DurationMS != int64(seconds)*1000 {
			t.Errorf("%d s: %d peaks of %d ms, %v", seconds, len(got.Peaks), got.PeakMS, err)
		}
	}
}

// Peaks are of the file that is played, which is fetched once for both, and are no playback.
func TestPeaksOfARecording(t *testing.T) {
	t.Parallel()
	w, m := metered(t)
	s := w.server()
	const path = "/api/v1/recordings/op-p1-r1"
	token := w.tokens[wire.RoleSupervisor]
	w.engine.pbx.put("op-p1-r1", wavFile(wavLinear, 1, 8000, 16, 1600, linear(800, 8192)))
	for range 2 {
		got := read[wire.Peaks](t, ask(s, "GET", path+"/peaks", token, ""), 200)
		if got.Recording != "op-p1-r1" || got.DurationMS != 100 || !slices.Equal(got.Peaks, []int{64, 64}) {
			t.Errorf("%+v", got)
		}
	}
	if r := ask(s, "GET", path+"/audio", token, ""); r.Code != 200 {
		t.Errorf("the sound: %d", r.Code)
	}
	if _, _, sum := m.seen(); sum != 1 {
		t.Errorf("it was fetched %d times", sum)
	}
	log := read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit?object=op-p1-r1", w.tokens[wire.RoleAdmin], ""), 200)
	if len(log.Items) != 1 || log.Items[0].Action != "recording.play" {
		t.Errorf("the audit log: %+v", log.Items)
	}
	if r := ask(s, "GET", path+"/peaks", w.tokens[wire.RoleAgent], ""); r.Code != 403 {
		t.Errorf("an agent: %d", r.Code)
	}
	read[wire.LegalHold](t, ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"call":"p1","why":"a suit"}`), 200)
	if rec := read[wire.Recording](t, ask(s, "GET", path, token, ""), 200); !rec.Held {
		t.Error("the recording is not shown to be held")
	}
	s.sounds.drop("op-p1-r1")
	w.engine.pbx.put("op-p1-r1", []byte("OggS and so on"))
	if p := read[problem](t, ask(s, "GET", path+"/peaks", token, ""), 404); !strings.Contains(p.Detail, "no WAV file") {
		t.Errorf("a recording of another kind: %+v", p)
	}
	if r := ask(s, "DELETE", path, w.tokens[wire.RoleAdmin], ""); r.Code != 204 {
		t.Errorf("deleting: %d", r.Code)
	}
	if r := ask(s, "GET", path+"/peaks", token, ""); r.Code != 410 {
		t.Errorf("a deleted one: %d", r.Code)
	}
}
