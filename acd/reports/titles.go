package reports

import (
	"strings"

	"github.com/operadora/operadora/acd"
)

// Title is what people read of a column: of a measure, or of what there is a row for each of.
// One without a title has its name.
func Title(name string) acd.Texts {
	if t := titles[name]; t != nil {
		return t
	}
	return acd.Texts{"en": name}
}

// Heading is what people read above a column of a table or a workbook: in English its name, by which
// files and flags know it.
func Heading(language, name string) string {
	title, translated := titles[name][language]
	switch {
	case language == "en" || !translated:
		return name
	case strings.HasSuffix(name, "_ms"):
		return title + " (ms)"
	}
	return title
}

var titles = map[string]acd.Texts{
	"queue": {"en": "Queue", "es": "Cola"}, "agent": {"en": "Agent", "es": "Agente"}, "team": {"en": "Team", "es": "Equipo"},
	"did": {"en": "Number", "es": "Número"}, "skill": {"en": "Skill", "es": "Habilidad"}, "reason": {"en": "Reason", "es": "Motivo"},
	"outcome": {"en": "Outcome", "es": "Resultado"}, "campaign": {"en": "Campaign", "es": "Campaña"}, "interval": {"en": "Interval", "es": "Intervalo"},
	"hour": {"en": "Hour", "es": "Hora"}, "day": {"en": "Day", "es": "Día"}, "weekday": {"en": "Weekday", "es": "Día de la semana"},
	totalName: {"en": "Total", "es": "Total"},

	// The log book.
	"at": {"en": "At", "es": "Hora"}, "kind": {"en": "Kind", "es": "Tipo"}, "who": {"en": "Who", "es": "Quién"}, "what": {"en": "What", "es": "Qué"},

	// What columns mean.
	"Formulas": {"en": "Formulas", "es": "Fórmulas"}, "column": {"en": "column", "es": "columna"}, "unit": {"en": "unit", "es": "unidad"}, "formula": {"en": "formula", "es": "fórmula"}, "meaning": {"en": "meaning", "es": "significado"},
	"symbol": {"en": "symbol", "es": "símbolo"}, "from": {"en": "from", "es": "desde"}, "to": {"en": "to", "es": "hasta"}, "time zone": {"en": "time zone", "es": "zona horaria"}, "note": {"en": "note", "es": "nota"},

	// Callers and queues.
	"offered": {"en": "Offered", "es": "Ofrecidas"}, "answered": {"en": "Answered", "es": "Atendidas"},
	"answered_within": {"en": "Answered in time", "es": "Atendidas a tiempo"}, "abandoned": {"en": "Abandoned", "es": "Abandonadas"},
	"abandoned_within": {"en": "Abandoned in time", "es": "Abandonadas dentro del umbral"}, "abandoned_short": {"en": "Short abandons", "es": "Abandonos cortos"},
	"flowed": {"en": "Went elsewhere", "es": "Fueron a otra parte"}, "waiting": {"en": "Waiting", "es": "En espera"},
	"waiting_late": {"en": "Waiting too long", "es": "En espera fuera del umbral"}, "sl_answered": {"en": "Service level, of answered", "es": "Nivel de servicio, de atendidas"},
	"sl_with_abandons": {"en": "Service level, early abandons served", "es": "Nivel de servicio, abandonos tempranos servidos"},
	"sl_strict":        {"en": "Service level, strict", "es": "Nivel de servicio, estricto"}, "sl_short_excluded": {"en": "Service level", "es": "Nivel de servicio"},
	"sl_late_abandons": {"en": "Service level, late abandons", "es": "Nivel de servicio, abandonos tardíos"},
	"sl_offered":       {"en": "Service level, of offered", "es": "Nivel de servicio, de ofrecidas"}, "sl_live": {"en": "Service level, live", "es": "Nivel de servicio, en vivo"},
	"abandon_rate": {"en": "Abandoned, %", "es": "Abandono, %"}, "asa_ms": {"en": "Mean wait", "es": "Espera media"},
	"mean_abandon_ms": {"en": "Mean patience", "es": "Paciencia media"}, "mean_wait_ms": {"en": "Mean wait of all", "es": "Espera media de todas"},
	"longest_wait_ms": {"en": "Longest wait", "es": "Espera máxima"}, "wait_answered_ms": {"en": "Wait of answered", "es": "Espera de atendidas"},
	"wait_abandoned_ms": {"en": "Wait of abandoned", "es": "Espera de abandonadas"}, "wait_all_ms": {"en": "Wait of all", "es": "Espera de todas"},
	"known_callers": {"en": "Known callers", "es": "Llamantes conocidos"}, "repeat_callers": {"en": "Repeat callers", "es": "Rellamadas"},
	"repeat_rate": {"en": "Repeat callers, %", "es": "Rellamadas, %"}, "callbacks": {"en": "Callbacks", "es": "Devoluciones"},
	"callbacks_reached": {"en": "Callbacks reached", "es": "Devoluciones logradas"}, "callbacks_expired": {"en": "Callbacks expired", "es": "Devoluciones vencidas"},
	"callbacks_cancelled": {"en": "Callbacks given up", "es": "Devoluciones canceladas"}, "callbacks_failed": {"en": "Callbacks failed", "es": "Devoluciones fallidas"},
	"callbacks_pending": {"en": "Callbacks pending", "es": "Devoluciones pendientes"}, "callback_attempts": {"en": "Callback attempts", "es": "Intentos de devolución"},
	"mean_callback_ms": {"en": "Mean time to reach", "es": "Tiempo medio hasta devolver"}, "longest_callback_ms": {"en": "Longest time to reach", "es": "Tiempo máximo hasta devolver"},

	// What was done once somebody was with an agent.
	"handled": {"en": "Conversations", "es": "Conversaciones"}, "aht_ms": {"en": "Handling time", "es": "Tiempo de gestión"},
	"mean_talk_ms": {"en": "Mean conversation", "es": "Conversación media"}, "mean_hold_ms": {"en": "Mean hold", "es": "Retención media"},
	"mean_wrap_up_ms": {"en": "Mean wrap-up", "es": "Trabajo posterior medio"}, "talk_ms": {"en": "Conversation", "es": "Conversación"},
	"hold_ms": {"en": "Hold", "es": "Retención"}, "wrap_up_ms": {"en": "Wrap-up", "es": "Trabajo posterior"},
	"transfers": {"en": "Transfers", "es": "Transferencias"}, "transfers_blind": {"en": "Blind transfers", "es": "Transferencias ciegas"},
	"transfers_attended": {"en": "Attended transfers", "es": "Transferencias atendidas"}, "transfer_rate": {"en": "Transfers, %", "es": "Transferencias, %"},
	"offers": {"en": "Offers", "es": "Ofertas"}, "missed": {"en": "Missed offers", "es": "Ofertas perdidas"}, "missed_rate": {"en": "Missed offers, %", "es": "Ofertas perdidas, %"},

	// Agents.
	"logins": {"en": "Logins", "es": "Conexiones"}, "logged_in_ms": {"en": "Logged in", "es": "Conectado"}, "available_ms": {"en": "Available", "es": "Disponible"},
	"ringing_ms": {"en": "Ringing", "es": "Sonando"}, "talking_ms": {"en": "Talking", "es": "Hablando"}, "calling_ms": {"en": "Calling back", "es": "Devolviendo"},
	"wrapping_up_ms": {"en": "In wrap-up", "es": "En trabajo posterior"}, "paused_ms": {"en": "Paused", "es": "En pausa"}, "occupancy": {"en": "Occupancy", "es": "Ocupación"},
	"occupancy_ringing": {"en": "Occupancy with ringing", "es": "Ocupación con timbre"}, "utilisation": {"en": "Utilisation", "es": "Utilización"}, "dialled": {"en": "Dialled", "es": "Marcadas"},

	// Pauses and outcomes.
	"pauses": {"en": "Pauses", "es": "Pausas"}, "pauses_over": {"en": "Pauses too many", "es": "Pausas de más"}, "paused_over_ms": {"en": "Paused too long", "es": "Pausa de más"},
	"adherence": {"en": "Adherence", "es": "Adherencia"}, "mean_pause_ms": {"en": "Mean pause", "es": "Pausa media"}, "outcomes": {"en": "Outcomes", "es": "Resultados"},
	"calls": {"en": "Calls", "es": "Llamadas"}, "by_default": {"en": "By default", "es": "Por omisión"}, "default_rate": {"en": "By default, %", "es": "Por omisión, %"},
	"beside": {"en": "Beside another", "es": "Además de otro"},

	// Campaigns.
	"served": {"en": "Served", "es": "Atendidas por agente o flujo"}, "no_answer": {"en": "No answer", "es": "No contesta"}, "busy": {"en": "Busy", "es": "Ocupado"},
	"unreachable": {"en": "Unreachable", "es": "Inalcanzable"}, "invalid": {"en": "No such number", "es": "Número inexistente"}, "declined": {"en": "Declined", "es": "Rechazadas"},
	"machine": {"en": "Machine", "es": "Contestador"}, "failed": {"en": "Failed", "es": "Fallidas"}, "left": {"en": "Left", "es": "Colgaron antes"},
	"answer_rate": {"en": "Answered, %", "es": "Contestadas, %"},
}
