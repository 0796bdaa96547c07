// Package mailtest is a mail server (SMTP) within a test's process. It does as it is told:
// takes mail, refuses it, hangs, or ends the connection at a point. It is for tests alone.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Point is where in a delivery something happens.
type Point string

// Points of a delivery.
const (
	Greeting Point = "greeting"
	Login    Point = "login"
	Rcpt     Point = "rcpt"
	Data     Point = "data"  // before the mail
	Taken    Point = "taken" // after the mail, before the answer to it
)

// Fault is what happens instead of what should.
type Fault struct {
	At    Point
	Say   string // an answer, such as 451 try again
	Hang  bool   // nothing more is said
	Close bool   // the connection ends
	Keeps bool   // at Taken: the mail was taken all the same
}

// Mail is one that was taken.
type Mail struct {
	From, To, Text string
	TLS            bool
	User           string // who had logged in
}

// Server is a mail server on loopback.
type Server struct {
	Host string
	Port int
	CA   string // file with the certificate to trust
	// Plain offers no TLS; User and Password are what it takes, empty for none.
	Plain          bool
	User, Password string
	Changed        chan struct{} // holds one; a mail was taken, or a fault happened

	listener net.Listener
	conf     *tls.Config
	wg       sync.WaitGroup

	mu     sync.Mutex
	faults []Fault           // of the connections to come; guarded by mu
	mails  []Mail            // guarded by mu
	heard  []string          // every line of clients; guarded by mu
	open   map[net.Conn]bool // guarded by mu
}

// New starts a server, which ends with the test. whole is TLS from the first byte.
func New(t testing.TB, whole bool) *Server {
	t.Helper()
	s := &Server{Host: "127.0.0.1", Changed: make(chan struct{}, 1), open: map[net.Conn]bool{}}
	s.conf, s.CA = certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Port = l.Addr().(*net.TCPAddr).Port
	if whole {
		l = tls.NewListener(l, s.conf)
	}
	s.listener = l
	s.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[conn] = true
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(conn, whole) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for c := range s.open {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

// Fail gives the next connections a fault each, in this order; those behind have none.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Mails are those that were taken.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Heard is all that clients said, as far as it was no TLS.
func (s *Server) Heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.heard, "\n")
}

func (s *Server) changed() {
	select {
	case s.Changed <- struct{}{}:
	default:
	}
}

// session is one connection.
type session struct {
	*Server
	conn  net.Conn
	in    *bufio.Reader
	fault Fault
	tls   bool
	mail  Mail
}

func (s *Server) serve(conn net.Conn, whole bool) {
	x := &session{Server: s, conn: conn, in: bufio.NewReader(conn), tls: whole}
	s.mu.Lock()
	if len(s.faults) > 0 {
		x.fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
		_ = x.conn.Close()
	}()
	if !x.at(Greeting, "220 mailtest") {
		return
	}
	for {
		line, err := x.in.ReadString('\n')
		if err != nil || !x.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (x *session) say(line string) bool {
	_, err := x.conn.Write([]byte(line + "\r\n"))
	return err == nil
}

// at answers at a point, or does what the fault says; false ends the connection.
func (x *session) at(p Point, answer string) bool {
	if x.fault.At != p {
		return x.say(answer)
	}
	x.changed()
	switch {
	case x.fault.Hang:
		_, _ = x.in.ReadByte() // until the client leaves
		return false
	case x.fault.Close:
		return false
	}
	return x.say(x.fault.Say)
}

func (x *session) command(line string) bool {
	x.mu.Lock()
	x.heard = append(x.heard, line)
	x.mu.Unlock()
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		out := []string{"mailtest", "8BITMIME"}
		if !x.Plain && !x.tls {
			out = append(out, "STARTTLS")
		}
		if x.User != "" {
			out = append(out, "AUTH PLAIN LOGIN")
		}
		for i, w := range out {
			sep := "-"
			if i == len(out)-1 {
				sep = " "
			}
			if !x.say("250" + sep + w) {
				return false
			}
		}
		return true
	case "STARTTLS":
		if !x.say("220 go on") {
			return false
		}
		wrapped := tls.Server(x.conn, x.conf)
		if wrapped.Handshake() != nil {
			return false
		}
		x.conn, x.in, x.tls = wrapped, bufio.NewReader(wrapped), true
		return true
	case "AUTH":
		return x.login(rest)
	case "MAIL":
		if x.User != "" && x.mail.User == "" {
			return x.say("530 log in first")
		}
		x.mail.From = address(rest)
		return x.say("250 ok")
	case "RCPT":
		x.mail.To = address(rest)
		return x.at(Rcpt, "250 ok")
	case "DATA":
		return x.data()
	case "QUIT":
		x.say("221 bye")
		return false
	case "NOOP", "RSET":
		return x.say("250 ok")
	}
	return x.say("500 what?")
}

func (x *session) login(rest string) bool {
	method, first, _ := strings.Cut(rest, " ")
	raw, _ := base64.StdEncoding.DecodeString(first)
	parts := strings.Split(string(raw), "\x00")
	if method != "PLAIN" || len(parts) != 3 || parts[1] != x.User || parts[2] != x.Password {
		return x.say("535 5.7.8 bad credentials " + strings.Join(parts[1:], " ")) // some servers are that talkative
	}
	x.mail.User = parts[1]
	return x.at(Login, "235 welcome")
}

func (x *session) data() bool {
	if !x.at(Data, "354 go on") || x.fault.At == Data {
		return x.fault.At == Data && x.fault.Say != ""
	}
	var text strings.Builder
	for {
		line, err := x.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	x.mail.Text, x.mail.TLS = text.String(), x.tls
	if x.fault.At != Taken || x.fault.Keeps {
		x.mu.Lock()
		x.mails = append(x.mails, x.mail)
		x.mu.Unlock()
	}
	x.changed()
	return x.at(Taken, "250 taken")
}

// address is what stands between < and >.
func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

// certificate makes one for loopback, and a file with it.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, file
}
