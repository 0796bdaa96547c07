package mailer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Refusal is what a server said, or what hindered it, fit for logs and journals.
type Refusal struct {
	Text    string
	Forever bool // it will not take this mail later either, it says
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// Server sends mail by the server of a configuration.
type Server struct{ cfg Config }

// NewServer makes one of a configuration that is valid. It connects for each mail.
func NewServer(cfg Config) *Server { return &Server{cfg} }

// Send hands a letter over. An error is a *Refusal.
func (s *Server) Send(ctx context.Context, l Letter) error {
	msg, err := s.message(l)
	if err != nil {
		return s.refusal(err, l.To)
	}
	err = s.with(ctx, func(c *mail.Client, conn *smtp.Client) error {
		err := c.SendWithSMTPClient(conn, msg)
		if msg.IsDelivered() {
			return nil // what comes after it does not matter
		}
		return err
	})
	return s.refusal(err, l.To)
}

// Probe connects and logs in, and sends nothing. An error is a *Refusal.
func (s *Server) Probe(ctx context.Context) error {
	return s.refusal(s.with(ctx, func(*mail.Client, *smtp.Client) error { return nil }), "")
}

// with runs fn on a connection that is ready to send, and ends it with ctx.
func (s *Server) with(ctx context.Context, fn func(*mail.Client, *smtp.Client) error) error {
	var ends []func() bool
	defer func() {
		for _, end := range ends {
			end()
		}
	}()
	options, err := s.options(func(conn net.Conn) {
		ends = append(ends, context.AfterFunc(ctx, func() { _ = conn.Close() })) // whatever it waits for
	})
	if err != nil {
		return err
	}
	c, err := mail.NewClient(s.cfg.Host, options...)
	if err != nil {
		return err
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	err = fn(c, conn)
	_ = c.CloseWithSMTPClient(conn) // QUIT: what it says changes nothing
	return err
}

func (s *Server) options(opened func(net.Conn)) ([]mail.Option, error) {
	conf, err := s.cfg.tls()
	if err != nil {
		return nil, err
	}
	out := []mail.Option{mail.WithPort(s.cfg.Port), mail.WithTimeout(s.cfg.Timeout), mail.WithTLSConfig(conf), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch s.cfg.TLS {
	case TLSNone:
		out = append(out, mail.WithTLSPolicy(mail.NoTLS))
	case TLSWhole: // the connection comes with it, see below; by this policy the library looks whether it does
		out = append(out, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case TLSStart:
	}
	if s.cfg.User != "" {
		// Where there is no TLS this takes no method that shows the password.
		out = append(out, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.cfg.User), mail.WithPassword(s.cfg.Password.Reveal()))
	}
	out = append(out, mail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		opened(conn)
		if s.cfg.TLS != TLSWhole {
			return conn, nil
		}
		wrapped := tls.Client(conn, conf)
		if err := wrapped.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return wrapped, nil
	}))
	return out, nil
}

func (s *Server) message(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(s.cfg.From); err != nil {
		return nil, err
	}
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID)
	m.SetDateWithValue(l.At)
	m.SetGenHeader(mail.Header("Auto-Submitted"), "auto-generated") // no machine answers it
	m.SetGenHeader(mail.HeaderContentLang, l.Language)
	m.SetBodyString(mail.TypeTextPlain, l.Body)
	if l.Sound == nil {
		return m, nil
	}
	return m, m.AttachReader(l.File, bytes.NewReader(l.Sound), mail.WithFileContentType(mail.ContentType(l.Kind)))
}

// longestRefusal bounds what is kept of what a server says.
const longestRefusal = 200

// refusal says in a line what hindered, without the address and the password.
func (s *Server) refusal(err error, to string) error {
	if err == nil {
		return nil
	}
	r := &Refusal{Text: err.Error()}
	if sent, ok := errors.AsType[*mail.SendError](err); ok {
		code := sent.ErrorCode() // 0 when there was no answer
		r.Forever = code >= 500
		if sent.Reason == mail.ErrSMTPDataClose && code == 0 {
			r.Text = "the server did not answer after it had the whole mail: it may have taken it"
		} else {
			r.Text, _, _ = strings.Cut(r.Text, ", affected ")
		}
	}
	hide := []string{}
	if to != "" {
		hide = append(hide, to, MaskAddress(to))
	}
	if p := s.cfg.Password.Reveal(); p != "" {
		hide = append(hide, p, "***")
	}
	r.Text = cut(strings.NewReplacer(hide...).Replace(strings.Join(strings.Fields(strings.ToValidUTF8(r.Text, "?")), " ")), longestRefusal)
	return r
}

// tag tells mails about one message to several addresses apart.
func tag(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return hex.EncodeToString(sum[:6])
}

// Address is where the server is, for those who look after it.
func (s *Server) Address() string { return net.JoinHostPort(s.cfg.Host, fmt.Sprint(s.cfg.Port)) }
