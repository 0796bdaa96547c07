package lab

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/esl/voice"
)

// fsModules are all that operadora, the desk phones and the lab need.
var fsModules = strings.Fields(`mod_logfile mod_event_socket mod_commands mod_dptools mod_hash mod_conference
	mod_dialplan_xml mod_sndfile mod_local_stream mod_tone_stream mod_loopback mod_sofia`)

// writeConfig writes freeswitch.xml with the very files that an administrator
// includes, and lays the lab's sounds where the voices are.
func (f *FreeSWITCH) writeConfig() error {
	conf := f.in("conf")
	if err := os.MkdirAll(conf, 0o755); err != nil {
		return fmt.Errorf("freeswitch's folder: %w", err)
	}
	v := f.o.Values
	v.Password, v.Bind, v.Port = f.password, "127.0.0.1", f.ports.base
	rendered, err := dialplans.FreeSWITCH(v)
	if err != nil {
		return err
	}
	files := map[string]string{"freeswitch.xml": f.mainXML(), "mime.types": ""}
	for _, r := range rendered {
		files[r.Name] = string(r.Content)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("freeswitch's configuration: %w", err)
		}
	}
	if err := os.MkdirAll(f.in("sounds"), 0o755); err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	return layVoices(filepath.Join(f.data, "sounds"), f.in("sounds"))
}

func (f *FreeSWITCH) mainXML() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?>
<document type="freeswitch/xml">
<X-PRE-PROCESS cmd="set" data="domain=127.0.0.1"/>
<section name="configuration">
<configuration name="modules.conf"><modules>
`)
	for _, m := range append(append([]string{}, fsModules...), f.o.Modules...) {
		fmt.Fprintf(&b, "<load module=\"%s\"/>\n", m)
	}
	level := "notice"
	if f.o.Debug {
		level = "debug"
	}
	fmt.Fprintf(&b, `</modules></configuration>
<configuration name="switch.conf"><settings>
<param name="colorize-console" value="false"/>
<param name="max-sessions" value="5000"/>
<param name="sessions-per-second" value="1000"/>
<param name="loglevel" value="%[1]s"/>
<param name="rtp-start-port" value="%[2]d"/>
<param name="rtp-end-port" value="%[3]d"/>
<param name="rtp-enable-zrtp" value="false"/>
<param name="event-heartbeat-interval" value="20"/>
</settings></configuration>
<configuration name="logfile.conf"><settings><param name="rotate-on-hup" value="false"/></settings>
<profiles><profile name="default"><settings><param name="logfile" value="%[4]s"/></settings>
<mappings><map name="all" value="%[5]s"/></mappings></profile></profiles></configuration>
<X-PRE-PROCESS cmd="include" data="operadora_event_socket.xml"/>
<configuration name="acl.conf"><network-lists></network-lists></configuration>
<configuration name="hash.conf"><remotes></remotes></configuration>
<configuration name="conference.conf"><advertise></advertise><caller-controls></caller-controls><profiles>
<X-PRE-PROCESS cmd="include" data="operadora_conference.xml"/>
</profiles></configuration>
<configuration name="local_stream.conf"><directory name="moh" path="%[6]s">
<param name="rate" value="8000"/><param name="shuffle" value="false"/><param name="channels" value="1"/>
<param name="interval" value="20"/><param name="timer-name" value="soft"/></directory></configuration>
`, level, f.ports.base+10, f.ports.base+freeswitchPorts.size-1, f.in("log/freeswitch.log"),
		cmp.Or(map[bool]string{true: "debug,info,notice,warning,err,crit,alert"}[f.o.Debug], "notice,warning,err,crit,alert"),
		filepath.Join(f.data, "moh"))
	f.sofiaXML(&b)
	b.WriteString(f.o.Configuration)
	b.WriteString("</section>\n<section name=\"dialplan\">\n<X-PRE-PROCESS cmd=\"include\" data=\"operadora_dialplan.xml\"/>\n")
	f.contextsXML(&b)
	b.WriteString(f.o.Contexts + "</section>\n<section name=\"directory\">\n")
	f.directoryXML(&b)
	b.WriteString("</section>\n</document>\n")
	return b.String()
}

// sofiaXML has one profile for phones, who log in, and one for everybody else.
func (f *FreeSWITCH) sofiaXML(b *strings.Builder) {
	trace := "no"
	if f.o.Debug {
		trace = "yes"
	}
	b.WriteString("<configuration name=\"sofia.conf\"><global_settings><param name=\"log-level\" value=\"0\"/></global_settings><profiles>\n")
	for _, p := range []struct {
		name, context string
		port          int
		auth          bool
	}{{"internal", "default", f.ports.base + 1, true}, {"external", "public", f.ports.base + 2, false}} {
		fmt.Fprintf(b, "<profile name=\"%s\">", p.name)
		if !p.auth && len(f.o.Trunks) > 0 {
			b.WriteString("<gateways>")
			for _, t := range f.o.Trunks {
				fmt.Fprintf(b, `<gateway name="%s"><param name="username" value="operadora"/><param name="password" value="none"/><param name="proxy" value="%s"/><param name="register" value="false"/><param name="caller-id-in-from" value="true"/></gateway>`, t.Name, t.Addr)
			}
			b.WriteString("</gateways>")
		}
		fmt.Fprintf(b, `<settings>
<param name="sip-ip" value="127.0.0.1"/><param name="rtp-ip" value="127.0.0.1"/><param name="sip-port" value="%d"/>
<param name="ext-rtp-ip" value="127.0.0.1"/><param name="ext-sip-ip" value="127.0.0.1"/>
<param name="context" value="%s"/><param name="dialplan" value="XML"/>
<param name="auth-calls" value="%v"/><param name="accept-blind-reg" value="false"/><param name="accept-blind-auth" value="false"/>
<param name="inbound-codec-prefs" value="PCMU,PCMA"/><param name="outbound-codec-prefs" value="PCMU,PCMA"/>
<param name="inbound-codec-negotiation" value="generous"/><param name="rfc2833-pt" value="101"/><param name="dtmf-duration" value="2000"/>
<param name="rtp-timer-name" value="soft"/><param name="manage-presence" value="true"/><param name="presence-hosts" value="127.0.0.1"/>
<param name="force-register-domain" value="127.0.0.1"/><param name="force-register-db-domain" value="127.0.0.1"/>
<param name="force-subscription-domain" value="127.0.0.1"/><param name="inbound-reg-force-matching-username" value="true"/>
<param name="nonce-ttl" value="3600"/><param name="sip-trace" value="%s"/><param name="enable-timer" value="false"/>
<param name="session-timeout" value="0"/><param name="disable-transcoding" value="false"/>
</settings></profile>
`, p.port, p.context, p.auth, trace)
	}
	b.WriteString("</profiles></configuration>\n")
}

// contextsXML has what phones and outsiders reach. DigitExtension has no
// counterpart here: what is pressed is told by operadora.
func (f *FreeSWITCH) contextsXML(b *strings.Builder) {
	prefix := cmp.Or(f.o.Values.Prefix, dialplans.DefaultValues().Prefix)
	fmt.Fprintf(b, `<context name="default">
<extension name="operadora-features"><condition field="destination_number" expression="^(%s[0-9].*)$"><action application="transfer" data="$1 XML operadora-features"/></condition></extension>
<extension name="echo"><condition field="destination_number" expression="^%s$"><action application="answer"/><action application="echo"/></condition></extension>
<extension name="tone"><condition field="destination_number" expression="^%s$"><action application="answer"/><action application="playback" data="tone_stream://%%(100000,0,1004);loops=-1"/></condition></extension>
`, strings.ReplaceAll(prefix, "*", `\*`), EchoExtension, ToneExtension)
	for _, e := range f.o.Endpoints {
		fmt.Fprintf(b, "<extension name=\"phone-%[1]s\"><condition field=\"destination_number\" expression=\"^%[1]s$\"><action application=\"bridge\" data=\"user/%[1]s\"/></condition></extension>\n", e.User)
	}
	b.WriteString("</context>\n<context name=\"public\">\n")
	b.WriteString(cmp.Or(f.o.FromTrunk, `<extension name="all"><condition field="destination_number" expression="^(\+?[0-9]+)$"><action application="transfer" data="$1 XML operadora-inbound"/></condition></extension>`))
	b.WriteString("\n</context>\n")
}

func (f *FreeSWITCH) directoryXML(b *strings.Builder) {
	b.WriteString(`<domain name="127.0.0.1"><params>
<param name="dial-string" value="{presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(*/${dialed_user}@${dialed_domain})}"/>
</params><groups><group name="default"><users>
`)
	for _, e := range f.o.Endpoints {
		fmt.Fprintf(b, `<user id="%[1]s"><params><param name="password" value="%[2]s"/>`, e.User, e.Password)
		if e.Contact != "" {
			fmt.Fprintf(b, `<param name="dial-string" value="{presence_id=${dialed_user}@${dialed_domain}}sofia/internal/%s"/>`, e.Contact)
		}
		fmt.Fprintf(b, `</params><variables><variable name="user_context" value="default"/><variable name="effective_caller_id_number" value="%[1]s"/><variable name="effective_caller_id_name" value="%[2]s"/>`,
			e.User, escapeXML(cmp.Or(e.Name, "Agent "+e.User)))
		if e.Language != "" {
			fmt.Fprintf(b, `<variable name="default_language" value="%s"/>`, e.Language)
		}
		b.WriteString("</variables></user>\n")
	}
	b.WriteString("</users></group></groups></domain>\n")
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// layVoices makes the folders en and es look like packages of FreeSWITCH's: the
// lab's sounds under FreeSWITCH's names, all as wav. They are made once for all
// instances on the machine, which takes some seconds, and anew when the lab has others.
func layVoices(from, to string) error {
	which, err := printOf(from)
	if err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	store := filepath.Join(os.TempDir(), "operadora-lab-voices-"+strconv.Itoa(os.Getuid())+"-"+which)
	lock, err := lockFile(store+".lock", syscall.LOCK_EX)
	if err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	defer lock.Close()
	for _, language := range []string{"en", "es"} {
		made := filepath.Join(store, language)
		if _, err := os.Stat(made); err != nil {
			if err := convertVoice(filepath.Join(from, language), made, language); err != nil {
				return err
			}
		}
		if err := os.Symlink(made, filepath.Join(to, language)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("freeswitch's sounds: %w", err)
		}
	}
	return nil
}

// printOf tells folders apart that differ in a file.
func printOf(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// convertVoice writes a language's sounds as wav files under FreeSWITCH's names.
func convertVoice(from, to, language string) error {
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		kind := filepath.Ext(name)
		files := voice.Files(language, strings.TrimSuffix(name, kind))
		if len(files) != 1 || kind != ".gsm" && kind != ".wav" {
			return nil
		}
		target := filepath.Join(part, files[0]+".wav")
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if out, err := exec.Command("sox", path, "-r", "8000", "-c", "1", "-b", "16", target).CombinedOutput(); err != nil {
			return fmt.Errorf("sox %s: %w: %s", name, err, out)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("freeswitch's sounds: %w", err)
	}
	return nil
}

// readReply takes the body of the api/response out of what the event socket
// sends until it closes.
func readReply(sock net.Conn) (string, error) {
	r := bufio.NewReader(sock)
	head := textproto.NewReader(r)
	for {
		h, err := head.ReadMIMEHeader()
		if err != nil {
			return "", err
		}
		n, _ := strconv.Atoi(h.Get("Content-Length"))
		body := make([]byte, min(max(n, 0), 16<<20))
		if _, err := io.ReadFull(r, body); err != nil {
			return "", err
		}
		if h.Get("Content-Type") == "api/response" {
			return string(body), nil
		}
	}
}
