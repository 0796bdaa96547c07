package records

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { return now }
		create := func(u User) (User, fault.Kind) {
			t.Helper()
			u, err := d.CreateUser(t.Context(), u)
			return u, fault.KindOf(err)
		}
		eva, _ := create(User{Login: "eva", Name: "Eva Ruiz", Role: "agent", Agent: "101"})
		ivan, _ := create(User{Login: "ivan", Role: "supervisor", Teams: []string{"day", "night"}})
		for _, taken := range []User{{Login: "eva", Role: "admin"}, {Login: "ana", Role: "agent", Agent: "101"}} {
			if _, kind := create(taken); kind != fault.Conflict {
				t.Errorf("%+v: %v", taken, kind)
			}
		}
		if found, err := d.UserOf(t.Context(), "IVAN"); err != nil || cmp.Diff(ivan, found) != "" || found.Identity().Person != "ivan" {
			t.Errorf("found %+v, %v", found, err)
		}
		list, err := d.Users(t.Context())
		if err != nil || len(list) != 2 || list[0].Login != "eva" {
			t.Errorf("%+v, %v", list, err)
		}

		link := func(id string) string {
			t.Helper()
			text, until, err := d.InviteUser(t.Context(), id, time.Hour)
			if err != nil || !until.Equal(now.Add(time.Hour)) {
				t.Fatal(text, until, err)
			}
			return text
		}
		first := link(eva.ID)
		second := link(eva.ID)
		if u, err := d.LinkedUser(t.Context(), second); err != nil || u.Login != "eva" {
			t.Errorf("the link of %+v, %v", u, err)
		}
		secret := strings.Split(second, "_")[2]
		refused := func(why, link string) {
			t.Helper()
			_, seen := d.LinkedUser(t.Context(), link)
			_, set := d.SetPasswordByLink(t.Context(), link, "x")
			if fault.KindOf(seen) != fault.NotFound || fault.KindOf(set) != fault.NotFound {
				t.Errorf("%s: %v, %v", why, seen, set)
			}
		}
		refused("there is a newer one", first)
		refused("another's", "ol_"+ivan.ID+"_"+secret)
		refused("of one who has none", "ol_"+ivan.ID+"_")
		refused("nonsense", "ol")
		now = noon.Add(time.Hour)
		refused("expired", second)
		now = noon
		if u, err := d.SetPasswordByLink(t.Context(), second, "$hash"); err != nil || u.Password != "$hash" || !u.PasswordSet.Equal(noon) {
			t.Errorf("%+v, %v", u, err)
		}
		refused("used", second)

		// Whatever changes what a person may do ends its sessions, and those of nobody else.
		open := func(u User) (Session, string) {
			t.Helper()
			s, text, err := d.CreateSession(t.Context(), u.Identity(), 12*time.Hour, Origin{Address: "192.0.2.1"})
			if err != nil {
				t.Fatal(err)
			}
			return s, text
		}
		other, _ := open(ivan)
		goesOn := func(s Session) bool {
			t.Helper()
			over, err := d.Over(t.Context(), []Credential{{Session: s.ID}})
			if err != nil {
				t.Fatal(err)
			}
			return len(over) == 0
		}
		for _, row := range []struct {
			name  string
			do    func(Session) error
			lasts bool
		}{
			{"another name", func(Session) error {
				_, err := d.ChangeUser(t.Context(), User{ID: eva.ID, Name: "Eva", Role: "agent", Agent: "101"})
				return err
			}, true},
			{"its own password", func(s Session) error { return d.SetPassword(t.Context(), eva.ID, "$new", s.ID) }, true},
			{"another's password", func(Session) error { return d.SetPassword(t.Context(), eva.ID, "$new", "") }, false},
			{"a link", func(Session) error { _, err := d.SetPasswordByLink(t.Context(), link(eva.ID), "$new"); return err }, false},
			{"ended", func(Session) error { return d.EndSessions(t.Context(), eva.ID, "") }, false},
			{"another agent", func(Session) error {
				_, err := d.ChangeUser(t.Context(), User{ID: eva.ID, Role: "agent", Agent: "102"})
				return err
			}, false},
			{"disabled", func(Session) error { _, err := d.DisableUser(t.Context(), eva.ID, true); return err }, false},
		} {
			s, text := open(eva)
			second, _ := open(eva)
			if err := row.do(s); err != nil {
				t.Fatal(row.name, err)
			}
			if got := goesOn(s); got != row.lasts {
				t.Errorf("%s: the session goes on: %v", row.name, got)
			}
			if got := goesOn(second); got != (row.name == "another name") {
				t.Errorf("%s: the other session goes on: %v", row.name, got)
			}
			if found, err := d.FindSession(t.Context(), text); err != nil || found.Valid(now) != row.lasts || !found.Who.IsPerson() {
				t.Errorf("%s: %+v, %v", row.name, found, err)
			}
			if list, err := d.Sessions(t.Context(), eva.ID); err != nil || len(list) > 0 != row.lasts {
				t.Errorf("%s: %+v, %v", row.name, list, err)
			}
			if err := d.EndSessions(t.Context(), eva.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		if !goesOn(other) {
			t.Error("somebody else's session is over")
		}
		if _, _, err := d.InviteUser(t.Context(), eva.ID, time.Hour); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a link for who is disabled: %v", err)
		}
		if _, kind := create(User{Login: "ana", Role: "agent", Agent: "102"}); kind != fault.Internal { // no fault
			t.Errorf("the agent of one who is disabled: %v", kind)
		}
		if _, err := d.DisableUser(t.Context(), eva.ID, false); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), `"102" is ana already`) {
			t.Errorf("two have one agent: %v", err)
		}
		if here, err := d.WasHere(t.Context(), eva.ID, "192.0.2.1"); err != nil || !here {
			t.Errorf("was here: %v, %v", here, err)
		}
		if here, err := d.WasHere(t.Context(), eva.ID, "192.0.2.2"); err != nil || here {
			t.Errorf("was elsewhere: %v, %v", here, err)
		}
	})
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		for _, body := range []string{"", `{"a":1}`, `{"b":2}`} {
			if body != "" {
				if err := d.KeepPreferences(t.Context(), "eva", body); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := d.Preferences(t.Context(), "eva"); err != nil || got != body {
				t.Errorf("%q, %v, want %q", got, err, body)
			}
		}
		if got, err := d.Preferences(t.Context(), "ivan"); err != nil || got != "" {
			t.Errorf("another's: %q, %v", got, err)
		}
	})
}
