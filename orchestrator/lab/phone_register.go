package lab

import (
	"context"
	"fmt"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Register makes the phone known to its PBX for an hour.
func (p *Phone) Register(ctx context.Context) error { return p.register(ctx, 3600) }

// Unregister makes the PBX forget the phone.
func (p *Phone) Unregister(ctx context.Context) error { return p.register(ctx, 0) }

func (p *Phone) register(ctx context.Context, seconds int) error {
	req, err := p.request(sip.REGISTER, p.o.User)
	if err != nil {
		return err
	}
	expires := sip.ExpiresHeader(seconds)
	req.AppendHeader(&expires)
	if err := p.ask(ctx, req, sipgo.ClientRequestRegisterBuild); err != nil {
		return fmt.Errorf("phone %s: register: %w", p.o.User, err)
	}
	return nil
}

// request starts a request from the phone to an extension of its PBX.
func (p *Phone) request(method sip.RequestMethod, extension string) (*sip.Request, error) {
	p.mu.Lock()
	server := p.server
	p.mu.Unlock()
	var to, me sip.Uri
	if err := sip.ParseUri("sip:"+extension+"@"+server, &to); err != nil {
		return nil, fmt.Errorf("phone %s: its PBX %q: %w", p.o.User, server, err)
	}
	if err := sip.ParseUri(p.Contact(), &me); err != nil {
		return nil, fmt.Errorf("phone %s: %w", p.o.User, err)
	}
	req := sip.NewRequest(method, to)
	from := me.Clone()
	from.Port = 0
	req.AppendHeader(&sip.FromHeader{Address: *from, Params: sip.HeaderParams{"tag": sip.GenerateTagN(16)}})
	req.AppendHeader(&sip.ToHeader{Address: *to.Clone(), Params: sip.NewParams()})
	req.AppendHeader(&sip.ContactHeader{Address: me})
	return req, nil
}

// ask sends a request, with the phone's password when that is asked for, and
// returns an error unless it succeeds.
func (p *Phone) ask(ctx context.Context, req *sip.Request, build ...sipgo.ClientRequestOption) error {
	res, err := p.client.Do(ctx, req, build...)
	if err != nil {
		return err
	}
	if res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired {
		res, err = p.client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: p.o.User, Password: p.o.Password})
		if err != nil {
			return err
		}
	}
	if !res.IsSuccess() {
		return &RefusedError{Code: res.StatusCode, Reason: res.Reason}
	}
	return nil
}

// Phone makes the telephone of one of the instance's endpoints and, when that
// has no fixed contact, registers it.
func (a *Asterisk) Phone(ctx context.Context, user string) (*Phone, error) {
	for _, e := range a.o.Endpoints {
		if e.User != user {
			continue
		}
		p, err := NewPhone(PhoneOptions{User: user, Password: e.Password, Server: a.SIPAddr()})
		if err != nil {
			return nil, err
		}
		if err := p.Register(ctx); err != nil {
			p.Close() //nolint:contextcheck // it has no calls to hang up
			return nil, err
		}
		return p, nil
	}
	return nil, fmt.Errorf("this asterisk has no endpoint %s", user)
}

// Caller makes the telephone of someone outside, who calls from number.
func (a *Asterisk) Caller(number string) (*Phone, error) {
	return NewPhone(PhoneOptions{User: number, Server: a.SIPAddr()})
}
