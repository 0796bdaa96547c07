package esl

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// fake is a scripted FreeSWITCH: it speaks the event socket and tells events that
// were recorded of a real one (testdata), with its own channels, sounds and times
// in them. What a command means, and in which order which events follow, is as
// was seen there.
type fake struct {
	t        *testing.T
	listener net.Listener
	password string
	folder   string // of recordings
	work     sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	core     string
	seq      int64
	clients  map[*fakeClient]bool
	channels map[string]*fakeChannel
	globals  map[string]string
	hash     map[string]string
	tasks    map[string]*fakeTask
	phones   map[string]func(*fakeChannel)
	here     map[string]bool   // phones that are registered
	errors   map[string]string // causes of phones that the directory calls by error/CAUSE
	lacks    string            // a stream that cannot be opened
	lookup   chan struct{}     // errors are told when it closes; at once when it is nil
	tapes    map[string]*fakeTape
	sounds   map[string]time.Duration
	late     time.Duration // of the database that channels and tasks are listed from
	nudges   int           // empty lines that came
	refuses  string        // commands that begin so are refused before they are looked at
	cut      bool
	slow     chan struct{} // calls are made when it closes, and the connection waits meanwhile; nil when they are at once
	slows    string        // how commands begin that wait for slow, "bgapi originate" if it is empty
	loses    int           // so many orders to go into a room are lost, as the one before is carried out then
	before   bool          // the dialplan was printed before callers wrote down how they end
	cross    bool          // events are delivered out of order
	held     *heldBack     // one that is delivered after the next
	shots    map[string][]byte
	on       func(command string) // sees every command; nil for nobody
	mutes    bool                 // it never tells that a recording ended with its channel
}

type heldBack struct {
	raw []byte
	at  *time.Timer
}

type fakeChannel struct {
	id, direction, presence, caller, name, dest string
	vars                                        map[string]string
	answered, over                              bool
	deaf                                        bool              // an order to end it takes its time
	bound                                       map[string]string // what keys do while it monitors
	created                                     time.Time
	app, appData, appID                         string
	past                                        [3]string // app, data, response of what it has done since it was parked
	room                                        string
	passes                                      bool        // keys of its phone are sent to the others in the room
	keys                                        string      // sent to its phone
	beeps, mixed                                int         // heard by it, and those that left it the room
	end                                         *time.Timer // of what plays
	waiting                                     [][3]string // app, data, id
	cause                                       string
	taker                                       string // its name, of one that takes another out of a conversation
}

type fakeTask struct {
	put time.Time
	run *time.Timer
}

type fakeTape struct {
	channel string
	limit   *time.Timer
	began   time.Time
}

func newFake(t *testing.T) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{
		t: t, listener: l, password: "secret-socket", folder: t.TempDir(), core: "core-1",
		clients: map[*fakeClient]bool{}, channels: map[string]*fakeChannel{}, globals: map[string]string{"domain": "pbx.example"},
		hash: map[string]string{}, tasks: map[string]*fakeTask{}, phones: map[string]func(*fakeChannel){}, here: map[string]bool{},
		tapes: map[string]*fakeTape{}, sounds: map[string]time.Duration{}, shots: map[string][]byte{},
	}
	f.work.Go(f.accept)
	t.Cleanup(f.close)
	return f
}

func (f *fake) close() {
	f.listener.Close()
	f.mu.Lock()
	f.closed = true
	for c := range f.clients {
		c.sock.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
}

func (f *fake) config() Config {
	return Config{
		Address: f.listener.Addr().String(), Password: orchestrator.Secret(f.password), App: "operadora", Prefix: "*48",
		Recordings: f.folder, SoundsEN: "/sounds/en", SoundsES: "/sounds/es", SoundType: "wav", Music: "moh", Profile: "operadora",
		CommandTimeout: 5 * time.Second, PingInterval: 200 * time.Millisecond, Connections: 2,
	}
}

// adapter is one that is to connect with it.
func (f *fake) adapter(t *testing.T) *Adapter {
	t.Helper()
	a, err := New("lima", f.config(), quietLog(), NewMetrics(nil))
	must(t, err)
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fakeClient is one connection. What it is to be told waits in a queue.
type fakeClient struct {
	f      *fake
	sock   net.Conn
	told   bool // it has asked for events
	logs   bool // and for lines of the log
	filter [][2]string
	mu     sync.Mutex
	queue  [][]byte
	wake   chan struct{}
	broken bool
}

func (f *fake) accept() {
	for {
		sock, err := f.listener.Accept()
		if err != nil {
			return
		}
		c := &fakeClient{f: f, sock: sock, wake: make(chan struct{}, 1)}
		f.mu.Lock()
		if f.cut || f.closed {
			f.mu.Unlock()
			sock.Close()
			continue
		}
		f.clients[c] = true
		f.mu.Unlock()
		f.work.Go(c.write)
		f.work.Go(c.serve)
	}
}

func (c *fakeClient) say(b []byte) {
	c.mu.Lock()
	c.queue = append(c.queue, b)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *fakeClient) write() {
	for range c.wake {
		for {
			c.mu.Lock()
			if len(c.queue) == 0 {
				broken := c.broken
				c.mu.Unlock()
				if broken {
					return
				}
				break
			}
			b := c.queue[0]
			c.queue = c.queue[1:]
			c.mu.Unlock()
			if _, err := c.sock.Write(b); err != nil {
				c.sock.Close()
			}
		}
	}
}

func (c *fakeClient) serve() {
	defer func() {
		c.sock.Close()
		c.f.mu.Lock()
		delete(c.f.clients, c)
		c.f.mu.Unlock()
		c.mu.Lock()
		c.broken = true
		c.mu.Unlock()
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}()
	c.say([]byte("Content-Type: auth/request\n\n"))
	r := bufio.NewReader(c.sock)
	var lines []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if line != "" {
			lines = append(lines, line)
			continue
		}
		if len(lines) > 0 {
			c.command(lines)
			lines = nil
			continue
		}
		c.f.mu.Lock()
		c.f.nudges++
		c.f.mu.Unlock()
	}
}

func (c *fakeClient) reply(text string, more ...string) {
	c.say([]byte("Content-Type: command/reply\nReply-Text: " + text + "\n" + strings.Join(more, "") + "\n"))
}

func (c *fakeClient) command(lines []string) {
	f := c.f
	verb, rest, _ := strings.Cut(lines[0], " ")
	headers := map[string]string{}
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		headers[strings.ToLower(name)] = value
	}
	f.mu.Lock()
	slow, slows := f.slow, cmp.Or(f.slows, "bgapi originate")
	if f.on != nil {
		f.on(lines[0])
	}
	f.mu.Unlock()
	if slow != nil && strings.HasPrefix(lines[0], slows) {
		<-slow
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != "" && strings.HasPrefix(lines[0], f.refuses) {
		c.reply("-ERR command not found")
		return
	}
	switch verb {
	case "auth":
		if rest != f.password {
			c.reply("-ERR invalid")
			return
		}
		c.reply("+OK accepted")
	case "event":
		c.told = true
		c.reply("+OK event listener enabled json")
	case "log", "nolog":
		c.logs = verb == "log"
		c.reply("+OK log level  " + rest + " [5]")
	case "filter":
		name, value, _ := strings.Cut(rest, " ")
		c.filter = append(c.filter, [2]string{name, value})
		c.reply("+OK filter added. [" + name + "]=[" + value + "]")
	case "api":
		body := f.api(rest)
		c.say(fmt.Appendf(nil, "Content-Type: api/response\nContent-Length: %d\n\n%s", len(body), body))
	case "bgapi":
		job := headers["job-uuid"]
		c.reply("+OK Job-UUID: "+job, "Job-UUID: "+job+"\n")
		f.background(job, rest)
	case "sendmsg":
		ch := f.channels[rest]
		if ch == nil || ch.over {
			c.reply("-ERR invalid session id [" + rest + "]")
			return
		}
		c.reply("+OK")
		f.execute(ch, headers["execute-app-name"], headers["execute-app-arg"], headers["event-uuid"])
	case "sendevent":
		c.reply("+OK")
	default:
		c.reply("-ERR command not found")
	}
}

func (f *fake) background(job, command string) {
	tell := func(body string) {
		f.event("background_job", nil, map[string]string{"Job-UUID": job, "Job-Command": command, "_body": body})
	}
	rest, is := strings.CutPrefix(command, "originate ")
	if !is {
		tell(f.api(command))
		return
	}
	variables, rest, _ := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
	endpoint, list, _ := strings.Cut(rest, " ")
	vars := map[string]string{}
	for pair := range strings.SplitSeq(variables, ",") {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = strings.Trim(value, "'")
	}
	id := vars["origination_uuid"]
	if ch := f.channels[id]; ch != nil && !ch.over {
		tell("-ERR DESTINATION_OUT_OF_ORDER\n")
		return
	}
	phone := userOf(strings.TrimPrefix(endpoint, "user/"))
	called, here := f.phones[phone], f.here[phone]
	if peer, is := strings.CutPrefix(endpoint, "loopback/m:^:unset:operadora_app^intercept:"); is {
		phone = "" // the half that is ours is nobody's phone
		peer, _, _ = strings.Cut(peer, "/")
		called, here = f.intercept(peer)
	}
	if cause := f.errors[phone]; cause != "" {
		if f.lookup == nil {
			tell("-ERR " + cause + "\n")
			return
		}
		lookup := f.lookup
		f.work.Go(func() {
			<-lookup
			f.mu.Lock()
			defer f.mu.Unlock()
			tell("-ERR " + cause + "\n")
		})
		return
	}
	if !here {
		tell("-ERR USER_NOT_REGISTERED\n")
		return
	}
	ch := &fakeChannel{id: id, direction: "outbound", presence: phone + "@pbx.example", dest: phone, vars: vars, created: time.Now(),
		caller: vars["origination_caller_id_number"], name: vars["origination_caller_id_name"]}
	f.channels[id] = ch
	f.event("channel_create_leg", ch, nil)
	seconds, _ := strconv.Atoi(vars["originate_timeout"])
	ring := time.AfterFunc(time.Duration(seconds)*time.Second, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.hangUp(ch, "NO_ANSWER")
	})
	ch.vars["-job"], ch.vars["-list"] = job, list
	ch.end = ring
	called(ch)
}

// intercept takes a channel out of its conversation, as soon as who called is there;
// false when there is none. The half that does it ends with ch; whom it has taken, and not
// been bridged with yet, stays. f.mu is held.
func (f *fake) intercept(id string) (func(*fakeChannel), bool) {
	peer := f.channels[id]
	if peer == nil || peer.over {
		return nil, false
	}
	return func(ch *fakeChannel) {
		half := &fakeChannel{id: "half-of-" + ch.id, direction: "inbound", answered: true, created: time.Now(), vars: map[string]string{}}
		f.channels[half.id] = half
		ch.vars["other_loopback_leg_uuid"], ch.taker = half.id, "loopback/m:^:unset:operadora_app^intercept:"+id+"-a"
		f.answer(ch)
		if peer.vars["untaken"] != "" {
			return
		}
		left := f.channels[peer.vars["signal_bond"]]
		peer.vars["signal_bond"] = half.id
		if left != nil {
			f.hangUp(left, "PICKED_OFF")
		}
	}, true
}

// log writes a line of the log, for who has asked for it. f.mu is held.
func (f *fake) log(function, about, line string) {
	for c := range f.clients {
		if c.logs {
			c.say(fmt.Appendf(nil, "Content-Type: log/data\nContent-Length: %d\nLog-Level: 5\nText-Channel: 3\nLog-File: sofia.c\nLog-Func: %s\nLog-Line: 9127\nUser-Data: %s\n\n%s",
				len(line), function, about, line))
		}
	}
}

// answer is a called phone that picks up. f.mu is held.
func (f *fake) answer(ch *fakeChannel) {
	if ch.over || ch.answered {
		return
	}
	ch.end.Stop()
	ch.answered = true
	f.event("channel_answer_leg", ch, nil)
	f.event("background_job", nil, map[string]string{"Job-UUID": ch.vars["-job"], "_body": "+OK " + ch.id + "\n"})
	if strings.HasPrefix(ch.vars["-list"], "'m:^:"+keepsEnd) {
		ch.keepEnd()
	}
	f.park(ch)
}

// keepsEnd begins what has a channel write down how it ends.
const keepsEnd = "set:operadora_end=${uuid_setvar(${uuid} api_reporting_hook "

func (ch *fakeChannel) keepEnd() {
	ch.vars["api_reporting_hook"] = dialplans.FreeSWITCHAtEnd("operadora")
}

func (f *fake) park(ch *fakeChannel) {
	ch.app, ch.appData, ch.appID, ch.room, ch.past = "park", "", "", "", [3]string{}
	f.event("channel_park"+ch.suffix(), ch, nil)
	f.next(ch)
}

// comes lets a call from outside come to us, while we are there, and waits until we have it.
func (f *fake) comes(t *testing.T, l *listener, id string) *fakeChannel {
	t.Helper()
	f.mu.Lock()
	f.globals["operadora_here_operadora"] = "true"
	ch := f.call(id, "5000", orchestrator.Party{})
	f.mu.Unlock()
	l.next(t, orchestrator.EventEntered)
	return ch
}

// call is a new call from outside. f.mu is held.
func (f *fake) call(id, did string, from orchestrator.Party) *fakeChannel {
	ch := &fakeChannel{id: id, direction: "inbound", vars: map[string]string{}, created: time.Now(), caller: from.Number, name: from.Name}
	f.channels[id] = ch
	f.arrive(ch, did)
	return ch
}

// arrive is a call from outside that the dialplan hands over. f.mu is held.
func (f *fake) arrive(ch *fakeChannel, did string) {
	ch.dest = did
	if !f.before {
		ch.keepEnd()
	}
	if f.globals["operadora_here_operadora"] != "true" {
		ch.app = "echo" // somewhere else
		return
	}
	for name, value := range map[string]string{"operadora_app": "operadora", "operadora_args": "inbound", "operadora_did": did, "operadora_away": "operadora-away"} {
		ch.vars[name] = value
	}
	f.park(ch)
}

// farHangUp is the end of a channel at the phone, or trunk, of it: that is told, and
// the channel's thread is done with it a moment later. f.mu is held.
func (f *fake) farHangUp(ch *fakeChannel, cause string) {
	if ch.over {
		return
	}
	f.hungUp(ch, cause, map[string]string{"variable_sip_term_status": "200"})
	time.AfterFunc(threadsMoment, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.buried(ch)
	})
}

// threadsMoment is how long a channel's thread takes to find out that it is hung up.
const threadsMoment = 5 * time.Millisecond

// hangUp ends a channel from within. f.mu is held.
func (f *fake) hangUp(ch *fakeChannel, cause string) {
	if ch.over {
		return
	}
	f.hungUp(ch, cause, nil)
	f.buried(ch)
	half := f.channels[ch.vars["other_loopback_leg_uuid"]]
	if half == nil {
		return
	}
	hook := half.vars["api_hangup_hook"]
	f.hangUp(half, cause)
	for _, peer := range f.channels {
		if hook == "uuid_kill ${cond(${uuid_getvar("+peer.id+" signal_bond)} == "+half.id+" ? "+peer.id+" : none)} 16" &&
			peer.vars["signal_bond"] == half.id {
			f.hangUp(peer, "NORMAL_CLEARING")
			return
		}
	}
}

func (f *fake) hungUp(ch *fakeChannel, cause string, set map[string]string) {
	ch.cause = cause
	if ch.end != nil {
		ch.end.Stop()
	}
	ch.over = true
	fields := map[string]string{"Hangup-Cause": cause, "Answer-State": "hangup", "Channel-State": "CS_HANGUP", "variable_sip_term_status": ""}
	maps.Copy(fields, set)
	f.event("channel_hangup"+ch.suffix(), ch, fields)
}

func (ch *fakeChannel) suffix() string {
	if ch.direction == "outbound" {
		return "_leg"
	}
	return ""
}

// buried is what the thread of a channel that was hung up does at last. f.mu is held.
func (f *fake) buried(ch *fakeChannel) {
	cause := ch.cause
	if ch.vars["api_reporting_hook"] == dialplans.FreeSWITCHAtEnd("operadora") {
		f.seq++
		f.hash[dialplans.FreeSWITCHEnds("operadora")+"/"+strconv.FormatInt(f.seq%1000, 10)] = fmt.Sprintf("%s %d %s b%d a%s d%s n%s h%s",
			ch.id, time.Now().UnixMicro(), cause, ch.created.UnixMicro(), map[bool]string{true: "1700000000000000", false: "0"}[ch.answered], ch.dest, ch.caller, ch.vars["operadora_heard"])
	}
	f.leaveRoom(ch)
	if ch.appID != "" && ch.app == "playback" {
		f.event("channel_execute_complete_playback", ch, map[string]string{"Application-UUID": ch.appID, "Answer-State": "hangup", "Channel-State": "CS_EXECUTE"})
	}
	for path, tape := range f.tapes {
		if tape.channel == ch.id && !f.mutes {
			f.stopTape(path)
		}
	}
	for _, other := range f.channels {
		if other.app == "eavesdrop" && other.appData == ch.id && !other.over {
			f.park(other)
		}
	}
	if ch.direction == "outbound" && !ch.answered {
		f.event("background_job", nil, map[string]string{"Job-UUID": ch.vars["-job"], "_body": "-ERR " + cause + "\n"})
	}
	f.event("channel_hangup_complete"+ch.suffix(), ch, map[string]string{"Hangup-Cause": cause, "Answer-State": "hangup", "Channel-State": "CS_REPORTING"})
}

// execute has a channel do something, when what it does is over. f.mu is held.
func (f *fake) execute(ch *fakeChannel, app, data, id string) {
	ch.waiting = append(ch.waiting, [3]string{app, data, id})
	f.next(ch)
}

func (f *fake) next(ch *fakeChannel) {
	if ch.app != "park" || len(ch.waiting) == 0 || ch.over {
		return
	}
	w := ch.waiting[0]
	ch.waiting = ch.waiting[1:]
	ch.app, ch.appData, ch.appID = w[0], w[1], w[2]
	length, missing := f.length(w[0], w[1])
	f.event("channel_execute_playback", ch, map[string]string{"Application": w[0], "Application-Data": w[1], "Application-UUID": w[2]})
	ch.end = time.AfterFunc(length, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if ch.appID == w[2] {
			f.finish(ch, missing)
		}
	})
}

// finish ends what a channel does. f.mu is held.
func (f *fake) finish(ch *fakeChannel, missing bool) {
	if ch.over || ch.appID == "" {
		return
	}
	ch.end.Stop()
	name, response := "channel_execute_complete_playback", "FILE PLAYED"
	if missing {
		name, response = name+"_missing", "FILE NOT FOUND"
	}
	id, app := ch.appID, ch.app
	if ch.past = [3]string{app, ch.appData, ""}; app == "playback" {
		ch.past[2] = response
	}
	ch.app, ch.appData, ch.appID = "park", "", ""
	f.event(name, ch, map[string]string{"Application": app, "Application-UUID": id})
	f.next(ch)
}

// length is how long a file plays.
func (f *fake) length(app, data string) (time.Duration, bool) {
	if app == "sleep" {
		return 5 * time.Millisecond, false
	}
	_, data, _ = strings.Cut(data, "}")
	if strings.Contains(data, "_stream://") {
		if strings.HasPrefix(data, "local_stream") {
			return time.Hour, false
		}
		return 5 * time.Millisecond, false
	}
	total, found := time.Duration(0), false
	for name := range strings.SplitSeq(strings.TrimPrefix(data, "file_string://"), "!") {
		name = strings.TrimSuffix(filepath.Base(name), ".wav")
		if d, ok := f.sounds[name]; ok {
			total, found = total+d, true
		}
	}
	return total, !found
}

func (f *fake) leaveRoom(ch *fakeChannel) {
	if ch.room == "" {
		return
	}
	room := ch.room
	ch.room = ""
	f.event("conference_maintenance_del-member", ch, map[string]string{"Conference-Name": room})
}

func (f *fake) stopTape(path string) {
	tape := f.tapes[path]
	delete(f.tapes, path)
	if tape.limit != nil {
		tape.limit.Stop()
	}
	if err := os.WriteFile(path, []byte("RIFF, more or less"), 0o600); err != nil {
		f.t.Error(err)
	}
	ms := fmt.Sprint(time.Since(tape.began).Milliseconds() + 1)
	f.event("record_stop", f.channels[tape.channel], map[string]string{"Record-File-Path": path, "variable_record_ms": ms, "Record-Completion-Cause": "success-silence"})
}

// limitTape ends a recording when so many seconds of the clock have begun: the first of
// them may be about to, and then one second is nothing.
func (f *fake) limitTape(path string, seconds int) {
	tape := f.tapes[path]
	if seconds == 1 {
		delete(f.tapes, path)
		f.event("record_stop", f.channels[tape.channel], map[string]string{"Record-File-Path": path, "variable_record_ms": "0", "Record-Completion-Cause": "empty-file"})
		return
	}
	tape.limit = time.AfterFunc(time.Duration(seconds-1)*10*time.Millisecond, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.tapes[path] == tape {
			f.stopTape(path)
		}
	})
}

// event tells one event, made of a recorded one. f.mu is held.
func (f *fake) event(shot string, ch *fakeChannel, set map[string]string) {
	raw := f.shots[shot]
	if raw == nil {
		var err error
		if raw, err = os.ReadFile(filepath.Join("testdata", shot+".json")); err != nil {
			f.t.Error(err)
			return
		}
		f.shots[shot] = raw
	}
	fields := map[string]any{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		f.t.Error(shot, err)
		return
	}
	f.seq++
	fields["Event-Sequence"] = strconv.FormatInt(f.seq, 10)
	fields["Event-Date-Timestamp"] = strconv.FormatInt(time.Now().UnixMicro(), 10)
	fields["Core-UUID"] = f.core
	if ch != nil {
		f.describe(fields, ch)
	}
	for name, value := range set {
		fields[name] = value
	}
	if !f.wanted(fields) {
		return
	}
	out, err := json.Marshal(fields)
	if err != nil {
		f.t.Error(err)
		return
	}
	f.send(out, shot != "dtmf")
}

// wanted tells whether anybody is told of an event: with filters, of what one of them
// names and none of them forbids. f.mu is held.
func (f *fake) wanted(fields map[string]any) bool {
	for c := range f.clients {
		is := c.told && len(c.filter) == 0
		for _, filter := range c.filter {
			has, known := fields[filter[0]]
			switch value, forbids := strings.CutPrefix(filter[1], "-"); {
			case !known:
			case !forbids:
				is = is || value == "/./" || value == has
			case value == has:
				return false // all who ask have the same filters
			}
		}
		if is {
			return true
		}
	}
	return false
}

// describe writes what every event of a channel tells. f.mu is held.
func (f *fake) describe(fields map[string]any, ch *fakeChannel) {
	if ch.taker != "" {
		fields["Channel-Name"] = ch.taker
	}
	for name := range fields {
		if strings.HasPrefix(name, "variable_operadora_") || strings.HasPrefix(name, "variable_current_application") || name == "variable_api_reporting_hook" {
			delete(fields, name)
		}
	}
	for name, value := range ch.vars {
		fields["variable_"+name] = value
	}
	fields["Unique-ID"] = ch.id
	fields["Channel-Presence-ID"], fields["Call-Direction"] = ch.presence, ch.direction
	fields["Caller-Caller-ID-Number"], fields["Caller-Caller-ID-Name"] = ch.caller, ch.name
	fields["Caller-Channel-Created-Time"] = strconv.FormatInt(ch.created.UnixMicro(), 10)
	fields["Answer-State"], fields["Channel-State"], fields["Caller-Channel-Answered-Time"] = "ringing", "CS_EXECUTE", "0"
	if ch.answered {
		fields["Answer-State"], fields["Caller-Channel-Answered-Time"] = "answered", fields["Caller-Channel-Created-Time"] // as soon as it was there
	}
	fields["variable_current_application"], fields["variable_current_application_data"] = ch.app, ch.appData
	if ch.app == "park" && ch.past[0] != "" { // what is over is told until the next begins
		fields["variable_current_application"], fields["variable_current_application_data"] = ch.past[0], ch.past[1]
		fields["variable_current_application_response"] = ch.past[2]
	}
}

// send tells all who have asked. With cross, every fourth event waits for the
// one after it, or for a moment. f.mu is held.
func (f *fake) send(raw []byte, may bool) {
	frame := append(fmt.Appendf(nil, "Content-Length: %d\nContent-Type: text/event-json\n\n", len(raw)), raw...)
	if f.cross && may && f.held == nil && f.seq%4 == 0 {
		h := &heldBack{raw: frame}
		h.at = time.AfterFunc(2*time.Millisecond, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.held == h {
				f.held = nil
				f.spread(frame)
			}
		})
		f.held = h
		return
	}
	f.spread(frame)
	if h := f.held; h != nil {
		f.held = nil
		h.at.Stop()
		f.spread(h.raw)
	}
}

func (f *fake) spread(frame []byte) {
	for c := range f.clients {
		if c.told {
			c.say(frame)
		}
	}
}

// press is a key on a channel. f.mu is held.
func (f *fake) press(ch *fakeChannel, digit string) {
	if ch.app == "eavesdrop" { // which leaves keys where they are, unless they are bound
		if action, bound := ch.bound[digit]; bound {
			f.event("channel_execute_conference", ch, map[string]string{"Application": "eval", "Application-Data": action, "Application-UUID": "x"})
		}
		return
	}
	if !ch.over {
		f.event("dtmf", ch, map[string]string{"DTMF-Digit": digit})
	}
	for _, other := range f.channels {
		if ch.passes && ch.room != "" && other.room == ch.room && other != ch {
			other.keys += digit
		}
	}
}

// restart ends everything.
func (f *fake) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.core += "'"
	f.seq = 0
	for _, ch := range f.channels {
		if ch.end != nil {
			ch.end.Stop()
		}
	}
	clear(f.channels)
	clear(f.hash)
	clear(f.tapes)
	clear(f.globals)
	f.globals["domain"] = "pbx.example"
	for c := range f.clients {
		c.sock.Close()
	}
}

func (f *fake) sortedChannels() []string {
	var ids []string
	for id, ch := range f.channels {
		if !ch.over {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
