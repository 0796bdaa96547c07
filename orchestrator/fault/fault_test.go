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

func TestText(t *testing.T) {
	t.Parallel()
	lost := fault.E("records.Find", fault.NotFound, fmt.Errorf("file: %w", fault.New("acd.Do", fault.Invalid, "no such agent")))
	for want, err := range map[string]error{
		"plain":                          errors.New("plain"),
		"file: no such agent":            lost,
		"now: file: no such agent\nEOF":  fmt.Errorf("now: %w", errors.Join(lost, io.EOF)),
		"definitions: queues: no name":   fault.New("definitions", fault.Invalid, "queues: no name"),
		"main: nobody is there (really)": fmt.Errorf("main: %w (really)", fault.New("ari.Probe", fault.Unavailable, "nobody is there")),
	} {
		if got := fault.Text(err); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}
