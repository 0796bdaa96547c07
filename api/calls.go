package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/operadora/operadora/acd/story"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/session"
)

// liveCalls returns the live calls of all PBXs.
func (s *Server) liveCalls(ctx context.Context) ([]wire.LiveCall, error) {
	list := []wire.LiveCall{}
	if err := s.eachLive(ctx, func(c call.Call) { list = append(list, liveCallView(c)) }); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b wire.LiveCall) int { return strings.Compare(byStart(a), byStart(b)) })
	return list, nil
}

// eachLive calls fn for the live calls of all PBXs.
func (s *Server) eachLive(ctx context.Context, fn func(call.Call)) error {
	broken := map[string]bool{}
	for _, pbx := range slices.Sorted(maps.Keys(s.Engine.Connected())) {
		records, err := s.Calls.Live(ctx, pbx)
		if err != nil {
			return err
		}
		for _, r := range records {
			if session.Is(r.ID) {
				continue // an agent's permanent line
			}
			c, err := call.Parse(r.Doc)
			if err != nil { // the engine sets it aside
				broken[r.ID] = true
				if s.broken.first(r.ID) {
					s.log.WarnContext(ctx, "a live call cannot be read; it is left out of the lists", "call", r.ID, "error", err)
				}
				continue
			}
			fn(c)
		}
	}
	s.broken.are(broken)
	return nil
}

// broken remembers the live calls that cannot be read, so that each is told of once.
type broken struct {
	mu  sync.Mutex
	ids map[string]bool // guarded by mu; as of the last list, and what came since
}

// first tells whether a call was not known to be broken, and notes it.
func (b *broken) first(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.ids[id]
	if b.ids == nil {
		b.ids = map[string]bool{}
	}
	b.ids[id] = true
	return !known
}

// are notes which calls are broken now: those that have gone are forgotten.
func (b *broken) are(ids map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ids = ids
}

func (b *broken) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ids)
}

// byStart is the key of calls in progress: the oldest first.
func byStart(c wire.LiveCall) string { return fmt.Sprintf("%013d %s", c.StartedAt.UnixMilli(), c.ID) }

// serves tells whether an agent has to do with a live call: his phone rings, also
// to be asked by another agent, or he talks or has talked.
func serves(agent string, c wire.LiveCall) bool {
	return agent != "" && (c.Serving == agent || c.Agent == agent ||
		slices.ContainsFunc(c.Guests, func(g wire.Guest) bool { return g.Agent == agent }))
}

// own returns a live call that the asker may act on: an agent one in which it talks, or whose lead it previews.
func (s *Server) own(ctx context.Context, id string) (call.Call, error) {
	live, err := s.call(ctx, id)
	if err != nil {
		return live, err
	}
	self, every := askerOf(ctx).own()
	far := live.Far()
	talks := live.State == call.StateTalking && far != nil && far.Person() == self
	if previews := live.Attempt.ByAgent() && live.Attempt.Agent == self && live.ConnectedAt == 0; !every && !talks && !previews {
		return live, denied("agent %s does not talk in this call", quoted(self))
	}
	return live, s.overCall(ctx, live)
}

// fits tells whether a call is of the kind that is asked for.
func fits(kind wire.CallKind, filter wire.KindFilter) bool {
	switch filter {
	case wire.KindFilterAll:
		return true
	case wire.KindFilterFeature:
		return kind == wire.CallKindFeature
	case wire.KindFilterInbound:
		return kind == wire.CallKindInbound
	case wire.KindFilterOutbound:
		return kind == wire.CallKindOutbound
	case wire.KindFilterCallback:
		return kind == wire.CallKindCallback
	case wire.KindFilterCampaign:
		return kind == wire.CallKindCampaign
	default: // customers' calls, whatever brings them
		return kind != wire.CallKindFeature
	}
}

// ListCalls implements StrictServerInterface.
func (s operations) ListCalls(ctx context.Context, r ListCallsRequestObject) (ListCallsResponseObject, error) {
	all, err := s.liveCalls(ctx)
	if err != nil {
		return nil, err
	}
	a, p := askerOf(ctx), r.Params
	self, every := a.own()
	list := slices.DeleteFunc(all, func(v wire.LiveCall) bool {
		return !every && !serves(self, v) || given(p.Queue) != "" && v.Queue != given(p.Queue) || given(p.Agent) != "" && !serves(given(p.Agent), v) ||
			given(p.State) != "" && v.State != given(p.State) || !fits(v.Kind, given(p.Kind)) ||
			given(p.Campaign) != "" && v.Campaign != given(p.Campaign)
	})
	items, next, err := pageOf(list, byStart, given(p.Limit), given(p.Cursor))
	if err != nil {
		return nil, err
	}
	return ListCalls200JSONResponse{Items: each(items, s.audienceOf(a.who).live), Next: next}, nil
}

// call returns a live call that the asker may see: an agent its own only.
func (s *Server) call(ctx context.Context, id string) (call.Call, error) {
	live, err := s.stored(ctx, id)
	if err != nil {
		return call.Call{}, err
	}
	if self, every := askerOf(ctx).own(); !every && !serves(self, liveCallView(live)) {
		return call.Call{}, denied("not a call of agent %s", quoted(self))
	}
	return live, nil
}

// stored returns a live call, whoever asks.
func (s *Server) stored(ctx context.Context, id string) (call.Call, error) {
	const op = "api.call"
	r, err := s.Calls.Load(ctx, id)
	if err != nil {
		return call.Call{}, err
	}
	if r.Ended {
		return call.Call{}, fault.New(op, fault.NotFound, "call %s has ended: `operadora contact show %s` tells more, as does GET /api/v1/contacts", quoted(id), id)
	}
	if session.Is(id) {
		return call.Call{}, fault.New(op, fault.NotFound, "%s is no call but a permanent line: GET /api/v1/agents tells more", quoted(id))
	}
	live, err := call.Parse(r.Doc)
	if err != nil {
		return call.Call{}, fault.E(op, fault.Internal, err)
	}
	return live, nil
}

// GetCall implements StrictServerInterface.
func (s operations) GetCall(ctx context.Context, r GetCallRequestObject) (GetCallResponseObject, error) {
	live, err := s.call(ctx, r.Call)
	if err != nil {
		return nil, err
	}
	entries, err := s.Records.Timeline(ctx, live.Call)
	if err != nil {
		return nil, err
	}
	a, v := s.audienceOf(askerOf(ctx).who), liveCallView(live)
	return GetCall200JSONResponse{LiveCall: a.live(v), Timeline: a.timeline(entries, a.seesLive(v))}, nil
}

// ExplainCall implements StrictServerInterface.
func (s operations) ExplainCall(ctx context.Context, r ExplainCallRequestObject) (ExplainCallResponseObject, error) {
	entries, served, err := s.onRecord(ctx, r.Call)
	if err != nil {
		return nil, err
	}
	show := s.audienceOf(askerOf(ctx).who)
	for i, e := range entries {
		entries[i].Data = show.entry(e, served).Data
	}
	return ExplainCall200JSONResponse{Call: r.Call, Steps: each(story.Tell(entries), storyStep)}, nil
}

// onRecord is what is on record of a call that the asker may see, in progress or
// ended, and whether it is the asker's own.
func (s *Server) onRecord(ctx context.Context, id string) (entries []orchestrator.Entry, served bool, err error) {
	show := s.audienceOf(askerOf(ctx).who)
	contact, entries, err := s.contact(ctx, id)
	if err == nil {
		return show.seen(entries), show.sees(contact.Agent), nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return nil, false, err
	}
	live, err := s.call(ctx, id)
	if err != nil {
		return nil, false, err
	}
	entries, err = s.Records.Timeline(ctx, live.Call)
	return show.seen(entries), show.seesLive(liveCallView(live)), err
}

// ordered is the answer to a wish that a call carries out in its own time.
type ordered struct{ wire.Ordered }

func (o ordered) write(w http.ResponseWriter) error {
	return writeJSON(w, http.StatusAccepted, o.Ordered)
}

func (o ordered) VisitHangupCallResponse(w http.ResponseWriter) error      { return o.write(w) }
func (o ordered) VisitGiveUpCallResponse(w http.ResponseWriter) error      { return o.write(w) }
func (o ordered) VisitMarkMachineResponse(w http.ResponseWriter) error     { return o.write(w) }
func (o ordered) VisitDialLeadResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitSkipLeadResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitHoldCallResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitResumeCallResponse(w http.ResponseWriter) error      { return o.write(w) }
func (o ordered) VisitMuteCallResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitUnmuteCallResponse(w http.ResponseWriter) error      { return o.write(w) }
func (o ordered) VisitTransferCallResponse(w http.ResponseWriter) error    { return o.write(w) }
func (o ordered) VisitConsultCallResponse(w http.ResponseWriter) error     { return o.write(w) }
func (o ordered) VisitCompleteCallResponse(w http.ResponseWriter) error    { return o.write(w) }
func (o ordered) VisitCancelConsultResponse(w http.ResponseWriter) error   { return o.write(w) }
func (o ordered) VisitSwapCallResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitConferenceCallResponse(w http.ResponseWriter) error  { return o.write(w) }
func (o ordered) VisitMoveCallResponse(w http.ResponseWriter) error        { return o.write(w) }
func (o ordered) VisitSuperviseCallResponse(w http.ResponseWriter) error   { return o.write(w) }
func (o ordered) VisitLeaveCallResponse(w http.ResponseWriter) error       { return o.write(w) }
func (o ordered) VisitMuteRecordingResponse(w http.ResponseWriter) error   { return o.write(w) }
func (o ordered) VisitUnmuteRecordingResponse(w http.ResponseWriter) error { return o.write(w) }

// HangupCall implements StrictServerInterface.
func (s operations) HangupCall(ctx context.Context, r HangupCallRequestObject) (HangupCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishHangup, Reason: given(r.Body).Reason})
}

// GiveUpCall implements StrictServerInterface.
func (s operations) GiveUpCall(ctx context.Context, r GiveUpCallRequestObject) (GiveUpCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishGiveUp, Reason: given(r.Body).Reason})
}

// liveCallView shows a stored call.
func liveCallView(c call.Call) wire.LiveCall {
	v := wire.LiveCall{CallSummary: summaryView(c.CallSummary), State: wire.CallState(c.State)}
	if o := c.Attempt; o != nil {
		v.About, v.Script = o.About, o.Script
	}
	if n := len(c.Path); n > 0 {
		v.Node = c.Path[n-1]
	}
	if far := c.Far(); far != nil {
		v.Serving = far.Person()
		v.Held = c.State == call.StateTalking && (c.Customer().Held || far.Held)
	}
	if c.Customer().Muted {
		v.Muted = append(v.Muted, wire.MutedSideCustomer)
	}
	if far := c.Far(); far != nil && far.Muted {
		v.Muted = append(v.Muted, wire.MutedSideAgent)
	}
	for _, l := range c.Guests() {
		if l.Role == call.RoleSupervisor {
			v.Supervisors = append(v.Supervisors, wire.Supervision{Supervisor: l.Watch.Supervisor, Mode: wire.SuperviseMode(l.Watch.Mode),
				Connected: l.Joined > 0, Visible: l.Watch.Visible})
			continue
		}
		g := wire.Guest{Role: wire.GuestRole(l.Role), State: string(l.State), Held: l.Held, Muted: l.Muted}
		if l.Offer != nil {
			g.Agent = l.Offer.Agent
		} else {
			g.Number = orchestrator.MaskNumber(l.Number)
		}
		v.Guests = append(v.Guests, g)
	}
	if rec := c.Rec(); rec != nil {
		v.LiveRecording = wire.LiveRecording{ID: rec.ID, State: wire.RecordingState(rec.State), Muted: rec.Muted}
	}
	if c.State == call.StateWaiting || c.State == call.StateOffered {
		v.WaitSince = wire.At(c.Visit.Entered)
	}
	return v
}

// wish passes what somebody wants of a call to the engine, and returns what the
// call answers.
func (s operations) wish(ctx context.Context, id string, w call.Wish) (ordered, error) {
	live, err := s.own(ctx, id)
	if err != nil {
		return ordered{}, err
	}
	s.auditLive(ctx, "call."+string(w.Do), live.Call, auditDetail(w))
	return s.ask(ctx, live, w)
}

// ask asks a live call. What own has found out is of a moment ago: the call looks
// once more whether it is the asker's.
func (s *Server) ask(ctx context.Context, live call.Call, w call.Wish) (ordered, error) {
	self, _ := askerOf(ctx).own()
	return s.askAs(ctx, live, w, self)
}

// askAs asks a live call for an agent who must talk in it, "" for no matter who.
func (s *Server) askAs(ctx context.Context, live call.Call, w call.Wish, agent string) (ordered, error) {
	w.By, w.Agent = "api:"+askerOf(ctx).who.Name, agent
	err := s.Engine.Ask(ctx, live.Call, w)
	return ordered{wire.Ordered{Call: live.Call, Order: wire.Order(w.Do)}}, err
}

// auditDetail is the detail of a wish's audit line.
func auditDetail(w call.Wish) string {
	var words []string
	if w.To.Name != "" {
		t := w.To.Masked()
		words = append(words, "to "+string(t.Kind)+" "+printable(t.Name))
	}
	if w.Whom != "" {
		words = append(words, "side "+printable(w.Whom))
	}
	if w.Return {
		words = append(words, "and back")
	}
	if w.Supervisor != "" {
		words = append(words, "supervisor "+printable(w.Supervisor), string(w.Mode))
	}
	if w.Front {
		words = append(words, "to the front")
	}
	if w.Reason != "" {
		words = append(words, "because: "+printable(w.Reason))
	}
	return strings.Join(words, ", ")
}

// MarkMachine implements StrictServerInterface.
func (s operations) MarkMachine(ctx context.Context, r MarkMachineRequestObject) (MarkMachineResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishMachine})
}

// DialLead implements StrictServerInterface.
func (s operations) DialLead(ctx context.Context, r DialLeadRequestObject) (DialLeadResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishDial})
}

// SkipLead implements StrictServerInterface.
func (s operations) SkipLead(ctx context.Context, r SkipLeadRequestObject) (SkipLeadResponseObject, error) {
	why := r.Body.Disposition
	if why != "" {
		live, err := s.own(ctx, r.Call)
		if err != nil {
			return nil, err
		}
		d, err := s.Definitions.Definitions(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(d.Dispositions, func(x wire.DispositionDefinition) bool {
			return x.ID == why && !x.Date && (len(x.Queues) == 0 || slices.Contains(x.Queues, live.Queue))
		}) {
			return nil, problem{Status: http.StatusUnprocessableEntity, Code: wire.ProblemCodeBadDisposition, Field: "disposition", Value: short(why),
				Detail: "disposition: " + quoted(why) + " is none of queue " + quoted(live.Queue) + ", or asks for a date"}
		}
	}
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishSkip, Reason: why})
}

// HoldCall implements StrictServerInterface.
func (s operations) HoldCall(ctx context.Context, r HoldCallRequestObject) (HoldCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishHold})
}

// ResumeCall implements StrictServerInterface.
func (s operations) ResumeCall(ctx context.Context, r ResumeCallRequestObject) (ResumeCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishResume})
}

// MuteCall implements StrictServerInterface.
func (s operations) MuteCall(ctx context.Context, r MuteCallRequestObject) (MuteCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishMute, Whom: r.Body.Side})
}

// UnmuteCall implements StrictServerInterface.
func (s operations) UnmuteCall(ctx context.Context, r UnmuteCallRequestObject) (UnmuteCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishUnmute, Whom: r.Body.Side})
}

// TransferCall implements StrictServerInterface.
func (s operations) TransferCall(ctx context.Context, r TransferCallRequestObject) (TransferCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishTransfer, Return: r.Body.Return,
		To: orchestrator.Target{Kind: orchestrator.TargetKind(r.Body.Kind), Name: r.Body.Name}})
}

// ConsultCall implements StrictServerInterface.
func (s operations) ConsultCall(ctx context.Context, r ConsultCallRequestObject) (ConsultCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishConsult,
		To: orchestrator.Target{Kind: orchestrator.TargetKind(r.Body.Kind), Name: r.Body.Name}})
}

// CompleteCall implements StrictServerInterface.
func (s operations) CompleteCall(ctx context.Context, r CompleteCallRequestObject) (CompleteCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishComplete})
}

// CancelConsult implements StrictServerInterface.
func (s operations) CancelConsult(ctx context.Context, r CancelConsultRequestObject) (CancelConsultResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishCancel})
}

// SwapCall implements StrictServerInterface.
func (s operations) SwapCall(ctx context.Context, r SwapCallRequestObject) (SwapCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishSwap, With: call.Side(given(r.Body).With)})
}

// ConferenceCall implements StrictServerInterface.
func (s operations) ConferenceCall(ctx context.Context, r ConferenceCallRequestObject) (ConferenceCallResponseObject, error) {
	return s.wish(ctx, r.Call, call.Wish{Do: call.WishMeet})
}

// MoveCall implements StrictServerInterface.
func (s operations) MoveCall(ctx context.Context, r MoveCallRequestObject) (MoveCallResponseObject, error) {
	w := call.Wish{Do: call.WishMove, Front: r.Body.Front, Reason: r.Body.Reason}
	if r.Body.Queue != "" {
		w.To = orchestrator.Target{Kind: orchestrator.TargetQueue, Name: r.Body.Queue}
	}
	w.Front = w.Front || r.Body.Queue == ""
	return s.wish(ctx, r.Call, w)
}
