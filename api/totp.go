package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/operadora/operadora/api/totp"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// totpIssuer is what an authenticator shows beside the login.
const totpIssuer = "operadora"

// totpOf is how it stands with a person's second factor.
func (s *Server) totpOf(w records.Identity) wire.MeTOTP {
	switch {
	case w.TOTP:
		return wire.MeTOTPOn
	case slices.Contains(s.cfg.TOTPRequired, w.Role) && !w.Provided:
		return wire.MeTOTPNeeded
	}
	return wire.MeTOTPOff
}

// factored tells whether who asks has the second factor that an operation needs: who lacks one that
// the role needs may say who they are, and set one up, and nothing else.
func (s *Server) factored(w records.Identity, o *operation) bool {
	return o.tag == "session" || !w.IsPerson() || s.totpOf(w) != wire.MeTOTPNeeded
}

// secondFactor is nil for who needs none or gives what is right, and says by what then, for the
// audit log. A code is taken once. 401 without one, or with a wrong one; 429 after too many.
func (s *Server) secondFactor(ctx context.Context, u records.User, code string) (how string, err error) {
	switch {
	case !u.Identity().TOTP:
		return "", nil
	case code == "":
		return "", problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeSecondFactor, Field: "code", Detail: "code: is needed, of the second factor"}
	case !s.guesses.ofFactor.allows(u.ID):
		return "", s.held("too many wrong codes of this person's second factor; wait a minute")
	}
	var good bool
	if recovery, ok := totp.Recovery(code); ok {
		how = "with a recovery code"
		good, err = s.People.UseRecovery(ctx, u.ID, recovery)
	} else if step, ok := totp.Step(u.TOTP, code, s.Now()); ok {
		how = "with a second factor"
		good, err = s.People.UseTOTP(ctx, u.ID, step)
	}
	switch {
	case err != nil:
		return "", err
	case !good:
		s.metrics.denied.WithLabelValues("bad_code").Inc()
		s.auditLive(ctx, "totp.refused", u.Login, "")
		return "", problem{Status: http.StatusUnauthorized, Code: wire.ProblemCodeSecondFactor, Field: "code", Detail: "code: is wrong, or was used already"}
	}
	s.guesses.ofFactor.clear(u.ID)
	return how, nil
}

// ownCode is secondFactor for who is let in already, who stays: 400, and 409 for who has none.
func (s *Server) ownCode(ctx context.Context, u records.User, code string) error {
	if !u.Identity().TOTP {
		return conflict("code", "", "there is no second factor")
	}
	_, err := s.secondFactor(ctx, u, code)
	if p := asProblem(err); err != nil && p.Status == http.StatusUnauthorized {
		return wrong(wire.ProblemCodeInvalid, "code", "", "is wrong, or was used already")
	}
	return err
}

// person is the person who asks; 409 for a token.
func (s *Server) person(ctx context.Context) (*asker, records.User, error) {
	a := askerOf(ctx)
	if !a.who.IsPerson() {
		return a, records.User{}, problem{Status: http.StatusConflict, Code: wire.ProblemCodeConflict, Detail: "a token has no password and no second factor; sign in as a person"}
	}
	u, err := s.People.User(ctx, a.who.ID)
	return a, u, err
}

// ownPassword is nil when it is the person's password; 400 when it is not: who asks is known, and stays.
func (s *Server) ownPassword(ctx context.Context, a *asker, u records.User, field, text string) error {
	good, err := s.proves(ctx, a, u, u.Login, text)
	if err != nil {
		return err
	}
	if !good {
		_ = s.notProved(ctx, a, u.Login, "password.refused", "")
		return wrong(wire.ProblemCodeInvalid, field, "", "is not the password")
	}
	s.guesses.ofName.clear(guess{login: u.Login, from: network(a.ip)})
	return nil
}

// GetTOTP implements StrictServerInterface.
func (s operations) GetTOTP(ctx context.Context, _ GetTOTPRequestObject) (GetTOTPResponseObject, error) {
	_, u, err := s.person(ctx)
	if err != nil {
		return nil, err
	}
	left, err := s.People.RecoveryLeft(ctx, u.ID)
	return GetTOTP200JSONResponse{Since: u.TOTPSince, Required: slices.Contains(s.cfg.TOTPRequired, u.Role), RecoveryCodes: left}, err
}

// BeginTOTP implements StrictServerInterface.
func (s operations) BeginTOTP(ctx context.Context, r BeginTOTPRequestObject) (BeginTOTPResponseObject, error) {
	a, u, err := s.person(ctx)
	if err == nil {
		err = s.ownPassword(ctx, a, u, "password", r.Body.Password)
	}
	if err != nil {
		return nil, err
	}
	key, err := totp.New(totpIssuer, u.Login)
	if err != nil {
		return nil, fault.E("api.BeginTOTP", fault.Internal, err)
	}
	drawn, err := totp.Draw(key.URI)
	if err != nil {
		return nil, fault.E("api.BeginTOTP", fault.Internal, err)
	}
	return BeginTOTP200JSONResponse{Secret: key.Secret, URI: key.URI, Size: drawn.Size, Path: drawn.Path}, s.People.BeginTOTP(ctx, u.ID, key.Secret)
}

// ConfirmTOTP implements StrictServerInterface.
func (s operations) ConfirmTOTP(ctx context.Context, r ConfirmTOTPRequestObject) (ConfirmTOTPResponseObject, error) {
	a, u, err := s.person(ctx)
	switch {
	case err != nil:
		return nil, err
	case u.Identity().TOTP || u.TOTP == "":
		return nil, conflict("code", "", "no second factor was begun")
	case !s.guesses.ofFactor.allows(u.ID):
		return nil, s.held("too many wrong codes of this person's second factor; wait a minute")
	}
	step, ok := totp.Step(u.TOTP, r.Body.Code, s.Now())
	if !ok {
		return nil, wrong(wire.ProblemCodeInvalid, "code", "", "is not what the authenticator shows now; is its clock right?")
	}
	s.guesses.ofFactor.clear(u.ID)
	if err := s.auditFirst(ctx, "totp.on", u.Login, ""); err != nil {
		return nil, err
	}
	shown, stored := recoveryCodes()
	return ConfirmTOTP200JSONResponse{Codes: shown}, s.People.ConfirmTOTP(ctx, u.ID, u.TOTP, step, stored, a.session)
}

// recoveryCodes makes some, as they are shown and as they are kept.
func recoveryCodes() (shown, stored []string) {
	shown = totp.NewRecovery()
	return shown, each(shown, func(code string) string {
		clean, _ := totp.Recovery(code)
		return clean
	})
}

// ReplaceRecoveryCodes implements StrictServerInterface.
func (s operations) ReplaceRecoveryCodes(ctx context.Context, r ReplaceRecoveryCodesRequestObject) (ReplaceRecoveryCodesResponseObject, error) {
	_, u, err := s.person(ctx)
	if err == nil {
		err = s.ownCode(ctx, u, r.Body.Code)
	}
	if err == nil {
		err = s.auditFirst(ctx, "totp.recovery_codes", u.Login, "")
	}
	if err != nil {
		return nil, err
	}
	shown, stored := recoveryCodes()
	return ReplaceRecoveryCodes200JSONResponse{Codes: shown}, s.People.ReplaceRecovery(ctx, u.ID, stored)
}

// RemoveTOTP implements StrictServerInterface.
func (s operations) RemoveTOTP(ctx context.Context, r RemoveTOTPRequestObject) (RemoveTOTPResponseObject, error) {
	a, u, err := s.person(ctx)
	if err == nil && slices.Contains(s.cfg.TOTPRequired, u.Role) {
		err = conflict("code", "", "role %s needs a second factor (api.totp_required); an administrator may take it away, and another is set up then", u.Role)
	}
	if err == nil {
		err = s.ownCode(ctx, u, r.Body.Code)
	}
	if err == nil {
		err = s.auditFirst(ctx, "totp.off", u.Login, "")
	}
	if err != nil {
		return nil, err
	}
	_, err = s.People.RemoveTOTP(ctx, u.ID, a.session)
	return RemoveTOTP204Response{}, err
}
