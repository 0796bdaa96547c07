package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

// span is a part of a recording in bytes, To exclusive.
type span struct{ from, to int64 }

var errUnsatisfiable = errors.New("no byte of it is in the recording")

// parseRange reads a Range header (RFC 9110 section 14). ok is false when it
// is to be ignored: not of bytes, malformed, or more than one range, which a
// server may always answer with the whole.
func parseRange(header string, size int64) (s span, ok bool, err error) {
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !isBytes || !dash || strings.Contains(spec, ",") {
		return span{}, false, nil
	}
	if first == "" { // the last n bytes
		n, bad := parseBytes(last)
		if bad {
			return span{}, false, nil
		}
		if n == 0 {
			return span{}, false, errUnsatisfiable
		}
		return span{max(0, size-n), size}, true, nil
	}
	from, bad := parseBytes(first)
	to, badTo := size-1, false
	if last != "" {
		to, badTo = parseBytes(last)
	}
	if bad || badTo || (last != "" && to < from) {
		return span{}, false, nil
	}
	if from >= size {
		return span{}, false, errUnsatisfiable
	}
	return span{from, min(to, size-1) + 1}, true, nil
}

func parseBytes(s string) (n int64, bad bool) {
	u, err := strconv.ParseUint(s, 10, 62)
	return int64(u), err != nil || s[0] == '+'
}

// GetRecordingAudio implements StrictServerInterface.
func (s operations) GetRecordingAudio(ctx context.Context, r GetRecordingAudioRequestObject) (GetRecordingAudioResponseObject, error) {
	return s.playRecording(ctx, r.Recording, given(r.Params.Download))
}

// HeadRecordingAudio implements StrictServerInterface.
func (s operations) HeadRecordingAudio(ctx context.Context, r HeadRecordingAudioRequestObject) (HeadRecordingAudioResponseObject, error) {
	return s.playRecording(ctx, r.Recording, given(r.Params.Download))
}

// playRecording streams a recording from its PBX, whole or a range of it.
func (s operations) playRecording(ctx context.Context, id string, download bool) (streamed, error) {
	r := askerOf(ctx).request
	rec, err := s.Records.Recording(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case rec.DeletedAt != 0:
		return nil, problem{Status: http.StatusGone, Code: wire.ProblemCodeGone, Detail: "the recording was deleted"}
	case rec.State == string(wire.RecordingStateRunning):
		return nil, fault.New("api.audio", fault.Conflict, "recording %s is still running", quoted(rec.ID))
	case rec.State == string(wire.RecordingStateFailed):
		return nil, fault.New("api.audio", fault.NotFound, "recording %s failed: nothing was kept", quoted(rec.ID))
	}
	pbx, ok := s.Engine.PBX(rec.PBX)
	if !ok {
		return nil, fault.New("api.audio", fault.Unavailable, "PBX %s of recording %s is not configured here", quoted(rec.PBX), quoted(rec.ID))
	}
	action := "recording.play"
	if download {
		action = "recording.download"
	}
	if r.Method != http.MethodHead { // a HEAD gives nothing away
		if err := s.auditFirst(ctx, action, rec.ID, short(r.Header.Get("Range"))); err != nil {
			return nil, err
		}
	}
	body, size, err := pbx.OpenRecording(ctx, rec.ID)
	if err != nil {
		return nil, err
	}
	disposition := "inline"
	if download {
		disposition = "attachment"
	}
	return func(w http.ResponseWriter) error {
		defer body.Close()
		w.Header().Set(echo.HeaderContentDisposition, fmt.Sprintf("%s; filename=%q", disposition, fileName(rec.ID)))
		return s.sendAudio(w, r, rec.ID, bufio.NewReaderSize(body, 32<<10), size)
	}, nil
}

// sendAudio answers with a recording, or with the part that is asked for.
func (s *Server) sendAudio(w http.ResponseWriter, r *http.Request, id string, body *bufio.Reader, size int64) error {
	head, err := body.Peek(512) // shorter recordings give what they have
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.E("api.audio", fault.Unavailable, err)
	}
	h := w.Header()
	h.Set(echo.HeaderContentType, http.DetectContentType(head))
	h.Set("Cache-Control", "private, no-cache") // may be kept, but every use is asked for, and so audited
	if size < 0 {
		w.WriteHeader(http.StatusOK)
		return s.copyAudio(w, r, body, -1)
	}
	// A finished recording never changes: its id and size tell it apart.
	tag := fmt.Sprintf(`"%s-%d"`, fileName(id), size)
	h.Set("ETag", tag)
	h.Set("Accept-Ranges", "bytes")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	part, status := span{0, size}, http.StatusOK
	ifRange := r.Header.Get("If-Range")
	if want := r.Header.Get("Range"); want != "" && r.Method == http.MethodGet && (ifRange == "" || ifRange == tag) {
		asked, ok, err := parseRange(want, size)
		if err != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			return problem{Status: http.StatusRequestedRangeNotSatisfiable, Code: wire.ProblemCodeRange, Field: "Range", Value: short(want), Detail: "Range: " + quoted(want) + ": " + err.Error()}
		}
		if ok {
			part, status = asked, http.StatusPartialContent
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.from, part.to-1, size))
		}
	}
	h.Set(echo.HeaderContentLength, strconv.FormatInt(part.to-part.from, 10))
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return nil
	}
	if _, err := io.CopyN(io.Discard, body, part.from); err != nil { // PBXs stream from the beginning only
		return fault.E("api.audio", fault.Unavailable, err)
	}
	w.WriteHeader(status)
	return s.copyAudio(w, r, body, part.to-part.from)
}

func (s *Server) copyAudio(w http.ResponseWriter, r *http.Request, body io.Reader, n int64) error {
	if r.Method == http.MethodHead {
		return nil
	}
	if n >= 0 {
		body = io.LimitReader(body, n)
	}
	_, err := io.Copy(s.streamWriter(w), body)
	return err
}

// matches tells whether an If-None-Match header names a tag (RFC 9110 section 13.1.2).
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}

// fileName makes an id fit for a file's name and a tag.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, id)
}
