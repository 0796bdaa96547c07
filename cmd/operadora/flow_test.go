package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

var updateFlows = flag.Bool("update-flows", false, "write what the flow commands print as the expected files")

// flowRun runs a flow command in a fresh folder made by init, with more files.
func flowRun(t *testing.T, files map[string]string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	initial, err := initialFiles(KindAsterisk, nil)
	must(t, err)
	for _, f := range initial {
		must(t, writeNew(filepath.Join(dir, f.path), f.content, f.mode))
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for i, a := range args {
		if strings.HasPrefix(a, "DIR") {
			args[i] = dir + a[len("DIR"):]
		}
	}
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetArgs(append([]string{"flow"}, args...))
	err = root.ExecuteContext(t.Context())
	return strings.ReplaceAll(out.String(), dir, "DIR"), err
}

const brokenFlow = `flow: broken
language: en
languages: [en]
start: begin
nodes:
  begin: {type: answer, next: wait}
  wait: {type: queue, queue: nobodys, on: {timeout: bye, full: end, no_agents: end, error: end}}
`

func TestFlowLint(t *testing.T) {
	t.Parallel()
	broken := map[string]string{"definitions/flows/broken.yaml": brokenFlow, "elsewhere/flows/mine.yaml": rigFlow,
		"alone/odd.yaml": brokenFlow, "alone/line.yaml": rigFlow, "definitions/flows/bad.yaml": "flow: [\n"}
	rows := []struct {
		name  string
		args  []string
		fails bool
		want  []string
		not   string
	}{
		{"a whole folder", []string{"lint", "DIR/definitions"}, true, []string{
			"error: DIR/definitions/flows/broken.yaml:7:3: E12 flow broken, node wait: queue \"nobodys\" is not defined",
			"error: DIR/definitions/flows/broken.yaml:7:", "E01 flow broken, node wait: outcome \"timeout\" leads to \"bye\"",
			"DIR/definitions/flows/bad.yaml:"}, ""},
		{"a file in its folder", []string{"lint", "DIR/definitions/flows/broken.yaml"}, true, []string{"E12", "E01"}, "bad.yaml"},
		{"a good one beside bad ones", []string{"lint", "DIR/definitions/flows/welcome.yaml"}, false, []string{"ok:"}, "broken"},
		{"a file without queues", []string{"lint", "DIR/elsewhere/flows/mine.yaml"}, false, []string{"warning:", "W05 flow line, node late", "ok:"}, "E12"},
		{"with a folder that lacks its queue", []string{"lint", "--definitions", "DIR/definitions", "DIR/alone/odd.yaml"}, true,
			[]string{"DIR/alone/odd.yaml:7:3: E12"}, "definitions/flows"},
		{"two files", []string{"lint", "--definitions", "DIR/definitions", "DIR/alone/odd.yaml", "DIR/alone/line.yaml"}, true, []string{"odd.yaml", "line.yaml"}, ""},
		{"with the gate's word", []string{"lint", "-c", "DIR/operadora.yaml"}, true, []string{"broken.yaml"}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out, err := flowRun(t, broken, row.args...)
			if (err != nil) != row.fails {
				t.Errorf("error %v", err)
			}
			for _, want := range row.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if row.not != "" && strings.Contains(out, row.not) {
				t.Errorf("%q in\n%s", row.not, out)
			}
		})
	}
}

func TestFlowRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"lint", "DIR/nowhere/flows/x.yaml"}, "no such file"},
		{[]string{"lint", "--definitions", "DIR/nowhere"}, "definitions folder"},
		{[]string{"lint", "--definitions", "DIR/operadora.yaml"}, "no folder"},
		{[]string{"lint", "--pbx", "paris", "-c", "DIR/operadora.yaml"}, `"paris" is not in the configuration`},
		{[]string{"lint", "--pbx", "main", "-c", "DIR/away.yaml"}, "sounds of PBX main cannot be listed"},
		{[]string{"lint", "--pbx", "main", "-c", "DIR/switch.yaml"}, "sounds of PBX main cannot be listed"},
		{[]string{"show", "nobody", "--definitions", "DIR/definitions"}, `no flow "nobody", but features, voicemail, welcome`},
		{[]string{"show", "DIR/bad.yaml", "--definitions", "DIR/definitions"}, "holds no flow"},
		{[]string{"show", "welcome", "--format", "png", "--definitions", "DIR/definitions"}, "neither text nor mermaid"},
		{[]string{"sim", "welcome", "--at", "noon", "--script", "DIR/script", "--definitions", "DIR/definitions"}, "is no moment"},
		{[]string{"sim", "welcome", "--script", "DIR/script", "--definitions", "DIR/definitions"}, "line 1: expected"},
		{[]string{"sim", "welcome", "--script", "DIR/nowhere", "--definitions", "DIR/definitions"}, "no such file"},
		{[]string{"sim", "welcome", "--script", "DIR/typo", "--definitions", "DIR/definitions"}, `"queue foo" is nothing that can come of node sales; what can happen now: queue served|`},
		{[]string{"sim", "DIR/broken.yaml"}, "the flows cannot be used"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			t.Parallel()
			_, err := flowRun(t, map[string]string{"bad.yaml": "flow: [\n", "script": "> something else\n", "typo": "< dtmf 1\n< queue foo\n", "broken.yaml": brokenFlow,
				"switch.yaml": "pbxs: {main: {kind: freeswitch, freeswitch: {address: '127.0.0.1:1'}}}\n",
				"away.yaml":   "pbxs: {main: {ari: {url: 'http://127.0.0.1:1/ari'}}}\n"}, row.args...)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
		})
	}
}

func TestFlowShowAndSim(t *testing.T) {
	t.Parallel()
	script := "@ caller 600123456\n< dtmf 1\n< queue timeout\n< recorded 12s\n"
	for name, args := range map[string][]string{
		"show.txt": {"show", "welcome", "--definitions", "DIR/definitions"},
		"show.mmd": {"show", "DIR/definitions/flows/welcome.yaml", "--format", "mermaid"},
		"sim.txt":  {"sim", "welcome", "--script", "DIR/script", "--at", "2026-03-04T10:00:00Z", "--definitions", "DIR/definitions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := flowRun(t, map[string]string{"script": script}, args...)
			must(t, err)
			file := filepath.Join("testdata", "flow", name)
			if *updateFlows {
				must(t, os.MkdirAll(filepath.Dir(file), 0o755))
				must(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func TestFlowTalk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "flows"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "flows", "line.yaml"), []byte(rigFlow), 0o600))
	files, err := readFolder(dir)
	must(t, err)
	defs, faults := flowfile.Load(files, flowfile.Known{})
	must(t, faults.Err())
	s := simulator{leadingTo(defs, "line"), time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)}
	var out bytes.Buffer
	must(t, talk(t.Context(), s, strings.NewReader("dance\n\n< dtmf 2\nrecorded 5s\nnever read\n"), &out))
	head, got, _ := strings.Cut(out.String(), "# quit ends it.\n")
	for _, e := range ivr.SimEvents() {
		if !strings.Contains(head, "#   "+e.Form) {
			t.Errorf("the terminal is not told of %s", e.Form)
		}
	}
	want := `> answer
> prompt options (en)
< # line 1: "dance" is nothing that can happen; what can happen now: dtmf 1|2|3, silence, wait 90s, resume, hangup
< < > record, max 20s
< > prompt bye (en)
> hangup
# The call is over.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
