package lab_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

func TestAsteriskAnswersARI(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(101, 103)})
	var info struct {
		System struct {
			Version string `json:"version"`
		} `json:"system"`
	}
	if code := get(t, a, a.Password(), "/asterisk/info", &info); code != http.StatusOK {
		t.Fatalf("GET /asterisk/info answered %d", code)
	}
	if info.System.Version == "" {
		t.Error("no version in /asterisk/info")
	}
	if code := get(t, a, "wrong-password", "/asterisk/info", nil); code != http.StatusUnauthorized {
		t.Errorf("with a wrong password ARI answered %d, want 401", code)
	}
	var endpoints []struct{ Resource string }
	get(t, a, a.Password(), "/endpoints/PJSIP", &endpoints)
	var names []string
	for _, e := range endpoints {
		names = append(names, e.Resource)
	}
	for _, want := range []string{"101", "102", "103"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("endpoints %v lack %s", names, want)
		}
	}
}

// get asks ARI and decodes the answer into v unless it is nil.
func get(t *testing.T, a *lab.Asterisk, password, path string, v any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.ARIURL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(a.User(), password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if v != nil {
		if err := json.NewDecoder(res.Body).Decode(v); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}
