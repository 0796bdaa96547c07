package lab

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/zaf/g711"
)

// Telephone audio: 8000 samples a second, 20 ms a packet.
const (
	SampleRate   = 8000
	frameSamples = SampleRate / 50
)

// Tone returns d of a sine of hz at a level that telephony calls loud (-12 dB
// of full scale), as 16-bit samples.
func Tone(hz float64, d time.Duration) []int16 {
	out := make([]int16, int(d.Seconds()*SampleRate))
	for i := range out {
		out[i] = toneSample(hz, i)
	}
	return out
}

func toneSample(hz float64, i int) int16 {
	const amplitude = 8000
	return int16(amplitude * math.Sin(2*math.Pi*hz*float64(i)/SampleRate))
}

// goertzel returns the power of a sine of hz in samples, one term of the discrete
// Fourier transform, and the energy of them all.
func goertzel(samples []int16, hz float64) (power, energy float64) {
	coefficient := 2 * math.Cos(2*math.Pi*hz/SampleRate)
	var s1, s2 float64
	for _, v := range samples {
		x := float64(v)
		energy += x * x
		s1, s2 = x+coefficient*s1-s2, s1
	}
	return s1*s1 + s2*s2 - coefficient*s1*s2, energy
}

// HasTone tells whether a sine of hz makes up most of the energy of samples.
func HasTone(samples []int16, hz float64) bool {
	if quiet(samples) {
		return false
	}
	power, energy := goertzel(samples, hz)
	// A pure sine of n samples with energy e has power n*e/2.
	return power > 0.6*float64(len(samples))*energy/2
}

// level is the amplitude of a sine of hz in samples.
func level(samples []int16, hz float64) float64 {
	power, _ := goertzel(samples, hz)
	return 2 * math.Sqrt(max(power, 0)) / float64(max(1, len(samples)))
}

// partLevel is the amplitude from which a sine is one of those that are heard.
const partLevel = 2000

// Purity is how pure a sine of hz is throughout: the share that it has of the
// energy of each 20 ms, at the worst of them, and the level of that sine (its
// amplitude) where it is weakest. A click lowers the first, a gap both.
func Purity(samples []int16, hz float64) (share, weakest float64) {
	share, weakest = 1, math.MaxInt16
	for ; len(samples) >= frameSamples; samples = samples[frameSamples:] {
		w := samples[:frameSamples]
		power, energy := goertzel(w, hz)
		sine := 2 * power / frameSamples // its energy
		share = min(share, sine/max(energy, 1))
		weakest = min(weakest, math.Sqrt(2*sine/frameSamples))
	}
	return share, weakest
}

// quietLevel is the root mean square under which samples count as silence. The
// noise that codecs make of silence stays below 20.
const quietLevel = 60

func quiet(samples []int16) bool {
	var energy float64
	for _, v := range samples {
		energy += float64(v) * float64(v)
	}
	return len(samples) == 0 || energy/float64(len(samples)) < quietLevel*quietLevel
}

// window is how much audio is judged at a time: 50 ms tells tones 20 Hz apart.
const window = SampleRate / 20

// ear listens to what arrives on a call and wakes those who wait for a sound.
type ear struct {
	mu      sync.Mutex
	pending []int16    // guarded by mu; less than a window
	waiters []*waiting // guarded by mu
	sights  []*sight   // guarded by mu
	taping  bool       // guarded by mu
	tape    []int16    // guarded by mu; what was heard while taping
}

// waiting is someone who waits for need windows in a row that match.
type waiting struct {
	match func([]int16) bool
	need  int
	got   int
	heard chan struct{}
}

// hear takes the samples of one packet.
func (e *ear) hear(samples []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending = append(e.pending, samples...)
	e.see(samples)
	if e.taping {
		e.tape = append(e.tape, samples...)
	}
	for len(e.pending) >= window {
		w := e.pending[:window]
		kept := e.waiters[:0]
		for _, waiter := range e.waiters {
			if !waiter.match(w) {
				waiter.got = 0
			} else if waiter.got++; waiter.got == waiter.need {
				close(waiter.heard)
				continue
			}
			kept = append(kept, waiter)
		}
		e.waiters = kept
		e.pending = append(e.pending[:0], e.pending[window:]...)
	}
}

// start begins a tape; stop returns what is on it.
func (e *ear) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.taping, e.tape = true, nil
}

func (e *ear) stop() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	tape := e.tape
	e.taping, e.tape = false, nil
	return tape
}

// wait returns when match has held for d of audio that arrives from now on, or
// with the error of whichever of ctx and ended comes first.
func (e *ear) wait(ctx context.Context, ended <-chan struct{}, d time.Duration, match func([]int16) bool) error {
	w := &waiting{match: match, need: max(1, int(d.Seconds()*SampleRate)/window), heard: make(chan struct{})}
	e.mu.Lock()
	e.waiters = append(e.waiters, w)
	e.mu.Unlock()
	defer e.forget(w)
	select {
	case <-w.heard:
		return nil
	case <-ended:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *ear) forget(w *waiting) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, other := range e.waiters {
		if other == w {
			e.waiters = append(e.waiters[:i], e.waiters[i+1:]...)
			return
		}
	}
}

// mouth makes what a call says: silence, a tone, or samples.
type mouth struct {
	mu      sync.Mutex
	hz      float64 // guarded by mu; 0 is silence
	at      int     // guarded by mu; samples of the tone so far
	samples []int16 // guarded by mu; said before the tone goes on
}

func (m *mouth) tone(hz float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hz, m.at = hz, 0
}

func (m *mouth) say(samples []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, samples...)
}

// frame fills a packet's payload with the next 20 ms in µ-law.
func (m *mouth) frame(payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range payload {
		var sample int16
		switch {
		case len(m.samples) > 0:
			sample, m.samples = m.samples[0], m.samples[1:]
		case m.hz > 0:
			sample = toneSample(m.hz, m.at)
			m.at++
		}
		payload[i] = g711.EncodeUlawFrame(sample)
	}
}

// linear decodes a payload of µ-law (payload type 0) or A-law (8).
func linear(payloadType uint8, payload []byte) []int16 {
	out := make([]int16, len(payload))
	for i, b := range payload {
		if payloadType == 8 {
			out[i] = g711.DecodeAlawFrame(b)
		} else {
			out[i] = g711.DecodeUlawFrame(b)
		}
	}
	return out
}

// Speech is what a voice sounds like to who listens for words alone: hum and silence by
// turns, for as long as given, hum first.
func Speech(pattern ...time.Duration) (samples []int16) {
	for i, d := range pattern {
		hz := 0.0
		if i%2 == 0 {
			hz = speechHz
		}
		samples = append(samples, Tone(hz, d)...)
	}
	return samples
}

// speechHz is the pitch of Speech, which no other tone of the tests has.
const speechHz = 210
