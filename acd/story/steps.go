package story

import (
	"cmp"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

func (t *teller) arrived(e orchestrator.Entry, d entry) {
	text := say("the call came in for number %s, on pbx %s", "la llamada entró al número %s, en la centralita %s", d.DID, e.PBX)
	switch orchestrator.CallKind(d.Kind) {
	case orchestrator.KindFeature:
		text = say("an agent's phone dialled a feature code", "el teléfono de un agente marcó un código")
	case orchestrator.KindOutbound:
		text = say("an agent calls a number", "un agente llama a un número")
	case orchestrator.KindCallback:
		text = say("a customer is to be called back", "hay que devolver la llamada a un cliente")
	case orchestrator.KindCampaign:
		text = say("a lead of a campaign is called", "se llama a un contacto de una campaña")
	case orchestrator.KindInbound:
	}
	t.add(Step{At: e.At, Code: Arrived, Why: d.Kind, Text: text})
}

func (t *teller) passed(e orchestrator.Entry, d entry) {
	text := say("node %s of flow %s", "nodo %s del flujo %s", d.Node, d.Flow)
	if en, es := node(d.Outcome); en != "" {
		text = and(text, acd.Texts{"en": ": " + en, "es": ": " + es})
	}
	t.add(Step{At: e.At, Code: Passed, Why: d.Outcome, Text: text})
}

func (t *teller) queued(e orchestrator.Entry, d entry) {
	t.queue, t.since = d.Queue, e.At
	en, es := place(d.Queue)
	text := acd.Texts{"en": "it has a place " + en, "es": "tiene lugar " + es}
	switch {
	case d.Staff == nil: // served at once, or its place is one that it had before
	case *d.Staff == 0:
		text = acd.Texts{"en": "it waits " + en + ": nobody is logged in there", "es": "espera " + es + ": no hay nadie conectado en ella"}
	default:
		text = and(acd.Texts{"en": "it waits " + en, "es": "espera " + es},
			say(", as number %d: of %d agents logged in, none who may serve it is free", ", con el puesto %d: de %d agentes conectados, ninguno que pueda atenderla está libre", d.Position, *d.Staff))
	}
	for _, more := range []struct {
		has    bool
		en, es string
		value  any
	}{
		{d.Known != "", "; its number is known as %v", "; su número se conoce como %v", d.Known},
		{d.Tier > 0, "; it is of emergency tier %v", "; es una urgencia de nivel %v", d.Tier},
		{d.Priority != 0, "; its priority counts as %v waited", "; su prioridad cuenta como %v de espera", span(cmp.Or(d.PriorityMS, int64(d.Priority)*60_000))},
		{d.AheadMS > 0, "; it is put before others, as if it had waited %v longer", "; pasa delante, como si llevara %v más de espera", span(d.AheadMS)},
		{d.Needs != "", "; it requires %v", "; requiere %v", d.Needs},
		{d.Prefer != "", "; it is for agent %v first", "; es primero para el agente %v", d.Prefer},
		{d.LastAgent, ", who served the caller last%v", ", que atendió a quien llama la última vez%v", ""},
		{d.Prefer != "", ", for %v at most", ", como mucho %v", span(d.PatienceMS)},
		{d.KeptOf != "", "; it has the place of the caller's earlier call %v", "; conserva el lugar de la llamada anterior de quien llama, %v", d.KeptOf},
		{d.KeptOf != "", ", who had begun to wait %v before", ", que había empezado a esperar %v antes", span(e.At.UnixMilli() - d.KeptSince)},
		{len(d.WidensMS) > 0, "; more agents may serve it after %v", "; podrán atenderla más agentes pasados %v", spans(d.WidensMS)},
	} {
		if more.has {
			text = and(text, say(more.en, more.es, more.value))
		}
	}
	t.add(Step{At: e.At, Code: Queued, Queue: d.Queue, Text: text})
}

func spans(all []int64) string {
	var out []string
	for _, ms := range all {
		out = append(out, span(ms))
	}
	return strings.Join(out, ", ")
}

func (t *teller) refused(e orchestrator.Entry, d entry) {
	en, es := in(d.Result, refusals)
	t.add(Step{At: e.At, Code: Refused, Why: d.Result, Queue: d.Queue,
		Text: acd.Texts{"en": "queue " + d.Queue + " did not take it: " + en, "es": "la cola " + d.Queue + " no la admitió: " + es}})
	t.rest()
}

// rest notes that the call waits no more.
func (t *teller) rest() { t.queue, t.since = "", time.Time{} }

func (t *teller) unqueued(e orchestrator.Entry, d entry) {
	en, es := in(d.Why, leavings, refusals)
	waited := t.waited(e.At)
	t.add(Step{At: e.At, Code: Unqueued, Why: d.Why, Queue: d.Queue, WaitedMS: waited, Text: and(
		say("it left the queue after %s, without having been served: ", "salió de la cola tras %s, sin haber sido atendida: ", span(waited)),
		acd.Texts{"en": en, "es": es})})
	t.rest()
}

func (t *teller) offered(e orchestrator.Entry, d entry) {
	s := Step{At: e.At, Code: Offered, Queue: d.Queue, Agent: d.Agent, WaitedMS: t.waited(e.At)}
	s.Text = say("it is offered to agent %s", "se ofrece al agente %s", d.Agent)
	if m := d.Match; m != nil {
		s.WaitedMS = m.WaitedMS
		s.Text = and(s.Text, matched(*m))
	}
	t.add(s)
}

// matched says why it was this agent, and why then.
func matched(m orchestrator.Match) acd.Texts {
	var out acd.Texts
	switch {
	case m.Alone:
		out = say(", for whom it waited", ", a quien esperaba")
	case m.Freed:
		out = say(", who became free: of the calls that the agent may serve it was the next", ", que quedó libre: de las llamadas que puede atender era la siguiente")
	default:
		en, es := in(m.Strategy, orders)
		out = and(say(", free for %s: of those who were free and may serve it, ", ", libre desde hacía %s: de quienes estaban libres y pueden atenderla, ", span(m.FreeMS)),
			acd.Texts{"en": en, "es": es})
	}
	if m.Tier > 0 {
		out = and(out, say("; the agent was told that it is an emergency", "; se avisó al agente de que es una urgencia"))
	}
	if m.Eased > 0 && !m.Alone {
		out = and(out, say("; too long a wait was expected, and more agents than at first might serve it", "; se preveía una espera demasiado larga, y podían atenderla más agentes que al principio"))
	}
	if m.WaitedMS == 0 {
		return out
	}
	out = and(out, say("; it had waited %s", "; llevaba %s esperando", span(m.WaitedMS)))
	if m.Relaxed > 0 && !m.Alone {
		out = and(out, say(", and more agents than at first might serve it by then", ", y ya podían atenderla más agentes que al principio"))
	}
	return out
}

func (t *teller) missed(e orchestrator.Entry, d entry) {
	en, es := in(d.Why, failures)
	t.add(Step{At: e.At, Code: Missed, Why: d.Why, Agent: d.Agent, WaitedMS: t.waited(e.At), Text: acd.Texts{
		"en": "agent " + d.Agent + " " + en, "es": "el agente " + d.Agent + " " + es}})
}

func (t *teller) connected(e orchestrator.Entry, d entry) {
	text := say("it talks with agent %s, having waited %s", "habla con el agente %s, tras esperar %s", d.Agent, span(d.WaitMS))
	switch {
	case d.TakenOver:
		text = say("supervisor %s takes it over", "el supervisor %s la toma", d.Agent)
	case d.Dialled:
		text = say("the customer talks with agent %s, who made the call", "el cliente habla con el agente %s, que hizo la llamada", d.Agent)
	}
	t.add(Step{At: e.At, Code: Connected, Agent: d.Agent, WaitedMS: d.WaitMS, Text: text})
	t.rest()
}

func (t *teller) parted(e orchestrator.Entry, d entry) {
	en, es := in(d.By, parties)
	who := say("the conversation with agent %s", "la conversación con el agente %s", d.Agent)
	if d.Agent == "" {
		who = say("the conversation with an outside number", "la conversación con un número externo")
	}
	t.add(Step{At: e.At, Code: Parted, Why: d.By, Agent: d.Agent, Text: and(and(who,
		say(" ends after %s: ", " acaba tras %s: ", span(d.TalkMS))), acd.Texts{"en": en, "es": es})})
}

func (t *teller) transferred(e orchestrator.Entry, d entry) {
	if d.Result == "" {
		return // not to be seen by who asks
	}
	kindEN, kindES := in(d.Kind, kinds)
	if d.Kind == "" {
		kindES = "a"
	}
	resultEN, resultES := in(d.Result, transfers, refusals, failures, outcomes)
	to := d.Destination
	if owner := orchestrator.OwnerOfQueue(to); owner != "" {
		to, kindEN, kindES = owner, "agent", "al agente"
	}
	text := acd.Texts{"en": strings.TrimSpace("transfer to "+kindEN) + " " + to + ": " + resultEN, "es": "transferencia " + kindES + " " + to + ": " + resultES}
	if d.By != "" {
		text = and(text, say(", by %[1]s", ", por %[1]s", d.By))
	}
	t.add(Step{At: e.At, Code: Transferred, Why: d.Result, Text: quoted(noted(text, d.Reason), d.Error)})
}

func (t *teller) dialled(e orchestrator.Entry, d entry) {
	if d.Result == "" {
		return
	}
	en, es := in(d.Result, dials, outcomes, results)
	text := acd.Texts{"en": "the customer's phone: " + en, "es": "el teléfono del cliente: " + es}
	t.add(Step{At: e.At, Code: Dialled, Why: d.Result, Text: quoted(text, d.Error)})
}

func (t *teller) calledBack(e orchestrator.Entry, d entry) {
	if d.Result == "" {
		return
	}
	en, es := in(d.Result, dials, outcomes, results)
	text := acd.Texts{"en": "callback: " + en, "es": "devolución de llamada: " + es}
	if d.Attempt > 0 {
		text = and(text, say(", attempt %d", ", intento %d", d.Attempt))
	}
	t.add(Step{At: e.At, Code: CalledBack, Why: d.Result, Queue: d.Queue, Text: quoted(text, d.Error)})
}

func (t *teller) message(e orchestrator.Entry, d entry) {
	if d.State == "" {
		return
	}
	en, es := in(d.State, messages)
	t.add(Step{At: e.At, Code: Messaged, Why: d.State, Text: acd.Texts{"en": "no agent was there in time: " + en, "es": "no hubo agente a tiempo: " + es}})
}

func (t *teller) machine(e orchestrator.Entry, d entry) {
	if d.State == "" {
		return
	}
	word := d.State
	if d.State == "heard" {
		word = d.Verdict
	}
	en, es := in(word, machines)
	text := acd.Texts{"en": en, "es": es}
	if d.Sampled {
		text = and(text, say("; it is put through all the same, to find out whether that is so", "; se pasa a un agente de todos modos, para saber si es así"))
	}
	t.add(Step{At: e.At, Code: Answered, Why: word, Text: text})
}

func (t *teller) previewed(e orchestrator.Entry, d entry) {
	var text acd.Texts
	switch {
	case d.State == "given":
		text = say("agent %s is to say within %s whether the lead is called", "el agente %s debe decir en %s si se llama al contacto", d.Agent, span(d.LimitMS))
	case d.State == "dial":
		text = say("%s has the lead called", "%s hace llamar al contacto", d.By)
	case d.State == "skip" && d.By == orchestrator.ByOperadora:
		text = say("the agent did not say in time, and the lead is not called", "el agente no lo dijo a tiempo, y no se llama al contacto")
	case d.State == "skip":
		text = say("%s does not have the lead called", "%s no hace llamar al contacto", d.By)
	default:
		return
	}
	if d.Disposition != "" {
		text = and(text, say(": %s", ": %s", d.Disposition))
	}
	t.add(Step{At: e.At, Code: Previewed, Why: d.State, Agent: d.Agent, Text: text})
}

func (t *teller) hungUp(e orchestrator.Entry, d entry) {
	if d.By == "" {
		return
	}
	text := say("%s had it ended", "%s la hizo terminar", d.By)
	if d.By == "caller" {
		text = acd.Texts{"en": "the caller had it ended", "es": "quien llama la hizo terminar"}
	}
	if d.Reason != "" {
		text = and(text, acd.Texts{"en": ": " + d.Reason, "es": ": " + cmp.Or(wishes[d.Reason], d.Reason)})
	}
	t.add(Step{At: e.At, Code: HungUp, Why: d.Reason, Text: text})
}

func (t *teller) fault(e orchestrator.Entry, d entry) {
	if d.What == "" {
		return
	}
	en, es := wrong(d.What)
	text := acd.Texts{"en": "something went wrong: " + en, "es": "algo falló: " + es}
	t.add(Step{At: e.At, Code: Fault, Why: d.What, Text: quoted(text, d.Error)})
}

func (t *teller) ended(e orchestrator.Entry, d entry) {
	tables, by := []map[string][2]string{outcomes}, d.EndedBy
	if d.Kind == string(orchestrator.KindCallback) {
		tables = []map[string][2]string{promises, outcomes}
		if promises[d.Outcome][0] != "" && by == "caller" { // who did not hang up: the step before says what they wanted
			by = ""
		}
	}
	en, es := in(d.Outcome, tables...)
	text := acd.Texts{"en": "it ended: " + en, "es": "terminó: " + es}
	if byEN, byES := in(by, parties); byEN != "" {
		text = and(text, acd.Texts{"en": "; " + byEN, "es": "; " + byES})
	}
	waited := t.waited(e.At)
	if waited > 0 {
		enPlace, esPlace := place(t.queue)
		text = and(text, acd.Texts{"en": ", after " + span(waited) + " " + enPlace, "es": ", tras " + span(waited) + " " + esPlace})
	}
	t.add(Step{At: e.At, Code: Ended, Why: d.Outcome, Queue: t.queue, WaitedMS: waited, Text: text})
	t.rest()
}
