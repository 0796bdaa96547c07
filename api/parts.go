package api

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/runner"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// Calls reads live calls. orchestrator.Store is one.
type Calls interface {
	Live(ctx context.Context, pbx string) ([]orchestrator.Record, error)
	Load(ctx context.Context, id string) (orchestrator.Record, error)
}

// Engine acts on live calls. *orchestrator.Engine is one.
type Engine interface {
	// Ask wants something of a live call, in whichever process, and tells whether it
	// is under way.
	Ask(ctx context.Context, id string, w call.Wish) error
	// Dial begins a call that an agent of a PBX makes, and returns once the agent is
	// held for it, or was refused. A key that was used gives the call of then.
	Dial(ctx context.Context, pbx string, o call.Order, key string) (call.Begun, error)
	// CallBack has a number called when it is its turn in a queue; a number that is to
	// be called already is CallbackPending.
	CallBack(ctx context.Context, pbx string, o call.CallbackOrder) (call.CallbackAnswer, error)
	PBX(name string) (orchestrator.PBX, bool)
	// Connected tells for each PBX whether its events flow to this process now.
	Connected() map[string]bool
}

// Callers keeps in mind who called.
type Callers interface {
	// Numbers are the forms in which a number may be known, as it is given among them.
	Numbers(text string) []string
	// ForgetCaller forgets what is known of a number beside the records.
	ForgetCaller(ctx context.Context, number string) error
}

// Floor reads who waits and who serves.
type Floor interface {
	// Floor returns everything, as it was at most age ago; with age 0 it shows
	// whatever was done before the call. What it returns is shared between
	// callers, and not changed by them.
	Floor(ctx context.Context, age time.Duration) (FloorState, error)
	// Board returns the numbers alone, at a cost that does not grow with agents and
	// calls; with the same age and sharing.
	Board(ctx context.Context, age time.Duration) (Board, error)
	// AgentPage returns at most limit agents by id, those after one of them, and
	// whether there are more.
	AgentPage(ctx context.Context, after string, limit int, f AgentFilter) (page []wire.Agent, more bool, err error)
	// WaitingIn returns who waits in a queue, or is offered from it; false when there is no such queue.
	WaitingIn(ctx context.Context, queue string) ([]wire.WaitingCall, bool, error)
	// Agent returns one agent as it is now; NotFound when there is none.
	Agent(ctx context.Context, id string) (wire.Agent, error)
	// Explain says why an agent does not get a call that waits, "" for any.
	Explain(ctx context.Context, agent, call string) ([]wire.Finding, error)
}

// Teams knows who is in which team, by the definitions in force. *acd.Service does.
type Teams interface {
	// TeamOf is the team of an agent, "" of one in none.
	TeamOf(agent string) string
	Members(team string) []string
	// TeamServes tells whether an agent of a team serves a queue.
	TeamServes(team, queue string) bool
}

// Records reads and writes what lasts. *records.DB is one.
type Records interface {
	Contacts(ctx context.Context, f records.ContactFilter) ([]records.Contact, string, error)
	Contact(ctx context.Context, call string) (records.Contact, []orchestrator.Entry, error)
	Timeline(ctx context.Context, call string) ([]orchestrator.Entry, error)
	Recordings(ctx context.Context, f records.RecordingFilter) ([]records.Recording, string, error)
	Recording(ctx context.Context, id string) (records.Recording, error)
	RecordingDeleted(ctx context.Context, id, by string) error
	// Paths tells of the ways that calls which began in a span took through flows, each with how many did.
	Paths(ctx context.Context, from, to time.Time, fn func(path []string, calls int64)) error
	AgentStates(ctx context.Context, f records.AgentStateFilter) ([]records.AgentState, string, error)
	Since(ctx context.Context, id string, limit int) ([]orchestrator.Entry, error)
	OldRecordings(ctx context.Context, o records.Old, skip, limit int) ([]records.Recording, error)
	OldCalls(ctx context.Context, o records.Old, limit int) ([]string, error)
	CountOld(ctx context.Context, o records.Old) (recordings, calls, held int64, err error)
	CountRecent(ctx context.Context, o records.Old) (calls int64, err error)
	CountHeld(ctx context.Context, hold string) (calls int64, err error)
	RemoveCalls(ctx context.Context, calls []string) error
	Anonymise(ctx context.Context, calls []string) error
	LegalHolds(ctx context.Context) ([]records.LegalHold, error)
	PlaceHold(ctx context.Context, h records.LegalHold) (records.LegalHold, error)
	ReleaseHold(ctx context.Context, id string) error
	Audit(ctx context.Context, l records.AuditLine) error
	AuditLog(ctx context.Context, f records.AuditFilter) ([]records.AuditLine, string, error)
}

// Reports makes reports from what is on record. reports.Reporter is one.
type Reports interface {
	// Report is Invalid or NotFound, with field and value, for what cannot be made.
	Report(ctx context.Context, name string, q reports.Query) (figures.Table, error)
	// QueueLog writes what happened as app_queue would have; Invalid before anything is written.
	QueueLog(ctx context.Context, w io.Writer, from, to time.Time) (reports.LeftOut, error)
	// Sheet and Logbook are Invalid or NotFound, with field and value, for what cannot be made.
	Sheet(ctx context.Context, q reports.SheetQuery) (reports.Sheet, error)
	Logbook(ctx context.Context, from, to time.Time, zone *time.Location) (reports.Logbook, error)
}

// Leads keeps who may be called and who must not be. *leadstore.Store is one.
type Leads interface {
	Lists(ctx context.Context) ([]leadstore.List, error)
	List(ctx context.Context, id string) (leadstore.List, error)
	CreateList(ctx context.Context, l leads.List, by string) (leadstore.List, error)
	DeleteList(ctx context.Context, id string) (removed int64, more bool, err error)
	Leads(ctx context.Context, q leadstore.Query) ([]leadstore.Kept, int64, error)
	Told(ctx context.Context, number string) (leads.Told, error)
	Imports(ctx context.Context, before int64, limit int) ([]leadstore.Import, error)
	Import(ctx context.Context, n int64) (leadstore.Import, error)
	NewImport(ctx context.Context, o leadstore.Order) (leadstore.Import, error)
	Receive(ctx context.Context, n int64, file io.Reader) (leadstore.Import, error)
	Preview(ctx context.Context, n int64, limit int) (leadstore.Import, []leadstore.Previewed, error)
	SetColumns(ctx context.Context, n int64, said map[string]leads.As) (leadstore.Import, error)
	Begin(ctx context.Context, n int64, dry bool, said map[string]leads.As) (leadstore.Import, error)
	Undo(ctx context.Context, n int64) (leadstore.Import, error)
	Erase(ctx context.Context, number string, dry bool) (leadstore.Erased, error)
	Rejects(ctx context.Context, n, behind int64, limit int) ([]leads.Reject, int64, error)
	Entries(ctx context.Context, last leads.Entry, limit int) ([]leads.Entry, error)
	Forbid(ctx context.Context, e leads.Entry) (leads.Entry, error)
	Allow(ctx context.Context, number, campaign string) error
	Sources(ctx context.Context) ([]leadstore.Source, error)
	DropSource(ctx context.Context, id string) (more bool, err error)
	// Appointments are those that somebody made and that are yet to be kept, the next first.
	Appointments(ctx context.Context, by string, most int) ([]leadstore.Appointed, error)
	// NotCalled counts leads of lists that a campaign has not called yet.
	NotCalled(ctx context.Context, campaign string, lists []string) (int64, error)
	// AppointmentsOf are those of a campaign that are not kept yet, behind one of them.
	AppointmentsOf(ctx context.Context, campaign string, behind leadstore.Appointed, limit int) ([]leadstore.Appointed, error)
	// Health is what lists have been worth to a campaign.
	Health(ctx context.Context, campaign string, lists []string, since time.Time) ([]leadstore.Health, error)
}

// Campaigns are the outbound campaigns. *runner.Runner is one.
type Campaigns interface {
	// Campaigns are those that are defined, by name.
	Campaigns() []*campaign.Campaign
	// Preview says what would become of the leads of one at this moment, of most of them at
	// most; NotFound when there is none of that name.
	Preview(ctx context.Context, id string, most int64) (runner.Preview, error)
	// View says how one stands; NotFound when there is none of that name.
	View(ctx context.Context, id string) (runner.View, error)
	// Live are those that this process paces, by name.
	Live() map[string]runner.Live
	// Runs are where those stand that somebody has started, by name.
	Runs(ctx context.Context) (map[string]campaign.Run, error)
	// Appoint has a lead called at a time, and returns the appointment that is no more, nil for
	// none; NotFound when there is no such lead or campaign.
	Appoint(ctx context.Context, id string, lead int64, a campaign.Appointment, by string) (was *campaign.Appointment, err error)
	// Cancel gives the appointment of a lead up.
	Cancel(ctx context.Context, id string, lead int64) error
	// Withdraw gives an appointment up that was just made; the one before is in force again.
	Withdraw(ctx context.Context, id string, lead int64, is campaign.Appointment, was *campaign.Appointment, by string) error
	// Order moves one as somebody wants it; Conflict where it cannot be.
	Order(ctx context.Context, id string, t campaign.RunTrigger, by, why string) (campaign.Run, error)
	// Evidence makes a file of how one stood to the legal limit; write writes it and returns its sum.
	Evidence(ctx context.Context, id string, from, to time.Time, format evidence.Format, heard func(context.Context, string) (evidence.Heard, error)) (write func(io.Writer) (sum string, err error), err error)
}

// Tokens knows who may come in. *records.DB is one.
type Tokens interface {
	// FindToken returns the token that a bearer text stands for, also an expired
	// or revoked one; NotFound when there is none.
	FindToken(ctx context.Context, bearer string) (records.Token, error)
	// Tokens are all of them.
	Tokens(ctx context.Context) ([]records.Token, error)
	// CreateToken returns the token with its text, which is kept nowhere.
	CreateToken(ctx context.Context, t records.Token) (records.Token, string, error)
	RevokeToken(ctx context.Context, id string) error
	// FindSession does the same for the text of a session.
	FindSession(ctx context.Context, bearer string) (records.Session, error)
	CreateSession(ctx context.Context, who records.Identity, length time.Duration, from records.Origin) (records.Session, string, error)
	// Sessions are those of a token or a person that are not over.
	Sessions(ctx context.Context, holder string) ([]records.Session, error)
	EndSession(ctx context.Context, id string) error
	// EndSessions ends all of a token or a person but one.
	EndSessions(ctx context.Context, holder, but string) error
	// OpenPairing makes a code for a screen to show; Pair lets in the screen that shows one,
	// NotFound when none does; ClaimPairing is nil until then, and NotFound when the code has expired.
	OpenPairing(ctx context.Context, address string, holds time.Duration) (records.Pairing, error)
	Pair(ctx context.Context, code string, t records.Token) (records.Token, error)
	ClaimPairing(ctx context.Context, secret string) (*records.Identity, error)
	// Over returns those of the credentials in use that do not hold any more.
	Over(ctx context.Context, held []records.Credential) ([]records.Credential, error)
}

// People knows who signs in with a password. *records.DB does.
type People interface {
	Users(ctx context.Context) ([]records.User, error)
	User(ctx context.Context, id string) (records.User, error)
	// UserOf returns who signs in by a name; NotFound when nobody does.
	UserOf(ctx context.Context, login string) (records.User, error)
	// CreateUser, ChangeUser and DisableUser are Conflict when the login or the agent is another's.
	CreateUser(ctx context.Context, u records.User) (records.User, error)
	ChangeUser(ctx context.Context, u records.User) (records.User, error)
	DisableUser(ctx context.Context, id string, out bool) (records.User, error)
	InviteUser(ctx context.Context, id string, holds time.Duration) (link string, until time.Time, err error)
	// LinkedUser and SetPasswordByLink are NotFound when the link is not known, used or expired.
	LinkedUser(ctx context.Context, link string) (records.User, error)
	SetPasswordByLink(ctx context.Context, link, hash string) (records.User, error)
	SetPassword(ctx context.Context, id, hash, butSession string) error
	// RehashPassword keeps another hash of the password that a person has.
	RehashPassword(ctx context.Context, id, hash string) error
	// UserOfSubject is NotFound when a provider knows nobody as that; BindSubject Conflict for who signs in
	// in another way.
	UserOfSubject(ctx context.Context, subject string) (records.User, error)
	BindSubject(ctx context.Context, id, subject string, mayHavePassword bool) (records.User, error)
	// BeginTOTP and ConfirmTOTP set a second factor up; Conflict when one is in use.
	BeginTOTP(ctx context.Context, person, secret string) error
	ConfirmTOTP(ctx context.Context, person, secret string, step int64, recovery []string, butSession string) error
	// UseTOTP is false when a code of that step, or of a later one, was taken before; UseRecovery for
	// what is no recovery code of the person's, or not any more.
	UseTOTP(ctx context.Context, person string, step int64) (bool, error)
	UseRecovery(ctx context.Context, person, code string) (bool, error)
	ReplaceRecovery(ctx context.Context, person string, codes []string) error
	RecoveryLeft(ctx context.Context, person string) (int, error)
	RemoveTOTP(ctx context.Context, person, butSession string) (records.User, error)
	// WasHere tells whether a person has signed in from an address lately.
	WasHere(ctx context.Context, person, address string) (bool, error)
	Preferences(ctx context.Context, holder string) (string, error)
	KeepPreferences(ctx context.Context, holder, body string) error
}

// Definer holds what the administrator has defined.
type Definer interface {
	// Zone is the centre's time zone.
	Zone() *time.Location
	// Definitions returns what is in force, without secrets.
	Definitions(ctx context.Context) (wire.Definitions, error)
	// Choices is what of it an agent chooses from.
	Choices(ctx context.Context, agent string) (wire.AgentChoices, error)
	// Reload reads the definitions again and puts them in force as a whole;
	// Invalid, with nothing changed, when there is a fault in them.
	Reload(ctx context.Context, by string) (wire.Reloaded, error)
	// Disk says what lies in the folder now, beside what is in force.
	Disk(ctx context.Context) (wire.DefinitionsOnDisk, error)
	// Revisions are those that were in force, as far as they are kept, the last first.
	Revisions(ctx context.Context) ([]wire.DefinitionsRevision, error)
	// Revision and Compare are NotFound for what is not kept.
	Revision(ctx context.Context, n int64) (wire.DefinitionsRevisionView, error)
	Compare(ctx context.Context, from, to int64) (wire.DefinitionsComparison, error)
}

// Doctor examines what this process stands on. It has an end by itself.
type Doctor interface {
	// Examine begins an examination, unless one is under way, and returns it.
	Examine(by string) wire.Examination
	// Examination is the last one, or how far the one under way is.
	Examination() wire.Examination
}

// Check is a dependency that /readyz asks. Run is given a deadline.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// Parts is what a Server is joined from. Log, Gatherer, Registerer and Now may be left out.
type Parts struct {
	Calls       Calls
	Engine      Engine
	Agents      orchestrator.Agents
	Callers     Callers
	Floor       Floor
	Teams       Teams
	Records     Records
	Reports     Reports
	Leads       Leads
	Campaigns   Campaigns
	Tokens      Tokens
	People      People
	Definitions Definer
	Doctor      Doctor
	Journal     orchestrator.Journal
	// Checks are the dependencies of readiness besides the PBXs, of which one
	// must be connected: store, records, definitions …
	Checks []Check
	// Lag tells how far the records are behind the journal; nil leaves it out of the figures.
	Lag func() records.Lag
	// JournalKept is how long an entry may be in the journal after it was recorded: until
	// then what is removed of a call might come back from there.
	JournalKept time.Duration
	// Keep is how long calls are kept of which neither queue nor campaign says so.
	Keep    Keep
	Version wire.Version
	Log     *slog.Logger
	// Gatherer is what /metrics shows, Registerer where the API's own figures go.
	// Both must be of one registry; nil makes one of the server's own.
	Gatherer   prometheus.Gatherer
	Registerer prometheus.Registerer
	Now        func() time.Time
}
