// Package prompts makes sound files that Asterisk plays: by a speech engine, or
// out of recordings in other formats.
package prompts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Rate is how many samples a second a telephone hears.
const Rate = 8000

// maxChannels and maxRate bound what is read: nobody records prompts beyond.
const (
	maxChannels = 8
	maxRate     = 192_000
)

// Telephone turns a WAV file (16-bit linear, any rate, any channels) into what
// Asterisk plays on every call: 8000 Hz, mono, at a level that is understood.
func Telephone(wav []byte) ([]byte, error) {
	samples, rate, err := decode(wav)
	if err != nil {
		return nil, err
	}
	samples = level(resample(samples, rate, Rate))
	return encode(samples), nil
}

// decode reads a WAV file into samples between -1 and 1, the channels mixed.
func decode(b []byte) (samples []float64, rate int, err error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, 0, errors.New("not a WAV file")
	}
	channels := 0
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
		body := b[8:min(int64(len(b)), 8+size)] // a program that writes to a pipe does not know the size
		switch {
		case name == "fmt " && len(body) >= 16:
			format, bits := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[14:])
			channels, rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
			if (format != 1 && format != 0xfffe) || bits != 16 || channels < 1 || channels > maxChannels || rate < 1000 || rate > maxRate {
				return nil, 0, fmt.Errorf("WAV of format %d with %d channels, %d Hz, %d bits: wanted is 16-bit linear", format, channels, rate, bits)
			}
		case name == "data" && channels > 0:
			for ; len(body) >= 2*channels; body = body[2*channels:] {
				sum := 0.0
				for c := range channels {
					sum += float64(int16(binary.LittleEndian.Uint16(body[2*c:])))
				}
				samples = append(samples, sum/float64(channels)/(1<<15))
			}
			if len(samples) == 0 {
				return nil, 0, errors.New("the WAV file holds no sound")
			}
			return samples, rate, nil
		}
		b = b[min(int64(len(b)), 8+size+size%2):]
	}
	return nil, 0, errors.New("the WAV file holds no sound")
}

// resample changes the rate, without what a telephone would fold back into the
// voice: each sample is the weighted sum of those around it (a windowed sinc).
// The weights repeat, since two rates have a common divisor: they are computed once.
func resample(in []float64, from, to int) []float64 {
	if from == to {
		return in
	}
	g := gcd(from, to)
	from, to = from/g, to/g
	const lobes = 16
	cut := min(1, float64(to)/float64(from)) * 0.95
	reach := int(math.Ceil(lobes / cut))
	weights := make([][]float64, to) // of each phase: what of the samples from at-reach to at+reach is heard
	out := make([]float64, len(in)*to/from)
	for i := range out {
		at, phase := i*from/to, i*from%to
		if weights[phase] == nil {
			weights[phase] = taps(float64(phase)/float64(to), cut, reach)
		}
		first := at - reach
		sum, total := 0.0, 0.0
		for j, w := range weights[phase] {
			if j += first; j >= 0 && j < len(in) {
				sum += w * in[j]
				total += w
			}
		}
		if total != 0 {
			out[i] = sum / total
		}
	}
	return out
}

// taps are the weights of the samples around one that lies past a sample by a fraction of it.
func taps(past, cut float64, reach int) []float64 {
	w := make([]float64, 2*reach+1)
	for j := range w {
		d := float64(j-reach) - past
		if math.Abs(d) >= float64(reach) {
			continue
		}
		w[j] = 0.5 * (1 + math.Cos(math.Pi*d/float64(reach)))
		if x := math.Pi * d * cut; x != 0 {
			w[j] *= math.Sin(x) / x
		}
	}
	return w
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// level brings the loudest moment to -4 dB.
func level(samples []float64) []float64 {
	loudest := 0.0
	for _, s := range samples {
		loudest = max(loudest, math.Abs(s))
	}
	if loudest == 0 {
		return samples
	}
	gain := math.Pow(10, -4.0/20) / loudest
	for i := range samples {
		samples[i] *= gain
	}
	return samples
}

// encode writes a WAV file of 8000 Hz, mono, 16 bits.
func encode(samples []float64) []byte {
	size := uint32(2 * len(samples))
	b := make([]byte, 0, 44+size)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, Rate, 2 * Rate, 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(max(-1, min(1, s))*(1<<15-1)))))
	}
	return b
}
