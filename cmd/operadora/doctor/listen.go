package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/operadora/operadora/api"
)

// apiFacts are what was found out about the address of the API.
type apiFacts struct {
	cfg    api.Config
	listen error     // it cannot be listened on; nil when it is free
	served *readyz   // what serves there already, when that is operadora
	until  time.Time // the certificate's end; zero without TLS
	cert   error     // the certificate cannot be used
	took   time.Duration
}

// readyz is the answer of a running operadora that is asked whether it is ready.
type readyz struct {
	Status string
	Checks []struct{ Name, State string }
}

func (r *readyz) state(name string) string {
	if r == nil {
		return ""
	}
	for _, c := range r.Checks {
		if c.Name == name {
			return c.State
		}
	}
	return ""
}

func probeAPI(ctx context.Context, cfg api.Config) apiFacts {
	f := apiFacts{cfg: cfg}
	begun := time.Now()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err == nil {
		err = l.Close()
	}
	f.listen = err
	if errors.Is(err, syscall.EADDRINUSE) {
		f.served = askReady(ctx, cfg)
	}
	if cfg.TLSCert != "" {
		f.until, f.cert = certificate(cfg)
	}
	f.took = time.Since(begun)
	return f
}

// askReady asks who serves at the API's address; nil when it is not operadora.
func askReady(ctx context.Context, cfg api.Config) *readyz {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	scheme := "http://"
	if cfg.TLSCert != "" {
		scheme = "https://"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return nil
	}
	// The certificate names the public host, not this address; nothing secret is sent.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	var r readyz
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&r)
	if err != nil || r.state("redis") == "" || r.state("records") == "" {
		return nil
	}
	return &r
}

// anyPort tells whether an address leaves the port to the system: another one at each start.
func anyPort(listen string) bool {
	_, port, err := net.SplitHostPort(listen)
	return err == nil && port == "0"
}

// certificate reads the chain and tells until when it holds.
func certificate(cfg api.Config) (time.Time, error) {
	pair, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return time.Time{}, err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return time.Time{}, err
	}
	return leaf.NotAfter, nil
}

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

func judgeAPI(f apiFacts, now time.Time) []Line {
	s := &sheet{part: "api"}
	at := f.cfg.Listen
	switch {
	case f.listen == nil && anyPort(at):
		s.ok("address", "%s is another free port at each start", at).Took = f.took
	case f.listen == nil:
		s.ok("address", "%s is free", at).Took = f.took
	case f.served != nil && f.served.Status == "ok":
		s.ok("address", "operadora serves at %s and is ready", at).Took = f.took
	case f.served != nil:
		s.add(Warning, "address", "see the lines of the parts below, and operadora's log", "operadora serves at %s and says %q%s", at,
			f.served.Status, failing(f.served)).Took = f.took
	case errors.Is(f.listen, syscall.EADDRINUSE):
		s.add(Fault, "address", "set api.listen to a free port, or end what listens there (ss -ltnp shows it)", "%s is taken by another program", at).Took = f.took
	case errors.Is(f.listen, syscall.EADDRNOTAVAIL):
		s.add(Fault, "address", "set api.listen to an address of this machine (ip addr shows them)", "%s is no address of this machine", at).Took = f.took
	case errors.Is(f.listen, os.ErrPermission):
		s.add(Fault, "address", "use a port of 1024 or more, or give the program CAP_NET_BIND_SERVICE", "%s: %v", at, f.listen).Took = f.took
	default:
		s.add(Fault, "address", "correct api.listen", "%s: %v", at, f.listen).Took = f.took
	}
	switch {
	case f.cfg.TLSCert == "" && !localOnly(at): // told with what else is exposed
	case f.cfg.TLSCert == "":
		s.ok("transport", "on this machine only")
	case f.cert != nil:
		s.add(Fault, "transport", "see api.tls_cert and api.tls_key", "the certificate cannot be used: %v", f.cert)
	case f.until.Before(now):
		s.add(Fault, "transport", "renew api.tls_cert", "the certificate ended on %s", f.until.Format(time.DateOnly))
	case f.until.Before(now.Add(soon)):
		s.add(Warning, "transport", "renew api.tls_cert", "the certificate ends on %s", f.until.Format(time.DateOnly))
	default:
		s.ok("transport", "TLS, certificate until %s", f.until.Format(time.DateOnly))
	}
	return s.lines
}

// failing names what a running operadora misses.
func failing(r *readyz) string {
	var names []string
	for _, c := range r.Checks {
		if c.State != "ok" {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return ": " + strings.Join(names, ", ")
}

// localOnly tells whether nobody else can reach an address.
func localOnly(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || (ip != nil && ip.IsLoopback()))
}
