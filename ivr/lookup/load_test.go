package lookup_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/operadora/operadora/ivr/lookup"
)

// fetch knows one secret.
func fetch(text string) (string, error) {
	if text == "file:/etc/token" {
		return "Bearer s3cret", nil
	}
	return "", errors.New("it is not there")
}

func load(t *testing.T, yaml string) (lookup.Definitions, string) {
	t.Helper()
	defs, _, faults := lookup.Load(fstest.MapFS{lookup.FileName: {Data: []byte(yaml)}}, fetch)
	if faults.Err() == nil {
		return defs, ""
	}
	return defs, faults.Error()
}

// TestFaultsOfSources: each is told with its place, and no secret is.
func TestFaultsOfSources(t *testing.T) {
	t.Parallel()
	const good = "kind: http, url: \"https://x.example\", path: \"/{n}\", params: {n: digits}"
	for line, want := range map[string]string{
		"{" + good + "}": "",
		"{" + good + ", headers: {Authorization: \"file:/etc/token\"}, query: {q: \"a {n}\"}, results: {a: $.a, b: {path: \"$['b']\", type: number, need: true}}}": "",
		"{kind: http, params: {n: digits}}": `lookups.s: needs "url"`,
		"{kind: ftp}":                       `lookups.s.kind: there is no kind "ftp"; it knows http, redis, sql`,
		"{kind: sql, dsn: \"sqlite:/x.db\", query: \"SELECT a FROM b WHERE c = {n}\", params: {n: digits}}":   "",
		"{kind: sql, dsn: \"postgres://eva:hunter2@db/crm\", query: SELECT 1}":                                "a secret does not stand in the definitions",
		"{kind: redis, url: \"redis://h:6379/1\", key: \"a:{n}\", params: {n: digits}}":                       "",
		"{kind: redis, url: \"redis://:hunter2@h/1\", key: a}":                                                "a secret does not stand in the definitions",
		"{kind: redis, url: \"http://h/1\", key: a}":                                                          "it is no address such as redis://host:6379/0",
		"{kind: redis, url: \"redis://h/1\", key: \"a:{m}\"}":                                                 "{m} is not among the params",
		"{kind: sql, dsn: \"mysql://db/crm\", query: SELECT 1}":                                               "it is neither sqlite:<file> nor postgres",
		"{kind: sql, dsn: \"sqlite:/x.db\", query: \"SELECT a FROM b WHERE c = '{n}'\", params: {n: digits}}": "{n} stands within quotes",
		"{kind: sql, dsn: \"sqlite:/x.db\", query: \"SELECT a FROM b WHERE c = {m}\"}":                        "{m} is not among the params",
		"{" + good + ", timeout: 9s}":                                                                         "9s is out of bounds",
		"{kind: http, url: \"ftp://x\"}":                                                                      "url: it is no address such as",
		"{kind: http, url: \"https://ana:pass@x\"}":                                                           "names and passwords do not stand in the address",
		"{kind: http, url: \"https://x/?key=1\"}":                                                             "the address is fixed",
		"{kind: http, url: \"https://x/{n}\", params: {n: digits}}":                                           "the address is fixed",
		"{kind: http, url: \"https://x\", path: \"admin\"}":                                                   "is no path: it begins with /",
		"{kind: http, url: \"https://x\", path: \"/{m}\"}":                                                    "{m} is not among the params",
		"{kind: http, url: \"https://x\", path: \"/{\"}":                                                      "stand around the name of a parameter only",
		"{kind: http, url: \"https://x\", params: {n: digits}}":                                               "params.n: it is used nowhere",
		"{" + good + ", headers: {Authorization: Bearer abcdef}}":                                             "a secret does not stand in the definitions",
		"{" + good + ", query: {api_key: abcdef}}":                                                            "a secret does not stand in the definitions",
		"{" + good + ", headers: {X-Key: \"file:/nowhere\"}}":                                                 "lookups.s.headers.X-Key: it is not there",
		"{" + good + ", headers: {\"X Y\": a}}":                                                               "it is no header that can be set",
		"{" + good + ", headers: {Content-Length: \"5\"}}":                                                    "it is no header that can be set",
		"{" + good + ", results: {a: balance}}":                                                               `"balance" is no JSONPath such as $.balance.amount`,
		"{" + good + ", results: {a: {path: $.a, type: money}}}":                                              `"money"`,
		"{" + good + ", body: \"{}\"}":                                                                        "it must be JSON, and method POST",
		"{" + good + ", method: POST, body: \"{\"}":                                                           "it must be JSON, and method POST",
		"{" + good + ", method: POST, body: '{\"a\": \"{m}\"}'}":                                              "{m} is not among the params",
		"{" + good + ", allow: [\"10.0.0.1\"]}":                                                               "is no range of addresses such as",
		"{" + good + ", ca: /nowhere}":                                                                        "lookups.s.ca: it is not there",
		"{kind: http, url: \"https://x\", path: \"/{n}\", params: {n: {min: 9, max: 3}}}":                     "min is 9 and max is only 3",
	} {
		_, got := load(t, "lookups:\n  s: "+line+"\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
		if strings.Contains(got, "abcdef") || strings.Contains(got, "ana:pass") {
			t.Errorf("%s: the fault tells a secret: %s", line, got)
		}
		if got != "" && !strings.HasPrefix(got, "lookups.yaml:2:") {
			t.Errorf("%s: no place in %q", line, got)
		}
	}
	if defs, ok, faults := lookup.Load(fstest.MapFS{}, fetch); len(defs) > 0 || !ok || faults.Err() != nil {
		t.Errorf("no file: %v %v %v", defs, ok, faults)
	}
}
