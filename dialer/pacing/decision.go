package pacing

import (
	"fmt"
	"math"
	"time"
)

// Dial is an order to launch Count calls now.
type Dial struct {
	Campaign int
	Segment  int
	Count    int
}

// Decision is what to do now. Its slices belong to the Pacer and are valid until
// the next call of Decide.
type Decision struct {
	// Dials are the calls to launch at once, in this order.
	Dials []Dial
	// Cancels are ringing calls to give up; each has rung for the legal minimum.
	Cancels []CallID
	// Holds says for each campaign what keeps it from dialling one more.
	Holds []Hold
	// Next is when to ask again if nothing happens before.
	Next time.Time
}

// Count is the number of calls ordered for all campaigns.
func (d *Decision) Count() int {
	n := 0
	for _, x := range d.Dials {
		n += x.Count
	}
	return n
}

// Limit says what keeps a campaign from dialling one more call.
type Limit uint8

// The limits, from "nothing more to gain" to "forbidden".
const (
	// LimitRisk: one more call would exceed the accepted chance of abandonment.
	LimitRisk Limit = iota
	// LimitAgents: every free agent has its call (progressive), or its ratio of calls (power).
	LimitAgents
	// LimitRamp: as many as one decision may order.
	LimitRamp
	// LimitRate: calls per second.
	LimitRate
	// LimitLines: lines in use.
	LimitLines
	// LimitRinging: the cap on ringing calls, which depends on no model.
	LimitRinging
	// LimitShare: other campaigns of the pool are behind their share.
	LimitShare
	// LimitLeads: no lead left to dial.
	LimitLeads
	// LimitBudget: the legal window's budget of abandoned calls allows no over-dialling.
	LimitBudget
	// LimitStake: if the calls in the air were answered at the highest rate of late,
	// more would be abandoned than the legal window still bears.
	LimitStake
	// LimitSpent: the budget is overdrawn; only calls that have a free agent are dialled.
	LimitSpent
	// LimitClosing: the campaign closes before a call could ring out.
	LimitClosing
	// LimitClosed: the campaign is closed.
	LimitClosed
	// LimitUnknown: nobody has said whether the campaign is open.
	LimitUnknown
	// LimitStale: the feed of events has gone quiet.
	LimitStale
	// LimitInput: input contradicts itself or is not a number.
	LimitInput

	limitCount
)

// Hold is one Limit with its numbers.
type Hold struct {
	Campaign int
	Limit    Limit
	Have     float64 // what there is, in the unit of the limit's sentence
	Bound    float64 // what it is held against
	Until    time.Time
}

// limitWords are sentences for Have and Bound.
var limitWords = [limitCount]string{
	LimitRisk:    "one more call would be abandoned with a chance of %.3f; %.3f is accepted",
	LimitAgents:  "calls on their way: %.0f, as many as the free agents allow (%.0f)",
	LimitRamp:    "%.0f calls ordered at once, of at most %.0f",
	LimitRate:    "%.1f calls may be launched now; %.1f per second are allowed",
	LimitLines:   "%.0f lines in use of %.0f",
	LimitRinging: "%.0f calls are on their way of at most %.0f",
	LimitShare:   "has had %.3f of the pool's connected calls; its share is %.3f",
	LimitLeads:   "%.0f leads can be dialled now and %.0f are ordered",
	LimitBudget:  "%.2f abandoned calls left in the legal window; over-dialling needs %.2f",
	LimitStake:   "%.2f calls would be abandoned if answers came at the highest rate of late; the legal window bears %.2f more",
	LimitSpent:   "%.2f abandoned calls left in the legal window; any dialling needs %.2f",
	LimitClosing: "closes in %.0f s and a call may ring %.0f s",
	LimitClosed:  "the campaign is closed",
	LimitUnknown: "nobody has said that the campaign is open",
	LimitStale:   "last news is %.1f s old; at most %.1f s are trusted",
	LimitInput:   "%.0f contradictory or meaningless inputs lately; at most %.0f are borne",
}

// limitPalabras are the same in Spanish.
var limitPalabras = [limitCount]string{
	LimitRisk:    "una llamada más se abandonaría con probabilidad %.3f; se acepta %.3f",
	LimitAgents:  "llamadas en camino: %.0f, todas las que permiten los agentes libres (%.0f)",
	LimitRamp:    "%.0f llamadas ordenadas a la vez, de %.0f como máximo",
	LimitRate:    "ahora pueden lanzarse %.1f llamadas; se permiten %.1f por segundo",
	LimitLines:   "%.0f líneas en uso de %.0f",
	LimitRinging: "%.0f llamadas en camino de %.0f como máximo",
	LimitShare:   "ha tenido %.3f de las llamadas conectadas del grupo; su parte es %.3f",
	LimitLeads:   "ahora pueden marcarse %.0f contactos y se piden %.0f",
	LimitBudget:  "quedan %.2f llamadas abandonadas en la ventana legal; marcar de más necesita %.2f",
	LimitStake:   "se abandonarían %.2f llamadas si contestaran al ritmo más alto de los últimos minutos; la ventana legal admite %.2f más",
	LimitSpent:   "quedan %.2f llamadas abandonadas en la ventana legal; marcar necesita %.2f",
	LimitClosing: "cierra en %.0f s y una llamada puede timbrar %.0f s",
	LimitClosed:  "la campaña está cerrada",
	LimitUnknown: "nadie ha dicho que la campaña esté abierta",
	LimitStale:   "la última noticia es de hace %.1f s; se confía en %.1f s como máximo",
	LimitInput:   "%.0f datos contradictorios o sin sentido últimamente; se toleran %.0f como máximo",
}

// What is said where there is none at all.
var (
	noneWords    = map[Limit]string{LimitAgents: "no agent is free for a call", LimitLeads: "no lead may be called now"}
	nonePalabras = map[Limit]string{LimitAgents: "no hay agente libre para una llamada", LimitLeads: "ahora no puede llamarse a ningún contacto"}
)

// String is the hold in words and numbers.
func (h Hold) String() string {
	return h.in(&limitWords, noneWords, "unknown limit %.3f of %.3f", ", until ")
}

// Spanish is the same in Spanish.
func (h Hold) Spanish() string {
	return h.in(&limitPalabras, nonePalabras, "límite desconocido %.3f de %.3f", ", hasta las ")
}

func (h Hold) in(sentences *[limitCount]string, none map[Limit]string, unknown, until string) string {
	words := unknown
	if h.Limit < limitCount {
		words = sentences[h.Limit]
	}
	switch {
	case h.Limit == LimitClosed, h.Limit == LimitUnknown:
	case h.Limit == LimitAgents && math.Round(h.Bound) == 0, h.Limit == LimitLeads && h.Have == 0:
		words = none[h.Limit]
	default:
		words = fmt.Sprintf(words, h.Have, h.Bound)
	}
	if !h.Until.IsZero() {
		words += until + h.Until.Format(time.TimeOnly)
	}
	return words
}
