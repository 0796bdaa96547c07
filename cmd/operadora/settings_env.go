package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// envPrefix begins the name of every environment variable of operadora.
const envPrefix = "OPERADORA_"

// told is what a flag of the command line says or, when it is not given, the
// variable of its name: --url or OPERADORA_URL. A command that has no such flag is
// told nothing.
func told(cmd *cobra.Command, flag string) (string, error) {
	f := cmd.Flags().Lookup(flag)
	if f == nil {
		return "", nil
	}
	v := viper.New()
	err := errors.Join(v.BindPFlag(flag, f), v.BindEnv(flag, variable(flag)))
	return v.GetString(flag), err
}

// otherVariables begin like settings and are something else: what told knows, and
// what tests and their private Asterisk are told.
var otherVariables = []string{
	"OPERADORA_CONFIG", "OPERADORA_URL", "OPERADORA_TOKEN", "OPERADORA_PROGRAM", "OPERADORA_AS_PROGRAM",
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

// environment is the variables of operadora and which keys asked for them. An
// empty variable counts as not set.
type environment struct {
	set  *viper.Viper
	own  []string            // the variables of operadora that are set
	keys map[string][]string // by variable
}

func newEnvironment(environ []string) *environment {
	e := &environment{set: viper.New(), keys: map[string][]string{}}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, envPrefix) && value != "" {
			e.own = append(e.own, name)
		}
	}
	return e
}

func variablePlace(name string) yamlfile.Pos {
	return yamlfile.Pos{File: "environment variable " + name}
}

// look returns what the environment says for a key; a yamlfile.Options.Env.
func (e *environment) look(key string) (string, yamlfile.Pos, bool) {
	name := variable(key)
	e.keys[name] = append(e.keys[name], key)
	if err := e.set.BindEnv(key, name); err != nil {
		return "", yamlfile.Pos{}, false // cannot be: there is a key
	}
	value := e.set.GetString(key)
	return value, variablePlace(name), value != ""
}

// rest tells of variables that set nothing, unless file, the text of the
// configuration, names them as ${NAME}, and of those that set two keys.
func (e *environment) rest(file string) (faults yamlfile.Faults) {
	var names []string
	for name := range e.keys {
		names = append(names, name)
	}
	for _, name := range e.own {
		says := ""
		switch of := e.keys[name]; {
		case len(of) > 1: // two PBXs whose names differ in a dash only
			says = fmt.Sprintf("may be any of %s; rename one", strings.Join(of, ", "))
		case len(of) == 1, slices.Contains(otherVariables, name), serviceVariable.MatchString(name), strings.Contains(file, "${"+name+"}"):
			continue
		default:
			says = "there is no such setting" + meant(name, names)
		}
		faults = append(faults, yamlfile.Fault{At: variablePlace(name), Code: yamlfile.CodeForm, Text: says})
	}
	return faults.Sorted()
}

// meant says what a variable that sets nothing could be.
func meant(name string, names []string) string {
	if near := yamlfile.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	if strings.HasPrefix(name, variable("pbxs.")) {
		return "; a variable sets keys of PBXs that the configuration file names"
	}
	return ""
}
