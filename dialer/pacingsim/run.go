package pacingsim

import "time"

// Options say what to run.
type Options struct {
	World *World
	// Algorithm is its name for the result.
	Algorithm string
	Factory   Factory
	// Seeds is how many, FirstSeed the first of them.
	Seeds     int
	FirstSeed uint64
	// Hours measured after the warm-up; 0 takes the world's own.
	Hours float64
	// Workers is how many seeds run at once; 0 is one.
	Workers int
	// Progress, if set, is called with the virtual hours done and to do, from one goroutine at a time.
	Progress func(done, total float64)
	// Clock, if set, is read around decisions for Result.DecisionsPerSecond.
	Clock func() time.Time
	// KeepSeeds and KeepDay fill Result.PerSeed and Result.Day.
	KeepSeeds, KeepDay bool
}
