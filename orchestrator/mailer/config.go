package mailer

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config says by which server mail is sent.
type Config struct {
	Host     string              `yaml:"host" default:"" doc:"Mail server (SMTP) that takes mail about messages of callers. Empty: nobody is told by mail."`
	Port     int                 `yaml:"port" min:"1" max:"65535" default:"587" doc:"Its port: 587 with starttls, 465 with tls, as a rule."`
	TLS      TLS                 `yaml:"tls" oneof:"starttls tls none" default:"starttls" doc:"starttls: plain at first, and nothing is sent before TLS. tls: from the first byte. none: never, so that messages are read by who listens; a password is then given only by a method that hides it."`
	TLSCA    string              `yaml:"tls_ca" default:"" doc:"File with the certificates (PEM) to trust; empty trusts those of the system."`
	User     string              `yaml:"user" default:"" doc:"User to log in as; empty does not log in."`
	Password orchestrator.Secret `yaml:"password" default:"" doc:"Password of that user."`
	From     string              `yaml:"from" default:"" doc:"Address that mail comes from, such as operadora@example.com."`
	Timeout  time.Duration       `yaml:"timeout" min:"1s" max:"2m" default:"20s" doc:"How long the server may take to be reached and to log in, and again to take one mail."`
	Link     string              `yaml:"link" default:"" doc:"Address where a message can be heard that is not attached, with {recording} and {call} in it: https://voice.example.com/api/v1/recordings/{recording}/audio. Empty: the mail names the recording."`
}

// TLS is how the connection is protected.
type TLS string

// How the connection is protected.
const (
	TLSStart TLS = "starttls"
	TLSWhole TLS = "tls"
	TLSNone  TLS = "none"
)

// On tells whether there is a server.
func (c Config) On() bool { return c.Host != "" }

// Validate names the first key whose value cannot work.
func (c Config) Validate() error {
	if err := yamlfile.Check("mail", c).Err(); err != nil || !c.On() {
		return err
	}
	if strings.ContainsAny(c.Host, "/@:[] \t\r\n") && !strings.Contains(c.Host, "::") {
		return fmt.Errorf("mail.host: %q is no name of a server; its port is mail.port", c.Host)
	}
	if err := CheckAddress(c.From); err != nil {
		return fmt.Errorf("mail.from: %w", err)
	}
	if (c.User == "") != (c.Password == "") {
		return errors.New("mail.password: mail.user and mail.password belong together, and one is empty")
	}
	if strings.ContainsAny(c.User, "\r\n") {
		return errors.New("mail.user: there is an end of line in it")
	}
	if c.Link != "" {
		u, err := url.Parse(c.Link)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(c.Link, " \t\r\n") {
			return fmt.Errorf("mail.link: %q is no address such as https://voice.example.com/{recording}", c.Link)
		}
	}
	_, err := c.tls()
	return err
}

// Warnings names what works and should be changed.
func (c Config) Warnings() (out []string) {
	if ip := net.ParseIP(c.Host); c.On() && c.TLS == TLSNone && c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		out = append(out, "mail.tls: none: whoever listens on the way to "+c.Host+" reads who called, and hears the messages")
	}
	return out
}

func (c Config) tls() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host}
	if c.TLSCA == "" {
		return out, nil
	}
	pem, err := os.ReadFile(c.TLSCA)
	if err != nil {
		return nil, fmt.Errorf("mail.tls_ca: %w", err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mail.tls_ca: %s holds no certificate", c.TLSCA)
	}
	return out, nil
}
