package flowfile

import (
	"time"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Flow is the shape of a flow file.
type Flow struct {
	At        yamlfile.Pos
	Flow      yamlfile.Text             `yaml:"flow,need" shape:"name" doc:"Name of the flow."`
	Version   string                    `yaml:"version" doc:"A label for people."`
	Language  string                    `yaml:"language,need" shape:"language" doc:"Language in which calls begin, and which is fallen back to."`
	Languages []string                  `yaml:"languages" shape:"language" doc:"All languages that every prompt must speak."`
	Start     yamlfile.Text             `yaml:"start" doc:"The node that calls begin with."`
	Params    []string                  `yaml:"params" shape:"variable" doc:"Variables that a flow which calls this one gives."`
	Defaults  Defaults                  `yaml:"defaults" doc:"What holds for every question that does not say otherwise."`
	Prompts   yamlfile.Map[promptShape] `yaml:"prompts" doc:"What is said, by name."`
	Nodes     yamlfile.Map[nodeShape]   `yaml:"nodes,need" keys:"name" doc:"The steps, by name. Each has a type, and edges from its outcomes to other nodes."`
}

// Defaults are what the questions of a flow say unless they say otherwise.
type Defaults struct {
	BargeIn bool `yaml:"barge_in" default:"true" doc:"Whether keys may be pressed before a prompt is over."`
	waitShape
	OnError yamlfile.Text `yaml:"on_error" doc:"Node for trouble that no edge takes."`
}

type waitShape struct {
	FirstDigit *time.Duration `yaml:"first_digit" min:"100ms" max:"10m" doc:"Silence before the first key; 5s when nothing is said."`
	InterDigit *time.Duration `yaml:"inter_digit" min:"100ms" max:"10m" doc:"Silence between keys; 3s when nothing is said."`
	Retries    retryShape     `yaml:"retries" doc:"How often a question is asked again; 2 when nothing is said."`
}

type retryShape struct {
	Both    *int `yaml:",short" min:"0" max:"20" doc:"Both."`
	NoInput *int `yaml:"noinput" min:"0" max:"20" doc:"After silence."`
	NoMatch *int `yaml:"nomatch" min:"0" max:"20" doc:"After a wrong key."`
}

type promptShape struct {
	At    yamlfile.Pos
	Sound []string               `yaml:"sound,short" shape:"sound" doc:"Sound names, the same in every language."`
	Text  promptText             `yaml:"text" doc:"What the sounds say, for people and for operadora sounds, per language."`
	In    yamlfile.Map[[]string] `yaml:",rest" keys:"language" shape:"sound" doc:"Sound names of a language."`
}

type promptText struct {
	All string               `yaml:",short"`
	In  yamlfile.Map[string] `yaml:",rest" keys:"language"`
}

type itemShape struct {
	At     yamlfile.Pos
	Prompt string    `yaml:",short"`
	Say    *sayShape `yaml:"say" doc:"Speaks a value."`
	Sound  string    `yaml:"sound" shape:"sound" default:"" doc:"A sound, the same in every language."`
	Tone   string    `yaml:"tone" doc:"A tone of the PBX."`
}

type sayShape struct {
	At       yamlfile.Pos
	Digits   *string `yaml:"digits" doc:"Spoken one by one; may hold {{variables}}."`
	Number   *string `yaml:"number" doc:"Spoken as a whole number."`
	Date     *string `yaml:"date" doc:"2026-01-15, spoken as a date."`
	Time     *string `yaml:"time" doc:"13:05, spoken as a time."`
	Money    *string `yaml:"money" doc:"12.50, spoken in a currency."`
	Gender   string  `yaml:"gender,vars" oneof:"f m" default:"" doc:"Of what is counted, for languages that care: f or m."`
	Currency string  `yaml:"currency" doc:"Of money: EUR, USD …"`
}

type nodeShape struct {
	At   yamlfile.Pos
	Type string                      `yaml:"type,need" doc:"What the node does."`
	On   yamlfile.Map[yamlfile.Text] `yaml:"on" doc:"Edges: the outcome, and the node that it leads to; end hangs up."`
	Next yamlfile.Text               `yaml:"next" doc:"The edge of the outcome next."`
	Step any
}

// Variants makes a nodeShape a yamlfile.Varied.
func (nodeShape) Variants() (string, map[string]any) { return "type", steps }

// steps are the keys of each type of node.
var steps = map[string]any{
	"answer": answerShape{}, "play": playShape{}, "say": sayNode{}, "menu": menuShape{}, "gather": gatherShape{}, "set": setShape{},
	"switch": switchShape{}, "hours": hoursShape{}, "queue": queueShape{}, "record": recordShape{}, "transfer": transferShape{},
	"call": callShape{}, "return": returnShape{}, "agent": agentShape{}, "continue": continueShape{}, "callback": callbackShape{},
	"lookup": lookupShape{}, "hangup": hangupShape{},
}

type answerShape struct{}

type playShape struct {
	Prompt  []itemShape `yaml:"prompt,need" doc:"A prompt's name, or a list of names and of {say: …}, {sound: …} and {tone: …}."`
	BargeIn bool        `yaml:"barge_in" default:"false" doc:"Whether a key ends it."`
}

type sayNode struct {
	sayShape
	BargeIn bool `yaml:"barge_in" default:"false" doc:"Whether a key ends it."`
}

type questionShape struct {
	Prompt   []itemShape   `yaml:"prompt,need" doc:"What is asked: a prompt's name, or a list of names and of {say: …}, {sound: …} and {tone: …}."`
	Reprompt [][]itemShape `yaml:"reprompt" doc:"What is asked again instead: one list, or a list of lists, one for each attempt."`
	NoInput  [][]itemShape `yaml:"noinput" doc:"What is said after silence."`
	NoMatch  [][]itemShape `yaml:"nomatch" doc:"What is said after a wrong key."`
	BargeIn  *bool         `yaml:"barge_in" doc:"Whether keys may be pressed before the prompt is over; the flow's defaults when nothing is said."`
	Flush    bool          `yaml:"flush" default:"false" doc:"Forget keys that were pressed before."`
	waitShape
}

type menuShape struct {
	questionShape
	Keys yamlfile.Map[yamlfile.Text] `yaml:"keys,need" keys:"keys" doc:"Keys, and the node that each leads to."`
}

type gatherShape struct {
	questionShape
	Var     string        `yaml:"var,need" shape:"variable" doc:"Variable that takes the digits."`
	Mask    bool          `yaml:"mask" default:"false" doc:"Keep the digits out of timeline and records."`
	Digits  digitsShape   `yaml:"digits,need" doc:"What may be entered."`
	Confirm *confirmShape `yaml:"confirm" doc:"Has the caller confirm what was entered."`
}

type digitsShape struct {
	At         yamlfile.Pos
	Min        int    `yaml:"min" default:"1" min:"0" max:"32" doc:"Fewest digits."`
	Max        int    `yaml:"max,need" min:"1" max:"32" doc:"Most digits; with them the input ends."`
	Terminator string `yaml:"terminator" shape:"maykey" default:"#" doc:"Key that ends the input."`
	Allowed    string `yaml:"allowed" shape:"allowed" default:"0123456789" doc:"Keys that count."`
}

type confirmShape struct {
	At     yamlfile.Pos
	Prompt []itemShape `yaml:"prompt,need" doc:"What is asked; it may say the variable."`
	Yes    string      `yaml:"yes" shape:"key" default:"1" doc:"Key that confirms."`
	No     string      `yaml:"no" shape:"key" default:"2" doc:"Key that asks anew."`
}

type setShape struct {
	Vars     yamlfile.Map[string] `yaml:"vars" keys:"variable" doc:"Variables and their values, which may hold {{variables}}."`
	Language string               `yaml:"language,vars" shape:"language" default:"" doc:"Language of the call from here on."`
}

type switchShape struct {
	Cases []caseShape   `yaml:"cases,need" doc:"The first case that holds says where to go on."`
	Else  yamlfile.Text `yaml:"else" doc:"Where to go on when none does."`
}

type caseShape struct {
	At        yamlfile.Pos
	Var       string        `yaml:"var,need" doc:"The variable that is compared."`
	Equals    *string       `yaml:"equals" doc:"It is this."`
	NotEquals *string       `yaml:"not_equals" doc:"It is something else."`
	In        []string      `yaml:"in" doc:"It is one of these."`
	Prefix    *string       `yaml:"prefix" doc:"It begins with this."`
	Matches   *string       `yaml:"matches" doc:"It holds what this regular expression (RE2) means."`
	AtLeast   *string       `yaml:"at_least" doc:"It is a number of at least this."`
	AtMost    *string       `yaml:"at_most" doc:"It is a number of at most this."`
	Set       *string       `yaml:"set" doc:"true: it has a value; false: it has none."`
	Next      yamlfile.Text `yaml:"next,need" doc:"Where to go on."`
}

type hoursShape struct {
	Calendar string `yaml:"calendar,need" doc:"A calendar of calendars.yaml."`
}

type queueShape struct {
	Queue    string                      `yaml:"queue,need,vars" shape:"id" doc:"A queue of queues.yaml; may hold {{variables}}."`
	Priority string                      `yaml:"priority,vars" shape:"points" default:"0" doc:"Advantage of this caller, 0 to 1000; each point counts as so long waited as priority_point of the queue says. May hold {{variables}}: what is no number then is 0, and what is above 1000 is that."`
	Tier     string                      `yaml:"tier,vars" shape:"tier" default:"0" doc:"1 to 9 is for emergencies: before all of a lower tier, however long those have waited. May hold {{variables}}: what is no number then is 0, and what is above 9 is that."`
	Needs    string                      `yaml:"needs" max:"500" default:"" doc:"What an agent must be able to do for this caller, beside what the queue requires: english >= 3, or skill(call.topic) >= 2."`
	About    yamlfile.Map[string]        `yaml:"about" keys:"variable" doc:"What requirements may ask of the call, as call.NAME; values may hold {{variables}}."`
	Prefer   string                      `yaml:"prefer,vars" shape:"id" default:"" doc:"The agent whom the caller waits for first; may hold {{variables}}."`
	Patience time.Duration               `yaml:"patience" default:"30s" min:"1s" max:"24h" doc:"How long, as long as that agent is at work."`
	MaxWait  time.Duration               `yaml:"max_wait" default:"0s" min:"0s" max:"24h" doc:"Longest wait; 0s leaves it to the queue."`
	ExitKey  string                      `yaml:"exit_key" shape:"key" default:"" doc:"Key with which the caller leaves the queue, by outcome exit."`
	Keys     yamlfile.Map[yamlfile.Text] `yaml:"keys" keys:"key" doc:"Keys with which the caller leaves the queue, and the node that each leads to; those of the queue's own exit_key too, whose others are outcome exit."`
}

type recordShape struct {
	Max        time.Duration `yaml:"max" default:"2m" min:"1s" max:"4h" doc:"Longest message."`
	Silence    time.Duration `yaml:"silence" default:"5s" min:"0s" max:"10m" doc:"Silence that ends it; 0s is none."`
	Terminator string        `yaml:"terminator" shape:"maykey" default:"#" doc:"Key that ends it."`
	Beep       bool          `yaml:"beep" default:"true" doc:"Whether a tone tells that it begins."`
	Format     string        `yaml:"format" shape:"variable" default:"wav" doc:"Format of the file; wav is always there."`
	Mailbox    string        `yaml:"mailbox,vars" shape:"id" default:"" doc:"A mailbox of mailboxes.yaml, whose people are told of the message by mail; may hold {{variables}}. Empty tells nobody."`
}

type transferShape struct {
	To      string        `yaml:"to,need,vars" shape:"number" doc:"Telephone number; may hold {{variables}}. The gate must allow it."`
	Timeout time.Duration `yaml:"timeout" default:"30s" min:"1s" max:"10m" doc:"How long it may ring."`
}

type callbackShape struct {
	Op     string `yaml:"op" oneof:"ask look resume cancel" default:"ask" doc:"What is wanted: ask (the number is called when it is the caller's turn), look (is it to be called already?), resume (the caller waits on the line again, at the place of the callback, once the flow leads into the queue), cancel (it is not to be called any more)."`
	Queue  string `yaml:"queue,need,vars" shape:"id" doc:"The queue, which calls back (callback in queues.yaml); may hold {{variables}}."`
	Number string `yaml:"number,vars" shape:"number" default:"{{call.caller}}" doc:"Telephone number; may hold {{variables}}. The gate must allow it, when it is asked for and when it is dialled."`
}

type lookupShape struct {
	Source string               `yaml:"source,need" shape:"id" doc:"A source of lookups.yaml."`
	Params yamlfile.Map[string] `yaml:"params" keys:"variable" doc:"What the source is asked with: its parameters and their values, which may hold {{variables}}."`
	Save   yamlfile.Map[string] `yaml:"save" keys:"variable" doc:"Variables of this flow, and the results of the source that they take."`
	Filler []itemShape          `yaml:"filler" doc:"What is said while the source takes longer than a second, and again a second after its end: a prompt's name, or a list of names and of {say: …}, {sound: …} and {tone: …}."`
}

type callShape struct {
	Flow   string               `yaml:"flow,need" shape:"name" doc:"The flow that is called."`
	Params yamlfile.Map[string] `yaml:"params" keys:"variable" doc:"Variables of that flow and their values."`
	Save   yamlfile.Map[string] `yaml:"save" keys:"variable" doc:"Variables of this flow, and the values that they take of what is returned."`
}

type returnShape struct {
	Outcome string               `yaml:"outcome" shape:"variable" default:"ok" doc:"The outcome of the node that called."`
	Values  yamlfile.Map[string] `yaml:"values" keys:"variable" doc:"Values that it may save."`
}

type agentShape struct {
	Op          string `yaml:"op,need" oneof:"login line logout pause resume dispose extend transfer consult complete swap cancel conference supervise" doc:"What the agent at the phone wants."`
	Agent       string `yaml:"agent" doc:"The agent, by id; empty is whoever has the phone."`
	PIN         string `yaml:"pin" doc:"The PIN that was entered, such as {{pin}}."`
	Reason      string `yaml:"reason" doc:"Pause reason, by name or digit."`
	Disposition string `yaml:"disposition" doc:"Outcome of the last call, by name or digits."`
	To          string `yaml:"to" doc:"Where the present call goes, or who is asked: an agent's id or extension, a queue, or an outside number. Of supervise: the agent to listen to."`
}

type continueShape struct {
	Context   string `yaml:"context" doc:"Context of the PBX's dialplan; empty is the line after the one that handed the call over."`
	Extension string `yaml:"extension" doc:"Extension in it."`
}

type hangupShape struct {
	Cause   string `yaml:"cause" oneof:"normal busy rejected congestion" default:"normal" doc:"What the network is told."`
	Outcome string `yaml:"outcome,vars" oneof:"completed rejected failed" default:"" doc:"What the call's record says."`
}

// Calendars is the shape of calendars.yaml.
type Calendars struct {
	Calendars yamlfile.Map[calendarShape] `yaml:"calendars,need" keys:"name" doc:"Opening hours, by name."`
}

type calendarShape struct {
	At       yamlfile.Pos
	Timezone yamlfile.Text                 `yaml:"timezone,need" doc:"Europe/Madrid, America/Bogota …"`
	Open     yamlfile.Map[[]yamlfile.Text] `yaml:"open" doc:"Hours by days: mon, mon-fri, sat-sun or daily, and 09:00-14:00 or a list of such."`
	Holidays []holidayShape                `yaml:"holidays" doc:"Days with rules of their own; the first that fits counts."`
}

type holidayShape struct {
	At      yamlfile.Pos
	Name    string          `yaml:"name,need" shape:"name" doc:"Name; a node of type hours may have an edge holiday:<name>."`
	Date    yamlfile.Text   `yaml:"date" doc:"2026-12-25, or 12-25 for every year."`
	From    yamlfile.Text   `yaml:"from" doc:"First of several days."`
	To      yamlfile.Text   `yaml:"to" doc:"Last of several days."`
	Country yamlfile.Text   `yaml:"country" doc:"Instead of a date: all public holidays of a country, CO, ES, MX or BR. Those of regions and towns are not among them."`
	Open    []yamlfile.Text `yaml:"open" doc:"Hours of that day; nothing is closed."`
}

// DIDs is the shape of dids.yaml.
type DIDs struct {
	DIDs yamlfile.Map[didShape] `yaml:"dids,need" keys:"did" doc:"Dialled numbers: a number, a beginning and *, or * for all others."`
}

type didShape struct {
	Flow     string `yaml:"flow,need,short" doc:"The flow that answers."`
	Language string `yaml:"language" shape:"language" default:"" doc:"Language in which the call begins; the flow's when nothing is said."`
	CallerID string `yaml:"caller_id" shape:"maynumber" default:"" doc:"Number shown to outside numbers that are called for its callers: transfers, whom an agent asks, callbacks. Empty is the queue's caller_id and, without one, the trunk's."`
}
