package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/client"
)

// defaultURL is where the API is when no configuration says otherwise.
const defaultURL = "http://127.0.0.1:8090"

// clientFlags adds the flags of every command that speaks to a running operadora.
func clientFlags(c *cobra.Command) {
	c.PersistentFlags().String("url", "", "address of the API (default: the environment's OPERADORA_URL, api.listen of the configuration, else "+defaultURL+")")
	c.PersistentFlags().String("token", "", "API token (default: the environment's OPERADORA_TOKEN)")
}

// remote is the API of a running operadora.
type remote struct{ *client.API }

func newClient(cmd *cobra.Command) (remote, error) {
	base, err := apiURL(cmd)
	if err != nil {
		return remote{}, err
	}
	token, err := told(cmd, "token")
	if err != nil {
		return remote{}, err
	}
	if token == "" {
		return remote{}, errors.New("no token: give --token or set OPERADORA_TOKEN (`operadora token create` makes one)")
	}
	c, err := client.New(base, token)
	return remote{c}, err
}

// apiURL is where a running operadora is to be found. A configuration that was
// not asked for and cannot be read, which may hold secrets of somebody else, is
// no hindrance.
func apiURL(cmd *cobra.Command) (string, error) {
	if base, err := told(cmd, "url"); err != nil || base != "" {
		if u, wrong := url.Parse(base); err == nil && (wrong != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			err = fmt.Errorf("--url %q is not an address such as %s: it must begin with http:// or https://", base, defaultURL)
		}
		return base, err
	}
	asked, err := told(cmd, "config")
	if err != nil {
		return "", err
	}
	cfg, err := loadConfig(cmd)
	switch {
	case err == nil:
		return urlOf(cfg.API)
	case asked != "":
		return "", fmt.Errorf("%w (--url names the API without a configuration)", err)
	}
	return defaultURL, nil
}

// urlOf is the address for a client on the same machine.
func urlOf(cfg api.Config) (string, error) {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return "", err
	}
	switch ip := net.ParseIP(host); {
	case host == "" || (ip != nil && ip.IsUnspecified() && ip.To4() != nil):
		host = "127.0.0.1" // it listens everywhere, so there too
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	scheme := "http://"
	if cfg.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port), nil
}

// Events is the client's Events. It makes a remote a top.Stream.
func (r remote) Events(ctx context.Context, after string, fn func(client.Event) error) error {
	return r.explain(r.API.Events(ctx, after, fn))
}

// explain says what to do about an error.
func (r remote) explain(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nothing answers at %s: run `operadora serve`, or give --url", r.Base)
	}
	return err
}

// remotely runs do with the API that the command's flags name.
func remotely(do func(cmd *cobra.Command, c remote, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		return c.explain(do(cmd, c, args))
	}
}
