package lab_test

import (
	"errors"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

// Two phones can call each other without a PBX.
func TestPhoneAnswersIfAsked(t *testing.T) {
	t.Parallel()
	desk := lab.PhoneFor(t, lab.PhoneOptions{User: "101", OnInvite: lab.AnswerIfAsked(lab.RejectWith(486))})
	out := lab.PhoneFor(t, lab.PhoneOptions{User: "5554000", Server: desk.Addr()})
	for _, row := range []struct {
		header, value string
		answered      bool
	}{
		{"Call-Info", "<sip:127.0.0.1>;answer-after=0", true},
		{"Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer", true},
		{"Alert-Info", "Ring Answer", false},
		{"X-Other", "answer-after=0", false},
	} {
		call, err := out.Dial(limit(t), "101", lab.DialOptions{Headers: map[string]string{row.header: row.value}})
		var refused *lab.RefusedError
		if row.answered != (err == nil) || err != nil && (!errors.As(err, &refused) || refused.Code != 486) {
			t.Errorf("%s: %s: %v, want it answered: %v", row.header, row.value, err, row.answered)
		}
		there, err := desk.NextCall(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := there.Header(row.header); got != row.value {
			t.Errorf("the phone saw %s: %q, want %q", row.header, got, row.value)
		}
		if call == nil {
			continue
		}
		there.PlayTone(640)
		if err := call.WaitTone(limit(t), 640); err != nil {
			t.Error(err)
		}
		if err := call.Hangup(); err != nil {
			t.Error(err)
		}
	}
}

func TestPhoneCloseEndsItsCalls(t *testing.T) {
	t.Parallel()
	desk := lab.PhoneFor(t, lab.PhoneOptions{User: "101", OnInvite: lab.AnswerAfter(0)})
	out := lab.PhoneFor(t, lab.PhoneOptions{User: "5554001", Server: desk.Addr()})
	call, err := out.Dial(limit(t), "101", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	desk.Close()
	if end, err := call.WaitEnd(limit(t)); err != nil || !end.Remote || !end.Answered {
		t.Errorf("the call ended as %+v (%v), want hung up by the other side", end, err)
	}
	if _, err := desk.Place(limit(t), "1", lab.DialOptions{}); err == nil {
		t.Error("a closed phone calls")
	}
}
