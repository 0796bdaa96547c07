package esl

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestArgsSurvive(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"leg", "x"}, {"a b", "c,d", "e'f", `g"h`, "${uuid}", "{x}", "ñandú", "", "a:b=c"}, {""}, {"", ""},
	} {
		packed := packArgs(args)
		if strings.ContainsAny(packed, " ,'\"${}\n\\") {
			t.Errorf("%q is packed as %q", args, packed)
		}
		if len(args) == 1 && args[0] == "" {
			continue // as nothing
		}
		if got := unpackArgs(packed); !slices.Equal(got, args) {
			t.Errorf("%q came back as %q", args, got)
		}
	}
	if got := unpackArgs("feature:login:user=2F101::5550100"); !slices.Equal(got, []string{"feature", "login", "user/101", "", "5550100"}) {
		t.Errorf("what the dialplan writes: %q", got)
	}
}

func FuzzArgs(f *testing.F) {
	f.Add("leg", "op x")
	f.Add("=", "=2")
	f.Fuzz(func(t *testing.T, a, b string) {
		if got := unpackArgs(packArgs([]string{a, b})); !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q, %q came back as %q", a, b, got)
		}
	})
}

// Whatever a caller calls himself, a command stays one command.
func TestOrigination(t *testing.T) {
	t.Parallel()
	a := &Adapter{cfg: Config{App: "operadora", Domain: "pbx.example"}}
	o := orchestrator.Origination{Channel: "op-x-a1", Endpoint: "user/101", Args: []string{"leg", "x y"}, Timeout: 5 * time.Second, AutoAnswer: true,
		Caller: orchestrator.Party{Number: "+1 (555)\n0100", Name: "Ana, ${system(rm)} {O'Hara}\r\n\r\napi shutdown"}}
	got, err := a.origination(o)
	if err != nil {
		t.Fatal(err)
	}
	got, list, _ := strings.Cut(got, " '")
	want := "originate {default_language=" // is empty, and left out
	if list != "m:^:set:operadora_end="+dialplans.FreeSWITCHKeepEnd("operadora")+"^park:' inline" {
		t.Errorf("whoever answers is to do %s", list)
	}
	if strings.Contains(got, want) || strings.ContainsAny(got, "\r\n$\\") || strings.Count(got, "}") != 1 {
		t.Errorf("%s", got)
	}
	for _, part := range []string{"origination_caller_id_name='Ana systemrm OHaraapi shutdown'", "origination_caller_id_number=+15550100",
		"origination_uuid=op-x-a1", "operadora_args=leg:x=20y", "originate_timeout=5", "}user/101@pbx.example", "sip_auto_answer=true"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s lacks %s", got, part)
		}
	}
	for name, spoil := range map[string]func(*orchestrator.Origination){
		"endpoint":      func(o *orchestrator.Origination) { o.Endpoint = "user/101 &bridge(x)" },
		"other kind":    func(o *orchestrator.Origination) { o.Endpoint = "PJSIP/101" },
		"two endpoints": func(o *orchestrator.Origination) { o.Endpoint = "user/101,user/102" },
		"channel":       func(o *orchestrator.Origination) { o.Channel = "op-x-a1}" },
		"timeout":       func(o *orchestrator.Origination) { o.Timeout = time.Second / 2 },
		"variable":      func(o *orchestrator.Origination) { o.Variables = map[string]string{"a": "b,c=d"} },
		"name":          func(o *orchestrator.Origination) { o.Variables = map[string]string{"a=b": "c"} },
		"language":      func(o *orchestrator.Origination) { o.Language = "en,x=y" },
	} {
		bad := o
		spoil(&bad)
		if _, err := a.origination(bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	a := &Adapter{cfg: Config{SoundsEN: "/en", SoundsES: "/es", SoundType: "wav", Recordings: "/r"}}
	a.shelf = newShelf(a.cfg)
	for _, row := range []struct {
		m    orchestrator.Media
		lang string
		want string
	}{
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "digits/20-and"}, "es", "/es/digits/veinti.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "digits/200"}, "es-MX", "/es/digits/2.wav /es/digits/hundreds.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "digits/day-3"}, "en", "/en/time/day-3.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "vm-goodbye"}, "en", "/en/voicemail/vm-goodbye.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "operadora/welcome"}, "", "/en/operadora/welcome.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaDigits, Value: "4*"}, "en", "/en/digits/4.wav /en/digits/star.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaNumber, Value: "1021"}, "fr", "/en/digits/1.wav /en/digits/thousand.wav /en/digits/20.wav /en/digits/1.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaTone, Value: "busy"}, "", "tone_stream://%(500,500,480,620)"},
		{orchestrator.Media{Kind: orchestrator.MediaRecording, Value: "op-x-m1"}, "", "/r/op-x-m1.wav"},
		{orchestrator.Media{Kind: orchestrator.MediaSound, Value: "beep"}, "", "tone_stream://%(250,0,1000)"},
	} {
		got, err := a.files(row.m, row.lang)
		if err != nil || strings.Join(got, " ") != row.want {
			t.Errorf("%v in %q: %q, %v, want %q", row.m, row.lang, got, err, row.want)
		}
	}
	for _, value := range []string{"../etc/passwd", "a b", "a!b", "/etc/passwd", "${x}", "a\nb", "{x}y", "http://x/y", ""} {
		if got, err := a.files(orchestrator.Media{Kind: orchestrator.MediaSound, Value: value}, "en"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %q, %v", value, got, err)
		}
	}
}

func TestRulings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		verb, answer string
		ok           bool
		kind         fault.Kind
	}{
		{"Hangup", "-ERR No such channel!", true, 0},
		{"Answer", "-ERROR", false, fault.NotFound},
		{"Play", "-ERR invalid session id [x]", false, fault.NotFound},
		{"Join", "-ERR No such channel!", false, fault.NotFound},
		{"Record", "-ERR Cannot record session!", false, fault.Conflict},
		{"Claim", "+OK Deleted: 0", true, 0},
		{"SetLamp", "-USAGE: x", false, fault.Invalid},
		{"SetLamp", "-ERR x Command not found!", false, fault.Conflict},
		{"CreateBridge", "+OK", true, 0},
	} {
		err := judge(row.verb, row.answer)
		if (err == nil) != row.ok || err != nil && fault.KindOf(err) != row.kind {
			t.Errorf("%s %q: %v (%v)", row.verb, row.answer, err, fault.KindOf(err))
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Address: "127.0.0.1:8021", Password: "x", App: "operadora", Prefix: "*48", Recordings: "/r", SoundsEN: "${sounds_dir}/en/us/callie", SoundsES: "/es",
		SoundType: "wav", Music: "moh", Profile: "operadora", CommandTimeout: time.Second, PingInterval: time.Second, Connections: 1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for key, spoil := range map[string]func(*Config){
		"address":         func(c *Config) { c.Address = "localhost" },
		"password":        func(c *Config) { c.Password = "a\nb" },
		"app":             func(c *Config) { c.App = "a b" },
		"domain":          func(c *Config) { c.Domain = "a b" },
		"prefix":          func(c *Config) { c.Prefix = "x" },
		"recordings":      func(c *Config) { c.Recordings = "/a b" },
		"recordings_at":   func(c *Config) { c.RecordingsAt = "relative" },
		"sounds_en":       func(c *Config) { c.SoundsEN = "relative" },
		"sounds_es":       func(c *Config) { c.SoundsES = "" },
		"sound_type":      func(c *Config) { c.SoundType = "" },
		"music":           func(c *Config) { c.Music = "a/b" },
		"profile":         func(c *Config) { c.Profile = "a@b" },
		"command_timeout": func(c *Config) { c.CommandTimeout = 0 },
		"ping_interval":   func(c *Config) { c.PingInterval = -1 },
		"connections":     func(c *Config) { c.Connections = 0 },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
	open := good
	open.Address, open.Password = "192.0.2.1:8021", "ClueCon"
	if w := open.Warnings(); len(w) != 2 {
		t.Errorf("warnings %q", w)
	}
}
