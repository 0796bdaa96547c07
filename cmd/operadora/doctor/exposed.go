package doctor

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Exposed tells what others could get at, from the configuration and the modes
// of its files alone: `operadora check` says it, too.
func Exposed(site Site) []Line {
	s := &sheet{part: "security"}
	if !localOnly(site.API.Listen) && site.API.TLSCert == "" {
		s.add(Warning, "api.listen", "set api.tls_cert and api.tls_key, or listen on loopback behind a proxy that does TLS",
			"%s without TLS: tokens travel in clear text beyond this machine", site.API.Listen)
	}
	for _, network := range site.API.TrustedProxies {
		if p, err := netip.ParsePrefix(network); err == nil && p.Bits() == 0 {
			s.add(Warning, "api.trusted_proxies", "name the addresses of your proxies alone", "%s believes everybody: whoever asks chooses the address that is logged and throttled", network)
		}
	}
	for _, addr := range site.Redis.Addrs {
		if site.Redis.Password == "" && !onThisMachine(addr) {
			s.add(Warning, "redis.password", "requirepass (or an ACL user) in redis.conf, and redis.password here", "Redis at %s is beyond this machine and asked without a password: whoever reaches it commands every call", addr)
			break
		}
	}
	for _, addr := range site.Redis.Addrs {
		if !site.Redis.TLS && !onThisMachine(addr) {
			s.add(Warning, "redis.tls", "redis.tls: true, and tls-port in redis.conf; or a tunnel (WireGuard, stunnel)", "Redis at %s is beyond this machine and asked without TLS", addr)
			break
		}
	}
	files := map[string]string{site.File: "the configuration, with its passwords"}
	order := []string{site.File}
	if file, ok := strings.CutPrefix(string(site.Records.DSN), "sqlite:"); ok {
		file, _, _ = strings.Cut(strings.TrimPrefix(file, "file:"), "?")
		files[file] = "the records: who called whom, and when"
		order = append(order, file)
	}
	for _, file := range site.PINs {
		files[file] = "the definitions, with agents' PINs"
	}
	for _, file := range append(order, site.PINs...) {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o004 != 0 {
			s.add(Warning, "file mode", "chmod o-rwx "+file+", whose owner or group is the one that operadora runs as", "everybody on this machine can read %s (%s)", file, files[file])
		}
	}
	if len(s.lines) == 0 {
		s.ok("exposure", "nothing is open to others that could be closed")
	}
	return s.lines
}

// Sentence is a line that is not OK in one sentence, for who prints no verdicts.
func (l Line) Sentence() string { return fmt.Sprintf("%s: %s; %s", l.Check, l.Text, l.Remedy) }

// onThisMachine tells whether an address of a server is this machine's own.
func onThisMachine(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(addr, "/") || (ip != nil && ip.IsLoopback())
}
