package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// initialised is a folder with what `operadora init` writes.
func initialised(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	_, err := run(t, "init", "--dir", dir, "--admin", "")
	must(t, err)
	return dir
}

// put replaces a text of a file.
func put(t *testing.T, file, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	if !strings.Contains(string(raw), from) {
		t.Fatalf("%s has no %q", file, from)
	}
	must(t, os.WriteFile(file, []byte(strings.Replace(string(raw), from, to, 1)), 0o600))
}

// TestCheckTellsOneLinePerCause changes one thing, or two, in what init writes.
func TestCheckTellsOneLinePerCause(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(dir string)
		want   []string // a part of each line, in order
	}{
		"no queues.yaml": {func(dir string) { must(t, os.Remove(filepath.Join(dir, "definitions", "queues.yaml"))) },
			[]string{"queues.yaml: E12 queues: no file defines a queue, and agents serve one"}},
		"a pipe": {func(dir string) {
			must(t, os.Remove(filepath.Join(dir, "definitions", "queues.yaml")))
			must(t, syscall.Mkfifo(filepath.Join(dir, "definitions", "queues.yaml"), 0o600))
		}, []string{"queues.yaml: E00 queues.yaml is no regular file"}},
		"a device": {func(dir string) {
			must(t, os.Remove(filepath.Join(dir, "definitions", "dids.yaml")))
			must(t, os.Symlink("/dev/zero", filepath.Join(dir, "definitions", "dids.yaml")))
		}, []string{"dids.yaml: E00 dids.yaml is no regular file"}},
		"a pipe for a flow": {func(dir string) {
			must(t, syscall.Mkfifo(filepath.Join(dir, "definitions", "flows", "x.yaml"), 0o600))
		}, []string{"flows/x.yaml: E00 flows/x.yaml is no regular file"}},
		"a link to nowhere for agents": {func(dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "definitions", "agents"), 0o700))
			must(t, os.Symlink("/nowhere/night.yaml", filepath.Join(dir, "definitions", "agents", "night.yaml")))
			must(t, os.Symlink("ana@host.1", filepath.Join(dir, "definitions", "agents", ".#day.yaml"))) // Emacs: it is being edited
		}, []string{"agents/night.yaml: E00 stat agents/night.yaml: no such file or directory"}},
		"a link to nowhere for a flow": {func(dir string) {
			must(t, os.Symlink("/nowhere/x.yaml", filepath.Join(dir, "definitions", "flows", "x.yaml")))
		}, []string{"flows/x.yaml: E00 stat flows/x.yaml: no such file or directory"}},
		"no folder behind agents": {func(dir string) {
			must(t, os.Symlink("/nowhere", filepath.Join(dir, "definitions", "agents")))
		}, []string{"agents: E00 the folder cannot be read: open agents: no such file or directory"}},
		"a file in place of a folder": {func(dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "definitions", "profiles"), nil, 0o600))
		}, []string{"profiles: E00 the folder cannot be read: "}},
		"brackets": {func(dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "definitions", "agents.yaml"), []byte("agents: "+strings.Repeat("[", 200_000)), 0o600))
		}, []string{"agents.yaml:1:1: E00 what is written is nested more than 64 deep"}},
		"a queue that is misspelt": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "queues.yaml"), "strategy: longest_idle", "stratgy: longest_idle")
		},
			[]string{`queues.yaml:7:5: E00 queues[0].stratgy: there is no such key; did you mean "strategy"?`}},
		"two files": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "queues.yaml"), "ring_timeout: 15s", "ring_timeout: [1]")
			put(t, filepath.Join(dir, "definitions", "flows", "welcome.yaml"), "type: menu", "type: menuu")
		}, []string{"flows/welcome.yaml:", "queues.yaml:8:19: E00 queues[0].ring_timeout: must be a duration such as 30s, not a list"}},
		"the configuration too": {func(dir string) {
			put(t, filepath.Join(dir, "operadora.yaml"), "lease_ttl: 2s", "lease_ttl: 48h")
			put(t, filepath.Join(dir, "definitions", "queues.yaml"), "ring_timeout: 15s", "ring_timeout: 15")
		}, []string{"operadora.yaml:", "queues.yaml:8:19: E00 queues[0].ring_timeout: 15 has no unit"}},
		"codes as they are dialled": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "agents.yaml"), `id: "101"`, `id: 0105, pin: 0123`)
		}, nil},
		"an address that is none": {func(dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "definitions", "mailboxes.yaml"), []byte("mailboxes:\n  sales: {to: [ana@example.com, \"luis@example.com\\r\\nBcc: eve@example.com\"]}\n"), 0o600))
		}, []string{`mailboxes.yaml:2:33: E00 mailboxes.sales.to[1]: "luis@example.com\r\nBcc: eve@example.com" holds control characters`}},
		"an address of two words": {func(dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "definitions", "mailboxes.yaml"), []byte("mailboxes:\n  sales: {to: [ana@example.com, luis at example.com]}\n"), 0o600))
		}, []string{`mailboxes.yaml:2:33: E00 mailboxes.sales.to: "luis at example.com" is no mail address such as ana@example.com`}},
		"a mailbox that is not there": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "flows", "voicemail.yaml"), "{type: record, ", "{type: record, mailbox: sales, ")
		}, []string{`E12 flow voicemail, node take: mailbox "sales" is not defined in mailboxes.yaml`}},
		"a source that is not there": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "flows", "voicemail.yaml"), "nodes:\n", "nodes:\n  who: {type: lookup, source: crm, on: {found: offer, none: offer, error: offer}}\n")
			put(t, filepath.Join(dir, "definitions", "flows", "voicemail.yaml"), "start: offer", "start: who")
			must(t, os.WriteFile(filepath.Join(dir, "definitions", "lookups.yaml"), []byte("lookups:\n  cmr: {kind: http, url: \"https://crm.example.com\", headers: {X-Api-Key: \"abc\"}}\n"), 0o600))
		}, []string{`E12 flow voicemail, node who: source "crm" is not defined in lookups.yaml; did you mean "cmr"?`, `lookups.yaml:2:74: E00 lookups.cmr.headers.X-Api-Key: a secret does not stand in the definitions`}},
		"an edge to nowhere": {func(dir string) {
			put(t, filepath.Join(dir, "definitions", "flows", "welcome.yaml"), `"1": to_sales`, `"1": to_slaes`)
		}, []string{`there is no such node; did you mean "to_sales"?`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := initialised(t)
			row.change(dir)
			out, err := run(t, "check", "-c", filepath.Join(dir, "operadora.yaml"))
			var lines []string
			if err != nil {
				for line := range strings.Lines(err.Error()) {
					if !strings.HasSuffix(line, "cannot be used:\n") {
						lines = append(lines, line)
					}
				}
			}
			if len(lines) != len(row.want) {
				t.Fatalf("%d lines, want %d:\n%s%v", len(lines), len(row.want), out, err)
			}
			for i, want := range row.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

// TestCheckOfMailboxes: a set with mailboxes is fine, and said to be of no use without a server.
func TestCheckOfMailboxes(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	must(t, os.WriteFile(filepath.Join(dir, "definitions", "mailboxes.yaml"), []byte("mailboxes:\n  sales: {to: [ana@example.com]}\n"), 0o600))
	put(t, filepath.Join(dir, "definitions", "flows", "voicemail.yaml"), "{type: record, ", "{type: record, mailbox: sales, ")
	out, err := run(t, "check", "-c", filepath.Join(dir, "operadora.yaml"))
	if err != nil || !strings.Contains(out, "mail.host of the configuration is empty: nobody is told") {
		t.Errorf("%s%v", out, err)
	}
	put(t, filepath.Join(dir, "operadora.yaml"), `from: ""`, `from: "operadora"`)
	put(t, filepath.Join(dir, "operadora.yaml"), `host: ""`, `host: "mail.example.com"`)
	if _, err = run(t, "check", "-c", filepath.Join(dir, "operadora.yaml")); err == nil || !strings.Contains(err.Error(), `mail.from: "operadora" is no mail address`) {
		t.Errorf("%v", err)
	}
}

// TestCodesAreTakenAsTheyAreWritten: YAML has an octal number there.
func TestCodesAreTakenAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	floor := readACD(os.DirFS(writeAgents(t, "agents: [{id: 0105, pin: 0123, pbx: main, endpoint: PJSIP/101}]\n")))
	must(t, floor.faults.Err())
	if a := floor.defs.Agents[0]; a.ID != "0105" || a.PIN.Reveal() != "0123" {
		t.Errorf("agent %q with PIN %q", a.ID, a.PIN.Reveal())
	}
}

func writeAgents(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte(text), 0o600))
	return dir
}

// TestCheckWarns has what works and is not safe.
func TestCheckWarns(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	file := filepath.Join(dir, "operadora.yaml")
	out, err := run(t, "check", "-c", file)
	must(t, err)
	if !strings.HasPrefix(out, "ok: ") {
		t.Errorf("what init writes: %s", out)
	}
	put(t, file, `listen: "127.0.0.1:8090"`, `listen: "0.0.0.0:8090"`)
	put(t, file, "addrs: [127.0.0.1:6379]", `addrs: ["10.0.0.7:6379"]`)
	put(t, file, "trusted_proxies: []", "trusted_proxies: [0.0.0.0/0]")
	must(t, os.Chmod(file, 0o644))
	agents := filepath.Join(dir, "definitions", "agents.yaml")
	put(t, agents, `id: "101", `, `id: "101", pin: "4711", `)
	must(t, os.Chmod(agents, 0o644))
	out, err = run(t, "check", "-c", file)
	must(t, err)
	for _, want := range []string{"warning: file mode: everybody on this machine can read " + file, "warning: file mode: everybody on this machine can read " + agents, "warning: api.listen: 0.0.0.0:8090 without TLS",
		"warning: redis.password: Redis at 10.0.0.7:6379 is beyond this machine", "warning: redis.tls: Redis at 10.0.0.7:6379", "warning: api.trusted_proxies: 0.0.0.0/0 believes everybody"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s\nlacks %q", out, want)
		}
	}
	for _, remedy := range []string{"chmod o-rwx " + file, "chmod o-rwx " + agents, "set api.tls_cert", "requirepass", "tls-port", "name the addresses"} {
		if strings.Count(out, remedy) != 1 {
			t.Errorf("%s\nhas %q %d times", out, remedy, strings.Count(out, remedy))
		}
	}
	if n := strings.Count(out, "warning: "); n != 6 {
		t.Errorf("%s\nwarns %d times of six things", out, n)
	}
}

// TestCheckWarnsOfNumbersNobodyDials: Asterisk's dialplan passes + and digits only.
func TestCheckWarnsOfNumbersNobodyDials(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	file := filepath.Join(dir, "operadora.yaml")
	put(t, filepath.Join(dir, "definitions", "dids.yaml"), "5000", "5OOO")
	const want = `W06 number 5OOO: `
	out, err := run(t, "check", "-c", file)
	must(t, err)
	if !strings.Contains(out, want) || !strings.Contains(out, "+ and digits") {
		t.Errorf("%s\nlacks %q", out, want)
	}
	put(t, file, "ari:", "kind: freeswitch\n    ari:")
	if out, _ = run(t, "check", "-c", file); strings.Contains(out, "W06") {
		t.Errorf("a FreeSWITCH dials names: %s", out)
	}
}

// TestCheckWarnsOfWhatNobodyMeets: a requirement that no agent of the queue meets, once
// for all queues that have it, and not one that depends on the call.
func TestCheckWarnsOfWhatNobodyMeets(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	defs := filepath.Join(dir, "definitions")
	must(t, os.WriteFile(filepath.Join(defs, "queues.yaml"), []byte("skills: [{name: english}, {name: german}]\nqueues:\n"+
		"  - {id: sales, requires: german >= 3}\n  - {id: support, requires: german >= 3, relax: [{after: 1m, requires: english >= 4}]}\n"+
		"  - {id: open, requires: 'skill(call.language) >= 1'}\n  - {id: empty, requires: german >= 1}\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(defs, "agents.yaml"), []byte("agents:\n"+
		"  - {id: \"101\", pbx: main, endpoint: PJSIP/101, skills: {english: 4}, queues: [sales, support, open]}\n"), 0o600))
	put(t, filepath.Join(defs, "flows", "welcome.yaml"), "queue: sales", "needs: german >= 2\n    queue: sales")
	out, err := run(t, "check", "-c", filepath.Join(dir, "operadora.yaml"))
	must(t, err)
	var warned []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, "W07") {
			warned = append(warned, line)
		}
	}
	if len(warned) != 2 || !strings.Contains(warned[0], `flows/welcome.yaml:`) || !strings.Contains(warned[0], `"german >= 2": no agent who serves sales can do so`) ||
		!strings.HasSuffix(warned[1], "queues.yaml:3:27: W07 queues[0].requires: \"german >= 3\": no agent who serves sales or support can do so; callers wait for nobody\n") {
		t.Errorf("warned of %q", warned)
	}
}
