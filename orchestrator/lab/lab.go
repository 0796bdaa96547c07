package lab

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// TB is what the package needs of a test or a benchmark; *testing.T and
// *testing.B have it.
type TB interface {
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// ErrNotSetUp means that `make setup` has not completed in this checkout.
var ErrNotSetUp = errors.New("the lab is not set up: run `make setup` first")

// Dir returns the folder of the lab: $OPERADORA_LAB, or .lab in the checkout
// that holds the working folder. The error is ErrNotSetUp when it is not there
// or not complete.
func Dir() (string, error) {
	if dir := os.Getenv("OPERADORA_LAB"); dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("the lab's folder: %w", err)
		}
		return complete(dir)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the lab's folder: %w", err)
	}
	for {
		if found, err := complete(filepath.Join(dir, ".lab")); err == nil {
			return found, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ErrNotSetUp
		}
		dir = up
	}
}

// complete returns dir when setup.sh has finished there: the file lab.env is
// the last that it writes.
func complete(dir string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "lab.env")); err != nil {
		return "", fmt.Errorf("%w (nothing complete in %s)", ErrNotSetUp, dir)
	}
	return dir, nil
}

// Require ends the test when the lab is not set up. Under -short it skips the
// test instead: short runs are for the parts that need no lab. It returns the
// lab's folder.
func Require(tb TB) string {
	tb.Helper()
	if f := flag.Lookup("test.short"); f != nil && f.Value.String() == "true" {
		tb.Skipf("-short: this test runs on a real Asterisk, redis-server or SIPp")
	}
	dir, err := Dir()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return dir
}

// parts are the programs and folders of a lab, as setup.sh describes them in
// lab.env; paths are absolute.
type parts struct {
	dir       string
	version   string // of Asterisk, such as "Asterisk 22.10.1"
	loader    string // program loader to start asterisk with; "" when it is the machine's own
	libraries string // colon-separated, for the loader
	asterisk  string
	modules   string
	data      string // documentation, sounds and hold music
	redis     string
	sipp      string
}

func findParts() (parts, error) {
	dir, err := Dir()
	if err != nil {
		return parts{}, err
	}
	p := parts{dir: dir}
	fields := map[string]*string{
		"version": &p.version, "loader": &p.loader, "libraries": &p.libraries, "asterisk": &p.asterisk,
		"modules": &p.modules, "data": &p.data, "redis": &p.redis, "sipp": &p.sipp,
	}
	f, err := os.Open(filepath.Join(dir, "lab.env"))
	if err != nil {
		return parts{}, fmt.Errorf("reading the lab's description: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if field := fields[key]; field != nil {
			*field = value
		}
	}
	for _, field := range []*string{&p.loader, &p.libraries, &p.asterisk, &p.modules, &p.data, &p.redis, &p.sipp} {
		*field = within(dir, *field)
	}
	for _, needed := range []string{p.asterisk, p.modules, p.data, p.redis, p.sipp} {
		if _, err := os.Stat(needed); errors.Is(err, fs.ErrNotExist) {
			return parts{}, fmt.Errorf("the lab in %s lacks %q: run `make setup` again", dir, needed)
		}
	}
	return p, nil
}

// within makes each part of a colon-separated list of paths absolute.
func within(dir, list string) string {
	if list == "" {
		return ""
	}
	paths := strings.Split(list, ":")
	for i, p := range paths {
		if !filepath.IsAbs(p) {
			paths[i] = filepath.Join(dir, p)
		}
	}
	return strings.Join(paths, ":")
}
