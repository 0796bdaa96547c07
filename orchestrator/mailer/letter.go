package mailer

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/operadora/operadora/orchestrator/records"
)

// Letter is a mail as it is sent.
type Letter struct {
	To, Subject, Body string
	Language          string
	ID                string // Message-ID without its brackets; the same whenever it is sent
	At                time.Time
	Sound             []byte // nil when it is not attached
	File, Kind        string // of the sound
}

// words of a language.
type words struct {
	subject  string // caller, length
	left     string // caller, time, zone, length
	hidden   string
	about    [3]string // queue; number; mailbox
	attached string
	where    string // address
	named    string // recording
	gone     string // recording
	date     string // layout
	days     [7]string
}

var languages = map[string]words{
	"en": {
		subject: "Voice message from %s (%s)", left: "%s left a message on %s (%s). It is %s long.", hidden: "A caller who shows no number",
		about: [3]string{"Queue: %s", "Number called: %s", "Mailbox: %s"}, attached: "The message is attached.",
		where: "The message can be heard at %s", named: "The message is kept as recording %s.", gone: "The sound of recording %s could not be fetched.",
		date: "2006-01-02 at 15:04", days: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	},
	"es": {
		subject: "Mensaje de voz de %s (%s)", left: "%s dejó un mensaje el %s (%s). Dura %s.", hidden: "Alguien que no muestra su número",
		about: [3]string{"Cola: %s", "Número al que llamó: %s", "Buzón: %s"}, attached: "El mensaje va adjunto.",
		where: "El mensaje se puede oír en %s", named: "El mensaje se guarda como la grabación %s.", gone: "No se pudo obtener el sonido de la grabación %s.",
		date: "02/01/2006 a las 15:04", days: [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
	},
}

// sound is what is known of a message's sound.
type sound struct {
	data []byte // nil when it is not to be attached
	gone bool   // it could not be had
}

// write makes the letter about a message to one address.
func write(m records.Mail, msg records.Message, box Mailbox, s sound, link, domain string, zone *time.Location) Letter {
	w, ok := languages[box.Language]
	if !ok {
		w = languages["en"]
	}
	rec := msg.Recording
	length := clock(time.Duration(rec.DurationMS) * time.Millisecond)
	who := caller(msg, w.hidden)
	when := m.Left.In(zone)
	subject := who
	if who == w.hidden {
		subject = strings.ToLower(who[:1]) + who[1:]
	}
	l := Letter{To: m.Address, Language: box.Language, At: m.Left, ID: fmt.Sprintf("voicemail.%s.%s@%s", plain(m.Recording), tag(m.Address), domain),
		Subject: fmt.Sprintf(w.subject, subject, length)}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line(w.left, who, w.days[when.Weekday()]+" "+when.Format(w.date), zone, length)
	line("")
	for i, v := range []string{msg.Queue, msg.DID, m.Mailbox} {
		if v != "" {
			line(w.about[i], oneLine(v))
		}
	}
	line("")
	switch {
	case s.data != nil:
		line("%s", w.attached)
		l.Sound, l.Kind = s.data, http.DetectContentType(s.data)
		l.File = when.Format("2006-01-02-1504") + "-" + plain(m.Recording) + ending(l.Kind)
	case link != "":
		line(w.where, strings.NewReplacer("{recording}", plain(m.Recording), "{call}", plain(m.Call)).Replace(link))
	default:
		line(w.named, oneLine(m.Recording))
	}
	if s.gone {
		line(w.gone, oneLine(m.Recording))
	}
	l.Body = b.String()
	return l
}

// caller is who called, in words: the number, and the name if the network tells one.
func caller(msg records.Message, hidden string) string {
	number, name := oneLine(msg.Caller.Number), oneLine(msg.Caller.Name)
	switch {
	case number == "" && name == "":
		return hidden
	case number == "":
		return name
	case name == "" || name == number:
		return number
	}
	return name + ", " + number
}

// clock writes a length as minutes and seconds.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// longestWord bounds what a caller's name or number takes.
const longestWord = 80

// oneLine makes a text of strangers one that is no more than a part of a line.
func oneLine(s string) string {
	return cut(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)), " "), longestWord)
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// plain makes an id fit for a header, an address and a file's name.
func plain(id string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.') {
			return r
		}
		return '_'
	}, id)
}

func ending(kind string) string {
	switch kind {
	case "audio/wave":
		return ".wav"
	case "audio/mpeg":
		return ".mp3"
	case "application/ogg":
		return ".ogg"
	}
	return ".raw"
}
