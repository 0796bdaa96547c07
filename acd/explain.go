package acd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Finding is one reason why an agent has no call, or not a certain one. Code is
// for programs, Text says it in words, in every language of pages.
type Finding struct {
	Code string `json:"code"`
	Text Texts  `json:"text"`
}

// Codes of findings.
const (
	WhyUnknownAgent = "unknown_agent"
	WhyUnknownCall  = "call_not_waiting"
	WhyState        = "state"      // not available
	WhyPhone        = "phone"      // busy or unreachable
	WhyRest         = "resting"    // after an offer that came to nothing
	WhyNotMember    = "not_member" // the call's queue is not the agent's
	WhyOtherPBX     = "other_pbx"  // call and agent are on different PBXs
	WhyReserve      = "reserve"    // the agent is kept for calls of a tier
	WhySkills       = "skills"     // the agent cannot do what is required
	WhyNotYet       = "not_yet"    // the agent is called later
	WhyPrefers      = "prefers"    // the call waits for another agent first
	WhyPBXAway      = "pbx_away"   // the call's PBX is away
	WhyOffered      = "offered"    // the call's offer went to somebody
	WhyOlderCall    = "older_call" // another call that the agent may serve comes first
	WhyNoCalls      = "no_calls"   // nothing waits that the agent may serve
	WhyMatch        = "match"      // nothing stands in the way
)

func finding(code, en, es string, args ...any) Finding {
	return Finding{Code: code, Text: Texts{"en": fmt.Sprintf(en, args...), "es": fmt.Sprintf(es, args...)}}
}

// Explain says why an agent does not get a call that waits; call may be "" for any.
func (s *Service) Explain(ctx context.Context, agent, call string) ([]Finding, error) {
	now := s.now()
	rec, err := s.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	return (&explaining{dir: s.directory.Load(), rec: rec, now: now.UnixMilli()}).explain(agent, call), nil
}

// explaining judges what is stored by the rules of the package comment.
type explaining struct {
	dir *directory
	rec Records
	now int64
}

func (x *explaining) explain(agent, call string) []Finding {
	a, known := x.agent(agent)
	if !known {
		return []Finding{finding(WhyUnknownAgent, "there is no agent %q", "no hay ningún agente %q", agent)}
	}
	out := explainAgent(a, x.now)
	if call == "" {
		return append(out, x.any(a, len(out) == 0)...)
	}
	return append(out, x.call(a, call, len(out) == 0)...)
}

func (x *explaining) agent(id string) (AgentView, bool) {
	rec, stored := x.rec.Agents[id]
	_, defined := x.dir.agents[id]
	return x.dir.agentView(id, rec), stored || defined
}

// stateWords are the states of agents in words, English and Spanish.
var stateWords = map[State][2]string{StateOffline: {"logged out", "desconectado"}, StateAvailable: {"available", "disponible"},
	StateReserved: {"reserved", "reservado"}, StateTalking: {"talking", "en conversación"},
	StateWrapup: {"in wrap-up", "cerrando la llamada anterior"}, StatePaused: {"paused", "en pausa"}}

// overWords say which limit a pause is beyond.
var overWords = map[Over][2]string{
	OverTime:   {", longer than the day allows", ", más tiempo del permitido al día"},
	OverTimes:  {", more often than the day allows", ", más veces de las permitidas al día"},
	OverAtOnce: {", with more agents at once than may", ", con más agentes a la vez de los permitidos"},
}

// explainState says what the agent does instead, since when and why.
func explainState(a AgentView, now int64) Finding {
	words := stateWords[a.State]
	en, es := " is "+words[0], " está "+words[1]
	if a.Since > 0 {
		en, es = " has been "+words[0]+" for "+span(now-a.Since), es+" desde hace "+span(now-a.Since)
	}
	switch {
	case a.State == StateWrapup && a.Cause == CauseOutcome:
		en, es = en+": the call needs a disposition", es+": la llamada necesita un resultado"
	case a.Reason != "":
		en, es = en+" ("+a.Reason+")", es+" ("+a.Reason+")"
	case a.State == StatePaused:
		en, es = en+", without a reason", es+", sin motivo"
	}
	if words, over := overWords[a.Over]; over {
		en, es = en+words[0], es+words[1]
	}
	if a.PauseUntil > 0 {
		en, es = en+"; what the day allows lasts another "+span(a.PauseUntil-now), es+"; lo que permite el día dura otros "+span(a.PauseUntil-now)
	}
	if a.lineGone() {
		en += ": the permanent line is gone; *484, *4811 or `operadora agent login " + a.ID + " --line` brings it back"
		es += ": la línea permanente se cortó; *484, *4811 o `operadora agent login " + a.ID + " --line` la recupera"
	}
	if a.Call != "" {
		en, es = en+" with call "+a.Call, es+" con la llamada "+a.Call
	}
	return Finding{WhyState, Texts{"en": "agent " + a.ID + en, "es": "el agente " + a.ID + es}}
}

// lineGone says that the agent is paused because the permanent line is gone.
func (a *AgentView) lineGone() bool {
	return a.State == StatePaused && a.Reason == orchestrator.ReasonLine
}

// explainAgent lists what makes the agent ineligible.
func explainAgent(a AgentView, now int64) []Finding {
	var out []Finding
	if a.State != StateAvailable {
		out = append(out, explainState(a, now))
	}
	if a.Device == orchestrator.DeviceBusy || a.Device == orchestrator.DeviceUnreachable {
		if a.State != StateReserved && a.State != StateTalking && !a.lineGone() { // there it is our own call; without its line the phone may be fine
			out = append(out, explainPhone(a))
		}
	}
	if a.RestUntil > 0 {
		out = append(out, finding(WhyRest, "agent %s rests for another %s after an offer that failed (%s)",
			"el agente %s descansa otros %s tras una oferta fallida (%s)", a.ID, span(a.RestUntil-now), a.RestFor))
	}
	return out
}

func explainPhone(a AgentView) Finding {
	en, es := "the PBX says", "la centralita dice"
	if a.Inferred {
		en, es = "the last offer found", "la última oferta encontró"
	}
	word := "ocupado"
	if a.Device == orchestrator.DeviceUnreachable {
		word = "fuera de servicio"
	}
	return Finding{WhyPhone, Texts{"en": fmt.Sprintf("%s that phone %s is %s", en, a.Endpoint, a.Device),
		"es": fmt.Sprintf("%s que el teléfono %s está %s", es, a.Endpoint, word)}}
}

// any looks for calls that the agent could get.
func (x *explaining) any(a AgentView, eligible bool) []Finding {
	if first, _, ok := x.first(a); ok {
		if !eligible {
			return nil
		}
		return []Finding{finding(WhyMatch, "call %s is next for agent %s", "la llamada %s es la siguiente para el agente %s", first, a.ID)}
	}
	return []Finding{finding(WhyNoCalls, "no call waits that agent %s may serve on pbx %s, in the queues %v",
		"no espera ninguna llamada que el agente %s pueda atender en la centralita %s, en las colas %v", a.ID, a.PBX, a.Queues)}
}

// first is the call that an agent would get.
func (x *explaining) first(a AgentView) (best string, c CallRecord, ok bool) {
	for id, other := range x.rec.Calls {
		if x.rec.rung(other) != nil && other.At == 0 || len(x.against(a, other)) > 0 { // while more phones may ring, it is to be found
			continue
		}
		if !ok || cmp.Or(cmp.Compare(other.Score, c.Score), cmp.Compare(id, best)) < 0 {
			best, c, ok = id, other, true
		}
	}
	return best, c, ok
}

func (x *explaining) call(a AgentView, id string, eligible bool) []Finding {
	c, ok := x.rec.Calls[id]
	if !ok {
		return []Finding{finding(WhyUnknownCall, "call %s is in no queue", "la llamada %s no está en ninguna cola", id)}
	}
	var out []Finding
	for _, agent := range x.rec.rung(c) {
		out = append(out, finding(WhyOffered, "call %s is offered to agent %s", "la llamada %s se ofrece al agente %s", id, agent))
	}
	out = append(out, x.against(a, c)...)
	if len(out) > 0 || !eligible {
		return out
	}
	if first, other, ok := x.first(a); ok && first != id {
		return []Finding{finding(WhyOlderCall, "call %s in queue %s comes first: it counts as waiting %s longer",
			"la llamada %s de la cola %s va antes: cuenta como si esperara %s más", first, other.Queue, span(int64(c.Score-other.Score)))}
	}
	return []Finding{finding(WhyMatch, "call %s is next for agent %s", "la llamada %s es la siguiente para el agente %s", id, a.ID)}
}

// against lists what keeps an agent, whatever the state, from serving a call by now.
func (x *explaining) against(a AgentView, c CallRecord) (out []Finding) {
	if c.Away > 0 {
		out = append(out, finding(WhyPBXAway, "pbx %s, where the caller is, has been away for %s: the call keeps its place, and nobody is rung for it until it is back",
			"la centralita %s, donde está quien llama, no responde desde hace %s: la llamada conserva su lugar y a nadie se le ofrece hasta que vuelva", c.PBX, span(x.now-c.Away)))
	}
	if !x.dir.together(a.PBX, c.PBX) {
		out = append(out, finding(WhyOtherPBX, "the call is on pbx %s, agent %s on pbx %s",
			"la llamada está en la centralita %s, el agente %s en la %s", c.PBX, a.ID, a.PBX))
	}
	waited := max(0, x.now-c.Since)
	c, _ = x.dir.knows(c)
	if owner := orchestrator.OwnerOfQueue(c.Queue); owner != "" {
		if owner != a.ID {
			out = append(out, finding(WhyNotMember, "the call is for agent %s alone", "la llamada es solo para el agente %s", owner))
		}
		return out
	}
	if at := c.At; at > 0 && at <= len(c.Rings) { // where the store has it now
		alone := orchestrator.OwnerOfQueue(c.Rings[at-1].Lane)
		if alone == a.ID {
			return out
		}
		if alone != "" {
			return append(out, finding(WhyPrefers, "the call waits for agent %s first, for another %s",
				"la llamada espera primero al agente %s, otros %s", alone, span(c.PatienceMS-waited)))
		}
	}
	return append(out, x.dir.unfit(a, c, waited)...)
}

// unfit says what of the definitions keeps an agent from a call that has waited for so long.
func (dir *directory) unfit(a AgentView, c CallRecord, waited int64) []Finding {
	q, _ := dir.queue(c.Queue)
	p := dir.profiles[dir.stationOf(a.ID).Profile]
	var at *Membership
	if p != nil {
		at = p.place(c.Queue)
	}
	if at == nil {
		return []Finding{finding(WhyNotMember, "agent %s does not serve queue %s", "el agente %s no atiende la cola %s", a.ID, c.Queue)}
	}
	asks, about := dir.ways.judge(dir, q, c)
	if at.Reserve && asks.tier == 0 {
		return []Finding{finding(WhyReserve, "agent %s is kept in queue %s for callers of a tier", "el agente %s se reserva en la cola %s para urgencias", a.ID, c.Queue)}
	}
	from, _, ok := asks.when(*at, newEnv(dir.ways.skills, p.Skills), p.Skills, about)
	if !ok {
		wanted := slices.DeleteFunc([]string{lastRequired(q), c.Needs}, func(text string) bool { return text == "" })
		return []Finding{finding(WhySkills, "agent %s (%s) does not meet what is required: %s", "el agente %s (%s) no cumple lo requerido: %s",
			a.ID, levels(p.Skills), strings.Join(wanted, "; "))}
	}
	if left := from.Milliseconds() - waited; left > 0 {
		return []Finding{finding(WhyNotYet, "agent %s may serve the call in %s, when it has waited %s", "el agente %s podrá atender la llamada en %s, cuando haya esperado %s",
			a.ID, span(left), from)}
	}
	return nil
}

// lastRequired is the least that a queue ever requires.
func lastRequired(q Queue) string {
	if n := len(q.Relax); n > 0 {
		return q.Relax[n-1].Requires
	}
	return q.Requires
}

// levels are an agent's skills in words.
func levels(skills map[string]int) string {
	var words []string
	for _, s := range slices.Sorted(maps.Keys(skills)) {
		words = append(words, s+" "+strconv.Itoa(skills[s]))
	}
	return cmp.Or(strings.Join(words, ", "), "-")
}

// span is a length of time in ms, in words, to the second.
func span(ms int64) string {
	return (time.Duration(max(0, ms)) * time.Millisecond).Round(time.Second).String()
}
