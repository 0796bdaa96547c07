package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/records"
)

// decode reads a JSON object strictly: unknown members, a wrong type, a second
// value or another content type are refused with the name of what is wrong. An
// empty body leaves into as it is.
func decode(c echo.Context, into any) error {
	r := c.Request()
	if r.ContentLength == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || kind != echo.MIMEApplicationJSON {
		return problem{Status: http.StatusUnsupportedMediaType, Detail: "content type must be application/json, not " +
			quoted(r.Header.Get(echo.HeaderContentType))}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return invalid("body", "holds more than one JSON value")
	}
	return nil
}

// unknownField is how encoding/json begins the only error that it does not type.
const unknownField = "json: unknown field "

func badJSON(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := t.Field
		if field == "" {
			field = "body"
		}
		return invalid(field, "is a %s, want %s", t.Value, t.Type)
	}
	if name, ok := strings.CutPrefix(err.Error(), unknownField); ok {
		name = strings.Trim(name, `"`)
		return invalid(name, "is not a member that this takes")
	}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return invalid("body", "is not JSON: %s at byte %d", s, s.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return invalid("body", "is not JSON: it ends too early")
	}
	return invalid("body", "cannot be read")
}

// query reads the query's parameters strictly. The first fault is kept in err.
type query struct {
	values url.Values
	err    error
}

// queryOf reads the parameters named; any other, or one given twice, is refused.
func queryOf(c echo.Context, known ...string) *query {
	q := &query{}
	var err error
	if q.values, err = url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		q.err = invalid("query", "cannot be read")
	}
	names := make([]string, 0, len(q.values))
	for name := range q.values {
		names = append(names, name)
	}
	slices.Sort(names) // the same fault for the same query
	for _, name := range names {
		switch {
		case !slices.Contains(known, name):
			q.fail(invalid(name, "is not a parameter that this takes"))
		case len(q.values[name]) > 1:
			q.fail(invalid(name, "is given %d times", len(q.values[name])))
		}
	}
	return q
}

func (q *query) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}

const maxText = 200

func (q *query) text(name string) string {
	v := q.values.Get(name)
	if len(v) > maxText {
		q.fail(invalid(name, "is longer than %d bytes", maxText))
	}
	return v
}

// time reads an RFC 3339 time or unix milliseconds.
func (q *query) time(name string) time.Time {
	v := q.values.Get(name)
	if v == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t
	}
	if ms, err := strconv.ParseInt(v, 10, 64); err == nil && ms > 0 && len(v) <= 14 {
		return time.UnixMilli(ms)
	}
	q.fail(invalid(name, "%s is neither RFC 3339 nor unix milliseconds", quoted(v)))
	return time.Time{}
}

func (q *query) number(name string, from, to int) int {
	v := q.values.Get(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < from || n > to {
		q.fail(invalid(name, "%s is not a whole number from %d to %d", quoted(v), from, to))
	}
	return n
}

func (q *query) flag(name string) bool {
	switch v := q.values.Get(name); v {
	case "", "false":
		return false
	case "true":
		return true
	default:
		q.fail(invalid(name, "%s is neither true nor false", quoted(v)))
		return false
	}
}

func (q *query) limit() int { return q.number("limit", 1, 500) }

func contactFilter(c echo.Context, paging bool) (records.ContactFilter, error) {
	known := []string{"from", "to", "queue", "agent", "outcome", "did", "caller", "pbx", "disposition"}
	if paging {
		known = append(known, "limit", "cursor")
	}
	q := queryOf(c, known...)
	f := records.ContactFilter{From: q.time("from"), To: q.time("to"), Queue: q.text("queue"), Agent: q.text("agent"),
		Outcome: q.text("outcome"), DID: q.text("did"), Caller: q.text("caller"), PBX: q.text("pbx"), Disposition: q.text("disposition")}
	if paging {
		f.Limit, f.Cursor = q.limit(), q.values.Get("cursor")
	}
	return f, q.err
}
