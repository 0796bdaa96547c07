package ari

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator"
)

// Transfers says for which versions of Asterisk phones' own transfers are taken over.
type Transfers string

// Values of Config.Transfers; "" is auto.
const (
	TransfersAuto   Transfers = "auto"
	TransfersAlways Transfers = "always"
	TransfersNever  Transfers = "never"
)

// noTransfer is a context that no dialplan has. A blind transfer by a phone
// (REFER) is refused by it (404) and the phone keeps its call. Without it
// Asterisk takes the caller out of our bridge, and what is then a conversation
// elsewhere ends for us with the phone's BYE.
const noTransfer = "operadora-no-transfer"

// handling is how a call is told to hand the transfers of its phone over to us.
const handling = "PJSIP_TRANSFER_HANDLING()"

// handsOver tells whether an Asterisk of that version can hand phones'
// transfers over, and whether it is safe: before the fix of
// github.com/asterisk/asterisk/issues/2021 a REFER with "Refer-Sub: false"
// takes the whole of Asterisk down.
func handsOver(version string) (can, safe bool) {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return false, false // a build of a branch, or a certified one: nobody knows
	}
	from := map[int]int{20: 13, 21: 8, 22: 3}
	fixed := map[int]int{20: 21, 22: 11, 23: 5}
	first, known := from[major]
	can = known && minor >= first || major >= 23
	last, known := fixed[major]
	return can, known && minor >= last || major >= 24
}

// takesOver finds out whether phones' transfers come to us.
func (a *Adapter) takesOver(ctx context.Context) error {
	var info wire.AsteriskInfo
	err := a.client.do(ctx, request{
		verb: "Version", method: http.MethodGet, path: []string{"asterisk", "info"}, query: url.Values{"only": {"system"}}, again: true,
	}, &info)
	a.transfers.Store(a.cfg.Transfers.with(info.SystemInfo.Version))
	return err
}

// with tells whether phones' transfers are taken over from an Asterisk of that version.
func (t Transfers) with(version string) bool {
	can, safe := handsOver(version)
	return t != TransfersNever && can && (safe || t == TransfersAlways)
}

// HandsOver tells whether phones' transfers come to operadora with that setting.
func (r Report) HandsOver(t Transfers) bool { return t.with(r.Version) }

// AnswerTransfer tells a phone what became of the transfer that it asked for.
func (a *Adapter) AnswerTransfer(ctx context.Context, channel string, done bool) error {
	state := map[bool]string{true: "channel_answered", false: "channel_declined"}[done]
	return a.client.do(ctx, request{
		verb: "AnswerTransfer", method: http.MethodPost, path: []string{"channels", channel, "transfer_progress"},
		query: url.Values{"states": {state}}, again: true,
	}, nil)
}

// peerTech begins endpoints that name a channel of a conversation that is none of
// ours. It is taken out of it by the dialplan, at the far half of a Local channel.
const (
	peerTech     = "Channel"
	peerEndpoint = "Local/s@operadora-join/n"
	peerVariable = "OPERADORA_JOIN"
)

// transferEvent is the type of what the library does not know yet.
const transferEvent = "ChannelTransfer"

// transfer is a phone that asks for a transfer or, with a State, what we
// told it of one.
type transfer struct {
	State   string `json:"state"`
	ReferTo struct {
		Requested struct {
			Destination string `json:"destination"`
		} `json:"requested_destination"`
		Channel struct {
			ID string `json:"id"`
		} `json:"destination_channel"`
		Peer struct {
			Name string `json:"name"`
		} `json:"connected_channel"`
	} `json:"refer_to"`
	ReferredBy struct {
		Channel struct {
			ID string `json:"id"`
		} `json:"source_channel"`
	} `json:"referred_by"`
}

func (e *transfer) into(to *orchestrator.Event) verdict {
	to.Kind, to.Channel = orchestrator.EventTransfer, e.ReferredBy.Channel.ID
	to.Number, to.Other = e.ReferTo.Requested.Destination, e.ReferTo.Channel.ID
	if to.Other != "" && e.ReferTo.Peer.Name != "" {
		to.Peer = peerTech + "/" + e.ReferTo.Peer.Name
	}
	if e.State != "" || to.Channel == "" {
		return silent
	}
	return tell
}
