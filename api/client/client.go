// Package client speaks to a running operadora through its API, for the command
// line, the terminal view and tests: the operations of openapi.yaml, generated,
// and the stream of changes. It imports api/wire and nothing else of operadora.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/operadora/operadora/api/wire"
)

// API is one operadora and one token. Every refusal is a *Refusal, so that an
// answer without an error is what was asked for. It is safe for concurrent use.
type API struct {
	*ClientWithResponses
	Base  string // "http://127.0.0.1:8090"
	Token string
}

// answers come within this; event streams are bounded by their context only.
const answerTime = 10 * time.Second

// most is the largest answer that is read, in bytes.
const most = 64 << 20

// New returns the API at an address such as "http://127.0.0.1:8090".
func New(base, token string) (*API, error) {
	a := &API{Base: strings.TrimRight(base, "/"), Token: token}
	var err error
	a.ClientWithResponses, err = NewClientWithResponses(a.Base, WithHTTPClient(quick{&http.Client{Timeout: answerTime}}), WithRequestEditorFn(a.sign))
	return a, err
}

func (a *API) sign(_ context.Context, r *http.Request) error {
	if a.Token != "" {
		r.Header.Set("Authorization", "Bearer "+a.Token)
	}
	return nil
}

// quick turns answers that are refusals into errors.
type quick struct{ *http.Client }

// Do implements HttpRequestDoer.
func (q quick) Do(r *http.Request) (*http.Response, error) {
	res, err := q.Client.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		defer func() { _ = res.Body.Close() }() // it was read
		return nil, refusal(res)
	}
	res.Body = limited{io.LimitReader(res.Body, most), res.Body}
	return res, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// Refusal is a problem as the API tells it (RFC 9457).
type Refusal struct{ wire.Problem }

// Error is the sentence, or as much as there is.
func (r *Refusal) Error() string {
	if r.Detail == "" {
		return r.Title
	}
	return r.Title + ": " + r.Detail
}

func refusal(res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	r := &Refusal{}
	if json.Unmarshal(raw, &r.Problem) != nil || r.Title == "" {
		r.Problem = wire.Problem{Title: res.Status}
	}
	r.Status = res.StatusCode
	return r
}

// All gets every page of a list. get asks for one, and names its items and the next.
func All[T any](get func(cursor string) (items []T, next string, err error)) (all []T, err error) {
	for cursor := ""; ; {
		items, next, err := get(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		cursor = next
	}
}

// Fetch returns the sound of a recording. The caller closes it.
func (a *API) Fetch(ctx context.Context, recording string) (io.ReadCloser, error) {
	req, err := NewGetRecordingAudioRequest(a.Base, recording, &wire.GetRecordingAudioParams{})
	return a.download(ctx, req, err)
}

// Upload sends the file of an import, and returns what it is.
func (a *API) Upload(ctx context.Context, id string, file io.Reader) (*wire.Import, error) {
	req, err := NewPutImportFileRequestWithBody(a.Base, id, "application/octet-stream", file)
	if err != nil {
		return nil, err
	}
	res, err := a.open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	var out wire.Import
	return &out, json.NewDecoder(io.LimitReader(res.Body, most)).Decode(&out)
}

// Rejects returns what an import left out, as CSV. The caller closes it.
func (a *API) Rejects(ctx context.Context, id string) (io.ReadCloser, error) {
	req, err := NewExportRejectsRequest(a.Base, id)
	return a.download(ctx, req, err)
}

// Evidence returns how a campaign stood to the legal limit in a period. The caller closes it.
func (a *API) Evidence(ctx context.Context, campaign string, p *wire.ExportEvidenceParams) (io.ReadCloser, error) {
	req, err := NewExportEvidenceRequest(a.Base, campaign, p)
	return a.download(ctx, req, err)
}

// download sends a request, if it could be made, and returns the body of its answer.
func (a *API) download(ctx context.Context, req *http.Request, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	res, err := a.open(ctx, req)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// open sends a request whose answer takes as long as it takes.
func (a *API) open(ctx context.Context, req *http.Request) (*http.Response, error) {
	req = req.WithContext(ctx)
	if err := a.sign(ctx, req); err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		defer func() { _ = res.Body.Close() }() // it was read
		return nil, refusal(res)
	}
	return res, nil
}

// Event is one event of the stream: a "snapshot" (wire.Snapshot) or a "change" (wire.Entry).
type Event struct {
	ID   string
	Name string
	Data json.RawMessage
}

// ErrStop ends Events without an error when the function given to it returns it.
var ErrStop = errors.New("stop")

// Events calls fn for every event of the live stream until ctx ends, the
// stream breaks, or fn fails. after is the id of the last event seen, "" for none.
func (a *API) Events(ctx context.Context, after string, fn func(Event) error) error {
	p := wire.StreamEventsParams{}
	if after != "" {
		p.LastEventID = &after
	}
	req, err := NewStreamEventsRequest(a.Base, &p)
	if err != nil {
		return err
	}
	return a.stream(ctx, req, fn)
}

// Live calls fn with the rows of a board: first with all of them, then with those that are others now. It ends as Events does.
func (a *API) Live(ctx context.Context, topics string, fn func(at time.Time, rows wire.LiveRows) error) error {
	req, err := NewStreamLiveRequest(a.Base, &wire.StreamLiveParams{Topics: topics})
	if err != nil {
		return err
	}
	return a.stream(ctx, req, func(e Event) error {
		switch e.Name {
		case "snapshot":
			var s wire.LiveSnapshot
			if err := json.Unmarshal(e.Data, &s); err != nil {
				return err
			}
			return fn(s.At, s.Rows)
		case "delta":
			var d wire.LiveDelta
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return err
			}
			return fn(d.At, d.Put)
		}
		return nil
	})
}

func (a *API) stream(ctx context.Context, req *http.Request, fn func(Event) error) error {
	res, err := a.open(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // the stream is over
	for e, err := range sse.Read(res.Body, &sse.ReadConfig{MaxEventSize: most}) {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("the event stream ended: %w", err)
		}
		err := fn(Event{ID: e.LastEventID, Name: e.Type, Data: json.RawMessage(e.Data)})
		if errors.Is(err, ErrStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the event stream ended: %w", io.ErrUnexpectedEOF)
}
