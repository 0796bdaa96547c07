package ari

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config says how to reach one Asterisk.
type Config struct {
	URL      string              `yaml:"url" default:"http://127.0.0.1:8088/ari" doc:"Address of the Asterisk REST Interface, with its path."`
	User     string              `yaml:"user" default:"operadora" doc:"User of ari.conf; it must not be read_only."`
	Password orchestrator.Secret `yaml:"password" default:"" doc:"Password of that user."`
	App      string              `yaml:"app" shape:"id" default:"operadora" doc:"Name of the Stasis application; the dialplan hands calls to it."`

	RequestTimeout time.Duration `yaml:"request_timeout" min:"10ms" max:"1m" default:"5s" doc:"How long one request may take."`
	PingInterval   time.Duration `yaml:"ping_interval" min:"10ms" max:"5m" default:"5s" doc:"How often the event socket is tested, by a websocket ping and by an event sent through Asterisk to ourselves; the socket is given up when nothing was heard for three times as long."`
	MaxConnections int           `yaml:"max_connections" min:"2" max:"10000" default:"64" doc:"Most HTTP connections at a time. Asterisk's own limit (sessionlimit in http.conf) is 100 unless raised, for all its clients together."`

	Transfers Transfers `yaml:"transfers" oneof:"auto always never" default:"auto" doc:"Who carries out what the transfer key of a phone asks for (REFER): auto is operadora where Asterisk hands it over safely (20.21, 22.11, 23.5 and later), always also where Asterisk may crash on a phone that asks with Refer-Sub: false (from 20.13, 21.8, 22.3 on), never nobody. Where it is not operadora, Asterisk refuses blind transfers, and operadora doctor says how to have it refuse the others."`
}

// Validate returns an error of kind Invalid that names the first key that cannot work.
func (c Config) Validate() error {
	bad := func(key, format string, args ...any) error {
		return fault.New("", fault.Invalid, "%s: %s", key, fmt.Sprintf(format, args...))
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https":
		return bad("url", "%q is not an address such as http://127.0.0.1:8088/ari: it must begin with http:// or https://", c.URL)
	case u.Host == "":
		return bad("url", "%q names no host", c.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bad("url", "must hold no user, query or fragment; user and password are keys of their own")
	case c.User == "":
		return bad("user", "is empty")
	case c.App == "":
		return bad("app", "is empty")
	}
	return fault.E("", fault.Invalid, yamlfile.Check("", c).Err())
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
