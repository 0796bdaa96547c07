package records

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { return now }
		token, bearer, err := d.CreateToken(t.Context(), Token{Name: "desk", Role: "supervisor", Scopes: []string{"calls:read", "queues:read"}, Teams: []string{"sales", "night"}})
		if err != nil {
			t.Fatal(err)
		}
		open := func() (Session, string) {
			t.Helper()
			s, text, err := d.CreateSession(t.Context(), token.Identity(), 12*time.Hour, Origin{Address: "192.0.2.1", Client: "Firefox"})
			if err != nil {
				t.Fatal(err)
			}
			return s, text
		}
		first, text := open()
		second, _ := open()
		found, err := d.FindSession(t.Context(), text)
		if err != nil || found.ID != first.ID || !found.Valid(now) || found.Who.Name != "desk" || found.Who.IsPerson() || len(found.Who.Scopes) != 2 || len(found.Who.Teams) != 2 || found.Client != "Firefox" {
			t.Errorf("found %+v, %v", found, err)
		}
		for _, bad := range []string{"", bearer, text + "x", "os_" + second.ID + "_" + text[len(text)-52:], "os__"} {
			if _, err := d.FindSession(t.Context(), bad); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%q: %v, want NotFound", bad, err)
			}
		}
		for name, when := range map[string]time.Time{"unused": noon.Add(SessionIdle), "expired": noon.Add(12 * time.Hour)} {
			if found.Valid(when) {
				t.Errorf("valid though %s", name)
			}
		}
		now = noon.Add(20 * time.Minute)
		if _, err := d.FindSession(t.Context(), text); err != nil { // which is a use
			t.Fatal(err)
		}
		now = noon.Add(40 * time.Minute)
		if found, err = d.FindSession(t.Context(), text); err != nil || !found.Valid(now) {
			t.Errorf("used 20 minutes ago: %+v, %v", found, err)
		}

		held := []Credential{{Token: token.ID}, {Session: first.ID}, {Session: second.ID}, {Token: "none"}, {Session: "none"}}
		over := func() []Credential {
			t.Helper()
			list, err := d.Over(t.Context(), held)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if diff := cmp.Diff(held[3:], over()); diff != "" {
			t.Errorf("over (-want +got):\n%s", diff)
		}
		for range 2 {
			if err := d.EndSession(t.Context(), second.ID); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(held[2:], over()); diff != "" {
			t.Errorf("after its end (-want +got):\n%s", diff)
		}
		if err := d.RevokeToken(t.Context(), token.ID); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(held, over()); diff != "" {
			t.Errorf("after the token's end (-want +got):\n%s", diff)
		}
		if found, err = d.FindSession(t.Context(), text); err != nil || found.Valid(now) {
			t.Errorf("the session of a revoked token: %+v, %v", found, err)
		}
		now = noon.Add(60 * 24 * time.Hour)
		open()
		var lines int
		if err := d.read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sessions").Scan(&lines); err != nil || lines != 1 {
			t.Errorf("%d lines of sessions are kept, %v", lines, err)
		}
	})
}
