package acd

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Definitions are the queues, agents, pause reasons and dispositions as the
// administrator writes them. A value is not changed after Validate; a reload
// replaces it as a whole.
type Definitions struct {
	Queues       []Queue       `yaml:"queues" mapstructure:"queues" doc:"Queues in which callers wait."`
	Agents       []Agent       `yaml:"agents" mapstructure:"agents" doc:"People who serve callers at a desk phone."`
	PauseReasons []PauseReason `yaml:"pause_reasons" mapstructure:"pause_reasons" doc:"Why an agent may pause."`
	Dispositions []Disposition `yaml:"dispositions" mapstructure:"dispositions" doc:"How a conversation can have ended."`
	// RequireReason refuses a pause without a reason.
	RequireReason bool `yaml:"require_pause_reason" mapstructure:"require_pause_reason" default:"false" doc:"Refuse a pause that names no reason."`
	// AskPIN names the operations for which a phone is asked for its agent's PIN; nil is login alone.
	AskPIN []orchestrator.AgentOp `yaml:"ask_pin" mapstructure:"ask_pin" doc:"What a phone is asked for its agent's PIN for: login, logout, pause, resume, dispose; absent is login alone."`
	// MinPIN is the fewest digits of a PIN; 0 is 4.
	MinPIN int `yaml:"min_pin_length" mapstructure:"min_pin_length" default:"4" doc:"Fewest digits that a PIN may have, 1 to 8."`
}

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
	AdmitWhenAgentsHere Admit = "when_agents_logged_in" // on the caller's PBX, paused ones included
)

// Queue is one queue's definition. NewQueue gives the defaults.
type Queue struct {
	ID       string   `yaml:"id" mapstructure:"id" doc:"Name used in flows, reports and keys: letters, digits, dot, dash, underscore."`
	Name     Texts    `yaml:"name" mapstructure:"name" doc:"Name shown, per language."`
	Strategy Strategy `yaml:"strategy" mapstructure:"strategy" default:"longest_idle" doc:"Order of free agents: longest_idle or round_robin."`
	Priority int      `yaml:"priority" mapstructure:"priority" default:"0" doc:"Advantage over the agents' other queues; each point counts as a minute already waited."`

	Admit     Admit         `yaml:"admit" mapstructure:"admit" default:"always" doc:"Who may enter: always, or when_agents_logged_in."`
	MaxLength int           `yaml:"max_length" mapstructure:"max_length" default:"0" doc:"Most callers that may wait on one PBX; 0 is unlimited."`
	MaxWait   time.Duration `yaml:"max_wait" mapstructure:"max_wait" default:"0s" doc:"Longest wait before the flow goes on; 0 is unlimited."`

	RingTimeout       time.Duration `yaml:"ring_timeout" mapstructure:"ring_timeout" default:"20s" doc:"How long an agent's phone rings."`
	Retry             time.Duration `yaml:"retry" mapstructure:"retry" default:"5s" doc:"Rest of an agent after an offer that came to nothing."`
	MissesBeforePause int           `yaml:"misses_before_pause" mapstructure:"misses_before_pause" default:"2" doc:"Calls missed in a row after which the agent is paused; 0 is never."`
	AutoAnswer        bool          `yaml:"auto_answer" mapstructure:"auto_answer" default:"false" doc:"Ask the phones to pick up by themselves."`
	WrapUp            time.Duration `yaml:"wrap_up" mapstructure:"wrap_up" default:"30s" doc:"Time for finishing after a call; 0 is none."`
	MaxTalk           time.Duration `yaml:"max_talk" mapstructure:"max_talk" default:"0s" doc:"Longest conversation; 0 is the engine's limit."`
	ServiceLevel      time.Duration `yaml:"service_level" mapstructure:"service_level" default:"20s" doc:"Wait within which an answer counts as in time, in reports."`

	Music            string        `yaml:"music" mapstructure:"music" default:"" doc:"Hold music class; empty is the PBX's default."`
	AnnounceFirst    time.Duration `yaml:"announce_first" mapstructure:"announce_first" default:"15s" doc:"Time from entering to the first announcement."`
	AnnounceEvery    time.Duration `yaml:"announce_every" mapstructure:"announce_every" default:"0s" doc:"Time between announcements; 0 announces nothing."`
	AnnouncePosition bool          `yaml:"announce_position" mapstructure:"announce_position" default:"false" doc:"Speak the caller's position."`
	AnnouncePrompts  []string      `yaml:"announce_prompts" mapstructure:"announce_prompts" doc:"Sounds played in turn after the position."`
	ExitKey          string        `yaml:"exit_key" mapstructure:"exit_key" default:"" doc:"Key with which a caller leaves the queue; empty is none."`

	Record       bool   `yaml:"record" mapstructure:"record" default:"false" doc:"Record conversations."`
	RecordFormat string `yaml:"record_format" mapstructure:"record_format" default:"wav" doc:"Format of recordings: wav, wav49, gsm, ulaw, alaw or sln."`
}

// Plan is what the engine needs to know of the queue for a caller's wait and talk.
func (q Queue) Plan() orchestrator.QueuePlan {
	return orchestrator.QueuePlan{
		MusicClass: q.Music, MaxWait: q.MaxWait,
		AnnounceEvery: q.AnnounceEvery, AnnounceFirst: q.AnnounceFirst,
		AnnouncePosition: q.AnnouncePosition, AnnouncePrompts: q.AnnouncePrompts,
		ExitKey: q.ExitKey, Record: q.Record, RecordFormat: q.RecordFormat, MaxTalk: q.MaxTalk,
	}
}

// Agent is one agent's definition. NewAgent gives the defaults.
type Agent struct {
	ID         string              `yaml:"id" mapstructure:"id" doc:"Name used in commands, lamps and reports: letters, digits, dot, dash, underscore."`
	Name       string              `yaml:"name" mapstructure:"name" doc:"Name shown."`
	PBX        string              `yaml:"pbx" mapstructure:"pbx" doc:"PBX at which the phone is registered."`
	Endpoint   string              `yaml:"endpoint" mapstructure:"endpoint" doc:"The phone: PJSIP/101."`
	PIN        orchestrator.Secret `yaml:"pin" mapstructure:"pin" default:"" doc:"Digits asked for at login; empty asks for none."`
	Language   string              `yaml:"language" mapstructure:"language" default:"en" doc:"Language of confirmations and pages: en or es."`
	Queues     []Membership        `yaml:"queues" mapstructure:"queues" doc:"Queues served: names, or {queue, level}."`
	AutoAnswer bool                `yaml:"auto_answer" mapstructure:"auto_answer" default:"false" doc:"Ask this phone to pick up by itself."`
	// WrapUp replaces the queues' wrap-up time; nil leaves it to the queue.
	WrapUp *time.Duration `yaml:"wrap_up" mapstructure:"wrap_up" doc:"Wrap-up time of this agent instead of the queue's; absent leaves it to the queue."`
}

// Membership is an agent's place in a queue.
type Membership struct {
	Queue string `yaml:"queue" mapstructure:"queue" doc:"The queue's id."`
	Level int    `yaml:"level" mapstructure:"level" default:"0" doc:"0 to 99; agents of a higher level are called only when none of a lower one is free."`
}

// PauseReason is why an agent may pause. On the phone it is chosen by its digit.
type PauseReason struct {
	Name  string `yaml:"name" mapstructure:"name" doc:"Name in the journal and reports."`
	Digit string `yaml:"digit" mapstructure:"digit" doc:"Key on the phone; empty is none."`
	Texts Texts  `yaml:"texts" mapstructure:"texts" doc:"Text shown, per language."`
}

// Disposition is how a conversation can have ended.
type Disposition struct {
	Name   string   `yaml:"name" mapstructure:"name" doc:"Name in the journal and reports."`
	Digits string   `yaml:"digits" mapstructure:"digits" doc:"Code on the phone; empty is none."`
	Texts  Texts    `yaml:"texts" mapstructure:"texts" doc:"Text shown, per language."`
	Queues []string `yaml:"queues" mapstructure:"queues" doc:"Queues it is for; absent is all."`
}
