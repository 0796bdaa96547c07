package api

import (
	"net/http"
	"time"
)

// writeTime is how long a client may take nothing of a stream.
const writeTime = 15 * time.Second

// streamWriter writes a stream. A client has a while for each part, and the stream
// as a whole as long as it takes.
type streamWriter struct {
	to http.ResponseWriter
	rc *http.ResponseController
	by time.Duration
}

func (s *Server) streamWriter(to http.ResponseWriter) *streamWriter {
	return &streamWriter{to: to, rc: http.NewResponseController(to), by: s.writeTime}
}

// Write sends a part at once. In between no deadline stands: HTTP/2 resets a
// stream when it passes, even if nobody writes.
func (w *streamWriter) Write(b []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(w.by)) // a socket knows no clock but this
	defer func() { _ = w.rc.SetWriteDeadline(time.Time{}) }()
	n, err := w.to.Write(b)
	if err != nil {
		return n, err
	}
	return n, w.rc.Flush()
}
