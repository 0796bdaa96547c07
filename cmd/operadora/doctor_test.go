package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/operadora/operadora/orchestrator/lab"
)

// examined is a line of doctor's JSON.
type examined struct{ Part, Check, Verdict, Text, Remedy string }

// examine runs doctor in this process, as the command line does.
func examine(t *testing.T, config string, more ...string) ([]examined, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetArgs(append([]string{"doctor", "--json", "--limit", "90s", "-c", config, "--console", "no-console-here"}, more...))
	failed := root.ExecuteContext(t.Context())
	var doc struct {
		Verdict string
		Lines   []examined
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	if (doc.Verdict == "fault") != (failed != nil) {
		t.Errorf("verdict %q, and the command ends with %v", doc.Verdict, failed)
	}
	for _, l := range doc.Lines {
		if (l.Remedy == "") != (l.Verdict == "ok") {
			t.Errorf("remedy %q of %+v", l.Remedy, l)
		}
	}
	return doc.Lines, failed
}

// faultsOf lists the lines that are faults.
func faultsOf(lines []examined) (out []examined) {
	for _, l := range lines {
		if l.Verdict == "fault" {
			out = append(out, l)
		}
	}
	return out
}

// want fails unless a line of a part and check has the verdict and names text.
func wantLine(t *testing.T, lines []examined, part, check, verdict, text string) {
	t.Helper()
	for _, l := range lines {
		if l.Part == part && l.Check == check && l.Verdict == verdict && strings.Contains(l.Text, text) {
			return
		}
	}
	t.Errorf("no line %s, %s, %s with %q in:", part, check, verdict, text)
	for _, l := range lines {
		t.Errorf("  %+v", l)
	}
}

// configText is the rig's configuration file.
func (r *rig) configText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(r.Config())
	must(t, err)
	return string(text)
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	api := port.Addr().String() // of operadora, once it is free again
	r := newRig(t, rigOptions{agents: 2})
	must(t, r.Write("operadora.yaml", strings.Replace(r.configText(t), "127.0.0.1:0", api, 1)))
	must(t, port.Close())
	for _, user := range []string{"101", "102"} {
		r.desk(user)
	}
	lines, err := examine(t, r.Config())
	if err != nil {
		t.Errorf("all is well, and doctor says %v: %+v", err, faultsOf(lines))
	}
	for _, row := range [][4]string{
		{"configuration", "valid", "ok", "1 PBX"}, {"definitions", "valid", "ok", "1 queue, 2 agents, 1 number, 2 flows"},
		{"api", "address", "ok", "free"}, {"redis", "persistence", "ok", "append-only"}, {"redis", "version", "ok", ""},
		{"redis", "clock", "ok", ""}, {"records", "writable", "ok", ""}, {"pbx main", "login", "ok", "operadora"},
		{"pbx main", "version", "ok", "Asterisk"}, {"pbx main", "modules", "ok", "all"}, {"pbx main", "application", "ok", "free"},
		{"pbx main", "websocket write timeout", "ok", "5s"}, {"pbx main", "http sessions", "ok", "66 connections"},
		{"pbx main", "recordings", "ok", "format wav was made, kept and removed"}, {"pbx main", "this machine", "note", "were not examined"},
		{"security", "exposure", "ok", "nothing"},
		{"pbx main", "sounds", "ok", "es"}, {"pbx main", "phones", "ok", "2 desk phones, all registered"},
		{"pbx main", "vanished phones", "note", "2 desk phones"}, {"pbx main", "dialplan", "note", "by a call"},
	} {
		wantLine(t, lines, row[0], row[1], row[2], row[3])
	}

	t.Log("beside a running operadora")
	r.start()
	mark := r.Log.Mark()
	lines, err = examine(t, r.Config())
	if err != nil {
		t.Errorf("beside operadora: %v: %+v", err, faultsOf(lines))
	}
	wantLine(t, lines, "pbx main", "http sessions", "ok", "8 more connections")
	wantLine(t, lines, "pbx main", "application", "ok", "held by the operadora that serves here")
	must(t, r.Signal(syscall.SIGHUP))
	r.waitLog(mark, "definitions reloaded") // so the log is up to date
	if log := r.Log.Text(); strings.Count(log, "pbx connected") != 1 || strings.Contains(log, "pbx gone") {
		t.Errorf("doctor disturbed operadora:\n%s", log)
	}
}

func TestDoctorFindsFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"flows/lost.yaml": strings.NewReplacer(
		"flow: line", "flow: lost", "vm-goodbye", "custom/nobody-recorded-this").Replace(rigFlow)}})
	r.desk("101")
	cli := func(command string) {
		if out, err := r.Asterisk.CLI(command); err != nil {
			t.Fatal(out, err)
		}
	}
	cli("module unload app_stasis.so")
	lines, err := examine(t, r.Config())
	if err == nil {
		t.Error("faults, and doctor succeeds")
	}
	wantLine(t, lines, "pbx main", "module app_stasis", "fault", "handing calls over")
	for _, language := range []string{"en", "es"} {
		wantLine(t, lines, "pbx main", "sounds", "fault",
			"flow lost (flows/lost.yaml) lacks 1 sound in language "+language+": custom/nobody-recorded-this (line 9)")
	}
	wantLine(t, lines, "pbx main", "phones", "warning", "1 of 2 are not registered: PJSIP/102 (102)")
	if n := len(faultsOf(lines)); n != 3 { // the sound in two languages
		t.Errorf("%d faults: %+v", n, faultsOf(lines))
	}

	t.Log("the same sound, by the lint of flows")
	var printed bytes.Buffer
	root := newRootCommand()
	root.SetOut(&printed)
	root.SetArgs([]string{"flow", "lint", "--pbx", "main", "-c", r.Config()})
	if err := root.ExecuteContext(t.Context()); err == nil || strings.Count(printed.String(), "error:") != 2 ||
		!strings.Contains(printed.String(), `flows/lost.yaml:9:3: E09 flow lost: the PBX has no sound "custom/nobody-recorded-this" in language es`) {
		t.Errorf("error %v, output\n%s", err, printed.String())
	}

	t.Log("what this machine's console tells, and a folder for recordings that is not there")
	must(t, os.Rename(r.Asterisk.RecordingDir(), r.Asterisk.RecordingDir()+".away"))
	console := filepath.Join(r.Dir, "console")
	must(t, os.WriteFile(console, []byte("#!/bin/sh\nexec "+strings.Join(r.Asterisk.Console(), " ")+" \"$@\"\n"), 0o700)) //nolint:gosec // a program
	lines, _ = examine(t, r.Config(), "--console", console)
	wantLine(t, lines, "pbx main", "recordings", "fault", "is there the folder "+r.Asterisk.RecordingDir())
	wantLine(t, lines, "pbx main", "files", "ok", "Asterisk can read")
	wantLine(t, lines, "pbx main", "inbound context", "ok", "operadora-inbound")
	wantLine(t, lines, "pbx main", "hold music", "ok", "default")
	must(t, os.Rename(r.Asterisk.RecordingDir()+".away", r.Asterisk.RecordingDir()))

	t.Log("the sounds that are missing are made of the flows' texts")
	sounds := t.TempDir()
	out, err := r.Run("sounds", "speak", "--dir", sounds, "--console", console)
	if err == nil || !strings.Contains(out, "not made") || !strings.Contains(out, "custom/nobody-recorded-this.wav") {
		t.Errorf("nobody wrote the text down: %v, %s", err, out)
	}
	must(t, r.Write("definitions/flows/lost.yaml", strings.NewReplacer("flow: line", "flow: lost",
		"vm-goodbye}", `custom/nobody-recorded-this, text: {en: "Good bye.", es: "Adiós."}}`).Replace(rigFlow)))
	out, err = r.Run("sounds", "speak", "--dir", sounds)
	must(t, err)
	for _, language := range []string{"en", "es"} {
		samples, err := lab.ReadWAV(filepath.Join(sounds, language, "custom", "nobody-recorded-this.wav"))
		if err != nil || len(samples) < 2000 {
			t.Errorf("%d samples, %v:\n%s", len(samples), err, out)
		}
	}

	t.Log("a module that the examination itself needs")
	cli("module load app_stasis.so")
	cli("module unload res_ari_sounds.so")
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "module res_ari_sounds", "warning", "")
	wantLine(t, lines, "pbx main", "sounds", "note", "")
	cli("module load res_ari_sounds.so")

	t.Log("Redis away")
	must(t, r.Redis.Kill())
	lines, err = examine(t, r.Config())
	if err == nil {
		t.Error("Redis is away, and doctor succeeds")
	}
	wantLine(t, lines, "redis", "reachable", "fault", "connection refused")
	wantLine(t, lines, "pbx main", "login", "ok", "")
}

func TestDoctorAtTheDoor(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	r := newRig(t, rigOptions{agents: 1, password: "wrong", asterisk: lab.AsteriskOptions{Files: map[string]string{
		"ari.conf":  "[general]\n#include ari_operadora.conf\n[reader]\ntype = user\nread_only = yes\npassword = reads\n",
		"http.conf": "[general]\n#include http_operadora.conf\n[general](+)\nsessionlimit = 30\n",
	}}})
	lines, err := examine(t, r.Config())
	if err == nil {
		t.Error("a wrong password, and doctor succeeds")
	}
	wantLine(t, lines, "pbx main", "login", "fault", "401")

	t.Log("a user who may only read, and few sessions")
	text := strings.NewReplacer(`"wrong"`, `"reads"`, `user: "`+r.Asterisk.User(), `user: "reader`).Replace(r.configText(t))
	must(t, r.Write("operadora.yaml", text))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "login", "fault", "may read but not command")
	wantLine(t, lines, "pbx main", "http sessions", "warning", "refused the next")

	t.Log("an Asterisk that hangs")
	must(t, r.Write("operadora.yaml", strings.Replace(text, "ping_interval: 1s", "ping_interval: 1s, request_timeout: 1s", 1)))
	must(t, r.Asterisk.Pause())
	lines, _ = examine(t, r.Config())
	must(t, r.Asterisk.Resume())
	wantLine(t, lines, "pbx main", "reachable", "fault", "deadline exceeded")

	t.Log("nobody at the address, a taken port, a folder that is not there")
	nobody, err := net.Listen("tcp", "127.0.0.1:0") // a port that is closed in a moment
	must(t, err)
	free := nobody.Addr().String()
	must(t, nobody.Close())
	must(t, r.Write("operadora.yaml", `redis: {addrs: ["`+r.Redis.Addr()+`"]}
api: {listen: "`+strings.TrimPrefix(r.Asterisk.ARIURL(), "http://")[:len("127.0.0.1:00000")]+`"}
records: {dsn: "sqlite:no-such-folder/operadora.db"}
pbxs: {main: {ari: {url: "http://`+free+`/ari", password: x}}}
`))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "reachable", "fault", "connection refused")
	wantLine(t, lines, "api", "address", "fault", "another program")
	wantLine(t, lines, "records", "opens", "fault", "no-such-folder")

	t.Log("a configuration that cannot be read")
	must(t, r.Write("operadora.yaml", "redis: {adrs: []}\n"))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "configuration", "valid", "fault", "adrs")
	if len(lines) != 1 {
		t.Errorf("%d lines", len(lines))
	}
}
