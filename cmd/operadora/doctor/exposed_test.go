package doctor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/records"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

func TestExposed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	closed, open := file("closed", 0o640), file("open", 0o644)
	with := func(change func(*Site)) []Line {
		s := Site{File: closed, API: api.Config{Listen: "127.0.0.1:8090", TrustedProxies: []string{"10.0.0.0/8"}},
			Redis: redisstore.Config{Addrs: []string{"localhost:6379"}}, Records: records.Config{DSN: records.DSN("sqlite:" + closed)}}
		change(&s)
		return Exposed(s)
	}
	testAll(t, []expected{
		{"nothing", with(func(*Site) {}), "", OK, "", ""},
		{"everywhere without TLS", with(func(s *Site) { s.API.Listen = "0.0.0.0:8090" }), "api.listen", Warning, "clear text", "tls_cert"},
		{"everywhere with TLS", with(func(s *Site) { s.API.Listen, s.API.TLSCert = "0.0.0.0:8090", "c" }), "", OK, "", ""},
		{"all proxies", with(func(s *Site) { s.API.TrustedProxies = []string{"0.0.0.0/0"} }), "api.trusted_proxies", Warning, "0.0.0.0/0", "alone"},
		{"all proxies of IPv6", with(func(s *Site) { s.API.TrustedProxies = []string{"::/0"} }), "api.trusted_proxies", Warning, "::/0", "alone"},
		{"Redis elsewhere", with(func(s *Site) { s.Redis.Addrs, s.Redis.TLS = []string{"10.1.1.1:6379"}, true }), "redis.password", Warning, "10.1.1.1", "requirepass"},
		{"Redis elsewhere in clear", with(func(s *Site) { s.Redis.Addrs, s.Redis.Password = []string{"redis:6379"}, "x" }), "redis.tls", Warning, "redis:6379", "tls"},
		{"Redis elsewhere with both", with(func(s *Site) { s.Redis.Addrs, s.Redis.Password, s.Redis.TLS = []string{"redis:6379"}, "x", true }), "", OK, "", ""},
		{"configuration", with(func(s *Site) { s.File = open }), "file mode", Warning, "passwords", "chmod"},
		{"PINs", with(func(s *Site) { s.PINs = []string{closed, open} }), "file mode", Warning, open + " (the definitions, with agents' PINs)", "chmod"},
		{"PINs that the group alone may read", with(func(s *Site) { s.PINs = []string{closed} }), "", OK, "", ""},
		{"records", with(func(s *Site) { s.Records.DSN = records.DSN("sqlite:" + open) }), "file mode", Warning, "records", "chmod"},
	})
}
