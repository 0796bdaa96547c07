package lookup

import (
	"time"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// FileName is where the sources stand, in the definitions folder.
const FileName = "lookups.yaml"

// Lookups is the shape of lookups.yaml.
type Lookups struct {
	Lookups yamlfile.Map[sourceShape] `yaml:"lookups,need" keys:"id" doc:"Sources that nodes of type lookup ask, by name."`
}

type sourceShape struct {
	At      yamlfile.Pos
	Kind    string                    `yaml:"kind,need" doc:"How the source is asked."`
	Params  yamlfile.Map[paramShape]  `yaml:"params" keys:"variable" doc:"What it is asked with, by name. {name} stands for the value in the keys that say so."`
	Results yamlfile.Map[resultShape] `yaml:"results" keys:"variable" doc:"What is taken of the answer, by the names that save of a node has."`
	Found   yamlfile.Text             `yaml:"found" doc:"JSONPath that leads to something, not null, not false and not empty, when something was found. Without it any of the results is enough."`
	Timeout time.Duration             `yaml:"timeout" default:"3s" min:"100ms" max:"8s" doc:"How long the whole answer may take; after that it is an error."`
	Cache   time.Duration             `yaml:"cache" default:"0s" min:"0s" max:"24h" doc:"How long an answer holds for the same parameters; 0s asks each time. Errors are never kept."`
	Step    any
}

// Variants makes a sourceShape a yamlfile.Varied.
func (sourceShape) Variants() (string, map[string]any) { return "kind", kinds }

// kinds are the keys of each kind of source.
var kinds = map[string]any{"http": httpShape{}, "sql": sqlShape{}, "redis": redisShape{}}

type paramShape struct {
	At   yamlfile.Pos
	Type string `yaml:"type,short" oneof:"text digits number date phone" default:"text" doc:"What the value must be: text, digits, number (12.50), date (2026-01-15), or phone (digits, and a + before them). What is not is not asked for: the outcome is none."`
	Min  int    `yaml:"min" min:"0" max:"512" default:"1" doc:"Fewest characters."`
	Max  int    `yaml:"max" min:"1" max:"512" default:"64" doc:"Most characters."`
}

type resultShape struct {
	At   yamlfile.Pos
	Path yamlfile.Text `yaml:"path,need,short" doc:"JSONPath (RFC 9535) to the one value in the answer: $.balance.amount."`
	Type string        `yaml:"type" oneof:"text digits number date time bool" default:"text" doc:"What it must be: text, digits, number, date (also with a time, which is left out), time (13:05), or bool (true or false, also 1 or 0). Anything else is an error."`
	Need bool          `yaml:"need" default:"false" doc:"Whether its absence, where something was found, is an error. Without it the variable is empty."`
}

type httpShape struct {
	URL         yamlfile.Text               `yaml:"url,need" doc:"Address with which every request begins: https://billing.example.com/api/v2."`
	Path        yamlfile.Text               `yaml:"path" default:"" doc:"Rest of the path, with {parameters}: /subscribers/{subscriber}/balance."`
	Method      string                      `yaml:"method" oneof:"GET POST" default:"GET" doc:"GET or POST. The request may be sent twice, and must change nothing."`
	Query       yamlfile.Map[yamlfile.Text] `yaml:"query" doc:"Query by name, with {parameters}. Keys and tokens stand elsewhere: \"file:/path\", or \"${NAME}\" of the environment."`
	Headers     yamlfile.Map[yamlfile.Text] `yaml:"headers" doc:"Headers by name. Keys and tokens stand elsewhere: \"file:/path\", or \"${NAME}\" of the environment."`
	Body        yamlfile.Text               `yaml:"body" default:"" doc:"JSON to send, of POST, with {parameters} in its texts. A number that stands alone in a text is sent as a number."`
	None        []int                       `yaml:"none" min:"200" max:"599" default:"404" doc:"Statuses by which the source says that it knows nothing of it; the outcome is none."`
	Allow       []yamlfile.Text             `yaml:"allow" doc:"Addresses that may be dialled although they are of this machine or of a private network: 10.20.0.0/16. Those of a link (169.254.0.0/16 …) never may."`
	CA          yamlfile.Text               `yaml:"ca" default:"" doc:"File with the certificates (PEM) by which the source's is judged, instead of the machine's."`
	MostKB      int                         `yaml:"max_kb" min:"1" max:"1024" default:"64" doc:"Longest answer, in kilobytes; a longer one is an error."`
	Connections int                         `yaml:"connections" min:"1" max:"1000" default:"32" doc:"Most connections at the same time; more callers wait for one, within timeout."`
}

type sqlShape struct {
	DSN         yamlfile.Text `yaml:"dsn,need" doc:"The database: postgres://user@host/database or sqlite:/path. One with a password stands elsewhere: \"file:/path\", or \"${NAME}\" of the environment. Give a role that may read only what is asked for."`
	Query       yamlfile.Text `yaml:"query,need" doc:"One SELECT with {parameters}, which are bound and stand without quotes. Its rows are a list of objects to the paths of results: $[0].status; no row is none."`
	Connections int           `yaml:"connections" min:"1" max:"100" default:"4" doc:"Most connections at the same time; more callers wait for one, within timeout."`
}

type redisShape struct {
	URL         yamlfile.Text `yaml:"url,need" doc:"The Redis: redis://host:6379/0, or rediss:// for TLS. One with a password stands elsewhere: \"file:/path\", or \"${NAME}\" of the environment."`
	Key         yamlfile.Text `yaml:"key,need" doc:"Key with {parameters}, which is read by GET: customer:{phone}. Values with : { } * or a space are not asked for. What is no JSON is a text, at the path $."`
	Field       yamlfile.Text `yaml:"field" default:"" doc:"Field of the hash at the key, with {parameters}, which is read by HGET instead."`
	Connections int           `yaml:"connections" min:"1" max:"100" default:"4" doc:"Most connections at the same time; more callers wait for one, within timeout."`
}
