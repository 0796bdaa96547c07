package yamlfile

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// Masked stands in place of a secret. It is quoted: three asterisks alone would name an anchor.
const Masked = `"***"`

// Mask puts Masked in place of the values of a key, wherever in a file it stands; all else, and the
// lines, stay as they are. It is false, with nothing of the text, when a value may be left: a text
// that cannot be read, or that writes one as nobody would.
func Mask(text, key string) (string, bool) {
	value := regexp.MustCompile(`((?:^|[\s{,])["']?` + regexp.QuoteMeta(key) + `["']?[ \t]*:[ \t]*(?:&\S+[ \t]+)?)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,{}#"'|>*&!?][^\s,}#]*)`)
	masked := value.ReplaceAllString(text, "${1}"+Masked)
	f, _ := Parse("", masked)
	if f == nil {
		return "", false
	}
	if f.body == nil {
		return masked, true
	}
	left := masking{key: key, all: true}
	ast.Walk(&left, f.body)
	if !left.all {
		return "", false
	}
	return masked, true
}

// masking looks whether all values of a key are masked.
type masking struct {
	key string
	all bool
}

// Visit makes it an ast.Visitor.
func (m *masking) Visit(n ast.Node) ast.Visitor {
	v, ok := n.(*ast.MappingValueNode)
	if !ok || v.Key == nil {
		return m
	}
	var key ast.Node = v.Key
	if asked, ok := key.(*ast.MappingKeyNode); ok { // "? key"
		key = asked.Value
	}
	if key == nil || key.GetToken().Value != m.key {
		return m
	}
	value := v.Value
	if a, ok := value.(*ast.AnchorNode); ok {
		value = a.Value
	}
	if _, none := value.(*ast.NullNode); none {
		return m
	}
	if s, ok := value.(*ast.StringNode); !ok || s.Value != "***" {
		m.all = false
	}
	return m
}
