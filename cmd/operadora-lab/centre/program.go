package centre

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// AsProgram is the environment variable that makes a test binary be operadora itself.
const AsProgram = "OPERADORA_AS_PROGRAM"

// ProgramPath is the environment variable that names the operadora binary to
// run instead of the one beside this program: `make test` sets it to one built
// with the race detector.
const ProgramPath = "OPERADORA_PROGRAM"

// Program is the path of the operadora binary.
func Program() (string, error) {
	if path := os.Getenv(ProgramPath); path != "" {
		return filepath.Abs(path) // it is run in other folders
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "operadora")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("there is no operadora beside %s (`make build` builds both), and %s names none", self, ProgramPath)
	}
	return path, nil
}

// Command is an operadora command line in a folder. It dies with this process.
func Command(dir string, args ...string) (*exec.Cmd, error) {
	program, err := Program()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...) //nolint:gosec // operadora itself, or what the environment names for it
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), AsProgram+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, nil
}

// Run runs an operadora command in a folder to its end and returns what it printed.
func Run(dir string, args ...string) (string, error) {
	cmd, err := Command(dir, args...)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("operadora %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
