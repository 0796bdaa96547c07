package story

import (
	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// Words of what the journal says, English and Spanish. What is not here is shown as
// it is stored.
var (
	refusals = map[string][2]string{
		string(orchestrator.RefusedClosed): {"it was closed", "estaba cerrada"},
		string(orchestrator.RefusedUnfit):  {"nobody was logged in who can do what is asked for", "no había nadie conectado que cumpla lo requerido"},
		string(orchestrator.RefusedLong):   {"too long a wait was expected", "se preveía una espera demasiado larga"},
		string(orchestrator.RefusedFull):   {"it was full", "estaba llena"},
		string(orchestrator.RefusedEmpty):  {"nobody was logged in", "no había nadie conectado"},
		string(orchestrator.RefusedQueue):  {"there is no such queue", "no existe esa cola"},
	}
	leavings = map[string][2]string{
		"timeout":  {"the longest wait was over", "se cumplió la espera máxima"},
		"machine":  {"a machine answered", "contestó una máquina"},
		"deadline": {"the time for an agent to be there was over", "se cumplió el tiempo para que hubiera un agente"},
		"exit":     {"the caller, or the flow, went on elsewhere", "quien llama, o el flujo, siguió por otro lado"},
		"moved":    {"it was moved", "se movió"},
		"offered":  {"an agent was free", "había un agente libre"}, "waiting": {"it waits elsewhere", "espera en otro lado"},
		"out": {"it was out already", "ya había salido"}, "error": {"an error", "un error"},
	}
	orders = map[string][2]string{
		string(acd.LongestIdle):   {"the one free for longest", "quien llevaba más tiempo libre"},
		string(acd.RoundRobin):    {"the one whose turn it was", "a quien le tocaba el turno"},
		string(acd.FewestCalls):   {"the one with the fewest calls", "quien tenía menos llamadas"},
		string(acd.LeastOccupied): {"the one least occupied of late", "quien estuvo menos ocupado últimamente"},
		string(acd.MostSkilled):   {"the one who can do most of what is required", "quien mejor cumple lo requerido"},
		string(acd.FixedOrder):    {"the first in the queue's order", "el primero en el orden de la cola"},
		string(acd.Random):        {"one by lot", "uno por sorteo"},
		string(acd.RingAll):       {"one of several whose phones ring together", "uno de varios cuyos teléfonos suenan a la vez"},
	}
	failures = map[string][2]string{
		string(orchestrator.OfferNoAnswer):    {"did not answer", "no contestó"},
		string(orchestrator.OfferRejected):    {"rejected it", "la rechazó"},
		string(orchestrator.OfferBusy):        {"had the phone in another call", "tenía el teléfono en otra llamada"},
		string(orchestrator.OfferUnreachable): {"had no phone registered", "no tenía el teléfono registrado"},
		string(orchestrator.OfferAbandoned):   {"was not wanted any more: the caller was gone", "ya no hacía falta: quien llamaba ya no estaba"},
		string(orchestrator.OfferCancelled):   {"was not wanted any more: the call went elsewhere first", "ya no hacía falta: la llamada siguió antes por otro lado"},
		string(orchestrator.OfferElsewhere):   {"rang with others: another agent answered first", "sonaba con otros: contestó antes otro agente"},
		string(orchestrator.OfferError):       {"could not be rung: it was nobody's fault", "no pudo ser llamado: no fue culpa de nadie"},
	}
	parties = map[string][2]string{
		"caller": {"the caller hung up", "colgó quien llama"}, "agent": {"the agent hung up", "colgó el agente"},
		"number": {"the outside number hung up", "colgó el número externo"}, "transfer": {"it was handed on", "se transfirió"},
		"operadora": {"operadora ended it", "la terminó operadora"}, "pbx": {"the PBX lost it", "la perdió la centralita"},
	}
	kinds = map[string][2]string{
		string(orchestrator.TargetAgent): {"agent", "al agente"}, string(orchestrator.TargetQueue): {"queue", "a la cola"},
		string(orchestrator.TargetFlow): {"flow", "al flujo"}, string(orchestrator.TargetNumber): {"number", "al número"},
	}
	// nodes are where nodes of flows led.
	nodes = map[string][2]string{
		"next": {"done", "hecho"}, "ok": {"done", "hecho"}, "fail": {"it came to nothing", "no se logró"}, "noinput": {"nothing was entered", "no se marcó nada"},
		"nomatch": {"something else was entered", "se marcó otra cosa"}, "open": {"open", "abierto"}, "closed": {"closed", "cerrado"}, "holiday": {"a holiday", "festivo"},
		"else": {"otherwise", "en otro caso"}, "served": {"served", "atendida"}, "timeout": {"the longest wait was over", "se cumplió la espera máxima"}, "full": {"it was full", "estaba llena"},
		"no_agents": {"nobody was logged in", "no había nadie conectado"}, "unqualified": {"nobody was logged in who can do what is asked for", "no había nadie conectado que cumpla lo requerido"},
		"long_wait": {"too long a wait was expected", "se preveía una espera demasiado larga"}, "exit": {"the caller went on elsewhere", "quien llama siguió por otro lado"},
		"error": {"an error", "un error"}, "failed": {"it came to nothing", "no se logró"}, "denied": {"not allowed", "no permitido"}, "pending": {"there is one already", "ya hay una"},
		"none": {"there is none", "no hay"}, "found": {"found", "encontrado"}, "fault": {"a fault of the flow", "una falla del flujo"}, "busy": {"busy", "ocupado"}, "no_answer": {"no answer", "no contesta"},
	}
	transfers = map[string][2]string{
		"asked": {"asked for", "pedida"}, "done": {"done", "hecha"}, "sent": {"sent there to come back", "enviada, para volver"},
		"dialling": {"the phone is rung", "suena el teléfono"}, "connected": {"they talk", "hablan"}, "refused": {"refused", "rechazada"},
		"denied": {"not allowed", "no permitida"}, "moved": {"moved there", "movida"}, "back": {"back to the queue", "de vuelta a la cola"},
		"failed": {"it came to nothing", "no se logró"}, "full": {"it was full", "estaba llena"}, "no_agents": {"nobody was logged in", "no había nadie conectado"},
		"unqualified": {"nobody was logged in who could do what was asked for", "no había nadie conectado que pudiera con lo que se pedía"},
		"closed":      {"it was closed", "estaba cerrada"}, "long_wait": {"too long a wait was expected", "se esperaba una espera demasiado larga"},
		"unknown": {"there is no such one", "no existe"}, "busy": {"busy", "ocupado"}, "no_answer": {"no answer", "no contesta"},
		"unreachable": {"not reached", "no se alcanza"}, "timeout": {"nobody came in time", "no llegó nadie a tiempo"},
		"offered": {"an agent was free at once", "había un agente libre al momento"}, "waiting": {"it waits", "espera"}, "out": {"it was out already", "ya había salido"}, "error": {"an error", "un error"},
		"returned": {"it came back", "volvió"}, "taken back": {"taken back", "retirada"},
	}
	messages = map[string][2]string{
		"playing": {"the message begins", "empieza el mensaje"}, "heard": {"the message was heard to its end", "se oyó el mensaje entero"},
		"cut": {"the message was not heard to its end", "el mensaje no se oyó entero"}, "failed": {"the message could not be played", "no se pudo reproducir el mensaje"},
		"none": {"there is no message", "no hay mensaje"},
	}
	machines = map[string][2]string{
		"marked": {"the agent says that a machine answered", "el agente dice que contestó una máquina"}, "leaving": {"the message for the machine begins", "empieza el mensaje para la máquina"},
		"left": {"the machine has the message", "la máquina tiene el mensaje"}, "cut": {"the message for the machine was not heard to its end", "el mensaje para la máquina no se oyó entero"},
		"failed":  {"the message for the machine could not be played", "no se pudo reproducir el mensaje para la máquina"},
		"none":    {"the machine never fell silent, and has no message", "la máquina no calló nunca, y no tiene mensaje"},
		"person":  {"a person answered, as the PBX hears it", "contestó una persona, según oye la centralita"},
		"unsure":  {"the PBX cannot tell who answered: it is taken for a person", "la centralita no sabe quién contestó: se toma por una persona"},
		"machine": {"a machine answered, as the PBX hears it", "contestó una máquina, según oye la centralita"},
	}
	dials = map[string][2]string{
		"dialling": {"it is dialled", "se marca"}, "ringing": {"it rings", "suena"}, "answered": {"answered", "contesta"},
		"denied": {"not allowed", "no permitido"}, "busy": {"busy", "ocupado"}, "no_answer": {"no answer", "no contesta"},
		"unreachable": {"not reached", "no se alcanza"}, "failed": {"it failed", "falló"}, "lost": {"the PBX lost it", "lo perdió la centralita"},
		"invalid": {"there is no such number", "no existe el número"}, "congested": {"the network had no way", "la red no tenía paso"}, "declined": {"rejected", "rechazada"},
		"cancelled": {"the agent was gone", "el agente ya no estaba"}, "refused": {"refused", "rechazado"}, "promised": {"promised", "prometida"},
		"ok": {"arranged", "acordada"}, "pending": {"there is one already", "ya hay una"}, "resume": {"the place is taken up again", "se recupera el lugar"},
		"cancel": {"taken back", "retirada"}, "not_logged_in": {"the agent is not logged in", "el agente no está conectado"},
		"phone_busy": {"the agent's phone is in another call", "el teléfono del agente está en otra llamada"},
		"bad_queue":  {"the agent does not serve the queue", "el agente no atiende la cola"},
	}
	outcomes = map[string][2]string{
		string(orchestrator.OutcomeServed):      {"served", "atendida"},
		string(orchestrator.OutcomeAbandoned):   {"given up while waiting", "abandonada durante la espera"},
		string(orchestrator.OutcomeLeft):        {"left in the menu", "abandonada en el menú"},
		string(orchestrator.OutcomeCompleted):   {"the flow came to its end", "el flujo llegó a su fin"},
		string(orchestrator.OutcomeVoicemail):   {"a message was left", "dejó un mensaje"},
		string(orchestrator.OutcomeTransferred): {"handed on", "transferida"},
		string(orchestrator.OutcomeRejected):    {"rejected: nothing is defined for it", "rechazada: no hay nada definido para ella"},
		string(orchestrator.OutcomeTerminated):  {"somebody of the staff ended it", "la terminó alguien del personal"},
		string(orchestrator.OutcomeFailed):      {"operadora could not serve it", "operadora no pudo atenderla"},
		string(orchestrator.OutcomeQueueGone):   {"its queue is not defined any more", "su cola ya no está definida"},
		string(orchestrator.OutcomeAway):        {"operadora was away, and the PBX served it", "operadora no estaba, y la atendió la centralita"},
		string(orchestrator.OutcomeRefused):     {"it might not be made", "no se podía hacer"},
		string(orchestrator.OutcomeInvalid):     {"there is no such number", "no existe el número"},
		string(orchestrator.OutcomeCongested):   {"the network had no way to the number", "la red no tenía paso al número"},
		string(orchestrator.OutcomeDeclined):    {"the side called rejected it", "la rechazó el llamado"},
		string(orchestrator.OutcomeCancelled):   {"the agent gave up before it was answered", "el agente desistió antes de que contestaran"},
		string(orchestrator.OutcomeBusy):        {"the number was busy", "el número estaba ocupado"},
		string(orchestrator.OutcomeNoAnswer):    {"the number did not answer", "el número no contestó"},
		string(orchestrator.OutcomeUnreachable): {"the number was not reached", "no se alcanzó el número"},
		string(orchestrator.OutcomeMachine):     {"a machine answered", "contestó una máquina"},
		string(orchestrator.OutcomeSkipped):     {"the agent did not have the lead called", "el agente no hizo llamar al contacto"},
		string(orchestrator.OutcomeWithdrawn):   {"nobody was called: the agent was not there, or the campaign had stopped", "no se llamó a nadie: el agente no estaba, o la campaña había parado"},
		string(orchestrator.OutcomeCallback):    {"it is to be called back", "se devolverá la llamada"},
		string(orchestrator.OutcomeExpired):     {"nobody could call back in time", "nadie pudo devolver la llamada a tiempo"},
		string(orchestrator.OutcomeLost):        {"the PBX lost it", "la perdió la centralita"},
	}
	// promises is how a callback ended whose customer was not reached, where that is not as of other calls.
	promises = map[string][2]string{
		string(orchestrator.OutcomeCancelled): {"the customer is not called back any more", "ya no se devuelve la llamada al cliente"},
	}
	// wishes is in Spanish why a caller has their callback ended; English is as it is stored.
	wishes = map[string]string{
		"the caller waits on the line again":   "quien llama vuelve a esperar en línea",
		"the caller does not want it any more": "quien llama ya no la quiere",
	}
	// faults is in Spanish what went wrong; English is as it is stored.
	faults = map[string]string{
		"a prompt was refused": "la centralita rechazó un mensaje",
		"an agent talks, and the distributor does not hold them": "un agente habla y el distribuidor no lo tiene reservado",
		"the beep of a machine cannot be waited for":             "no se puede esperar el tono de una máquina",
		"the source could not be asked":                          "no se pudo preguntar a la fuente",
		"deciding on the call failed":                            "falló la decisión sobre la llamada",
		"holding the agent took too long":                        "reservar al agente tardó demasiado",
		"joining took too long":                                  "unir a los dos tardó demasiado",
		"nobody knows whether the number was called":             "no se sabe si se llamó al número",
		"nothing is defined for this number":                     "no hay nada definido para este número",
		"the PBX did not confirm in time":                        "la centralita no confirmó a tiempo",
		"the PBX never confirmed that the call is gone":          "la centralita nunca confirmó que la llamada terminó",
		"the PBX refused: ":                                      "la centralita rechazó: ",
		"the agent could not be held":                            "no se pudo reservar al agente",
		"the agent's phone may not be called":                    "no se permite llamar al teléfono del agente",
		"the call could not be answered":                         "no se pudo contestar la llamada",
		"the call could not be handed on":                        "no se pudo entregar la llamada",
		"the call lasted too long":                               "la llamada duró demasiado",
		"the callback could not be arranged":                     "no se pudo acordar la devolución de la llamada",
		"the caller left unseen":                                 "quien llama se fue sin que se viera",
		"the conversation could not be joined":                   "no se pudo unir la conversación",
		"the customer left unseen":                               "el cliente se fue sin que se viera",
		"the distributor refused: ":                              "el distribuidor rechazó: ",
		"the flow cannot go on":                                  "el flujo no puede seguir",
		"the flow could not begin":                               "el flujo no pudo empezar",
		"the flow goes in circles":                               "el flujo da vueltas sin fin",
		"the lead left unseen":                                   "el cliente se fue sin que se viera",
		"the line could not be kept":                             "no se pudo mantener la línea",
		"the number could not be called":                         "no se pudo llamar al número",
		"the phone could not be called":                          "no se pudo llamar al teléfono",
		"the queue had forgotten the call":                       "la cola había olvidado la llamada",
		"the recording could not begin":                          "la grabación no pudo empezar",
	}
)
