//go:build race

package pacingsim

// slower says that the race detector makes a simulation take ten times as long;
// the tests of goals then run fewer hours, with the same assertions.
const slower = true
