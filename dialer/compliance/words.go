package compliance

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
)

// Says is the rule in words, made of its data.
func (r Rule) Says() Texts {
	out := maps.Clone(r.says())
	for _, m := range r.Besides {
		for language, words := range makers[m] {
			out[language] += "; " + words
		}
	}
	return out
}

// makers are the calls that a rule is about besides those of campaigns, in words.
var makers = map[Maker]Texts{
	MakerAgents:    {"en": "also for what agents dial", "es": "también para lo que marcan los agentes"},
	MakerCallbacks: {"en": "also for callbacks", "es": "también para las devoluciones de llamada"},
}

func (r Rule) says() Texts {
	switch d := r.Detail.(type) {
	case *Abandon:
		return d.says()
	case *Ring:
		return Say("a phone rings for %s at least before a call is given up", "el teléfono suena al menos %s antes de desistir", span(d.Least))
	case *Message:
		return d.says()
	case *Hours:
		return d.says()
	case *Cap:
		return d.says()
	case *OneChannel:
		return d.says()
	case *Lockout:
		return d.says()
	case *CallerID:
		return d.says()
	case *Duty:
		return d.Text
	}
	return Texts{}
}

// Say makes a sentence in all languages. An argument that is Texts is said in each as it has it.
func Say(en, es string, args ...any) Texts {
	fill := func(format, language string) string {
		said := slices.Clone(args)
		for i, a := range said {
			if texts, ok := a.(Texts); ok {
				said[i] = texts[language]
			}
		}
		return fmt.Sprintf(format, said...)
	}
	return Texts{"en": fill(en, "en"), "es": fill(es, "es")}
}

func plain(s string) Texts { return Texts{"en": s, "es": s} }

// span is a duration in words.
func span(d time.Duration) Texts {
	switch {
	case d >= 7*24*time.Hour && d%(24*time.Hour) == 0:
		n := strconv.Itoa(int(d / (24 * time.Hour)))
		return Texts{"en": n + " days", "es": n + " días"}
	case d >= time.Hour && d%time.Hour == 0:
		return plain(strconv.Itoa(int(d/time.Hour)) + " h")
	}
	return plain(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s")
}

// per is a period of a cap in words.
func per(text string) Texts {
	switch text {
	case perDay:
		return Texts{"en": "a day", "es": "al día"}
	case perWeek:
		return Texts{"en": "a week", "es": "a la semana"}
	}
	d, _ := time.ParseDuration(text)
	s := span(d)
	return Texts{"en": "in " + s["en"], "es": "en " + s["es"]}
}

func (d *Abandon) says() Texts {
	starts := Texts{"en": "the answer", "es": "la respuesta"}
	if d.Starts == StartGreetingEnd {
		starts = Texts{"en": "the end of the greeting", "es": "el fin del saludo"}
	}
	window := Texts{"en": "in any", "es": "en cualquier período de"}
	if d.WindowKind == WindowFixed {
		window = Texts{"en": "in each", "es": "en cada período de"}
	}
	machines := Texts{}
	if d.FalseMachines {
		machines = Texts{"en": "; people taken for machines count", "es": "; cuentan las personas tomadas por máquinas"}
	}
	return Say("%s %% at most of the calls that people answer %s %s may have no agent within %s of %s%s",
		"como máximo el %s %% de las llamadas que atienden personas %s %s puede quedar sin agente a los %s de %s%s",
		strconv.FormatFloat(d.Percent, 'f', -1, 64), window, span(d.Window), span(d.Threshold), starts, machines)
}

var saidWords = map[Said]Texts{
	"name":    {"en": "who called", "es": "quién llamó"},
	"number":  {"en": "a number to call", "es": "un número al que llamar"},
	"purpose": {"en": "why", "es": "por qué"},
	"opt_out": {"en": "how not to be called again", "es": "cómo no recibir más llamadas"},
}

func (d *Message) says() Texts {
	said := Texts{}
	for _, language := range []string{"en", "es"} {
		var parts []string
		for _, s := range d.Says {
			parts = append(parts, saidWords[s][language])
		}
		said[language] = strings.Join(parts, ", ")
	}
	return Say("who finds no agent hears a message within %s, which says %s", "quien no encuentra agente oye un mensaje antes de %s, que dice %s", span(d.Within), said)
}

func (d *Hours) says() Texts {
	en := strings.Join(d.Hours, ", ")
	holidays := Texts{}
	if d.Holidays != "" {
		holidays = Texts{"en": ", and not on public holidays of " + d.Holidays, "es": ", y no en festivos de " + d.Holidays}
	}
	return Say("calls on the clocks of all places where the person may be: %s%s", "se llama según la hora de todos los lugares donde pueda estar la persona: %s%s",
		Texts{"en": en, "es": calendar.Spanish(en)}, holidays)
}

// capWords are what a cap counts, one and several of them.
var capWords = map[Counts][2]Texts{
	CountAttempts:      {{"en": "attempt", "es": "intento"}, {"en": "attempts", "es": "intentos"}},
	CountConversations: {{"en": "conversation", "es": "conversación"}, {"en": "conversations", "es": "conversaciones"}},
}

func (d *Cap) says() Texts {
	what := capWords[d.Counts][min(d.Most, 2)-1]
	whom := Texts{"en": "with a person", "es": "con una persona"}
	if d.Same == SameNumber {
		whom = Texts{"en": "at a number", "es": "en un número"}
	}
	channels := Texts{"en": "by telephone", "es": "por teléfono"}
	if d.Channels == ChannelsAll {
		channels = Texts{"en": "over all channels", "es": "por todos los canales"}
	}
	return Say("at most %s %s %s %s %s, over all campaigns", "como máximo %s %s %s %s %s, contando todas las campañas",
		strconv.Itoa(d.Most), what, per(d.Per), whom, channels)
}

// reached says that so many is the most.
func (d *Cap) reached(n int) Texts {
	says := d.says()
	return Say("%s: there were %s", "%s: hubo %s", says, strconv.Itoa(n))
}

// forTime is how long a person is held to a channel.
func (d *OneChannel) forTime() Texts {
	if d.Per == perWeek {
		return Texts{"en": "for the rest of the week", "es": "el resto de la semana"}
	}
	t, _ := time.ParseDuration(d.Per)
	s := span(t)
	return Texts{"en": "for " + s["en"], "es": "durante " + s["es"]}
}

func (d *OneChannel) says() Texts {
	return Say("who was spoken with over one channel is not contacted over another %s", "a quien se contactó por un canal no se le contacta por otro %s", d.forTime())
}

func (d *OneChannel) other(c Channel) Texts {
	return Say("the person was spoken with over %s and is not called %s", "se contactó a la persona por %s y no se le llama %s", string(c), d.forTime())
}

func (d *Lockout) says() Texts {
	unless := Texts{}
	if d.UnlessReserved {
		unless = Texts{"en": ", unless an agent is kept for the call", "es": ", salvo que haya un agente reservado para la llamada"}
	}
	return Say("after an abandoned call the person is not called for %s%s", "tras una llamada abandonada no se llama a la persona durante %s%s", span(d.Time), unless)
}

func (d *CallerID) says() Texts {
	parts := []Texts{}
	if d.Shown {
		parts = append(parts, Say("a number is shown", "se muestra un número"))
	}
	if d.NotMobile {
		parts = append(parts, Say("it is none of a mobile phone", "no es de un móvil"))
	}
	if len(d.Prefixes) > 0 {
		parts = append(parts, Say("it begins with %s", "empieza por %s", strings.Join(d.Prefixes, ", ")))
	}
	out := Texts{}
	for i, p := range parts {
		for language, text := range p {
			if i > 0 {
				out[language] += ", "
			}
			out[language] += text
		}
	}
	return out
}

// maxClocks is how many clocks are named: a toll-free number has forty.
const maxClocks = 4

// clocks says what time it is in zones.
func clocks(language string, zones []*time.Location, now time.Time) string {
	var out []string
	for i, zone := range zones {
		if i == maxClocks {
			out = append(out, "…")
			break
		}
		day := strings.ToLower(now.In(zone).Format("Mon"))
		if language == "es" {
			day = calendar.Spanish(day)
		}
		out = append(out, day+now.In(zone).Format(" 15:04 ")+zone.String())
	}
	return strings.Join(out, ", ")
}

// Words is the purpose in words.
func (p Purpose) Words() Texts {
	return map[Purpose]Texts{
		PurposeSales:      {"en": "sales", "es": "ventas"},
		PurposeCollection: {"en": "collection", "es": "cobranza"},
		PurposeService:    {"en": "service", "es": "servicio"},
		PurposeSurvey:     {"en": "surveys", "es": "encuestas"},
	}[p]
}

// Words is the basis in words.
func (b Basis) Words() Texts {
	return map[Basis]Texts{
		BasisLaw:       {"en": "law", "es": "ley"},
		BasisRegulator: {"en": "a regulator's policy", "es": "norma de un regulador"},
		BasisCode:      {"en": "a code of the trade", "es": "código del sector"},
		BasisAssumed:   {"en": "assumed out of caution", "es": "supuesto por prudencia"},
	}[b]
}
