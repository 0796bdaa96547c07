package api

import (
	"context"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// ListRecordings implements StrictServerInterface.
func (s operations) ListRecordings(ctx context.Context, r ListRecordingsRequestObject) (ListRecordingsResponseObject, error) {
	p := r.Params
	agents, none, err := s.narrowed(ctx, given(p.Agent))
	if err != nil {
		return nil, err
	}
	if none {
		return ListRecordings200JSONResponse{Items: []wire.Recording{}}, nil
	}
	list, next, err := s.Records.Recordings(ctx, records.RecordingFilter{From: given(p.From), To: given(p.To), Queue: given(p.Queue), Agent: given(p.Agent), Agents: agents,
		Call: given(p.Call), Kind: string(given(p.Kind)), Deleted: given(p.Deleted), Limit: given(p.Limit), Cursor: given(p.Cursor)})
	if err != nil {
		return nil, err
	}
	return ListRecordings200JSONResponse{Items: each(list, recordingView), Next: next}, nil
}

// GetRecording implements StrictServerInterface.
func (s operations) GetRecording(ctx context.Context, r GetRecordingRequestObject) (GetRecordingResponseObject, error) {
	rec, err := s.recording(ctx, r.Recording)
	return GetRecording200JSONResponse(recordingView(rec)), err
}

// recording returns a recording that the asker may have.
func (s *Server) recording(ctx context.Context, id string) (records.Recording, error) {
	rec, err := s.Records.Recording(ctx, id)
	if err != nil {
		return rec, err
	}
	if err := s.overAgent(askerOf(ctx).who, rec.Agent); err != nil {
		return records.Recording{}, err
	}
	return rec, nil
}

// MuteRecording implements StrictServerInterface.
func (s operations) MuteRecording(ctx context.Context, r MuteRecordingRequestObject) (MuteRecordingResponseObject, error) {
	return s.setMute(ctx, r.Recording, call.WishMute)
}

// UnmuteRecording implements StrictServerInterface.
func (s operations) UnmuteRecording(ctx context.Context, r UnmuteRecordingRequestObject) (UnmuteRecordingResponseObject, error) {
	return s.setMute(ctx, r.Recording, call.WishUnmute)
}

// setMute orders silence, or its end, of a live call's recording. It asks the
// live call and not the index, which may be a moment behind: card data cannot wait.
func (s operations) setMute(ctx context.Context, id string, do call.WishKind) (ordered, error) {
	live, err := s.own(ctx, orchestrator.OwnerOf(id))
	if err != nil {
		return ordered{}, err
	}
	if rec := live.Rec(); rec == nil || rec.ID != id || rec.State != call.RecRunning {
		return ordered{}, fault.New("api.mute", fault.Conflict, "recording %s is not running", quoted(id))
	}
	s.auditLive(ctx, "recording."+string(do), id, live.Call)
	return s.ask(ctx, live, call.Wish{Do: do, Recording: id})
}

// DeleteRecording implements StrictServerInterface. It removes a recording's
// sound; its line in the index stays, and says who did it.
func (s operations) DeleteRecording(ctx context.Context, r DeleteRecordingRequestObject) (DeleteRecordingResponseObject, error) {
	rec, err := s.Records.Recording(ctx, r.Recording)
	if err != nil {
		return nil, err
	}
	if rec.State == string(wire.RecordingStateRunning) {
		return nil, fault.New("api.delete", fault.Conflict, "recording %s is still running", quoted(rec.ID))
	}
	if rec.DeletedAt != 0 {
		return DeleteRecording204Response{}, nil
	}
	if _, err := s.pbxOf(rec); err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "recording.delete", rec.ID, rec.Call); err != nil {
		return nil, err
	}
	return DeleteRecording204Response{}, s.deleteSound(ctx, rec, askerOf(ctx).who.Name)
}

// pbxOf is where a recording's sound is.
func (s *Server) pbxOf(rec records.Recording) (orchestrator.PBX, error) {
	pbx, ok := s.Engine.PBX(rec.PBX)
	if !ok {
		return nil, fault.New("api.recordings", fault.Unavailable, "PBX %s of recording %s is not configured here", quoted(rec.PBX), quoted(rec.ID))
	}
	return pbx, nil
}

// deleteSound removes a recording's sound. Gone on the PBX already is as good as deleted.
func (s operations) deleteSound(ctx context.Context, rec records.Recording, by string) error {
	pbx, err := s.pbxOf(rec)
	if err != nil {
		return err
	}
	if err := pbx.DeleteRecording(ctx, rec.ID); err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	s.sounds.drop(rec.ID)
	return s.Records.RecordingDeleted(ctx, rec.ID, by)
}
