package records

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// AgentState is one change of an agent's state.
type AgentState struct {
	ID    string `json:"id"` // of its journal entry
	Agent string `json:"agent"`
	At    int64  `json:"at"` // unix milliseconds
	orchestrator.AgentChange
}

// AgentStateFilter chooses changes. Empty fields choose all.
type AgentStateFilter struct {
	Agent    string
	From, To time.Time // To is exclusive
	Limit    int
	Cursor   string
}

const agentStateColumns = "id, pos, agent, at, from_state, to_state, reason, device, call, by_whom"

// scanAgentState reads them; pos is the entry's place.
func scanAgentState(rows *sql.Rows) (s AgentState, pos string, err error) {
	err = rows.Scan(&s.ID, &pos, &s.Agent, &s.At, &s.From, &s.To, &s.Reason, &s.Device, &s.Call, &s.By)
	return s, pos, err
}

// AgentStates lists changes of agents' states, the latest first, and the cursor
// of the next page, "" after the last one.
func (d *DB) AgentStates(ctx context.Context, f AgentStateFilter) ([]AgentState, string, error) {
	const op = "records.AgentStates"
	limit := pageSize(f.Limit)
	var w where
	w.equal("agent", f.Agent)
	w.between("at", f.From, f.To)
	if f.Cursor != "" {
		_, key, err := readCursor(f.Cursor)
		if err != nil {
			return nil, "", fault.E(op, fault.Invalid, err)
		}
		w.add("pos < ?", key)
	}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+agentStateColumns+" FROM agent_states"+w.String()+
		" ORDER BY pos DESC LIMIT ?"), append(w.args, limit+1)...)
	list, places := []AgentState{}, []string{}
	err = each(rows, err, func(rows *sql.Rows) error {
		s, pos, err := scanAgentState(rows)
		s.ID = journalID(s.ID)
		list, places = append(list, s), append(places, pos)
		return err
	})
	if err != nil {
		return nil, "", classify(op, err)
	}
	if len(list) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	return list, makeCursor(list[limit-1].At, places[limit-1]), nil
}
