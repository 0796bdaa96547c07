package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/records"
)

// TestHistoryImport brings a queue_log in, says which rows it refuses and why, and changes nothing
// the second time; a dry run puts nothing on record.
func TestHistoryImport(t *testing.T) {
	t.Parallel()
	config := initialSite(t)
	dir := filepath.Dir(config)
	file := filepath.Join(dir, "queue_log")
	must(t, os.WriteFile(file, []byte(strings.Join([]string{
		"1772452800|NONE|NONE|NONE|CONFIGRELOAD|",
		"1772452801|1772452801.1|600|NONE|ENTERQUEUE||+573001|1",
		"1772452811|1772452801.1|600|PJSIP/101|CONNECT|10|1772452801.2|5",
		"1772452820|NONE|600|Ana Lopez|PAUSE|",
		"=yesterday|1772452801.1|600|PJSIP/101|COMPLETEAGENT|10|20|1",
		"1772452831|1772452801.1|600|PJSIP/101|COMPLETEAGENT|10|20|1",
	}, "\n")), 0o600))
	run := func(more ...string) string {
		t.Helper()
		out, err := command(t, append([]string{"-c", config, "history", "import", file, "--queue", "600=sales"}, more...)...)
		must(t, err)
		return out
	}
	if out := run("--dry-run"); !strings.Contains(out, `row 5: time: "=yesterday"`) || !strings.Contains(out, "nothing is put on record") ||
		!strings.Contains(out, "agents that are not in the definitions: Ana Lopez; --agent \"Ana Lopez=ID\" says") || strings.Contains(out, "queues that are not") {
		t.Errorf("dry run:\n%s", out)
	}
	rejects := filepath.Join(dir, "rejects.csv")
	out := run("--rejects", rejects)
	for _, want := range []string{"6 rows: 4 of calls and agents, 1 left aside, 1 refused\n", "left aside: CONFIGRELOAD 1\n", "from 2026-03-02T12:00:01Z to 2026-03-02T12:00:31Z\n", " entries are new; 0 are of"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if got, err := os.ReadFile(rejects); err != nil || !strings.HasPrefix(string(got), "row,reason,text\n5,") || !strings.Contains(string(got), ",'=yesterday|") {
		t.Errorf("rejects: %q, %v", got, err)
	}
	if out := run(); !strings.Contains(out, "\n0 entries are new") {
		t.Errorf("the second time:\n%s", out)
	}
	whole := file
	file = filepath.Join(dir, "rest") // of a file, from the middle of a second on
	rows := []string{"1772452900|1772452900.1|600|NONE|ENTERQUEUE||+573002|1", "1772452900|1772452900.2|600|NONE|ENTERQUEUE||+573003|1", "1772452901|1772452900.1|600|NONE|ABANDON|1|1|1"}
	must(t, os.WriteFile(whole, []byte(strings.Join(rows, "\n")), 0o600))
	must(t, os.WriteFile(file, []byte(strings.Join(rows[1:], "\n")), 0o600))
	if _, err := command(t, "-c", config, "history", "import", whole, "--queue", "600=sales"); err != nil {
		t.Fatal(err)
	}
	if out := run(); !strings.Contains(out, "\n0 entries are new") {
		t.Errorf("rows that two files have in common:\n%s", out)
	}
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(dir, "operadora.db")), Connections: 1}, time.Now)
	must(t, err)
	defer db.Close()
	c, _, err := db.Contact(t.Context(), "main-1772452801.1")
	if must(t, err); c.Queue != "sales" || c.Agent != "101" || c.TalkMS != 20_000 {
		t.Errorf("on record is %+v", fmt.Sprint(c))
	}
	if _, err := command(t, "-c", config, "history", "import", filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no file: %v", err)
	}
}
