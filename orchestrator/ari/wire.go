package ari

import (
	"encoding/json"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"
)

// message is what is read of an event, of whatever type: each has the fields of its own
// type and no others. The types of the library read a channel four times, and there is
// hardly an event without one.
type message struct {
	Type      string  `json:"type"`
	Timestamp instant `json:"timestamp"`
	Channel   channel `json:"channel"`

	Args        []string  `json:"args"`         // StasisStart
	Peer        channel   `json:"peer"`         // Dial
	Dialstatus  string    `json:"dialstatus"`   // Dial
	Cause       int       `json:"cause"`        // ChannelHangupRequest, ChannelDestroyed
	CauseTxt    string    `json:"cause_txt"`    // ChannelDestroyed
	Soft        bool      `json:"soft"`         // ChannelHangupRequest
	Digit       string    `json:"digit"`        // ChannelDtmfReceived
	Duration    int       `json:"duration"`     // ChannelTalkingFinished, in ms
	Playback    playback  `json:"playback"`     // PlaybackFinished
	Recording   recording `json:"recording"`    // RecordingStarted, RecordingFinished, RecordingFailed
	DeviceState device    `json:"device_state"` // DeviceStateChanged
	Eventname   string    `json:"eventname"`    // ChannelUserevent
	transfer              // ChannelTransfer
}

// channel is what is read of a channel, in events and answers.
type channel struct {
	ID           string  `json:"id"`
	State        string  `json:"state"`
	Language     string  `json:"language"`
	Creationtime instant `json:"creationtime"`
	Caller       struct {
		Name   string `json:"name"`
		Number string `json:"number"`
	} `json:"caller"`
	Dialplan struct {
		Context string `json:"context"`
		Exten   string `json:"exten"`
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	} `json:"dialplan"`
}

type playback struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	TargetURI string `json:"target_uri"`
}

type recording struct {
	Name      string `json:"name"`
	Cause     string `json:"cause"`
	Duration  int    `json:"duration"` // in seconds
	TargetURI string `json:"target_uri"`
}

type device struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// instant is a time as Asterisk writes it.
type instant time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	t, err := time.Parse(`"`+wire.DateFormat+`"`, string(text))
	*i = instant(t)
	return err
}

// decode reads an event.
func decode(frame []byte) (*message, error) {
	m := new(message)
	return m, json.Unmarshal(frame, m)
}
