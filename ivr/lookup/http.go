package lookup

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// HTTP is how a source is asked by HTTP.
type HTTP struct {
	Base    string // without a / at its end
	Path    string
	Method  string
	Query   []Pair
	Headers []Pair
	Body    any             // JSON; nil for none
	Numbers map[string]bool // parameters that are numbers
	None    []int
	Allow   []netip.Prefix
	CA      string // certificates in PEM; "" is the machine's
	Most    int64  // bytes
	Conns   int
}

// Pair is a name and its value, which may be a secret.
type Pair struct {
	Name, Value string
	Fetched     bool // it stands elsewhere, and has no parameters
}

// asker asks one source. found is false where it says that it knows nothing of it.
type asker interface {
	ask(ctx context.Context, values map[string]string) (doc any, found bool, err error)
	close()
}

// refuses implements Maker. A segment of a path that is . or .. leads elsewhere, however it is written.
func (h *HTTP) refuses(values map[string]string) string {
	for _, segment := range strings.Split(h.Path, "/") {
		t := template(segment)
		if filled := t.fill(values, asIs); len(t.names()) > 0 && slices.Contains([]string{"", ".", ".."}, filled) {
			return fmt.Sprintf("parameter %q has a value that is no part of a path", t.names()[0])
		}
	}
	return ""
}

// open implements Maker.
func (h *HTTP) open(p Parts) asker {
	dialer := &net.Dialer{Control: guard{h.Allow}.control, Resolver: p.Resolver}
	t := &http.Transport{
		Proxy:       nil, // which would be dialled in the source's place, and resolve its name
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		MaxConnsPerHost: h.Conns, MaxIdleConnsPerHost: h.Conns, IdleConnTimeout: idleTime,
		MaxResponseHeaderBytes: mostHeader,
	}
	if h.CA != "" {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(h.CA))
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &httpAsker{HTTP: h, transport: t, client: &http.Client{Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

const (
	idleTime   = 90 * time.Second
	mostHeader = 64 << 10
	mostTold   = 64 // characters of what a source says that are told
)

type httpAsker struct {
	*HTTP
	client    *http.Client
	transport *http.Transport
}

func (h *httpAsker) close() { h.transport.CloseIdleConnections() }

func (h *httpAsker) request(ctx context.Context, values map[string]string) (*http.Request, error) {
	address := h.Base + template(h.Path).fill(values, url.PathEscape)
	if len(h.Query) > 0 {
		q := url.Values{}
		for _, p := range h.Query {
			q.Set(p.Name, p.fill(values))
		}
		address += "?" + q.Encode()
	}
	var body io.Reader
	if h.Body != nil {
		raw, err := json.Marshal(fillJSON(h.Body, values, h.Numbers))
		if err != nil {
			return nil, errors.New("the body cannot be written as JSON")
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, h.Method, address, body)
	if err != nil {
		return nil, errors.New("the address of the request cannot be made")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "operadora")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, p := range h.Headers {
		req.Header.Set(p.Name, p.Value)
		if strings.EqualFold(p.Name, "Host") {
			req.Host = p.Value
		}
	}
	return req, nil
}

func (p Pair) fill(values map[string]string) string {
	if p.Fetched {
		return p.Value
	}
	return template(p.Value).fill(values, asIs)
}

func (h *httpAsker) ask(ctx context.Context, values map[string]string) (doc any, found bool, err error) {
	req, err := h.request(ctx, values)
	if err != nil {
		return nil, false, unfit{err}
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, false, bare(err)
	}
	defer func() { _ = res.Body.Close() }() // what matters of it was read
	if slices.Contains(h.None, res.StatusCode) {
		return nil, false, nil
	}
	if err := judge(res); err != nil {
		return nil, false, err
	}
	if res.StatusCode == http.StatusNoContent {
		return nil, false, nil
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, h.Most+1))
	if err != nil {
		return nil, false, bare(err)
	}
	if int64(len(raw)) > h.Most {
		return nil, false, fmt.Errorf("its answer is longer than %d kB (max_kb)", h.Most>>10)
	}
	if doc, err = parse(raw); err != nil {
		return nil, false, fmt.Errorf("its answer is no JSON (its type is %s)", told(res.Header.Get("Content-Type")))
	}
	return doc, true, nil
}

// parse reads one JSON value; numbers stay as they are written.
func parse(raw []byte) (doc any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return doc, nil
}

// judge tells what a status means that is no answer.
func judge(res *http.Response) error {
	code := res.StatusCode
	status := fmt.Sprintf("it answers %d %s", code, http.StatusText(code))
	switch {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("%s, and redirects are not followed", status)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return fmt.Errorf("%s: the secrets in its headers or query are wrong or have expired", status)
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooManyRequests:
		return errors.New(status)
	}
	return unfit{errors.New(status)} // of these parameters
}

// bare is an error of a request without its address, which holds what was asked.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return err
}

// told is something that a source said, as far as it is told.
func told(text string) string {
	if r := []rune(text); len(r) > mostTold {
		text = string(r[:mostTold]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
