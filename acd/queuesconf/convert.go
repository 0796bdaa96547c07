package queuesconf

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Definitions are the files that a queues.conf becomes.
type Definitions struct {
	Queues, Agents string // texts of queues.yaml and agents.yaml
	Remarks        int    // comments about what has no equivalent
}

// Convert reads a queues.conf. pbx is the name that the configuration has for this
// Asterisk.
func Convert(r io.Reader, pbx string) (Definitions, error) {
	f, err := read(r)
	if err != nil {
		return Definitions{}, err
	}
	c := &converter{pbx: pbx, ids: map[string]string{}, agents: map[string]*agent{}}
	c.queues.WriteString("# Made of Asterisk's queues.conf by `operadora import queues.conf`.\n# Lines that begin with \"no equivalent\" tell what operadora does otherwise, or not at all.\n")
	for _, i := range f.includes {
		c.remark("", "%s (line %d) was not read", i.value, i.line)
	}
	if g := f.find("general"); g != nil {
		c.general(g)
	}
	c.queues.WriteString("queues:\n")
	n := 0
	for _, s := range f.sections {
		if s.name == "general" || s.template {
			continue
		}
		n++
		if err := c.queue(s); err != nil {
			return Definitions{}, err
		}
	}
	if n == 0 {
		return Definitions{}, fmt.Errorf("there is no queue: no [section] but [general] and templates")
	}
	return Definitions{Queues: c.queues.String(), Agents: c.agentsText(), Remarks: c.remarks}, nil
}

// converter writes definitions.
type converter struct {
	pbx     string
	queues  strings.Builder
	ids     map[string]string // id of a queue or agent -> what has it
	agents  map[string]*agent // by endpoint
	order   []*agent
	remarks int
}

// agent is a member of queues.
type agent struct {
	id, name, endpoint string
	places, remarks    []string
	wrapUp             string
}

func (c *converter) remark(indent, format string, args ...any) {
	c.remarks++
	fmt.Fprintf(&c.queues, "%s# no equivalent: %s\n", indent, oneLine(fmt.Sprintf(format, args...)))
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

func (c *converter) general(g *section) {
	for _, s := range g.settings {
		switch s.name {
		case "persistentmembers", "autofill", "shared_lastcall", "monitor-type", "updatecdr", "keepstats": // it is always so, or there is no such thing
		default:
			c.remark("", "[general] %s = %s", s.name, s.value)
		}
	}
}

// strategies are app_queue's, and ours. Those of which the second is a remark behave otherwise.
var strategies = map[string][2]string{
	"leastrecent": {"longest_idle", ""}, "fewestcalls": {"fewest_calls", ""}, "random": {"random", ""}, "linear": {"fixed_order", ""},
	"rrmemory": {"round_robin", ""}, "rrordered": {"round_robin", ""}, "roundrobin": {"round_robin", ""},
	"wrandom": {"random", "strategy = wrandom: penalties are ranks, not weights"},
	"ringall": {"ring_all", ringAll},
}

const ringAll = "strategy = ringall: at most ring_at_once phones ring for a call, those of lower ranks first, and then the others beside them"

// silent settings say how app_queue behaves where operadora always does the better.
var silent = []string{"autofill", "ringinuse", "setinterfacevar", "setqueuevar", "setqueueentryvar", "timeoutrestart", "timeoutpriority", "shared_lastcall", "eventwhencalled", "eventmemberstatus", "monitor-type"}

var plainID = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// id makes a name that is nobody else's.
func (c *converter) id(kind, name string) string {
	base := strings.Trim(plainID.ReplaceAllString(name, "-"), "-.")
	if base == "" {
		base = kind
	}
	base = base[:min(len(base), 50)]
	id := base
	for n := 2; c.ids[kind+" "+id] != ""; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	c.ids[kind+" "+id] = name
	return id
}

func (c *converter) queue(s *section) error {
	id := c.id("queue", s.name)
	fmt.Fprintf(&c.queues, "  - id: %s\n", strconv.Quote(id))
	if id != s.name {
		c.remark("    ", "the name [%s], which is an id here: %s", s.name, id)
	}
	q := &queue{c: c, s: s, lines: map[string]string{
		// What app_queue does when nothing else is said.
		"strategy": "ring_all", "ring_timeout": "15s", "retry": "5s", "wrap_up": "0s", "misses_before_pause": "0"}}
	if _, ok := s.value("strategy"); !ok {
		q.remark("%s", ringAll)
	}
	for i, x := range s.settings {
		if x.name != "member" && x.name != "periodic-announce" && slices.ContainsFunc(s.settings[i+1:], func(later setting) bool { return later.name == x.name }) {
			continue // set again further down
		}
		if err := q.take(x); err != nil {
			return err
		}
	}
	if len(q.prompts) > 0 {
		q.lines["announce_prompts"] = "[" + strings.Join(q.prompts, ", ") + "]"
		if q.lines["announce_every"] == "" {
			q.lines["announce_every"] = "60s" // as app_queue has it
		}
	}
	for _, name := range keys {
		if v, ok := q.lines[name]; ok {
			fmt.Fprintf(&c.queues, "    %s: %s\n", name, v)
		}
	}
	for _, r := range q.remarks {
		c.remark("    ", "%s", r)
	}
	for _, m := range q.members {
		c.member(id, m)
	}
	return nil
}

// keys of a queue, in the order in which they are written.
var keys = []string{"strategy", "priority", "admit", "leave_when_empty", "max_length", "ring_timeout", "retry", "misses_before_pause", "wrap_up", "service_level",
	"music", "announce_every", "announce_position", "announce_wait", "announce_prompts", "record", "record_format"}

// queue is a queue that is being converted.
type queue struct {
	c       *converter
	s       *section
	lines   map[string]string
	prompts []string
	remarks []string
	members []setting
}

func (q *queue) remark(format string, args ...any) {
	q.remarks = append(q.remarks, fmt.Sprintf(format, args...))
}

// seconds puts a length of time into a key; one that is out of its bounds is brought
// into them, and that is said.
func (q *queue) seconds(key string, x setting, least, most int) error {
	n, err := strconv.Atoi(x.value)
	if err != nil || n < 0 {
		return &Wrong{x.line, x.name + " = " + x.value, "is no number of seconds"}
	}
	in := min(max(n, least), most)
	if in != n {
		q.remark("%s = %s: %s is %ds", x.name, x.value, key, in)
	}
	q.lines[key] = fmt.Sprintf("%ds", in)
	return nil
}

func (q *queue) count(key string, x setting, least, most int) error {
	n, err := strconv.Atoi(x.value)
	if err != nil {
		return &Wrong{x.line, x.name + " = " + x.value, "is no number"}
	}
	in := min(max(n, least), most)
	if in != n {
		q.remark("%s = %s: %s is %d", x.name, x.value, key, in)
	}
	q.lines[key] = strconv.Itoa(in)
	return nil
}

func yes(value string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(value))
}

const hour, day = 3600, 86400

func (q *queue) take(x setting) error {
	other := func() { q.remark("%s = %s", x.name, x.value) }
	switch x.name {
	case "member":
		q.members = append(q.members, x)
	case "strategy":
		s, ok := strategies[strings.ToLower(x.value)]
		if !ok {
			return &Wrong{x.line, x.name + " = " + x.value, "is no strategy of app_queue"}
		}
		q.lines["strategy"] = s[0]
		if s[1] != "" {
			q.remark("%s", s[1])
		}
	case "timeout":
		return q.seconds("ring_timeout", x, 1, 600)
	case "retry":
		if x.value == "0" {
			x.value = "5" // as app_queue takes it
		}
		return q.seconds("retry", x, 1, 600)
	case "wrapuptime":
		return q.seconds("wrap_up", x, 0, day)
	case "servicelevel":
		return q.seconds("service_level", x, 0, hour)
	case "maxlen":
		return q.count("max_length", x, 0, 100_000)
	case "weight":
		if x.value != "0" {
			q.remark("weight = %s: it is strict there; priority counts as time already waited", x.value)
		}
		return q.count("priority", x, -1000, 1000)
	case "musicclass", "music", "musiconhold":
		q.lines["music"] = strconv.Quote(x.value)
	case "joinempty":
		q.admit(x, other)
	case "leavewhenempty":
		q.leave(x, other)
	case "autopause":
		q.lines["misses_before_pause"] = "0"
		if yes(x.value) || strings.EqualFold(x.value, "all") {
			q.lines["misses_before_pause"] = "1"
		}
	case "monitor-format":
		q.record(x)
	default:
		return q.announcements(x, other)
	}
	return nil
}

func (q *queue) admit(x setting, other func()) {
	switch strings.ToLower(x.value) {
	case "yes", "true", "1", "on":
		q.lines["admit"] = "always"
	case "no", "false", "0", "off", "strict", "loose":
		q.lines["admit"] = "when_agents_logged_in"
		if v := strings.ToLower(x.value); v == "strict" || v == "loose" {
			q.remark("joinempty = %s: callers are admitted when an agent is logged in, paused ones included", x.value)
		}
	default:
		q.lines["admit"] = "when_agents_logged_in"
		other()
	}
}

func (q *queue) leave(x setting, other func()) {
	switch strings.ToLower(x.value) {
	case "no", "false", "0", "off":
	case "yes", "true", "1", "on", "strict", "loose":
		q.lines["leave_when_empty"] = "true"
		q.remark("leavewhenempty = %s: callers leave when the last agent logs out, not when all pause, and none is taken in until one is back", x.value)
	default:
		other()
	}
}

func (q *queue) record(x setting) {
	q.lines["record"] = "true"
	format := strings.ToLower(x.value)
	if format == "wav49" || format == "gsm" || format == "ulaw" || format == "alaw" || format == "sln" || format == "wav" {
		q.lines["record_format"] = format
		return
	}
	q.remark("monitor-format = %s: recordings are wav", x.value)
}

func (q *queue) announcements(x setting, other func()) error {
	switch x.name {
	case "announce-frequency":
		if x.value == "0" {
			return nil
		}
		return q.seconds("announce_every", x, 1, hour)
	case "periodic-announce-frequency":
		if _, ok := q.s.value("announce-frequency"); ok {
			other()
			return nil
		}
		if x.value == "0" {
			return nil
		}
		return q.seconds("announce_every", x, 1, hour)
	case "announce-position":
		switch v := strings.ToLower(x.value); {
		case yes(v), v == "limit", v == "more":
			q.lines["announce_position"] = "true"
			if !yes(v) {
				other()
			}
		}
	case "periodic-announce":
		for p := range strings.SplitSeq(x.value, ",") {
			if p = strings.TrimSpace(p); p != "" {
				q.prompts = append(q.prompts, strconv.Quote(p))
			}
		}
	case "announce-holdtime":
		once := strings.EqualFold(x.value, "once")
		if once || yes(x.value) {
			q.lines["announce_wait"] = "true"
		}
		if once {
			q.remark("announce-holdtime = once: the wait is told with each announcement")
		}
	default:
		if !slices.Contains(silent, x.name) {
			other()
		}
	}
	return nil
}

// phone is how an endpoint of Asterisk is written.
var phone = regexp.MustCompile(`^(PJSIP|SIP|IAX2|DAHDI|SCCP)/[A-Za-z0-9._@+-]+$`)

// member takes a member of a queue: interface,penalty,name,state interface,ringinuse,wrapuptime,paused.
func (c *converter) member(queue string, x setting) {
	fields := strings.Split(x.value, ",")
	field := func(i int) string {
		if i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	a := c.agentOf(field(0), field(2), field(3))
	rank, err := strconv.Atoi(field(1))
	if field(1) == "" {
		rank, err = 0, nil
	}
	if in := min(max(rank, 0), 99); err != nil || in != rank {
		a.remarks = append(a.remarks, fmt.Sprintf("penalty %s in %s: rank is %d", field(1), queue, in))
		rank = in
	}
	if rank == 0 {
		a.places = append(a.places, strconv.Quote(queue))
	} else {
		a.places = append(a.places, fmt.Sprintf("{queue: %s, rank: %d}", strconv.Quote(queue), rank))
	}
	if n, err := strconv.Atoi(field(5)); err == nil && n >= 0 && n <= day {
		a.wrapUp = fmt.Sprintf("%ds", n)
	}
	if yes(field(6)) {
		a.remarks = append(a.remarks, "paused in "+queue+" from the start")
	}
}

// agentOf is the agent of a member: whoever has its phone. Where that is behind a Local
// channel, the state interface names it.
func (c *converter) agentOf(iface, name, state string) *agent {
	var remarks []string
	endpoint := iface
	if !phone.MatchString(iface) && phone.MatchString(state) {
		endpoint = state
		remarks = append(remarks, fmt.Sprintf("the interface %s: the phone %s, whose state it follows, is rung itself", iface, state))
	}
	kind, number, _ := strings.Cut(endpoint, "/")
	switch kind {
	case "PJSIP":
	case "SIP":
		remarks = append(remarks, "chan_sip: "+endpoint+" must be an endpoint of PJSIP")
		endpoint = "PJSIP/" + number
	default:
		remarks = append(remarks, fmt.Sprintf("the interface %s, of which no phone is known: write the agent's phone below", endpoint))
	}
	a := c.agents[endpoint]
	if a == nil {
		number, _, _ = strings.Cut(number, "@")
		a = &agent{id: c.id("agent", number), name: name}
		a.endpoint = endpoint
		if !phone.MatchString(endpoint) || !strings.HasPrefix(endpoint, "PJSIP/") {
			a.endpoint = "PJSIP/" + a.id
		}
		c.agents[endpoint] = a
		c.order = append(c.order, a)
	}
	if a.name == "" {
		a.name = name
	}
	a.remarks = append(a.remarks, remarks...)
	return a
}

func (c *converter) agentsText() string {
	var b strings.Builder
	b.WriteString("# Made of Asterisk's queues.conf by `operadora import queues.conf`: the members of its queues.\n" +
		"# They log in by themselves, and at the phone are asked for a PIN where they have one (pin).\n")
	if len(c.order) == 0 {
		b.WriteString("# no equivalent: there is no member in the file; those who are added while Asterisk runs are in its database: asterisk -rx 'queue show'\nagents: []\n")
		c.remarks++
		return b.String()
	}
	b.WriteString("agents:\n")
	for _, a := range c.order {
		for _, r := range a.remarks {
			c.remarks++
			fmt.Fprintf(&b, "  # no equivalent: %s\n", oneLine(r))
		}
		fmt.Fprintf(&b, "  - id: %s\n", strconv.Quote(a.id))
		if a.name != "" {
			fmt.Fprintf(&b, "    name: %s\n", strconv.Quote(a.name))
		}
		fmt.Fprintf(&b, "    pbx: %s\n    endpoint: %s\n    queues: [%s]\n", strconv.Quote(c.pbx), strconv.Quote(a.endpoint), strings.Join(a.places, ", "))
		if a.wrapUp != "" {
			fmt.Fprintf(&b, "    wrap_up: %s\n", a.wrapUp)
		}
	}
	return b.String()
}
