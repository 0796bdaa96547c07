package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// numbers are the forms in which a number may be on record; none of "".
func (s operations) numbers(text string) []string {
	if text == "" {
		return nil
	}
	return s.Callers.Numbers(text)
}

// ListContacts implements StrictServerInterface.
func (s operations) ListContacts(ctx context.Context, r ListContactsRequestObject) (ListContactsResponseObject, error) {
	a, p := askerOf(ctx), r.Params
	f := records.ContactFilter{From: given(p.From), To: given(p.To), Queue: given(p.Queue), Agent: given(p.Agent), Outcome: string(given(p.Outcome)), DID: given(p.DID),
		Callers: s.numbers(given(p.Caller)), PBX: given(p.PBX), Disposition: given(p.Disposition), Campaign: given(p.Campaign), Lead: given(p.Lead), Kind: recordedKind(given(p.Kind)), Limit: given(p.Limit), Cursor: given(p.Cursor)}
	switch self, every := a.own(); {
	case !every && f.Agent != "" && f.Agent != self:
		return nil, denied("agent %s may see its own contacts only", quoted(self))
	case !every:
		f.Agent = self
	case len(f.Callers) == 0 && f.Lead == "": // asking for somebody whom one may not see would tell whether there was a call
	case bound(a.who):
		if err := s.overNamed(a.who, f.Agent, " to look for callers and leads"); err != nil {
			return nil, err
		}
	case !seesNumbers(a.who):
		return nil, denied("role %s may not look for callers and leads", a.who.Role)
	}
	list, next, err := s.Records.Contacts(ctx, f)
	if err != nil {
		return nil, err
	}
	show := s.audienceOf(a.who)
	return ListContacts200JSONResponse{Items: each(list, func(c records.Contact) wire.Contact { return show.contact(contactView(c)) }), Next: next}, nil
}

// recordedKind turns the API's word into that of the records.
func recordedKind(k wire.KindFilter) records.KindFilter {
	switch k {
	case wire.KindFilterAll:
		return records.KindAll
	case wire.KindFilterInbound, wire.KindFilterOutbound, wire.KindFilterCallback, wire.KindFilterCampaign, wire.KindFilterFeature:
		return records.KindFilter(k)
	default:
		return records.KindCustomer
	}
}

// contact returns a call that has ended and that the asker may see: an agent its own only.
func (s *Server) contact(ctx context.Context, id string) (records.Contact, []orchestrator.Entry, error) {
	contact, entries, err := s.Records.Contact(ctx, id)
	if err != nil {
		return contact, nil, err
	}
	if self, every := askerOf(ctx).own(); !every && contact.Agent != self && !tried(self, contact, entries) {
		return contact, nil, denied("agent %s may see its own contacts only", quoted(self))
	}
	return contact, entries, nil
}

// tried tells whether an agent dialled a contact that nobody talked in.
func tried(agent string, c records.Contact, entries []orchestrator.Entry) bool {
	return c.Kind == orchestrator.KindOutbound && c.Agent == "" && slices.ContainsFunc(entries, func(e orchestrator.Entry) bool {
		return e.Type == orchestrator.EntryCallDialled && e.Agent == agent
	})
}

// GetContact implements StrictServerInterface.
func (s operations) GetContact(ctx context.Context, r GetContactRequestObject) (GetContactResponseObject, error) {
	contact, entries, err := s.contact(ctx, r.Call)
	if _, every := askerOf(ctx).own(); every && fault.KindOf(err) == fault.NotFound {
		if _, other := s.stored(ctx, r.Call); other == nil {
			return nil, fault.New("api.contact", fault.NotFound, "call %s has not ended: `operadora call show %s` tells more, as does GET /api/v1/calls", quoted(r.Call), r.Call)
		}
	}
	if err != nil {
		return nil, err
	}
	show := s.audienceOf(askerOf(ctx).who)
	return GetContact200JSONResponse{Contact: show.contact(contactView(contact)), Timeline: show.timeline(entries, show.sees(contact.Agent))}, nil
}

// asked is the query of a request as the audit log has it: a caller's number in it could not be erased.
func asked(ctx context.Context) string {
	q := askerOf(ctx).request.URL.Query()
	if q.Has("caller") {
		q.Set("caller", orchestrator.MaskNumber(q.Get("caller")))
	}
	return strings.ReplaceAll(q.Encode(), "%2A", "*")
}

// ExportContacts implements StrictServerInterface. It streams all contacts that fit as CSV.
func (s operations) ExportContacts(ctx context.Context, r ExportContactsRequestObject) (ExportContactsResponseObject, error) {
	p := r.Params
	f := records.ContactFilter{From: given(p.From), To: given(p.To), Queue: given(p.Queue), Agent: given(p.Agent), Outcome: string(given(p.Outcome)), DID: given(p.DID),
		Callers: s.numbers(given(p.Caller)), PBX: given(p.PBX), Disposition: given(p.Disposition), Campaign: given(p.Campaign), Lead: given(p.Lead), Kind: recordedKind(given(p.Kind))}
	if err := s.overNamed(askerOf(ctx).who, f.Agent, ""); err != nil {
		return nil, err
	}
	table, err := s.contactTable(ctx, given(p.TimeZone))
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "contacts.export", "contacts", asked(ctx)); err != nil {
		return nil, err
	}
	return streamed(func(w http.ResponseWriter) error {
		w.Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
		w.Header().Set(echo.HeaderContentDisposition, `attachment; filename="contacts.csv"`)
		return table.write(ctx, s.streamWriter(w), f)
	}), nil
}
