package lab

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Desks are many desk phones on one port for measurements: they answer, talk
// and hang up, without audio, and keep exact times.
type Desks struct {
	talk   func() time.Duration // of the next call; called under mu
	ua     *sipgo.UserAgent
	server *sipgo.Server
	cache  *sipgo.DialogServerCache
	conn   net.PacketConn
	media  net.PacketConn // where the PBX may send audio; it is dropped
	sdp    []byte
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	calls []DeskCall               // guarded by mu
	at    map[string]int           // Call-ID -> index in calls; guarded by mu
	acks  map[string]chan struct{} // closed when the ACK of a Call-ID came; guarded by mu
	hang  map[string]func()        // by user: ends the talk time of its present call; guarded by mu
	done  chan struct{}            // closed when want calls are over; guarded by mu
	want  int                      // guarded by mu
}

// DeskCall is one call at a desk.
type DeskCall struct {
	User               string
	Rung, Joined, Over time.Time // INVITE came in, ACK came in, BYE sent or received; zero is never
}

// StartDesks starts phones that hang up a while after they were answered: talk
// says for each call how long, in the order of the INVITEs and one at a time.
// Endpoints reach them by the fixed contact Contact(user).
func StartDesks(talk func() time.Duration) (*Desks, error) {
	d := &Desks{talk: talk, at: map[string]int{}, acks: map[string]chan struct{}{},
		hang: map[string]func(){}, done: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancel(context.Background()) // ends with Stop
	var err error
	if d.conn, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if d.media, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	d.sdp = fmt.Appendf(nil, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", d.media.LocalAddr().(*net.UDPAddr).Port)
	if d.ua, err = sipgo.NewUA(); err != nil {
		return nil, err
	}
	if d.server, err = sipgo.NewServer(d.ua); err != nil {
		return nil, err
	}
	client, err := sipgo.NewClient(d.ua)
	if err != nil {
		return nil, err
	}
	port := d.conn.LocalAddr().(*net.UDPAddr).Port
	d.cache = sipgo.NewDialogServerCache(client, sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "desk", Host: "127.0.0.1", Port: port}})
	d.server.OnInvite(d.invite)
	d.server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) {
		_ = d.cache.ReadAck(req, tx) // of no dialog: late
		d.acked(req.CallID().Value())
	})
	d.server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		d.over(req.CallID().Value())
		_ = d.cache.ReadBye(req, tx) // of no dialog: our own BYE crossed it
	})
	d.wg.Go(func() { _ = d.server.ServeUDP(d.conn) }) // ends when the socket is closed
	d.wg.Go(func() {
		drop := make([]byte, 2048)
		for {
			if _, _, err := d.media.ReadFrom(drop); err != nil {
				return // closed
			}
		}
	})
	return d, nil
}

// Contact is where the phone of a user is reached.
func (d *Desks) Contact(user string) string {
	return fmt.Sprintf("sip:%s@%s", user, d.conn.LocalAddr())
}

func (d *Desks) invite(req *sip.Request, tx sip.ServerTransaction) {
	rung := time.Now()
	dialog, err := d.cache.ReadInvite(req, tx)
	if err != nil {
		return // not an INVITE that a dialog can begin with
	}
	defer func() { _ = dialog.Close() }()
	id := req.CallID().Value()
	d.mu.Lock()
	d.at[id] = len(d.calls)
	d.calls = append(d.calls, DeskCall{User: req.Recipient.User, Rung: rung})
	ack := make(chan struct{})
	d.acks[id] = ack
	talk := d.talk()
	hungup, hangup := context.WithCancel(d.ctx)
	defer hangup()
	d.hang[req.Recipient.User] = hangup
	d.mu.Unlock()
	// The library may miss an ACK that comes at once and then waits for another
	// half a minute: what counts is the ACK itself.
	d.wg.Go(func() { _ = dialog.RespondSDP(d.sdp) })
	select {
	case <-ack:
	case <-tx.Done():
		return // cancelled, or never acknowledged
	case <-d.ctx.Done():
		return
	}
	wait := time.NewTimer(talk)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-hungup.Done():
	case <-dialog.Context().Done():
		return
	}
	if d.ctx.Err() == nil {
		d.over(id)
		ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
		defer cancel()
		_ = dialog.Bye(ctx) // the far end may have been quicker
	}
}

// HangUp ends the talk time of a user's present call, if there is one.
func (d *Desks) HangUp(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if hangup, ok := d.hang[user]; ok {
		hangup()
	}
}

// acked notes the ACK of a call, once.
func (d *Desks) acked(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ack, ok := d.acks[id]; ok {
		close(ack)
		delete(d.acks, id)
		d.calls[d.at[id]].Joined = time.Now()
	}
}

// over notes the end of a call, once.
func (d *Desks) over(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.at[id]
	if !ok || !d.calls[i].Over.IsZero() {
		return
	}
	d.calls[i].Over = time.Now()
	if d.want > 0 {
		if d.want--; d.want == 0 {
			close(d.done)
		}
	}
}

// Expect makes the channel that is closed when n more calls are over.
func (d *Desks) Expect(n int) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want, d.done = n, make(chan struct{})
	return d.done
}

// Calls returns the calls so far, in the order of their INVITEs.
func (d *Desks) Calls() []DeskCall {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]DeskCall(nil), d.calls...)
}

// Forget drops the calls so far.
func (d *Desks) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.at, d.acks = nil, map[string]int{}, map[string]chan struct{}{}
}

// Stop takes the phones away.
func (d *Desks) Stop() {
	d.cancel()
	_ = d.ua.Close() // sockets are closed below in any case
	_ = d.conn.Close()
	_ = d.media.Close()
	d.wg.Wait()
}
