package main

import (
	"strings"
	"testing"
)

// What is printed for Redis are the users of the configuration; their rights are tested where they are said.
func TestRedisACL(t *testing.T) {
	dir := t.TempDir()
	if out, err := run(t, "init", "--dir", dir, "--admin", "", "--set", "redis.tenant=madrid"); err != nil {
		t.Fatal(err, out)
	}
	config := dir + "/operadora.yaml"
	acl := func(args ...string) (line, told string) {
		t.Helper()
		out, err := run(t, append([]string{"redis", "acl", "-c", config}, args...)...)
		must(t, err)
		i := strings.Index(out, "user ")
		return strings.TrimSpace(out[i:]), out[:i]
	}
	line, told := acl()
	if !strings.HasPrefix(line, "user operadora ") || !strings.Contains(line, " ~op:{madrid}:* ") || !strings.Contains(told, "redis.password") || !strings.Contains(told, "redis.username") {
		t.Errorf("%s\n%s", told, line)
	}
	if again, _ := acl(); again == line {
		t.Error("the password of the one is that of the other")
	}
	if line, told = acl("--for", "monitor", "--user", "grafana"); !strings.HasPrefix(line, "user grafana ") || strings.Contains(line, "~") || strings.Contains(told, "redis.") {
		t.Errorf("%s\n%s", told, line)
	}
	if line, told = acl("--for", "sentinel"); !strings.Contains(line, " &* ") || !strings.Contains(told, "redis.sentinel_password") {
		t.Errorf("%s\n%s", told, line)
	}
	t.Setenv("OPERADORA_REDIS_USERNAME", "vega")
	t.Setenv("OPERADORA_REDIS_PASSWORD", "known")
	const sum = "#7117fff2d0fd294462b3c802b7cb8753579f23f3946b99cf55f38e873f013f10"
	if line, told = acl(); !strings.HasPrefix(line, "user vega ") || !strings.Contains(line, sum) || told != "" {
		t.Errorf("%s\n%s", told, line)
	}
	for arg, want := range map[string]string{"--for=nobody": `--for "nobody"`, "--user=a b": `--user "a b"`} {
		if out, err := run(t, "redis", "acl", "-c", config, arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %s", arg, err, out)
		}
	}
}
