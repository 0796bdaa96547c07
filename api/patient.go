package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// writeTime is how long a client may take nothing of a stream.
const writeTime = 15 * time.Second

// patient writes a stream. A client has a while for each part, and the stream
// as a whole as long as it takes.
type patient struct {
	to http.ResponseWriter
	rc *http.ResponseController
	by time.Duration
}

func (s *Server) patient(c echo.Context) *patient {
	p := &patient{to: c.Response(), rc: http.NewResponseController(c.Response()), by: s.writeTime}
	// Errors of deadlines are those of a connection that has none (a test's recorder).
	_ = p.rc.SetReadDeadline(time.Time{})
	return p
}

// Write sends a part at once. In between no deadline stands: HTTP/2 resets a
// stream when it passes, even if nobody writes.
func (p *patient) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(p.by)) // a socket knows no clock but this
	defer func() { _ = p.rc.SetWriteDeadline(time.Time{}) }()
	n, err := p.to.Write(b)
	if err != nil {
		return n, err
	}
	return n, p.rc.Flush()
}
