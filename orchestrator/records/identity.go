package records

import "time"

// Identity is whom a credential stands for: a token, or a person. What its role may do is
// the API's business: here a role is a word. Zero times are "never".
type Identity struct {
	ID     string // of the token or the person
	Name   string // for the audit log: the token's, or what the person signs in as
	Person string // how a person is called; "" of a token
	Role   string
	Agent  string   // whom it acts for, with role agent
	Scopes []string // what a token was narrowed to
	Teams  []string // those whose people its rights are bound to
	// TOTP tells that a person is asked for a second factor.
	TOTP bool
	// Provided tells that a person signs in at a provider, whose business a second factor is.
	Provided bool
	// Display tells that it is a screen on a wall, which nobody uses and which is switched off at night.
	Display bool
	Ends    time.Time
	Ended   time.Time // when the token was revoked, or the person disabled
}

// Valid tells whether whom it stands for may come in at a moment.
func (i Identity) Valid(now time.Time) bool {
	return i.Ended.IsZero() && (i.Ends.IsZero() || now.Before(i.Ends))
}

// IsPerson tells a person from a token.
func (i Identity) IsPerson() bool { return i.Person != "" }

// Identity is whom the token stands for.
func (t Token) Identity() Identity {
	return Identity{ID: t.ID, Name: t.Name, Role: t.Role, Agent: t.Agent, Scopes: t.Scopes, Teams: t.Teams, Display: t.Display, Ends: t.Expires, Ended: t.Revoked}
}

// Identity is the person as a credential stands for it.
func (u User) Identity() Identity {
	return Identity{ID: u.ID, Name: u.Login, Person: u.called(), Role: u.Role, Agent: u.Agent, Teams: u.Teams, TOTP: !u.TOTPSince.IsZero(), Provided: u.Subject != "", Ended: u.Disabled}
}
