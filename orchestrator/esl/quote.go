package esl

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A value that travels in a command is either of a shape that means nothing to
// FreeSWITCH (ids, numbers, names of contexts), or written so that it does not:
// an end of line would begin the next command, a blank the next argument, a
// comma the next variable, ${ an expansion.
var (
	channelID  = regexp.MustCompile(dialplans.FreeSWITCHChannel)
	extension  = regexp.MustCompile(`^[A-Za-z0-9_.*#+-]{1,64}$`)
	endpointID = regexp.MustCompile(`^(user/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?|(sofia|loopback)/[A-Za-z0-9_.+*#@:/-]+)$`)
	variable   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
)

// oneLine refuses what would be more than one line on the wire.
func oneLine(command string) error {
	if strings.ContainsAny(command, "\r\n\x00") {
		return fault.New("esl.Send", fault.Invalid, "a command with an end of line in it")
	}
	return nil
}

// packArgs writes arguments so that they pass as the value of a variable
// anywhere: letters and digits stay, all else becomes =XX.
func packArgs(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(':')
		}
		for j := range len(a) {
			if c := a[j]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "=%02X", c)
			}
		}
	}
	return b.String()
}

// unpackArgs reads what packArgs wrote, and what a dialplan writes plainly.
func unpackArgs(s string) []string {
	if s == "" {
		return nil
	}
	args := strings.Split(s, ":")
	for i, a := range args {
		args[i] = unpack(a)
	}
	return args
}

func unpack(s string) string {
	if !strings.Contains(s, "=") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		var c byte
		if s[i] == '=' && i+2 < len(s) {
			if n, err := fmt.Sscanf(s[i+1:i+3], "%02X", &c); n == 1 && err == nil {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// shown is a name as a called phone shows it, within the variables of an
// origination: what these treat specially cannot be said there, and is left out.
func shown(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("{}[]<>()|,'\"\\$^!:;=&%~`", r) || r < ' ' {
			return -1
		}
		return r
	}, name)
}

// originVariables writes {a=b,…} of an origination. The values are ours, or of
// a shape that was checked; one with a blank is quoted.
func originVariables(v map[string]string) (string, error) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		value := v[name]
		if !variable.MatchString(name) {
			return "", fault.New("esl.Originate", fault.Invalid, "variable %q has no plain name", name)
		}
		if strings.ContainsAny(value, "{}[],'\"\\$^\r\n\x00") {
			return "", fault.New("esl.Originate", fault.Invalid, "the value of variable %q cannot be written for FreeSWITCH", name)
		}
		if value == "" {
			continue
		}
		if strings.Contains(value, " ") {
			value = "'" + value + "'"
		}
		parts = append(parts, name+"="+value)
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}
