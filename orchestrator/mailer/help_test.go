package mailer

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/fstest"
)

// decoded is a part of a mail as it was before it was written for the way.
func decoded(t *testing.T, how string, r io.Reader) string {
	t.Helper()
	switch strings.ToLower(how) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	raw, err := io.ReadAll(r)
	must(t, err)
	return string(raw)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"ana@example.com", "ana.perez+ventas@mail.example.com", "root@localhost", "o'neil@example.co"} {
		if err := CheckAddress(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "ana", "@example.com", "ana@", "ana@example..com", "Ana <ana@example.com>", "ana@example.com\r\nBcc: eve@example.com", "ana@example.com ",
		"a b@example.com", "ana@example.com,eve@example.com", "\"a b\"@example.com", "ana@exam_ple.com", "ana@-example.com", "ñ@example.com", ".ana@example.com",
		strings.Repeat("a", 65) + "@example.com", "ana@" + strings.Repeat("a.", 130) + "com", "ana@example.com>\r\nDATA", "ana@example.com\n"} {
		if CheckAddress(bad) == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"good":      {"mailboxes:\n  sales: {to: [ana@example.com, luis@example.com], language: en, attach_mb: 1}\n", ""},
		"bad":       {"mailboxes:\n  sales: {to: [ana@example.com, luis(at)example.com]}\n", `mailboxes.yaml:2:33: E00 mailboxes.sales.to: "luis(at)example.com" is no mail address`},
		"twice":     {"mailboxes:\n  sales: {to: [ana@example.com, ANA@example.com]}\n", "is there already"},
		"nobody":    {"mailboxes:\n  sales: {to: []}\n", "0 addresses"},
		"language":  {"mailboxes:\n  sales: {to: [ana@example.com], language: fr}\n", "fr"},
		"too large": {"mailboxes:\n  sales: {to: [ana@example.com], attach_mb: 26}\n", "26"},
		"misspelt":  {"mailboxes:\n  sales: {too: [ana@example.com]}\n", "too"},
	} {
		boxes, _, faults := Load(fstest.MapFS{MailboxesFile: {Data: []byte(c.text)}})
		err := faults.Err()
		switch {
		case c.says == "" && (err != nil || len(boxes["sales"].To) != 2 || boxes["sales"].Language != "en" || boxes["sales"].Attach != 1<<20):
			t.Errorf("%s: %v, %+v", name, err, boxes)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if boxes, ok, faults := Load(fstest.MapFS{}); !ok || len(boxes) != 0 || faults != nil {
		t.Errorf("without a file: %v, %v, %v", boxes, ok, faults)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Host: "mail.example.com", Port: 587, TLS: TLSStart, User: "u", Password: "p", From: "operadora@example.com", Timeout: 1e10}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for says, change := range map[string]func(*Config){
		"mail.from":     func(c *Config) { c.From = "operadora" },
		"mail.host":     func(c *Config) { c.Host = "smtp://mail.example.com" },
		"mail.password": func(c *Config) { c.Password = "" },
		"mail.link":     func(c *Config) { c.Link = "voice/{recording}" },
		"mail.tls_ca":   func(c *Config) { c.TLSCA = "/nowhere" },
		"mail.tls":      func(c *Config) { c.TLS = "ssl" },
		"mail.port":     func(c *Config) { c.Port = 0 },
		"mail.user":     func(c *Config) { c.User = "a\r\nb" },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), says+":") {
			t.Errorf("%s: %v", says, err)
		}
	}
	plain := good
	plain.TLS = TLSNone
	if len(plain.Warnings()) == 0 || len(good.Warnings()) > 0 {
		t.Error("no warning of plain mail, or one of another")
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		if plain.Host = host; len(plain.Warnings()) > 0 {
			t.Errorf("%s: %v", host, plain.Warnings())
		}
	}
}
