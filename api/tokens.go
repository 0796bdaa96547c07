package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

const (
	// TokenDays is how long a token holds when nobody says otherwise.
	TokenDays = 90
	// displayHolds is how long a screen on a wall holds, and codeHolds the code that it shows.
	displayHolds = 365 * 24 * time.Hour
	codeHolds    = 10 * time.Minute
)

// tokens lists those that are displays, or those that are not, the latest first.
func (s *Server) tokens(ctx context.Context, displays bool, limit int, cursor string) ([]records.Token, string, error) {
	list, err := s.Tokens.Tokens(ctx)
	if err != nil {
		return nil, "", err
	}
	list = slices.DeleteFunc(list, func(t records.Token) bool { return t.Display != displays || displays && !t.Valid(s.Now()) })
	return pageOf(list, func(t records.Token) string { return latestFirst(t.Created) + t.ID }, limit, cursor)
}

// latestFirst is a key by which what is later comes first.
func latestFirst(at time.Time) string {
	return time.UnixMilli(1<<43 - at.UnixMilli()).UTC().Format("2006-01-02T15:04:05.000")
}

func tokenView(t records.Token) wire.Token {
	return wire.Token{ID: t.ID, Name: t.Name, Role: wire.Role(t.Role), Agent: t.Agent, Teams: t.Teams, Scopes: t.Scopes,
		CreatedAt: t.Created, ExpiresAt: t.Expires, LastUsed: t.Used, RevokedAt: t.Revoked}
}

// ListTokens implements StrictServerInterface.
func (s operations) ListTokens(ctx context.Context, r ListTokensRequestObject) (ListTokensResponseObject, error) {
	list, next, err := s.tokens(ctx, false, given(r.Params.Limit), given(r.Params.Cursor))
	return ListTokens200JSONResponse{Items: each(list, tokenView), Next: next}, err
}

// CreateToken implements StrictServerInterface.
func (s operations) CreateToken(ctx context.Context, r CreateTokenRequestObject) (CreateTokenResponseObject, error) {
	b := r.Body
	if err := mayLetIn(ctx); err != nil {
		return nil, err
	}
	if err := s.defined(ctx, string(b.Role), b.Agent, b.Teams); err != nil {
		return nil, err
	}
	for _, word := range b.Scopes {
		if err := CheckScope(word); err != nil {
			return nil, wrong(wire.ProblemCodeInvalid, "scopes", word, "%s", err.Error())
		}
	}
	if b.Days == 0 {
		b.Days = TokenDays
	}
	detail := rightsOf(string(b.Role), b.Agent, b.Teams)
	if len(b.Scopes) > 0 {
		detail += ", scopes " + strings.Join(b.Scopes, " ")
	}
	if err := s.auditFirst(ctx, "token.create", b.Name, detail); err != nil {
		return nil, err
	}
	t, text, err := s.Tokens.CreateToken(ctx, records.Token{Name: b.Name, Role: string(b.Role), Agent: b.Agent, Teams: b.Teams, Scopes: b.Scopes,
		Expires: s.Now().AddDate(0, 0, b.Days)})
	return CreateToken200JSONResponse{Token: tokenView(t), Text: text}, err
}

// revoke ends a token, or a display.
func (s *Server) revoke(ctx context.Context, id, action string, display bool) error {
	list, err := s.Tokens.Tokens(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(t records.Token) bool { return t.ID == id && t.Display == display })
	if i < 0 {
		return problem{Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound, Detail: "there is none with the id " + quoted(id)}
	}
	if err := s.auditFirst(ctx, action, list[i].Name, id); err != nil {
		return err
	}
	return s.Tokens.RevokeToken(ctx, id)
}

// RevokeToken implements StrictServerInterface.
func (s operations) RevokeToken(ctx context.Context, r RevokeTokenRequestObject) (RevokeTokenResponseObject, error) {
	return RevokeToken204Response{}, s.revoke(ctx, r.Token, "token.revoke", false)
}

func displayView(t records.Token) wire.Display {
	return wire.Display{ID: t.ID, Name: t.Name, Teams: t.Teams, CreatedAt: t.Created, ExpiresAt: t.Expires, LastUsed: t.Used}
}

// ListDisplays implements StrictServerInterface.
func (s operations) ListDisplays(ctx context.Context, r ListDisplaysRequestObject) (ListDisplaysResponseObject, error) {
	list, next, err := s.tokens(ctx, true, given(r.Params.Limit), given(r.Params.Cursor))
	return ListDisplays200JSONResponse{Items: each(list, displayView), Next: next}, err
}

// PairDisplay implements StrictServerInterface.
func (s operations) PairDisplay(ctx context.Context, r PairDisplayRequestObject) (PairDisplayResponseObject, error) {
	b, who := r.Body, askerOf(ctx).who
	if bound(who) {
		if len(b.Teams) == 0 {
			b.Teams = who.Teams
		}
		for _, team := range b.Teams {
			if !slices.Contains(who.Teams, team) {
				return nil, denied("%s is bound to %s, and not to team %s", subject(who), teamsOf(who), quoted(team))
			}
		}
	} else if err := s.teamsDefined(ctx, b.Teams); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "display.pair", b.Name, strings.Join(b.Teams, " ")); err != nil {
		return nil, err
	}
	t, err := s.Tokens.Pair(ctx, b.Code, records.Token{Name: b.Name, Role: string(wire.RoleWallboard), Teams: b.Teams, Expires: s.Now().Add(displayHolds)})
	if fault.KindOf(err) == fault.NotFound {
		return nil, wrong(wire.ProblemCodeInvalid, "code", b.Code, "no screen shows it, or not any more")
	}
	return PairDisplay200JSONResponse(displayView(t)), err
}

// RevokeDisplay implements StrictServerInterface.
func (s operations) RevokeDisplay(ctx context.Context, r RevokeDisplayRequestObject) (RevokeDisplayResponseObject, error) {
	return RevokeDisplay204Response{}, s.revoke(ctx, r.Display, "display.revoke", true)
}

// OpenDisplayCode implements StrictServerInterface.
func (s operations) OpenDisplayCode(ctx context.Context, _ OpenDisplayCodeRequestObject) (OpenDisplayCodeResponseObject, error) {
	a := askerOf(ctx)
	if s.throttle.failed(a.ip) {
		return nil, s.held("too many codes for this address")
	}
	p, err := s.Tokens.OpenPairing(ctx, a.ip, codeHolds)
	return OpenDisplayCode200JSONResponse{Code: p.Code[:len(p.Code)/2] + "-" + p.Code[len(p.Code)/2:], Secret: p.Secret, ExpiresAt: p.Expires}, err
}

// ClaimDisplayCode implements StrictServerInterface.
func (s operations) ClaimDisplayCode(ctx context.Context, r ClaimDisplayCodeRequestObject) (ClaimDisplayCodeResponseObject, error) {
	a := askerOf(ctx)
	who, err := s.Tokens.ClaimPairing(ctx, r.Body.Secret)
	if fault.KindOf(err) == fault.NotFound && s.throttle.failed(a.ip) {
		return nil, s.held("too many bad secrets from this address")
	}
	if err != nil {
		return nil, err
	}
	if who == nil {
		return ClaimDisplayCode202Response{}, nil
	}
	a.who = *who
	me, cookie, err := s.letIn(ctx, a)
	return ClaimDisplayCode200JSONResponse{Body: me, Headers: ClaimDisplayCode200ResponseHeaders{SetCookie: cookie}}, err
}
