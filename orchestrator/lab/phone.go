package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// The SIP library sends "100 Trying" from a timer, and reads for it what the
// taking of the call still writes when a busy machine is 200 ms late. Phones
// send it themselves, so the timer is put off past any call.
func init() { sip.Timer_1xx = 24 * time.Hour }

// PhoneOptions describe a telephone.
type PhoneOptions struct {
	// User is the phone's name, such as "101"; for a caller from outside, the
	// number that it calls from.
	User     string
	Password string
	// Server is the host:port of the PBX. It may be set later, with Use.
	Server string
	// Port is the UDP port on 127.0.0.1; 0 takes any that is free.
	Port int
	// Lines is how many calls the phone takes at a time; one more is refused
	// with 486. 0 is any number.
	Lines int
	// OnInvite does what the phone does with a call that comes in, in a
	// goroutine of its own: see AnswerAfter, RejectWith, RingOn, or write one.
	// nil leaves the call to whoever reads Incoming. OnInvite can be changed
	// with Phone.OnInvite.
	OnInvite func(*Call)
	// Log gets what the SIP library says; nil discards it.
	Log *slog.Logger
}

// Phone is a telephone driven from Go, on loopback, over UDP, with audio in
// µ-law. It takes calls and makes them.
type Phone struct {
	o      PhoneOptions
	log    *slog.Logger
	ua     *sipgo.UserAgent
	dg     *diago.Diago
	client *sipgo.Client
	conn   *net.UDPConn
	port   int
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	inbox chan *Call

	mu       sync.Mutex
	server   string           // guarded by mu
	onInvite func(*Call)      // guarded by mu
	calls    map[*Call]bool   // guarded by mu; calls that are not over
	lamps    map[string]*Lamp // guarded by mu; by the Call-ID of their subscription
	closed   bool             // guarded by mu
}

// NewPhone makes a telephone that listens for calls at once. It is known to
// the PBX by Contact, or after Register.
func NewPhone(o PhoneOptions) (*Phone, error) {
	p := &Phone{
		o: o, log: o.Log, server: o.Server, onInvite: o.OnInvite,
		inbox: make(chan *Call, 64), calls: map[*Call]bool{}, lamps: map[string]*Lamp{},
	}
	if p.log == nil {
		p.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.User == "" {
		return nil, errors.New("phone: it needs a user")
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.listen(); err != nil {
		p.cancel()
		return nil, fmt.Errorf("phone %s: %w", o.User, err)
	}
	return p, nil
}

// PhoneFor makes a telephone that is closed when the test ends.
func PhoneFor(tb TB, o PhoneOptions) *Phone {
	tb.Helper()
	p, err := NewPhone(o)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(p.Close)
	return p
}

// listen opens the phone's only socket and makes both sides of the SIP library
// use it. Left to itself the library sends from a second socket, on all
// addresses of the machine, until it has noticed the first.
func (p *Phone) listen() error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.o.Port})
	if err != nil {
		return err
	}
	p.conn, p.port = conn, conn.LocalAddr().(*net.UDPAddr).Port
	p.ua, err = sipgo.NewUA(sipgo.WithUserAgent(p.o.User), sipgo.WithUserAgentHostname("127.0.0.1"),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(p.log)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(p.log)))
	if err == nil {
		err = p.attach()
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	p.work.Go(func() {
		if err := p.ua.TransportLayer().ServeUDP(overheard{conn, p}); err != nil {
			p.log.Debug("listening", "error", err)
		}
	})
	return p.listening()
}

// attach builds what stands on the SIP library's socket.
func (p *Phone) attach() error {
	server, err := sipgo.NewServer(p.ua, sipgo.WithServerLogger(p.log))
	if err != nil {
		return err
	}
	p.client, err = sipgo.NewClient(p.ua, sipgo.WithClientLogger(p.log),
		sipgo.WithClientAddr(p.Addr()), sipgo.WithClientConnectionAddr(p.Addr()))
	if err != nil {
		return err
	}
	server.ServeRequest(p.overhear)
	p.dg = diago.NewDiago(p.ua, diago.WithLogger(p.log), diago.WithServer(server), diago.WithClient(p.client),
		diago.WithTransport(diago.Transport{Transport: "udp", BindHost: "127.0.0.1", BindPort: p.port}),
		diago.WithMediaConfig(diago.MediaConfig{Codecs: []media.Codec{media.CodecAudioUlaw, media.CodecTelephoneEvent8000}}))
	p.dg.HandleFunc(p.invited)
	server.OnNotify(p.notified)
	return nil
}

// listening returns when the SIP library has taken the socket into use, for
// which it has no signal.
func (p *Phone) listening() error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if _, err := p.ua.TransportLayer().GetConnection("udp", p.Addr()); err == nil {
			return nil
		}
		<-tick.C
	}
	return errors.New("the SIP library does not listen")
}

// User is the phone's name.
func (p *Phone) User() string { return p.o.User }

// Addr is the phone's own host:port.
func (p *Phone) Addr() string { return loopback(p.port) }

// Contact is the phone's SIP address, for Endpoint.Contact.
func (p *Phone) Contact() string { return "sip:" + p.o.User + "@" + p.Addr() }

// Use sets the PBX that the phone calls and registers with, as host:port.
func (p *Phone) Use(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
}

// OnInvite replaces what the phone does with calls that come in from now on;
// see PhoneOptions.
func (p *Phone) OnInvite(do func(*Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onInvite = do
}

// Incoming delivers every call that comes in, whatever OnInvite does with it.
// When 64 have not been read, further ones are not delivered, and are refused
// with 486 if there is no OnInvite either.
func (p *Phone) Incoming() <-chan *Call { return p.inbox }

// NextCall waits for a call to come in; see Incoming.
func (p *Phone) NextCall(ctx context.Context) (*Call, error) {
	select {
	case c := <-p.inbox:
		return c, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("phone %s: waiting for a call: %w", p.o.User, context.Cause(ctx))
	}
}

// invited takes an INVITE from the library and returns when its call is over.
func (p *Phone) invited(d *diago.DialogServerSession) {
	if err := d.Trying(); err != nil {
		p.log.Debug("taking a call", "error", err)
	}
	c := newCall(p)
	c.incoming = d
	if id := d.InviteRequest.CallID(); id != nil {
		c.id = id.Value()
	}
	if !p.remember(c, true) {
		if err := d.Respond(sip.StatusBusyHere, "Busy Here", nil); err != nil {
			p.log.Debug("refusing a call", "error", err)
		}
		return
	}
	c.serve(p.announce)
}

// announce hands a call that came in to whoever takes it.
func (p *Phone) announce(c *Call) {
	p.mu.Lock()
	do := p.onInvite
	p.mu.Unlock()
	select {
	case p.inbox <- c:
	default:
		if do == nil {
			do = RejectWith(sip.StatusBusyHere)
		}
	}
	if do != nil {
		p.spawn(func() { do(c) })
	}
}

// remember counts a call as one of the phone's; it refuses one that came in
// when all lines are taken, and any after Close.
func (p *Phone) remember(c *Call, incoming bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || incoming && p.o.Lines > 0 && len(p.calls) >= p.o.Lines {
		return false
	}
	p.calls[c] = true
	return true
}

func (p *Phone) forget(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.calls, c)
}

// spawn runs do in a goroutine that Close waits for.
func (p *Phone) spawn(do func()) { p.work.Go(do) }

// overhear sees every request before the library does, which passes no CANCEL on.
func (p *Phone) overhear(req *sip.Request) {
	reason, id := req.GetHeader("Reason"), req.CallID()
	if reason == nil || id == nil || req.Method != sip.BYE && req.Method != sip.CANCEL {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.calls {
		if c.ID() == id.Value() {
			c.heardReason(reason.Value())
		}
	}
}

// overheard is a phone's socket.
type overheard struct {
	*net.UDPConn
	p *Phone
}

// ReadFrom reads for the library.
func (o overheard) ReadFrom(b []byte) (n int, from net.Addr, err error) {
	n, from, err = o.UDPConn.ReadFrom(b)
	if err == nil && bytes.HasPrefix(b[:n], []byte("CANCEL ")) {
		if m, wrong := sip.ParseMessage(bytes.Clone(b[:n])); wrong == nil {
			o.p.overhear(m.(*sip.Request))
		}
	}
	return n, from, err
}

// DialOptions describe a call that a phone makes.
type DialOptions struct {
	// From is the number that calls; "" is the phone's user.
	From string
	// Name is the caller's name.
	Name string
	// Headers are further headers of the INVITE.
	Headers map[string]string
}

// Place starts a call to number and returns at once. The call is given up when
// ctx ends before it is answered; after that ctx has no hold on it.
func (p *Phone) Place(ctx context.Context, number string, o DialOptions) (*Call, error) {
	p.mu.Lock()
	server := p.server
	p.mu.Unlock()
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, fmt.Errorf("phone %s: its PBX %q is not host:port", p.o.User, server)
	}
	to := sip.Uri{Scheme: "sip", User: number, Host: host}
	if to.Port, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("phone %s: its PBX %q is not host:port", p.o.User, server)
	}
	d, err := p.dg.NewDialog(to, diago.NewDialogOptions{Transport: "udp"})
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", p.o.User, err)
	}
	from := p.o.User
	if o.From != "" {
		from = o.From
	}
	options := diago.InviteClientOptions{Username: p.o.User, Password: p.o.Password}
	options.WithCaller(o.Name, from, "127.0.0.1")
	for name, value := range o.Headers {
		options.Headers = append(options.Headers, sip.NewHeader(name, value))
	}
	c := newCall(p)
	c.placed = d
	ctx, c.cancel = context.WithCancel(ctx)
	if !p.remember(c, false) {
		c.cancel()
		return nil, errors.Join(fmt.Errorf("phone %s is closed", p.o.User), d.Close())
	}
	p.spawn(func() { c.place(ctx, d, options) })
	return c, nil
}

// Dial calls number and returns when it is answered. A call that is refused
// gives a *RefusedError; one that ctx ends before it is answered, ctx's error.
func (p *Phone) Dial(ctx context.Context, number string, o DialOptions) (*Call, error) {
	c, err := p.Place(ctx, number, o)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.Answered():
		return c, nil
	case <-c.Done():
	}
	switch end := c.Ending(); {
	case end.Err != nil:
		return nil, fmt.Errorf("phone %s calling %s: %w", p.o.User, number, end.Err)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("phone %s calling %s: %w", p.o.User, number, context.Cause(ctx))
	default:
		return nil, fmt.Errorf("phone %s calling %s: %w", p.o.User, number, ErrEnded)
	}
}

// Close hangs up every call and takes the phone off the network; it waits
// until all of it is over. It does not unregister: neither does a phone whose
// plug is pulled.
func (p *Phone) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	calls := make([]*Call, 0, len(p.calls))
	for c := range p.calls {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	var hangups sync.WaitGroup
	for _, c := range calls {
		hangups.Go(func() {
			if err := c.Hangup(); err != nil {
				p.log.Debug("hanging up", "error", err)
			}
		})
	}
	hangups.Wait()
	p.cancel()
	for _, c := range calls {
		<-c.done
	}
	if err := errors.Join(p.ua.Close(), p.conn.Close()); err != nil {
		p.log.Debug("closing the phone", "error", err)
	}
	p.work.Wait()
}
