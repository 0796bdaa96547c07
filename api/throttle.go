package api

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// badTokens may be tried at once, and one more every badTokenEvery.
	badTokens     = 10
	badTokenEvery = 6 * time.Second
	// throttleSize bounds the memory for addresses and for known tokens, each.
	throttleSize = 10_000
)

// throttle slows down who tries tokens. It remembers a bounded number of
// addresses and, as hashes, of tokens that were good lately: an office behind
// one address is not locked out because one page in it has an old token.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex
	byIP  map[netip.Prefix]*rate.Limiter // guarded by mu
	known map[[sha256.Size]byte]struct{} // guarded by mu
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, byIP: map[netip.Prefix]*rate.Limiter{}, known: map[[sha256.Size]byte]struct{}{}}
}

// network is what counts as one asker: an IPv4 address, or an IPv6 /64, of
// which one customer has all.
func network(ip string) netip.Prefix {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // the length always fits
	return p
}

// refuses tells whether a token from an address is refused unseen.
func (t *throttle) refuses(ip, bearer string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.byIP[network(ip)]
	if !ok || l.TokensAt(t.now()) >= 1 {
		return false
	}
	_, good := t.known[sha256.Sum256([]byte(bearer))]
	return !good
}

// failed counts a bad token, and forgets that it was ever good.
func (t *throttle) failed(ip, bearer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, sha256.Sum256([]byte(bearer)))
	now, key := t.now(), network(ip)
	l, ok := t.byIP[key]
	if !ok {
		if len(t.byIP) >= throttleSize {
			t.forget(now)
		}
		l = rate.NewLimiter(rate.Every(badTokenEvery), badTokens)
		t.byIP[key] = l
	}
	l.AllowN(now, 1)
}

// forget drops the addresses that have been quiet long enough, or all when
// there is no quiet one: better to let a flood try again than to grow. It
// is called under mu.
func (t *throttle) forget(now time.Time) {
	for key, l := range t.byIP {
		if l.TokensAt(now) >= badTokens {
			delete(t.byIP, key)
		}
	}
	if len(t.byIP) >= throttleSize {
		clear(t.byIP)
	}
}

func (t *throttle) succeeded(bearer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= throttleSize {
		clear(t.known)
	}
	t.known[sha256.Sum256([]byte(bearer))] = struct{}{}
}
