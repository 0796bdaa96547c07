// Package client speaks to a running operadora through its API, for the
// command line, the terminal view and tests. It imports nothing of operadora.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client is one API with one token. It is safe for concurrent use.
type Client struct {
	Base  string // "http://127.0.0.1:8090"
	Token string
}

// answers come within this; event streams are bounded by their context only.
var quick = &http.Client{Timeout: 10 * time.Second}

// Problem is an error as the API tells it (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Field  string `json:"field"`
}

// Error returns the title with its detail.
func (p *Problem) Error() string {
	text := p.Title
	if p.Field != "" {
		text += ": " + p.Field
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// Do sends a request with a JSON body (nil for none) and decodes the answer
// into out (nil drops it). A refusal is a *Problem.
func (c *Client) Do(ctx context.Context, method, path string, body, out any) error {
	var send io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(raw)
	}
	res, err := c.send(ctx, quick, method, path, send)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	if res.StatusCode >= 300 {
		return refusal(res)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(io.LimitReader(res.Body, 64<<20)).Decode(out)
}

func (c *Client) send(ctx context.Context, h *http.Client, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.Base, "/")+path, body)
	if err != nil {
		return nil, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return h.Do(req)
}

func refusal(res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	p := &Problem{}
	if json.Unmarshal(raw, p) != nil || p.Title == "" {
		p = &Problem{Title: res.Status}
	}
	p.Status = res.StatusCode
	return p
}

// Event is one event of the stream.
type Event struct {
	ID   string
	Name string // "snapshot", or the type of a journal entry
	Data json.RawMessage
}

// ErrStop ends Events without an error when the function given to it returns it.
var ErrStop = errors.New("stop")

// Events calls fn for every event of the live stream until ctx ends, the
// stream breaks, or fn fails. after is the id of the last event seen, "" for none.
func (c *Client) Events(ctx context.Context, after string, fn func(Event) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.Base, "/")+"/api/v1/events", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // the stream is over
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	err = readEvents(res.Body, fn)
	if errors.Is(err, ErrStop) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// readEvents parses the text/event-stream format of the HTML standard, as far as the API uses it.
func readEvents(r io.Reader, fn func(Event) error) error {
	lines := bufio.NewReader(r)
	var e Event
	var data []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("the event stream ended: %w", err)
		}
		field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			data = append(data, value)
		case "": // a blank line ends the event; a comment (":") is a heartbeat
			if len(data) == 0 {
				continue
			}
			e.Data = json.RawMessage(strings.Join(data, "\n"))
			if err := fn(e); err != nil {
				return err
			}
			e, data = Event{ID: e.ID}, nil
		}
	}
}
