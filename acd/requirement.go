package acd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/operadora/operadora/orchestrator/fault"
)

// What a requirement may name beside the skills that are defined.
const (
	wordCall   = "call"   // what is known of the call: call.language, call.topic
	wordSkill  = "skill"  // skill(call.language): the level in the skill of that name, 0 in none
	wordNumber = "number" // number(call.value): a text as a number, 0 when it is none
)

// requirement is what an agent must be able to do, in the language of
// github.com/expr-lang/expr: english >= 3 and (billing >= 2 or skill(call.topic) >= 1).
// Each skill is a level from 1 to 5, 0 for who does not have it.
type requirement struct {
	program *vm.Program
	skills  []string // that it names
	asks    []string // what it asks of the call; nil with any
	any     bool     // it may ask for anything of the call
}

// needsNothing is what everybody meets.
var needsNothing = &requirement{}

// newRequirement compiles a text; "" is met by everybody. The error says where
// in the text what is wrong.
func newRequirement(text string, skills []string) (*requirement, error) {
	if strings.TrimSpace(text) == "" {
		return needsNothing, nil
	}
	env := newEnv(skills, nil)
	program, err := expr.Compile(text, expr.Env(env), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(200))
	if err != nil {
		return nil, fault.New("", fault.Invalid, "%s", wrongAt(err))
	}
	r, tree := &requirement{program: program}, program.Node()
	ast.Walk(&tree, &asked{r: r, skills: skills})
	slices.Sort(r.skills)
	r.skills = slices.Compact(r.skills)
	slices.Sort(r.asks)
	r.asks = slices.Compact(r.asks)
	return r, nil
}

// Judges tells why a text is no requirement on agents.
func (d Definitions) Judges(text string) error {
	_, err := newRequirement(text, d.skillNames())
	return err
}

// wrongAt is an error of the compiler in one line.
func wrongAt(err error) string {
	at, ok := err.(*file.Error) //nolint:errorlint // the library returns it bare
	if !ok {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return text
	}
	return at.Message + ", at character " + strconv.Itoa(at.Column+1)
}

// asked finds what a requirement names.
type asked struct {
	r      *requirement
	skills []string
}

// Visit implements ast.Visitor.
func (a *asked) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if slices.Contains(a.skills, n.Value) {
			a.r.skills = append(a.r.skills, n.Value)
		}
	case *ast.MemberNode:
		if on, ok := n.Node.(*ast.IdentifierNode); !ok || on.Value != wordCall {
			return
		}
		if name, ok := n.Property.(*ast.StringNode); ok {
			a.r.asks = append(a.r.asks, name.Value)
		} else {
			a.r.any = true
		}
	}
}

// newEnv is what a requirement is judged by: levels by skill, and the call.
func newEnv(skills []string, levels map[string]int) map[string]any {
	env := make(map[string]any, len(skills)+3)
	for _, s := range skills {
		env[s] = levels[s]
	}
	env[wordCall] = map[string]string{}
	env[wordSkill] = func(name string) int { return levels[name] }
	env[wordNumber] = func(text string) float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return env
}

// met tells whether somebody meets the requirement, and how well: the sum of the
// levels that it names. What cannot be judged is not met.
func (r *requirement) met(env map[string]any, levels map[string]int, about map[string]string) (ok bool, strength int) {
	if r == needsNothing {
		return true, 0
	}
	env[wordCall] = about
	env[wordSkill] = func(name string) int {
		strength += levels[name]
		return levels[name]
	}
	result, err := vm.Run(r.program, env)
	if err != nil {
		return false, 0
	}
	for _, s := range r.skills {
		strength += levels[s]
	}
	ok, _ = result.(bool)
	return ok, strength
}

// mostAble is the highest level in a skill.
const mostAble = 5

// names notes the skills that the requirement asks for of a call. Those that it finds by
// what is known of the call are found by asking somebody who can do everything, and
// somebody who can do nothing: either has all parts of it looked at that matter.
func (r *requirement) names(skills []string, about map[string]string, found map[string]bool) {
	if r == needsNothing {
		return
	}
	for _, s := range r.skills {
		found[s] = true
	}
	for _, level := range []int{0, mostAble} {
		levels := map[string]int{}
		for _, s := range skills {
			levels[s] = level
		}
		env := newEnv(skills, levels)
		env[wordCall] = about
		env[wordSkill] = func(name string) int {
			if slices.Contains(skills, name) {
				found[name] = true
			}
			return level
		}
		_, _ = vm.Run(r.program, env) // what cannot be judged names nothing more
	}
}

// reserved are words of the language of requirements that no skill may be called.
var reserved = []string{wordCall, wordSkill, wordNumber, "and", "or", "not", "in", "matches", "contains",
	"startsWith", "endsWith", "let", "if", "else", "true", "false", "nil"}
