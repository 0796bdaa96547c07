package esl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What a server may send at most. Beyond it the connection is given up, so that
// whoever stands at the far end costs memory bounded by these constants.
const (
	maxLine   = 16 << 10 // bytes of one header line; one longer than the reader's buffer is refused
	maxHeader = 64       // lines of a frame's header; FreeSWITCH sends two to five
	maxBody   = 16 << 20 // bytes of a body, the same as FreeSWITCH's own limit
)

// errFrame means that what was read is not the event socket's protocol.
var errFrame = errors.New("this is not the event socket's protocol")

// frame is one message of the event socket. Its header values are raw: only what
// is within text/event-plain is %-encoded, which we never ask for.
type frame struct {
	kind    string // Content-Type
	reply   string // Reply-Text
	job     string // Job-UUID of a reply to bgapi
	content string // Content-Disposition of a disconnect notice
	said    string // Log-Func of a line of the log: the function that wrote it
	about   string // User-Data of a line of the log: the channel that it is about
	body    []byte
}

// reader takes frames off a stream.
type reader struct{ r *bufio.Reader }

func newReader(r io.Reader) *reader { return &reader{bufio.NewReaderSize(r, maxLine)} }

// next reads one frame. Empty lines before it are passed over: FreeSWITCH ends
// some bodies with one that the length does not count.
func (r *reader) next() (frame, error) {
	var f frame
	length, seen := -1, 0
	for lines := 0; ; lines++ {
		line, err := r.line()
		if err != nil {
			if errors.Is(err, io.EOF) && seen > 0 {
				err = io.ErrUnexpectedEOF
			}
			return f, err
		}
		if lines > maxHeader {
			return f, fmt.Errorf("%w: a header of more than %d lines", errFrame, maxHeader)
		}
		if len(line) == 0 {
			if seen == 0 {
				continue
			}
			break
		}
		seen++
		name, value, ok := strings.Cut(string(line), ":")
		if !ok {
			return f, fmt.Errorf("%w: a header line without a colon", errFrame)
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-type":
			f.kind = value
		case "reply-text":
			f.reply = value
		case "job-uuid":
			f.job = value
		case "content-disposition":
			f.content = value
		case "log-func":
			f.said = value
		case "user-data":
			f.about = value
		case "content-length":
			if length, err = lengthOf(value, length); err != nil {
				return f, err
			}
		}
	}
	if f.kind == "" {
		return f, fmt.Errorf("%w: a frame without Content-Type", errFrame)
	}
	if length <= 0 {
		return f, nil
	}
	// it grows with what arrives, not with what was announced
	var b bytes.Buffer
	if n, err := io.CopyN(&b, r.r, int64(length)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return f, fmt.Errorf("a body of %d bytes ended after %d: %w", length, n, err)
	}
	f.body = b.Bytes()
	return f, nil
}

func lengthOf(value string, before int) (int, error) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil || n < 0:
		return 0, fmt.Errorf("%w: Content-Length %.40q", errFrame, value)
	case n > maxBody:
		return 0, fmt.Errorf("%w: a body of %d bytes", errFrame, n)
	case before >= 0 && before != n:
		return 0, fmt.Errorf("%w: two lengths, %d and %d", errFrame, before, n)
	}
	return n, nil
}

// line reads one line without its end.
func (r *reader) line() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%w: a line of more than %d bytes", errFrame, maxLine)
	case err != nil && len(line) > 0 && errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
