package api

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/operadora/operadora/api/oidc"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config says where and how the API is served. There is no CORS: pages come
// from the same origin.
type Config struct {
	Listen                 string      `yaml:"listen" default:"127.0.0.1:8090" doc:"Address and port to serve on. Beyond loopback, set tls_cert and tls_key or stand behind a proxy that does TLS."`
	PublicURL              string      `yaml:"public_url" default:"" doc:"Where people reach the pages, such as https://cc.example.org/operadora, for links that commands print. Empty: at listen."`
	TLSCert                string      `yaml:"tls_cert" default:"" doc:"File with the certificate chain (PEM). Empty serves plain HTTP."`
	TLSKey                 string      `yaml:"tls_key" default:"" doc:"File with the private key (PEM)."`
	TrustedProxies         []string    `yaml:"trusted_proxies" default:"" doc:"Networks (10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed. Empty believes nobody."`
	TOTPRequired           []string    `yaml:"totp_required" oneof:"admin supervisor campaign_manager agent" default:"" doc:"Roles of people who need a second factor: who has none may do nothing but set one up. Empty leaves it to each person. Tokens have none."`
	OIDC                   oidc.Config `yaml:"oidc"`
	OpenMetrics            bool        `yaml:"open_metrics" default:"true" doc:"Serve /metrics without a token. It names queues, PBXs and flow nodes, never callers."`
	EventClients           int         `yaml:"event_clients" min:"1" max:"100000" default:"500" doc:"How many event streams may be open at once; a third of them is kept for agents."`
	EventClientsPerToken   int         `yaml:"event_clients_per_token" min:"1" max:"100000" default:"20" doc:"How many event streams one token may have open: a token for wallboards needs one for each screen."`
	EventClientsPerAddress int         `yaml:"event_clients_per_address" min:"1" max:"100000" default:"200" doc:"How many event streams that are not agents' may be open from one address, or from one IPv6 network of 64 bits."`
}

// Validate names the first key whose value cannot work.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("api.listen: %q is not address:port", c.Listen)
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		return fmt.Errorf("api.public_url: %q is not an address such as https://cc.example.org/operadora", c.PublicURL)
	}
	if c.TLSCert == "" && c.TLSKey != "" {
		return fmt.Errorf("api.tls_cert: is empty while api.tls_key is set")
	}
	if c.TLSKey == "" && c.TLSCert != "" {
		return fmt.Errorf("api.tls_key: is empty while api.tls_cert is set")
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if c.OIDC.On() && c.PublicURL == "" {
		return fmt.Errorf("api.public_url: is empty while api.oidc.issuer is set: the provider has to send people back there")
	}
	if err := c.OIDC.Validate(); err != nil {
		return err
	}
	return yamlfile.Check("api", c).Err()
}

func (c Config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, p := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("api.trusted_proxies: %q is not a network such as 10.0.0.0/8", p)
		}
		list = append(list, prefix)
	}
	return list, nil
}
