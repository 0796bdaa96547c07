package main

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestProcessDead(t *testing.T) {
	t.Parallel()
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	name := "one/" + machine() + "/" + strconv.Itoa(child.Process.Pid) + "/" + startOf(child.Process.Pid)
	rows := []struct {
		name, holder string
		want         bool
	}{
		{"ourselves", "one/" + processName(), false},
		{"another process that lives", name, false},
		{"the same process id, started at another time", name + "1", true},
		{"another machine", strings.Replace(name, machine(), "elsewhere", 1), false},
		{"an unknown form", "one/x", false},
		{"a name with slashes", "a/b/" + processName(), false},
	}
	for _, r := range rows {
		if got := processDead(r.holder); got != r.want {
			t.Errorf("%s: %v, want %v", r.name, got, r.want)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed: that is its error
	if !processDead(name) {
		t.Error("a killed process is taken for alive")
	}
}
