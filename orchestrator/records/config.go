package records

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config says where records are kept and how the journal is drained.
type Config struct {
	DSN         DSN           `yaml:"dsn" default:"sqlite:operadora.db" doc:"Where records are kept: sqlite:<file> or postgres://user:password@host/database."`
	Connections int           `yaml:"connections" min:"2" max:"1000" default:"8" doc:"How many database connections may be open at once."`
	Batch       int           `yaml:"batch" min:"1" max:"10000" default:"500" doc:"How many journal entries are written in one transaction at most."`
	KeepJournal time.Duration `yaml:"keep_journal" min:"1m" max:"720h" default:"1h" doc:"How long recorded entries stay in the journal, so that pages which reconnect miss nothing."`
	KeepSound   time.Duration `yaml:"keep_recordings" min:"0s" max:"175200h" default:"0s" doc:"How long the sound of calls is kept of which neither queue nor campaign says how long, such as of those that never came to a queue: 2160h is 90 days; 0 is for ever."`
	KeepCalls   time.Duration `yaml:"keep_records" min:"0s" max:"175200h" default:"0s" doc:"How long what is on record of the same calls is kept, sound and figures included; 0 is for ever."`
	RetryMax    time.Duration `yaml:"retry_max" min:"100ms" max:"10m" default:"10s" doc:"Longest pause between attempts while the database is away."`
	ExpireAt    string        `yaml:"expire_at" default:"" doc:"Time of day, such as 03:30 in the time_zone of the definitions, at which what is kept no longer (keep_recordings and keep_records of campaigns, of queues, and of records) is removed for good, daily. Empty removes nothing by itself; see what operadora retention run says first."`
}

// Validate names the first key whose value cannot work.
func (c Config) Validate() error {
	if _, _, err := c.DSN.split(); err != nil {
		return fmt.Errorf("records.dsn: %w", err)
	}
	if _, err := c.ExpireTime(); c.ExpireAt != "" && err != nil {
		return err
	}
	return yamlfile.Check("records", c).Err()
}

// ExpireTime is the time of day of ExpireAt, in minutes.
func (c Config) ExpireTime() (minute int, err error) {
	minute, ok := calendar.ReadClock(c.ExpireAt)
	if !ok {
		return 0, fmt.Errorf("records.expire_at: %q is no time of day such as 03:30", c.ExpireAt)
	}
	return minute, nil
}

// DSN names a database. It may hold a password: printing it shows "***" instead.
type DSN string

type dialect string

const (
	dialectSQLite   dialect = "sqlite"
	dialectPostgres dialect = "postgres"
)

// split returns the dialect and what its driver wants: a file name, or the whole URL.
func (d DSN) split() (dialect, string, error) {
	scheme, rest, ok := strings.Cut(string(d), ":")
	switch {
	case ok && scheme == "sqlite" && rest != "":
		return dialectSQLite, rest, nil
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		if _, err := url.Parse(string(d)); err != nil {
			return "", "", fmt.Errorf("not a URL") // url.Parse quotes its input, password included
		}
		return dialectPostgres, string(d), nil
	}
	return "", "", fmt.Errorf("neither sqlite:<file> nor postgres://…")
}

// String returns the DSN without its password.
func (d DSN) String() string {
	kind, _, err := d.split()
	if err != nil {
		return "***"
	}
	if kind == dialectSQLite {
		return string(d)
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "***"
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "***")
	}
	q := u.Query()
	if q.Has("password") { // libpq accepts it there too
		q.Set("password", "***")
		u.RawQuery = q.Encode()
	}
	text, err := url.PathUnescape(u.String())
	if err != nil {
		return "***"
	}
	return text
}

// GoString keeps the password out of %#v.
func (d DSN) GoString() string { return d.String() }

// LogValue keeps the password out of logs.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }
