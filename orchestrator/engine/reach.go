package engine

import (
	"context"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// reached handles what another PBX has sent for a phone of this one. An agent's
// permanent line at that phone takes it, unless somebody keeps the line; else the
// dialplan rings the phone.
func (v *driving) reached(channel string, t orchestrator.ChannelTruth) {
	phone := ""
	if len(t.Args) > 1 {
		phone = t.Args[1]
	}
	if id := v.lines.open(phone); id != "" {
		v.belongs(channel, id)
		e := orchestrator.Event{Kind: orchestrator.EventEntered, PBX: v.pbx.Name(), Channel: channel, Args: t.Args, Up: t.Up}
		if v.eng.post(id, call.Input{Kind: call.InEvent, Event: e}) {
			return
		}
		v.unmap(channel, id)
	}
	v.leftover("channel", channel, func(ctx context.Context) error {
		return v.pbx.Continue(ctx, channel, orchestrator.DialplanPlace{})
	})
}

// open is the session of the permanent line at a phone that is named as in a dialplan,
// "" when there is none.
func (n *lines) open(phone string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.agents {
		_, name, _ := strings.Cut(l.says.endpoint, "/")
		if name == phone && (l.says.up || l.says.reach != "") {
			return l.says.session
		}
	}
	return ""
}
