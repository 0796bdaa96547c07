package lookup

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/theory/jsonpath"
	"golang.org/x/net/http/httpguts"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Load reads lookups.yaml; without the file there are no sources. fetch gets a secret from where
// it stands. ok is false when it cannot be said which sources there are.
func Load(fsys fs.FS, fetch func(text string) (string, error)) (out Definitions, ok bool, faults yamlfile.Faults) {
	out = Definitions{}
	text, err := yamlfile.ReadFile(fsys, FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return out, true, nil
	}
	if err != nil {
		return out, false, yamlfile.Faults{{At: yamlfile.Pos{File: FileName}, Code: yamlfile.CodeForm, Text: err.Error()}}
	}
	f, faults := yamlfile.Parse(FileName, text)
	if f == nil {
		return out, false, faults
	}
	var s Lookups
	faults = f.Decode(&s, yamlfile.Options{})
	for _, e := range s.Lookups {
		r := &reader{where: "lookups." + e.Key, fetch: fetch, params: map[string]bool{}, used: map[string]bool{}}
		out[e.Key] = r.source(e)
		faults = append(faults, r.faults...)
	}
	return out, true, faults
}

// reader makes a source of its shape and collects what is wrong with it.
type reader struct {
	where  string
	fetch  func(string) (string, error)
	params map[string]bool
	used   map[string]bool // parameters that stand somewhere
	faults yamlfile.Faults
}

func (r *reader) fault(at yamlfile.Pos, key, format string, args ...any) {
	r.faults = append(r.faults, yamlfile.Fault{At: at, Code: yamlfile.CodeForm, Where: r.where + "." + key, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) source(e yamlfile.Entry[sourceShape]) Source {
	s := e.Value
	out := Source{Name: e.Key, Timeout: s.Timeout, Cache: s.Cache}
	numbers := map[string]bool{}
	for _, p := range s.Params {
		r.params[p.Key] = true
		numbers[p.Key] = p.Value.Type == "number"
		if p.Value.Min > p.Value.Max {
			r.fault(p.At, "params."+p.Key, "min is %d and max is only %d", p.Value.Min, p.Value.Max)
		}
		out.Params = append(out.Params, Param{Name: p.Key, Type: p.Value.Type, Min: p.Value.Min, Max: p.Value.Max})
	}
	for _, res := range s.Results {
		path := r.path(res.Value.Path, "results."+res.Key+".path")
		out.Results = append(out.Results, Result{Name: res.Key, Type: res.Value.Type, Path: path, Need: res.Value.Need})
	}
	if s.Found.Value != "" {
		out.Found = r.path(s.Found, "found")
	}
	switch step := s.Step.(type) {
	case *httpShape:
		out.How = r.http(step, numbers)
	case *sqlShape:
		out.How = r.sql(step)
	case *redisShape:
		out.How = r.redis(step)
	default: // told already
		return out
	}
	for _, p := range s.Params {
		if !r.used[p.Key] {
			r.fault(p.At, "params."+p.Key, "it is used nowhere: write {%s} where the source gets it", p.Key)
		}
	}
	return out
}

func (r *reader) path(text yamlfile.Text, key string) *jsonpath.Path {
	if text.Value == "" {
		return nil // told already
	}
	p, err := jsonpath.Parse(text.Value)
	if err != nil {
		r.fault(text.At, key, "%.100q is no JSONPath such as $.balance.amount: %v", text.Value, errors.Unwrap(err))
	}
	return p
}

// template reads a text with parameters.
func (r *reader) template(text yamlfile.Text, key string) string {
	t := template(text.Value)
	if err := t.check(r.params); err != nil {
		r.fault(text.At, key, "%v", err)
	}
	for _, name := range t.names() {
		r.used[name] = true
	}
	return text.Value
}

func (r *reader) http(s *httpShape, numbers map[string]bool) *HTTP {
	out := &HTTP{Base: r.base(s.URL), Path: r.template(s.Path, "path"), Method: s.Method, None: s.None,
		Most: int64(s.MostKB) << 10, Conns: s.Connections, Numbers: numbers,
		Query: r.pairs(s.Query, "query", true), Headers: r.pairs(s.Headers, "headers", false)}
	if s.Path.Value != "" && !strings.HasPrefix(s.Path.Value, "/") || strings.ContainsAny(s.Path.Value, "?#") {
		r.fault(s.Path.At, "path", "%.100q is no path: it begins with /, and what follows ? stands in query", s.Path.Value)
	}
	if s.CA.Value != "" {
		pem, err := r.fetch("file:" + s.CA.Value)
		switch {
		case err != nil:
			r.fault(s.CA.At, "ca", "%v", err)
		case !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)):
			r.fault(s.CA.At, "ca", "%s holds no certificate in PEM", s.CA.Value)
		}
		out.CA = pem
	}
	for _, a := range s.Allow {
		p, err := netip.ParsePrefix(a.Value)
		if err != nil {
			r.fault(a.At, "allow", "%.100q is no range of addresses such as 10.20.0.0/16 or 10.20.0.5/32", a.Value)
			continue
		}
		out.Allow = append(out.Allow, p.Masked())
	}
	if s.Body.Value == "" {
		return out
	}
	body, err := parse([]byte(s.Body.Value))
	if err != nil || s.Method != "POST" {
		r.fault(s.Body.At, "body", "it must be JSON, and method POST")
		return out
	}
	out.Body = body
	for _, t := range textsOf(body) {
		r.template(yamlfile.Text{Value: string(t), At: s.Body.At}, "body")
	}
	return out
}

func (r *reader) sql(s *sqlShape) *SQL {
	dsn, readable := r.place(s.DSN, "dsn")
	driver, name, ok := dataSource(dsn)
	if !ok && readable {
		r.fault(s.DSN.At, "dsn", "it is neither sqlite:<file> nor postgres://user@host/database")
	}
	query := template(strings.TrimRight(strings.TrimSpace(s.Query.Value), "; \n"))
	for _, param := range query.names() {
		if !r.params[param] {
			r.fault(s.Query.At, "query", "{%s} is not among the params", param)
		}
		r.used[param] = true
	}
	if param, is := query.quoted(); is {
		r.fault(s.Query.At, "query", "{%s} stands within quotes: parameters are bound, and stand without", param)
	}
	out := &SQL{Driver: driver, DSN: name, Conns: s.Connections}
	out.Query, out.Params = marked(driver, query)
	return out
}

func (r *reader) redis(s *redisShape) *Redis {
	url, readable := r.place(s.URL, "url")
	if readable && !redisURL(url) {
		r.fault(s.URL.At, "url", "it is no address such as redis://host:6379/0")
	}
	return &Redis{URL: url, Key: r.template(s.Key, "key"), Field: r.template(s.Field, "field"), Conns: s.Connections}
}

// place reads where a server is, which may hold a password; false after a fault.
func (r *reader) place(text yamlfile.Text, key string) (string, bool) {
	switch {
	case text.Value == "": // told already
		return "", false
	case elsewhere(text.Value):
		place, err := r.fetch(text.Value)
		if err != nil {
			r.fault(text.At, key, "%v", err)
		}
		return place, err == nil
	case holdsPassword(text.Value):
		r.fault(text.At, key, secretHere)
		return "", false
	}
	return text.Value, true
}

// elsewhere tells whether a text says where a secret stands.
func elsewhere(text string) bool {
	return strings.HasPrefix(text, "file:") || strings.HasPrefix(text, "${")
}

const secretHere = "a secret does not stand in the definitions, of which revisions are kept: write \"file:/path\", or \"${NAME}\" of the environment"

// base reads the fixed beginning of an address.
func (r *reader) base(text yamlfile.Text) string {
	u, err := url.Parse(text.Value)
	switch {
	case text.Value == "": // told already
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		r.fault(text.At, "url", "it is no address such as https://billing.example.com/api")
	case u.User != nil:
		r.fault(text.At, "url", "names and passwords do not stand in the address; write a header Authorization")
	case u.RawQuery != "" || u.Fragment != "" || strings.Contains(text.Value, "?") || strings.ContainsAny(text.Value, "{}"):
		r.fault(text.At, "url", "the address is fixed: parameters stand in path, query and body")
	}
	return strings.TrimRight(text.Value, "/")
}

// secretName fits names of headers and queries whose values nobody should read.
var secretName = regexp.MustCompile(`(?i)auth|token|secret|passw|cookie|session|credential|signature|(^|[-_])(api|access)?[-_]?key$`)

// pairs reads headers or a query. Definitions are kept with their revisions, so that a
// secret may only be named in them.
func (r *reader) pairs(list yamlfile.Map[yamlfile.Text], key string, params bool) (out []Pair) {
	for _, e := range list {
		where, p := key+"."+e.Key, Pair{Name: e.Key, Value: e.Value.Value}
		switch {
		case elsewhere(p.Value):
			value, err := r.fetch(p.Value)
			if err != nil {
				r.fault(e.Value.At, where, "%v", err)
			}
			p.Value, p.Fetched = value, true
		case secretName.MatchString(p.Name):
			r.fault(e.Value.At, where, secretHere)
		case params:
			r.template(e.Value, where)
		}
		if !params && (!httpguts.ValidHeaderFieldName(p.Name) || !httpguts.ValidHeaderFieldValue(p.Value) || slices.Contains(ownHeaders, strings.ToLower(p.Name))) {
			r.fault(e.At, where, "it is no header that can be set: of a name and a value without line breaks, and none that HTTP itself sets")
		}
		out = append(out, p)
	}
	return out
}

// ownHeaders are those that make up the request.
var ownHeaders = []string{"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
