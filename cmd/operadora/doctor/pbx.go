package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

// pbxFacts are what was found out about one Asterisk.
type pbxFacts struct {
	cfg     ari.Config
	access  error // the first request; nil when it was answered
	took    time.Duration
	ours    bool // the operadora that serves at the API's address is connected to it
	standby bool // the operadora that serves at the API's address is not connected to it
	unseen  bool // operadora has no address at which it could be asked

	modules    map[string]bool
	modulesErr error

	report    ari.Report
	probe     error // the examination ended early
	probeTook time.Duration

	sessions sessionFacts

	endpoints    map[string]string
	endpointsErr error
	reach        reachFacts
	noWatch      bool // the dialplan has no context that watches over who answers campaigns
	noMachines   bool // the dialplan has no context that tells machines from people

	recordings map[string]error // what came of a trial, by format
	host       hostFacts

	kept    []keptNumber
	keptErr error

	otherPassword string // the file beside ari.conf that holds another password, when the login is refused

	settings    phoneSettings
	settingsErr error
}

// sessionsBeside is how many connections are tried beside a client that is
// connected: it needs those that are left.
const sessionsBeside = 8

func probePBX(ctx context.Context, cfg ari.Config, to gate.Reach, ours bool, phones, formats, numbers []string, console Console) pbxFacts {
	f := pbxFacts{cfg: cfg, ours: ours}
	r := newReader(cfg)
	defer r.close()
	begun := time.Now()
	f.access = r.get(ctx, smallest, nil)
	f.took = time.Since(begun)
	if f.access != nil {
		if status, ok := errors.AsType[statusError](f.access); ok && status == http.StatusUnauthorized {
			f.otherPassword = otherPasswordFile(ctx, console, cfg.User, cfg.Password.Reveal())
		}
		return f
	}
	f.modules, f.modulesErr = r.modules(ctx)
	f.endpoints, f.endpointsErr = r.endpoints(ctx)
	begun = time.Now()
	f.report, f.probe = ari.Probe(ctx, cfg)
	f.probeTook = time.Since(begun)
	f.settings, f.settingsErr = r.phoneSettings(ctx, phones)
	f.recordings = map[string]error{}
	for _, format := range formats {
		f.recordings[format] = r.record(ctx, format)
	}
	f.host = probeHost(ctx, console, f.report.EntityID)
	f.reach = asteriskReach(ctx, to, f, console)
	f.noWatch = lacksContext(ctx, f, console, dialplans.WatchContext)
	f.noMachines = lacksContext(ctx, f, console, machineContext)
	if f.host.err == nil {
		f.kept, f.keptErr = keptNumbers(ctx, r, console, f, phones, numbers)
	}
	n := cfg.MaxConnections + 2 // the event socket, and one for a person with a browser
	if f.report.Attached {
		n = min(n, sessionsBeside)
	}
	f.sessions = r.sessions(ctx, n)
	return f
}

// judgePBX tells everything but sounds and phones.
func judgePBX(name string, f pbxFacts, recordFormats []string) []Line {
	s := &sheet{part: "pbx " + name}
	judgeTransport(s, f.cfg)
	if f.access != nil {
		check, text, remedy := accessFault(f.access, f.cfg)
		if f.otherPassword != "" {
			text += "; " + f.otherPassword + " holds another password"
			remedy = "write the password of that file into pbxs." + name + ".ari.password, or the other way round; after a change there: module reload res_ari.so"
		}
		s.add(Fault, check, remedy, "%s", text).Took = f.took
		s.add(Note, "the rest", "repair this first and run doctor again", "was not examined")
		return s.lines
	}
	s.ok("reachable", "%s answers", f.cfg.URL).Took = f.took
	if fault.KindOf(f.probe) == fault.Denied {
		s.add(Fault, "login", fmt.Sprintf("read_only = no in [%s] of ari.conf, then on the Asterisk console: module reload res_ari.so", f.cfg.User),
			"user %q may read but not command", f.cfg.User)
	} else {
		s.ok("login", "user %q is accepted", f.cfg.User)
	}
	judgeVersion(s, f.report.Version)
	if f.modulesErr != nil {
		s.add(Warning, "modules", "load res_ari_asterisk.so", "cannot be listed: %v", f.modulesErr)
	} else {
		judgeModules(s, f.modules, neededModules(recordFormats))
	}
	judgeAttached(s, f)
	judgeEvents(s, f)
	judgeWriteTimeout(s, f.report, f.probe)
	judgeSessions(s, f)
	return s.lines
}

func judgeTransport(s *sheet, cfg ari.Config) {
	warnings := cfg.Warnings()
	for _, w := range warnings {
		key, text, _ := strings.Cut(w, ": ")
		remedy := "set pbxs." + strings.TrimPrefix(s.part, "pbx ") + ".ari." + key
		if key == "url" {
			remedy = "tlsenable = yes in http.conf and https:// in ari.url, or a tunnel (WireGuard, stunnel) to bindaddr = 127.0.0.1"
		}
		s.add(Warning, "ari."+key, remedy, "%s", text)
	}
	if len(warnings) == 0 {
		s.ok("transport", "%s", map[bool]string{true: "TLS", false: "on this machine only"}[strings.HasPrefix(cfg.URL, "https:")])
	}
}

// accessFault explains why the first request failed.
func accessFault(err error, cfg ari.Config) (check, text, remedy string) {
	var status statusError
	if errors.As(err, &status) {
		switch int(status) {
		case http.StatusUnauthorized:
			return "login", fmt.Sprintf("Asterisk does not accept user %q with this password (401)", cfg.User),
				fmt.Sprintf("compare ari.user and ari.password with [%s] in ari.conf; after a change there: module reload res_ari.so", cfg.User)
		case http.StatusForbidden:
			return "login", fmt.Sprintf("Asterisk forbids user %q to ask (403)", cfg.User),
				"see allowed addresses in http.conf (or of a proxy in between) and the user's section in ari.conf"
		case http.StatusNotFound:
			return "reachable", "something answers at " + cfg.URL + ", but not ARI (404)",
				"enabled = yes in [general] of ari.conf and res_ari.so loaded; ari.url ends in /ari, behind the prefix of http.conf if there is one"
		}
		return "reachable", err.Error(), "look in Asterisk's log; is ari.url really its address, not that of a proxy or FreePBX's page?"
	}
	if u := errors.Unwrap(err); u != nil { // without the address, which the text names
		err = u
	}
	return "reachable", fmt.Sprintf("%s: %v", cfg.URL, err), wayRemedy(err)
}

// wayRemedy says what to do about an error on the way to Asterisk.
func wayRemedy(err error) string {
	var dns *net.DNSError
	var network net.Error
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is Asterisk running? http.conf needs enabled = yes; bindaddr and bindport must fit ari.url (console: http show status)"
	case errors.As(err, &dns):
		return "the host of ari.url has no address: correct it, or the name service"
	case errors.As(err, &record), errors.As(err, &unknown), errors.As(err, &hostname):
		return "see tlsenable, tlsbindaddr and tlscertfile in http.conf; the certificate must be trusted here and name the host of ari.url"
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time: a firewall in between, a machine that is down, or an Asterisk that hangs (console: core show uptime)"
	}
	return "is ari.url the address of Asterisk's HTTP server (console: http show status)? If it is, its log tells more; every session may be in use (sessionlimit in http.conf)"
}

// Versions of Asterisk that operadora is made for; the last is what its tests run on.
const (
	oldestAsterisk = 16
	newestAsterisk = 22
)

func judgeVersion(s *sheet, version string) {
	major, _ := numbers(version)
	switch {
	case version == "":
		s.add(Note, "version", "console: core show version", "was not told")
	case major < oldestAsterisk:
		s.add(Warning, "version", "upgrade to Asterisk 22 (LTS)", "Asterisk %s is older than %d, the oldest that is supported", version, oldestAsterisk)
	case major > newestAsterisk:
		s.add(Warning, "version", "try everything before you rely on it, or use 22 (LTS)", "Asterisk %s is newer than %d, the newest that was tested", version, newestAsterisk)
	default:
		s.ok("version", "Asterisk %s (%d to %d are supported, %d is tested)", version, oldestAsterisk, newestAsterisk, newestAsterisk)
	}
}

// judgeAttached tells who has the application open. Whoever connects with its
// name takes it over.
func judgeAttached(s *sheet, f pbxFacts) {
	switch {
	case !f.report.Attached && f.ours:
		s.add(Note, "application", "run doctor again", "operadora says that it is connected, and Asterisk does not know application %q: it connects just now", f.cfg.App)
	case !f.report.Attached:
		s.ok("application", "%q is free", f.cfg.App)
	case f.ours:
		s.ok("application", "%q is held by the operadora that serves here", f.cfg.App)
	case f.standby:
		s.ok("application", "%q is held by another operadora; the one that serves here stands by, and takes over when that one is gone", f.cfg.App)
	case f.unseen:
		s.add(Note, "application", "give api.listen a port of its own and doctor can tell; `operadora serve` logs the port it has now",
			"%q is in use; whether by the operadora of this configuration cannot be told, as api.listen leaves its port to chance", f.cfg.App)
	default:
		s.add(Warning, "application", "if that is operadora on another machine (or one that was killed with calls up), all is well; if not, choose another name: ari.app, and --app of `operadora dialplan print`",
			"%q is in use already, by nobody that serves at api.listen: starting operadora takes it over", f.cfg.App)
	}
}

// Round trips that pass without a word.
const (
	slowRequest = 250 * time.Millisecond
	slowEvent   = 500 * time.Millisecond
)

func judgeEvents(s *sheet, f pbxFacts) {
	r := f.report
	switch {
	case r.Event > slowEvent || r.Request > slowRequest:
		s.add(Warning, "event round trip", "is the machine overloaded, or far away? console: core show taskprocessors, core show uptime",
			"an event takes %s, a request %s: callers will notice", short(r.Event), short(r.Request)).Took = f.probeTook
	case r.Event > 0:
		s.ok("event round trip", "an event takes %s, a request %s", short(r.Event), short(r.Request)).Took = f.probeTook
	case fault.KindOf(f.probe) == fault.Denied:
		s.add(Note, "event round trip", "repair the login and run doctor again", "was not examined: the user may not send events")
	case r.Request > 0:
		s.add(Fault, "event round trip", "res_ari_events.so and res_http_websocket.so must run; a proxy in between must let websockets pass (Upgrade)",
			"no event came back: %v", f.probe).Took = f.probeTook
	default:
		s.add(Note, "event round trip", "repair what is told here and run doctor again", "was not examined: %v", f.probe).Took = f.probeTook
	}
}

// shortWrite is a websocket_write_timeout that does not bear a pause of the
// machine operadora runs on.
const shortWrite = time.Second

func judgeWriteTimeout(s *sheet, r ari.Report, ended error) {
	const remedy = "websocket_write_timeout = 5000 in [general] of ari.conf, then on the Asterisk console: module reload res_ari.so"
	switch {
	case r.Request == 0 && ended != nil: // it is asked before requests are measured
		s.add(Note, "websocket write timeout", "repair what is told here and run doctor again", "was not examined: %v", ended)
	case r.WriteTimeout == 0:
		s.add(Note, "websocket write timeout", "look for it in ari.conf: "+remedy, "Asterisk did not tell it; its default, 100ms, is too short")
	case r.WriteTimeout < shortWrite:
		s.add(Warning, "websocket write timeout", remedy, "%s: a short pause of this machine cuts the event socket", short(r.WriteTimeout))
	default:
		s.ok("websocket write timeout", "%s", short(r.WriteTimeout))
	}
}

// judgeRecordings tells whether recordings can be made and kept.
func judgeRecordings(s *sheet, f pbxFacts) {
	folder := "recording below Asterisk's spool folder (Debian: /var/spool/asterisk/recording)"
	make := "mkdir -p FOLDER, and chown it to the user that Asterisk runs as"
	if f.host.err == nil {
		path := filepath.Join(f.host.place.Spool, "recording")
		folder, make = path, fmt.Sprintf("install -d -o %d -g %d -m 750 %s", f.host.uid, f.host.gid, path)
	}
	for _, format := range slices.Sorted(maps.Keys(f.recordings)) {
		if err := f.recordings[format]; err != nil {
			s.add(Fault, "recordings", make, "a trial in format %s failed (%v): is there the folder %s, and may Asterisk write there?", format, err, folder)
			continue
		}
		s.ok("recordings", "a trial in format %s was made, kept and removed", format)
	}
}

func judgeSessions(s *sheet, f pbxFacts) {
	const remedy = "sessionlimit = 1000 in [general] of http.conf, then on the Asterisk console: module reload http; or lower ari.max_connections"
	n := f.sessions
	switch {
	case n.refused:
		s.add(Warning, "http sessions", remedy, "Asterisk took %d connections and refused the next (max_connections is %d)", n.taken, f.cfg.MaxConnections).Took = n.took
	case n.err != nil:
		s.add(Note, "http sessions", "see sessionlimit in http.conf: more than max_connections and what other clients need", "could not be measured: %v", n.err).Took = n.took
	case n.tried <= f.cfg.MaxConnections:
		s.ok("http sessions", "%d more connections were taken beside the client that is connected", n.taken).Took = n.took
	default:
		s.ok("http sessions", "%d connections at a time were taken (max_connections %d)", n.taken, f.cfg.MaxConnections).Took = n.took
	}
}
