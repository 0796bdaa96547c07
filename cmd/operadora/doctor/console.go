package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Console runs commands on the console of the Asterisk of this machine.
type Console struct {
	Command []string // reaches it: "asterisk", perhaps with -C and its configuration
}

// consoleLimit is how long one command may take.
const consoleLimit = 10 * time.Second

// Run returns what a command prints.
func (c Console) Run(ctx context.Context, command string) (string, error) {
	if len(c.Command) == 0 {
		return "", fmt.Errorf("no console is known")
	}
	ctx, cancel := context.WithTimeout(ctx, consoleLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.Command[0], append(c.Command[1:len(c.Command):len(c.Command)], "-rx", command)...).CombinedOutput() //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("%s -rx %q: %w: %s", strings.Join(c.Command, " "), command, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// Place is where an Asterisk of this machine has its things.
type Place struct {
	EntityID                 string // by which it is known from others
	Config, Data, Spool, Run string // folders
}

// Place asks where Asterisk has its things.
func (c Console) Place(ctx context.Context) (Place, error) {
	out, err := c.Run(ctx, "core show settings")
	if err != nil {
		return Place{}, err
	}
	p := placeOf(out)
	if p.Data == "" || p.Config == "" {
		return p, fmt.Errorf("%s does not tell its folders", strings.Join(c.Command, " "))
	}
	return p, nil
}

func placeOf(settings string) (p Place) {
	fields := map[string]*string{"Entity ID": &p.EntityID, "Configuration directory": &p.Config, "Data directory": &p.Data,
		"Spool directory": &p.Spool, "Run/Sockets directory": &p.Run}
	for line := range strings.Lines(settings) {
		if name, value, ok := strings.Cut(line, ":"); ok && fields[strings.TrimSpace(name)] != nil {
			*fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return p
}

// musicClasses are the classes of hold music that have something to play: the
// output of "moh show classes" and of "moh show files".
func musicClasses(classes, files string) map[string]bool {
	playing, class := map[string]bool{}, ""
	for line := range strings.Lines(files) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "Class":
			class = strings.TrimSpace(value)
		case "File":
			playing[class] = true
		}
	}
	out, class := map[string]bool{}, ""
	for line := range strings.Lines(classes) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); name {
		case "Class":
			class = value
			out[class] = playing[class]
		case "Mode":
			out[class] = out[class] || (value != "files" && value != "playlist") // a program plays
		}
	}
	return out
}
