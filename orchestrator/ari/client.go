package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Limits of what is read of an answer: the largest is the list of channels.
const (
	maxAnswer    = 64 << 20
	maxErrorText = 4 << 10
)

// client speaks REST to one Asterisk. It is safe for concurrent use.
type client struct {
	pbx     string
	base    *url.URL
	user    string
	secret  string
	timeout time.Duration
	http    *http.Client
	side    *http.Client // for probes alone
	health  *health
	strays  strays
	metrics *Metrics
}

func newClient(pbx string, cfg Config, m *Metrics) (*client, error) {
	base, err := url.Parse(strings.TrimRight(cfg.URL, "/"))
	if err != nil {
		return nil, fault.E("ari.New", fault.Invalid, err)
	}
	transport := &http.Transport{
		DialContext:         dialer(cfg.RequestTimeout),
		MaxIdleConns:        128,
		MaxIdleConnsPerHost: 128,
		MaxConnsPerHost:     cfg.MaxConnections,
		// Asterisk closes a connection that was idle for 15 s (session_keep_alive):
		// leave first, so that no request meets the closing.
		IdleConnTimeout:     10 * time.Second,
		TLSHandshakeTimeout: cfg.RequestTimeout,
		DisableCompression:  true,
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{
		pbx: pbx, base: base, user: cfg.User, secret: cfg.Password.Reveal(), timeout: cfg.RequestTimeout,
		http: &http.Client{
			Transport: transport,
			// Asterisk redirects nothing; following one would carry the password elsewhere.
			CheckRedirect: refuse,
		},
		side: &http.Client{
			Transport:     &http.Transport{DialContext: dialer(cfg.RequestTimeout), DisableKeepAlives: true},
			CheckRedirect: refuse,
		},
		health:  newHealth(),
		metrics: m,
	}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// request is one call of the REST interface.
type request struct {
	verb   string   // our name of it, for errors and metrics: a constant
	method string   // GET, POST, PUT, DELETE
	path   []string // segments, not escaped
	query  url.Values
	body   any  // marshalled as JSON; nil for none
	again  bool // harmless when it reaches Asterisk twice
}

// answerError is an answer that is not 2xx. Its text is Asterisk's own.
type answerError struct {
	status int
	text   string
	left   bool // it says that a channel is not in our application
}

func (e *answerError) Error() string { return fmt.Sprintf("asterisk answers %d: %s", e.status, e.text) }

// status returns the HTTP status in err's chain, 0 when Asterisk did not answer.
func status(err error) int {
	if a, ok := errors.AsType[*answerError](err); ok {
		return a.status
	}
	return 0
}

// notEntered tells whether Asterisk says that a channel is not in our application:
// it has left, or has not entered yet.
func notEntered(err error) bool {
	a, ok := errors.AsType[*answerError](err)
	return ok && a.left
}

// do carries a request out and decodes the answer into out, unless that is
// nil. What may be repeated is sent once more when the connection failed
// before an answer; a request that timed out is not.
func (c *client) do(ctx context.Context, r request, out any) error {
	err := c.once(ctx, r, out)
	if err != nil && r.again && lostBeforeAnswer(ctx, err) {
		err = c.once(ctx, r, out)
	}
	return err
}

// longestPause is the longest single pause of patiently, half of all together. A
// recording that still waits for a prompt outlasts it; it ends as soon as its turn
// has come.
const longestPause = 256 * time.Millisecond

// patiently does again what Asterisk is not ready for yet, for a moment: as long as
// do says so.
func patiently(ctx context.Context, do func() (again bool, err error)) error {
	return patientlyUpTo(ctx, longestPause, do)
}

// entryPause is the longest single pause for a channel that we created, which a thread
// of its own brings into the application: on a machine that others keep busy, it has
// waited for its turn for more than 400 ms. If it is gone, Asterisk says so at once.
const entryPause = 1024 * time.Millisecond

func patientlyUpTo(ctx context.Context, longest time.Duration, do func() (again bool, err error)) error {
	for wait := time.Millisecond; ; wait *= 2 {
		if again, err := do(); !again || wait > longest || !life.SleepAbout(ctx, wait) {
			return err
		}
	}
}

func lostBeforeAnswer(ctx context.Context, err error) bool {
	if ctx.Err() != nil || status(err) != 0 || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return false
	}
	var opErr *net.OpError
	return errors.As(err, &opErr) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (c *client) once(ctx context.Context, r request, out any) error {
	flight, free, err := c.health.begin(ctx)
	if err != nil {
		return fault.New("ari."+r.verb, fault.Unavailable, "%w: %w", orchestrator.ErrNothingDone, err)
	}
	defer free()
	flight, cancel := context.WithTimeout(flight, c.timeout)
	defer cancel()
	res, err := c.send(flight, r)
	if err != nil && ctx.Err() == nil {
		switch cause := context.Cause(flight); {
		case errors.Is(cause, errSilent):
			return fault.E("ari."+r.verb, fault.Unavailable, cause)
		case errors.Is(cause, context.DeadlineExceeded):
			c.health.doubted()
		}
	}
	if err != nil || res == nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		// the connection is kept only when the answer was read to its end
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	} else {
		err = json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out)
	}
	if err != nil {
		return fault.New("ari."+r.verb, fault.Unavailable, "reading the answer: %w", err)
	}
	return nil
}

// send carries a request out and returns its answer, which is 2xx; the caller
// closes the body. It is nil without an error when Asterisk refused what was
// done already.
func (c *client) send(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, fault.E("ari."+r.verb, fault.Invalid, err)
	}
	started := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		class := "transport"
		if ctx.Err() != nil {
			class = "timeout"
		}
		c.metrics.request(c.pbx, r.verb, class, time.Since(started))
		return nil, fault.E("ari."+r.verb, fault.Unavailable, withoutURL(err))
	}
	c.metrics.request(c.pbx, r.verb, statusClass(res.StatusCode), time.Since(started))
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorText)) // what there is of it; the status decides
	return nil, refusal(r.verb, res.StatusCode, errorText(text))
}

func (c *client) build(ctx context.Context, r request) (*http.Request, error) {
	u := c.address(r.path...)
	u.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.user, c.secret)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// address returns the URL of a path below the base; each segment is escaped
// as one, so an id with a slash or a question mark stays an id.
func (c *client) address(segments ...string) *url.URL {
	var path, raw strings.Builder
	path.WriteString(c.base.Path)
	raw.WriteString(c.base.EscapedPath())
	for _, s := range segments {
		path.WriteString("/" + s)
		raw.WriteString("/" + url.PathEscape(s))
	}
	u := *c.base
	u.Path, u.RawPath = path.String(), raw.String()
	return &u
}

// errorText takes the sentence out of Asterisk's {"message":…} or {"error":…}.
func errorText(body []byte) string {
	var said struct{ Message, Error string }
	if json.Unmarshal(body, &said) == nil && said.Message+said.Error != "" {
		return said.Message + said.Error
	}
	return strings.TrimSpace(string(body))
}

// withoutURL drops the address from a transport error: its query may hold numbers.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
