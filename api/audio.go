package api

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// soundTime is how long one request for sound may take in all.
const soundTime = 30 * time.Minute

// GetRecordingAudio implements StrictServerInterface.
func (s operations) GetRecordingAudio(ctx context.Context, r GetRecordingAudioRequestObject) (GetRecordingAudioResponseObject, error) {
	return s.playRecording(ctx, r.Recording, given(r.Params.Download))
}

// HeadRecordingAudio implements StrictServerInterface.
func (s operations) HeadRecordingAudio(ctx context.Context, r HeadRecordingAudioRequestObject) (HeadRecordingAudioResponseObject, error) {
	return s.playRecording(ctx, r.Recording, given(r.Params.Download))
}

// playRecording answers with a recording, or with the parts of it that are asked for.
func (s operations) playRecording(ctx context.Context, id string, download bool) (streamed, error) {
	a := askerOf(ctx)
	rec, err := s.playable(ctx, id)
	if err != nil {
		return nil, err
	}
	pbx, err := s.pbxOf(rec)
	if err != nil {
		return nil, err
	}
	purpose := "play"
	if download {
		purpose = "download"
	}
	// A HEAD gives nothing away, and a player asks for one part after another.
	audited := a.request.Method == http.MethodHead || s.sounds.goesOn(rec.ID, a.who.ID, purpose, s.Now())
	if !audited {
		if err := s.auditFirst(ctx, "recording."+purpose, rec.ID, ""); err != nil {
			return nil, err
		}
	}
	f, leave, err := s.soundOf(ctx, pbx, rec.ID)
	if err != nil {
		return nil, err
	}
	if !audited {
		s.sounds.begins(f, a.who.ID, purpose, s.Now())
	}
	return func(w http.ResponseWriter) error {
		defer leave()
		return s.sendSound(w, a.request, f, purpose == "download")
	}, nil
}

// soundOf fetches a recording's sound unless it is here, and counts who asks among the listeners until they leave.
func (s *Server) soundOf(ctx context.Context, pbx orchestrator.PBX, id string) (f *sound, leave func(), err error) {
	gone, err := s.sounds.listen(askerOf(ctx).who.ID)
	if err != nil {
		return nil, nil, err
	}
	if f, err = s.sounds.get(ctx, pbx, id); err != nil {
		gone()
		return nil, nil, err
	}
	return f, func() { s.sounds.put(f); gone() }, nil
}

// playable returns a recording of which there is sound.
func (s *Server) playable(ctx context.Context, id string) (records.Recording, error) {
	rec, err := s.recording(ctx, id)
	switch {
	case err != nil:
		return rec, err
	case rec.DeletedAt != 0:
		return rec, problem{Status: http.StatusGone, Code: wire.ProblemCodeGone, Detail: "the recording was deleted"}
	case rec.State == string(wire.RecordingStateRunning):
		return rec, fault.New("api.audio", fault.Conflict, "recording %s is still running", quoted(rec.ID))
	case rec.State == string(wire.RecordingStateFailed):
		return rec, fault.New("api.audio", fault.NotFound, "recording %s failed: nothing was kept", quoted(rec.ID))
	}
	return rec, nil
}

func (s *Server) sendSound(w http.ResponseWriter, r *http.Request, f *sound, download bool) error {
	file, err := os.Open(f.path)
	if err != nil {
		return fault.E("api.audio", fault.Unavailable, err)
	}
	defer file.Close()
	disposition := "inline"
	if download {
		disposition = "attachment"
	}
	h := w.Header()
	h.Set(echo.HeaderContentType, f.kind)
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("%s; filename=%q", disposition, fileName(f.id)+ending(f.kind)))
	h.Set("Cache-Control", "private, no-cache") // may be kept, but every use is asked for
	// A finished recording never changes: its id and size tell it apart.
	h.Set("ETag", fmt.Sprintf(`"%s-%d"`, fileName(f.id), f.size))
	out := &soundWriter{ResponseWriter: w, stream: s.streamWriter(w), until: time.Now().Add(soundTime)} // a socket knows no clock but this
	http.ServeContent(out, r, "", time.Time{}, file)
	if out.refused {
		return problem{Status: http.StatusRequestedRangeNotSatisfiable, Code: wire.ProblemCodeRange, Field: "Range", Value: short(r.Header.Get("Range")),
			Detail: "Range: no byte of " + quoted(r.Header.Get("Range")) + " is in the recording"}
	}
	return nil
}

// soundWriter gives each part of an answer its time, and the whole too. A range
// that cannot be served is left to the one who answers with problems.
type soundWriter struct {
	http.ResponseWriter
	stream  *streamWriter
	until   time.Time
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *soundWriter) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *soundWriter) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	if time.Now().After(w.until) {
		return 0, os.ErrDeadlineExceeded
	}
	return w.stream.Write(b)
}

// ending is a file's ending by its kind, so that players know what it is.
func ending(kind string) string {
	switch kind, _, _ = strings.Cut(kind, ";"); kind {
	case "audio/wave", "audio/wav", "audio/x-wav":
		return ".wav"
	case "audio/mpeg":
		return ".mp3"
	case "application/ogg", "audio/ogg":
		return ".ogg"
	}
	return ".raw"
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
