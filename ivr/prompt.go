package ivr

import (
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/say"
)

// render turns items into media in one language: the call's when every prompt
// speaks it, else the first of the flow's languages that all of them speak, so
// that no sentence changes its language half way. Prompts that speak none of
// them are left out, and that is noted.
func (r *run) render(items []Item) ([]orchestrator.Media, string) {
	lang := r.languageFor(items)
	var media []orchestrator.Media
	for _, it := range items {
		m, s := r.item(it, lang)
		if it.Say != nil && r.st.hides(it.Say.Value) {
			for i := range m {
				m[i].Masked = true
			}
		}
		media = append(media, m...)
		if len(m) > 0 {
			r.said = append(r.said, s)
		}
	}
	return media, lang
}

// languageFor chooses among the languages that the flow declares: those are
// the ones whose sounds lint has looked for.
func (r *run) languageFor(items []Item) string {
	choices := make([]string, 0, len(r.flow.Languages)+3)
	for _, l := range []string{r.st.Lang, orchestrator.BaseLanguage(r.st.Lang)} {
		if slices.Contains(r.flow.Languages, l) {
			choices = append(choices, l)
		}
	}
	choices = append(append(choices, r.flow.Language), r.flow.Languages...)
	for _, l := range choices {
		if r.allSpeak(items, l) {
			return l
		}
	}
	return choices[0]
}

func (r *run) allSpeak(items []Item, lang string) bool {
	for _, it := range items {
		if p := r.flow.Prompts[it.Prompt]; it.Prompt != "" && (p == nil || len(p.In(lang)) == 0) {
			return false
		}
	}
	return true
}

func (r *run) item(it Item, lang string) ([]orchestrator.Media, Spoken) {
	switch {
	case it.Prompt != "":
		p := r.flow.Prompts[it.Prompt]
		if p == nil || len(p.In(lang)) == 0 {
			r.note("prompt_missing", map[string]string{"prompt": it.Prompt, "language": lang})
			return nil, Spoken{}
		}
		media := make([]orchestrator.Media, 0, 1)
		for _, s := range p.In(lang) {
			media = append(media, orchestrator.Media{Kind: orchestrator.MediaSound, Value: s})
		}
		return media, Spoken{What: it.Prompt, Text: p.TextIn(lang)}
	case it.Say != nil:
		return r.sayItem(it.Say, lang)
	case it.Tone != "":
		return []orchestrator.Media{{Kind: orchestrator.MediaTone, Value: it.Tone}}, Spoken{What: "tone " + it.Tone}
	case it.Sound != "":
		return []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: it.Sound}}, Spoken{What: "sound " + it.Sound}
	}
	return nil, Spoken{}
}

// sayItem speaks a value. A value that has not the form it should have is
// spoken digit by digit, so that the caller hears what is known rather than nothing.
func (r *run) sayItem(s *Say, lang string) ([]orchestrator.Media, Spoken) {
	value := strings.TrimSpace(r.st.fill(s.Value))
	media, ok := []orchestrator.Media(nil), false
	switch s.Form {
	case SayNumber:
		media, ok = say.Number(lang, value, say.Gender(s.Gender))
	case SayDate:
		media, ok = say.Date(lang, value)
	case SayTime:
		media, ok = say.Time(lang, value)
	case SayMoney:
		media, ok = say.Money(lang, value, s.Currency)
	case SayDigits:
	}
	if ok {
		return media, Spoken{What: strings.TrimSpace(string(s.Form) + " " + value + " " + s.Currency)}
	}
	return say.Digits(lang, value), Spoken{What: "digits " + value}
}

// TextIn returns what the prompt's sounds say in a language, "" when nobody wrote it down.
func (p *Prompt) TextIn(lang string) string {
	for _, l := range []string{lang, orchestrator.BaseLanguage(lang), ""} {
		if t, ok := p.Text[l]; ok {
			return t
		}
	}
	return ""
}
