package records

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestDisplays(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { return now }
		open := func() Pairing {
			t.Helper()
			p, err := d.OpenPairing(t.Context(), "192.0.2.1", 10*time.Minute)
			if err != nil || len(p.Code) != codeLength {
				t.Fatal(p, err)
			}
			return p
		}
		pair := func(code string) (Token, fault.Kind, bool) {
			t.Helper()
			made, err := d.Pair(t.Context(), code, Token{Name: "hall", Role: "wallboard", Teams: []string{"day"}, Expires: noon.Add(24 * time.Hour)})
			return made, fault.KindOf(err), err == nil
		}
		claim := func(secret string) (*Identity, fault.Kind, bool) {
			t.Helper()
			who, err := d.ClaimPairing(t.Context(), secret)
			return who, fault.KindOf(err), err == nil
		}
		p := open()
		if who, _, ok := claim(p.Secret); who != nil || !ok {
			t.Errorf("let in before anybody typed the code in: %+v", who)
		}
		if _, kind, ok := pair("AAAAAAAA"); ok || kind != fault.NotFound {
			t.Errorf("a code that nobody shows: %v", kind)
		}
		made, _, ok := pair(strings.ToLower(p.Code[:4]) + "-" + p.Code[4:])
		if !ok || !made.Display {
			t.Fatal(made)
		}
		if _, kind, ok := pair(p.Code); ok || kind != fault.NotFound {
			t.Errorf("a code typed in twice: %v", kind)
		}
		who, _, ok := claim(p.Secret)
		if !ok || who == nil || who.ID != made.ID || !who.Display || who.Role != "wallboard" || len(who.Teams) != 1 {
			t.Fatalf("who: %+v", who)
		}
		if _, kind, ok := claim(p.Secret); ok || kind != fault.NotFound {
			t.Errorf("let in twice: %v", kind)
		}
		s, text, err := d.CreateSession(t.Context(), *who, 24*time.Hour, Origin{})
		if err != nil {
			t.Fatal(err)
		}
		now = noon.Add(20 * time.Hour) // it was switched off
		if found, err := d.FindSession(t.Context(), text); err != nil || !found.Valid(now) || found.ID != s.ID {
			t.Errorf("after a night: %+v, %v", found, err)
		}
		if err := d.RevokeToken(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
		if found, err := d.FindSession(t.Context(), text); err != nil || found.Valid(now) {
			t.Errorf("revoked: %+v, %v", found, err)
		}
		late := open()
		now = now.Add(10 * time.Minute)
		if _, kind, ok := pair(late.Code); ok || kind != fault.NotFound {
			t.Errorf("an expired code: %v", kind)
		}
		for range pairingsAtOnce {
			open() // the expired one has gone
		}
		if _, err := d.OpenPairing(t.Context(), "", time.Minute); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("more codes than may be: %v", err)
		}
	})
}

func TestAuditIsSearched(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		for _, l := range []AuditLine{{Who: "Eva", Action: "call.hangup", Object: "c1"}, {Who: "ivan", Action: "agent.pause", Object: "101", Detail: "50% of lunch_time"}} {
			if err := d.Audit(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		for text, want := range map[string]int{"eva": 1, "HANGUP": 1, "101": 1, "lunch": 1, "50%": 1, "5%": 0, "lunch_time": 1, "h_time": 1, "l_n": 0, "nobody": 0, "": 2} {
			if list, _, err := d.AuditLog(t.Context(), AuditFilter{Text: text}); err != nil || len(list) != want {
				t.Errorf("%q: %d lines, %v, want %d", text, len(list), err, want)
			}
		}
	})
}
