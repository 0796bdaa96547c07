package ari

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Originate calls an endpoint. An endpoint that is unknown or not registered
// is NotFound; everything later comes as an event. A channel of that id that
// exists already is the same order given twice, and no error.
//
// The channel is created within our application and dialled from there, by two
// requests. By one (POST /channels) it would come into the application when the
// phone answers, and Asterisk hangs up on an agent who picks up while nobody is
// connected. What is given up between the two rings nobody.
func (a *Adapter) Originate(ctx context.Context, o orchestrator.Origination) error {
	r, err := a.origination(o)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	if err := a.calling.Take(waiting); err != nil { // a burst leaves connections for the commands of calls that live
		return fault.New("ari.Originate", fault.Unavailable, "%w: %w", orchestrator.ErrNothingDone, err)
	}
	defer a.calling.Free()
	if o.Once && o.Again {
		if o.Lead { // by who gave the order before, perhaps; or not yet
			a.watchOver(ctx, o.Channel)
		}
		err := a.dialOnce(ctx, o)
		if err == nil && o.Lead {
			a.legs.callsLead(o.Channel)
		}
		return err
	}
	a.legs.callsFor(o.Originator)
	asked := make(chan originator, 1)
	go func() { asked <- a.originator(ctx, o.Originator) }()
	err = a.client.do(ctx, r, nil)
	from := <-asked
	if err != nil {
		return err
	}
	if from.err != nil {
		return errors.Join(from.err, a.undo(ctx, o.Channel, from.err))
	}
	a.learnEnds(ctx, o.Channel)
	if o.Lead {
		a.legs.callsLead(o.Channel)
		a.watchOver(ctx, o.Channel)
	}
	return a.dial(ctx, o, from)
}

// dialOnce goes on with an order that may have been carried out as far as nobody
// knows: a channel that was created and not dialled is, and none is created.
func (a *Adapter) dialOnce(ctx context.Context, o orchestrator.Origination) error {
	err := a.dial(ctx, o, originator{})
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return fault.New("ari.Originate", fault.Conflict, "%w: %w", orchestrator.ErrInDoubt, err)
	}
	return err
}

// learnEnds finds out whether the dialplan writes ends down, when no call that came
// by it has told, and has it do so of a channel that was made without. Only of a
// channel can Asterisk be asked for that. A call is worth more than its end on record:
// errors are none.
func (a *Adapter) learnEnds(ctx context.Context, channel string) {
	if a.legs.keepsEnds.Load() || a.legs.keepsNone.Load() {
		return
	}
	var there struct{ Value string }
	err := a.client.do(ctx, variable(http.MethodGet, channel, url.Values{"variable": {"DIALPLAN_EXISTS(" + endedHandler + ")"}}), &there)
	switch {
	case err != nil && (fault.KindOf(err) == fault.Unavailable || fault.KindOf(err) == fault.NotFound): // not answered, or the channel is gone: the next one may be told
	case there.Value != "1":
		a.legs.keepsNone.Store(true)
	default:
		a.legs.keepsEnds.Store(true)
		r := variable(http.MethodPost, channel, url.Values{"variable": {handlerPush}, "value": {endedHandler}})
		_ = patiently(ctx, func() (bool, error) {
			err := a.client.do(ctx, r, nil)
			return notEntered(err), err // it was created, and is about to
		})
	}
}

// variable is the request for a variable of a channel.
func variable(method, channel string, query url.Values) request {
	return request{verb: "Variable", method: method, path: []string{"channels", channel, "variable"}, query: query, again: true}
}

// undo removes a channel that will not be dialled, unless that may still be.
func (a *Adapter) undo(ctx context.Context, channel string, why error) error {
	if fault.KindOf(why) == fault.Unavailable {
		return nil
	}
	a.legs.forsake(channel)
	return a.Hangup(ctx, channel, orchestrator.CauseNormal)
}

// originator is what there is to know of the channel that a call is made for.
type originator struct {
	id       string
	shown    string // its caller id
	language string
	err      error
}

// originator asks for the channel that a call is made for. Asterisk creates and
// dials a channel for one that is gone without a word, and lists one that hung up
// until its hangup handlers have run: what we were told of it counts as well.
func (a *Adapter) originator(ctx context.Context, id string) originator {
	if id == "" {
		return originator{}
	}
	var c channel
	err := a.client.do(ctx, request{verb: "Originator", method: http.MethodGet, path: []string{"channels", id}, again: true}, &c)
	if err == nil && !a.legs.holds(id) {
		err = fault.E("ari.Originate", fault.NotFound, orchestrator.ErrOriginatorGone)
	}
	return originator{id: id, shown: callerID(caller(&c)), language: c.Language, err: err}
}

// dial rings the phone. The channel inherits from its originator what a
// dialled one does in the dialplan (variables, redirection, music), with its
// caller id and language: where others were ordered, the first forbids it, and
// the second is set anew.
func (a *Adapter) dial(ctx context.Context, o orchestrator.Origination, from originator) error {
	q := url.Values{"timeout": {strconv.Itoa(int(o.Timeout / time.Second))}}
	inherits := from.id != "" && from.shown == callerID(o.Caller)
	if inherits {
		q.Set("caller", from.id)
	}
	r := request{verb: "Dial", method: http.MethodPost, path: []string{"channels", o.Channel, "dial"}, query: q, again: true}
	err := patientlyUpTo(ctx, entryPause, func() (bool, error) {
		err := a.client.do(ctx, r, nil)
		return notEntered(err), err // it was created, and is about to
	})
	if errors.Is(err, orchestrator.ErrNothingDone) { // the channel was made before
		err = fault.New("ari.Dial", fault.Unavailable, "%v", err)
	}
	if err == nil && inherits && o.Language != "" && o.Language != from.language {
		err = a.setVariable(ctx, o.Channel, "CHANNEL(language)", o.Language)
	}
	return err
}

// setVariable sets a variable of a channel; one that is gone already is no error.
func (a *Adapter) setVariable(ctx context.Context, channel, name, value string) error {
	_, err := found(a.client.do(ctx, variable(http.MethodPost, channel, url.Values{"variable": {name}, "value": {value}}), nil))
	return err
}

func (a *Adapter) origination(o orchestrator.Origination) (request, error) {
	const op = "ari.Originate"
	seconds := int(o.Timeout / time.Second)
	tech, resource, ok := strings.Cut(o.Endpoint, "/")
	switch {
	case !orchestrator.Ours(o.Channel):
		return request{}, fault.New(op, fault.Invalid, "channel id %q is not of our making", o.Channel)
	case !ok || tech == "" || resource == "" || strings.ContainsAny(o.Endpoint, "&,;\r\n\x00"):
		return request{}, fault.New(op, fault.Invalid, "the endpoint is not one technology/name")
	case seconds < 1 || o.Timeout%time.Second != 0:
		return request{}, fault.New(op, fault.Invalid, "timeout %v is not a positive number of seconds", o.Timeout)
	}
	if tech == peerTech {
		o.Variables = maps.Clone(o.Variables)
		if o.Variables == nil {
			o.Variables = map[string]string{}
		}
		o.Variables[peerVariable] = resource
		o.Endpoint, tech = peerEndpoint, "Local"
	}
	q := url.Values{
		"endpoint":  {o.Endpoint},
		"app":       {a.cfg.App},
		"appArgs":   {joinArgs(o.Args)},
		"channelId": {o.Channel},
	}
	if o.Originator != "" {
		q.Set("originator", o.Originator)
	}
	if tech == "Local" {
		// By default the far half would be called <channel>;2 and be taken for
		// one of ours when its dialplan leads back to us.
		q.Set("otherChannelId", "far-"+o.Channel)
	}
	variables := originationVariables(o, a.transfers.Load())
	if o.Lead {
		maps.Copy(variables, a.leadVariables(o))
	}
	if a.legs.keepsEnds.Load() {
		variables[handlerPush] = endedHandler
	}
	return request{
		verb: "Originate", method: http.MethodPost, path: []string{"channels", "create"}, query: q,
		body: variablesBody{variables}, again: !o.Once,
	}, nil
}

type variablesBody struct {
	Variables map[string]string `json:"variables"`
}

// originationVariables are set on the new channel before it is dialled, so
// functions among them act on its INVITE. transfers tells whether those that the
// phone asks for come to us.
func originationVariables(o orchestrator.Origination, transfers bool) map[string]string {
	v := make(map[string]string, len(o.Variables)+8)
	v["TRANSFER_CONTEXT"] = noTransfer
	maps.Copy(v, o.Variables)
	if transfers && strings.HasPrefix(o.Endpoint, "PJSIP/") {
		v[handling] = "ari-only"
	}
	if o.Language != "" {
		v["CHANNEL(language)"] = o.Language
	}
	// What callerId does in POST /channels.
	for field, value := range map[string]string{"num": orchestrator.CleanParty(o.Caller).Number, "name": orchestrator.CleanParty(o.Caller).Name} {
		if value != "" {
			v["CALLERID("+field+")"] = value
			v["CONNECTEDLINE("+field+",i)"] = value
		}
	}
	if o.AutoAnswer && strings.HasPrefix(o.Endpoint, "PJSIP/") {
		v["PJSIP_HEADER(add,Call-Info)"] = "<sip:127.0.0.1>;answer-after=0"
		v["PJSIP_HEADER(add,Alert-Info)"] = "info=alert-autoanswer"
	}
	return v
}

// callerID writes a caller id as Asterisk reads it.
func callerID(p orchestrator.Party) string {
	p = orchestrator.CleanParty(p)
	switch {
	case p.Number == "" && p.Name == "":
		return ""
	case p.Name == "":
		return p.Number
	}
	return `"` + p.Name + `" <` + p.Number + `>`
}
