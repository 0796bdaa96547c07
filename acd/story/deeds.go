package story

import (
	"strings"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// Deed says what somebody did, as "who VERB object: detail", by what the audit log has of it.
// An order that was refused, or of which nobody knows, was tried.
func Deed(action, object, detail string) acd.Texts {
	en, es := in(action, deeds)
	if t, ok := tried[action]; ok && !done(detail) {
		en, es = "tried to "+t[0], "intentó "+t[1]
	}
	if action != "definitions.reload" { // which there is one of
		en, es = en+" "+object, es+" "+object
	}
	text := acd.Texts{"en": en, "es": es}
	if detail == "" {
		return text
	}
	return and(and(text, say(": ", ": ")), beside(detail))
}

// Healed says what was put right.
func Healed(what string) acd.Texts {
	en, es := in(what, healed)
	return acd.Texts{"en": en, "es": es}
}

// Change says what a reload changed, in a sentence that the journal has in English.
func Change(sentence string) acd.Texts {
	head, names, _ := strings.Cut(sentence, ": ")
	names, fate, has := strings.Cut(names, "; ")
	at := strings.LastIndexByte(head, ' ')
	if at < 0 || changed[head[:at]] == "" || changed[head[at+1:]] == "" {
		return acd.Texts{"en": sentence, "es": sentence}
	}
	es := changed[head[:at]] + " " + changed[head[at+1:]] + ": " + names
	if has {
		es += "; " + fateOf(fate)
	}
	return acd.Texts{"en": sentence, "es": es}
}

// fateOf is in Spanish what becomes of those whom a change concerns. A number may be before it.
func fateOf(fate string) string {
	n, rest, _ := strings.Cut(fate, " ")
	for en, es := range fates {
		if fate == en {
			return es
		}
		if counts, ok := strings.CutPrefix(en, "%d "); ok && rest == counts {
			return strings.Replace(es, "%d", n, 1)
		}
	}
	return fate
}

// done tells of an order whether it was, by what the audit log has beside it.
func done(detail string) bool {
	for _, part := range parts(detail) {
		if code, _, ok := strings.Cut(part.text, ": "); ok && results[code][0] != "" {
			return code == string(orchestrator.AgentOK) || code == string(orchestrator.AgentLater)
		}
		if part.text == unknown {
			return false
		}
	}
	return true
}

// piece is a part of a detail, and what parts it from the next.
type piece struct{ text, sep string }

// parts takes a detail apart. Why somebody did it is one, whatever they wrote.
func parts(detail string) (list []piece) {
	for rest := detail; rest != ""; {
		end := strings.IndexAny(rest, ",;")
		if end < 0 || strings.HasPrefix(rest, because) {
			end = len(rest)
		}
		next := strings.TrimLeft(rest[end:], ",; ")
		list = append(list, piece{rest[:end], rest[end : len(rest)-len(next)]})
		rest = next
	}
	return list
}

// beside says what the audit log has beside a deed. What people wrote stays as it is.
func beside(detail string) acd.Texts {
	var en, es strings.Builder
	for _, part := range parts(detail) {
		text := aside(part.text)
		en.WriteString(text["en"] + part.sep)
		es.WriteString(text["es"] + part.sep)
	}
	return acd.Texts{"en": en.String(), "es": es.String()}
}

const (
	because = "because: "
	unknown = "not known whether it was done"
)

const (
	inside   = "no new caller gets in, and those inside are served by the agents it had"
	insideES = "no entra ninguna nueva, y a las que están las atienden los agentes que tenía"
)

// aside is one part of a detail.
func aside(part string) acd.Texts {
	if es, ok := details[part]; ok {
		return both(part, es)
	}
	if code, between, ok := strings.Cut(part, ": "); ok { // ok: available -> paused
		if words, ok := results[code]; ok {
			return and(both(words[0], words[1]), passage(between))
		}
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(part, p[0]); ok {
			if to, queue, ok := strings.Cut(rest, " on behalf of "); ok {
				rest = to + " en nombre de " + queue
			}
			return both(part, p[1]+rest)
		}
	}
	return both(part, part)
}

// passage is the state that an agent was in, and the one after, if there is another.
func passage(between string) acd.Texts {
	from, to, _ := strings.Cut(strings.TrimSpace(between), " ->")
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	out := both("", "")
	if from != "" {
		out = and(both(": ", ": "), state(from))
	}
	if to != "" && to != from {
		out = and(out, and(both(" -> ", " -> "), state(to)))
	}
	return out
}

// both are words that may have any sign in them.
func both(en, es string) acd.Texts { return acd.Texts{"en": en, "es": es} }

func state(s string) acd.Texts {
	if words, ok := states[s]; ok {
		return both(words[0], words[1])
	}
	return both(s, s)
}

var (
	deeds = map[string][2]string{
		"agent.login": {"logged in agent", "conectó al agente"}, "agent.logout": {"logged out agent", "desconectó al agente"},
		"agent.pause": {"paused agent", "pausó al agente"}, "agent.resume": {"made ready agent", "puso listo al agente"},
		"agent.dispose": {"gave the outcome of a call of agent", "tipificó una llamada del agente"}, "agent.extend": {"gave more time for wrap-up to agent", "dio más tiempo de cierre al agente"},
		"agent.dial": {"had a number called for agent", "hizo llamar a un número para el agente"}, "agent.line": {"logged in on a permanent line agent", "conectó con línea permanente al agente"},
		"agent.line_up": {"noted the permanent line of agent", "anotó la línea permanente del agente"}, "agent.line_down": {"noted the end of the permanent line of agent", "anotó el fin de la línea permanente del agente"},
		"agent.look": {"looked at agent", "miró el estado del agente"}, "agent.transfer": {"transferred the customer of agent", "transfirió al cliente del agente"},
		"agent.consult": {"asked somebody for agent", "consultó para el agente"}, "agent.complete": {"completed the transfer of agent", "completó la transferencia del agente"},
		"agent.swap": {"swapped the two sides of agent", "alternó las dos partes del agente"}, "agent.cancel": {"ended the consultation of agent", "terminó la consulta del agente"},
		"agent.conference": {"brought together the three of agent", "reunió a los tres del agente"}, "agent.supervise": {"listened to agent", "escuchó al agente"},
		"agent.pin_locked": {"was locked out after wrong PINs of agent", "quedó bloqueado por PIN errado del agente"}, "agent.pin_wrong": {"gave a wrong PIN of agent", "dio un PIN errado del agente"},
		"agent.pin_right": {"gave, after wrong ones, the right PIN of agent", "dio, tras errados, el PIN correcto del agente"},
		"call.hangup":     {"ended call", "terminó la llamada"}, "call.transfer": {"transferred call", "transfirió la llamada"}, "call.move": {"moved call", "movió la llamada"},
		"call.machine": {"took for a machine who answered call", "tomó por una máquina a quien contestó la llamada"},
		"call.dial":    {"had the lead called in preview", "hizo llamar al contacto en la vista previa"}, "call.skip": {"did not have the lead called in preview", "no hizo llamar al contacto en la vista previa"},
		"call.hold": {"held the customer of call", "puso en espera la llamada"}, "call.resume": {"took the customer off hold in call", "retomó la llamada"},
		"call.mute": {"muted a side of call", "silenció una parte de la llamada"}, "call.unmute": {"let a side be heard again in call", "devolvió la voz a una parte de la llamada"},
		"call.consult": {"asked somebody beside call", "consultó en la llamada"}, "call.complete": {"completed the transfer of call", "completó la transferencia de la llamada"},
		"call.cancel": {"ended the consultation of call", "terminó la consulta de la llamada"}, "call.swap": {"swapped the two sides of call", "alternó las dos partes de la llamada"},
		"call.conference": {"brought together the three of call", "reunió a los tres de la llamada"}, "call.revoke": {"cancelled the callback", "canceló la devolución de llamada"},
		"call.give_up": {"gave up the attempt", "desistió del intento"}, "call.supervise": {"supervised call", "supervisó la llamada"}, "call.leave": {"stopped supervising call", "dejó de supervisar la llamada"},
		"call.takeover": {"took over call", "tomó la llamada"},
		"callback.add":  {"noted a callback", "anotó una devolución de llamada"}, "callback.cancel": {"cancelled a callback", "canceló una devolución de llamada"},
		"recording.delete": {"deleted recording", "borró la grabación"}, "recording.mute": {"silenced recording", "silenció la grabación"}, "recording.unmute": {"ended the silence in recording", "quitó el silencio de la grabación"},
		"recording.play": {"listened to recording", "escuchó la grabación"}, "recording.download": {"downloaded recording", "descargó la grabación"},
		"do_not_call.add": {"forbade calling", "prohibió llamar a"}, "do_not_call.remove": {"allowed calling", "permitió llamar a"},
		"do_not_call.source.delete": {"dropped the do-not-call source", "quitó la fuente de exclusión"},
		"hold.place":                {"placed a legal hold on", "puso en custodia"}, "hold.release": {"released the legal hold", "levantó la custodia"},
		"import.start": {"began import", "inició la importación"}, "import.undo": {"undid import", "deshizo la importación"}, "import.rejects": {"looked at the rejects of import", "miró los rechazos de la importación"},
		"campaign.start": {"started campaign", "inició la campaña"}, "campaign.pause": {"paused campaign", "pausó la campaña"}, "campaign.resume": {"resumed campaign", "reanudó la campaña"},
		"campaign.drain": {"let campaign run out", "dejó terminar la campaña"}, "campaign.stop": {"stopped campaign", "detuvo la campaña"},
		"campaign.evidence": {"took the evidence of campaign", "descargó la evidencia de la campaña"}, "campaign.evidence_sum": {"was given the evidence of campaign", "recibió la evidencia de la campaña"},
		"campaign.appointment": {"made an appointment of campaign", "dio una cita de la campaña"},
		"list.create":          {"made list", "creó la lista"}, "list.delete": {"deleted list", "borró la lista"},
		"retention.apply": {"applied retention to", "aplicó la retención a"}, "number.erase": {"erased number", "olvidó el número"},
		"definitions.reload": {"had the definitions read", "hizo leer las definiciones"}, "contacts.export": {"exported", "exportó"}, "queue_log.export": {"exported", "exportó"},
		"logbook.note": {"wrote into", "escribió en"},
		"session.open": {"signed in as", "inició sesión como"}, "session.refused": {"was refused to sign in as", "no pudo iniciar sesión como"}, "session.end": {"ended the session of", "cerró la sesión de"},
		"password.change": {"changed the password of", "cambió la contraseña de"}, "password.set": {"set the password of", "fijó la contraseña de"}, "password.refused": {"was refused to change the password of", "no pudo cambiar la contraseña de"},
		"user.create": {"let in", "dio de alta a"}, "user.change": {"changed", "modificó a"}, "user.invite": {"made a link for", "creó un enlace para"}, "user.disable": {"shut out", "desactivó a"},
		"user.enable": {"let in again", "reactivó a"}, "user.end_sessions": {"ended the sessions of", "cerró las sesiones de"},
		"totp.on": {"set up the second factor of", "configuró el segundo factor de"}, "totp.off": {"removed the second factor of", "quitó el segundo factor de"},
		"totp.recovery_codes": {"made recovery codes for", "creó códigos de recuperación para"}, "totp.refused": {"gave a wrong code for", "dio un código equivocado para"},
		"user.remove_totp": {"took the second factor away from", "retiró el segundo factor a"}, "user.bind": {"tied to the provider of sign-in", "vinculó al proveedor de inicio de sesión a"},
		"token.create": {"made token", "creó el token"}, "token.revoke": {"revoked token", "revocó el token"},
		"doctor.examine": {"ran", "ejecutó"},
		"display.pair":   {"let in display", "admitió la pantalla"}, "display.revoke": {"removed display", "quitó la pantalla"},
	}
	// tried are the orders that may be refused, by what would have been done.
	tried = map[string][2]string{
		"agent.login": {"log in agent", "conectar al agente"}, "agent.logout": {"log out agent", "desconectar al agente"},
		"agent.pause": {"pause agent", "pausar al agente"}, "agent.resume": {"make ready agent", "poner listo al agente"},
		"agent.dispose": {"give the outcome of a call of agent", "tipificar una llamada del agente"}, "agent.extend": {"give more time for wrap-up to agent", "dar más tiempo de cierre al agente"},
		"agent.line": {"log in on a permanent line agent", "conectar con línea permanente al agente"},
	}
	healed = map[string][2]string{
		"distributor": {"places in queues", "lugares en las colas"}, "place": {"lost place", "lugar perdido"}, "agent": {"lost agent", "agente perdido"},
		"call": {"call", "llamada"}, "ended call": {"ended call", "llamada terminada"}, "unheld call": {"call without its state", "llamada sin su estado"},
		"channel": {"channel", "canal"}, "leg": {"leg", "tramo"}, "room": {"room", "sala"}, "bridge": {"bridge", "puente"},
		"presence": {"whether a PBX is there", "si una PBX está"}, "offer": {"offer", "oferta"}, "waiting": {"caller who was gone", "llamada en espera que ya no estaba"},
	}
	// results are those of what agents ask for.
	results = map[string][2]string{
		string(orchestrator.AgentOK): {"done", "hecho"}, string(orchestrator.AgentLater): {"after the call", "después de la llamada"},
		string(orchestrator.AgentUnknown): {"no such agent", "no existe ese agente"}, string(orchestrator.AgentBadPIN): {"wrong PIN", "PIN errado"},
		string(orchestrator.AgentLocked): {"locked after wrong PINs", "bloqueado por PIN errado"}, string(orchestrator.AgentAlready): {"so already", "ya estaba así"},
		string(orchestrator.AgentNotLoggedIn): {"the agent is not logged in", "el agente no está conectado"}, string(orchestrator.AgentElsewhere): {"logged in at another phone", "conectado en otro teléfono"},
		string(orchestrator.AgentBusy): {"busy", "ocupado"}, string(orchestrator.AgentPhoneBusy): {"the agent's phone is in another call", "el teléfono del agente está en otra llamada"},
		string(orchestrator.AgentBadQueue): {"the agent does not serve the queue", "el agente no atiende la cola"}, string(orchestrator.AgentBadReason): {"no such reason", "no existe ese motivo"},
		string(orchestrator.AgentOwes): {"the call needs an outcome first", "la llamada necesita antes un resultado"}, string(orchestrator.AgentTooManyOutcomes): {"too many outcomes", "demasiados resultados"},
		string(orchestrator.AgentNoMore): {"wrap-up is as long as it may be", "el cierre ya dura lo que puede"}, string(orchestrator.AgentUsedUp): {"the day's pauses are used up", "las pausas del día están agotadas"},
		string(orchestrator.AgentTooMany): {"too many pause at once", "demasiados en pausa a la vez"}, string(orchestrator.AgentBadDisposition): {"no such outcome", "no existe ese resultado"},
		string(orchestrator.AgentNothingToClose): {"there is no call for it", "no hay llamada para ello"}, string(orchestrator.AgentRefused): {"refused", "rechazado"},
	}
	states = map[string][2]string{
		string(acd.StateOffline): {"offline", "desconectado"}, string(acd.StateAvailable): {"available", "disponible"}, string(acd.StateReserved): {"reserved for a call", "reservado"},
		string(acd.StateTalking): {"in a call", "en conversación"}, string(acd.StateWrapup): {"in wrap-up", "en cierre"}, string(acd.StatePaused): {"paused", "en pausa"},
	}
	// details are what the API puts on the audit log beside a deed, in Spanish.
	details = map[string]string{
		"and back": "y de vuelta", "to the front": "al frente", "beyond its limits": "más allá de sus límites", "too": "también",
		unknown:                            "no se sabe si se hizo",
		string(orchestrator.MonitorListen): "escucha", string(orchestrator.MonitorWhisper): "susurro", string(orchestrator.MonitorBarge): "intervención", string(orchestrator.MonitorTakeover): "toma de la llamada",
	}
	// changed are what a reload changes, and how; fates what comes of it.
	changed = map[string]string{
		"queue": "cola", "agent": "agente", "profile": "perfil", "team": "equipo", "known caller": "cliente conocido", "pause reason": "motivo de pausa",
		"disposition": "resultado", "number": "número", "calendar": "calendario", "campaign": "campaña", "mailbox": "buzón", "flow": "flujo", "source": "fuente", "new": "(alta)", "changed": "(cambio)", "gone": "(baja)",
	}
	fates = map[string]string{
		"nobody waits in it": "nadie espera en ella", "logged out, after the current call if there is one": "se desconecta, tras la llamada en curso si la hay",
		"nobody may listen to its agents any more": "ya nadie puede escuchar a sus agentes", "calls in it end as they began": "las llamadas que están en él acaban como empezaron",
		"how many callers wait in it is not known: " + inside: "no se sabe cuántas llamadas esperan en ella: " + insideES,
		"%d of its callers wait: " + inside:                   "esperan %d de sus llamadas: " + insideES,
	}
	prefixes = [][2]string{
		{because, "porque: "}, {"to agent ", "al agente "}, {"to queue ", "a la cola "}, {"to flow ", "al flujo "}, {"to number ", "al número "}, {"to ", "a "},
		{"side ", "parte "}, {"supervisor ", "supervisor "}, {"of queue ", "de la cola "}, {"of ", "de "}, {"list ", "lista "}, {"hashes ", "resúmenes "}, {"do_not_call ", "exclusión "},
	}
)
