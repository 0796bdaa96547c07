package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	inner := fault.E("ari.Play", fault.Unavailable, io.ErrUnexpectedEOF)
	rows := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil", nil, fault.Internal},
		{"plain", io.EOF, fault.Internal},
		{"classified", inner, fault.Unavailable},
		{"wrapped by fmt", fmt.Errorf("call 7: %w", inner), fault.Unavailable},
		{"outermost wins", fault.E("api", fault.Conflict, inner), fault.Conflict},
	}
	for _, r := range rows {
		if got := fault.KindOf(r.err); got != r.want {
			t.Errorf("%s: KindOf = %v, want %v", r.name, got, r.want)
		}
	}
	if !errors.Is(inner, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if fault.E("x", fault.Invalid, nil) != nil {
		t.Error("E of nil is not nil")
	}
}

func ExampleE() {
	err := fault.E("acd.Login", fault.NotFound, errors.New(`agent "17" is not defined`))
	fmt.Println(err)
	fmt.Println(fault.KindOf(err))
	// Output:
	// acd.Login: agent "17" is not defined
	// not found
}
