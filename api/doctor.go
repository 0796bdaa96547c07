package api

import (
	"context"

	"github.com/operadora/operadora/api/wire"
)

// GetExamination implements StrictServerInterface.
func (s operations) GetExamination(context.Context, GetExaminationRequestObject) (GetExaminationResponseObject, error) {
	return GetExamination200JSONResponse(examined(s.Doctor.Examination())), nil
}

// Examine implements StrictServerInterface.
func (s operations) Examine(ctx context.Context, _ ExamineRequestObject) (ExamineResponseObject, error) {
	s.auditLive(ctx, "doctor.examine", "doctor", "")
	return Examine200JSONResponse(examined(s.Doctor.Examine(askerOf(ctx).who.Name))), nil
}

func examined(e wire.Examination) wire.Examination {
	e.Lines = list(e.Lines)
	return e
}
