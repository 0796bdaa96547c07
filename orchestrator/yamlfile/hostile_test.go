package yamlfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// bomb is a file whose aliases stand for many more values than it has.
func bomb() string {
	var b strings.Builder
	b.WriteString("name: x\nsounds: &a [" + strings.Repeat("s,", 5000) + "s]\nlists: [" + strings.Repeat("*a,", 5000) + "*a]\n")
	return b.String()
}

// deep nests a mapping by indentation.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"too large":        {"name: x\n#" + strings.Repeat("x", yamlfile.MaxBytes), "larger than 2097152 bytes"},
		"nested brackets":  {"name: " + strings.Repeat("[", 100_000), "nested more than 64 deep"},
		"more brackets":    {strings.Repeat("[", 200_000), "nested more than 64 deep"},
		"closed brackets":  {"name: " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "nested more than 64 deep"},
		"nested braces":    {strings.Repeat("{a: ", 100_000), "nested more than 64 deep"},
		"nested dashes":    {strings.Repeat("- ", 100_000), "nested more than 64 deep"},
		"nested questions": {strings.Repeat("? ", 100_000), "nested more than 64 deep"},
		"nested anchors":   {strings.Repeat("&a ", 100_000), "nested more than 64 deep"},
		"nested tags":      {strings.Repeat("!a ", 100_000), "nested more than 64 deep"},
		"deep indentation": {deep(900), "no such key"},
		"not text":         {"\x00\xff\xfe\x01", ""},
		"aliases":          {bomb(), "more than 1048576 values once its aliases are followed"},
		"its own alias":    {"name: &a *a", ""},
		"merged in itself": {"name: x\npeople: [&a {<<: *a, id: b}]", ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, faults := read(row.text)
		runtime.ReadMemStats(&after)
		if !strings.Contains(faults.Error(), row.want) || (row.want != "" && len(faults) == 0) {
			t.Errorf("%s: %.200s", name, faults.Error())
		}
		for _, f := range faults {
			if len(f.Text) > 1000 {
				t.Errorf("%s: a fault of %d characters", name, len(f.Text))
			}
		}
		if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 512 {
			t.Errorf("%s: reading it took %d MB", name, grown)
		}
	}
}

// TestReadFileOpensFilesOnly has a pipe that nobody writes to, and a device without end.
func TestReadFileOpensFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "zero")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "zero", "folder"} {
		if _, err := yamlfile.ReadFile(os.DirFS(dir), name); err == nil || err.Error() != name+" is no regular file" {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := fstest.MapFS{"big": {Data: make([]byte, 3*yamlfile.MaxBytes)}}
	if text, err := yamlfile.ReadFile(big, "big"); err != nil || len(text) != yamlfile.MaxBytes+1 {
		t.Errorf("%d bytes were read: %v", len(text), err)
	}
}

// FuzzRead feeds any text to the reader: it is read or refused with a place,
// and what was read is as the tags want it.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"name: x\npin: 0123\nwait: 5s\npeople: [ana, {id: b}]\n", "name: &a x\nplace: *a\nsteps: {a: {type: say, text: b}}",
		"lists: [[a], b]\nprompt: {es: x}\nnumbers: {5000: a}", "a: {<<: *b}", "? [a]: b", "name: |\n  x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, faults := read(text)
		for _, fault := range faults {
			if fault.At.Line < 1 || fault.Text == "" || fault.Code == "" {
				t.Fatalf("a fault without place or text: %+v", fault)
			}
		}
		if len(faults) > 0 || text == "" {
			return
		}
		if strings.TrimSpace(s.Name) == "" {
			return // an empty file says nothing
		}
		if faults := yamlfile.Check("", s); len(faults) > 0 {
			t.Fatalf("it was read, and is not as the tags want it: %v", faults)
		}
	})
}
