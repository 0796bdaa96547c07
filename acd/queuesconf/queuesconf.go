// Package queuesconf turns Asterisk's queues.conf into operadora's definitions. What
// has no equivalent becomes a comment that says so, never a guess. It reads text and
// writes text.
package queuesconf

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Wrong is a line that cannot be read.
type Wrong struct {
	Line int
	Text string
	Why  string
}

func (w *Wrong) Error() string { return fmt.Sprintf("line %d: %q: %s", w.Line, w.Text, w.Why) }

// section is a [name] of the file.
type section struct {
	name     string
	line     int
	template bool
	settings []setting // those of its templates first
}

type setting struct {
	name, value string
	line        int
}

// value is the last one of a setting; "" when it is not set.
func (s *section) value(name string) (value string, ok bool) {
	for _, x := range s.settings {
		if x.name == name {
			value, ok = x.value, true
		}
	}
	return value, ok
}

// file is what was read.
type file struct {
	sections []*section
	includes []setting // that were not followed
}

// read reads Asterisk's configuration format: sections with templates, comments,
// settings by = or =>.
func read(r io.Reader) (*file, error) {
	f := &file{}
	var now *section
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	comment := false
	for n := 1; lines.Scan(); n++ {
		raw := lines.Text()
		text := strings.TrimPrefix(raw, "\ufeff")
		switch { // ;-- opens a comment of several lines, and ;--- does not
		case comment:
			_, rest, over := strings.Cut(text, "--;")
			if !over {
				continue
			}
			comment, text = false, rest
		case strings.HasPrefix(strings.TrimSpace(text), ";--") && !strings.HasPrefix(strings.TrimSpace(text), ";---"):
			comment = !strings.Contains(text, "--;")
			continue
		}
		text = strings.TrimSpace(uncomment(text))
		var err error
		switch {
		case text == "":
		case text[0] == '[':
			now, err = f.open(text, n)
		case text[0] == '#':
			f.includes = append(f.includes, setting{value: text, line: n})
		case now == nil:
			err = &Wrong{n, raw, "stands before the first [section]"}
		default:
			name, value, ok := strings.Cut(text, "=")
			if !ok {
				err = &Wrong{n, raw, "is no setting: there is no ="}
				break
			}
			now.settings = append(now.settings, setting{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(strings.TrimPrefix(value, ">")), n})
		}
		if err != nil {
			return nil, err
		}
	}
	return f, lines.Err()
}

// uncomment takes away what follows a semicolon that is not escaped.
func uncomment(text string) string {
	for i := range len(text) {
		if text[i] == ';' && (i == 0 || text[i-1] != '\\') {
			return text[:i]
		}
	}
	return text
}

// open begins a section: [name], [name](!), [name](template,…) or [name](+).
func (f *file) open(text string, line int) (*section, error) {
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok || name == "" {
		return nil, &Wrong{line, text, "is no section: [name]"}
	}
	s := &section{name: strings.TrimSpace(name), line: line}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		f.sections = append(f.sections, s)
		return s, nil
	}
	if rest[0] != '(' || rest[len(rest)-1] != ')' {
		return nil, &Wrong{line, text, "has something behind its name that is no (template)"}
	}
	for of := range strings.SplitSeq(rest[1:len(rest)-1], ",") {
		of = strings.TrimSpace(of)
		switch of {
		case "!":
			s.template = true
			continue
		case "+":
			of = s.name
		}
		base := f.find(of)
		if base == nil {
			return nil, &Wrong{line, text, fmt.Sprintf("there is no section %q before it", of)}
		}
		if of == s.name {
			return base, nil
		}
		s.settings = append(s.settings, base.settings...)
	}
	f.sections = append(f.sections, s)
	return s, nil
}

func (f *file) find(name string) *section {
	for i := len(f.sections) - 1; i >= 0; i-- {
		if f.sections[i].name == name {
			return f.sections[i]
		}
	}
	return nil
}
