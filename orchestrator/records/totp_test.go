package records

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestTOTP(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		eva, err := d.CreateUser(t.Context(), User{Login: "eva", Role: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		ivan, err := d.CreateUser(t.Context(), User{Login: "ivan", Role: "admin"})
		if err != nil {
			t.Fatal(err)
		}
		open := func() Session {
			t.Helper()
			s, _, err := d.CreateSession(t.Context(), eva.Identity(), time.Hour, Origin{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		now := func() User {
			t.Helper()
			u, err := d.User(t.Context(), eva.ID)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		sessions := func(want int) {
			t.Helper()
			if list, err := d.Sessions(t.Context(), eva.ID); err != nil || len(list) != want {
				t.Errorf("%d sessions, %v, want %d", len(list), err, want)
			}
		}
		kind := func(what string, err error, want fault.Kind) {
			t.Helper()
			if fault.KindOf(err) != want || (err == nil) != (want == fault.Internal) {
				t.Errorf("%s: %v", what, err)
			}
		}
		took := func(what string, want bool) func(bool, error) {
			return func(got bool, err error) {
				t.Helper()
				if err != nil || got != want {
					t.Errorf("%s is taken: %v, %v", what, got, err)
				}
			}
		}
		const fine = fault.Internal // the kind of no error
		here := open()
		open()
		kind("none was begun", d.ConfirmTOTP(t.Context(), eva.ID, "", 7, nil, ""), fault.Conflict)
		kind("begun", d.BeginTOTP(t.Context(), eva.ID, "OLD"), fine)
		kind("begun anew", d.BeginTOTP(t.Context(), eva.ID, "NEW"), fine)
		took("a code before any is asked for", false)(d.UseTOTP(t.Context(), eva.ID, 5))
		if u := now(); u.TOTP != "NEW" || u.Identity().TOTP {
			t.Errorf("asked for before a code was shown: %+v", u)
		}
		kind("another was begun meanwhile", d.ConfirmTOTP(t.Context(), eva.ID, "OLD", 7, nil, ""), fault.Conflict)
		kind("confirmed", d.ConfirmTOTP(t.Context(), eva.ID, "NEW", 7, []string{"A", "B"}, here.ID), fine)
		if u := now(); !u.Identity().TOTP || u.TOTPSince.IsZero() {
			t.Errorf("not asked for: %+v", u)
		}
		sessions(1)
		kind("confirmed twice", d.ConfirmTOTP(t.Context(), eva.ID, "NEW", 9, nil, ""), fault.Conflict)
		kind("another while one is in use", d.BeginTOTP(t.Context(), eva.ID, "THIRD"), fault.Conflict)

		took("the code that was shown at first", false)(d.UseTOTP(t.Context(), eva.ID, 7))
		took("the next", true)(d.UseTOTP(t.Context(), eva.ID, 8))
		took("the same again", false)(d.UseTOTP(t.Context(), eva.ID, 8))
		took("one before", false)(d.UseTOTP(t.Context(), eva.ID, 6))
		took("somebody else's recovery code", false)(d.UseRecovery(t.Context(), ivan.ID, "A"))
		took("a recovery code", true)(d.UseRecovery(t.Context(), eva.ID, "A"))
		took("a used recovery code", false)(d.UseRecovery(t.Context(), eva.ID, "A"))
		kind("others", d.ReplaceRecovery(t.Context(), eva.ID, []string{"C", "D", "E"}), fine)
		took("a replaced recovery code", false)(d.UseRecovery(t.Context(), eva.ID, "B"))
		if n, err := d.RecoveryLeft(t.Context(), eva.ID); err != nil || n != 3 {
			t.Errorf("%d left, %v", n, err)
		}
		var leaked int
		if err := d.read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM recovery_codes WHERE hash IN ('C', 'D', 'E')").Scan(&leaked); err != nil || leaked != 0 {
			t.Errorf("recovery codes are stored: %d, %v", leaked, err)
		}

		u, err := d.RemoveTOTP(t.Context(), eva.ID, "")
		kind("removed", err, fine)
		if u.Identity().TOTP || now().TOTP != "" {
			t.Errorf("still there: %+v", u)
		}
		sessions(0)
		took("a recovery code of one that is gone", false)(d.UseRecovery(t.Context(), eva.ID, "C"))
		took("a code of one that is gone", false)(d.UseTOTP(t.Context(), eva.ID, 99))
		_, err = d.RemoveTOTP(t.Context(), "none", "")
		kind("of nobody", err, fault.NotFound)
	})
}
