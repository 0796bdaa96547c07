package esl

import (
	"strings"
	"testing"
)

// A FreeSWITCH that does not tell who is registered has no phones that are; that
// it does not tell is said, wherever its refusal stands.
func TestPhonesNobodyTellsOf(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.here["101"] = true
	ask := func() (map[string]bool, error) {
		return Phones(t.Context(), f.config(), "pbx.example", []string{"user/101", "user/102"})
	}
	if phones, err := ask(); err != nil || !phones["user/101"] || phones["user/102"] {
		t.Errorf("%v, %v", phones, err)
	}
	f.mu.Lock()
	f.refuses = "api sofia_contact"
	f.mu.Unlock()
	if phones, err := ask(); err == nil {
		t.Errorf("nobody told, and the answer is %v", phones)
	}
}

// Why an examination ended early is told as FreeSWITCH says it.
func TestProbeTellsOfARefusal(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"event", "bgapi"} {
		f := newFake(t)
		f.refuses = refused
		_, err := Probe(t.Context(), f.config())
		if err == nil || strings.Contains(err.Error(), "%!") || !strings.Contains(err.Error(), "command not found") {
			t.Errorf("%s is refused: %v", refused, err)
		}
	}
}
