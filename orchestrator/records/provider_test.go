package records

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// A person signs in with a password or at a provider, whichever was said last.
func TestSubject(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		create := func(login string) User {
			t.Helper()
			u, err := d.CreateUser(t.Context(), User{Login: login, Role: "admin"})
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		link := func(u User) string {
			t.Helper()
			text, _, err := d.InviteUser(t.Context(), u.ID, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		eva, ivan := create("eva"), create("ivan")
		open := link(eva)
		if u, err := d.BindSubject(t.Context(), eva.ID, "op 7", false); err != nil || u.Subject != "op 7" || !u.Identity().Provided {
			t.Fatalf("%+v, %v", u, err)
		}
		if u, err := d.UserOfSubject(t.Context(), "op 7"); err != nil || u.ID != eva.ID {
			t.Errorf("%+v, %v", u, err)
		}
		if _, err := d.UserOfSubject(t.Context(), "op 8"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("nobody: %v", err)
		}
		if _, err := d.SetPasswordByLink(t.Context(), open, "$hash"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a link from before: %v", err)
		}
		if _, err := d.BindSubject(t.Context(), eva.ID, "op 9", true); fault.KindOf(err) != fault.Conflict {
			t.Errorf("who signs in at one already: %v", err)
		}
		if _, err := d.BindSubject(t.Context(), ivan.ID, "op 7", true); err == nil {
			t.Error("two are one there")
		}

		if u, err := d.SetPasswordByLink(t.Context(), link(eva), "$hash"); err != nil || u.Subject != "" || u.Identity().Provided {
			t.Errorf("a password again: %+v, %v", u, err)
		}
		if err := d.BeginTOTP(t.Context(), eva.ID, "SECRET"); err != nil {
			t.Fatal(err)
		}
		if err := d.ConfirmTOTP(t.Context(), eva.ID, "SECRET", 7, []string{"A"}, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := d.BindSubject(t.Context(), eva.ID, "op 7", false); fault.KindOf(err) != fault.Conflict {
			t.Errorf("who has a password: %v", err)
		}
		_, text, err := d.CreateSession(t.Context(), eva.Identity(), time.Hour, Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if u, err := d.BindSubject(t.Context(), eva.ID, "op 7", true); err != nil || u.Password != "" || u.Identity().TOTP {
			t.Errorf("%+v, %v", u, err)
		}
		if u, err := d.User(t.Context(), eva.ID); err != nil || u.Password != "" || u.TOTP != "" || u.Subject != "op 7" {
			t.Errorf("%+v, %v", u, err)
		}
		if n, err := d.RecoveryLeft(t.Context(), eva.ID); err != nil || n != 0 {
			t.Errorf("%d recovery codes, %v", n, err)
		}
		if s, err := d.FindSession(t.Context(), text); err != nil || s.Ended.IsZero() {
			t.Errorf("a session by a password goes on: %+v, %v", s, err)
		}
	})
}
