// Package laws holds the probability laws that a simulated contact centre is
// made of: how long a person takes to answer, to talk, to be written up. Each
// law knows its own mean, variance, distribution function and quantiles in
// closed form, so a simulator that samples from it can be tested against
// arithmetic instead of against itself.
//
// The unit of every law is whatever the caller samples, in this project always
// seconds. Laws are immutable values and may be shared between goroutines; the
// generator that is passed to Sample may not.
//
// The package imports no clock, no simulator and no pacer.
package laws
