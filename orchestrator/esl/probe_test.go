package esl

import "testing"

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
