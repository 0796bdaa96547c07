package phrases_test

import (
	"testing"

	"github.com/operadora/operadora/cmd/operadora/phrases"
)

func TestSay(t *testing.T) {
	t.Parallel()
	b := phrases.Read("# of a test\n\n%s is free\n%s está libre\n\n%s of %s is free (%d)\nde %[2]s está libre %[1]s (%[3]s)\n\nthe port\nel puerto\n\n%d ports\n%s puertos\n")
	for _, r := range []struct {
		text, want string
		ok         bool
	}{
		{"8090 is free", "8090 está libre", true},
		{"the port is free", "el puerto está libre", true},
		{"the port, 3 ports, x is free", "el puerto, 3 puertos, x está libre", true},
		{"a of b is free (3)", "de b está libre a (3)", true},
		{"a of b is free (c)", "a of b is free (c)", false},
		{"two ports", "two ports", false},
		{"100% is free", "100% está libre", true},
		{"line\nbreak is free", "line\nbreak está libre", true},
		{"", "", false},
	} {
		if got, ok := b.Say(r.text); got != r.want || ok != r.ok {
			t.Errorf("%q: %q, %v; want %q, %v", r.text, got, ok, r.want, r.ok)
		}
	}
}
