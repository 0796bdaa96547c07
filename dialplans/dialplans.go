// Package dialplans holds what the administrator of a PBX adds to it so that
// it hands calls to operadora: files with their own instructions in their
// head, rendered with the site's values.
//
// It imports nothing of operadora, keeps no state, and may be called from any
// goroutine.
package dialplans

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"text/template"
	"time"
)

//go:embed asterisk/* freeswitch/*
var files embed.FS

// Values are what differs from site to site. The zero value of each field but
// ARIPassword means the default of DefaultValues.
type Values struct {
	App         string // name of the Stasis application, which operadora registers
	AwayContext string // the administrator's context for calls while operadora is away
	Prefix      string // what every feature code begins with, such as *48
	ARIUser     string
	ARIPassword string // required: a guessable one gives away every call
	// HTTPBind is the address that Asterisk's HTTP server listens on.
	HTTPBind string
	// HTTPPort is the TCP port beside HTTPBind.
	HTTPPort int
	// KeepHTTP is what the site's http.conf has already: none of it is set anew.
	KeepHTTP HTTP
}

// DefaultValues returns the defaults, without a password. The feature codes
// start with *48: FreePBX and IssabelPBX give it to nothing, while they use
// *45 to *47 for queues, *52 and *53 for forwarding, *54 and *55 for intercom
// and *56 and *57 for missed-call notices.
func DefaultValues() Values {
	return Values{
		App: "operadora", AwayContext: "operadora-away", Prefix: "*48",
		ARIUser: "operadora", HTTPBind: "127.0.0.1", HTTPPort: 8088,
	}
}

// File is one rendered file.
type File struct {
	Name    string // such as extensions_operadora.conf
	Content []byte
}

// UntilVariable is the global variable in which operadora tells the dialplan
// until when it takes calls, in seconds since 1970 by Asterisk's clock.
func UntilVariable(app string) string { return "OPERADORA_UNTIL_" + app }

// Ring is what the dialplan keeps of channels that ended: sixteen global variables,
// by the last hexadecimal digit of the channel's name, so that nobody has to wait
// for a lock. Each holds entries that end in "|", newest first; the last is cut
// off. An entry is: channel, milliseconds since 1970, cause, number dialled (of
// callers), caller number; of Ends: whether the far end hung up (1 or 0; the cause does
// not tell: Asterisk has 0 for most BYEs, and 16 for what its console hangs up), state of
// the channel, and of whom the PBX itself spoke to (LeadContext): what came of the message ("none"
// where there is none, "cut", "heard" or "failed"), when it began, in milliseconds, and when
// they had answered, in seconds with a fraction. Of Away: when the call began, state
// of the channel.
type Ring struct {
	Name string // of the variables, without the digit
	More string // what an entry has beside the fields that all have
	Most int    // bytes that are kept of what was there
}

// RingDigits are the digits that make the names of a ring's variables.
const RingDigits = "0123456789abcdef"

// endsKept is about how many entries all variables of Ends hold.
const endsKept = 500

// Ends keeps how the channels of calls ended that operadora has, or had.
func Ends(app string) Ring {
	return Ring{"OPERADORA_ENDS_" + app + "_", `,$["${CHANNEL(hangupsource)}" = "${CHANNEL(name)}"],${CHANNEL(state)},${OPERADORA_TOLD},${OPERADORA_TOLD_SINCE}`, 2000}
}

// Away keeps the calls that went to the away context.
func Away(app string) Ring {
	return Ring{"OPERADORA_AWAY_" + app + "_", ",${ARG2},${CHANNEL(state)}", 3000}
}

// AwayLast is the global variable that changes with each entry of Away.
func AwayLast(app string) string { return "OPERADORA_AWAY_LAST_" + app }

// AwayRecorded is the global variable in which operadora notes until when what
// Away holds is on record, in milliseconds since 1970, and the channels that ended
// shortly before, after commas.
func AwayRecorded(app string) string { return "OPERADORA_AWAY_RECORDED_" + app }

// What keeps those whom campaigns call from silence while operadora is away: a channel in
// WatchContext, at the extension that is named as the application, sends whoever of LeadGroup
// has answered and is joined with nobody to LeadContext, where LeadMessage is played: sounds, as
// Playback() takes them.
const (
	WatchContext = "operadora-watch"
	LeadContext  = "operadora-lead"
	LeadGroup    = "GROUP(operadora-lead)" // is the application's name
	LeadMessage  = "OPERADORA_MESSAGE"
	// WatchLinger is how long the channel in WatchContext stays after the last of LeadGroup is gone.
	WatchLinger = time.Minute
)

// NewPassword returns a new random password of 160 bits for Values.ARIPassword.
func NewPassword() string {
	b := make([]byte, 20)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

// Asterisk renders the files for Asterisk, in the order of their names. The
// error names the first value that would not survive in a configuration file.
func Asterisk(v Values) ([]File, error) {
	v = v.withDefaults()
	if err := v.validate(); err != nil {
		return nil, err
	}
	return render("asterisk", struct {
		Values
		EndsKept   int
		Ends, Away Ring
		AwayLast   string
		// Digits are RingDigits; WatchLinger is of the constant.
		Digits      string
		WatchLinger int
		DigitAt     int // where the digits start, past the prefix and the code's own digit
	}{v, endsKept, Ends(v.App), Away(v.App), AwayLast(v.App), RingDigits, int(WatchLinger / time.Second), len(v.Prefix) + 1})
}

func render(dir string, data any) ([]File, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("dialplans of %s: %w", dir, err)
	}
	var out []File
	for _, e := range entries {
		tmpl, err := template.New(e.Name()).Option("missingkey=error").ParseFS(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("dialplan %s: %w", e.Name(), err)
		}
		var b bytes.Buffer
		if err := tmpl.Execute(&b, data); err != nil {
			return nil, fmt.Errorf("dialplan %s: %w", e.Name(), err)
		}
		out = append(out, File{Name: e.Name(), Content: b.Bytes()})
	}
	return out, nil
}

func (v Values) withDefaults() Values {
	d := DefaultValues()
	v.App = cmp.Or(v.App, d.App)
	v.AwayContext = cmp.Or(v.AwayContext, d.AwayContext)
	v.Prefix = cmp.Or(v.Prefix, d.Prefix)
	v.ARIUser = cmp.Or(v.ARIUser, d.ARIUser)
	v.HTTPBind = cmp.Or(v.HTTPBind, d.HTTPBind)
	v.HTTPPort = cmp.Or(v.HTTPPort, d.HTTPPort)
	return v
}

// A configuration file of Asterisk ends a value at a semicolon or a newline,
// and the dialplan expands $ and splits at commas and brackets: a value that
// holds any of these would not arrive as given.
var (
	word     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	code     = regexp.MustCompile(`^[*0-9]{1,6}$`)
	password = regexp.MustCompile(`^[A-Za-z0-9!#%&()*+,./:<=>?@^_{|}~-]{8,128}$`)
	address  = regexp.MustCompile(`^[0-9A-Fa-f.:]{2,45}$`)
)

// shaped is a value, and what it must look like.
type shaped struct {
	name, value string
	shape       *regexp.Regexp
	wanted      string
}

// check names the first value that does not look as it must; passwords are not shown.
func check(values ...shaped) error {
	for _, c := range values {
		switch {
		case c.shape.MatchString(c.value):
		case strings.Contains(c.name, "password"):
			return fmt.Errorf("dialplan: the %s must be %s", c.name, c.wanted)
		default:
			return fmt.Errorf("dialplan: %s %q must be %s", c.name, c.value, c.wanted)
		}
	}
	return nil
}

func (v Values) validate() error {
	err := check(
		shaped{"application name", v.App, word, "letters, digits, - and _"},
		shaped{"away context", v.AwayContext, word, "letters, digits, - and _"},
		shaped{"feature code prefix", v.Prefix, code, "digits and *"},
		shaped{"ARI user", v.ARIUser, word, "letters, digits, - and _"},
		shaped{"ARI password", v.ARIPassword, password, "8 to 128 letters, digits and signs, without blanks, quotes, ; $ [ ] or \\"},
	)
	if err != nil {
		return err
	}
	if !address.MatchString(v.HTTPBind) {
		return fmt.Errorf("dialplan: HTTP address %q is not an IP address", v.HTTPBind)
	}
	if v.HTTPPort < 1 || v.HTTPPort > 65535 {
		return fmt.Errorf("dialplan: HTTP port %d is not between 1 and 65535", v.HTTPPort)
	}
	return nil
}
