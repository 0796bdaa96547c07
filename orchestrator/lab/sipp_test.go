package lab_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/lab"
)

// phones starts SIPp phones and an Asterisk that knows them as 101 to 103.
func phones(t *testing.T, o lab.SIPpPhones) (*lab.Asterisk, *lab.SIPp) {
	t.Helper()
	lab.Require(t)
	s, err := lab.StartSIPpPhones(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var desks []lab.Endpoint
	for n := 101; n <= 103; n++ {
		user := fmt.Sprint(n)
		desks = append(desks, lab.Endpoint{User: user, Contact: "sip:" + user + "@" + s.Addr()})
	}
	return lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: desks, Log: lab.LogVerbose}), s
}

func call(t *testing.T, a *lab.Asterisk, o lab.SIPpCallers) lab.SIPpResult {
	t.Helper()
	o.Target = a.SIPAddr()
	s, err := lab.StartSIPpCallers(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Wait(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSIPpCallerHangsUpOnSIPpPhone(t *testing.T) {
	t.Parallel()
	a, desk := phones(t, lab.SIPpPhones{Ring: 50 * time.Millisecond})
	got := call(t, a, lab.SIPpCallers{Number: "101", Calls: 5, Rate: 20, Stay: 200 * time.Millisecond})
	if got.Calls != 5 || got.Successful != 5 {
		t.Errorf("callers: %+v, want 5 calls, all successful", got)
	}
	if r, err := desk.Stop(); err != nil || r.Successful != 5 || r.Failed != 0 {
		t.Errorf("phones: %+v (%v), want 5 successful", r, err)
	}
}

func TestSIPpPhoneHangsUpOnSIPpCaller(t *testing.T) {
	t.Parallel()
	a, desk := phones(t, lab.SIPpPhones{Calls: 3, Talk: 200 * time.Millisecond})
	got := call(t, a, lab.SIPpCallers{Number: "102", Calls: 3})
	if got.Successful != 3 {
		t.Errorf("callers: %+v, want 3 successful", got)
	}
	if r, err := desk.Wait(limit(t)); err != nil || r.Successful != 3 {
		t.Errorf("phones: %+v (%v), want 3 successful", r, err)
	}
}

func TestSIPpPhoneRefuses(t *testing.T) {
	t.Parallel()
	a, desk := phones(t, lab.SIPpPhones{Calls: 1, Refuse: 486})
	if got := call(t, a, lab.SIPpCallers{Number: "101", Calls: 1}); got.Failed != 1 {
		t.Errorf("callers: %+v, want 1 failed", got)
	}
	if r, err := desk.Wait(limit(t)); err != nil || r.Successful != 1 {
		t.Errorf("phones: %+v (%v), want 1 successful", r, err)
	}
}

func TestSIPpCallerGivesUpOnAPhoneThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	a, desk := phones(t, lab.SIPpPhones{Calls: 1, NeverAnswer: true})
	if got := call(t, a, lab.SIPpCallers{Number: "101", Calls: 1, Patience: 300 * time.Millisecond}); got.Abandoned != 1 || got.Successful != 0 {
		t.Errorf("callers: %+v, want 1 abandoned", got)
	}
	if r, err := desk.Wait(limit(t)); err != nil || r.Successful != 1 {
		t.Errorf("phones: %+v (%v), want the cancelled call to count as successful", r, err)
	}
}

func TestSIPpCallerPressesKeys(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Log: lab.LogVerbose})
	got := call(t, a, lab.SIPpCallers{Number: lab.DigitExtension, Calls: 1, Keys: []lab.Key{
		{After: 200 * time.Millisecond, Digit: '4'}, {After: 300 * time.Millisecond, Digit: '2'}, {After: 300 * time.Millisecond, Digit: '#'},
	}})
	if got.Successful != 1 {
		t.Errorf("callers: %+v, want 1 successful", got)
	}
	if err := a.WaitLog(limit(t), "lab: digits <42>"); err != nil {
		t.Error(err)
	}
}
