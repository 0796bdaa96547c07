package acd

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Definitions are the queues, agents, pause reasons and dispositions as the
// administrator writes them. A value is not changed after Validate; a reload
// replaces it as a whole.
type Definitions struct {
	Queues []Queue `yaml:"queues" doc:"Queues in which callers wait."`
	Agents []Agent `yaml:"agents" doc:"People who serve callers at a desk phone."`
	// Profiles give agents what they have in common. Who reads the files has WithProfiles put it in.
	Profiles     []AgentProfile `yaml:"profiles" doc:"Sets of skills and places in queues that agents have in common."`
	Teams        []Team         `yaml:"teams" doc:"Agents, by who may listen to them."`
	PauseReasons []PauseReason  `yaml:"pause_reasons" doc:"Why an agent may pause."`
	Dispositions []Disposition  `yaml:"dispositions" doc:"How a conversation can have ended."`
	Callers      []KnownCaller  `yaml:"callers" doc:"Customers who are known by their numbers."`
	Skills       []Skill        `yaml:"skills" doc:"What agents can do, and queues and flows may require."`
	// RequireReason refuses a pause without a reason.
	RequireReason bool `yaml:"require_pause_reason" default:"false" doc:"Refuse a pause that names no reason."`
	// TimeZone is the centre's; empty is this machine's.
	TimeZone string `yaml:"time_zone" shape:"mayzone" default:"" doc:"Where the centre is, such as America/Bogota: its days, for limits per day, begin there at midnight. Empty is the time zone of the machine."`
	// AskPIN names the operations for which a phone is asked for its agent's PIN; nil is login alone.
	AskPIN []orchestrator.AgentOp `yaml:"ask_pin" oneof:"login logout pause resume dispose extend" doc:"What a phone is asked for its agent's PIN for: login, logout, pause, resume, dispose, extend; absent is login alone."`
	// MinPIN is the fewest digits of a PIN; 0 is 4.
	MinPIN int `yaml:"min_pin_length" min:"0" max:"8" default:"4" doc:"Fewest digits that a PIN may have; 0 is 4."`
	// Groups are PBXs that ring one another's phones (pbxs.NAME.reach, not the files):
	// the group of each by its name. One that is not named is a group by itself.
	Groups map[string]string
	// Since is when they were put in force (not the files), zero when nobody tells. Of two that
	// differ the later ones hold, whichever process comes last.
	Since time.Time
}

// NewQueue returns a queue with every default.
func NewQueue() Queue { return yamlfile.Defaults[Queue]() }

// NewAgent returns an agent with every default.
func NewAgent() Agent { return yamlfile.Defaults[Agent]() }

// Texts is a text per language ("en", "es").
type Texts map[string]string

// In returns the text in a language, in English when there is none, else any.
func (t Texts) In(language string) string {
	if s, ok := t[language]; ok {
		return s
	}
	if s, ok := t["en"]; ok {
		return s
	}
	for _, s := range t {
		return s
	}
	return ""
}

// Admit says when a queue takes a caller in.
type Admit string

// Rules of admission.
const (
	AdmitAlways         Admit = "always"
	AdmitWhenAgentsHere Admit = "when_agents_logged_in" // on the caller's PBX or one that it reaches, paused ones included
	AdmitWhenQualified  Admit = "when_agents_qualified" // the same, of those who may serve this caller, be it later
)

// Queue is one queue's definition. NewQueue gives the defaults.
type Queue struct {
	ID       string        `yaml:"id,need" shape:"id" doc:"Name used in flows, reports and keys: letters, digits, dot, dash, underscore."`
	Name     Texts         `yaml:"name" keys:"tongue" doc:"Name shown, per language."`
	Strategy Strategy      `yaml:"strategy" oneof:"longest_idle round_robin fewest_calls least_occupied most_skilled fixed_order random ring_all" default:"longest_idle" doc:"Order of free agents of the same rank: longest_idle, round_robin, fewest_calls (since login), least_occupied (of late), most_skilled (in what is required), fixed_order or random; or ring_all, by which several phones ring at the same time and the first answer wins."`
	Seed     int           `yaml:"seed" min:"0" max:"1000000000" default:"0" doc:"Of strategy random: draws by this number, so that what is played again goes as before; 0 draws by chance."`
	Priority int           `yaml:"priority" min:"-1000" max:"1000" default:"0" doc:"Advantage over the agents' other queues; each point counts as so long waited as priority_point says."`
	Point    time.Duration `yaml:"priority_point" min:"1s" max:"1h" default:"1m" doc:"How long waited a point of priority counts as, in this queue: its own points, and those of callers and flows."`
	Tier     int           `yaml:"tier" min:"0" max:"9" default:"0" doc:"1 to 9 is for emergencies: its callers come before all of a lower tier, however long those have waited, and take agents in reserve."`
	Requires string        `yaml:"requires" max:"500" default:"" doc:"What agents must be able to do: english >= 3 and (billing >= 2 or skill(call.topic) >= 1). Empty is nothing."`
	Relax    []Relax       `yaml:"relax" doc:"What is required of agents instead, once a caller has waited for some time."`

	Admit          Admit         `yaml:"admit" oneof:"always when_agents_logged_in when_agents_qualified" default:"always" doc:"When a caller may enter: always, when_agents_logged_in (else: no_agents), or when_agents_qualified, with somebody logged in who may serve this caller, be it after relax (else: unqualified)."`
	Hours          string        `yaml:"hours" shape:"mayname" default:"" doc:"Calendar during whose hours callers may enter (else: closed); empty is always."`
	MaxLength      int           `yaml:"max_length" min:"0" max:"100000" default:"0" doc:"Most callers that may be in the queue on the line, on one PBX or on those that reach one another (else: full); those for whom a phone rings count, those who are to be called back do not, though they have their place among those who wait. 0 is unlimited."`
	MaxExpected    time.Duration `yaml:"max_expected_wait" min:"0s" max:"24h" default:"0s" doc:"Longest wait that may be expected as a caller enters (else: long_wait); 0 is unlimited."`
	LeaveWhenEmpty bool          `yaml:"leave_when_empty" default:"false" doc:"Let those who wait go on (no_agents) when the last agent logs out, and take none in while nobody is logged in."`
	MaxWait        time.Duration `yaml:"max_wait" min:"0s" max:"24h" default:"0s" doc:"Longest wait before the flow goes on; 0 is unlimited."`

	RingAtOnce        int           `yaml:"ring_at_once" min:"1" max:"50" default:"10" doc:"With strategy ring_all: most phones that ring for a call at the same time, those of the lowest rank and of whom has been free for longest first. Who gets free meanwhile is rung too, up to it."`
	RingTimeout       time.Duration `yaml:"ring_timeout" min:"1s" max:"10m" default:"20s" doc:"How long an agent's phone rings."`
	Retry             time.Duration `yaml:"retry" min:"100ms" max:"10m" default:"5s" doc:"Rest of an agent after an offer that came to nothing."`
	MissesBeforePause int           `yaml:"misses_before_pause" min:"0" max:"100" default:"2" doc:"Calls missed in a row after which the agent is paused; 0 is never."`
	AutoAnswer        bool          `yaml:"auto_answer" default:"false" doc:"Ask the phones to pick up by themselves."`
	WrapUp            time.Duration `yaml:"wrap_up" min:"0s" max:"24h" default:"30s" doc:"Time for finishing after a call; 0 is none."`
	ExtendWrapUp      *Extension    `yaml:"extend_wrap_up" doc:"Lets agents have more time for finishing (*485*); absent lets nobody."`
	Outcome           *OutcomeRule  `yaml:"outcome" doc:"What holds for the dispositions of its calls; absent: one may be given, and need not be."`
	MaxTalk           time.Duration `yaml:"max_talk" min:"0s" max:"24h" default:"0s" doc:"Longest conversation; 0 is the engine's limit."`
	ServiceLevel      time.Duration `yaml:"service_level" min:"0s" max:"1h" default:"20s" doc:"Wait within which an answer counts as in time, in reports."`
	ShortAbandon      time.Duration `yaml:"short_abandon" min:"0s" max:"10m" default:"5s" doc:"Wait within which a caller who hangs up had dialled wrong, in reports."`

	Music            string            `yaml:"music" shape:"music" default:"" doc:"Hold music class; empty is the PBX's default."`
	MusicIn          map[string]string `yaml:"music_by_language" keys:"language" shape:"music" doc:"Hold music class for callers of a language, instead."`
	AnnounceFirst    time.Duration     `yaml:"announce_first" min:"0s" max:"1h" default:"15s" doc:"Time from entering to the first announcement."`
	AnnounceEvery    time.Duration     `yaml:"announce_every" min:"0s" max:"1h" default:"0s" doc:"Time between announcements; 0 announces nothing."`
	AnnouncePosition bool              `yaml:"announce_position" default:"false" doc:"Speak the caller's position."`
	AnnounceWait     bool              `yaml:"announce_wait" default:"false" doc:"Speak the wait that is expected, in minutes up to an hour, after the position. It never grows while one waits."`
	AnnouncePrompts  []string          `yaml:"announce_prompts" shape:"sound" doc:"Sounds played in turn after the position."`
	Whisper          string            `yaml:"whisper" shape:"maysound" default:"" doc:"Sound that an agent on a permanent line hears after the beep as a call comes, in the agent's language; empty is the beep alone."`
	ExitKey          string            `yaml:"exit_key" shape:"maykeys" default:"" doc:"Keys with each of which a caller leaves the queue, such as *, or *1; empty is none. keys of the flow's node says where each leads."`

	PlaceKept time.Duration `yaml:"place_kept" min:"0s" max:"24h" default:"0s" doc:"How long a caller who hung up while waiting, or was cut off, has their place kept: who calls again from the same number within it is where they would be, once. 0 keeps none."`

	LastAgent *LastAgent `yaml:"last_agent" doc:"Has a caller who calls again wait for who served them first, as long as that agent is at work; absent treats all alike."`

	Callback *Callback `yaml:"callback" doc:"Calls callers back who ask for it while they wait; absent calls nobody back."`

	Contact *Contact `yaml:"contact" doc:"Rules by which its agents' calls and its callbacks may be made, of a compliance profile, as far as they are about them (besides); absent: none."`

	CallerID string `yaml:"caller_id" shape:"maynumber" default:"" doc:"Number shown to whom the queue's agents call on its behalf, and to outside numbers that are called for its callers, unless the number that these had dialled has one (dids.yaml); empty leaves it to the trunk."`
	DialCode string `yaml:"dial_code" shape:"digits" default:"" doc:"Digits by which a phone names the queue: *489*12*910000001 calls on behalf of the queue with code 12. Without, a phone calls on behalf of its agent's first queue."`

	Record       bool   `yaml:"record" default:"false" doc:"Record conversations."`
	RecordFormat string `yaml:"record_format" oneof:"wav wav49 gsm ulaw alaw sln" default:"wav" doc:"Format of recordings: wav, wav49, gsm, ulaw, alaw or sln."`

	KeepRecordings time.Duration `yaml:"keep_recordings" min:"0s" max:"175200h" default:"0s" doc:"How long the sound of its calls is kept, by operadora retention: 2160h is 90 days; 0 is for ever, or what keep_records says. Calls of a campaign that says how long are the campaign's. Without either key, those of records hold."`
	KeepRecords    time.Duration `yaml:"keep_records" min:"0s" max:"175200h" default:"0s" doc:"How long what is on record of its calls is kept, sound and figures included; 0 is for ever."`
}

// Contact names the rules by which people may be contacted for a queue.
type Contact struct {
	Profile string `yaml:"profile,need" shape:"id" doc:"Compliance profile: BR, CO, ES, MX, UK, US, or one of profiles/*.yaml."`
	Purpose string `yaml:"purpose,need" oneof:"sales collection service survey" doc:"Why people are called: sales, collection, service or survey."`
}

// Plan is what the engine needs to know of the queue for a caller's wait and talk.
func (q Queue) Plan() orchestrator.QueuePlan {
	return orchestrator.QueuePlan{
		MusicClass: q.Music, MusicIn: q.MusicIn, MaxWait: q.MaxWait,
		AnnounceEvery: q.AnnounceEvery, AnnounceFirst: q.AnnounceFirst,
		AnnouncePosition: q.AnnouncePosition, AnnounceWait: q.AnnounceWait, AnnouncePrompts: q.AnnouncePrompts,
		ExitKey: q.ExitKey, Whisper: q.Whisper, Record: q.Record, RecordFormat: q.RecordFormat, MaxTalk: q.MaxTalk, CallerID: q.CallerID,
		Callback: q.Callback.plan(), LeaveWhenEmpty: q.LeaveWhenEmpty,
	}
}

// OutcomeRule is what holds for the dispositions of a queue's calls.
type OutcomeRule struct {
	Required bool   `yaml:"required" default:"false" doc:"Keep the agent in wrap-up until the call has a disposition. When the time for finishing is over the cause is outcome, and its time goes on; a pause or logout that the agent asks for waits for it."`
	Default  string `yaml:"default" shape:"mayid" default:"" doc:"The disposition of calls that get none by the end of wrap-up, marked as such (by: default)."`
	Several  int    `yaml:"several" min:"1" max:"10" default:"1" doc:"How many dispositions a call may have at once."`
}

// Extension is how agents may have more time for finishing after a call.
type Extension struct {
	By   time.Duration `yaml:"by" min:"1s" max:"1h" default:"30s" doc:"How much more time the agent has each time they ask for it."`
	Most time.Duration `yaml:"most" min:"1s" max:"24h" default:"3m" doc:"Longest time for finishing after a call, extensions included."`
}

// Callback is how a queue calls back who asked for it.
type Callback struct {
	First     string        `yaml:"first" oneof:"agent customer" default:"agent" doc:"Whose phone is rung first: agent, who then hears the customer's phone ring, or customer, who then hears music until the agent who was free answers."`
	Attempts  int           `yaml:"attempts" min:"1" max:"20" default:"3" doc:"How often the customer's phone is rung at most."`
	Retry     time.Duration `yaml:"retry" min:"10s" max:"24h" default:"10m" doc:"Pause after an attempt that nobody answered, or that the network did not bring to a phone."`
	RetryBusy time.Duration `yaml:"retry_busy" min:"10s" max:"24h" default:"3m" doc:"Pause after an attempt that was busy."`
	Ring      time.Duration `yaml:"ring" min:"5s" max:"5m" default:"30s" doc:"How long the customer's phone rings."`
	Expires   time.Duration `yaml:"expires" min:"1m" max:"168h" default:"8h" doc:"How long after it was asked for the customer is still called."`
	Whisper   string        `yaml:"whisper" shape:"maysound" default:"" doc:"Sound that the agent hears who picked up for a callback, in the agent's language; empty is none."`
	Greeting  string        `yaml:"greeting" shape:"maysound" default:"" doc:"Sound that a customer who is rung first hears, in the caller's language; empty is none."`
}

func (c *Callback) plan() *orchestrator.CallbackPlan {
	if c == nil {
		return nil
	}
	return &orchestrator.CallbackPlan{CustomerFirst: c.First == "customer", Attempts: c.Attempts, Retry: c.Retry, RetryBusy: c.RetryBusy,
		Ring: c.Ring, Expires: c.Expires, Whisper: c.Whisper, Greeting: c.Greeting}
}

// Agent is one agent's definition. NewAgent gives the defaults.
type Agent struct {
	ID         string              `yaml:"id,need" shape:"id" doc:"Name used in commands, lamps and reports: letters, digits, dot, dash, underscore."`
	Name       string              `yaml:"name" max:"128" doc:"Name shown."`
	PBX        string              `yaml:"pbx,need" shape:"pbx" doc:"PBX at which the phone is registered."`
	Endpoint   string              `yaml:"endpoint,need" shape:"endpoint" doc:"The phone: PJSIP/101, or user/101 on a FreeSWITCH."`
	PIN        orchestrator.Secret `yaml:"pin" shape:"pin" default:"" doc:"Digits asked for at login; empty asks for none."`
	Skills     map[string]int      `yaml:"skills" keys:"variable" min:"1" max:"5" doc:"What the agent can do, each with a level from 1 to 5."`
	Language   string              `yaml:"language" oneof:"en es" default:"en" doc:"Language of confirmations and pages: en or es."`
	Team       string              `yaml:"team" shape:"id" default:"" doc:"The team, whose supervisors may listen to the agent's conversations; empty is none: nobody may."`
	Profile    string              `yaml:"profile" shape:"mayid" default:"" doc:"Profile whose skills and queues the agent has, too; a skill or queue that the agent has, too, goes before it."`
	Queues     []Membership        `yaml:"queues" doc:"Queues served: names, or {queue, rank, delay, reserve}."`
	AutoAnswer bool                `yaml:"auto_answer" default:"false" doc:"Ask this phone to pick up by itself."`
	// WrapUp replaces the queues' wrap-up time; nil leaves it to the queue.
	WrapUp *time.Duration `yaml:"wrap_up" min:"0s" max:"24h" doc:"Wrap-up time of this agent instead of the queue's; absent leaves it to the queue."`
}

// AgentProfile is what agents have in common who do the same work.
type AgentProfile struct {
	ID     string         `yaml:"id,need" shape:"id" doc:"Name used by the agents: letters, digits, dot, dash, underscore."`
	Skills map[string]int `yaml:"skills" keys:"variable" min:"1" max:"5" doc:"What its agents can do, each with a level from 1 to 5."`
	Queues []Membership   `yaml:"queues" doc:"Queues that its agents serve: names, or {queue, rank, delay, reserve}."`
}

// WithProfiles returns the definitions with all agents having what their profiles give;
// what is of their own goes before it. Twice is as once.
func (d Definitions) WithProfiles() Definitions {
	profiles := keyed(d.Profiles, func(p AgentProfile) string { return p.ID })
	d.Agents = slices.Clone(d.Agents)
	for i, a := range d.Agents {
		p, known := profiles[a.Profile]
		if !known {
			continue
		}
		skills, queues := maps.Clone(p.Skills), slices.Clone(p.Queues)
		if skills == nil {
			skills = map[string]int{}
		}
		maps.Copy(skills, a.Skills)
		for _, m := range a.Queues {
			if at := slices.IndexFunc(queues, func(o Membership) bool { return o.Queue == m.Queue }); at >= 0 {
				queues[at] = m
			} else {
				queues = append(queues, m)
			}
		}
		d.Agents[i].Skills, d.Agents[i].Queues = skills, queues
	}
	return d
}

// Team is a group of agents, with those who may listen to their conversations.
type Team struct {
	ID          string                     `yaml:"id,need" shape:"id" doc:"Name used by the agents: letters, digits, dot, dash, underscore."`
	Name        Texts                      `yaml:"name" keys:"tongue" doc:"Name shown, per language."`
	Supervisors []string                   `yaml:"supervisors" shape:"id" doc:"Agents who may do what the key may names; they need a PIN, which their phones are asked for."`
	May         []orchestrator.MonitorMode `yaml:"may" oneof:"listen whisper barge takeover" doc:"What supervisors may do: listen (unheard), whisper (to the agent alone), barge (be heard by both), takeover (take the agent's place)."`
	Visible     bool                       `yaml:"visible" default:"true" doc:"The agent sees that a supervisor is there: a lamp and an event."`
}

// Membership is an agent's place in a queue.
type Membership struct {
	Queue   string        `yaml:"queue,need,short" shape:"id" doc:"The queue's id."`
	Rank    int           `yaml:"rank" min:"0" max:"99" default:"0" doc:"0 to 99; agents of a higher rank are called only when none of a lower one is free."`
	Delay   time.Duration `yaml:"delay" min:"0s" max:"24h" default:"0s" doc:"How long a caller must have waited before the agent is called."`
	Reserve bool          `yaml:"reserve" default:"false" doc:"Keep the agent for callers of a tier above 0."`
}

// maxRank is the highest rank an agent may have in a queue.
const maxRank = 99

// Skill is something that agents can do: a language, a product, a topic, a department.
type Skill struct {
	Name  string `yaml:"name,need" shape:"variable" doc:"Name in agents' skills and in requirements."`
	Texts Texts  `yaml:"texts" keys:"tongue" doc:"Text shown, per language."`
}

func (d Definitions) skillNames() []string {
	names := make([]string, len(d.Skills))
	for i, s := range d.Skills {
		names[i] = s.Name
	}
	return names
}

// Relax is what a queue requires of agents after some time.
type Relax struct {
	After    time.Duration `yaml:"after,need" min:"1s" max:"24h" doc:"How long the caller has waited by then, in this queue."`
	Expected time.Duration `yaml:"expected" min:"0s" max:"24h" default:"0s" doc:"Or sooner: at once for a caller who is expected to wait for longer than this, as one enters and while one waits; 0 is only after the time above."`
	Requires string        `yaml:"requires" max:"500" default:"" doc:"What is required from then on; empty is nothing. Who meets what was required before comes first."`
}

// steps compiles what a queue requires, from when on.
func (q Queue) steps(skills []string) ([]step, error) {
	first, err := newRequirement(q.Requires, skills)
	out := []step{{needs: first}}
	for _, r := range q.Relax {
		needs, wrong := newRequirement(r.Requires, skills)
		err = cmp.Or(err, wrong)
		out = append(out, step{after: r.After, needs: needs})
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PauseReason is why an agent may pause. On the phone it is chosen by its digit.
type PauseReason struct {
	Name  string `yaml:"name,need" shape:"id" doc:"Name in the journal and reports."`
	Digit string `yaml:"digit" shape:"maykey" default:"" doc:"Key on the phone; empty is none."`
	Texts Texts  `yaml:"texts" keys:"tongue" doc:"Text shown, per language."`

	PerDay   time.Duration `yaml:"per_day" min:"0s" max:"24h" default:"0s" doc:"How long an agent may pause for it in a day of the centre (time_zone), all in all; 0 is unlimited."`
	Times    int           `yaml:"times_per_day" min:"0" max:"1000" default:"0" doc:"How often an agent may pause for it in a day of the centre; 0 is unlimited."`
	AtOnce   int           `yaml:"at_once" min:"0" max:"100000" default:"0" doc:"How many agents may pause for it at once, those included who will after their call; 0 is unlimited."`
	AtOnceIn PauseScope    `yaml:"at_once_in" oneof:"team queue centre" default:"centre" doc:"Of whom at_once is: of each team (those in no team are one), of each queue (an agent's every queue must have room), or of the centre."`
	Over     string        `yaml:"over" oneof:"refuse warn" default:"refuse" doc:"What becomes of a pause beyond its limits: refuse, unless a supervisor orders it, or warn: it begins, and is told as being over."`
}

// PauseScope is of whom the number of agents is limited who pause at once.
type PauseScope string

// Scopes.
const (
	PauseInTeam   PauseScope = "team"
	PauseInQueue  PauseScope = "queue"
	PauseInCentre PauseScope = "centre"
)

// Disposition is how a conversation can have ended.
type Disposition struct {
	Name   string   `yaml:"name,need" shape:"id" doc:"Name in the journal and reports."`
	Digits string   `yaml:"digits" shape:"maykeys" default:"" doc:"Code on the phone; empty is none."`
	Texts  Texts    `yaml:"texts" keys:"tongue" doc:"Text shown, per language."`
	Queues []string `yaml:"queues" shape:"id" doc:"Queues it is for; absent is all, or those of the one above."`
	Parent string   `yaml:"parent" shape:"mayid" default:"" doc:"The disposition above it, in a tree; one that has others below it is a group, and is not given itself."`
	Date   bool     `yaml:"date" default:"false" doc:"Asks when the lead is to be called again, of calls of campaigns: it is given with a date, which becomes an appointment; so it has no digits."`
}
