package pacingsim

// Outcome is what a lead would do.
type Outcome struct {
	Class Class
	// In is the time from launch to the answer, pick-up or failure, in seconds.
	In float64
}

// Class is how an attempt turns out.
type Class uint8

// The classes of outcomes.
const (
	// NoAnswer rings in vain.
	NoAnswer Class = iota
	// Person is answered by a person.
	Person
	// Machine is picked up by an answering machine.
	Machine
	// Failure is busy, invalid or rejected.
	Failure
	// Congestion is refused by the carrier.
	Congestion
)
