package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

const toyReport = `{"report":"service","from":"2026-03-02T05:00:00Z","to":"2026-03-03T05:00:00Z","time_zone":"America/Bogota","by":["agent"],
	"columns":[{"name":"offered","unit":"count","formula":"O","meaning":"m","brief":true}],"rows":[{"keys":["101"],"values":[2]}],"total":[2]}`

// TestSheetCommand asks for a sheet by its day, and prints its parts.
func TestSheetCommand(t *testing.T) {
	t.Parallel()
	var asked url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		if asked.Get("format") == "html" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"queue":"sales","day":"2026-03-02","parts":[{"name":"agents","title":{"en":"By agent","es":"Por agente"},"report":`+toyReport+`}]}`)
	}))
	defer server.Close()
	run := func(args string) (string, error) {
		return command(t, append(strings.Fields(args), "--token", "x", "--url", server.URL)...)
	}
	out, err := run("sheet --queue sales --day 2026-03-02 --tz America/Bogota --language es")
	if must(t, err); out != "Por agente\nAGENTE  OFRECIDAS\n101     2\ntotal   2\n" {
		t.Errorf("printed\n%s", out)
	}
	for key, want := range map[string]string{"queue": "sales", "day": "2026-03-02", "time_zone": "America/Bogota", "interval_ms": "1800000", "language": "es", "format": ""} {
		if got := asked.Get(key); got != want {
			t.Errorf("asked for %s %q, want %q", key, got, want)
		}
	}
	if out, err := run("sheet --queue sales --format html"); err != nil || out != "<p>" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := run("sheet --campaign march"); err != nil || asked.Get("campaign") != "march" || asked.Has("queue") {
		t.Errorf("asked for %v, %v", asked, err)
	}
	for args, want := range map[string]string{"sheet": "campaign", "sheet --queue sales --campaign march": "campaign", "sheet --queue sales --day someday": `"someday"`, "sheet --queue sales --format pdf": `"pdf"`,
		"sheet --queue sales --format xlsx": "--output", "sheet --queue sales --language fr": `"fr"`} {
		if _, err := run(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// TestLogbookCommand asks for the log book of a shift, also of one over midnight, and
// writes into it.
func TestLogbookCommand(t *testing.T) {
	t.Parallel()
	var asked url.Values
	var note string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/logbook", func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"from":"2026-03-02T11:00:00Z","to":"2026-03-02T19:00:00Z","time_zone":"America/Bogota","queues":`+toyReport+`,
			"lines":[{"at":"2026-03-02T12:00:00Z","kind":"note","code":"logbook.note","who":"ana","text":{"en":"noisy","es":"ruido"}}]}`)
	})
	mux.HandleFunc("POST /api/v1/logbook", func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		note = string(b[:n])
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	run := func(args ...string) (string, error) {
		return command(t, append(args, "--token", "x", "--url", server.URL)...)
	}
	out, err := run(strings.Fields("logbook show --day 2026-03-02 --shift 06:00-14:00 --tz America/Bogota --language es")...)
	if must(t, err); !strings.HasPrefix(out, "HORA                 TIPO  QUIÉN  QUÉ\n2026-03-02 07:00:00  nota  ana    ruido\n\nAGENTE ") {
		t.Errorf("printed\n%s", out)
	}
	for shift, want := range map[string][2]string{"06:00-14:00": {"2026-03-02T06:00:00-05:00", "2026-03-02T14:00:00-05:00"},
		"22:00-06:00": {"2026-03-02T22:00:00-05:00", "2026-03-03T06:00:00-05:00"}, "00:00-24:00": {"2026-03-02T00:00:00-05:00", "2026-03-03T00:00:00-05:00"}} {
		if _, err := run("logbook", "show", "--day", "2026-03-02", "--tz", "America/Bogota", "--shift", shift); err != nil || asked.Get("from") != want[0] || asked.Get("to") != want[1] {
			t.Errorf("%s: asked for %s, %v", shift, asked, err)
		}
	}
	if _, err := run("logbook", "note", "the carrier was noisy"); err != nil || note != `{"text":"the carrier was noisy"}` && note != `{"text":"the carrier was noisy"}`+"\n" {
		t.Errorf("noted %q, %v", note, err)
	}
	for args, want := range map[string]string{"logbook show": "--day", "logbook show --day today --from 2026-03-02": "not both", "logbook show --day today --shift 6-14": `"6-14"`, "logbook show --day today --shift 24:00-06:00": `"24:00`,
		"logbook show --from someday": `"someday"`, "logbook show --day today --format xlsx --output " + filepath.Join(t.TempDir(), "no", "where"): "--output", "logbook note": "TEXT is missing"} {
		if _, err := run(strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// TestADayWithoutMidnight is itself, and not the day before: where clocks are set at
// midnight a day may begin at one o'clock.
func TestADayWithoutMidnight(t *testing.T) {
	t.Parallel()
	var asked url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<p>")
	}))
	defer server.Close()
	run := func(args string) {
		t.Helper()
		_, err := command(t, append(strings.Fields(args), "--token", "x", "--url", server.URL, "--format", "html")...)
		must(t, err)
	}
	run("sheet --queue sales --day 2026-09-06 --tz America/Santiago")
	if got := asked.Get("day"); got != "2026-09-06" {
		t.Errorf("the sheet of 2026-09-06 is asked for as that of %s", got)
	}
	for shift, want := range map[string][2]string{"06:00-14:00": {"2026-09-06T06:00:00-03:00", "2026-09-06T14:00:00-03:00"},
		"00:30-24:00": {"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}} {
		run("logbook show --day 2026-09-06 --tz America/Santiago --shift " + shift)
		if got := [2]string{asked.Get("from"), asked.Get("to")}; got != want {
			t.Errorf("%s is %s, want %s", shift, got, want)
		}
	}
	run("logbook show --from 2026-09-06 --tz America/Santiago")
	if got := asked.Get("from"); got != "2026-09-06T01:00:00-03:00" {
		t.Errorf("the day begins at %s", got)
	}
}

// TestFlagsThatSayNothingAreRefused: a shift is of a day.
func TestFlagsThatSayNothingAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<p>")
	}))
	defer server.Close()
	for args, flag := range map[string]string{"--from 2026-03-02 --shift 06:00-14:00": "--shift", "--day 2026-03-02 --to 2026-03-05": "--to"} {
		if _, err := command(t, strings.Fields("logbook show --format html --token x --url "+server.URL+" "+args)...); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %s says nothing, and nobody is told: %v", args, flag, err)
		}
	}
}
