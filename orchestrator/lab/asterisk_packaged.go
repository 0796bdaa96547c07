package lab

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// packagedHTTP is http.conf as it comes, without most of its comments. Its last
// line is one, and has no end: what is added behind it is part of the comment.
const packagedHTTP = `[general]
servername=Asterisk
;enabled=yes
bindaddr=127.0.0.1
;bindport=8088
;permit = 10.0.0.23
;`

// packagedID stands in for the user asterisk, which this machine need not have.
const packagedID = 64_042

// user is whom the instance runs as; nil is the user of this process, who is
// nobody else's when not root, and where a stranger could not read the programs.
func (a *Asterisk) user() *syscall.Credential {
	if !a.o.AsPackaged || os.Geteuid() != 0 || !openToAll(a.parts.modules) || !openToAll(a.parts.data) || !openToAll(os.TempDir()) {
		return nil
	}
	return &syscall.Credential{Uid: packagedID, Gid: packagedID}
}

// openToAll tells whether everybody may go into a folder.
func openToAll(dir string) bool {
	for ; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
	}
	return true
}

// data is the folder of documentation, sounds and hold music.
func (a *Asterisk) data() string {
	if a.o.AsPackaged {
		return filepath.Join(a.dir, "data")
	}
	return a.parts.data
}

// ownSounds makes a data folder with the core sounds alone, which somebody else
// may add to.
func (a *Asterisk) ownSounds() error {
	for _, dir := range []string{"", "sounds/en", "sounds/es"} {
		if err := os.MkdirAll(filepath.Join(a.data(), dir), 0o755); err != nil {
			return fmt.Errorf("asterisk's data: %w", err)
		}
		entries, err := os.ReadDir(filepath.Join(a.parts.data, dir))
		if err != nil {
			return fmt.Errorf("asterisk's data: %w", err)
		}
		for _, e := range entries {
			if e.Name() == "sounds" || e.Name() == "operadora" {
				continue
			}
			if err := os.Symlink(filepath.Join(a.parts.data, dir, e.Name()), filepath.Join(a.data(), dir, e.Name())); err != nil {
				return fmt.Errorf("asterisk's data: %w", err)
			}
		}
	}
	return nil
}

// handOver gives the instance's folders to the user that it runs as, with the
// modes of a package: nobody else reads its configuration, and the data is root's.
func (a *Asterisk) handOver() error {
	if err := os.Chmod(a.dir, 0o755); err != nil { //nolint:gosec // as /etc and /var
		return fmt.Errorf("asterisk's folder: %w", err)
	}
	user := a.user()
	return filepath.WalkDir(a.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == a.dir || path == a.data() {
			if path == a.data() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		mode := fs.FileMode(0o640)
		if e.IsDir() {
			mode = 0o750
		}
		if e.Name() == ownerFile {
			return nil
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
		if user == nil {
			return nil
		}
		return os.Lchown(path, int(user.Uid), int(user.Gid))
	})
}
