package orchestrator

// effectKind is something to do after the call is stored.
type effectKind string

const (
	fxAnswer     effectKind = "answer"
	fxHangup     effectKind = "hangup" // Channel, Cause
	fxContinue   effectKind = "continue"
	fxPlay       effectKind = "play"
	fxStopPlay   effectKind = "stop_play" // ID
	fxCheckPlay  effectKind = "check_play"
	fxHold       effectKind = "hold" // Channel, Class
	fxUnhold     effectKind = "unhold"
	fxOriginate  effectKind = "originate"
	fxBridge     effectKind = "bridge"
	fxUnbridge   effectKind = "unbridge"
	fxPickup     effectKind = "pickup" // take the offer up, then join both channels
	fxRejoin     effectKind = "rejoin" // make the bridge again and join both channels
	fxRecord     effectKind = "record"
	fxStopRecord effectKind = "stop_record" // ID
	fxCheckRec   effectKind = "check_record"
	fxMute       effectKind = "mute" // ID, Flag
	fxEnqueue    effectKind = "enqueue"
	fxLeave      effectKind = "leave"    // Why
	fxPosition   effectKind = "position" // ask where the call stands
	fxFail       effectKind = "fail"     // Offer, Failure
	fxFinish     effectKind = "finish"   // Offer, Talked
	fxAgent      effectKind = "agent"
)

// effect is one command to the PBX or the distributor. Which fields are set depends on Kind.
type effect struct {
	Kind        effectKind
	ID          string // playback or recording
	Channel     string
	Cause       Cause
	Place       DialplanPlace
	Playback    Playback
	Class       string
	Origination Origination
	Record      RecordingOrder
	Flag        bool
	Waiting     Waiting
	Why         string
	Offer       Offer
	Failure     OfferFailure
	TalkedMS    int64
	Agent       AgentCommand
	Other       string // fxPickup, fxRejoin: the far channel
	Adopted     bool   // fxCheckPlay: ask the flow to say it again
}
