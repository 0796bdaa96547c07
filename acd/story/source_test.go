package story

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is operadora's own code with its types, as far as it is asked for. What comes from
// elsewhere has none.
type source struct {
	t    *testing.T
	fset *token.FileSet
	of   map[string]*code
}

type code struct {
	pkg   *types.Package
	files []*ast.File
	info  *types.Info
}

const module = "github.com/operadora/operadora/"

func newSource(t *testing.T) *source {
	return &source{t: t, fset: token.NewFileSet(), of: map[string]*code{}}
}

// Import implements types.Importer.
func (s *source) Import(name string) (*types.Package, error) {
	if dir, ours := strings.CutPrefix(name, module); ours {
		return s.load(dir).pkg, nil
	}
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

func (s *source) load(dir string) *code {
	s.t.Helper()
	if c := s.of[dir]; c != nil {
		return c
	}
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("%s: %v", dir, err)
	}
	c := &code{info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}}
	s.of[dir] = c
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.fset, f, nil, parser.SkipObjectResolution)
		if err != nil {
			s.t.Fatal(err)
		}
		c.files = append(c.files, file)
	}
	check := types.Config{Importer: s, Error: func(error) {}} // of what comes from elsewhere
	c.pkg, _ = check.Check(module+dir, s.fset, c.files, c.info)
	return c
}

// constants are those of a type.
func constants(t types.Type) (out []string) {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return nil
	}
	scope := named.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && types.Identical(c.Type(), t) && c.Val().Kind() == constant.String {
			out = append(out, constant.StringVal(c.Val()))
		}
	}
	return out
}

// said are all texts that a package may hand to a function, as its argument of a number.
func (s *source) said(dir, function string, arg int) []string {
	s.t.Helper()
	c := s.load(dir)
	out := map[string]bool{}
	for _, a := range c.arguments(function, arg) {
		reader{s, c, out, map[ast.Node]bool{}}.read(a.e, a.in)
	}
	if len(out) == 0 {
		s.t.Errorf("%s calls %s with nothing", dir, function)
	}
	var list []string
	for text := range out {
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

// argument is what is handed to a function, and where.
type argument struct {
	e  ast.Expr
	in ast.Decl
}

// arguments are those of a number that a package's code hands to a function.
func (c *code) arguments(function string, at int) (out []argument) {
	for _, file := range c.files {
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && nameOf(call.Fun) == function && at < len(call.Args) {
					out = append(out, argument{call.Args[at], decl})
				}
				return true
			})
		}
	}
	return out
}

// given is what a package's code hands in for a parameter; nothing for what is none.
func (c *code) given(v types.Object, f *ast.FuncDecl) []argument {
	at := 0
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			if c.info.Defs[name] == v {
				return c.arguments(f.Name.Name, at)
			}
			at++
		}
	}
	return nil
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// reader finds the texts that an expression may be.
type reader struct {
	*source
	c    *code
	out  map[string]bool
	seen map[ast.Node]bool
}

func (r reader) fail(e ast.Expr) {
	r.t.Helper()
	r.t.Errorf("%s: what this may be is not known", r.fset.Position(e.Pos()))
}

func (r reader) read(e ast.Expr, in ast.Decl) {
	if r.seen[e] {
		return
	}
	r.seen[e] = true
	tv := r.c.info.Types[e]
	if tv.Value != nil && tv.Value.Kind() == constant.String {
		r.out[constant.StringVal(tv.Value)] = true
		return
	}
	if id, ok := e.(*ast.Ident); ok && r.handed(id, in) {
		return
	}
	if list := constants(tv.Type); tv.Type != nil && len(list) > 0 {
		for _, text := range list {
			r.out[text] = true
		}
		return
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		r.read(e.X, in)
	case *ast.BinaryExpr:
		one, two := map[string]bool{}, map[string]bool{}
		reader{r.source, r.c, one, r.seen}.read(e.X, in)
		reader{r.source, r.c, two, r.seen}.read(e.Y, in)
		for a := range one {
			for b := range two {
				r.out[a+b] = true
			}
		}
	case *ast.IndexExpr: // of a table
		lit, ok := e.X.(*ast.CompositeLit)
		if !ok {
			r.fail(e)
			return
		}
		for _, x := range lit.Elts {
			if kv, ok := x.(*ast.KeyValueExpr); ok {
				r.read(kv.Value, in)
			}
		}
	case *ast.CallExpr:
		if fun := r.c.info.Types[e.Fun]; fun.IsType() && len(e.Args) == 1 { // string(x)
			r.read(e.Args[0], in)
			return
		}
		r.returned(e, in)
	case *ast.Ident:
		r.variable(e, in)
	default:
		r.fail(e)
	}
}

// returned reads what a function of the package, or cmp.Or, gives.
func (r reader) returned(e *ast.CallExpr, in ast.Decl) {
	if nameOf(e.Fun) == "Or" {
		for _, a := range e.Args {
			r.read(a, in)
		}
		return
	}
	found := false
	for _, file := range r.c.files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == nameOf(e.Fun) {
				ast.Inspect(f, func(n ast.Node) bool {
					if ret, ok := n.(*ast.ReturnStmt); ok && len(ret.Results) > 0 {
						found = true
						r.read(ret.Results[0], decl)
					}
					return true
				})
			}
		}
	}
	if !found {
		r.fail(e)
	}
}

// handed reads a parameter of which every caller hands in a text that is known.
func (r reader) handed(e *ast.Ident, in ast.Decl) bool {
	v := r.c.info.Uses[e]
	f, ok := in.(*ast.FuncDecl)
	if v == nil || !ok {
		return false
	}
	var texts []string
	for _, a := range r.c.given(v, f) {
		x := r.c.info.Types[a.e].Value
		if x == nil || x.Kind() != constant.String || constant.StringVal(x) == "" {
			return false
		}
		texts = append(texts, constant.StringVal(x))
	}
	for _, text := range texts {
		r.out[text] = true
	}
	return len(texts) > 0
}

// variable reads what is assigned to a variable, or given as an argument.
func (r reader) variable(e *ast.Ident, in ast.Decl) {
	v := r.c.info.Uses[e]
	f, ok := in.(*ast.FuncDecl)
	if v == nil || !ok {
		r.fail(e)
		return
	}
	for _, a := range r.c.given(v, f) {
		r.read(a.e, a.in)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				id, ok := left.(*ast.Ident)
				if !ok || r.c.info.Defs[id] != v && r.c.info.Uses[id] != v {
					continue
				}
				switch {
				case len(n.Rhs) == len(n.Lhs):
					r.read(n.Rhs[i], in)
				case i == 0:
					r.read(n.Rhs[0], in)
				default:
					r.fail(id)
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if r.c.info.Defs[id] == v && i < len(n.Values) {
					r.read(n.Values[i], in)
				}
			}
		case *ast.RangeStmt:
			if id, ok := n.Key.(*ast.Ident); ok && r.c.info.Defs[id] == v {
				r.fail(id)
			}
		}
		return true
	})
}

// field are the texts that a field has wherever a package writes a value of a type down.
func (s *source) field(dir, typ, field string) (out []string) {
	s.t.Helper()
	c := s.load(dir)
	for _, file := range c.files {
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			named, ok := types.Unalias(c.info.Types[lit].Type).(*types.Named)
			if !ok || named.Obj().Name() != typ {
				return true
			}
			for _, x := range lit.Elts {
				if kv, ok := x.(*ast.KeyValueExpr); ok && nameOf(kv.Key) == field {
					if v := c.info.Types[kv.Value].Value; v != nil && v.Kind() == constant.String {
						out = append(out, constant.StringVal(v))
					}
				}
			}
			return true
		})
	}
	if len(out) == 0 {
		s.t.Errorf("%s writes no %s.%s", dir, typ, field)
	}
	return out
}

// typed are the constants of a type.
func (s *source) typed(dir, name string) []string {
	s.t.Helper()
	o := s.load(dir).pkg.Scope().Lookup(name)
	if o == nil {
		s.t.Fatalf("%s has no type %s", dir, name)
	}
	list := constants(o.Type())
	if len(list) == 0 {
		s.t.Errorf("%s.%s has no constants", dir, name)
	}
	return list
}
