package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// badTokens may be tried at once, and one more every badTokenEvery.
	badTokens     = 10
	badTokenEvery = 6 * time.Second
	// wrongPasswords may be tried at once for one name from one address, and one more
	// every wrongPasswordEvery: some 3,000 a day.
	wrongPasswords     = 5
	wrongPasswordEvery = 30 * time.Second
	// wrongNames of whatever name may be tried at once from one address, and one more every
	// wrongNameEvery. Who has signed in from there lately is not held up by them.
	wrongNames     = 50
	wrongNameEvery = 3 * time.Second
	// wrongCodes of a second factor may be tried at once for one person, from wherever, and one more every
	// wrongCodeEvery: who tries them knows the password. Of a million codes three are right at a time: some 1,440
	// tries a day guess one in about eight months.
	wrongCodes     = 5
	wrongCodeEvery = time.Minute
	// changesAtOnce may be asked for with one token, and changesPerSecond after that.
	changesAtOnce    = 200
	changesPerSecond = 50
	// throttleSize bounds the memory for addresses and for tokens.
	throttleSize = 10_000
)

// throttle slows down who tries tokens. It sees failures alone: an office behind
// one address is not locked out because somebody in it guesses.
type throttle struct{ limiters[netip.Prefix] }

func newThrottle(now func() time.Time) *throttle {
	return &throttle{limiters[netip.Prefix]{now: now, every: rate.Every(badTokenEvery), burst: badTokens, by: map[netip.Prefix]*rate.Limiter{}}}
}

// failed counts a bad token from an address, and tells whether there were too many.
func (t *throttle) failed(ip string) (tooMany bool) { return !t.allows(network(ip)) }

// guesses slow down who guesses passwords. Unlike a token, a password may be guessed: what is
// beyond the bounds is not looked at, right or wrong. A name is held up at one address alone, so
// that nobody keeps a person out by guessing elsewhere.
type guesses struct {
	ofName    limiters[guess]
	ofAddress limiters[netip.Prefix]
	ofFactor  limiters[string] // by person
}

// guess is whose password is tried, and from where.
type guess struct {
	login string
	from  netip.Prefix
}

func newGuesses(now func() time.Time) *guesses {
	return &guesses{limiters[guess]{now: now, every: rate.Every(wrongPasswordEvery), burst: wrongPasswords, by: map[guess]*rate.Limiter{}},
		limiters[netip.Prefix]{now: now, every: rate.Every(wrongNameEvery), burst: wrongNames, by: map[netip.Prefix]*rate.Limiter{}},
		limiters[string]{now: now, every: rate.Every(wrongCodeEvery), burst: wrongCodes, by: map[string]*rate.Limiter{}}}
}

// pace bounds how much one token may put on the audit log, which nothing removes.
type pace struct{ limiters[string] }

func newPace(now func() time.Time) *pace {
	return &pace{limiters[string]{now: now, every: changesPerSecond, burst: changesAtOnce, by: map[string]*rate.Limiter{}}}
}

// limiters are a bounded number of limiters by key.
type limiters[K comparable] struct {
	now   func() time.Time
	every rate.Limit
	burst int

	mu sync.Mutex
	by map[K]*rate.Limiter // guarded by mu
}

func (l *limiters[K]) allows(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	one, ok := l.by[key]
	if !ok {
		if len(l.by) >= throttleSize {
			l.forget(now)
		}
		one = rate.NewLimiter(l.every, l.burst)
		l.by[key] = one
	}
	return one.AllowN(now, 1)
}

// spent tells whether a key has nothing left.
func (l *limiters[K]) spent(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.by[key]
	return ok && one.TokensAt(l.now()) < 1
}

// clear gives a key all back.
func (l *limiters[K]) clear(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.by, key)
}

// forget drops those who have been quiet long enough, or all when there is none:
// better to let a flood try again than to grow. It is called under mu.
func (l *limiters[K]) forget(now time.Time) {
	for key, one := range l.by {
		if one.TokensAt(now) >= float64(l.burst) {
			delete(l.by, key)
		}
	}
	if len(l.by) >= throttleSize {
		clear(l.by)
	}
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
