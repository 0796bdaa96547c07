package runner

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// TestAttemptsAreLawful: each call has from its campaign and the profile how long who answers
// waits for an agent, and what is heard then; the agent is told of the lead. A flow is not
// needed, and has the call where there is one; one without agents is bounded by nothing.
func TestAttemptsAreLawful(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name         string
		mode         campaign.Mode
		change       func(*campaign.Campaign)
		flow, queue  string
		within       time.Duration
		sounds       int
		about        string
		script, lang string
	}{
		{"by the queue", campaign.ModeProgressive, func(c *campaign.Campaign) { c.Flow = "" }, "", "sales", 2 * time.Second, 2, "map[amount:1250 id:0 name:Ana]",
			"Buenos días Ana: debe 1250 desde [since].", "es"},
		{"the message comes before the limit", campaign.ModeProgressive, func(c *campaign.Campaign) {
			c.Rules.Rules = append(c.Rules.Rules, compliance.Rule{ID: "message", Kind: compliance.KindMessage, From: "1990-01-01", Detail: &compliance.Message{Within: time.Second}})
		}, "collect", "", time.Second, 2, "map[amount:1250 id:0 name:Ana]", "Buenos días Ana: debe 1250 desde [since].", "es"},
		{"by a flow, told little", campaign.ModePower, func(c *campaign.Campaign) { c.Fields, c.Language = []string{"amount", "none"}, "en" }, "collect", "", 2 * time.Second, 2, "map[amount:1250]",
			"Good morning Ana.", "en"},
		{"without agents", campaign.ModeAgentless, func(c *campaign.Campaign) { c.Queue, c.Message = "", nil }, "collect", "", 0, 0, "map[amount:1250 id:0 name:Ana]",
			"Buenos días Ana: debe 1250 desde [since].", "es"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "CO"}, "me")))
				must(t, w.bring("l", "phone,id,name,amount\n+573001000000,0,Ana,1250\n"))
				w.staff(1)
				c := march(r.mode)
				c.Language, c.Message = "es", []string{"sorry", "who"}
				c.Script = map[string]string{"es": "Buenos días {{name}}: debe {{amount}} desde {{ since }}.", "en": "Good morning {{name}}."}
				r.change(c)
				s := w.sit("one", c)
				s.order("march", campaign.OnStart)
				time.Sleep(10 * time.Second)
				if w.dialled() != 1 {
					t.Fatalf("%d calls", w.dialled())
				}
				for _, p := range w.calls {
					o := p.of
					if o.Flow != r.flow || o.Queue != r.queue || o.Within != r.within || len(o.Message) != r.sounds || fmt.Sprint(o.About) != r.about || o.Script != r.script || o.Language != r.lang {
						t.Errorf("%+v", o)
					}
					if len(o.Message) > 0 && o.Message[0] != (orchestrator.Media{Kind: orchestrator.MediaSound, Value: "sorry"}) {
						t.Errorf("%+v", o.Message)
					}
				}
				w.close(s)
			})
		})
	}
}

// TestBriefIsBounded: what agents are told of a lead is never more than a call may keep.
func TestBriefIsBounded(t *testing.T) {
	t.Parallel()
	l := leads.Lead{Name: "Ana", Fields: map[string]any{}}
	for i := range 400 {
		l.Fields[fmt.Sprint("f", i)] = strings.Repeat("ñ", 500)
	}
	c := march(campaign.ModeProgressive)
	c.Script = map[string]string{"es": strings.Repeat("{{f1}}", 1000)}
	b := briefOf(c, leadstore.Kept{Lead: l}, "+573001000000")
	n := len(b.script)
	for k, v := range b.about {
		n += len(k) + len(v)
	}
	if n > call.MostBrief || len(b.about) < 5 || len(b.script) < 1000 || !strings.HasSuffix(b.script, "…") {
		t.Errorf("%d bytes, %d fields, a script of %d", n, len(b.about), len(b.script))
	}
}
