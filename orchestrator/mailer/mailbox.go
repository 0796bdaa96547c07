package mailer

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Mailboxes is the shape of mailboxes.yaml.
type Mailboxes struct {
	Mailboxes yamlfile.Map[boxShape] `yaml:"mailboxes,need" keys:"id" doc:"Who is told by mail of messages that callers leave, by the name that nodes of type record have in mailbox."`
}

type boxShape struct {
	At       yamlfile.Pos
	To       []yamlfile.Text `yaml:"to,need" doc:"Addresses, such as ana@example.com; each gets a mail of its own."`
	Language string          `yaml:"language" oneof:"es en" default:"es" doc:"Language of the mail: es or en."`
	Attach   int             `yaml:"attach_mb" min:"0" max:"25" default:"5" doc:"Largest sound that is attached, in megabytes; of a larger one the mail says where it is. 0 attaches none. A minute of wav is about one."`
}

// Mailbox is who is told of messages, and how.
type Mailbox struct {
	To       []string
	Language string
	Attach   int64 // bytes
}

// MailboxesFile is where they stand, in the definitions folder.
const MailboxesFile = "mailboxes.yaml"

// mostAddresses bounds what one message sets going.
const mostAddresses = 50

// Load reads mailboxes.yaml; without the file there are none. ok is false when it cannot be
// said which there are.
func Load(fsys fs.FS) (out map[string]Mailbox, ok bool, faults yamlfile.Faults) {
	out = map[string]Mailbox{}
	text, err := yamlfile.ReadFile(fsys, MailboxesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return out, true, nil
	}
	if err != nil {
		return out, false, yamlfile.Faults{{At: yamlfile.Pos{File: MailboxesFile}, Code: yamlfile.CodeForm, Text: err.Error()}}
	}
	f, faults := yamlfile.Parse(MailboxesFile, text)
	if f == nil {
		return out, false, faults
	}
	var s Mailboxes
	faults = f.Decode(&s, yamlfile.Options{})
	for _, e := range s.Mailboxes {
		box, wrong := e.Value.read(e.Key)
		out[e.Key], faults = box, append(faults, wrong...)
	}
	return out, true, faults
}

func (b boxShape) read(name string) (out Mailbox, faults yamlfile.Faults) {
	out = Mailbox{Language: b.Language, Attach: int64(b.Attach) << 20}
	fault := func(at yamlfile.Pos, code yamlfile.Code, format string, args ...any) {
		faults = append(faults, yamlfile.Fault{At: at, Code: code, Where: "mailboxes." + name + ".to", Text: fmt.Sprintf(format, args...)})
	}
	seen := map[string]bool{}
	for _, to := range b.To {
		switch err := CheckAddress(to.Value); {
		case strings.ContainsFunc(to.Value, unicode.IsControl): // is told already
		case err != nil:
			fault(to.At, yamlfile.CodeForm, "%v", err)
		case seen[strings.ToLower(to.Value)]:
			fault(to.At, yamlfile.CodeForm, "%q is there already", to.Value)
		default:
			seen[strings.ToLower(to.Value)] = true
			out.To = append(out.To, to.Value)
		}
	}
	if n := len(b.To); n == 0 || n > mostAddresses {
		fault(b.At, yamlfile.CodeBounds, "%d addresses; one to %d is what a mailbox may have", n, mostAddresses)
	}
	return out, faults
}

// address is what addresses look like: nothing that SMTP or a header would take for more
// than one word.
var address = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@` +
	`([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

const (
	longestAddress = 254
	longestLocal   = 64
)

// CheckAddress tells why a text is no address that mail is sent to.
func CheckAddress(text string) error {
	local, _, _ := strings.Cut(text, "@")
	if len(text) > longestAddress || len(local) > longestLocal || !address.MatchString(text) {
		return fmt.Errorf("%.100q is no mail address such as ana@example.com", text)
	}
	return nil
}

// MaskAddress shows of an address what tells it from others of its domain.
func MaskAddress(text string) string {
	local, domain, ok := strings.Cut(text, "@")
	if !ok || local == "" {
		return strings.Repeat("*", min(len(text), 3))
	}
	return local[:1] + "***@" + domain
}
