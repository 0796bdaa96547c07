//go:build !race

package pacingsim

const slower = false
