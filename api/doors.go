package api

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// Why a stream was ended by us; labels of a metric.
const (
	endSlow    = "slow"    // the client took nothing for a while
	endRevoked = "revoked" // its token or session is not valid any more
	endStop    = "stop"    // the server stops
	endRewound = "rewound" // the journal lost entries that the stream has told
	endFull    = "full"    // not let in: too many streams, of all, of the token or person, or of the address
)

// doors lets event streams in and ends them. Each token or person and each address has a
// share, and a third of the streams is kept for agents, whose page is their tool.
type doors struct {
	metrics                                 *metrics
	most, perHolder, perAddress, mostOthers int // mostOthers: streams that are not agents'

	mu        sync.Mutex
	shutting  bool                 // guarded by mu
	in        map[*visitor]bool    // guarded by mu
	byHolder  map[string]int       // guarded by mu
	byAddress map[netip.Prefix]int // of those who are no agents; guarded by mu
	others    int                  // that are not agents'; guarded by mu
}

// visitor is one stream. over is closed when it is to end, after why was set.
type visitor struct {
	holder  string // the token or the person
	session string // "" when the stream came with a token
	from    netip.Prefix
	agent   bool
	over    chan struct{}
	why     string // guarded by the doors' mu until over is closed
}

// credential is what the stream came in with.
func (v *visitor) credential() records.Credential {
	if v.session != "" {
		return records.Credential{Session: v.session}
	}
	return records.Credential{Token: v.holder}
}

func newDoors(c Config, m *metrics) *doors {
	return &doors{metrics: m, most: c.EventClients, perHolder: c.EventClientsPerToken, perAddress: c.EventClientsPerAddress,
		mostOthers: c.EventClients - c.EventClients/3, in: map[*visitor]bool{}, byHolder: map[string]int{}, byAddress: map[netip.Prefix]int{}}
}

// enter lets a stream in, or says why not.
func (d *doors) enter(a *asker) (*visitor, error) {
	v := &visitor{holder: a.who.ID, session: a.session, from: network(a.ip), agent: wire.Role(a.who.Role) == wire.RoleAgent, over: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	full := ""
	switch {
	case d.shutting:
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable, Detail: "events are not available now"}
	case d.byHolder[v.holder] >= d.perHolder:
		full = "too many event streams of this token or person"
	case !v.agent && d.byAddress[v.from] >= d.perAddress:
		full = "too many event streams from this address"
	case len(d.in) >= d.most || !v.agent && d.others >= d.mostOthers:
		full = "too many event streams"
	}
	if full != "" {
		d.metrics.ended.WithLabelValues(endFull).Inc()
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeFull, Detail: full}
	}
	d.in[v] = true
	d.count(v, 1)
	return v, nil
}

// count adds a stream to its shares, or takes it out; mu is held.
func (d *doors) count(v *visitor, n int) {
	if d.byHolder[v.holder] += n; d.byHolder[v.holder] == 0 {
		delete(d.byHolder, v.holder)
	}
	if v.agent {
		return
	}
	d.others += n
	if d.byAddress[v.from] += n; d.byAddress[v.from] == 0 {
		delete(d.byAddress, v.from)
	}
}

// leave takes a stream out, with a reason when it is our doing.
func (d *doors) leave(v *visitor, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out(v, why)
}

func (d *doors) out(v *visitor, why string) {
	if !d.in[v] {
		return
	}
	delete(d.in, v)
	d.count(v, -1)
	if why != "" {
		d.metrics.ended.WithLabelValues(why).Inc()
	}
	v.why = why
	close(v.over)
}

// clear ends all streams.
func (d *doors) clear(why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.in {
		d.out(v, why)
	}
}

// shut ends all streams and lets no new one in.
func (d *doors) shut() {
	d.mu.Lock()
	d.shutting = true
	d.mu.Unlock()
	d.clear(endStop)
}

func (d *doors) size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.in)
}

// credentials lists what the open streams came in with, each once.
func (d *doors) credentials() []records.Credential {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[records.Credential]bool{}
	var list []records.Credential
	for v := range d.in {
		if c := (v.credential()); !seen[c] {
			seen[c] = true
			list = append(list, c)
		}
	}
	return list
}

// expel ends the streams whose credentials are over.
func (d *doors) expel(over []records.Credential) {
	ended := map[records.Credential]bool{}
	for _, c := range over {
		ended[c] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.in {
		if ended[v.credential()] {
			d.out(v, endRevoked)
		}
	}
}
