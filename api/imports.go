package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
)

// previewed is how many rows of a file are shown.
const previewed = 20

// ListImports implements StrictServerInterface.
func (s operations) ListImports(ctx context.Context, r ListImportsRequestObject) (ListImportsResponseObject, error) {
	before, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := orElse(r.Params.Limit, pageSize)
	page, err := s.Leads.Imports(ctx, before, limit)
	if err != nil {
		return nil, err
	}
	out := ListImports200JSONResponse{Items: each(page, importView)}
	if len(page) == limit {
		out.Next = cursorOf(page[len(page)-1].ID())
	}
	return out, nil
}

// GetImport implements StrictServerInterface.
func (s operations) GetImport(ctx context.Context, r GetImportRequestObject) (GetImportResponseObject, error) {
	i, err := s.Leads.Import(ctx, numberOf(r.Import))
	return GetImport200JSONResponse(importView(i)), err
}

// CreateImport implements StrictServerInterface.
func (s operations) CreateImport(ctx context.Context, r CreateImportRequestObject) (CreateImportResponseObject, error) {
	b := r.Body
	o := leadstore.Order{Target: leads.Target(b.Target), List: b.List, Campaign: b.Campaign, Source: b.Source,
		Region: b.Region, Why: b.Why, File: b.File, Columns: columnsOf(b.Columns), By: askerOf(ctx).who.Name,
		Hashing: leads.Hashing{Algorithm: b.Algorithm, Of: b.HashOf, Region: b.Region, Salt: b.Salt},
		Format:  leads.Format{Kind: leads.FileKind(b.Format), Encoding: leads.Encoding(b.Encoding), Delimiter: b.Delimiter, Sheet: b.Sheet, Heading: leads.Heading(b.Heading)}}
	if b.DuplicateScope != "" || b.DuplicateAction != "" {
		o.Duplicates = leads.Duplicates{Scope: leads.Scope(cmp.Or(b.DuplicateScope, wire.DuplicateScopeList)), Action: leads.Action(cmp.Or(b.DuplicateAction, wire.DuplicateActionSkip))}
	}
	i, err := s.Leads.NewImport(ctx, o)
	return CreateImport200JSONResponse(importView(i)), err
}

func columnsOf(said wire.ImportColumns) map[string]leads.As {
	out := map[string]leads.As{}
	for heading, as := range said {
		out[heading] = leads.As(as)
	}
	return out
}

// PutImportFile implements StrictServerInterface.
func (s operations) PutImportFile(ctx context.Context, r PutImportFileRequestObject) (PutImportFileResponseObject, error) {
	i, err := s.Leads.Receive(ctx, numberOf(r.Import), r.Body)
	return PutImportFile200JSONResponse(importView(i)), err
}

// PreviewImport implements StrictServerInterface.
func (s operations) PreviewImport(ctx context.Context, r PreviewImportRequestObject) (PreviewImportResponseObject, error) {
	i, rows, err := s.Leads.Preview(ctx, numberOf(r.Import), previewed)
	if err != nil {
		return nil, err
	}
	return PreviewImport200JSONResponse{Import: importView(i), Rows: each(rows, rowView)}, nil
}

func rowView(p leadstore.Previewed) wire.ImportRow {
	out := wire.ImportRow{Row: p.Row, Cells: each(p.Cells, printable), Ok: p.OK, Value: p.Value, Rejects: each(p.Rejects, func(r leads.Reject) wire.ImportReject {
		return wire.ImportReject{LeftOut: r.Kept, Reason: string(r.Reason), Detail: r.Detail}
	})}
	if p.OK && p.Value == "" {
		l := leadView(p.Lead)
		out.Lead = l
	}
	return out
}

// SetImportColumns implements StrictServerInterface.
func (s operations) SetImportColumns(ctx context.Context, r SetImportColumnsRequestObject) (SetImportColumnsResponseObject, error) {
	i, err := s.Leads.SetColumns(ctx, numberOf(r.Import), columnsOf(r.Body.Columns))
	return SetImportColumns200JSONResponse(importView(i)), err
}

// StartImport implements StrictServerInterface.
func (s operations) StartImport(ctx context.Context, r StartImportRequestObject) (StartImportResponseObject, error) {
	i, err := s.Leads.Import(ctx, numberOf(r.Import))
	if err != nil {
		return nil, err
	}
	if !r.Body.DryRun {
		if err := s.auditFirst(ctx, "import.start", i.ID(), intoWhat(i)+" "+i.File); err != nil {
			return nil, err
		}
	}
	i, err = s.Leads.Begin(ctx, i.N, r.Body.DryRun, columnsOf(r.Body.Columns))
	return StartImport200JSONResponse(importView(i)), err
}

// intoWhat says what an import brings its rows into.
func intoWhat(i leadstore.Import) string {
	switch i.Target {
	case leads.IntoList:
		return "list " + i.List
	case leads.IntoHashes:
		return "hashes " + i.Source
	default:
		return "do_not_call " + i.Campaign
	}
}

// UndoImport implements StrictServerInterface.
func (s operations) UndoImport(ctx context.Context, r UndoImportRequestObject) (UndoImportResponseObject, error) {
	i, err := s.Leads.Import(ctx, numberOf(r.Import))
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "import.undo", i.ID(), intoWhat(i)+" "+i.File); err != nil {
		return nil, err
	}
	i, err = s.Leads.Undo(ctx, i.N)
	return UndoImport200JSONResponse(importView(i)), err
}

// ExportRejects implements StrictServerInterface.
func (s operations) ExportRejects(ctx context.Context, r ExportRejectsRequestObject) (ExportRejectsResponseObject, error) {
	i, err := s.Leads.Import(ctx, numberOf(r.Import))
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "import.rejects", i.ID(), ""); err != nil {
		return nil, err
	}
	return rejects{s, ctx, i}, nil
}

// rejects is the file of rejects as it is written.
type rejects struct {
	s   operations
	ctx context.Context //nolint:containedctx // of the request, which the generated visitor is not given
	imp leadstore.Import
}

// VisitExportRejectsResponse implements ExportRejectsResponseObject.
func (r rejects) VisitExportRejectsResponse(w http.ResponseWriter) error {
	w.Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	w.Header().Set(echo.HeaderContentDisposition, `attachment; filename="rejects-`+r.imp.ID()+`.csv"`)
	return r.write(r.s.streamWriter(w))
}

// rejectsPage is how many lines are read at a time.
const rejectsPage = 1000

func (r rejects) write(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"row", "result", "reason", "detail"}
	for _, c := range r.imp.Settled {
		head = append(head, reports.Text(c.Heading))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for behind := int64(0); ; {
		page, next, err := r.s.Leads.Rejects(r.ctx, r.imp.N, behind, rejectsPage)
		if err != nil {
			return err
		}
		for _, x := range page {
			result := "rejected"
			if x.Kept {
				result = "left_out"
			}
			line := []string{strconv.FormatInt(x.Row, 10), result, string(x.Reason), reports.Text(printable(x.Detail))}
			for _, cell := range x.Cells {
				line = append(line, reports.Text(cell))
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || next == 0 {
			return err
		}
		behind = next
	}
}

func importView(i leadstore.Import) wire.Import {
	return wire.Import{ID: i.ID(), Target: wire.ImportTarget(i.Target), List: i.List, Campaign: i.Campaign, Source: i.Source, File: printable(i.File),
		State: wire.ImportState(i.State), Error: i.Error, Format: string(i.Format.Kind), Encoding: string(i.Format.Encoding), Delimiter: i.Format.Delimiter,
		Sheet: i.Format.Sheet, Heading: string(i.Format.Heading),
		Columns:        each(i.Settled, columnView),
		DuplicateScope: wire.DuplicateScope(i.Duplicates.Scope), DuplicateAction: wire.DuplicateAction(i.Duplicates.Action),
		Total: i.Total, Done: i.Done, Added: i.Added, Updated: i.Updated, Duplicates: i.Doubles, DoNotCall: i.Forbidden, Rejected: i.Rejected, LeftOut: i.LeftOut,
		CreatedAt: i.CreatedAt, CreatedBy: i.By, FinishedAt: i.FinishedAt}
}

func columnView(c leads.Column) wire.ImportColumn {
	out := wire.ImportColumn{Heading: printable(c.Heading), As: string(c.As)}
	if u := c.Unclear; u != nil {
		out.Unclear = wire.UnclearColumn{Kind: wire.LeadFieldKind(u.Kind), Value: printable(u.Value), Why: printable(u.Why)}
	}
	return out
}

// numberOf is the number of an import or a lead: its form has been checked.
func numberOf(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// afterNumber is the number of the last line of the page that gave a cursor, 0 for none.
func afterNumber(cursor *string) (int64, error) {
	last, err := lastOf(given(cursor))
	if err != nil || last == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(last, 10, 64)
	if err != nil || n < 1 {
		return 0, wrong(wire.ProblemCodeBadFormat, "cursor", given(cursor), "is not one that a page gave")
	}
	return n, nil
}
