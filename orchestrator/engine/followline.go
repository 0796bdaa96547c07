package engine

import (
	"context"
	"encoding/json"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// followAgents tells the permanent lines of this PBX what their agents do, from
// whichever process they did it: the journal tells. After trouble with it all
// lines ask once more.
func (v *driving) followAgents(ctx context.Context) {
	after, known := "", false
	for ctx.Err() == nil {
		var err error
		if !known {
			if after, err = v.eng.store.Last(ctx); err == nil {
				known = true
				v.lookAtAgents()
			}
		}
		if known {
			err = v.eng.store.Tail(ctx, after, func(entries []orchestrator.Entry) error {
				for _, e := range entries {
					v.agentChanged(e)
					after = e.ID
				}
				return nil
			})
		}
		if ctx.Err() != nil {
			return
		}
		known = known && fault.KindOf(err) != fault.Conflict
		v.log.WarnContext(ctx, "what agents do cannot be followed; trying again", "error", err)
		life.Sleep(ctx, retryMax)
	}
}

// agentChanged tells an agent's line that the agent's state is another.
func (v *driving) agentChanged(e orchestrator.Entry) {
	if e.Type != orchestrator.EntryAgentState || e.PBX != v.pbx.Name() {
		return
	}
	says, ok := v.lines.agent(e.Agent)
	if !ok {
		return
	}
	var c orchestrator.AgentChange
	if err := json.Unmarshal(e.Data, &c); err != nil {
		v.log.Error("a journal entry cannot be read", "entry", e.ID, "error", err)
		return
	}
	if c.From != c.To { // else it is the phone's state, or a wish
		v.eng.post(says.session, call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineAgent, State: c.To}})
	}
}

// lookAtAgents has every line ask for its agent's state.
func (v *driving) lookAtAgents() {
	for _, id := range v.lines.sessions() {
		v.eng.post(id, call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineLook}})
	}
}
