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
		"lease_ttl: 10\npbxs: {main: {}}":                    "operadora.yaml: lease_ttl: 10 has no unit; a duration needs one: 10s, 10m or 10h",
		"lease_ttl: 10ms\npbxs: {main: {}}":                  "operadora.yaml: lease_ttl: 10ms is less than 1s",
		"pbxs: {main: {ari: {url: x}}}":                      `operadora.yaml: pbxs.main.ari.url: "x" begins neither`,
		"pbxs: {main: {outbound: {dial: x}}}":                `operadora.yaml: pbxs.main.outbound.dial: "x" is not like`,
		"pbxs: {main: {outbound: {allow: [x]}}}":             `operadora.yaml: pbxs.main.outbound.allow: "x" is not the beginning`,
		"pbxs: {'a b': {}}":                                  "operadora.yaml: pbxs.a b: a name has",
		"redis: {db: -1}":                                    "operadora.yaml: redis.db: -1 is negative",
		"redis: {adrs: [x]}":                                 `operadora.yaml: redis.adrs: there is no such key; did you mean "addrs"?`,
		"pbxs: {main: {ari: {pasword: x}}}":                  `operadora.yaml: pbxs.main.ari.pasword: there is no such key; did you mean "password"?`,
		"pbxs: {main: {ari: {request_timeout: 5}}}\nloq: {}": `operadora.yaml: loq: there is no such key; did you mean "log"?`,
		"log: {level: loud}":                                 "operadora.yaml: log.level:",
	} {
		if got := refused(t, text); !strings.Contains(got, want) {
			t.Errorf("%s: error %q does not say %q", text, got, want)
		}
	}
}

// TestConfigBlamesTheVariable has values that the environment sets.
func TestConfigBlamesTheVariable(t *testing.T) {
	t.Setenv("OPERADORA_PBXS_MAIN_OUTBOUND_DIAL", "x")
	if got := refused(t, "pbxs: {main: {}}"); !strings.HasPrefix(got, `environment variable OPERADORA_PBXS_MAIN_OUTBOUND_DIAL: pbxs.main.outbound.dial: "x"`) {
		t.Error(got)
	}
	t.Setenv("OPERADORA_API_TLS_KEY", "key.pem") // the complaint is of api.tls_cert, which is empty
	if got := refused(t, "pbxs: {main: {}}"); !strings.HasPrefix(got, "environment variable OPERADORA_API_TLS_KEY: api.tls_cert: is empty") {
		t.Error(got)
	}
}
