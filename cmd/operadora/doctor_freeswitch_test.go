//go:build freeswitch

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestDoctorOnFreeSWITCH examines a FreeSWITCH that is as it should be, alone and
// beside a running operadora, and then one that lacks one thing after the other.
func TestDoctorOnFreeSWITCH(t *testing.T) {
	t.Parallel()
	if !centre.OnFreeSWITCH() {
		t.Fatalf("this test is about a FreeSWITCH: set %s=freeswitch", centre.KindOfPBX)
	}
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"flows/lost.yaml": strings.NewReplacer(
		"flow: line", "flow: lost", "vm-goodbye", "custom/nobody-recorded-this").Replace(rigFlow)}})
	ana, ben := r.desk("101"), r.desk("102")
	cli := func(command string) {
		t.Helper()
		if out, err := r.Switch.CLI(command); err != nil || strings.HasPrefix(out, "-") {
			t.Fatal(command, out, err)
		}
	}

	t.Log("alone: nothing but a sound is missing")
	lines, err := examine(t, r.Config())
	if err == nil || len(faultsOf(lines)) != 2 { // in two languages
		t.Errorf("%v: %+v", err, faultsOf(lines))
	}
	for _, row := range [][4]string{
		{"pbx main", "reachable", "ok", "accepts the password"}, {"pbx main", "version", "ok", "FreeSWITCH 1."},
		{"pbx main", "modules", "ok", "all"}, {"pbx main", "dialplan", "ok", "operadora-inbound"},
		{"pbx main", "conference", "ok", "operadora"}, {"pbx main", "hold music", "ok", "moh"}, {"pbx main", "transfer keys", "ok", "come to operadora"},
		{"pbx main", "recordings", "ok", r.Switch.RecordingDir()},
		{"pbx main", "event round trip", "ok", ""}, {"pbx main", "application", "ok", "no operadora takes its calls"},
		{"pbx main", "phones", "ok", "2 desk phones, all registered"},
		{"pbx main", "sounds", "fault", "lacks 1 sound in language es: custom/nobody-recorded-this"},
	} {
		wantLine(t, lines, row[0], row[1], row[2], row[3])
	}

	for _, l := range lines {
		if strings.Contains(l.Remedy, "Asterisk") {
			t.Errorf("the remedy for a FreeSWITCH speaks of Asterisk: %+v", l)
		}
	}

	t.Log("the sounds that are missing are made in the folders of the voices, under FreeSWITCH's names")
	voices := t.TempDir()
	before := r.configText(t)
	must(t, r.Write("operadora.yaml", strings.NewReplacer(r.FreeSWITCH.SoundDir("en"), voices+"/callie", r.FreeSWITCH.SoundDir("es"), voices+"/mario").Replace(before)))
	out, err := r.Run("sounds", "speak")
	if err == nil || !strings.Contains(err.Error()+out, "pbxs.main.freeswitch.sounds_") || strings.Contains(err.Error()+out, "sterisk") {
		t.Errorf("the folders are not there: %v, %s", err, out)
	}
	must(t, os.Mkdir(voices+"/callie", 0o700))
	must(t, os.Mkdir(voices+"/mario", 0o700))
	must(t, r.Write("definitions/flows/lost.yaml", strings.NewReplacer("flow: line", "flow: lost",
		"vm-goodbye}", `vm-goodbye, text: {en: "Good bye.", es: "Adiós."}}`).Replace(rigFlow)))
	if out, err = r.Run("sounds", "speak"); err == nil || strings.Contains(err.Error()+out, "sterisk") {
		t.Errorf("what no flow has the text of is not made: %v, %s", err, out)
	}
	for _, voice := range []string{"callie", "mario"} {
		if samples, err := lab.ReadWAV(filepath.Join(voices, voice, "voicemail", "vm-goodbye.wav")); err != nil || len(samples) < 2000 {
			t.Errorf("%d samples, %v:\n%s", len(samples), err, out)
		}
	}
	if out, _ = r.Run("sounds", "list", "--missing"); strings.Contains(out, "vm-goodbye") {
		t.Errorf("FreeSWITCH does not find it:\n%s", out)
	}
	must(t, r.Write("operadora.yaml", before))

	t.Log("beside a running operadora, which it does not disturb")
	r.start()
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "application", "ok", "an operadora takes its calls")
	c := r.call("5550001", "5000")
	must(t, c.WaitSound(limit(t)))
	must(t, c.Hangup())
	r.settled(1)
	if log := r.Log.Text(); strings.Count(log, "pbx connected") != 1 || strings.Contains(log, "pbx disconnected") {
		t.Errorf("doctor disturbed operadora:\n%s", log)
	}

	t.Log("without music, a module, a phone, and a folder for recordings")
	must(t, ben.Unregister(limit(t)))
	cli("unload mod_local_stream")
	cli("unload mod_loopback")
	whole := r.configText(t)
	away := filepath.Join(r.Dir, "nowhere")
	must(t, r.Write("operadora.yaml", strings.Replace(whole, r.Switch.RecordingDir(), away, 1)))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "modules", "fault", "mod_local_stream is not loaded: there is no hold music")
	wantLine(t, lines, "pbx main", "hold music", "warning", "moh")
	wantLine(t, lines, "pbx main", "transfer keys", "warning", "mod_loopback is not loaded")
	wantLine(t, lines, "pbx main", "phones", "warning", "1 of 2 are not registered: user/102 (102)")
	wantLine(t, lines, "pbx main", "recordings", "warning", away)
	must(t, r.Write("operadora.yaml", whole))
	cli("load mod_local_stream")

	t.Log("one that does not tell of phones")
	must(t, ana.Unregister(limit(t)))
	cli("unload mod_sofia")
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "modules", "fault", "mod_sofia is not loaded: there is no phone")
	wantLine(t, lines, "pbx main", "phones", "note", "does not tell who is registered")

	t.Log("at the door: a wrong password, one that hangs, nobody")
	must(t, r.Write("operadora.yaml", strings.Replace(whole, `password: "`, `password: "x`, 1)))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "reachable", "fault", "refuses the password")
	must(t, r.Write("operadora.yaml", strings.Replace(whole, "ping_interval: 1s", "ping_interval: 1s, command_timeout: 1s", 1)))
	must(t, r.Switch.Pause())
	lines, _ = examine(t, r.Config())
	must(t, r.Switch.Resume())
	wantLine(t, lines, "pbx main", "reachable", "fault", "event socket says nothing")
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	free := nobody.Addr().String()
	must(t, nobody.Close())
	must(t, r.Write("operadora.yaml", strings.Replace(whole, r.FreeSWITCH.Address(), free, 1)))
	lines, _ = examine(t, r.Config())
	wantLine(t, lines, "pbx main", "reachable", "fault", "connection refused")
	must(t, r.Write("operadora.yaml", whole))
}
