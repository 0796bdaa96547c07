package dialplans

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// FreeSWITCHValues are what differs from site to site on FreeSWITCH. The zero
// value of each field but Password means the default of DefaultFreeSWITCH.
type FreeSWITCHValues struct {
	App         string // under which calls are handed over; also the conference profile
	AwayContext string // the administrator's context for calls while operadora is away
	Prefix      string // what every feature code begins with, such as *48
	Password    string // of the event socket; required
	Bind        string // address that the event socket listens on
	Port        int    // TCP port beside Bind
	ACL         string // access list of who may connect
	Patience    int    // seconds that a call waits to be taken up
}

// DefaultFreeSWITCH returns the defaults, without a password.
func DefaultFreeSWITCH() FreeSWITCHValues {
	v := DefaultValues()
	return FreeSWITCHValues{
		App: v.App, AwayContext: v.AwayContext, Prefix: v.Prefix,
		Bind: "127.0.0.1", Port: 8021, ACL: "loopback.auto", Patience: 10,
	}
}

// FreeSWITCH renders the files for FreeSWITCH, in the order of their names. The
// error names the first value that would not survive in a configuration file.
func FreeSWITCH(v FreeSWITCHValues) ([]File, error) {
	d := DefaultFreeSWITCH()
	v.App = cmp.Or(v.App, d.App)
	v.AwayContext = cmp.Or(v.AwayContext, d.AwayContext)
	v.Prefix = cmp.Or(v.Prefix, d.Prefix)
	v.Bind = cmp.Or(v.Bind, d.Bind)
	v.Port = cmp.Or(v.Port, d.Port)
	v.ACL = cmp.Or(v.ACL, d.ACL)
	v.Patience = cmp.Or(v.Patience, d.Patience)
	if err := v.validate(); err != nil {
		return nil, err
	}
	return render("freeswitch", struct {
		FreeSWITCHValues
		PrefixPattern string
		KeepEnd       string
		Channel       string
	}{v, regexp.QuoteMeta(v.Prefix), FreeSWITCHKeepEnd(v.App), FreeSWITCHChannel})
}

// FreeSWITCHEnds is the realm of mod_hash where channels write down how they
// ended: the channel, the end in microseconds since 1970 and the cause; and then, each
// behind its letter, when it began (b) and was answered (a), what it dialled (d), who
// called (n), and whether operadora took it up (h, FreeSWITCHHeard). The key is the end
// of the channel's number, so that later ones replace earlier ones.
func FreeSWITCHEnds(app string) string { return "operadora." + app + ".ended" }

// FreeSWITCHChannel is what the id of a channel looks like that is handed over. A profile
// of sofia may take ids from outside (inbound-use-callid-as-uuid), and what does not look
// so can be part of no command.
const FreeSWITCHChannel = `^[A-Za-z0-9_.:@-]{1,128}$`

// FreeSWITCHHeard is the variable of a channel that operadora has taken up.
const FreeSWITCHHeard = "operadora_heard"

// FreeSWITCHAtEnd is the command that a channel gives as it ends (its variable
// api_reporting_hook), to write that down.
func FreeSWITCHAtEnd(app string) string {
	return `hash insert/` + FreeSWITCHEnds(app) + `/${session_id:-3}/${uuid} ${strmicroepoch()} ${hangup_cause} b${Caller-Channel-Created-Time}` +
		` a${Caller-Channel-Answered-Time} d${operadora_did} n${operadora_number} h${` + FreeSWITCHHeard + `}`
}

// FreeSWITCHKeepEnd is the value of a variable (of any name) that has a channel
// write its end down. FreeSWITCH allows no variable to hold what is to be expanded
// later but by uuid_setvar.
func FreeSWITCHKeepEnd(app string) string {
	return `${uuid_setvar(${uuid} api_reporting_hook ` + strings.ReplaceAll(FreeSWITCHAtEnd(app), `$`, `\$`) + `)}`
}

var (
	listName   = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)
	fsPassword = regexp.MustCompile(`^[A-Za-z0-9_.~-]{8,128}$`) // XML and FreeSWITCH's own expansion leave these alone
)

func (v FreeSWITCHValues) validate() error {
	err := check(
		shaped{"application name", v.App, word, "letters, digits, - and _"},
		shaped{"away context", v.AwayContext, word, "letters, digits, - and _"},
		shaped{"feature code prefix", v.Prefix, code, "digits and *"},
		shaped{"access list", v.ACL, listName, "letters, digits, dots, - and _"},
		shaped{"password of the event socket", v.Password, fsPassword, "8 to 128 letters, digits, dots, tildes, - and _"},
	)
	switch {
	case err != nil:
		return err
	case net.ParseIP(v.Bind) == nil:
		return fmt.Errorf("dialplan: address %q is not an IP address", v.Bind)
	case v.Port < 1 || v.Port > 65535:
		return fmt.Errorf("dialplan: port %d is not between 1 and 65535", v.Port)
	case v.Patience < 2 || v.Patience > 60:
		return fmt.Errorf("dialplan: a patience of %d seconds is not between 2 and 60", v.Patience)
	case strings.Contains(v.App, "--"): // it ends an XML comment
		return fmt.Errorf("dialplan: application name %q must not hold two dashes in a row", v.App)
	case strings.Contains(v.AwayContext, "--"):
		return fmt.Errorf("dialplan: away context %q must not hold two dashes in a row", v.AwayContext)
	}
	return nil
}
