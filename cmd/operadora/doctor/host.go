package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/operadora/operadora/dialplans"
)

// hostFacts are what only this machine tells of an Asterisk that runs on it.
type hostFacts struct {
	err      error // it is elsewhere, or its console cannot be reached
	place    Place
	uid, gid uint32 // whom it runs as
	music    map[string]bool
	musicErr error
	dialplan string // of the inbound context
	files    []fileFacts
	freepbx  bool // FreePBX or Issabel writes its files
}

// fileFacts are one of our files in Asterisk's configuration folder.
type fileFacts struct {
	name     string
	err      error
	readable bool     // for Asterisk
	included []string // the files that include it
}

// probeHost examines the Asterisk that the console leads to, if it is the one
// that calls itself entity.
func probeHost(ctx context.Context, c Console, entity string) (f hostFacts) {
	if f = hostOf(ctx, c, entity); f.err != nil {
		return f
	}
	classes, err := c.Run(ctx, "moh show classes")
	files, err2 := c.Run(ctx, "moh show files")
	f.music, f.musicErr = musicClasses(classes, files), errors.Join(err, err2)
	if f.dialplan, err = c.Run(ctx, "dialplan show operadora-inbound"); err != nil {
		f.dialplan = ""
	}
	_, err = os.Stat(filepath.Join(f.place.Config, "extensions_custom.conf"))
	f.freepbx = err == nil
	names := []string{"ari_operadora.conf", "extensions_operadora.conf", "http_operadora.conf"}
	for _, name := range names {
		f.files = append(f.files, examineFile(f, name))
	}
	return f
}

// hostOf tells where the Asterisk of this machine has its things and whom it runs as.
func hostOf(ctx context.Context, c Console, entity string) (f hostFacts) {
	if f.place, f.err = c.Place(ctx); f.err != nil {
		return f
	}
	if entity != "" && f.place.EntityID != entity {
		f.err = fmt.Errorf("the Asterisk of this machine (%s) is another one than that at ari.url (%s)", f.place.EntityID, entity)
		return f
	}
	if info, err := os.Stat(filepath.Join(f.place.Run, "asterisk.ctl")); err == nil {
		f.uid, f.gid = ownerOf(info)
	}
	return f
}

func ownerOf(info fs.FileInfo) (uid, gid uint32) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid, s.Gid
	}
	return 0, 0
}

func examineFile(f hostFacts, name string) fileFacts {
	out := fileFacts{name: name}
	info, err := os.Stat(filepath.Join(f.place.Config, name))
	if err != nil {
		out.err = err
		return out
	}
	out.readable = f.readable(info)
	entries, err := os.ReadDir(f.place.Config)
	if err != nil {
		out.err = err
		return out
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".conf" || e.Name() == name || e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(f.place.Config, e.Name()))
		if err == nil && includes(string(text), name) {
			out.included = append(out.included, e.Name())
		}
	}
	return out
}

// includes tells whether a configuration file includes another.
func includes(text, name string) bool {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), ";")
		for _, word := range []string{"#include", "#tryinclude"} {
			if rest, ok := strings.CutPrefix(line, word); ok && strings.Trim(rest, " \t\"<>") == name {
				return true
			}
		}
	}
	return false
}

// judgeHost tells what only this machine knows: files, dialplan, hold music.
func judgeHost(s *sheet, f hostFacts, classes []string) {
	if f.err != nil {
		s.add(Note, "this machine", "run doctor on the PBX's machine as root, or name its console: --console \"asterisk -C /path/to/asterisk.conf\"",
			"files, dialplan and hold music were not examined: %v", f.err)
		return
	}
	if f.freepbx {
		s.add(Note, "administered", "never edit a file that FreePBX or Issabel writes anew: see \"FreePBX and Issabel\" in README.md",
			"FreePBX or Issabel writes the files in %s; yours are those that end in _custom.conf", f.place.Config)
	}
	judgeFiles(s, f)
	judgeInbound(s, f)
	judgeMusic(s, f, classes)
}

func judgeFiles(s *sheet, f hostFacts) {
	bad := false
	for _, file := range f.files {
		path := filepath.Join(f.place.Config, file.name)
		own := fmt.Sprintf("chown --reference=%[1]s %[2]s; chmod 640 %[2]s", f.place.Config, path)
		switch {
		case errors.Is(file.err, fs.ErrNotExist):
			continue // its lines may stand in the file itself
		case file.err != nil:
			s.add(Note, "file "+file.name, "run doctor as root", "was not examined: %v", file.err)
		case !file.readable:
			s.add(Fault, "file "+file.name, own, "Asterisk (user %d) cannot read %s: at its next start it leaves out all of the file that includes it", f.uid, path)
		case len(file.included) == 0:
			s.add(Warning, "file "+file.name, "see the head of the file; then on the console: core reload", "no file in %s includes it", f.place.Config)
		default:
			continue
		}
		bad = true
	}
	if !bad {
		s.ok("files", "Asterisk can read what was added to %s", f.place.Config)
	}
}

// judgeInbound tells whether the inbound context is there, and of this version.
func judgeInbound(s *sheet, f hostFacts) {
	const remedy = "operadora dialplan print --dir FOLDER writes it; include it in extensions.conf as its head says; then on the console: dialplan reload"
	switch {
	case !strings.Contains(f.dialplan, "Context 'operadora-inbound'"):
		s.add(Fault, "inbound context", remedy, "Asterisk has no context operadora-inbound")
	case !strings.Contains(f.dialplan, "FILTER("):
		s.add(Fault, "inbound context", "remove the old extensions_operadora.conf; "+remedy, "its file is from before dialled numbers were filtered: a caller may choose any context (toll fraud)")
	case !strings.Contains(f.dialplan, dialplans.UntilVariable("")):
		s.add(Warning, "inbound context", "remove the old extensions_operadora.conf; "+remedy, "its file is of an earlier version: callers hear silence while operadora hangs")
	default:
		s.ok("inbound context", "operadora-inbound is there")
	}
}

func judgeMusic(s *sheet, f hostFacts, classes []string) {
	const remedy = "a class with files in musiconhold.conf (Debian: apt install asterisk-moh-opsource-gsm), then on the console: moh reload"
	if f.musicErr != nil {
		s.add(Warning, "hold music", "load res_musiconhold.so", "cannot be listed: %v", f.musicErr)
		return
	}
	var silent []string
	for _, class := range classes {
		if there := f.music[class]; !there {
			silent = append(silent, class)
		}
	}
	slices.Sort(silent)
	if len(silent) > 0 {
		s.add(Fault, "hold music", remedy, "no such class, or nothing to play in it: %s; who waits hears silence", strings.Join(slices.Compact(silent), ", "))
		return
	}
	s.ok("hold music", "%s has something to play", strings.Join(slices.Compact(slices.Sorted(slices.Values(classes))), ", "))
}
