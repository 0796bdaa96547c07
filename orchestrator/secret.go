package orchestrator

import "log/slog"

// Secret is a password or key. It prints as *** everywhere; Reveal gives it away on purpose.
type Secret string

const hidden = "***"

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the value, for the one who must send it.
func (s Secret) Reveal() string { return string(s) }
