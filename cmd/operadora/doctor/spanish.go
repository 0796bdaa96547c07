package doctor

import (
	_ "embed"
	"sync"

	"github.com/operadora/operadora/cmd/operadora/phrases"
)

// Languages are those in which a Line can be said.
var Languages = []string{"en", "es"}

// In is the line in a language; what it quotes (errors of others, names, commands) stays as it is.
func (l Line) In(language string) Line {
	if language == "es" {
		for _, text := range []*string{&l.Part, &l.Check, &l.Text, &l.Remedy} {
			*text, _ = spanish().Say(*text)
		}
	}
	return l
}

//go:embed spanish.txt
var spanishText string

var spanish = sync.OnceValue(func() phrases.Book { return phrases.Read(spanishText) })

// word is the verdict in a language, of one thing or of several.
func (v Verdict) word(language string, several bool) string {
	word := v.String()
	if language == "es" {
		word = map[Verdict]string{OK: "bien", Note: "nota", Warning: "aviso", Fault: "fallo"}[v]
	}
	if several && v != OK {
		word += "s"
	}
	return word
}
