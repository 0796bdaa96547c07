package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// folder is a temporary folder of something that runs. A lock on a file in it
// tells other processes that it is in use; the folder of a process that was
// killed is removed by the next that makes one of the same kind.
type folder struct {
	path string
	lock *os.File // nil when the folder is to be left alone: it outlives us
}

const ownerFile = "owner.lock"

// newFolder makes a folder named after kind. With keep, no other process will
// ever remove it.
func newFolder(kind string, keep bool) (*folder, error) {
	all, err := lockFile(filepath.Join(os.TempDir(), "operadora-lab-"+kind+".lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, fmt.Errorf("%s's folder: %w", kind, err)
	}
	defer all.Close()
	sweep(kind)
	f := &folder{}
	if f.path, err = os.MkdirTemp("", "op-"+kind+"-"); err != nil {
		return nil, fmt.Errorf("%s's folder: %w", kind, err)
	}
	if !keep {
		if f.lock, err = lockFile(filepath.Join(f.path, ownerFile), syscall.LOCK_EX); err != nil {
			os.RemoveAll(f.path)
			return nil, fmt.Errorf("%s's folder: %w", kind, err)
		}
	}
	return f, nil
}

// remove deletes the folder.
func (f *folder) remove() {
	os.RemoveAll(f.path)
	if f.lock != nil {
		f.lock.Close()
	}
}

// sweep removes folders whose owners are gone. What cannot be removed (another
// user's) is left.
func sweep(kind string) {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), "op-"+kind+"-*", ownerFile)) // the pattern is sound
	for _, owner := range found {
		if _, err := os.Stat(owner); err != nil {
			continue
		}
		if l, err := lockFile(owner, syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			os.RemoveAll(filepath.Dir(owner))
			l.Close()
		}
	}
}

// lockFile opens the file at path, making it if need be, and locks it. The
// lock ends when the file is closed or its process ends.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
