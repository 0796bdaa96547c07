package ari

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Config says how to reach one Asterisk.
type Config struct {
	URL      string              `mapstructure:"url" default:"http://127.0.0.1:8088/ari" doc:"Address of the Asterisk REST Interface, with its path."`
	User     string              `mapstructure:"user" default:"operadora" doc:"User of ari.conf; it must not be read_only."`
	Password orchestrator.Secret `mapstructure:"password" default:"" doc:"Password of that user."`
	App      string              `mapstructure:"app" default:"operadora" doc:"Name of the Stasis application; the dialplan hands calls to it."`

	RequestTimeout time.Duration `mapstructure:"request_timeout" default:"5s" doc:"How long one request may take."`
	PingInterval   time.Duration `mapstructure:"ping_interval" default:"5s" doc:"How often the event socket is tested, by a websocket ping and by an event sent through Asterisk to ourselves; the socket is given up when nothing was heard for three times as long."`
	MaxConnections int           `mapstructure:"max_connections" default:"64" doc:"Most HTTP connections at a time. Asterisk's own limit (sessionlimit in http.conf) is 100 unless raised, for all its clients together."`

	Transfers Transfers `mapstructure:"transfers" default:"auto" doc:"Who carries out what the transfer key of a phone asks for (REFER): auto is operadora where Asterisk hands it over safely (20.21, 22.11, 23.5 and later), always also where Asterisk may crash on a phone that asks with Refer-Sub: false (from 20.13, 21.8, 22.3 on), never nobody. Where it is not operadora, Asterisk refuses blind transfers, and operadora doctor says how to have it refuse the others."`
}

// appName is what an application may be called: the name travels in URLs, in
// dialplan arguments and in comma-separated lists.
var appName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// Validate returns an error of kind Invalid that names the first key that cannot work.
func (c Config) Validate() error {
	bad := func(key, format string, args ...any) error {
		return fault.New("", fault.Invalid, "%s: %s", key, fmt.Sprintf(format, args...))
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return bad("url", "not an address: %v", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("url", "%q begins neither with http:// nor with https://", c.URL)
	case u.Host == "":
		return bad("url", "%q names no host", c.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bad("url", "must hold no user, query or fragment; user and password are keys of their own")
	case c.User == "":
		return bad("user", "is empty")
	case !appName.MatchString(c.App):
		return bad("app", "%q is not a name of letters, digits, dots, dashes and underscores", c.App)
	case c.RequestTimeout <= 0:
		return bad("request_timeout", "%v is not positive", c.RequestTimeout)
	case c.PingInterval <= 0:
		return bad("ping_interval", "%v is not positive", c.PingInterval)
	case !slices.Contains([]Transfers{"", TransfersAuto, TransfersAlways, TransfersNever}, c.Transfers):
		return bad("transfers", "%q is none of auto, always and never", c.Transfers)
	case c.MaxConnections < 2:
		return bad("max_connections", "%d is less than 2", c.MaxConnections)
	}
	return nil
}

// Warnings returns what works but should be changed, one sentence each.
func (c Config) Warnings() []string {
	var w []string
	if u, err := url.Parse(c.URL); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		w = append(w, fmt.Sprintf("url: password and calls travel to %s in clear text; use https or a tunnel", u.Host))
	}
	if c.Password == "" {
		w = append(w, "password: is empty")
	}
	return w
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
