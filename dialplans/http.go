package dialplans

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// HTTP is what a site's http.conf says in its [general] section.
type HTTP struct {
	Enabled bool            // the server runs: somebody may be using it
	Set     map[string]bool // settings that are there, when it is enabled
}

// Has tells whether a setting is there.
func (h HTTP) Has(name string) bool { return h.Set[name] }

// ReadHTTP reads http.conf; a file that is not there says nothing.
func ReadHTTP(path string) (HTTP, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return HTTP{}, nil
	}
	if err != nil {
		return HTTP{}, fmt.Errorf("dialplan: %w", err)
	}
	return parseHTTP(string(text)), nil
}

func parseHTTP(text string) HTTP {
	h := HTTP{Set: map[string]bool{}}
	general := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, ";")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			general = strings.HasPrefix(line, "[general]")
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !general {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(strings.TrimPrefix(value, ">")))
		h.Set[name] = true
		if name == "enabled" {
			h.Enabled = value == "yes" || value == "true" || value == "1" || value == "on" || value == "y" || value == "t"
		}
	}
	if !h.Enabled {
		return HTTP{} // nobody uses it: the defaults in the file mean nothing
	}
	return h
}
