package ari

import (
	"context"
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
func (a *Adapter) Originate(ctx context.Context, o orchestrator.Origination) error {
	r, err := a.origination(o)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	if err := a.calling.begin(waiting); err != nil {
		return err
	}
	defer a.calling.end()
	return a.client.do(ctx, r, nil)
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
	q := url.Values{
		"endpoint":  {o.Endpoint},
		"app":       {a.cfg.App},
		"appArgs":   {joinArgs(o.Args)},
		"channelId": {o.Channel},
		"timeout":   {strconv.Itoa(seconds)},
	}
	if id := callerID(o.Caller); id != "" {
		q.Set("callerId", id)
	}
	if o.Originator != "" {
		q.Set("originator", o.Originator)
	}
	if tech == "Local" {
		// By default the far half would be called <channel>;2 and be taken for
		// one of ours when its dialplan leads back to us.
		q.Set("otherChannelId", "far-"+o.Channel)
	}
	return request{
		verb: "Originate", method: http.MethodPost, path: []string{"channels"}, query: q,
		body: variablesBody{originationVariables(o)}, again: true,
	}, nil
}

type variablesBody struct {
	Variables map[string]string `json:"variables"`
}

// originationVariables are set on the new channel before it is dialled, so
// functions among them act on its INVITE.
func originationVariables(o orchestrator.Origination) map[string]string {
	v := make(map[string]string, len(o.Variables)+3)
	maps.Copy(v, o.Variables)
	if o.Language != "" {
		v["CHANNEL(language)"] = o.Language
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
