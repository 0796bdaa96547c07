package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/api"
)

// TestRemoteGoesByTheConfiguration asks an API at an address that only the configuration names.
func TestRemoteGoesByTheConfiguration(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/agents", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"items": [{"id": "101", "state": "wrapup"}, {"id": "102", "state": "reserved"}, {"id": "103", "state": "offline"}, {"id": "104", "state": "available"}, {"id": "105", "state": "available", "device": "busy"}, {"id": "106", "state": "talking", "next": "pause", "next_reason": "lunch"}, {"id": "107", "state": "paused", "reason": "coffee", "over": "at_once"}]}`)
	})
	refuse := func(w http.ResponseWriter, field, detail string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"title": "Bad Request", "code": "bad_%s", "field": %q, "detail": %q}`, field, field, detail)
	}
	mux.HandleFunc("POST /api/v1/agents/101/pause", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, "reason", `reason: "nosuch" is not a defined pause reason`)
	})
	mux.HandleFunc("POST /api/v1/agents/101/dispose", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, "disposition", `disposition: "x" is not a disposition of the call's queue`)
	})
	mux.HandleFunc("POST /api/v1/agents/101/login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"result": "ok", "agent": "101", "state": "paused"}`)
	})
	mux.HandleFunc("GET /api/v1/definitions", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"pause_reasons": [{"id": "lunch"}, {"id": "training"}], "dispositions": [{"id": "sale", "queues": ["sales"]}, {"id": "cash", "parent": "sale"}, {"id": "done"}]}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	config := filepath.Join(t.TempDir(), "operadora.yaml")
	must(t, os.WriteFile(config, []byte("api: {listen: '"+server.Listener.Addr().String()+"'}\npbxs: {main: {ari: {url: 'http://127.0.0.1:1/ari'}}}\n"), 0o600))
	run := func(args ...string) (string, error) {
		return command(t, append([]string{"-c", config, "agent", "--token", "x"}, args...)...)
	}
	out, err := run("login", "101", "--line")
	if err != nil || out != "101: ok, the phone rings: calls come once it is picked up\n" {
		t.Errorf("a permanent line: %q, %v", out, err)
	}
	out, err = run("list")
	must(t, err)
	for i, want := range []string{"STATE", "wrap-up", "ringing", "offline", "available", "phone busy", "pause: lunch", "coffee (over: at once)"} {
		if line := strings.Split(out, "\n")[i]; !strings.Contains(line, want) {
			t.Errorf("line %q without %q", line, want)
		}
	}
	for _, row := range []struct{ args, want string }{
		{"pause 101 nosuch", `Bad Request: reason: "nosuch" is not a defined pause reason; defined: lunch, training`},
		{"dispose 101 x", `Bad Request: disposition: "x" is not a disposition of the call's queue; defined: cash (sales), done`},
	} {
		if _, err := run(strings.Fields(row.args)...); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", row.args, err, row.want)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	base := "http://" + l.Addr().String()
	must(t, l.Close())
	if _, err := command(t, "agent", "list", "--token", "x", "--url", base); err == nil || err.Error() != "nothing answers at "+base+": run `operadora serve`, or give --url" {
		t.Error(err)
	}
	if _, err := command(t, "agent", "list", "--token", "x", "-c", "/nowhere.yaml"); err == nil || !strings.Contains(err.Error(), "(--url names") {
		t.Errorf("a configuration that is not there: %v", err)
	}
}

func TestURLOfTheAPI(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8090": "127.0.0.1:8090", "0.0.0.0:81": "127.0.0.1:81", ":82": "127.0.0.1:82", "[::]:83": "[::1]:83", "pbx.example:84": "pbx.example:84",
	} {
		if got, err := urlOf(api.Config{Listen: listen}); err != nil || got != "http://"+want {
			t.Errorf("%s: %s, %v", listen, got, err)
		}
		if got, err := urlOf(api.Config{Listen: listen, TLSCert: "cert.pem"}); err != nil || got != "https://"+want {
			t.Errorf("%s with TLS: %s, %v", listen, got, err)
		}
	}
}

// TestURLWithoutScheme is the address as one thinks of it first.
func TestURLWithoutScheme(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"localhost:8090", "127.0.0.1:8090", "ftp://127.0.0.1", "http://"} {
		_, err := run(t, "agent", "list", "--url", url, "--token", "x")
		if err == nil || !strings.Contains(err.Error(), `--url "`+url+`" is not an address such as http://127.0.0.1:8090: it must begin with http:// or https://`) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestTimesAreTheCentres: a time that names no zone is in the centre's, and is said to be; one that does is not changed.
func TestTimesAreTheCentres(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name": "x", "role": "admin", "permissions": [], "time_zone": "Asia/Kathmandu"}`)
	})
	var at string
	mux.HandleFunc("POST /api/v1/campaigns/march/appointments", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ At string }
		must(t, json.NewDecoder(r.Body).Decode(&body))
		at = body.At
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for said, want := range map[string]string{"2036-12-01 10:00": "2036-12-01T10:00:00+05:45", "2036-12-01": "2036-12-01T00:00:00+05:45", "2036-12-01T10:00:00Z": "2036-12-01T10:00:00Z"} {
		out, err := command(t, "campaign", "appointment", "march", "17", "--at", said, "--url", server.URL, "--token", "x")
		if at != want || err != nil || !strings.Contains(out, "called at "+want) {
			t.Errorf("%s: at %s, want %s; %q, %v", said, at, want, out, err)
		}
		if named := strings.Contains(out, "--at "+said+" is "+want+", in Asia/Kathmandu"); named != !strings.HasSuffix(said, "Z") {
			t.Errorf("%s: %q", said, out)
		}
	}
}
