package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
)

// checked lets a request through to its handler only if it is as openapi.yaml
// says. Nothing is done, and nothing put on record, for any other.
func (s *Server) checked(o *operation, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := o.checkParameters(c); err != nil {
			return err
		}
		if err := o.checkBody(c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

func (o *operation) checkParameters(c echo.Context) error {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return wrong(wire.ProblemCodeMalformed, "query", "", "cannot be read")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // the same fault for the same query
	for _, name := range names {
		switch {
		case !slices.Contains(o.query, name) && !o.anyQuery:
			return wrong(wire.ProblemCodeUnknownField, name, "", "is not a parameter that this takes")
		case len(values[name]) > 1:
			return wrong(wire.ProblemCodeRepeated, name, values[name][1], "is given %d times", len(values[name]))
		}
	}
	for _, p := range o.parameters {
		var text string
		var given bool
		switch p.In {
		case openapi3.ParameterInPath:
			text, given = c.Param(p.Name), true
			if c.Request().URL.RawPath != "" { // the router leaves such a path as it came
				if text, err = url.PathUnescape(text); err != nil {
					return wrong(wire.ProblemCodeMalformed, p.Name, c.Param(p.Name), "cannot be read")
				}
			}
		case openapi3.ParameterInQuery:
			text, given = values.Get(p.Name), values.Has(p.Name)
		default: // headers of HTTP's own are read by its own rules
			continue
		}
		if !given {
			if p.Required {
				return wrong(wire.ProblemCodeMissing, p.Name, "", "is missing")
			}
			continue
		}
		if err := checkText(p, text); err != nil {
			return err
		}
	}
	return nil
}

// checkYear checks that a moment can be counted and, with its neighbours, be written.
func checkYear(name, text string, at time.Time) error {
	switch {
	case at.Unix() < 0:
		return wrong(wire.ProblemCodeBadFormat, name, text, "is before 1970")
	case at.Year() > 9998: // RFC 3339 has four digits
		return wrong(wire.ProblemCodeBadFormat, name, text, "is after 9998")
	}
	return nil
}

// checkText checks a parameter, which is text whatever its type.
func checkText(p *openapi3.Parameter, text string) error {
	schema := p.Schema.Value
	var value any = text
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return wrong(wire.ProblemCodeWrongType, p.Name, text, "is not a whole number")
		}
		value = float64(n)
	case schema.Type.Is(openapi3.TypeBoolean):
		if text != "true" && text != "false" {
			return wrong(wire.ProblemCodeWrongType, p.Name, text, "is neither true nor false")
		}
		value = text == "true"
	case schema.Format == "date-time":
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return wrong(wire.ProblemCodeBadFormat, p.Name, text, "is not a moment as RFC 3339 writes it: 2026-03-02T09:00:00Z")
		}
		return checkYear(p.Name, text, at)
	case schema.Format == "date":
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return wrong(wire.ProblemCodeBadFormat, p.Name, text, "is not a day such as 2026-03-02")
		}
		return checkYear(p.Name, text, day)
	}
	return schemaProblem(p.Name, schema.VisitJSON(value, openapi3.VisitAsRequest()))
}

// checkBody reads and checks a body, and leaves it to be read again.
func (o *operation) checkBody(r *http.Request) error {
	if o.upload {
		return wantType(r, echo.MIMEOctetStream)
	}
	raw, err := io.ReadAll(r.Body) // limitBody has bounded it
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return wrong(wire.ProblemCodeMalformed, "body", "", "cannot be read")
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	if len(bytes.TrimSpace(raw)) == 0 {
		if o.needsBody {
			return wrong(wire.ProblemCodeMissing, "body", "", "is missing")
		}
		r.Body, r.ContentLength = http.NoBody, 0
		return nil
	}
	if err := wantType(r, echo.MIMEApplicationJSON); err != nil {
		return err
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&value); err != nil {
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return wrong(wire.ProblemCodeMalformed, "body", "", "holds more than one JSON value")
	}
	return schemaProblem("", o.body.VisitJSON(value, openapi3.VisitAsRequest()))
}

// wantType refuses a body of another type.
func wantType(r *http.Request, want string) error {
	is := r.Header.Get(echo.HeaderContentType)
	if kind, _, err := mime.ParseMediaType(is); err == nil && kind == want {
		return nil
	}
	return problem{Status: http.StatusUnsupportedMediaType, Code: wire.ProblemCodeMediaType, Field: echo.HeaderContentType,
		Value: short(is), Detail: "the content type must be " + want + ", not " + quoted(is)}
}

func badJSON(err error) error {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		return wrong(wire.ProblemCodeMalformed, "body", "", "is not JSON: %s at byte %d", s, s.Offset)
	}
	return wrong(wire.ProblemCodeMalformed, "body", "", "is not JSON: it ends too early")
}

// schemaProblem says in words what a schema has against a value. name is the
// parameter's, "" for a body.
func schemaProblem(name string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return wrong(wire.ProblemCodeMalformed, orBody(name), "", "cannot be used")
	}
	field := name
	if path := e.JSONPointer(); name == "" && len(path) > 0 {
		field = strings.Join(path, ".")
	}
	field = orBody(field)
	value := ""
	switch v := e.Value.(type) {
	case string:
		value = v
	case float64:
		value = strconv.FormatFloat(v, 'f', -1, 64) // as it was written: 1000000, not 1e+06
	case bool:
		value = strconv.FormatBool(v)
	}
	switch e.SchemaField {
	case "type", "nullable":
		return wrong(wire.ProblemCodeWrongType, field, value, "is %s, and must be %s", kindOf(e.Value), wanted(e.Schema))
	case "enum":
		return wrong(wire.ProblemCodeNotOneOf, field, value, "%s is not one of %s", quoted(value), words(e.Schema.Enum))
	case "required":
		return wrong(wire.ProblemCodeMissing, field, "", "is missing")
	case "properties":
		return wrong(wire.ProblemCodeUnknownField, strings.Join(append(e.JSONPointer(), unknownMember(e)), "."), "", "is not a member that this takes")
	case "maxLength":
		return wrong(wire.ProblemCodeTooLong, field, value, "%s is longer than %d characters", quoted(value), *e.Schema.MaxLength)
	case "minLength":
		return wrong(wire.ProblemCodeTooShort, field, value, "is empty")
	case "minimum", "maximum":
		return wrong(wire.ProblemCodeOutOfRange, field, value, "%s is not within %s", value, bounds(e.Schema))
	case "maxItems", "minItems":
		return wrong(wire.ProblemCodeOutOfRange, field, "", "has too many or too few members")
	case "pattern":
		return wrong(wire.ProblemCodeBadFormat, field, value, "%s has not the form %s", quoted(value), e.Schema.Pattern)
	case "format":
		return wrong(wire.ProblemCodeBadFormat, field, value, "%s is no %s", quoted(value), e.Schema.Format)
	}
	return wrong(wire.ProblemCodeInvalid, field, value, "is not what this takes")
}

// unknownMember is the first member of an object that its schema does not know.
func unknownMember(e *openapi3.SchemaError) string {
	members, _ := e.Value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if _, known := e.Schema.Properties[name]; !known {
			return short(name)
		}
	}
	return "body"
}

func orBody(field string) string {
	if field == "" {
		return "body"
	}
	return field
}

// kindOf says what a JSON value is.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "true or false"
	case float64:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}

// wanted says what a schema takes.
func wanted(s *openapi3.Schema) string {
	switch {
	case s.Type.Is(openapi3.TypeString):
		return "text"
	case s.Type.Is(openapi3.TypeBoolean):
		return "true or false"
	case s.Type.Is(openapi3.TypeInteger):
		return "a whole number"
	case s.Type.Is(openapi3.TypeNumber):
		return "a number"
	case s.Type.Is(openapi3.TypeArray):
		return "a list"
	}
	return "an object"
}

func words(enum []any) string {
	out := make([]string, len(enum))
	for i, v := range enum {
		out[i] = fmt.Sprint(v)
	}
	return strings.Join(out, ", ")
}

func bounds(s *openapi3.Schema) string {
	from, to := "", ""
	if s.Min != nil {
		from = strconv.FormatFloat(*s.Min, 'f', -1, 64)
	}
	if s.Max != nil {
		to = strconv.FormatFloat(*s.Max, 'f', -1, 64)
	}
	return from + " to " + to
}
