package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

func (s *Server) listContacts(c echo.Context) error {
	f, err := contactFilter(c, true)
	if err != nil {
		return err
	}
	t := tokenOf(c)
	if self, every := own(t); !every {
		if f.Agent != "" && f.Agent != self {
			return fault.New("api.contacts", fault.Denied, "agent %s may see its own contacts only", quoted(self))
		}
		f.Agent = self
	} else if f.Caller != "" && !seesNumbers(t) {
		// Asking for a number that one may not see would tell whether it called.
		return fault.New("api.contacts", fault.Denied, "role %s may not look for callers", t.Role)
	}
	list, next, err := s.Records.Contacts(c.Request().Context(), f)
	if err != nil {
		return err
	}
	a := audienceOf(t)
	for i := range list {
		list[i] = a.contact(list[i])
	}
	return c.JSON(http.StatusOK, page[records.Contact]{Items: list, Next: next})
}

func (s *Server) getContact(c echo.Context) error {
	contact, entries, err := s.Records.Contact(c.Request().Context(), c.Param("call"))
	if err != nil {
		return err
	}
	t := tokenOf(c)
	if self, every := own(t); !every && contact.Agent != self {
		return fault.New("api.contact", fault.Denied, "agent %s may see its own contacts only", quoted(self))
	}
	a := audienceOf(t)
	return c.JSON(http.StatusOK, ContactView{Contact: a.contact(contact), Timeline: a.timeline(entries, a.sees(contact.Agent))})
}

// exportContacts streams all contacts that fit as CSV.
func (s *Server) exportContacts(c echo.Context) error {
	f, err := contactFilter(c, false)
	if err != nil {
		return err
	}
	if err := s.auditFirst(c, "contacts.export", "contacts", c.Request().URL.RawQuery); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="contacts.csv"`)
	return s.Records.ContactsCSV(c.Request().Context(), s.streamWriter(c), f)
}
