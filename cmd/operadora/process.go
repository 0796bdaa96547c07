package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// leaseOwner is this process as the leases of PBXs name it.
func leaseOwner(instance string) orchestrator.LeaseOwner {
	if instance == "" {
		instance, _ = os.Hostname()
	}
	return orchestrator.LeaseOwner{Instance: cmp.Or(instance, "operadora"), Process: processName()}
}

// processName names this process so that another one on the same machine can
// tell whether it is alive: "<machine>/<pid>/<when it started>". The machine is
// told by its host name, its boot and its space of process ids, since all three
// must be the same for a process id to mean anything.
func processName() string {
	return fmt.Sprintf("%s/%d/%s", machine(), os.Getpid(), startOf(os.Getpid()))
}

// machine names the space that process ids are valid in.
func machine() string {
	host, _ := os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	short, _, _ := strings.Cut(string(boot), "-")
	return host + "+" + short + "+" + strings.Trim(space, "pid:[]")
}

// startOf is when a process started, in ticks since the boot; "" when there is no such process.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// the name in brackets may hold anything; the start is the 20th field behind it
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || string(fields[0]) == "Z" {
		return ""
	}
	return string(fields[19])
}

// processDead tells whether the holder of a lease ("<instance>/" and what
// processName gave) is certainly not alive. Of another machine nobody can tell.
func processDead(holder string) bool {
	parts := strings.Split(holder, "/")
	if len(parts) < 4 {
		return false
	}
	where, pid, started := parts[len(parts)-3], parts[len(parts)-2], parts[len(parts)-1]
	n, err := strconv.Atoi(pid)
	return err == nil && started != "" && where == machine() && startOf(n) != started
}
