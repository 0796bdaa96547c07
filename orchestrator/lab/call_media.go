package lab

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
)

// talk sends and hears audio until the call is over.
func (c *Call) talk(ctx context.Context, m *diago.DialogMedia) {
	var both sync.WaitGroup
	both.Go(func() { c.listen(m) })
	both.Go(func() { c.speak(ctx, m) })
	select {
	case <-ctx.Done():
	case <-c.gaveUp:
	case <-c.phone.ctx.Done():
	}
	// Closing the sockets is what ends a read.
	if err := m.Close(); err != nil {
		c.phone.log.Debug("closing audio", "error", err)
	}
	both.Wait()
}

// listen decodes what arrives until the socket is closed.
func (c *Call) listen(m *diago.DialogMedia) {
	buf := make([]byte, media.RTPBufSize)
	var lastEvent uint32 // timestamp of the last digit: its packets repeat
	var seen bool
	for {
		n, err := m.RTPPacketReader.Read(buf)
		if err != nil {
			return
		}
		header := m.RTPPacketReader.PacketHeader
		switch header.PayloadType {
		case 0, 8:
			c.ear.hear(linear(header.PayloadType, buf[:n]))
		case media.CodecTelephoneEvent8000.PayloadType:
			if n < 4 || buf[1]&0x80 == 0 || seen && header.Timestamp == lastEvent {
				continue
			}
			lastEvent, seen = header.Timestamp, true
			select {
			case c.dtmf <- media.DTMFToRune(buf[0]):
			default: // nobody has read the last 64 digits
			}
		}
	}
}

// speak sends a packet every 20 ms, and digits between them, until the call is
// over. It keeps the pace itself: the library's own is only for whole packets
// of audio.
func (c *Call) speak(ctx context.Context, m *diago.DialogMedia) {
	l := line{w: m.RTPPacketWriter, pace: time.NewTicker(20 * time.Millisecond), first: true}
	defer l.pace.Stop()
	for ctx.Err() == nil && c.phone.ctx.Err() == nil {
		select {
		case k := <-c.keys:
			if err := l.press(k); err != nil {
				return
			}
			if err := l.pause(); err != nil {
				return
			}
		default:
			c.mouth.frame(l.payload[:])
			if err := l.audio(); err != nil {
				return
			}
		}
	}
}

// line is the sending side of a call's audio. One goroutine owns it.
type line struct {
	w       *media.RTPPacketWriter
	pace    *time.Ticker
	first   bool // the next packet of audio starts a spurt
	payload [frameSamples]byte
}

// audio sends the payload and waits for the time of the next packet.
func (l *line) audio() error {
	_, err := l.w.WriteSamples(l.payload[:], frameSamples, l.first, media.CodecAudioUlaw.PayloadType)
	l.first = false
	<-l.pace.C
	return err
}

// press sends one digit of 100 ms: event packets that all carry the timestamp of the start, and the end three times, as RFC 4733 asks. The audio after it is stamped with the time that has passed, for a
// receiver takes two digits with one timestamp for the same.
func (l *line) press(k keypress) error {
	const packets, ends = 5, 3
	event := [4]byte{media.RTPDTMFEncode8000(k.digit)[0].Event, 10} // volume -10 dBm0
	for i := range packets + ends - 1 {
		if i >= packets-1 {
			event[1] |= 0x80
		}
		binary.BigEndian.PutUint16(event[2:], uint16(min(i+1, packets)*frameSamples))
		if _, err := l.w.WriteSamples(event[:], 0, i == 0, media.CodecTelephoneEvent8000.PayloadType); err != nil {
			return err
		}
		if i == packets-1 {
			close(k.out)
		}
		if i < packets {
			<-l.pace.C
		}
	}
	l.w.DelayTimestamp(packets * frameSamples)
	l.first = true
	return nil
}

// pause sends the silence of 100 ms that parts two digits.
func (l *line) pause() error {
	for i := range l.payload {
		l.payload[i] = 0xff // silence in µ-law
	}
	for range 5 {
		if err := l.audio(); err != nil {
			return err
		}
	}
	return nil
}
