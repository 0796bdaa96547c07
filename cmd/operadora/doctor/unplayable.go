package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readable tells whether Asterisk's user may read a file.
func (f hostFacts) readable(info os.FileInfo) bool {
	uid, gid := ownerOf(info)
	mode := info.Mode().Perm()
	return f.uid == 0 || (uid == f.uid && mode&0o400 != 0) || (uid != f.uid && gid == f.gid && mode&0o040 != 0) || mode&0o004 != 0
}

// unplayable says why Asterisk cannot play a sound that it lists, "" when it can
// or when nothing is known of its files. One good file of several is enough.
func (f hostFacts) unplayable(language, name string) (why string) {
	if f.err != nil {
		return ""
	}
	language = strings.ReplaceAll(language, "-", "_")
	base, _, _ := strings.Cut(language, "_")
	for _, folder := range []string{language, base} {
		files, _ := filepath.Glob(filepath.Join(f.place.Data, "sounds", folder, filepath.FromSlash(name)+".*"))
		for _, path := range files {
			info, err := os.Stat(path)
			switch {
			case err != nil:
				why = err.Error()
			case info.Size() == 0:
				why = path + " is empty"
			case !f.readable(info):
				why = fmt.Sprintf("Asterisk's user %d cannot read %s (mode %04o)", f.uid, path, info.Mode().Perm())
			default:
				return ""
			}
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// Unplayable tells, on the machine of the Asterisk that calls itself entity, why
// a sound that it lists cannot be played; elsewhere it knows of none.
func Unplayable(ctx context.Context, c Console, entity string) func(language, name string) string {
	return hostOf(ctx, c, entity).unplayable
}

// otherPassword tells whether a file in the manner of ari.conf has a password of
// a user that is another than this one.
func otherPassword(text, user, password string) bool {
	inside := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, ";")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = strings.HasPrefix(line, "["+user+"]")
		}
		if key, value, ok := strings.Cut(line, "="); ok && inside && strings.TrimSpace(key) == "password" {
			return strings.TrimSpace(strings.TrimPrefix(value, ">")) != password
		}
	}
	return false
}

// otherPasswordFile names our file beside ari.conf when it holds another
// password than the configuration; "" when it does not or is not to be read here.
func otherPasswordFile(ctx context.Context, c Console, user, password string) string {
	place, err := c.Place(ctx)
	if err != nil {
		return ""
	}
	path := filepath.Join(place.Config, "ari_operadora.conf")
	text, err := os.ReadFile(path) //nolint:gosec // Asterisk's folder
	if err != nil || !otherPassword(string(text), user, password) {
		return ""
	}
	return path
}
