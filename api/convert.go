package api

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/operadora/operadora/acd/story"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// What is stored has moments in unix milliseconds and callers' text as it came;
// what is said has RFC 3339 and nothing that cannot be printed.

func summaryView(s orchestrator.CallSummary) wire.CallSummary {
	return wire.CallSummary{ID: s.Call, PBX: s.PBX, Kind: wire.CallKind(s.Kind), DID: printable(s.DID),
		Caller: wire.Party{Number: printable(s.Caller.Number), Name: printable(s.Caller.Name)}, Language: s.Language,
		StartedAt: wire.At(s.StartedAt), AnsweredAt: wire.At(s.AnsweredAt), QueuedAt: wire.At(s.QueuedAt),
		ConnectedAt: wire.At(s.ConnectedAt), PartedAt: wire.At(s.PartedAt), EndedAt: wire.At(s.EndedAt),
		WaitMS: s.WaitMS, ExpectedMS: s.ExpectedMS, TalkMS: s.TalkMS, Queue: s.Queue, Agent: s.Agent, Offers: s.Offers,
		Outcome: wire.Outcome(s.Outcome), EndedBy: wire.EndedBy(s.EndedBy), Cause: int(s.Cause),
		Recording: s.Recording, Voicemail: s.Voicemail, Path: s.Path, Adopted: s.Adopted,
		Callback: s.Callback, AskedBy: s.AskedBy, Attempts: s.Attempts, Campaign: s.Campaign, Lead: s.Lead}
}

// printable leaves out what does not show: a number that was dialled, or a
// caller's name, may hold anything that signalling can carry.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

func contactView(c records.Contact) wire.Contact {
	return wire.Contact{CallSummary: summaryView(c.CallSummary), Disposition: c.Disposition, DisposedBy: c.DisposedBy, DisposedAt: wire.At(c.DisposedAt)}
}

func stateChangeView(c records.AgentState) wire.AgentStateChange {
	return wire.AgentStateChange{ID: c.ID, Agent: c.Agent, At: wire.At(c.At), From: wire.AgentState(c.From), To: wire.AgentState(c.To),
		Reason: c.Reason, Device: wire.DeviceState(c.Device), Call: c.Call, By: c.By}
}

func recordingView(r records.Recording) wire.Recording {
	return wire.Recording{ID: r.ID, Call: r.Call, PBX: r.PBX, Queue: r.Queue, Agent: r.Agent, Kind: wire.RecordingKind(r.Kind),
		StartedAt: wire.At(r.StartedAt), EndedAt: wire.At(r.EndedAt), DurationMS: r.DurationMS, State: wire.RecordingState(r.State),
		Muted: r.Muted, Speakers: each(r.Speakers, speakerView), Held: r.Held, DeletedAt: wire.At(r.DeletedAt), DeletedBy: r.DeletedBy}
}

func speakerView(s records.Speaker) wire.Speaker {
	return wire.Speaker{Role: wire.SpeakerRole(s.Role), Agent: s.Agent, Number: s.Number, From: wire.At(s.From), To: wire.At(s.To)}
}

// storyStep turns a step of a call's way into the API's form.
func storyStep(s story.Step) wire.StoryStep {
	return wire.StoryStep{At: s.At.UTC(), Code: wire.StoryCode(s.Code), Why: s.Why, Queue: s.Queue, Agent: s.Agent, WaitedMS: s.WaitedMS, Text: s.Text}
}

// entryView shows a journal entry. Summaries and changes of agents
// have moments in their data; data that cannot be read is left out: the rest of the entry is still true.
func entryView(e orchestrator.Entry) wire.Entry {
	v := wire.Entry{ID: e.ID, Type: wire.EntryType(e.Type), At: e.At.UTC(), Call: e.Call, Agent: e.Agent, Queue: e.Queue, PBX: e.PBX}
	switch e.Type {
	case orchestrator.EntryCallStarted, orchestrator.EntryCallEnded:
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) == nil {
			v.Data, _ = json.Marshal(summaryView(s)) // a summary always marshals
		}
	case orchestrator.EntryAgentState:
		var c orchestrator.AgentChange
		if json.Unmarshal(e.Data, &c) == nil {
			v.Data, _ = json.Marshal(wire.EntryAgentState{From: wire.AgentState(c.From), To: wire.AgentState(c.To), Reason: c.Reason,
				Device: wire.DeviceState(c.Device), Call: c.Call, Until: wire.At(c.Until), Over: wire.PauseLimit(c.Over), Next: wire.AfterCall(c.Next), NextReason: c.NextReason,
				RestUntil: wire.At(c.RestUntil), RestFor: wire.OfferFailure(c.RestFor), By: c.By})
		}
	default:
		if json.Valid(e.Data) {
			v.Data = e.Data
		}
	}
	return v
}
