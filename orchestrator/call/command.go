package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// Command is something that a decision wants done. Each is a small value of its
// own type; orchestrator/engine knows how to run it. Running one twice does no
// harm: ids are chosen here, before the first time.
type Command interface {
	// verb names the command: a constant.
	verb() Verb
}

// VerbOf names a command in stored calls, logs and metrics.
func VerbOf(c Command) Verb { return c.verb() }

// Verb names a command. The strings are stored.
type Verb string

// Commands to the PBX are run in order, and so are those to the distributor, and
// what is asked of sources outside; no kind waits for another.
type (
	// Answer answers the customer's channel.
	Answer struct {
		Channel string `json:"channel"`
	}
	// Hangup ends a channel.
	Hangup struct {
		Channel string             `json:"channel"`
		Cause   orchestrator.Cause `json:"cause,omitempty"`
	}
	// Continue hands the customer back to the PBX's own dialplan.
	Continue struct {
		Channel string                     `json:"channel"`
		Place   orchestrator.DialplanPlace `json:"place"`
	}
	// Play starts a playback.
	Play struct {
		Playback orchestrator.Playback `json:"playback"`
	}
	// StopPlay ends a playback.
	StopPlay struct {
		ID string `json:"id"`
	}
	// CheckPlay asks whether a playback is still going on.
	CheckPlay struct {
		ID string `json:"id"`
	}
	// Hold starts hold music.
	Hold struct {
		Channel string `json:"channel"`
		Class   string `json:"class,omitempty"`
	}
	// Unhold ends hold music.
	Unhold struct {
		Channel string `json:"channel"`
	}
	// AnswerTransfer tells a phone what became of the transfer that it asked for.
	AnswerTransfer struct {
		Channel string `json:"channel"`
		Done    bool   `json:"done,omitempty"`
	}
	// Dial rings an endpoint.
	Dial struct {
		Order   orchestrator.Origination `json:"order"`
		Outside bool                     `json:"outside,omitempty"` // an outside number: the caps of the trunk hold
		// Contact is asked of the rules by which people may be contacted; nil for nothing. Campaigns
		// have asked themselves, but for attempts that an agent makes.
		Contact *orchestrator.Contacting `json:"contact,omitempty"`
	}
	// MakeRoom makes a bridge.
	MakeRoom struct {
		Bridge string `json:"bridge"`
	}
	// Connect puts customer and far leg in a room; an agent's offer is taken up
	// before, since an agent whose offer has lapsed must not hear the caller.
	Connect struct {
		Bridge   string              `json:"bridge"`
		Customer string              `json:"customer"`
		Far      string              `json:"far"`
		Offer    *orchestrator.Offer `json:"offer,omitempty"`
		Keyed    bool                `json:"keyed,omitempty"` // keys of the far leg reach nobody by themselves
		Music    bool                `json:"music,omitempty"` // the customer hears hold music, which would go on in the room
	}
	// Rejoin makes a room again and puts both back in it; a customer on hold is "".
	Rejoin struct {
		Bridge   string `json:"bridge"`
		Customer string `json:"customer,omitempty"`
		Far      string `json:"far"`
		Keyed    bool   `json:"keyed,omitempty"`
	}
	// Admit puts a guest in a room; an agent's offer is taken up before.
	Admit struct {
		Bridge  string              `json:"bridge"`
		Channel string              `json:"channel"`
		Keyed   bool                `json:"keyed,omitempty"` // the guest's keys reach nobody by themselves
		Offer   *orchestrator.Offer `json:"offer,omitempty"`
	}
	// Monitor lets a supervisor hear an agent, from a bridge that it makes.
	Monitor struct {
		Order orchestrator.Monitoring `json:"order"`
	}
	// Part takes a channel out of a room.
	Part struct {
		Bridge  string `json:"bridge"`
		Channel string `json:"channel"`
	}
	// CloseRoom removes a bridge; Stay goes on and must be out of it and ready.
	CloseRoom struct {
		Bridge string `json:"bridge"`
		Stay   string `json:"stay,omitempty"`
	}
	// Return gives an agent's permanent line back: it is out of the room, hears no tone
	// of the call any more, and its session is told.
	Return struct {
		Session string `json:"session"`
		Channel string `json:"channel"`
		Bridge  string `json:"bridge"`
		Tone    string `json:"tone,omitempty"` // the playback of it
	}
	// Rest has a permanent line that is lent to nobody hear music of a class, or silence.
	Rest struct {
		Channel string `json:"channel"`
		Class   string `json:"class,omitempty"` // "" is silence
	}
	// Lend makes the customer's channel an agent's permanent line.
	Lend struct {
		Channel string             `json:"channel"`
		Agent   string             `json:"agent"`
		Phone   orchestrator.Phone `json:"phone"`
	}
	// Record starts a recording.
	Record struct {
		Order orchestrator.RecordingOrder `json:"order"`
	}
	// StopRecord ends a recording and keeps it.
	StopRecord struct {
		ID string `json:"id"`
	}
	// CheckRecord asks whether a recording is still running.
	CheckRecord struct {
		ID string `json:"id"`
	}
	// Mute silences a recording, or ends the silence.
	Mute struct {
		ID    string `json:"id"`
		Muted bool   `json:"muted"`
	}

	// MuteLeg has what the far end of a channel says reach nobody, or ends that.
	MuteLeg struct {
		Channel string `json:"channel"`
		Muted   bool   `json:"muted"`
	}

	// Listen has the PBX hear who answered.
	Listen struct {
		Order orchestrator.Listening `json:"order"`
	}
	// Attend has it tell when who is at the far end of a channel speaks and has paused; 0 ends that.
	Attend struct {
		Channel  string `json:"channel"`
		SilentMS int64  `json:"silent_ms,omitempty"`
	}

	// SendKeys sends keys to who is at the far end of a channel. They are not stored:
	// what a process that died has not sent is not sent.
	SendKeys struct {
		Channel string `json:"channel"`
		Keys    string `json:"-"`
	}
	// Beep lets one side hear a tone.
	Beep struct {
		Channel string            `json:"channel"`
		Tone    orchestrator.Tone `json:"tone"`
	}

	// Enqueue asks for a place in a queue.
	Enqueue struct {
		Waiting orchestrator.Waiting `json:"waiting"`
	}
	// Leave gives the place of a visit up.
	Leave struct {
		Visit int    `json:"visit"`
		Why   string `json:"why"`
	}
	// AskPlace asks where the call stands in its queue.
	AskPlace struct {
		Visit int `json:"visit"`
	}
	// HoldAgent holds an agent for a call that the agent makes.
	HoldAgent struct {
		Dialling orchestrator.Dialling `json:"dialling"`
	}
	// FailOffer tells that an offer came to nothing.
	FailOffer struct {
		Offer orchestrator.Offer        `json:"offer"`
		Why   orchestrator.OfferFailure `json:"why"`
	}
	// TakeUp tells that an agent talks with the customer, although the offer may
	// have lapsed or been lost.
	TakeUp struct {
		Offer orchestrator.Offer `json:"offer"`
	}
	// Accept takes an offer up before the conversation: the agent is to listen to a
	// customer's phone that rings.
	Accept struct {
		Offer orchestrator.Offer `json:"offer"`
	}
	// FinishOffer tells that the conversation of an offer is over.
	FinishOffer struct {
		Offer    orchestrator.Offer `json:"offer"`
		TalkedMS int64              `json:"talked_ms"`
	}
	// AskCallback carries out what a flow wants of callbacks. The call that calls back
	// has its id before.
	AskCallback struct {
		Op    orchestrator.CallbackOp `json:"op"`
		Order CallbackOrder           `json:"order"`
	}
	// EndCallback has a callback ended by its customer.
	EndCallback struct {
		Call   string `json:"call"`
		Reason string `json:"reason"`
	}
	// ForgetCallback lets the number of this callback be promised another one.
	ForgetCallback struct {
		Queue  string `json:"queue"`
		Number string `json:"number"`
	}
	// LookUp asks a source outside for the flow.
	LookUp struct {
		Ref    int                 `json:"ref"` // of the flow's action
		Lookup orchestrator.Lookup `json:"lookup"`
	}
	// TellPhone tells what is known of an agent's phone, as a PBX would.
	TellPhone struct {
		Endpoint string                   `json:"endpoint"`
		State    orchestrator.DeviceState `json:"state"`
	}
	// AgentDo carries out what an agent asked for: in a flow or, with Beep, by keys on
	// that channel, which hears a tone.
	AgentDo struct {
		Command orchestrator.AgentCommand `json:"command"`
		Beep    string                    `json:"beep,omitempty"`
	}
)

func (Answer) verb() Verb         { return "answer" }
func (Hangup) verb() Verb         { return "hangup" }
func (Continue) verb() Verb       { return "continue" }
func (Play) verb() Verb           { return "play" }
func (StopPlay) verb() Verb       { return "stop_play" }
func (CheckPlay) verb() Verb      { return "check_play" }
func (Hold) verb() Verb           { return "hold" }
func (Unhold) verb() Verb         { return "unhold" }
func (AnswerTransfer) verb() Verb { return "answer_transfer" }
func (Dial) verb() Verb           { return "dial" }
func (MakeRoom) verb() Verb       { return "make_room" }
func (Connect) verb() Verb        { return "connect" }
func (Rejoin) verb() Verb         { return "rejoin" }
func (Admit) verb() Verb          { return "admit" }
func (Monitor) verb() Verb        { return "monitor" }
func (Part) verb() Verb           { return "part" }
func (CloseRoom) verb() Verb      { return "close_room" }
func (Return) verb() Verb         { return "return" }
func (Rest) verb() Verb           { return "rest" }
func (Lend) verb() Verb           { return "lend" }
func (TellPhone) verb() Verb      { return "tell_phone" }
func (Record) verb() Verb         { return "record" }
func (StopRecord) verb() Verb     { return "stop_record" }
func (CheckRecord) verb() Verb    { return "check_record" }
func (Mute) verb() Verb           { return "mute" }
func (MuteLeg) verb() Verb        { return "mute_leg" }
func (Listen) verb() Verb         { return "listen" }
func (Attend) verb() Verb         { return "attend" }
func (SendKeys) verb() Verb       { return "send_keys" }
func (Beep) verb() Verb           { return "beep" }
func (Enqueue) verb() Verb        { return "enqueue" }
func (Leave) verb() Verb          { return "leave" }
func (AskPlace) verb() Verb       { return "ask_place" }
func (HoldAgent) verb() Verb      { return "hold_agent" }
func (FailOffer) verb() Verb      { return "fail_offer" }
func (TakeUp) verb() Verb         { return "take_up" }
func (FinishOffer) verb() Verb    { return "finish_offer" }
func (Accept) verb() Verb         { return "accept" }
func (AskCallback) verb() Verb    { return "ask_callback" }
func (EndCallback) verb() Verb    { return "end_callback" }
func (ForgetCallback) verb() Verb { return "forget_callback" }
func (LookUp) verb() Verb         { return "look_up" }
func (AgentDo) verb() Verb        { return "agent" }

// readers read each command from its JSON.
var readers = map[Verb]func([]byte) (Command, error){}

func reader[C Command]() {
	var zero C
	readers[zero.verb()] = func(raw []byte) (Command, error) {
		var c C
		err := json.Unmarshal(raw, &c)
		return c, err
	}
}

func init() {
	reader[Answer]()
	reader[Hangup]()
	reader[Continue]()
	reader[Play]()
	reader[StopPlay]()
	reader[CheckPlay]()
	reader[Hold]()
	reader[Unhold]()
	reader[AnswerTransfer]()
	reader[Dial]()
	reader[MakeRoom]()
	reader[Connect]()
	reader[Rejoin]()
	reader[Admit]()
	reader[Monitor]()
	reader[Part]()
	reader[CloseRoom]()
	reader[Return]()
	reader[Rest]()
	reader[Lend]()
	reader[TellPhone]()
	reader[Record]()
	reader[StopRecord]()
	reader[CheckRecord]()
	reader[Mute]()
	reader[MuteLeg]()
	reader[Listen]()
	reader[Attend]()
	reader[SendKeys]()
	reader[Beep]()
	reader[Enqueue]()
	reader[Leave]()
	reader[AskPlace]()
	reader[HoldAgent]()
	reader[FailOffer]()
	reader[TakeUp]()
	reader[FinishOffer]()
	reader[Accept]()
	reader[AskCallback]()
	reader[EndCallback]()
	reader[ForgetCallback]()
	reader[LookUp]()
	reader[AgentDo]()
}

// ErrMoot is why a dial is refused that was never made, because its channel was
// to be hung up again before the PBX could answer.
var ErrMoot = errors.New("given up before it was made")

// Moot tells whether a command of a list should not be run (again) because a
// later one undoes it.
func Moot(todo []Todo, t Todo) bool {
	dial, ok := t.Command.(Dial)
	return ok && slices.ContainsFunc(todo, func(later Todo) bool {
		hang, ok := later.Command.(Hangup)
		return ok && later.N > t.N && hang.Channel == dial.Order.Channel
	})
}

// Together is how many of the first commands of a list may be carried out at the same
// time: hang-ups that follow one another are of different channels, or a repeat.
func Together(todo []Todo) int {
	others := slices.IndexFunc(todo, func(t Todo) bool { return !is[Hangup](t.Command) })
	switch others {
	case -1:
		return len(todo)
	case 0:
		return 1
	}
	return others
}

// Todo is a command that is not confirmed yet. Numbers grow within a call.
type Todo struct {
	N       int
	Command Command
}

// Todos are the commands that are not confirmed yet, in order.
type Todos []Todo

// Strike takes a command off the list; false when it is not on it.
func (ts *Todos) Strike(n int) (Command, bool) {
	i := slices.IndexFunc(*ts, func(t Todo) bool { return t.N == n })
	if i < 0 {
		return nil, false
	}
	c := (*ts)[i].Command
	*ts = slices.Delete(*ts, i, i+1)
	return c, true
}

// stored is the JSON form of Todo.
type stored struct {
	N    int             `json:"n"`
	Do   Verb            `json:"do"`
	With json.RawMessage `json:"with"`
}

// MarshalJSON names the command beside its fields, as stored has them.
func (t Todo) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		N    int     `json:"n"`
		Do   Verb    `json:"do"`
		With Command `json:"with"`
	}{t.N, t.Command.verb(), t.Command})
}

// UnmarshalJSON is the reverse of MarshalJSON.
func (t *Todo) UnmarshalJSON(raw []byte) error {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	read, ok := readers[s.Do]
	if !ok {
		return fmt.Errorf("command %q is unknown", s.Do)
	}
	command, err := read(s.With)
	t.N, t.Command = s.N, command
	return err
}
