package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
)

// pageSize is how many lines a page has when the client does not say.
const pageSize = 50

// pageOf cuts a page out of what is live, in the order of key. A cursor is the
// last key of the page before: lines that come and go meanwhile move no other.
func pageOf[T any](all []T, key func(T) string, limit int, cursor string) (items []T, next string, err error) {
	if limit == 0 {
		limit = pageSize
	}
	after, err := lastOf(cursor)
	if err != nil {
		return nil, "", err
	}
	items = make([]T, 0, min(limit, len(all)))
	sorted := slices.SortedFunc(slices.Values(all), func(a, b T) int { return strings.Compare(key(a), key(b)) })
	for _, v := range sorted {
		switch k := key(v); {
		case cursor != "" && k <= after:
		case len(items) == limit:
			return items, cursorOf(key(items[limit-1])), nil
		default:
			items = append(items, v)
		}
	}
	return items, "", nil
}

// lastOf is the last key of the page that gave a cursor.
func lastOf(cursor string) (string, error) {
	last, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", wrong(wire.ProblemCodeBadFormat, "cursor", cursor, "is not one that a page gave")
	}
	return string(last), nil
}

func cursorOf(last string) string { return base64.RawURLEncoding.EncodeToString([]byte(last)) }

// given is an optional parameter or body, the zero value when it was left out.
func given[T any](p *T) T {
	var none T
	return orElse(p, none)
}

// orElse is an optional parameter, or what it is when it was left out.
func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// each converts a list; an empty one stays a list.
func each[T, U any](list []T, to func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}

// writeJSON answers with a status and a value.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	w.WriteHeader(status)
	_, err = w.Write(raw)
	return err
}

// streamed is an answer that writes itself.
type streamed func(w http.ResponseWriter) error

// VisitStreamEventsResponse implements StreamEventsResponseObject.
func (f streamed) VisitStreamEventsResponse(w http.ResponseWriter) error { return f(w) }

// VisitExportContactsResponse implements ExportContactsResponseObject.
func (f streamed) VisitExportContactsResponse(w http.ResponseWriter) error { return f(w) }

// VisitExportEvidenceResponse implements ExportEvidenceResponseObject.
func (f streamed) VisitExportEvidenceResponse(w http.ResponseWriter) error { return f(w) }

// VisitGetQueueLogResponse implements GetQueueLogResponseObject.
func (f streamed) VisitGetQueueLogResponse(w http.ResponseWriter) error { return f(w) }

// VisitGetRecordingAudioResponse implements GetRecordingAudioResponseObject.
func (f streamed) VisitGetRecordingAudioResponse(w http.ResponseWriter) error { return f(w) }

// VisitHeadRecordingAudioResponse implements HeadRecordingAudioResponseObject.
func (f streamed) VisitHeadRecordingAudioResponse(w http.ResponseWriter) error { return f(w) }

// VisitGetMetricsResponse implements GetMetricsResponseObject.
func (f streamed) VisitGetMetricsResponse(w http.ResponseWriter) error { return f(w) }
