package acd

import (
	"reflect"
	"strconv"
	"time"
)

// NewQueue returns a queue with every default.
func NewQueue() Queue { return withDefaults(Queue{}) }

// NewAgent returns an agent with every default.
func NewAgent() Agent { return withDefaults(Agent{}) }

// UnmarshalYAML reads a queue over the defaults. All YAML decoders for Go know
// this form of the method, so the package needs none of them.
func (q *Queue) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Queue
	p := plain(NewQueue())
	if err := unmarshal(&p); err != nil {
		return err
	}
	*q = Queue(p)
	return nil
}

// UnmarshalYAML reads an agent over the defaults.
func (a *Agent) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Agent
	p := plain(NewAgent())
	if err := unmarshal(&p); err != nil {
		return err
	}
	*a = Agent(p)
	return nil
}

// UnmarshalYAML reads a membership from a queue's name or from {queue, level}.
func (m *Membership) UnmarshalYAML(unmarshal func(any) error) error {
	var name string
	if unmarshal(&name) == nil {
		*m = Membership{Queue: name}
		return nil
	}
	type plain Membership
	var p plain
	if err := unmarshal(&p); err != nil {
		return err
	}
	*m = Membership(p)
	return nil
}

// withDefaults sets the fields of v that carry a default tag. A tag that does
// not fit its field is a fault of this package and panics.
func withDefaults[T any](v T) T {
	val := reflect.ValueOf(&v).Elem()
	for i := range val.NumField() {
		text, ok := val.Type().Field(i).Tag.Lookup("default")
		if ok {
			setDefault(val.Field(i), text)
		}
	}
	return v
}

func setDefault(f reflect.Value, text string) {
	var err error
	switch f.Interface().(type) {
	case time.Duration:
		var d time.Duration
		d, err = time.ParseDuration(text)
		f.SetInt(int64(d))
	case bool:
		var b bool
		b, err = strconv.ParseBool(text)
		f.SetBool(b)
	case int:
		var n int
		n, err = strconv.Atoi(text)
		f.SetInt(int64(n))
	default:
		f.SetString(text)
	}
	if err != nil {
		panic("acd: default " + strconv.Quote(text) + ": " + err.Error())
	}
}
