package lab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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

func TestAsteriskComesBackAfterAKill(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab})
	out := caller(t, a, "5553000")
	call, err := out.Dial(limit(t), lab.EchoExtension, lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := a.PID()
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	if a.PID() != 0 {
		t.Error("a killed instance has a process id")
	}
	if err := call.Hangup(); err == nil {
		t.Error("a killed Asterisk confirmed the end of a call")
	}
	if _, err := call.WaitEnd(limit(t)); err != nil {
		t.Error(err)
	}
	if err := a.Restart(limit(t)); err != nil {
		t.Fatal(err)
	}
	if a.PID() == first {
		t.Error("the process id did not change")
	}
	if _, err := out.Dial(limit(t), lab.EchoExtension, lab.DialOptions{}); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestAsteriskPauses(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{})
	if err := a.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.ARIURL()+"/asterisk/info", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("a paused Asterisk answers")
	}
	if err := a.Resume(); err != nil {
		t.Fatal(err)
	}
	if code := get(t, a, a.Password(), "/asterisk/info", nil); code != http.StatusOK {
		t.Errorf("after Resume ARI answered %d", code)
	}
}

func TestAsteriskFailsWithItsLog(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	a, err := lab.StartAsterisk(limit(t), lab.AsteriskOptions{Files: map[string]string{"modules.conf": "[modules]\nrequire = res_no_such_thing.so\n"}})
	if err == nil {
		a.Stop()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), "res_no_such_thing") {
		t.Errorf("the error does not tell why: %v", err)
	}
}

func TestRecordingHoldsWhatWasSaid(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		FromTrunk: "exten => 1,1,Answer()\n same => n,Record(${ASTSPOOLDIR}/recording/said.wav,0,1,q)\n same => n,Hangup()\n",
	})
	call, err := caller(t, a, "5553001").Dial(limit(t), "1", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	call.PlayTone(700)
	if _, err := call.WaitEnd(limit(t)); err != nil {
		t.Fatal(err)
	}
	samples, err := lab.ReadWAV(filepath.Join(a.RecordingDir(), "said.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) < lab.SampleRate/2 || !lab.HasTone(samples[len(samples)/2:len(samples)/2+400], 700) {
		t.Errorf("the recording of %d samples lacks the tone", len(samples))
	}
}

func TestThirtyPhonesTalkAtOnce(t *testing.T) {
	t.Parallel()
	const pairs = 15
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: toTheLab, Endpoints: lab.Desk(101, 100+pairs)})
	ctx := limit(t)
	var talks sync.WaitGroup
	for i := range pairs {
		user := strconv.Itoa(101 + i)
		agent := desk(t, a, user)
		agent.OnInvite(lab.AnswerAfter(0))
		out := caller(t, a, strconv.Itoa(5553100+i))
		talks.Go(func() {
			call, err := out.Dial(ctx, user, lab.DialOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			there, err := agent.NextCall(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			said := 400 + 40*float64(i)
			call.PlayTone(said)
			there.PlayTone(said + 20)
			if err := there.WaitTone(ctx, said); err != nil {
				t.Error(user, err)
			}
			if err := call.WaitTone(ctx, said+20); err != nil {
				t.Error(user, err)
			}
			if err := call.Hangup(); err != nil {
				t.Error(user, err)
			}
		})
	}
	talks.Wait()
}

func TestTrunkLeadsToACarrier(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	ctx := limit(t)
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier", OnInvite: lab.AnswerAfter(0)})
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "out", Addr: carrier.Addr()}}})
	if out, err := a.CLI("channel originate PJSIP/5559999@out extension " + lab.ToneExtension + "@lab"); err != nil {
		t.Fatal(out, err)
	}
	call, err := carrier.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if call.Number() != "5559999" {
		t.Errorf("the carrier was asked for %q, want 5559999", call.Number())
	}
	if err := call.WaitTone(ctx, 1004); err != nil {
		t.Error(err)
	}
}

func TestAppQueueServesACaller(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		Endpoints: lab.Desk(101, 101),
		FromTrunk: "exten => 5000,1,Answer()\n same => n,Queue(sales)\n",
		Queues:    []lab.Queue{{Name: "sales", Members: []string{"PJSIP/101"}}},
	})
	agent := desk(t, a, "101")
	agent.OnInvite(lab.AnswerAfter(0))
	call, err := caller(t, a, "5553200").Dial(limit(t), "5000", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	served, err := agent.NextCall(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	served.PlayTone(600)
	if err := call.WaitTone(limit(t), 600); err != nil {
		t.Error(err)
	}
}

func TestCallerWaitsWithMusic(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{FromTrunk: "exten => 1,1,Answer()\n same => n,MusicOnHold()\n"})
	call, err := caller(t, a, "5553201").Dial(limit(t), "1", lab.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := call.WaitSound(limit(t)); err != nil {
		t.Error(err)
	}
}
