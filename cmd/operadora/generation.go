package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/redisstore"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// hashFiles hashes the files of a definitions folder, whatever is in them: two processes
// are alike when their files are. What cannot be read is told of by who reads it.
func hashFiles(fsys fs.FS) map[string]string {
	out := map[string]string{}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error { // which fails never
		if ext := path.Ext(name); err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil //nolint:nilerr // see above
		}
		if text, err := yamlfile.ReadFile(fsys, name); err == nil {
			sum := sha256.Sum256([]byte(text))
			out[name] = hex.EncodeToString(sum[:])
		}
		return nil
	})
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

// generationOf makes these definitions the ones that this process puts in force.
func (a *App) generationOf(files map[string]string) redisstore.Generation {
	return redisstore.Generation{By: leaseOwner(a.cfg.Instance).Instance, At: time.Now(), Files: files}
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
			a.setGeneration(g.N, "")
			return nil
		}
		who := ""
		if g.N > 0 {
			if who, err = a.running(ctx); err != nil {
				return err
			}
		}
		switch {
		case who == "":
			n, anew, err := a.store.PutGeneration(ctx, a.generationOf(files), g.N)
			if err != nil {
				return err
			}
			if anew {
				a.setGeneration(n, "")
				return nil
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

// running is another process that drives one of our PBXs, "" for none.
func (a *App) running(ctx context.Context) (string, error) {
	self := leaseOwner(a.cfg.Instance).Holder()
	for _, pbx := range slices.Sorted(maps.Keys(a.cfg.PBXs)) {
		who, err := a.store.Driver(ctx, pbx)
		if err != nil {
			return "", err
		}
		if who != "" && who != self && !processDead(who) {
			return who, nil
		}
	}
	return "", nil
}

// setGeneration notes which generation this process is of, and why it is not of the one in force.
func (a *App) setGeneration(n int64, behind string) {
	a.mu.Lock()
	a.generation, a.behind = max(n, a.generation), behind
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
	files, mine := a.defs.Files, a.generation
	a.mu.Unlock()
	switch {
	case g.N < mine: // Redis came back older
		_, _, err := a.store.PutGeneration(ctx, a.generationOf(files), g.N)
		return err
	case len(unlike(files, g.Files)) == 0:
		a.setGeneration(g.N, "")
		return nil
	}
	defs, faults, err := a.load()
	if err == nil {
		if other := unlike(defs.Files, g.Files); len(other) > 0 {
			err = fault.New("definitions", fault.Conflict, "%s", inForce(g, other))
		} else {
			_, err = a.enforce(ctx, defs, faults)
		}
	}
	switch {
	case err == nil:
		a.log.InfoContext(ctx, "the definitions that another process has put in force are in force here", "generation", g.N, "by", g.By)
		a.setGeneration(g.N, "")
	case fault.KindOf(err) == fault.Unavailable:
		return err
	default:
		behind := fmt.Sprintf("other definitions are in force than here: %v; copy them to %s and reload here", fault.Text(err), a.cfg.Definitions)
		a.log.ErrorContext(ctx, "this process leaves its PBXs to others", "why", behind)
		a.setGeneration(0, behind)
	}
	return nil
}
