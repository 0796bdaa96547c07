package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// ReadWAV returns the samples of a recording as Asterisk writes it: 16-bit
// linear, mono, 8000 samples a second.
func ReadWAV(path string) ([]int16, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	samples, err := decodeWAV(b)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", path, err)
	}
	return samples, nil
}

func decodeWAV(b []byte) ([]int16, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, errors.New("not a WAV file")
	}
	known := false
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		body := b[8:min(len(b), 8+size)] // Asterisk fills in the size when it closes the file
		switch {
		case name == "fmt " && len(body) >= 16:
			format, channels := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:])
			rate, bits := binary.LittleEndian.Uint32(body[4:]), binary.LittleEndian.Uint16(body[14:])
			if format != 1 || channels != 1 || rate != SampleRate || bits != 16 {
				return nil, fmt.Errorf("format %d with %d channels, %d Hz, %d bits is not telephone audio", format, channels, rate, bits)
			}
			known = true
		case name == "data" && known:
			out := make([]int16, len(body)/2)
			for i := range out {
				out[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return out, nil
		}
		b = b[min(len(b), 8+size+size%2):]
	}
	return nil, errors.New("no audio in it")
}
