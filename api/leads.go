package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
)

// ListLists implements StrictServerInterface.
func (s operations) ListLists(ctx context.Context, _ ListListsRequestObject) (ListListsResponseObject, error) {
	list, err := s.Leads.Lists(ctx)
	return ListLists200JSONResponse{Items: each(list, listView)}, err
}

// GetList implements StrictServerInterface.
func (s operations) GetList(ctx context.Context, r GetListRequestObject) (GetListResponseObject, error) {
	l, err := s.Leads.List(ctx, r.List)
	return GetList200JSONResponse(listView(l)), err
}

// CreateList implements StrictServerInterface.
func (s operations) CreateList(ctx context.Context, r CreateListRequestObject) (CreateListResponseObject, error) {
	if err := s.auditFirst(ctx, "list.create", r.Body.ID, ""); err != nil {
		return nil, err
	}
	l, err := s.Leads.CreateList(ctx, leads.List{ID: r.Body.ID, Name: r.Body.Name, Region: r.Body.Region, Hours: r.Body.Hours, Zone: r.Body.TimeZone}, askerOf(ctx).who.Name)
	return CreateList200JSONResponse(listView(l)), err
}

// DeleteList implements StrictServerInterface.
func (s operations) DeleteList(ctx context.Context, r DeleteListRequestObject) (DeleteListResponseObject, error) {
	if err := s.auditFirst(ctx, "list.delete", r.List, ""); err != nil {
		return nil, err
	}
	var out DeleteList200JSONResponse
	for out.More = true; out.More && ctx.Err() == nil && out.Removed < removedAtOnce; {
		n, more, err := s.Leads.DeleteList(ctx, r.List)
		if err != nil {
			return nil, err
		}
		out.Removed, out.More = out.Removed+n, more
	}
	return out, nil
}

// removedAtOnce is about how many leads one request removes.
const removedAtOnce = 20_000

func listView(l leadstore.List) wire.LeadList {
	out := wire.LeadList{ID: l.ID, Name: l.Name, Region: l.Region, Hours: list(l.Hours), TimeZone: l.Zone, Leads: l.Leads,
		Fields: map[string]wire.LeadFieldKind{}, Columns: map[string]string{}, CreatedAt: l.CreatedAt, CreatedBy: l.CreatedBy}
	for name, kind := range l.Fields {
		out.Fields[name] = wire.LeadFieldKind(kind)
	}
	for heading, as := range l.Columns {
		out.Columns[heading] = string(as)
	}
	return out
}

// ListLeads implements StrictServerInterface.
func (s operations) ListLeads(ctx context.Context, r ListLeadsRequestObject) (ListLeadsResponseObject, error) {
	behind, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Leads.Leads(ctx, leadstore.Query{List: r.List, Filter: given(r.Params.Filter), Behind: behind, Limit: orElse(r.Params.Limit, pageSize)})
	if err != nil {
		return nil, err
	}
	out := ListLeads200JSONResponse{Items: each(page, func(k leadstore.Kept) wire.Lead {
		l := leadView(k.Lead)
		l.ID, l.Import, l.Row = strconv.FormatInt(k.ID, 10), strconv.FormatInt(k.Import, 10), k.Line
		return l
	})}
	if next > 0 {
		out.Next = cursorOf(strconv.FormatInt(next, 10))
	}
	return out, nil
}

func leadView(l leads.Lead) wire.Lead {
	out := wire.Lead{External: l.External, Name: l.Name, Language: l.Language, Fields: l.Fields,
		Numbers: each(l.Numbers, func(n leads.Number) wire.LeadNumber {
			return wire.LeadNumber{Number: n.Number, Label: n.Label, TimeZones: list(n.Zones)}
		})}
	if out.Fields == nil {
		out.Fields = map[string]any{}
	}
	return out
}

// ExplainNumber implements StrictServerInterface.
func (s operations) ExplainNumber(ctx context.Context, r ExplainNumberRequestObject) (ExplainNumberResponseObject, error) {
	number, err := leads.Normal(r.Params.Number, given(r.Params.Region))
	if err != nil {
		return nil, err
	}
	told, err := s.Leads.Told(ctx, number)
	if err != nil {
		return nil, err
	}
	out := wire.NumberExplained{Number: number, Callable: true, Findings: []wire.NumberFinding{}}
	for _, f := range leads.Explain(told, s.Now()) {
		out.Callable = out.Callable && !f.Hinders
		out.Findings = append(out.Findings, wire.NumberFinding{Code: wire.NumberFindingCode(f.Code), Hinders: f.Hinders, List: f.List, Campaign: f.Campaign, Until: f.Until.UTC(), Text: f.Text})
	}
	return ExplainNumber200JSONResponse(out), nil
}

// ListDoNotCall implements StrictServerInterface.
func (s operations) ListDoNotCall(ctx context.Context, r ListDoNotCallRequestObject) (ListDoNotCallResponseObject, error) {
	last, err := lastOf(given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	number, rest, _ := strings.Cut(last, " ")
	campaign, by, _ := strings.Cut(rest, " ")
	brought, _ := strconv.ParseInt(by, 10, 64) // 0 for none
	limit := orElse(r.Params.Limit, pageSize)
	page, err := s.Leads.Entries(ctx, leads.Entry{Number: number, Campaign: campaign, Import: brought}, limit)
	if err != nil {
		return nil, err
	}
	out := ListDoNotCall200JSONResponse{Items: each(page, entryOfDoNotCall)}
	if len(page) == limit {
		last := page[len(page)-1]
		out.Next = cursorOf(last.Number + " " + last.Campaign + " " + strconv.FormatInt(last.Import, 10))
	}
	return out, nil
}

func entryOfDoNotCall(e leads.Entry) wire.DoNotCallEntry {
	return wire.DoNotCallEntry{Number: e.Number, Campaign: e.Campaign, Why: e.Why, AddedAt: e.Added, AddedBy: e.By, ExpiresAt: e.Expires}
}

// AddDoNotCall implements StrictServerInterface.
func (s operations) AddDoNotCall(ctx context.Context, r AddDoNotCallRequestObject) (AddDoNotCallResponseObject, error) {
	number, err := leads.Normal(r.Body.Number, r.Body.Region)
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "do_not_call.add", orchestrator.MaskNumber(number), r.Body.Campaign); err != nil {
		return nil, err
	}
	e, err := s.Leads.Forbid(ctx, leads.Entry{Number: number, Campaign: r.Body.Campaign, Why: r.Body.Why, By: askerOf(ctx).who.Name, Expires: r.Body.ExpiresAt})
	return AddDoNotCall200JSONResponse(entryOfDoNotCall(e)), err
}

// RemoveDoNotCall implements StrictServerInterface.
func (s operations) RemoveDoNotCall(ctx context.Context, r RemoveDoNotCallRequestObject) (RemoveDoNotCallResponseObject, error) {
	number, err := leads.Normal(r.Params.Number, given(r.Params.Region))
	if err != nil {
		return nil, err
	}
	campaign := given(r.Params.Campaign)
	if err := s.auditFirst(ctx, "do_not_call.remove", orchestrator.MaskNumber(number), campaign); err != nil {
		return nil, err
	}
	return RemoveDoNotCall204Response{}, s.Leads.Allow(ctx, number, campaign)
}

// ListDoNotCallSources implements StrictServerInterface.
func (s operations) ListDoNotCallSources(ctx context.Context, _ ListDoNotCallSourcesRequestObject) (ListDoNotCallSourcesResponseObject, error) {
	list, err := s.Leads.Sources(ctx)
	return ListDoNotCallSources200JSONResponse{Items: each(list, func(x leadstore.Source) wire.DoNotCallSource {
		return wire.DoNotCallSource{ID: x.ID, Algorithm: x.Algorithm, HashOf: x.Of, Region: x.Region, Hashes: x.Hashes, CreatedAt: x.CreatedAt, CreatedBy: x.CreatedBy}
	})}, err
}

// DeleteDoNotCallSource implements StrictServerInterface.
func (s operations) DeleteDoNotCallSource(ctx context.Context, r DeleteDoNotCallSourceRequestObject) (DeleteDoNotCallSourceResponseObject, error) {
	if err := s.auditFirst(ctx, "do_not_call.source.delete", r.Source, ""); err != nil {
		return nil, err
	}
	more, err := s.Leads.DropSource(ctx, r.Source)
	return DeleteDoNotCallSource200JSONResponse{More: more}, err
}
