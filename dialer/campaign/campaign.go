package campaign

import (
	"time"

	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Campaign is a campaign as somebody defines it.
type Campaign struct {
	At      yamlfile.Pos
	ID      string             `yaml:"campaign,need" shape:"id" doc:"Name of the campaign, by which its calls are counted; never changed while it runs."`
	Name    compliance.Texts   `yaml:"name" keys:"tongue" doc:"Name for people, per language."`
	Purpose compliance.Purpose `yaml:"purpose,need" oneof:"sales collection service survey" doc:"Why people are called: sales, collection, service or survey. It says which rules of the profile hold."`
	Profile string             `yaml:"profile,need" shape:"id" doc:"Compliance profile: BR, CO, ES, MX, UK, US, or one of profiles/*.yaml."`
	Mode    Mode               `yaml:"mode,need" oneof:"preview progressive power predictive wait agentless" doc:"How it is paced: preview (a free agent is given a lead, and says whether it is called), progressive (a call for each free agent), power (ratio), predictive (abandon limit), wait (target_wait), agentless (a flow speaks)."`

	Queue  string   `yaml:"queue" shape:"id" default:"" doc:"Queue that answered calls enter; its agents serve them. All modes but agentless need it; agentless, for who wants an agent."`
	Flow   string   `yaml:"flow" shape:"mayname" default:"" doc:"Flow that begins when somebody answers: of agentless, which needs one, it speaks; of other modes it brings them to the queue. Empty: who answers enters the queue. Not of preview."`
	Lists  []List   `yaml:"lists,need" doc:"Lists of leads that are called: names, or {list, weight, filter}."`
	Trunks []Trunk  `yaml:"trunks,need" doc:"PBXs over which it calls."`
	Shown  []Shown  `yaml:"caller_id" doc:"Numbers that are shown, or {number, to}; the first that fits the number called counts."`
	Times  string   `yaml:"calendar" shape:"mayname" default:"" doc:"Calendar (calendars.yaml) during whose hours the campaign runs, on its own clock."`
	Hours  []string `yaml:"hours" doc:"When people are called, on the clocks of all places where they may be: mon-fri 10:00-19:00. The profile's hours hold as well."`

	Never    string            `yaml:"never_again" shape:"mayname" default:"" doc:"Node of the flow: a lead who comes to it, such as by key 9, is with all their numbers on the do-not-call list for all campaigns from then on."`
	Message  []string          `yaml:"message" shape:"sound" doc:"Sounds for who answered and has no agent within the time that the profile allows, counted from the answer; the call ends with the last. Where the profile demands a message, it must be there. Not of agentless and preview."`
	Language string            `yaml:"language" shape:"maylang" default:"" doc:"Language of leads whose own is not known. Empty: the flow's, or else the PBX's."`
	Fields   []string          `yaml:"fields" max:"64" doc:"Fields of a lead that its agent and its flow are told, id and name among them. None: all."`
	Script   map[string]string `yaml:"script" keys:"language" max:"8000" doc:"What the agent reads to the lead, by language: {{name}}, {{id}}, {{number}} and {{FIELD}} are the lead's; what a lead does not have stands in brackets."`

	KeepRecordings time.Duration `yaml:"keep_recordings" min:"0s" max:"175200h" default:"0s" doc:"How long the sound of its calls is kept, by operadora retention, whatever queue served them; 0 is for ever, or what keep_records says. Without either key, those of the queue hold, or of records."`
	KeepRecords    time.Duration `yaml:"keep_records" min:"0s" max:"175200h" default:"0s" doc:"How long what is on record of its calls is kept, sound and figures included; how often people were called stays. 0 is for ever."`

	Attempts Attempts            `yaml:"attempts" doc:"How often is tried."`
	Retry    yamlfile.Map[Retry] `yaml:"retry" doc:"What follows an outcome: a result (no_answer, busy, machine, unreachable, invalid, abandoned, refused, served, left, skipped, failed), or disposition:NAME of a call that was served, or of a lead that was skipped. Those left out have their defaults."`
	Lockout  time.Duration       `yaml:"lockout" min:"0s" max:"8784h" default:"72h" doc:"How long a person is left alone after an abandoned call, unless an agent is kept for the next; 0 leaves it to the profile."`
	Preview  Preview             `yaml:"preview" doc:"Of mode preview: how agents say whether a lead is called."`
	Machines Machines            `yaml:"machines" doc:"What is done about answering machines."`
	Pacing   Pacing              `yaml:"pacing" doc:"How fast is dialled."`
	Calendar *calendar.Calendar  // that Times names
	Rules    compliance.Profile  // that Profile names
	Reads    []string            // fields of leads that Flow reads
}

// Mode is how a campaign is paced.
type Mode string

// The modes.
const (
	ModePreview     Mode = "preview"
	ModeProgressive Mode = "progressive"
	ModePower       Mode = "power"
	ModePredictive  Mode = "predictive"
	ModeWait        Mode = "wait"
	ModeAgentless   Mode = "agentless"
)

// reserves tells whether a mode keeps an agent for each call that it makes. In mode
// progressive one is free when the call is begun, and may be taken until it is answered.
func (m Mode) reserves() bool { return m == ModePreview }

// List is a list of leads of a campaign.
type List struct {
	At     yamlfile.Pos
	List   string  `yaml:"list,need,short" shape:"id" doc:"Name of the list."`
	Weight float64 `yaml:"weight" min:"0.001" max:"1000" default:"1" doc:"Its part of the calls, beside the weights of the others, while they have leads."`
	Filter string  `yaml:"filter" max:"2000" default:"" doc:"Expression that chooses leads of it: days_overdue > 30. Empty: all."`
}

// Trunk is what may be dialled over a PBX.
type Trunk struct {
	At        yamlfile.Pos
	PBX       string `yaml:"pbx,need" shape:"pbx" doc:"PBX of the configuration."`
	Lines     int    `yaml:"lines,need" min:"1" max:"100000" doc:"Most calls of the campaign that are up at once."`
	PerSecond int    `yaml:"calls_per_second,need" min:"1" max:"10000" doc:"Most calls of the campaign that are begun within a second."`
}

// Shown is a number that is shown to whom is called.
type Shown struct {
	At     yamlfile.Pos
	Number string   `yaml:"number,need,short" shape:"number" doc:"The number, with + and country code."`
	To     []string `yaml:"to" shape:"prefix" doc:"Beginnings of the numbers to which it is shown: +34, +3491. None: all."`
}

// Attempts bound how often is tried.
type Attempts struct {
	Lead   int `yaml:"lead" min:"1" max:"1000" default:"6" doc:"Most attempts to reach a lead, whatever the outcomes and the numbers; an appointment allows one more."`
	Number int `yaml:"number" min:"1" max:"1000" default:"4" doc:"Most attempts on one number."`
	Day    int `yaml:"day" min:"1" max:"1000" default:"2" doc:"Most attempts to reach a person on one day of theirs, over all campaigns."`
	Week   int `yaml:"week" min:"1" max:"1000" default:"6" doc:"Most attempts to reach a person in one week of theirs, from Monday, over all campaigns."`
}

// Preview is how agents say whether a lead is called.
type Preview struct {
	Limit time.Duration `yaml:"limit" min:"5s" max:"10m" default:"30s" doc:"How long an agent has for it, from when they listen."`
	Then  PreviewThen   `yaml:"then" oneof:"dial skip pause" default:"skip" doc:"What is done when they said nothing by then: dial, skip (the lead is not called, and the agent is free), pause (the same, and the agent is paused)."`
}

// PreviewThen is what is done about a lead of whom the agent said nothing.
type PreviewThen string

// What may be done.
const (
	PreviewDial  PreviewThen = "dial"
	PreviewSkip  PreviewThen = "skip"
	PreviewPause PreviewThen = "pause"
)

// Pacing is how fast is dialled. What is left out is the pacer's default.
type Pacing struct {
	Abandon       float64       `yaml:"abandon_percent" min:"0.01" max:"99" doc:"Most of the calls that people answer that may be abandoned, in percent, if that is less than the profile's limit; left out, that limit."`
	Ratio         float64       `yaml:"ratio" min:"0.1" max:"20" doc:"Calls per free agent; mode power needs it, and no other has it."`
	TargetWait    time.Duration `yaml:"target_wait" min:"0s" max:"10m" doc:"How long agents wait between calls; mode wait needs it, and no other has it."`
	Rate          float64       `yaml:"rate" min:"0.01" max:"1000" doc:"Calls per second; mode agentless needs it, and no other has it."`
	RingTimeout   time.Duration `yaml:"ring_timeout" min:"5s" max:"2m" default:"25s" doc:"How long a phone rings, from when it rings; at least what the profile demands. Where the PBX does not tell when that is, from the dialling, and at least what the profile demands and 13 s."`
	GiveUp        bool          `yaml:"give_up" default:"false" doc:"Whether calls may be given up, once they rang as long as the profile demands, when agents become scarce."`
	Share         float64       `yaml:"share" min:"0.01" max:"1000" default:"1" doc:"Its part of the calls, beside those of other campaigns with the same agents."`
	InboundShare  float64       `yaml:"inbound_percent" min:"0" max:"99" default:"0" doc:"Of inbound calls for the same agents, the share that shall be answered within inbound_within, in percent; agents are kept free for it. 0: none is asked."`
	InboundWithin time.Duration `yaml:"inbound_within" min:"1s" max:"10m" default:"20s" doc:"The time of inbound_percent."`
}

// New is a campaign with every default.
func New() *Campaign {
	c := yamlfile.Defaults[Campaign]()
	return &c
}
