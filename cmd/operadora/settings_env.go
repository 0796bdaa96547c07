package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/operadora/operadora/ivr/flowfile"
)

// envPrefix begins the name of every environment variable of operadora.
const envPrefix = "OPERADORA_"

// otherVariables begin like settings and are something else: the token of the
// commands that ask a running operadora, and what tests and their private
// Asterisk are told.
var otherVariables = []string{
	"OPERADORA_TOKEN", "OPERADORA_PROGRAM", "OPERADORA_AS_PROGRAM",
	"OPERADORA_ASTERISK", "OPERADORA_KEYRING", "OPERADORA_LAB", "OPERADORA_LAB_TEST_OWNER", "OPERADORA_MIRROR",
}

// serviceVariable is what Kubernetes gives every container of a namespace that
// has a service named operadora, or operadora-something.
var serviceVariable = regexp.MustCompile(`^OPERADORA_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

var notInVariables = regexp.MustCompile(`[^A-Z0-9]`)

// variable is the environment variable that sets a key: OPERADORA_REDIS_DB sets redis.db.
func variable(key string) string {
	return envPrefix + notInVariables.ReplaceAllString(strings.ToUpper(key), "_")
}

// origin tells for keys that the environment has set by which variable.
type origin map[string]string

// setter takes a key's value; viper's is.
type setter interface{ Set(key string, value any) }

// setByEnvironment sets the keys whose variables are in environ (NAME=value). A
// variable that sets nothing is an error, unless file, the text of the
// configuration, names it as ${NAME}. An empty one counts as not set.
func setByEnvironment(to setter, settings []setting, environ []string, file string) (origin, error) {
	keys := map[string][]string{} // by variable
	var names []string
	for _, s := range settings {
		name := variable(s.Key)
		keys[name] = append(keys[name], s.Key)
		names = append(names, name)
	}
	set := origin{}
	var faults []error
	slices.Sort(environ)
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" {
			continue
		}
		switch of := keys[name]; {
		case len(of) == 1:
			to.Set(of[0], value)
			set[of[0]] = name
		case len(of) > 1: // two PBXs whose names differ in a dash only
			faults = append(faults, fmt.Errorf("environment variable %s: may be any of %s; rename one", name, strings.Join(of, ", ")))
		case slices.Contains(otherVariables, name), serviceVariable.MatchString(name), strings.Contains(file, "${"+name+"}"):
		default:
			faults = append(faults, fmt.Errorf("environment variable %s: there is no such setting%s", name, meant(name, names)))
		}
	}
	return set, errors.Join(faults...)
}

// meant says what a variable that sets nothing could be.
func meant(name string, names []string) string {
	if near := flowfile.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	if strings.HasPrefix(name, variable("pbxs.")) {
		return "; a variable sets keys of PBXs that the configuration file names"
	}
	return ""
}

// blame says where a value that err complains of came from: err begins with
// the value's key and may name others.
func (o origin) blame(file string, err error) error {
	var from []string
	for _, word := range strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" :,;()", r) }) {
		if name, ok := o[word]; ok && !slices.Contains(from, name) {
			from = append(from, name)
		}
	}
	if len(from) == 0 {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	return fmt.Errorf("environment variable %s: %w", strings.Join(from, ", "), err)
}
