package orchestrator

import "strings"

// BaseLanguage is a language without its region: of es-MX, es.
func BaseLanguage(language string) string {
	if i := strings.IndexAny(language, "-_"); i > 0 {
		return language[:i]
	}
	return language
}
