package esl

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// text is a value of an event. FreeSWITCH writes all as texts, and a list where
// a variable was set several times; then the first counts. It is cut at maxText.
type text string

const (
	maxText  = 4 << 10 // bytes; nothing that we look at is as long
	wireCost = 2 << 10 // about what an event costs once it is read, beside its texts
)

// UnmarshalJSON reads a text, the first of a list of texts, or nothing.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	if len(raw) > 0 && raw[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		raw = list[0]
	}
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	if len(s) > maxText {
		s = strings.Clone(s[:maxText])
	}
	*t = text(s)
	return nil
}

// wire is an event, or what uuid_dump says of a channel: of some two hundred
// fields those that we look at.
type wire struct {
	Name     text `json:"Event-Name"`
	Subclass text `json:"Event-Subclass"`
	Sequence text `json:"Event-Sequence"`
	At       text `json:"Event-Date-Timestamp"` // µs
	Core     text `json:"Core-UUID"`

	Channel     text `json:"Unique-ID"`
	State       text `json:"Channel-State"`
	AnswerState text `json:"Answer-State"`
	ChannelName text `json:"Channel-Name"`
	Presence    text `json:"Channel-Presence-ID"`
	Number      text `json:"Caller-Caller-ID-Number"`
	CallerName  text `json:"Caller-Caller-ID-Name"`
	Created     text `json:"Caller-Channel-Created-Time"`  // µs
	Answered    text `json:"Caller-Channel-Answered-Time"` // µs; 0 for never
	Cause       text `json:"Hangup-Cause"`
	SIPStatus   text `json:"variable_sip_term_status"`        // of the BYE, or the answer, that ended it
	SIPEnd      text `json:"variable_sip_hangup_disposition"` // recv_… when the far end did

	App         text `json:"Application"`
	AppData     text `json:"Application-Data"`
	AppResponse text `json:"Application-Response"`
	AppID       text `json:"Application-UUID"`
	Digit       text `json:"DTMF-Digit"`

	Job  text `json:"Job-UUID"`
	Body text `json:"_body"`

	Action     text `json:"Action"`
	Conference text `json:"Conference-Name"`

	ErrorType text `json:"Error-Type"` // of a transfer that FreeSWITCH could not carry out
	Extension text `json:"Transfer-Exten"`
	Direction text `json:"Call-Direction"`        // inbound of a call that a phone made
	Dialled   text `json:"variable_sip_req_user"` // what its phone dialled, whatever a dialplan made of it
	OtherLine text `json:"variable_refer_uuid"`   // the call that its phone wanted to be joined with this one
	Partner   text `json:"variable_signal_bond"`  // whom it is bridged with

	RecordPath text `json:"Record-File-Path"`
	RecordEnd  text `json:"Record-Completion-Cause"`
	RecordMS   text `json:"variable_record_ms"`

	FromUser text `json:"from-user"` // of a registration
	User     text `json:"username"`
	To       text `json:"to"` // of a question after presence

	OurApp   text `json:"variable_operadora_app"`
	OurArgs  text `json:"variable_operadora_args"`
	OurDID   text `json:"variable_operadora_did"`
	OurAway  text `json:"variable_operadora_away"`
	OurMusic text `json:"variable_operadora_music"` // musicVariable
	OurTape  text `json:"variable_operadora_tape"`
	TapeRoom text `json:"variable_operadora_tape_room"`
	Monitor  text `json:"variable_operadora_monitor"`
	AtEnd    text `json:"variable_api_reporting_hook"` // command that it gives as it ends
	Language text `json:"variable_default_language"`
	Moves    text `json:"variable_max_session_transfers"` // how often it may be transferred yet, or
	Hops     text `json:"variable_max_forwards"`
	NowApp   text `json:"variable_current_application"`
	NowData  text `json:"variable_current_application_data"`
	NowOver  text `json:"variable_current_application_response"`
}

func decode(raw []byte) (*wire, error) {
	w := &wire{}
	if err := json.Unmarshal(raw, w); err != nil {
		return nil, err
	}
	return w, nil
}

// size is about what an event costs once it is read.
func (w *wire) size() int {
	n := wireCost
	for fields, i := reflect.ValueOf(w).Elem(), 0; i < fields.NumField(); i++ {
		n += fields.Field(i).Len()
	}
	return n
}

func (w *wire) id() string { return string(w.Channel) }

// seq is the event's place in the order in which things happened.
func (w *wire) seq() int64 {
	n, _ := strconv.ParseInt(string(w.Sequence), 10, 64) // 0 of a dump, which has none
	return n
}

func (w *wire) at() time.Time { return micros(w.At) }

func micros(t text) time.Time {
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func (w *wire) up() bool { return w.AnswerState == "answered" }

// dying tells whether the channel is hung up, whatever the event says of it.
func (w *wire) dying() bool {
	if w.AnswerState == "hangup" {
		return true
	}
	switch w.State {
	case "CS_HANGUP", "CS_REPORTING", "CS_DESTROY":
		return true
	}
	return false
}

// farEnd tells whether a channel that is hung up is over at the far end already: its
// phone, or trunk, hung up or refused. Of one that FreeSWITCH hangs up the phone is told
// later, when the channel's thread gets round to it.
func (w *wire) farEnd() bool {
	return w.SIPStatus != "" || strings.HasPrefix(string(w.SIPEnd), "recv_")
}

func (w *wire) event(pbx string, kind orchestrator.EventKind) orchestrator.Event {
	return orchestrator.Event{Kind: kind, PBX: pbx, At: w.at(), Channel: w.id()}
}

// monitored is the bridge in which a channel monitors another, and how.
func (w *wire) monitored() (bridge string, mode orchestrator.MonitorMode) {
	bridge, m, _ := strings.Cut(string(w.Monitor), ".")
	return bridge, orchestrator.MonitorMode(m)
}

// room is the conference that a channel is in, or the bridge in which it monitors
// another; "" for none.
func (w *wire) room() string {
	if w.State == "CS_PARK" { // it was parked from outside, and carries nothing out any more
		return ""
	}
	if _, key := keyOf(w.NowApp, w.NowData); key || w.NowApp == monitorApp {
		bridge, _ := w.monitored()
		return bridge
	}
	if w.NowApp != "conference" {
		return ""
	}
	name, _, _ := strings.Cut(string(w.NowData), "@")
	if !orchestrator.Ours(name) {
		return ""
	}
	return name
}

// playing is the id of what a channel plays for us, "" for nothing. What it played
// last is told until it does something else, with what came of it.
func (w *wire) playing() string {
	if w.NowApp != "playback" || w.NowOver != "" {
		return ""
	}
	rest, ok := strings.CutPrefix(string(w.NowData), "{"+fileMark+"=")
	if !ok {
		return ""
	}
	id, _, ok := strings.Cut(rest, "}")
	if !ok {
		return ""
	}
	return id
}

// ourApps are the applications that a channel of ours is found in. Who is in
// another was taken by the dialplan or by an administrator.
func ourApps(app string) bool {
	switch app {
	case "park", "playback", "conference", monitorApp, keyApp, "set", "multiset", "unset", "clear_digit_action", "bind_digit_action", "flush_dtmf", "export", "answer", "sleep", "pre_answer", "transfer", "":
		return true
	}
	return false
}
