package api

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/zaf/g711"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	// mostPeaks is how many peaks a recording has at most, and shortestPeak for how long one stands at
	// least: nobody hears from them what was said.
	mostPeaks    = 1000
	shortestPeak = 50 * time.Millisecond
)

// GetRecordingPeaks implements StrictServerInterface.
func (s operations) GetRecordingPeaks(ctx context.Context, r GetRecordingPeaksRequestObject) (GetRecordingPeaksResponseObject, error) {
	rec, err := s.playable(ctx, r.Recording)
	if err != nil {
		return nil, err
	}
	pbx, err := s.pbxOf(rec)
	if err != nil {
		return nil, err
	}
	f, leave, err := s.soundOf(ctx, pbx, rec.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	p, err := f.peaks()
	if err != nil {
		return nil, fault.New("api.peaks", fault.NotFound, "recording %s has no peaks: %w", quoted(rec.ID), err)
	}
	p.Recording = rec.ID
	return GetRecordingPeaks200JSONResponse(p), nil
}

// peaksOfFile goes through a file once, whatever its length in a fixed amount of memory.
func peaksOfFile(path string) (wire.Peaks, error) {
	file, err := os.Open(path) //nolint:gosec // one of our own
	if err != nil {
		return wire.Peaks{}, err
	}
	defer file.Close()
	return peaksOf(file)
}

// peaksOf reads a WAV file.
func peaksOf(file io.ReadSeeker) (wire.Peaks, error) {
	w, err := soundIn(file)
	if err != nil {
		return wire.Peaks{}, err
	}
	second := int64(w.rate)
	p := wire.Peaks{DurationMS: w.frames * 1000 / second, Peaks: []int{}}
	p.PeakMS = max(shortestPeak.Milliseconds(), p.DurationMS/mostPeaks+1)
	in := bufio.NewReaderSize(file, 1<<16)
	piece := make([]byte, w.width<<12)
	for at := int64(0); at < w.frames; {
		loudest := 0
		for end := min(w.frames, int64(len(p.Peaks)+1)*p.PeakMS*second/1000); at < end; {
			n := min(end-at, 1<<12)
			if _, err := io.ReadFull(in, piece[:n*int64(w.width)]); err != nil {
				return wire.Peaks{}, err
			}
			loudest = max(loudest, w.loudest(piece[:n*int64(w.width)]))
			at += n
		}
		p.Peaks = append(p.Peaks, loudest)
	}
	return p, nil
}

// wav is where in a WAV file the sound is, and how it is written. A frame is a sample of each channel.
type wav struct {
	rate, width int // frames a second; bytes of a frame
	frames      int64
	loudest     func(samples []byte) int // 0 to 255
}

// Formats of WAV files.
const (
	wavLinear     = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xfffe
)

var errNoWAV = errors.New("its sound is no WAV file")

// soundIn finds the sound in a WAV file, and leaves the file there.
func soundIn(file io.ReadSeeker) (wav, error) {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return wav{}, err
	}
	head := make([]byte, 12)
	if err := readAt(file, 0, head); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return wav{}, errNoWAV
	}
	var w wav
	for at := int64(len(head)); ; {
		chunk := make([]byte, 8)
		if err := readAt(file, at, chunk); err != nil {
			return wav{}, errNoWAV
		}
		at += int64(len(chunk))
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			format := make([]byte, 16)
			if err := readAt(file, at, format); err != nil {
				return wav{}, errNoWAV
			}
			if w, err = wavOf(format); err != nil {
				return wav{}, err
			}
		case "data":
			if w.rate == 0 {
				return wav{}, errNoWAV
			}
			// A PBX that was killed has not written how much there is.
			if rest := end - at; size == 0 || size > rest {
				size = rest
			}
			w.frames = size / int64(w.width)
			_, err := file.Seek(at, io.SeekStart)
			return w, err
		}
		at += size + size%2
	}
}

func readAt(file io.ReadSeeker, at int64, into []byte) error {
	if _, err := file.Seek(at, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(file, into)
	return err
}

// wavOf reads how sound is written.
func wavOf(b []byte) (wav, error) {
	format, channels := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
	rate, bits := int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint16(b[14:]))
	w := wav{rate: rate, width: channels * bits / 8}
	switch {
	case channels < 1 || channels > 8 || rate < 1000 || rate > 192_000:
	case (format == wavLinear || format == wavExtensible) && bits == 16:
		w.loudest = loudest16
	case format == wavLinear && bits == 8:
		w.loudest = loudestBy(func(b byte) int { return (int(b) - 128) << 8 })
	case format == wavALaw && bits == 8:
		w.loudest = loudestBy(func(b byte) int { return int(g711.DecodeAlawFrame(b)) })
	case format == wavMuLaw && bits == 8:
		w.loudest = loudestBy(func(b byte) int { return int(g711.DecodeUlawFrame(b)) })
	}
	if w.loudest == nil {
		return wav{}, fmt.Errorf("its sound is WAV of format %d with %d channels, %d Hz, %d bits", format, channels, rate, bits)
	}
	return w, nil
}

func loudest16(samples []byte) int {
	most := 0
	for ; len(samples) >= 2; samples = samples[2:] {
		v := int(int16(binary.LittleEndian.Uint16(samples)))
		most = max(most, v, -v)
	}
	return min(most>>7, 255)
}

// loudestBy knows how loud each byte is.
func loudestBy(linear func(byte) int) func([]byte) int {
	var loud [256]int
	for b := range loud {
		v := linear(byte(b))
		loud[b] = min(max(v, -v)>>7, 255)
	}
	return func(samples []byte) int {
		most := 0
		for _, b := range samples {
			most = max(most, loud[b])
		}
		return most
	}
}
