package main

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// warnings says what works and should be changed, one sentence each that begins
// with the key, or with the file that the configuration was read from.
func (c Config) warnings(file string) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, path := range []string{file, strings.TrimPrefix(string(c.Records.DSN), "sqlite:")} {
		if st, err := os.Stat(path); err == nil && st.Mode().Perm()&0o007 != 0 {
			add("%s: everybody on this machine may read it; chmod o-rwx", path)
		}
	}
	if host, _, err := net.SplitHostPort(c.API.Listen); err == nil && !here(host) && c.API.TLSCert == "" {
		add("api.listen: tokens travel in clear text beyond this machine; set api.tls_cert and api.tls_key, or stand behind a proxy that does TLS")
	}
	for _, network := range c.API.TrustedProxies {
		if p, err := netip.ParsePrefix(network); err == nil && p.Bits() == 0 {
			add("api.trusted_proxies: %s is everybody, who may then claim any address", network)
		}
	}
	for _, addr := range c.Redis.Addrs {
		if host, _, err := net.SplitHostPort(addr); err == nil && !here(host) {
			if c.Redis.Password == "" {
				add("redis.password: is empty, and %s is another machine: who reaches it there rules the centre", addr)
			}
			if !c.Redis.TLS {
				add("redis.tls: is false, and what is live travels to %s in clear text", addr)
			}
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.PBXs)) {
		section, _, warnings := c.PBXs[name].connection()
		for _, w := range warnings() {
			add("pbxs.%s.%s.%s", name, section, w)
		}
	}
	return out
}

// here tells whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
