package lookup

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// never are addresses that no source may have: those of a link, among them the metadata services of
// clouds (169.254.169.254, fd00:ec2::254 of AWS, 100.100.100.200 of Alibaba), of nobody and of many.
var never = prefixes("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "100.100.100.200/32",
	"::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128")

// inside are addresses that a source has only where lookups.yaml allows them: those that the
// IANA registries of special-purpose addresses do not call globally reachable, and those that
// hold another address.
var inside = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func within(addr netip.Addr, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// guard lets be dialled what may be: it is asked with the address that is dialled, after the
// name was resolved, so that a name which changes its address is no way around it.
type guard struct{ allow []netip.Prefix }

// control is a net.Dialer's Control.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: %w", address, err)
	}
	return g.judge(ap.Addr().WithZone("").Unmap())
}

func (g guard) judge(addr netip.Addr) error {
	switch {
	case within(addr, never):
		return fmt.Errorf("%s may not be dialled: no source has such an address", addr)
	case within(addr, inside) && !within(addr, g.allow):
		return fmt.Errorf("%s may not be dialled: it is not public, and allow of the source does not have it", addr)
	}
	return nil
}
