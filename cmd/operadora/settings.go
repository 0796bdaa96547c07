package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// loadSettings fills cfg (a pointer to a struct) from defaults, the file and
// the environment, in rising order. A key or a variable that the struct does
// not have is an error, so a misspelt one stops the start.
func loadSettings(cfg any, file string) (*yamlfile.File, error) {
	text, err := yamlfile.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	f, faults := yamlfile.Parse(file, text)
	if f == nil {
		return nil, fault.E("", fault.Invalid, faults)
	}
	env := newEnvironment(os.Environ())
	faults = f.Decode(cfg, yamlfile.Options{Loose: true, Env: env.look, Secret: secretsBeside(filepath.Dir(file))})
	faults = append(faults, env.rest(text)...)
	return f, fault.E("", fault.Invalid, faults.Err())
}

// located tells where the value stands that a complaint is about. It begins
// with the value's key and may name others: the first that is set is meant.
func located(f *yamlfile.File, err error) error {
	text := bare(err).Error()
	key, says, _ := strings.Cut(text, ": ")
	out := yamlfile.Fault{At: f.At(key), Code: yamlfile.CodeForm, Where: key, Text: says}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" :,;()", r) }) {
		if at, ok := f.Set(word); ok {
			out.At = at
			break
		}
	}
	return fault.E("", fault.Invalid, out)
}

// bare is an error without the operation that met it, so that it begins with the key.
func bare(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Err
	}
	return err
}

// credentialsVariable names the folder with the secrets that whoever started this process has given it:
// systemd by LoadCredential=, a container by its secrets.
const credentialsVariable = "CREDENTIALS_DIRECTORY"

// secretsBeside fetches secrets for files in dir.
func secretsBeside(dir string) func(text string) (string, error) {
	return func(text string) (string, error) { return fetchSecret(text, dir) }
}

// fetchSecret gets a secret from where it is kept: "${NAME}" from the environment, "file:/path" from a
// file, "credential:NAME" from the folder of credentials or, for who has been given none, as at a
// terminal, from the folder credentials in dir. A file's last line break is dropped.
func fetchSecret(text, dir string) (string, error) {
	if name, ok := strings.CutPrefix(text, "${"); ok && strings.HasSuffix(name, "}") {
		name = strings.TrimSuffix(name, "}")
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("the environment has no %s", name)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		return secretFile(path)
	}
	if name, ok := strings.CutPrefix(text, "credential:"); ok {
		if name == "" || strings.ContainsRune(name, filepath.Separator) {
			return "", fmt.Errorf("credential:%s names no credential such as credential:ari_password", name)
		}
		return secretFile(filepath.Join(cmp.Or(os.Getenv(credentialsVariable), filepath.Join(dir, "credentials")), name))
	}
	return text, nil
}

func secretFile(path string) (string, error) {
	raw, err := yamlfile.ReadFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	return strings.TrimRight(raw, "\r\n"), nil
}
