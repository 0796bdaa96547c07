package client

import (
	"context"
	"errors"

	"github.com/operadora/operadora/api/wire"
)

// pageSize is how many lines are asked for at a time.
const pageSize = 500

// after is a cursor; none on the first page.
func after(cursor string) *wire.Cursor {
	if cursor == "" {
		return nil
	}
	return &cursor
}

// errShape is of an answer that is not what openapi.yaml says.
var errShape = errors.New("the answer is not the API's")

// Agents returns all agents.
func (a *API) Agents(ctx context.Context) ([]wire.Agent, error) {
	return All(func(cursor string) ([]wire.Agent, string, error) {
		r, err := a.ListAgentsWithResponse(ctx, &wire.ListAgentsParams{Limit: new(pageSize), Cursor: after(cursor)})
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// Queues returns all queues.
func (a *API) Queues(ctx context.Context) ([]wire.Queue, error) {
	return All(func(cursor string) ([]wire.Queue, string, error) {
		r, err := a.ListQueuesWithResponse(ctx, &wire.ListQueuesParams{Limit: new(pageSize), Cursor: after(cursor)})
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// Callbacks returns all who are to be called back and fit.
func (a *API) Callbacks(ctx context.Context, p wire.ListCallbacksParams) ([]wire.Callback, error) {
	p.Limit = new(pageSize)
	return All(func(cursor string) ([]wire.Callback, string, error) {
		p.Cursor = after(cursor)
		r, err := a.ListCallbacksWithResponse(ctx, &p)
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// Calls returns all calls in progress that fit.
func (a *API) Calls(ctx context.Context, p wire.ListCallsParams) ([]wire.LiveCall, error) {
	p.Limit = new(pageSize)
	return All(func(cursor string) ([]wire.LiveCall, string, error) {
		p.Cursor = after(cursor)
		r, err := a.ListCallsWithResponse(ctx, &p)
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// Contacts returns the latest contacts that fit, the latest first, and whether
// there are more. At most limit are asked for; 0 is all.
func (a *API) Contacts(ctx context.Context, p wire.ListContactsParams, limit int) (list []wire.Contact, more bool, err error) {
	got := 0
	p.Limit = new(pageSize)
	if limit > 0 {
		*p.Limit = min(pageSize, limit)
	}
	list, err = All(func(cursor string) ([]wire.Contact, string, error) {
		p.Cursor = after(cursor)
		r, err := a.ListContactsWithResponse(ctx, &p)
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		next := r.JSON200.Next
		if got += len(r.JSON200.Items); limit > 0 && got >= limit {
			more = next != "" || got > limit
			next = ""
		}
		return r.JSON200.Items, next, nil
	})
	if more {
		list = list[:limit]
	}
	return list, more, err
}

// Leads returns the leads of a list that an expression chooses, and whether there are
// more. At most limit are asked for; 0 is all.
func (a *API) Leads(ctx context.Context, list, filter string, limit int) ([]wire.Lead, bool, error) {
	return some(limit, func(cursor string, page int) ([]wire.Lead, string, error) {
		p := wire.ListLeadsParams{Limit: &page, Cursor: after(cursor)}
		if filter != "" {
			p.Filter = &filter
		}
		r, err := a.ListLeadsWithResponse(ctx, list, &p)
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// DoNotCall returns numbers that must not be called, and whether there are more. At most
// limit are asked for; 0 is all.
func (a *API) DoNotCall(ctx context.Context, limit int) ([]wire.DoNotCallEntry, bool, error) {
	return some(limit, func(cursor string, page int) ([]wire.DoNotCallEntry, string, error) {
		r, err := a.ListDoNotCallWithResponse(ctx, &wire.ListDoNotCallParams{Limit: &page, Cursor: after(cursor)})
		switch {
		case err != nil:
			return nil, "", err
		case r.JSON200 == nil:
			return nil, "", errShape
		}
		return r.JSON200.Items, r.JSON200.Next, nil
	})
}

// some gets pages of a list until there are enough; 0 is all.
func some[T any](limit int, get func(cursor string, page int) (items []T, next string, err error)) (list []T, more bool, err error) {
	list = []T{}
	for cursor := ""; ; {
		page := pageSize
		if limit > 0 {
			page = min(pageSize, limit-len(list))
		}
		items, next, err := get(cursor, page)
		if err != nil {
			return nil, false, err
		}
		list = append(list, items...)
		if next == "" || limit > 0 && len(list) >= limit {
			return list, next != "", nil
		}
		cursor = next
	}
}
