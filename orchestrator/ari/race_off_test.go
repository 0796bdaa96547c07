//go:build !race

package ari

// raceEnabled tells whether the race detector is at work.
const raceEnabled = false
