package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/mailer"
	"github.com/operadora/operadora/orchestrator/redisstore"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// filesOf are the texts of the files that are read of a definitions folder, whatever is in them. What
// cannot be read is told of by who reads it.
func filesOf(fsys fs.FS) map[string]string {
	out := map[string]string{}
	names := slices.Concat(acdFiles, []string{didsFile, "calendars.yaml", mailer.MailboxesFile, lookup.FileName})
	for _, folder := range []string{agentsFolder, "flows", compliance.Folder, campaign.Folder} {
		inside, _ := yamlfile.List(fsys, folder) // see above
		names = append(names, inside...)
	}
	for _, name := range names {
		if text, err := yamlfile.ReadFile(fsys, name); err == nil {
			out[name] = text
		}
	}
	return out
}

// hashed are the hashes of files: two processes are alike when theirs are.
func hashed(files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		sum := sha256.Sum256([]byte(text))
		out[name] = hex.EncodeToString(sum[:])
	}
	return out
}

// unlike says in which files a folder is not like the definitions in force.
func unlike(here, inForce map[string]string) (out []string) {
	for name, hash := range here {
		switch other, ok := inForce[name]; {
		case !ok:
			out = append(out, name+" (is not among those in force)")
		case hash != other:
			out = append(out, name+" (differs)")
		}
	}
	for name := range inForce {
		if _, ok := here[name]; !ok {
			out = append(out, name+" (is missing here)")
		}
	}
	slices.Sort(out)
	return out
}

// putGeneration puts files in force from now on, after generation n or after whatever is
// in force (n < 0), and tells whether they are new. What is put in force is later than
// all that this process knew, whatever its clock says and whatever Redis has lost.
func (a *App) putGeneration(ctx context.Context, files map[string]string, n int64) (redisstore.Generation, bool, error) {
	known := a.inForceSince()
	at := time.Now()
	if !at.After(known) {
		at = known.Add(time.Millisecond)
	}
	return a.store.PutGeneration(ctx, redisstore.Generation{By: leaseOwner(a.cfg.Instance).Instance, At: at, Files: files}, n, known)
}

// inForceSince is when the definitions of this process were put in force.
func (a *App) inForceSince() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.since
}

// joinGeneration has the files of this process be those in force. Others are put in force
// when no process is there; beside one that runs by others this one does not start. It is
// Unavailable while Redis is.
func (a *App) joinGeneration(ctx context.Context) error {
	files := a.current().Files
	for until := time.Now().Add(2*a.cfg.LeaseTTL + time.Second); ; life.Sleep(ctx, a.cfg.LeaseTTL/4) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g, err := a.store.Generation(ctx)
		if err != nil {
			return err
		}
		other := unlike(files, g.Files)
		if g.N > 0 && len(other) == 0 {
			return a.joined(ctx, g)
		}
		who, err := a.running(ctx)
		if err != nil {
			return err
		}
		switch {
		case who == "":
			put, anew, err := a.putGeneration(ctx, files, g.N)
			if err != nil {
				return err
			}
			if anew {
				a.tell(ctx, orchestrator.SystemEvent{What: orchestrator.SystemDefinitions}) // one may run that was not heard of
				return a.joined(ctx, put)
			}
		case time.Now().After(until): // else it may be one that was killed, or is ending
			return fault.New("definitions", fault.Conflict, "%s is running by other definitions, and this process would serve the same callers by its own: %s. "+
				"Either copy the folder of definitions from there to %s, or put these in force there, too: copy them there, and `operadora reload`",
				who, inForce(g, other), a.cfg.Definitions)
		}
	}
}

// inForce says what is in force and how a folder differs from it.
func inForce(g redisstore.Generation, other []string) string {
	return fmt.Sprintf("generation %d, in force since %s by %s; here: %s", g.N, g.At.UTC().Format(time.RFC3339), g.By, strings.Join(other, ", "))
}

// joined notes by which generation this process begins, and that it runs.
func (a *App) joined(ctx context.Context, g redisstore.Generation) error {
	a.setGeneration(g.At, "")
	a.keepRevision(ctx, a.current(), g.At, cmp.Or(g.By, leaseOwner(a.cfg.Instance).Instance), "", nil)
	return a.store.Present(ctx, leaseOwner(a.cfg.Instance).Holder(), a.presence())
}

// presence is how long a process is taken for running that gives no sign of life.
func (a *App) presence() time.Duration { return 2 * a.cfg.LeaseTTL }

// keepPresent has other processes know that this one runs, also while it drives no PBX.
func (a *App) keepPresent(ctx context.Context) {
	self := leaseOwner(a.cfg.Instance).Holder()
	for life.Sleep(ctx, a.cfg.LeaseTTL/2) {
		if err := a.store.Present(ctx, self, a.presence()); err != nil && ctx.Err() == nil {
			a.log.DebugContext(ctx, "no sign of life given to other processes", "error", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	if err := a.store.Absent(ctx, self); err != nil {
		a.log.DebugContext(ctx, "other processes take this one for running a while longer", "error", err)
	}
}

// running is another process that runs, "" for none.
func (a *App) running(ctx context.Context) (string, error) {
	self := leaseOwner(a.cfg.Instance).Holder()
	all, err := a.store.Processes(ctx)
	for _, who := range all {
		if who != self && !processDead(who) {
			return who, err
		}
	}
	return "", err
}

// setGeneration notes since when the definitions of this process are in force, or why they are not.
func (a *App) setGeneration(since time.Time, behind string) {
	a.mu.Lock()
	a.behind = behind
	if behind == "" {
		a.since = since
	}
	a.mu.Unlock()
	a.engine.StandAside(behind != "")
}

// upToDate tells why this process does not serve by the definitions in force.
func (a *App) upToDate(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.behind == "" {
		return nil
	}
	return fault.New("definitions", fault.Conflict, "%s", a.behind)
}

// followRetry is the pause after trouble with the journal or Redis.
const followRetry = time.Second

// followGeneration puts in force here what is put in force by another process. The journal tells.
func (a *App) followGeneration(ctx context.Context) {
	for ctx.Err() == nil {
		after, err := a.store.Last(ctx)
		if err == nil {
			err = a.catchUp(ctx)
		}
		if err == nil {
			err = a.store.Tail(ctx, after, func(entries []orchestrator.Entry) error {
				if slices.ContainsFunc(entries, ofDefinitions) {
					return a.catchUp(ctx)
				}
				return nil
			})
		}
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "nobody knows whether other definitions are in force; looked at again", "error", err, "in", followRetry)
			life.Sleep(ctx, followRetry)
		}
	}
}

// ofDefinitions tells whether an entry says that others are in force.
func ofDefinitions(e orchestrator.Entry) bool {
	var said orchestrator.SystemEvent
	return e.Type == orchestrator.EntrySystem && json.Unmarshal(e.Data, &said) == nil && said.What == orchestrator.SystemDefinitions
}

// catchUp brings this process in line with the definitions in force, if its files are those.
// Else it leaves its PBXs to processes that are in line.
func (a *App) catchUp(ctx context.Context) error {
	a.reloadOne.Lock()
	defer a.reloadOne.Unlock()
	g, err := a.store.Generation(ctx)
	if err != nil {
		return err
	}
	a.mu.Lock()
	files, since := a.defs.Files, a.since
	a.mu.Unlock()
	switch {
	case g.At.Before(since): // Redis lost what was put in force last; it is as old as it was
		put, anew, err := a.store.PutGeneration(ctx, redisstore.Generation{By: leaseOwner(a.cfg.Instance).Instance, At: since, Files: files}, g.N, since)
		if anew { // of whoever was faster the journal tells
			a.setGeneration(put.At, "")
			a.keepRevision(ctx, a.current(), put.At, leaseOwner(a.cfg.Instance).Instance, "", nil)
			a.tell(ctx, orchestrator.SystemEvent{What: orchestrator.SystemDefinitions})
		}
		return err
	case len(unlike(files, g.Files)) == 0:
		a.setGeneration(g.At, "")
		return nil
	}
	var changed []string
	defs, faults, err := a.load()
	if err == nil {
		if other := unlike(defs.Files, g.Files); len(other) > 0 {
			err = fault.New("definitions", fault.Conflict, "%s", inForce(g, other))
		} else {
			changed, err = a.enforce(ctx, defs, faults, g.At)
		}
	}
	switch {
	case err == nil:
		a.log.InfoContext(ctx, "the definitions that another process has put in force are in force here", "generation", g.N, "by", g.By)
		a.setGeneration(g.At, "")
		a.keepRevision(ctx, defs, g.At, g.By, "", changed) // else the other process has
	case fault.KindOf(err) == fault.Unavailable:
		return err
	default:
		behind := fmt.Sprintf("other definitions are in force than here: %v; copy them to %s and reload here", fault.Text(err), a.cfg.Definitions)
		a.log.ErrorContext(ctx, "this process leaves its PBXs to others", "why", behind)
		a.setGeneration(time.Time{}, behind)
	}
	return nil
}
