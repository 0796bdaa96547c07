package lab

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/operadora/operadora/dialplans"
)

// modules are all that operadora, the desk phones and the comparison with
// app_queue need. Nothing that reaches out (STUN, ENUM, IAX, XMPP, DUNDi,
// calendars) is among them. A version of Asterisk that lacks one goes without.
var modules = strings.Fields(`
	res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd
	res_crypto res_http_websocket res_websocket_client res_pjproject
	res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_authenticator_digest
	res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_user
	res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_anonymous
	res_pjsip_registrar res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_diversion
	res_pjsip_dtmf_info res_pjsip_header_funcs res_pjsip_nat res_pjsip_logger
	res_pjsip_pubsub res_pjsip_outbound_publish res_pjsip_exten_state res_pjsip_pidf_body_generator
	res_pjsip_dialog_info_body_generator res_pjsip_xpidf_body_generator
	res_pjsip_refer res_pjsip_dlg_options res_pjsip_acl chan_pjsip
	res_rtp_asterisk chan_bridge_media res_rtp_multicast chan_rtp
	bridge_simple bridge_softmix bridge_holding bridge_native_rtp bridge_builtin_features
	res_stasis res_stasis_answer res_stasis_playback res_stasis_recording
	res_stasis_snoop res_stasis_device_state app_stasis
	res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges
	res_ari_channels res_ari_device_states res_ari_endpoints res_ari_events
	res_ari_playbacks res_ari_recordings res_ari_sounds
	res_musiconhold res_mutestream res_convert res_clioriginate res_tonedetect
	pbx_config app_dial app_playback app_echo app_verbose app_read app_queue
	app_stack app_mixmonitor app_record app_exec app_originate app_senddtmf
	app_bridgewait app_chanspy app_milliwatt app_playtones app_userevent
	app_softhangup app_channelredirect app_agent_pool app_waitforsilence app_amd app_confbridge app_while
	func_channel func_cdr func_callerid func_logic func_strings func_math func_dialplan
	func_devstate func_extstate func_hangupcause func_global func_timeout
	func_volume func_pjsip_endpoint func_pjsip_aor func_pjsip_contact
	func_talkdetect func_groupcount func_lock func_uri func_rand func_cut func_periodic_hook
	codec_ulaw codec_alaw codec_a_mu codec_gsm codec_g722 codec_resample
	format_wav format_wav_gsm format_gsm format_sln format_pcm`)

// writeConfig writes every file of the instance.
func (a *Asterisk) writeConfig() error {
	folders := []string{"etc", "log", "run", "lib", "db", "keys/keys", "spool/monitor", "spool/tmp"}
	if !a.o.AsPackaged {
		folders = append(folders, "spool/recording")
	}
	for _, d := range folders {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return fmt.Errorf("asterisk's folder: %w", err)
		}
	}
	rendered, err := dialplans.Asterisk(a.values)
	if err != nil {
		return err
	}
	files := map[string]string{
		"asterisk.conf":    a.mainConf(),
		"modules.conf":     a.modulesConf(),
		"logger.conf":      a.loggerConf(),
		"http.conf":        "[general]\n#include http_operadora.conf\n",
		"ari.conf":         "[general]\npretty = no\n#include ari_operadora.conf\n",
		"pjsip.conf":       a.pjsipConf(),
		"rtp.conf":         fmt.Sprintf("[general]\nrtpstart = %d\nrtpend = %d\nicesupport = no\nstrictrtp = no\n", a.ports.base+10, a.ports.base+asteriskPorts.size-1),
		"queues.conf":      a.queuesConf(),
		"extensions.conf":  a.extensionsConf(),
		"musiconhold.conf": "[default]\nmode = files\ndirectory = " + filepath.Join(a.parts.data, "moh") + "\n",
		"indications.conf": indications,
		"stasis.conf":      "[declined_message_types]\n",
		// Empty is enough for these not to be complained about.
		"acl.conf": "", "websocket_client.conf": "",
	}
	for _, name := range []string{"features.conf", "udptl.conf", "cdr.conf", "cel.conf", "ccss.conf", "manager.conf", "pjproject.conf", "confbridge.conf", "codecs.conf", "amd.conf", "queuerules.conf"} {
		files[name] = "[general]\n"
	}
	if a.o.AsPackaged {
		rendered = nil
		files["http.conf"] = packagedHTTP
		files["ari.conf"] = "[general]\nenabled = yes\n;pretty = no\n"
		files["extensions.conf"] = a.o.Dialplan
		if err := a.ownSounds(); err != nil {
			return err
		}
	}
	for _, f := range rendered {
		files[f.Name] = string(f.Content)
	}
	for name, content := range a.o.Files {
		files[name] = content
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(a.dir, "etc", name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("asterisk's configuration: %w", err)
		}
	}
	if a.o.AsPackaged {
		return a.handOver()
	}
	return nil
}

func (a *Asterisk) mainConf() string {
	in := func(name string) string { return filepath.Join(a.dir, name) }
	verbose := 1
	if a.o.Log >= LogVerbose {
		verbose = 4
	}
	return fmt.Sprintf(`[directories]
astetcdir => %s
astmoddir => %s
astvarlibdir => %s
astdbdir => %s
astkeydir => %s
astdatadir => %s
astagidir => %s
astspooldir => %s
astrundir => %s
astlogdir => %s
[options]
verbose = %d
nocolor = yes
defaultlanguage = %s
documentation_language = en_US
entityid = 02:00:00:00:%02x:%02x
`, in("etc"), a.parts.modules, in("lib"), in("db"), in("keys"), a.data(), in("lib"),
		in("spool"), in("run"), in("log"), verbose, cmp.Or(a.o.Language, "en"),
		a.ports.base>>8, a.ports.base&0xff)
}

func (a *Asterisk) modulesConf() string {
	var b strings.Builder
	b.WriteString("[modules]\nautoload = no\n")
	for _, m := range modules {
		if _, err := os.Stat(filepath.Join(a.parts.modules, m+".so")); err == nil {
			fmt.Fprintf(&b, "load = %s.so\n", m)
		}
	}
	return b.String()
}

func (a *Asterisk) loggerConf() string {
	levels := "notice,warning,error"
	if a.o.Log >= LogVerbose {
		levels += ",verbose"
	}
	return "[general]\ndateformat = %H:%M:%S.%3q\n[logfiles]\nmessages => " + levels + "\n"
}

func (a *Asterisk) pjsipConf() string {
	var b strings.Builder
	debug := "no"
	if a.o.Log >= LogSIP {
		debug = "yes"
	}
	// Everyone calls from 127.0.0.1, so an endpoint is known by the user of
	// the From header; who is no endpoint is a caller from outside.
	fmt.Fprintf(&b, `[global]
type = global
endpoint_identifier_order = username,anonymous
debug = %s
keep_alive_interval = 0
[transport-udp]
type = transport
protocol = udp
bind = %s
[anonymous]
type = endpoint
context = from-trunk
disallow = all
allow = ulaw,alaw
direct_media = no
`, debug, a.SIPAddr())
	for _, e := range a.o.Endpoints {
		writeEndpoint(&b, e)
	}
	for _, t := range a.o.Trunks {
		fmt.Fprintf(&b, `[%[1]s]
type = endpoint
context = from-trunk
disallow = all
allow = ulaw,alaw
direct_media = no
%[3]saors = %[1]s
[%[1]s]
type = aor
contact = sip:%[2]s
qualify_frequency = 0
`, t.Name, t.Addr, map[bool]string{true: "from_user = " + t.Name + "\nsend_pai = yes\ntrust_id_inbound = yes\ntrust_id_outbound = yes\n"}[t.Named])
	}
	return b.String()
}

func writeEndpoint(b *strings.Builder, e Endpoint) {
	fmt.Fprintf(b, `[%[1]s]
type = endpoint
context = %[2]s
disallow = all
allow = ulaw,alaw
direct_media = no
aors = %[1]s
callerid = "%[3]s" <%[1]s>
trust_id_outbound = yes
send_pai = yes
`, e.User, cmp.Or(e.Context, "from-phones"), cmp.Or(e.Name, "Agent "+e.User))
	if e.NoTransfers {
		b.WriteString("allow_transfer = no\n")
	}
	if e.Language != "" {
		fmt.Fprintf(b, "language = %s\n", e.Language)
	}
	if e.Password != "" {
		fmt.Fprintf(b, "auth = %[1]s\n[%[1]s]\ntype = auth\nauth_type = userpass\nusername = %[1]s\npassword = %[2]s\n", e.User, e.Password)
	}
	fmt.Fprintf(b, "[%s]\ntype = aor\nmax_contacts = 1\nremove_existing = yes\nqualify_frequency = 0\n", e.User)
	if e.Contact != "" {
		fmt.Fprintf(b, "contact = %s\n", e.Contact)
	}
}

func (a *Asterisk) queuesConf() string {
	var b strings.Builder
	b.WriteString("[general]\npersistentmembers = no\nautofill = yes\nshared_lastcall = yes\n")
	for _, q := range a.o.Queues {
		fmt.Fprintf(&b, "[%s]\nstrategy = %s\nringinuse = no\n", q.Name, cmp.Or(q.Strategy, "rrmemory"))
		for _, line := range q.Settings {
			fmt.Fprintln(&b, line)
		}
		for _, m := range q.Members {
			fmt.Fprintf(&b, "member => %s\n", m)
		}
	}
	return b.String()
}

// Extensions that every instance has for phones and callers alike.
const (
	EchoExtension  = "600" // plays back to the caller what the caller says
	ToneExtension  = "601" // plays a tone of 1004 Hz
	DigitExtension = "602" // reads digits up to #, shows them in the log as "lab: digits <...>", and hangs up
)

// extensionsConf puts the lab's contexts around the very files that an
// administrator includes.
func (a *Asterisk) extensionsConf() string {
	var b strings.Builder
	b.WriteString("[general]\nstatic = yes\nwriteprotect = yes\n#include extensions_operadora.conf\n")
	fmt.Fprintf(&b, `
[lab]
exten => %s,1,Answer()
 same => n,Echo()
exten => %s,1,Answer()
 same => n,Milliwatt()
exten => %s,1,Answer()
 same => n,Read(LABDIGITS,,16,,1,10)
 same => n,NoOp(lab: digits <${LABDIGITS}>)
 same => n,Hangup()

[from-phones]
include => operadora-features
include => operadora-hints
include => lab
`, EchoExtension, ToneExtension, DigitExtension)
	for _, e := range a.o.Endpoints {
		fmt.Fprintf(&b, "exten => %[1]s,hint,PJSIP/%[1]s\nexten => %[1]s,1,Dial(PJSIP/%[1]s,60)\n", e.User)
	}
	for _, q := range a.o.Queues {
		fmt.Fprintf(&b, "exten => %[1]s,1,Answer()\n same => n,Queue(%[1]s)\n", q.Name)
	}
	b.WriteString("\n[from-trunk]\n")
	if a.o.FromTrunk != "" {
		b.WriteString(a.o.FromTrunk + "\n")
	} else {
		b.WriteString("exten => _[+0-9]!,1,Goto(operadora-inbound,${EXTEN},1)\n")
	}
	b.WriteString(a.o.Dialplan + "\n")
	return b.String()
}

// indications holds the tones of the two countries whose languages the lab speaks.
const indications = `[general]
country = us
[us]
description = United States
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
callwaiting = 440/300,0/10000
record = 1400/500,0/15000
info = !950/330,!1400/330,!1800/330,0
stutter = !350+440/100,!0/100,!350+440/100,!0/100,350+440
[mx]
description = Mexico
ringcadence = 2000,4000
dial = 425
busy = 425/250,0/250
ring = 425/1000,0/4000
congestion = 425/250,0/250
callwaiting = 425/200,0/600,425/200,0/10000
record = 1400/500,0/15000
info = 950/330,0/30,1400/330,0/30,1800/330,0/1000
stutter = !425/100,!0/100,425
`

// Desk returns phones first to last, such as 101 to 120, that register with
// a password each.
func Desk(first, last int) []Endpoint {
	var out []Endpoint
	for n := first; n <= last; n++ {
		user := strconv.Itoa(n)
		out = append(out, Endpoint{User: user, Password: "secret-" + user})
	}
	return out
}
