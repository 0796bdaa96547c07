package esl

import (
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestBothLines: a phone whose transfer key is pressed for both of its calls names whom it
// talks with on the other, in whichever of the two it asks, and that is taken out of there.
// FreeSWITCH says so in its log alone, which is asked for while a phone has two calls.
func TestBothLines(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, asked, other    string
		direction, sip, shown string
		partner               string
		number, peer          string
	}{
		{"of a call that the phone made", "op-x-a1", "line-2", "inbound", "102", "101", "ben", "102", "channel/ben"},
		{"asked on the other line", "line-2", "op-x-a1", "inbound", "102", "101", "ben", "102", "channel/ben"},
		{"of a call that came to the phone", "op-x-a1", "line-2", "outbound", "", "102", "ben", "102", "channel/ben"},
		{"while the other rings", "op-x-a1", "line-2", "inbound", "102", "101", "", "102", ""},
		{"with a call of ours", "op-x-a1", "line-2", "inbound", "*483", "101", "op-y-a1", "*483", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			orders := make(chan string, 100)
			f.on = func(command string) {
				if strings.HasPrefix(command, "log ") || command == "nolog" {
					orders <- command
				}
			}
			f.phone("101", pbxtest.PhoneAnswers)
			a := f.adapter(t)
			l := run(t, a)
			ctx := t.Context()
			must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-a1", Endpoint: "user/101", Timeout: 5 * time.Second}))
			l.next(t, orchestrator.EventEntered)

			f.mu.Lock()
			line := &fakeChannel{id: "line-2", direction: row.direction, presence: "101@pbx.example", caller: row.shown, answered: true, created: time.Now(),
				vars: map[string]string{"signal_bond": row.partner, "sip_req_user": row.sip}}
			ben := &fakeChannel{id: "ben", direction: "outbound", presence: "102@pbx.example", answered: true, created: time.Now(), vars: map[string]string{"signal_bond": "line-2"}}
			f.channels[line.id], f.channels[ben.id] = line, ben
			f.event("channel_create_leg", line, nil)
			f.mu.Unlock()
			if order := wait(t, "the order to tell the log", orders); order != "log notice" {
				t.Fatalf("ordered %q", order)
			}

			f.mu.Lock()
			f.channels[row.asked].vars["refer_uuid"] = row.other
			f.log("switch_channel_perform_hangup", row.asked, "2026-11-29 17:04:39 [NOTICE] Hangup\n")
			f.log(refersFunc, row.asked, "2026-11-29 17:04:39 [ERR] Cannot Blind Transfer 1 Legged calls\n") // of a transfer to a number
			f.log(refersFunc, row.asked, "2026-11-29 17:04:39 98.00% [NOTICE] sofia.c:9127 Denying Attended Transfer, variable [deny_refer_requests] was set to true\n")
			f.mu.Unlock()
			e := l.next(t, orchestrator.EventTransfer)
			if e.Channel != "op-x-a1" || e.Other != "line-2" || e.Number != row.number || e.Peer != row.peer {
				t.Errorf("told %+v", e)
			}
			if row.peer != "" {
				must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-c1", Endpoint: e.Peer, Timeout: 5 * time.Second}))
				if e := l.next(t, orchestrator.EventEntered); e.Channel != "op-x-c1" || !e.Up {
					t.Errorf("entered: %+v", e)
				}
			} else {
				f.mu.Lock()
				f.farHangUp(line, "NORMAL_CLEARING")
				f.mu.Unlock()
			}
			if order := wait(t, "the order to tell the log no more", orders); order != "nolog" {
				t.Errorf("ordered %q", order)
			}
			for range len(l.events) {
				if e := <-l.events; e.Kind == orchestrator.EventTransfer {
					t.Errorf("told twice: %+v", e)
				}
			}
		})
	}
}

// TestTakenEndsWithWhoTookThem: a caller who hangs up as the colleague is being taken out
// of the conversation with the agent leaves nobody behind, and one who hangs up before that
// ends no conversation of others.
func TestTakenEndsWithWhoTookThem(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		untaken string
		adopted bool
		over    bool
	}{
		{name: "taken but not bridged yet", over: true},
		{name: "by another process", adopted: true, over: true},
		{name: "not taken yet", untaken: "yes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			ben := &fakeChannel{id: "ben", direction: "outbound", presence: "102@pbx.example", answered: true, created: time.Now(),
				vars: map[string]string{"signal_bond": "line-2", "untaken": row.untaken}}
			f.mu.Lock()
			f.channels[ben.id] = ben
			f.mu.Unlock()
			a := f.adapter(t)
			l := run(t, a)
			ctx := t.Context()
			must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-c1", Endpoint: "channel/ben", Timeout: 5 * time.Second}))
			l.next(t, orchestrator.EventEntered)
			if row.adopted {
				a = f.adapter(t)
				run(t, a)
			}
			must(t, a.Hangup(ctx, "op-x-c1", orchestrator.CauseNormal))
			f.mu.Lock()
			defer f.mu.Unlock()
			if !f.channels["op-x-c1"].over || ben.over != row.over {
				t.Errorf("who took them has ended: %v, the colleague: %v", f.channels["op-x-c1"].over, ben.over)
			}
		})
	}
}
