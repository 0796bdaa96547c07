package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused is what readConfig says of a text that it must not take.
func refused(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "operadora.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	_, err := readConfig(file)
	if err == nil {
		t.Fatalf("%s was taken", text)
	}
	return err.Error()
}

// TestConfigNamesTheKey has values that are of the right type and cannot work.
func TestConfigNamesTheKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"lease_ttl: 10\npbxs: {main: {}}":                    "operadora.yaml:1:12: E00 lease_ttl: 10 has no unit; a duration needs one: 10s, 10m or 10h",
		"lease_ttl: 10ms\npbxs: {main: {}}":                  "operadora.yaml:1:12: E11 lease_ttl: 10ms is out of bounds: it must be 1s to 1m",
		"lease_ttl: 48h\npbxs: {main: {}}":                   "lease_ttl: 48h is out of bounds: it must be 1s to 1m",
		"instance: 'a b'\npbxs: {main: {}}":                  `instance: "a b" is not a name of letters, digits, dot, dash and underscore`,
		"acd: {offer_grace: 0}\npbxs: {main: {}}":            "acd.offer_grace: 0s is out of bounds: it must be 1s to 5m",
		"pbxs: {main: {ari: {url: 'localhost:8088'}}}":       `operadora.yaml:1:26: E00 pbxs.main.ari.url: "localhost:8088" is not an address such as http://127.0.0.1:8088/ari: it must begin with http:// or https://`,
		"pbxs: {main: {ari: {url: '127.0.0.1:8088'}}}":       `"127.0.0.1:8088" is not an address such as`,
		"pbxs: {main: {outbound: {dial: x}}}":                `operadora.yaml:1:32: E00 pbxs.main.outbound.dial: "x" is not like`,
		"pbxs: {main: {outbound: {allow: [x]}}}":             `operadora.yaml:1:33: E00 pbxs.main.outbound.allow: "x" is not the beginning`,
		"pbxs: {'a b': {}}":                                  `operadora.yaml:1:8: E00 pbxs: "a b" is not a name`,
		"redis: {db: -1}":                                    "operadora.yaml:1:13: E11 redis.db: -1 is out of bounds: it must be 0 to 65535",
		"redis: {adrs: [x]}":                                 `operadora.yaml:1:9: E00 redis.adrs: there is no such key; did you mean "addrs"?`,
		"pbxs: {main: {ari: {pasword: x}}}":                  `operadora.yaml:1:21: E00 pbxs.main.ari.pasword: there is no such key; did you mean "password"?`,
		"pbxs: {main: {ari: {request_timeout: 5}}}\nloq: {}": `operadora.yaml:2:1: E00 loq: there is no such key; did you mean "log"?`,
		"log: {level: loud}":                                 `operadora.yaml:1:14: E00 log.level: "loud" is none of debug, info, warn, error`,
	} {
		if got := refused(t, text); !strings.Contains(got, want) {
			t.Errorf("%s: error %q does not say %q", text, got, want)
		}
	}
}

// TestConfigBlamesTheVariable has values that the environment sets.
func TestConfigBlamesTheVariable(t *testing.T) {
	t.Setenv("OPERADORA_PBXS_MAIN_OUTBOUND_DIAL", "x")
	if got := refused(t, "pbxs: {main: {}}"); !strings.HasPrefix(got, `environment variable OPERADORA_PBXS_MAIN_OUTBOUND_DIAL: E00 pbxs.main.outbound.dial: "x"`) {
		t.Error(got)
	}
	t.Setenv("OPERADORA_API_TLS_KEY", "key.pem") // the complaint is of api.tls_cert, which is empty
	if got := refused(t, "pbxs: {main: {}}"); !strings.HasPrefix(got, "environment variable OPERADORA_API_TLS_KEY: E00 api.tls_cert: is empty") {
		t.Error(got)
	}
}
