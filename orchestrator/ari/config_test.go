package ari

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

func valid() Config {
	return Config{URL: "http://127.0.0.1:8088/ari", User: "operadora", Password: "x", App: "operadora",
		RequestTimeout: 5 * time.Second, PingInterval: 5 * time.Second, MaxConnections: 64}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		key    string
		change func(*Config)
	}{
		{"url", func(c *Config) { c.URL = "127.0.0.1:8088" }},
		{"url", func(c *Config) { c.URL = "ws://127.0.0.1:8088/ari" }},
		{"url", func(c *Config) { c.URL = "http:///ari" }},
		{"url", func(c *Config) { c.URL = "http://a:b@127.0.0.1/ari" }},
		{"url", func(c *Config) { c.URL = "http://127.0.0.1/ari?x=y" }},
		{"url", func(c *Config) { c.URL = "http://127.0.0.1:x/ari" }},
		{"user", func(c *Config) { c.User = "" }},
		{"app", func(c *Config) { c.App = "" }},
		{"app", func(c *Config) { c.App = "a,b" }},
		{"request_timeout", func(c *Config) { c.RequestTimeout = 0 }},
		{"ping_interval", func(c *Config) { c.PingInterval = -time.Second }},
		{"max_connections", func(c *Config) { c.MaxConnections = 1 }},
	}
	for _, r := range rows {
		c := valid()
		r.change(&c)
		err := c.Validate()
		if fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), r.key+": ") {
			if err == nil || !strings.Contains(err.Error(), r.key+": ") {
				t.Errorf("%s: %v", r.key, err)
			}
		}
		if _, err := New("lab", c, slog.New(slog.DiscardHandler), NewMetrics(nil)); err == nil {
			t.Errorf("%s: an adapter was made", r.key)
		}
	}
}

func TestConfigWarnings(t *testing.T) {
	t.Parallel()
	rows := []struct {
		url  string
		want int
	}{
		{"http://127.0.0.1:8088/ari", 0}, {"http://localhost/ari", 0}, {"http://[::1]:8088/ari", 0},
		{"http://192.0.2.7:8088/ari", 1}, {"http://pbx.example.com/ari", 1}, {"https://pbx.example.com/ari", 0},
	}
	for _, r := range rows {
		c := valid()
		c.URL = r.url
		if got := c.Warnings(); len(got) != r.want {
			t.Errorf("%s: %q", r.url, got)
		}
	}
	c := valid()
	c.Password = ""
	if got := c.Warnings(); len(got) != 1 {
		t.Errorf("no password: %q", got)
	}
}

func TestConfigTags(t *testing.T) {
	t.Parallel()
	for f := range reflect.TypeFor[Config]().Fields() {
		for _, tag := range []string{"yaml", "default", "doc"} {
			if _, ok := f.Tag.Lookup(tag); !ok {
				t.Errorf("%s has no %s", f.Name, tag)
			}
		}
	}
}
