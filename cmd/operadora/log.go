package main

import (
	"fmt"
	"io"
	"log/slog"
)

// LogConfig says what is logged and how.
type LogConfig struct {
	Level  string `yaml:"level" oneof:"debug info warn error" default:"info" doc:"debug, info, warn or error. Only debug shows whole phone numbers."`
	Format string `yaml:"format" oneof:"text json" default:"text" doc:"text or json."`
}

// handler makes the log handler, or says which key is wrong.
func (c LogConfig) handler(w io.Writer) (slog.Handler, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %q is not debug, info, warn or error", c.Level)
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.Format {
	case "text":
		return slog.NewTextHandler(w, o), nil
	case "json":
		return slog.NewJSONHandler(w, o), nil
	}
	return nil, fmt.Errorf("log.format: %q is neither text nor json", c.Format)
}
