package doctor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/mailer"
)

// TestEverythingIsSaidInSpanish: whatever the sources may put into a line has its Spanish, with
// the same values in it.
func TestEverythingIsSaidInSpanish(t *testing.T) {
	t.Parallel()
	said := sentences(t)
	for _, use := range esl.Modules {
		said[use] = "esl.Modules"
	}
	for _, warnings := range [][]string{
		ari.Config{URL: "http://pbx:8088/ari"}.Warnings(), esl.Config{Address: "pbx:8021"}.Warnings(), esl.Config{Password: "ClueCon"}.Warnings(),
	} {
		for _, w := range warnings {
			_, text, _ := strings.Cut(w, ": ")
			said[text] = "the configuration of a PBX"
		}
	}
	for _, w := range (mailer.Config{Host: "mail.example", From: "a@b.example", TLS: mailer.TLSNone}).Warnings() {
		said[w] = "the configuration of mail"
	}
	if len(said) < 300 {
		t.Errorf("only %d sentences are found", len(said))
	}
	for english, at := range said {
		spoken := verb.ReplaceAllString(strings.ReplaceAll(english, "%q", `"%s"`), value)
		got, ok := spanish().Say(spoken)
		if !ok {
			t.Errorf("%s: there is no Spanish for\n\t%q", at, english)
		} else if n, m := strings.Count(spoken, value), strings.Count(got, value); n != m {
			t.Errorf("%s: %d values in English and %d in Spanish:\n\t%q\n\t%q", at, n, m, spoken, got)
		}
	}
}

// verb is a place for a value in a format; value is put there, and is in no sentence.
var verb = regexp.MustCompile(`%(\[\d\])?0?\d?[svdq]`)

const value = "77"

// sentence is what people read: words, and not a key, a command or a file. One word counts where it is
// the name of what is examined.
var sentence = regexp.MustCompile(`[a-z]{2,} [a-z%]`)

// elsewhere are calls whose texts are no part of a line as they stand, or are said in English by
// others, too: errors, and what is asked of a PBX.
var elsewhere = map[string]bool{"Errorf": true, "New": true, "Run": true, "MustCompile": true, "Cut": true, "CutPrefix": true, "HasPrefix": true, "HasSuffix": true,
	"Contains": true, "ReplaceAll": true, "TrimPrefix": true, "get": true, "order": true, "Fprintf": true, "Summary": true}

// sentences are all that the package's sources say, with the values left open, and where.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, ".", func(f fs.FileInfo) bool { //nolint:staticcheck // one package, no build constraints
		return !strings.HasSuffix(f.Name(), "_test.go") && f.Name() != "spanish.go" && f.Name() != "console.go" // which has what Asterisk says
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range packages["doctor"].Files {
		texts := map[string]string{} // constants of this file
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				return n.Tok != token.IMPORT
			case *ast.Field:
				return n.Tag == nil
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) {
						if text, ok := textOfExpr(n.Values[i], texts); ok {
							texts[name.Name] = text
						}
					}
				}
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = f.Sel.Name
				case *ast.Ident:
					name = f.Name
				}
				if elsewhere[name] {
					return false
				}
				if len(n.Args) > 1 && (name == "add" || name == "ok") {
					check := n.Args[0]
					if name == "add" {
						check = n.Args[1]
					}
					if text, ok := textOfExpr(check, texts); ok {
						out[text] = files.Position(n.Pos()).String()
					}
				}
			case ast.Expr:
				if text, ok := textOfExpr(n, texts); ok {
					if sentence.MatchString(text) {
						out[text] = files.Position(n.Pos()).String()
					}
					return false
				}
			}
			return true
		})
	}
	return out
}

// textOfExpr is the text that an expression makes, with %s for what is not known before it runs; false where it makes none.
func textOfExpr(e ast.Expr, texts map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := texts[e.Name]
		return text, ok
	case *ast.ParenExpr:
		return textOfExpr(e.X, texts)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return textOfExpr(e.Args[0], texts)
		}
	case *ast.BinaryExpr:
		left, l := textOfExpr(e.X, texts)
		right, r := textOfExpr(e.Y, texts)
		if e.Op != token.ADD || !l && !r {
			return "", false
		}
		if !l {
			left = "%s"
		}
		if !r {
			right = "%s"
		}
		return left + right, true
	}
	return "", false
}

// TestIn: values stay as they are, those that are words are said in the language, too, and what nobody
// has words for is quoted.
func TestIn(t *testing.T) {
	t.Parallel()
	for _, r := range []struct{ english, spanish Line }{
		{Line{Part: "pbx main", Check: "phones", Text: "3 desk phones, all registered"}, Line{Part: "centralita main", Check: "teléfonos", Text: "3 teléfonos de mesa, todos registrados"}},
		{Line{Part: "redis", Check: "reachable", Text: "dial tcp 127.0.0.1:1: connect: connection refused", Remedy: "is Redis running at 127.0.0.1:1? redis-cli -h HOST -p PORT ping; see bind and protected-mode in redis.conf, the firewall, and redis.addrs"},
			Line{Part: "redis", Check: "accesible", Text: "dial tcp 127.0.0.1:1: connect: connection refused", Remedy: "¿está Redis en marcha en 127.0.0.1:1? redis-cli -h HOST -p PORT ping; mire bind y protected-mode en redis.conf, el cortafuegos y redis.addrs"}},
		{Line{Part: "pbx main", Check: "module res_stasis_recording", Text: "does not run; it is needed for recordings in format wav; recordings and voicemail"},
			Line{Part: "centralita main", Check: "módulo res_stasis_recording", Text: "no funciona; hace falta para grabaciones en formato wav; grabaciones y buzón de voz"}},
		{Line{Part: "pbx main", Check: "sounds", Text: "queue sales lacks 2 sounds in language es: a (line 3), b"}, Line{Part: "centralita main", Check: "sonidos", Text: "cola sales: faltan 2 sonidos en el idioma es: a (línea 3), b"}},
	} {
		if got := r.english.In("es"); got != r.spanish {
			t.Errorf("%+v\nwant %+v", got, r.spanish)
		}
		if got := r.english.In("en"); got != r.english {
			t.Errorf("%+v", got)
		}
	}
}
