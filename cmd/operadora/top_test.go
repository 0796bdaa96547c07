package main

import (
	"strings"
	"testing"
)

// TestTopWithoutATerminal needs no operadora: it must say what it lacks.
func TestTopWithoutATerminal(t *testing.T) {
	t.Setenv("OPERADORA_TOKEN", "")
	if _, err := command(t, "top"); err == nil || !strings.Contains(err.Error(), "no token") {
		t.Errorf("without a token: %v", err)
	}
}
