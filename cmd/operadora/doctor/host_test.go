package doctor

import (
	"errors"
	"io/fs"
	"testing"
)

func TestJudgeHost(t *testing.T) {
	t.Parallel()
	const context = "[ Context 'operadora-inbound' created by 'pbx_config' ]\n FILTER(+0-9,${EXTEN}) OPERADORA_UNTIL_operadora"
	with := func(change func(*hostFacts)) []Line {
		f := hostFacts{place: Place{Config: "/etc/asterisk"}, uid: 110, music: map[string]bool{"default": true, "dumb": false}, dialplan: context,
			files: []fileFacts{{name: "ari_operadora.conf", readable: true, included: []string{"ari.conf"}}}}
		change(&f)
		s := &sheet{}
		judgeHost(s, f, []string{"default", "default"})
		return s.lines
	}
	file := func(f fileFacts) []Line {
		f.name = "extensions_operadora.conf"
		return with(func(h *hostFacts) { h.files = append(h.files, f) })
	}
	in := []string{"extensions.conf"}
	testAll(t, []expected{
		{"all well", with(func(*hostFacts) {}), "", OK, "", ""},
		{"elsewhere", with(func(f *hostFacts) { f.err = errors.New("not here") }), "this machine", Note, "not here", "--console"},
		{"FreePBX", with(func(f *hostFacts) { f.freepbx = true }), "administered", Note, "_custom.conf", "FreePBX"},
		{"not readable", file(fileFacts{included: in}), "file extensions_operadora.conf", Fault, "user 110", "chown --reference=/etc/asterisk /etc/asterisk/extensions_operadora.conf"},
		{"not included", file(fileFacts{readable: true}), "file extensions_operadora.conf", Warning, "no file", "core reload"},
		{"written elsewhere", file(fileFacts{err: fs.ErrNotExist}), "", OK, "", ""},
		{"hidden", file(fileFacts{err: fs.ErrPermission}), "file extensions_operadora.conf", Note, "permission", "root"},
		{"no context", with(func(f *hostFacts) { f.dialplan = "There is no existence of 'operadora-inbound' context" }), "inbound context", Fault, "no context", "dialplan reload"},
		{"before the filter", with(func(f *hostFacts) { f.dialplan = "[ Context 'operadora-inbound' created by 'pbx_config' ]" }), "inbound context", Fault, "toll fraud", "remove the old"},
		{"before the pulse", with(func(f *hostFacts) { f.dialplan = "[ Context 'operadora-inbound' created by 'pbx_config' ] FILTER(" }), "inbound context", Warning, "silence", "remove the old"},
		{"no music", with(func(f *hostFacts) { f.music = map[string]bool{"default": false} }), "hold music", Fault, "default", "musiconhold.conf"},
		{"no such class", with(func(f *hostFacts) { f.music = nil }), "hold music", Fault, "default", "moh reload"},
		{"no music module", with(func(f *hostFacts) { f.musicErr = errors.New("No such command") }), "hold music", Warning, "No such", "res_musiconhold"},
	})
}

func TestIncludes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"#include x.conf": true, "[a]\n#include \"x.conf\" ; ours\n": true, "#tryinclude <x.conf>": true, "  #include x.conf": true,
		";#include x.conf": false, "#include y/x.conf": false, "#include x.config": false, "include => x.conf": false,
	} {
		if got := includes(text, "x.conf"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestPlaceAndMusic(t *testing.T) {
	t.Parallel()
	p := placeOf("  Entity ID:                   02:00:00:00:27:10\n  Configuration directory:     /etc/asterisk\n  Data directory:              /usr/share/asterisk\n")
	if p.EntityID != "02:00:00:00:27:10" || p.Config != "/etc/asterisk" || p.Data != "/usr/share/asterisk" {
		t.Errorf("%+v", p)
	}
	got := musicClasses("Class: default\n\tMode: files\n\tDirectory: moh\nClass: empty\n\tMode: files\nClass: radio\n\tMode: custom\n\tApplication: x\n",
		"Class: default\n\tFile: /moh/a\nClass: empty\n")
	if !got["default"] || got["empty"] || !got["radio"] || len(got) != 3 {
		t.Errorf("%v", got)
	}
}
