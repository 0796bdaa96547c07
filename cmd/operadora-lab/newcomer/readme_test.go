package newcomer

import (
	"strings"
	"testing"
)

func TestBlocks(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll("# x\n## Other\n'''sh\nno\n'''\n## Ours\ntext\n'''sh\none # why\ncat > f <<'END'\n[a](+)\n## no heading\nEND\noperadora serve    # stays\n'''\n'''\nno shell\n'''\n'''sh\ntwo\n'''\n## Next\n'''sh\nno\n'''\n", "'''", "```")
	got, err := blocks(text, "## Ours")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].stays != "operadora serve" || got[1] != (block{script: "two\n"}) ||
		got[0].script != "one # why\ncat > f <<'END'\n[a](+)\n## no heading\nEND\n" {
		t.Errorf("%+v", got)
	}
	if _, err := blocks(text, "## None"); err == nil {
		t.Error("a section that is not there")
	}
	if _, err := blocks(strings.Replace(text, "# stays\n", "\nthree\n", 1), "## Ours"); err == nil || !strings.Contains(err.Error(), "three") {
		t.Errorf("a command after one that stays: %v", err)
	}
}
