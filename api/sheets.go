package api

import (
	"bytes"
	"context"
	"io"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
)

// GetSheet implements StrictServerInterface.
func (s operations) GetSheet(ctx context.Context, r GetSheetRequestObject) (GetSheetResponseObject, error) {
	p := r.Params
	zone, err := zoneOf(given(p.TimeZone))
	if err != nil {
		return nil, err
	}
	y, m, d := p.Day.Date()
	sheet, err := s.Reports.Sheet(ctx, reports.SheetQuery{Queue: given(p.Queue), Campaign: given(p.Campaign), Day: time.Date(y, m, d, 12, 0, 0, 0, zone), Zone: zone, Interval: length(given(p.IntervalMS))})
	if err != nil {
		return nil, err
	}
	out, err := s.document(sheet.Write, p.Format, p.Language)
	if err != nil {
		return nil, err
	}
	switch length := int64(out.Len()); given(p.Format) {
	case wire.DocumentFormatCsv:
		return GetSheet200TextCsvResponse{Body: out, ContentLength: length}, nil
	case wire.DocumentFormatHTML:
		return GetSheet200TextHTMLResponse{Body: out, ContentLength: length}, nil
	case wire.DocumentFormatXlsx:
		return GetSheet200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{Body: out, ContentLength: length}, nil
	default:
		view := wire.Sheet{Queue: sheet.Queue, Campaign: sheet.Campaign, Day: openapi_types.Date{Time: p.Day.Time}, Parts: []wire.SheetPart{}}
		for _, part := range sheet.Parts {
			view.Parts = append(view.Parts, wire.SheetPart{Name: wire.SheetPartName(part.Name), Title: wire.Texts(part.Title), Report: reportView(part.Table)})
		}
		return GetSheet200JSONResponse(view), nil
	}
}

// GetLogbook implements StrictServerInterface.
func (s operations) GetLogbook(ctx context.Context, r GetLogbookRequestObject) (GetLogbookResponseObject, error) {
	p := r.Params
	zone, err := zoneOf(given(p.TimeZone))
	if err != nil {
		return nil, err
	}
	book, err := s.Reports.Logbook(ctx, p.From, given(p.To), zone)
	if err != nil {
		return nil, err
	}
	out, err := s.document(book.Write, p.Format, p.Language)
	if err != nil {
		return nil, err
	}
	switch length := int64(out.Len()); given(p.Format) {
	case wire.DocumentFormatCsv:
		return GetLogbook200TextCsvResponse{Body: out, ContentLength: length}, nil
	case wire.DocumentFormatHTML:
		return GetLogbook200TextHTMLResponse{Body: out, ContentLength: length}, nil
	case wire.DocumentFormatXlsx:
		return GetLogbook200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{Body: out, ContentLength: length}, nil
	default:
		view := wire.Logbook{From: book.Query.From, To: book.Query.To, TimeZone: zone.String(), Lines: []wire.LogbookLine{}, Queues: reportView(book.Queues)}
		for _, x := range book.Lines {
			line := wire.LogbookLine{At: x.At, Kind: wire.LogbookLineKind(x.Kind), Code: x.Code, Who: x.Who, Text: wire.Texts(x.Text)}
			if !x.Until.IsZero() {
				line.Until = &x.Until
			}
			view.Lines = append(view.Lines, line)
		}
		return GetLogbook200JSONResponse(view), nil
	}
}

// documents are the formats of files that sheets and log books are written in.
var documents = map[wire.DocumentFormat]reports.Format{
	wire.DocumentFormatCsv: reports.FormatCSV, wire.DocumentFormatHTML: reports.FormatHTML, wire.DocumentFormatXlsx: reports.FormatXLSX,
}

// document writes a file in the format that is asked for; it is empty for what is no file.
func (s operations) document(write func(io.Writer, reports.Format, string, time.Time) error, format *wire.DocumentFormat, language *wire.Tongue) (*bytes.Buffer, error) {
	var out bytes.Buffer
	f, file := documents[given(format)]
	if !file {
		return &out, nil
	}
	return &out, write(&out, f, string(given(language)), s.Now())
}

// WriteLogbook implements StrictServerInterface. The audit log is where the note is kept.
func (s operations) WriteLogbook(ctx context.Context, r WriteLogbookRequestObject) (WriteLogbookResponseObject, error) {
	if len(r.Body.Text) > reports.MostOfNote {
		return nil, wrong(wire.ProblemCodeTooLong, "text", "", "text has %d bytes, and %d is the most", len(r.Body.Text), reports.MostOfNote)
	}
	return WriteLogbook204Response{}, s.auditFirst(ctx, reports.NoteAction, "logbook", r.Body.Text)
}
