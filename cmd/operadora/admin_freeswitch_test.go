//go:build freeswitch

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// meddled is a centre on a FreeSWITCH with an agent, ana, and somebody at its console.
type meddled struct {
	*rig
	ana, ben *lab.Phone
}

// says runs a command at the console; CALLER, AGENT and ROOM in it are what they are
// called there.
func (m *meddled) says(command string) {
	m.t.Helper()
	if strings.Contains(command, "CALLER") {
		command = strings.ReplaceAll(command, "CALLER", m.channel("caller", func(line string) bool {
			return !strings.HasPrefix(line, "op-") && strings.Contains(line, "|5550001|")
		}))
	}
	if strings.Contains(command, "AGENT") {
		command = strings.ReplaceAll(command, "AGENT", m.channel("agent", func(line string) bool { return strings.Contains(line, "|101@") }))
	}
	if strings.Contains(command, "ROOM") {
		room := ""
		m.eventually("a room", func() error {
			out, err := m.Switch.CLI("conference list")
			if i := strings.Index(out, "Conference op-"); i >= 0 {
				room = strings.Fields(out[i:])[1]
				return nil
			}
			if err == nil {
				err = errNone
			}
			return err
		})
		command = strings.ReplaceAll(command, "ROOM", room)
	}
	out, err := m.Switch.CLI(command)
	must(m.t, err)
	m.t.Logf("%s: %s", command, strings.TrimSpace(out))
}

var errNone = errors.New("there is none")

// channel is the channel of the first line of "show channels" that fits.
func (m *meddled) channel(what string, fits func(line string) bool) (id string) {
	m.t.Helper()
	m.eventually("the channel of the "+what, func() error {
		out, err := m.Switch.CLI("show channels as delim |")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			if fits(line) {
				id, _, _ = strings.Cut(line, "|")
				return nil
			}
		}
		return errNone
	})
	return id
}

// waits has a caller wait in the queue, where music is heard.
func (m *meddled) waits() *lab.Call {
	m.t.Helper()
	c := m.queue("5550001")
	m.awaitQueued("5550001")
	return c
}

func (m *meddled) talks() (c, a *lab.Call) {
	m.t.Helper()
	c = m.queue("5550001")
	a = m.takes(m.ana, c)
	c.PlayTone(0)
	a.PlayTone(0)
	return c, a
}

// TestAdministratorOfFreeSWITCH: whatever somebody at the console does to calls, and
// phones do at the same time, nothing is left on FreeSWITCH, no agent is stuck, and
// each call is on record once.
func TestAdministratorOfFreeSWITCH(t *testing.T) {
	t.Parallel()
	if !centre.OnFreeSWITCH() {
		t.Skip("has a FreeSWITCH")
	}
	for _, group := range meddling {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			m := &meddled{rig: newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": salesAndBen}})}
			m.start()
			m.ana, m.ben = m.login("101"), m.login("102")
			_, desk := m.stores()
			for i, row := range group.rows {
				t.Log(row.name)
				row.do(m)
				for _, c := range m.settled(i + 1) {
					if c.Outcome == orchestrator.OutcomeLost && !row.lost {
						t.Errorf("the record: %+v", c)
					}
				}
				m.eventually("the agent is free", func() error { return agentIs(t, desk, "101", "available", "") })
			}
		})
	}
}

type meddlingRow struct {
	name string
	do   func(m *meddled)
	lost bool
}

var meddling = []struct {
	name string
	rows []meddlingRow
}{
	{"kills", []meddlingRow{
		{name: "the caller in the menu", do: func(m *meddled) {
			c := m.call("5550001", "5000")
			must(m.t, c.WaitSound(limit(m.t)))
			m.says("uuid_kill CALLER")
			ended(m.t, c)
		}},
		{name: "the caller as the phone rings", do: func(m *meddled) {
			c := m.queue("5550001")
			a := m.next(m.ana)
			m.says("uuid_kill CALLER")
			ended(m.t, c)
			ended(m.t, a)
		}},
		{name: "the phone that rings", do: func(m *meddled) {
			c := m.queue("5550001")
			a := m.next(m.ana)
			must(m.t, a.Ring())
			m.says("uuid_kill AGENT")
			ended(m.t, a)
			must(m.t, m.takes(m.ana, c).Hangup())
			ended(m.t, c)
		}},
		{name: "the agent who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_kill AGENT")
			ended(m.t, a)
			ended(m.t, c)
		}},
		{name: "the caller who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_kill CALLER USER_BUSY")
			ended(m.t, a)
			ended(m.t, c)
		}},
		{name: "everybody", do: func(m *meddled) {
			c, a := m.talks()
			m.says("hupall NORMAL_CLEARING")
			ended(m.t, a)
			ended(m.t, c)
		}},
		{name: "later", do: func(m *meddled) {
			c, a := m.talks()
			m.says("sched_hangup +1 CALLER")
			ended(m.t, a)
			ended(m.t, c)
		}},
	}},
	{"takes away", []meddlingRow{
		{name: "the caller who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_transfer CALLER echo inline")
			ended(m.t, a)
			must(m.t, c.Hangup())
		}},
		{name: "the agent who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_transfer AGENT echo inline")
			ended(m.t, c)
			must(m.t, a.Hangup())
		}},
		{name: "everybody out of the room, who are heard again", do: func(m *meddled) {
			c, a := m.talks()
			m.says("conference ROOM kick all")
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "everybody out of the room without a word", do: func(m *meddled) {
			c, a := m.talks()
			m.says("conference ROOM hup all")
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "the caller out of the room, who is heard again", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_park CALLER")
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "the room's name", do: func(m *meddled) {
			c, a := m.talks()
			m.says("hash delete/operadora.operadora.rooms/ROOM")
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "the two, into a bridge of FreeSWITCH's own", do: func(m *meddled) {
			c, a := m.talks()
			m.says("uuid_bridge CALLER AGENT")
			must(m.t, a.Hangup())
			must(m.t, c.Hangup())
			ended(m.t, c)
		}},
		{name: "the caller in the menu", do: func(m *meddled) {
			c := m.call("5550001", "5000")
			must(m.t, c.WaitSound(limit(m.t)))
			m.says("uuid_transfer CALLER echo inline")
			must(m.t, c.Hangup())
		}},
		{name: "the caller's words", do: func(m *meddled) {
			c := m.call("5550001", "5000")
			must(m.t, c.WaitSound(limit(m.t)))
			m.says("uuid_break CALLER all")
			must(m.t, c.SendDTMF("1"))
			must(m.t, m.takes(m.ana, c).Hangup())
			ended(m.t, c)
		}},
		{name: "the caller's music", do: func(m *meddled) {
			m.dial(m.ana, "*4832")
			c := m.waits()
			must(m.t, c.WaitSound(limit(m.t)))
			m.says("uuid_break CALLER all")
			must(m.t, c.WaitSilence(limit(m.t), 100*time.Millisecond))
			must(m.t, c.WaitSound(limit(m.t)))
			m.dial(m.ana, "*484")
			must(m.t, m.takes(m.ana, c).Hangup())
			ended(m.t, c)
		}},
	}},
	{"reloads", []meddlingRow{
		{name: "the configuration, in a conversation", do: func(m *meddled) {
			c, a := m.talks()
			m.says("reloadxml")
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "the socket, in a conversation", do: func(m *meddled) {
			c, a := m.talks()
			mark := m.Log.Mark()
			m.says("bgapi reload mod_event_socket")
			m.waitLog(mark, `msg="pbx connected"`)
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "what tells that operadora is here", do: func(m *meddled) {
			c, a := m.talks()
			m.says("global_setvar operadora_here_operadora=false")
			must(m.t, m.AwaitTakes(limit(m.t), true))
			must(m.t, c.Hangup())
			ended(m.t, a)
		}},
		{name: "the callers' side of SIP, in a conversation", lost: true, do: func(m *meddled) {
			_, a := m.talks()
			m.says("sofia profile external restart")
			ended(m.t, a)
			m.eventually("the profile is back", func() error { return m.running("external") })
		}},
		{name: "the phones' side of SIP, in a conversation", lost: true, do: func(m *meddled) {
			c, _ := m.talks()
			m.says("sofia profile internal restart")
			ended(m.t, c)
			m.eventually("the profile is back", func() error { return m.running("internal") })
			must(m.t, m.ana.Register(limit(m.t)))
		}},
		{name: "nothing, and all is as it was", lost: true, do: func(m *meddled) {
			c, a := m.talks()
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
	}},
	{"while operadora is dead", []meddlingRow{
		{name: "kills the caller who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.kill()
			m.says("uuid_kill CALLER")
			ended(m.t, c)
			m.start()
			ended(m.t, a)
		}},
		{name: "kills the agent who talks", do: func(m *meddled) {
			c, a := m.talks()
			m.kill()
			m.says("uuid_kill AGENT")
			ended(m.t, a)
			m.start()
			ended(m.t, c)
		}},
		{name: "kills the phone that rings", do: func(m *meddled) {
			c := m.queue("5550001")
			a := m.next(m.ana)
			must(m.t, a.Ring())
			m.kill()
			m.says("uuid_kill AGENT")
			ended(m.t, a)
			m.start()
			must(m.t, m.takes(m.ana, c).Hangup())
			ended(m.t, c)
		}},
		{name: "takes the caller away", do: func(m *meddled) {
			c, a := m.talks()
			m.kill()
			m.says("uuid_transfer CALLER echo inline")
			m.start()
			ended(m.t, a)
			must(m.t, c.Hangup())
		}},
		{name: "empties the room", do: func(m *meddled) {
			c, a := m.talks()
			m.kill()
			m.says("conference ROOM kick all")
			m.start()
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
		{name: "does nothing, and both hang up", do: func(m *meddled) {
			c, a := m.talks()
			m.kill()
			must(m.t, c.Hangup())
			must(m.t, a.Hangup())
			m.start()
		}},
		{name: "does nothing, and the phone answers", do: func(m *meddled) {
			c := m.queue("5550001")
			a := m.next(m.ana)
			m.kill()
			must(m.t, a.Answer())
			m.start()
			m.talk(c, a)
			must(m.t, a.Hangup())
			ended(m.t, c)
		}},
	}},
	{"phones", []meddlingRow{
		{name: "the agent hangs up with the answer", do: func(m *meddled) {
			c := m.queue("5550001")
			must(m.t, m.answers(m.ana).Hangup())
			must(m.t, m.takes(m.ana, c).Hangup())
			ended(m.t, c)
		}},
		{name: "the caller hangs up with the answer", do: func(m *meddled) {
			c := m.queue("5550001")
			a := m.answers(m.ana)
			must(m.t, c.Hangup())
			ended(m.t, a)
		}},
		{name: "both hang up at once", do: func(m *meddled) {
			c, a := m.talks()
			done := make(chan struct{})
			go func() { defer close(done); _ = c.Hangup() }()
			_ = a.Hangup() // the other may have been quicker
			<-done
		}},
		{name: "the caller presses many keys and hangs up", do: func(m *meddled) {
			c := m.call("5550001", "5000")
			must(m.t, c.WaitSound(limit(m.t)))
			must(m.t, c.SendDTMF("999#*12"))
			must(m.t, c.Hangup())
		}},
		{name: "the agent transfers, and the colleague is killed", do: func(m *meddled) {
			c, a := m.talks()
			api, err := m.API("supervisor")
			must(m.t, err)
			live, err := api.ListCallsWithResponse(limit(m.t), nil)
			must(m.t, err)
			m.transfer(api, live.JSON200.Items[0].ID, wire.TargetKindAgent, "ben")
			ended(m.t, a)
			b := m.next(m.ben)
			must(m.t, b.Ring())
			id := m.channel("colleague", func(line string) bool { return strings.Contains(line, "|102@") })
			m.says("uuid_kill " + id)
			must(m.t, c.Hangup())
		}},
	}},
}

// running tells whether a profile of sofia's is up.
func (m *meddled) running(profile string) error {
	out, err := m.Switch.CLI("sofia status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == profile && f[1] == "profile" && f[3] == "RUNNING" {
			return nil
		}
	}
	return errNone
}
