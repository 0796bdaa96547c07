package esl

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Config says how to reach one FreeSWITCH, and where it keeps what.
type Config struct {
	Address  string              `yaml:"address" default:"127.0.0.1:8021" doc:"Host and port of the event socket (event_socket.conf.xml)."`
	Password orchestrator.Secret `yaml:"password" default:"" doc:"Password of the event socket."`
	App      string              `yaml:"app" shape:"id" default:"operadora" doc:"Name under which the dialplan hands calls over; another one for each installation on the same FreeSWITCH."`
	Domain   string              `yaml:"domain" default:"" doc:"Domain of the phones, as in user/101@DOMAIN. Empty: the one that FreeSWITCH calls domain."`

	Recordings   string `yaml:"recordings" default:"/var/lib/freeswitch/recordings/operadora" doc:"Folder for recordings, as FreeSWITCH sees it."`
	RecordingsAt string `yaml:"recordings_at" default:"" doc:"Where operadora reads and deletes them: a folder, or the http(s) address of a server that answers GET, HEAD and DELETE. Empty: the same folder."`

	SoundsEN  string `yaml:"sounds_en" default:"${sounds_dir}/en/us/callie" doc:"Folder of the English voice, as FreeSWITCH sees it."`
	SoundsES  string `yaml:"sounds_es" default:"${sounds_dir}/es/ar/mario" doc:"Folder of the Spanish voice, as FreeSWITCH sees it."`
	SoundType string `yaml:"sound_type" default:"wav" doc:"Ending of the sound files."`
	Music     string `yaml:"music" default:"moh" doc:"Stream of mod_local_stream that is heard on hold when a queue names none."`
	Prefix    string `yaml:"prefix" default:"*48" doc:"What every feature code begins with, as in the dialplan: keys watch *486101 and *487101 for agent 101."`
	Profile   string `yaml:"profile" default:"operadora" doc:"Profile of conference.conf.xml in which conversations are held."`

	CommandTimeout time.Duration `yaml:"command_timeout" min:"10ms" max:"1m" default:"5s" doc:"How long one command may take."`
	PingInterval   time.Duration `yaml:"ping_interval" min:"10ms" max:"5m" default:"2s" doc:"How often the event socket is tested by a job whose end must be told; the connection is given up when nothing was heard for three times as long."`
	Connections    int           `yaml:"connections" min:"1" max:"64" default:"16" doc:"Connections for commands, beside the one for events. FreeSWITCH reads a command letter by letter, and where processor time is short each connection waits for every letter: with few of them calls wait for one another."`
}

var (
	word    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	lampKey = regexp.MustCompile(`^[*0-9]{0,12}$`)
	host    = regexp.MustCompile(`^[A-Za-z0-9.:_-]{1,128}$`)
	folder  = regexp.MustCompile(`^(\$\{[a-z_]+\}|/)[\pL\pN_.+/-]*$`) // what FreeSWITCH reads without quoting
)

// voice is the folder of a language's voice, as FreeSWITCH sees it.
func (c Config) voice(lang string) string {
	if strings.HasPrefix(strings.ToLower(lang), "es") {
		return c.SoundsES
	}
	return c.SoundsEN
}

// sound is the file of a sound in a voice, as FreeSWITCH sees it.
func (c Config) sound(lang, name string) string {
	return c.voice(lang) + "/" + name + "." + c.SoundType
}

// Validate returns an error of kind Invalid that names the first key that cannot work.
func (c Config) Validate() error {
	bad := func(key, format string, args ...any) error {
		return fault.New("", fault.Invalid, "%s: %s", key, fmt.Sprintf(format, args...))
	}
	if h, port, err := net.SplitHostPort(c.Address); err != nil || h == "" || port == "" {
		return bad("address", "%q is not host:port", c.Address)
	}
	if strings.ContainsAny(string(c.Password), "\r\n") {
		return bad("password", "must not hold the end of a line")
	}
	if !lampKey.MatchString(c.Prefix) {
		return bad("prefix", "%q is not digits and *", c.Prefix)
	}
	if c.Domain != "" && !host.MatchString(c.Domain) {
		return bad("domain", "%q is not a host name", c.Domain)
	}
	for _, w := range []struct{ key, value string }{
		{"app", c.App}, {"sound_type", c.SoundType}, {"music", c.Music}, {"profile", c.Profile},
	} {
		if !word.MatchString(w.value) {
			return bad(w.key, "%q is not a name of letters, digits, dots, dashes and underscores", w.value)
		}
	}
	for _, f := range []struct{ key, value string }{
		{"recordings", c.Recordings}, {"sounds_en", c.SoundsEN}, {"sounds_es", c.SoundsES},
	} {
		if !folder.MatchString(f.value) {
			return bad(f.key, "%q is not the path of a folder without blanks", f.value)
		}
	}
	if strings.Contains(c.Recordings, "$") || path.Clean(c.Recordings) != c.Recordings {
		return bad("recordings", "%q is not a plain path", c.Recordings)
	}
	if u, err := url.Parse(c.RecordingsAt); c.remote() && (err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		return bad("recordings_at", "%q is not an address", c.RecordingsAt)
	}
	if !c.remote() && !filepath.IsAbs(c.at()) {
		return bad("recordings_at", "%q is neither the path of a folder nor an http(s) address", c.RecordingsAt)
	}
	switch {
	case c.CommandTimeout <= 0:
		return bad("command_timeout", "%v is not positive", c.CommandTimeout)
	case c.PingInterval <= 0:
		return bad("ping_interval", "%v is not positive", c.PingInterval)
	case c.Connections < 1 || c.Connections > 64:
		return bad("connections", "%d is not between 1 and 64", c.Connections)
	}
	return nil
}

// Warnings returns what works but should be changed, one sentence each.
func (c Config) Warnings() []string {
	var w []string
	if h, _, err := net.SplitHostPort(c.Address); err == nil && !loopback(h) {
		w = append(w, fmt.Sprintf("address: password and calls travel to %s in clear text; use a tunnel", c.Address))
	}
	switch c.Password {
	case "":
		w = append(w, "password: is empty")
	case "ClueCon":
		w = append(w, "password: is the one that everybody knows; whoever reaches the event socket owns the machine")
	}
	return w
}

func loopback(name string) bool {
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// at is where recordings are read.
func (c Config) at() string {
	if c.RecordingsAt == "" {
		return c.Recordings
	}
	return c.RecordingsAt
}

func (c Config) remote() bool {
	return strings.HasPrefix(c.RecordingsAt, "http://") || strings.HasPrefix(c.RecordingsAt, "https://")
}
