package newcomer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Section is the heading in README.md whose commands a newcomer follows.
const Section = "## Attach your own PBX"

// stays are the commands that stay in the terminal; whoever follows the README
// opens another one for what comes after.
var stays = map[string]bool{"operadora serve": true, "operadora top": true}

// block is a code block of the shell: the script, and the command that stays at its end.
type block struct{ script, stays string }

// blocks are the shell's code blocks of a section, in their order.
func blocks(readme, section string) ([]block, error) {
	_, text, found := strings.Cut("\n"+readme, "\n"+section+"\n")
	if !found {
		return nil, fmt.Errorf("README.md has no section %q", section)
	}
	var out []block
	var script strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		command, _, _ := strings.Cut(line, " #") // a comment, but for what is in quotes
		command = strings.TrimSpace(command)
		switch {
		case !inside && strings.HasPrefix(line, "## "):
			return out, nil
		case !inside && command == "```sh":
			inside = true
			script.Reset()
			out = append(out, block{})
		case inside && command == "```":
			inside = false
			out[len(out)-1].script = script.String()
		case inside && out[len(out)-1].stays != "":
			return nil, fmt.Errorf("nobody gets to %q: %q stays in the terminal", command, out[len(out)-1].stays)
		case inside && stays[command]:
			out[len(out)-1].stays = command
		case inside:
			script.WriteString(line)
		}
	}
	return out, nil
}

// ofPackage is what somebody types who has installed the package, as README.md says it: its files are there, and
// so are the sounds.
func ofPackage(script string) (string, error) {
	for _, row := range []struct{ own, installed string }{
		{"operadora init ", "# operadora init "},
		{"operadora sounds speak ", "operadora sounds speak --from /usr/share/operadora/sounds "},
	} {
		if strings.Count(script, "\n"+row.own) != 1 {
			return "", fmt.Errorf("the first block has not one line that begins with %q", row.own)
		}
		script = strings.Replace(script, "\n"+row.own, "\n"+row.installed, 1)
	}
	return script, nil
}

// Readme reads README.md of the checkout that holds the working folder.
func Readme() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			text, err := os.ReadFile(filepath.Join(dir, "README.md"))
			return string(text), err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("README.md is not to be found: run this in a checkout")
		}
		dir = up
	}
}
