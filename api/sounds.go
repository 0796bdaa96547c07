package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	// soundFetches is how many recordings are fetched from PBXs at a time: what a
	// PBX sends over its HTTP server it does not answer calls with.
	soundFetches = 4
	// soundFetchTime is how long a fetch may take, soundIdle how long what was
	// fetched is kept unused, soundRoom how much of it there may be, in bytes.
	soundFetchTime = 2 * time.Minute
	soundIdle      = 10 * time.Minute
	soundRoom      = 1 << 30
	// soundListeners is how many may be sent sound at a time, and with one token.
	soundListeners         = 64
	soundListenersPerToken = 8
	// playback is how long after its last request a token that goes on hearing a
	// recording leaves no further line on the audit log.
	playback = 10 * time.Minute
)

// sounds fetches recordings from their PBX, each once for all who hear it, into
// private files. Listeners, however slow, hold nothing of the PBX.
type sounds struct {
	log     *slog.Logger
	fetches chan struct{} // a slot for each fetch
	drawing sync.Mutex    // one file is gone through for its peaks at a time

	mu        sync.Mutex
	dir       string            // "" until it is needed; guarded by mu
	room      int64             // guarded by mu
	files     map[string]*sound // by recording; guarded by mu
	stopped   bool              // guarded by mu
	listeners int               // guarded by mu
	byToken   map[string]int    // listeners; guarded by mu
	wg        sync.WaitGroup
}

// sound is a recording that is being fetched or is here. What it is of is set
// before ready is closed, and never changes.
type sound struct {
	id, path, kind string
	size           int64
	err            error
	ready          chan struct{}
	peaks          func() (wire.Peaks, error) // of a file that is here; gone through when they are first asked for

	users  int                  // guarded by the sounds' mu
	used   time.Time            // guarded by the sounds' mu
	gone   bool                 // to be removed when nobody uses it; guarded by the sounds' mu
	heard  map[string]time.Time // last request by token and purpose; guarded by the sounds' mu
	cancel context.CancelFunc   // ends the fetch
}

func newSounds(log *slog.Logger) *sounds {
	return &sounds{log: log, fetches: make(chan struct{}, soundFetches), room: soundRoom, files: map[string]*sound{}, byToken: map[string]int{}}
}

// listen counts a listener in; leave counts it out.
func (s *sounds) listen(token string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners >= soundListeners || s.byToken[token] >= soundListenersPerToken {
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeFull, Detail: "too many recordings are being sent; try again"}
	}
	s.listeners++
	s.byToken[token]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.listeners--
		if s.byToken[token]--; s.byToken[token] == 0 {
			delete(s.byToken, token)
		}
	}), nil
}

// get returns a recording's file, fetched now unless it is here. Whoever got it
// gives it back with put.
func (s *sounds) get(ctx context.Context, pbx orchestrator.PBX, id string) (*sound, error) {
	f, err := s.take(ctx, pbx, id)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.ready:
		err = f.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.put(f)
		return nil, err
	}
	return f, nil
}

// take returns the file of a recording, whose fetch is begun if it must be.
func (s *sounds) take(ctx context.Context, pbx orchestrator.PBX, id string) (*sound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		if s.stopped {
			return nil, fault.New("api.sounds", fault.Unavailable, "the server stops")
		}
		if s.dir == "" {
			dir, err := os.MkdirTemp("", "operadora-sound-") // for this process alone
			if err != nil {
				return nil, fault.E("api.sounds", fault.Unavailable, err)
			}
			s.dir = dir
		}
		s.clearOut(time.Now(), s.room)
		fetch, cancel := context.WithTimeout(context.WithoutCancel(ctx), soundFetchTime) // others may wait for it when this one has left
		f = &sound{id: id, ready: make(chan struct{}), heard: map[string]time.Time{}, cancel: cancel}
		f.peaks = sync.OnceValues(func() (wire.Peaks, error) {
			s.drawing.Lock()
			defer s.drawing.Unlock()
			return peaksOfFile(f.path)
		})
		s.files[id] = f
		s.wg.Go(func() { s.fetch(fetch, pbx, f) })
	}
	f.users++
	return f, nil
}

// put gives a file back. One that could not be fetched is forgotten.
func (s *sounds) put(f *sound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.users--
	f.used = time.Now() // the age of a file here: no clock but this
	select {
	case <-f.ready:
		if f.err != nil {
			f.gone = true
		}
	default:
	}
	if f.gone && f.users == 0 {
		s.remove(f)
	}
}

// drop removes a recording that was deleted.
func (s *sounds) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		f.gone = true
		delete(s.files, id) // nobody else gets it
		if f.users == 0 {
			s.remove(f)
		}
	}
}

// remove takes a file away; mu is held.
func (s *sounds) remove(f *sound) {
	f.cancel()
	if s.files[f.id] == f {
		delete(s.files, f.id)
	}
	select {
	case <-f.ready:
		_ = os.Remove(f.path) // a fetch that failed has left none
	default: // the fetch removes what it has when it ends
	}
}

// clearOut removes what nobody has used for a while, and the longest unused
// where there is more than room for, and returns what is still held; mu is held.
func (s *sounds) clearOut(now time.Time, room int64) (held int64) {
	for {
		var oldest *sound
		held = 0
		for _, f := range s.files {
			held += f.sizeNow()
			if f.users == 0 && (oldest == nil || f.used.Before(oldest.used)) {
				oldest = f
			}
		}
		if oldest == nil || now.Sub(oldest.used) < soundIdle && held <= room {
			return held
		}
		s.remove(oldest)
	}
}

// sizeNow is 0 while it is not known.
func (f *sound) sizeNow() int64 {
	select {
	case <-f.ready:
		return f.size
	default:
		return 0
	}
}

// fits tells whether a file of a size may be kept beside the others, for which
// those that nobody uses give way.
func (s *sounds) fits(size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size > s.room {
		return false
	}
	return size+s.clearOut(time.Now(), s.room-size) <= s.room
}

var errNoRoom = errors.New("there is no room for it among the recordings in hand")

// fetch reads a recording from its PBX into a file of its own.
func (s *sounds) fetch(ctx context.Context, pbx orchestrator.PBX, f *sound) {
	defer f.cancel()
	size, kind, path, err := s.download(ctx, pbx, f.id)
	if err != nil && path != "" {
		_ = os.Remove(path) // half of a recording
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.size, f.kind, f.path, f.err = size, kind, path, err
	f.used = time.Now()
	close(f.ready)
	if f.gone && f.users == 0 || s.stopped {
		s.remove(f)
	}
}

func (s *sounds) download(ctx context.Context, pbx orchestrator.PBX, id string) (size int64, kind, path string, err error) {
	select {
	case s.fetches <- struct{}{}:
		defer func() { <-s.fetches }()
	case <-ctx.Done():
		return 0, "", "", fault.E("api.sounds", fault.Unavailable, ctx.Err())
	}
	body, claimed, err := pbx.OpenRecording(ctx, id)
	if err != nil {
		return 0, "", "", err
	}
	defer body.Close()
	if !s.fits(max(0, claimed)) {
		return 0, "", "", fault.E("api.sounds", fault.Unavailable, errNoRoom)
	}
	out, err := os.CreateTemp(s.dir, "*"+filepath.Ext(fileName(id)))
	if err != nil {
		return 0, "", "", fault.E("api.sounds", fault.Unavailable, err)
	}
	defer out.Close()
	most := claimed
	if most < 0 {
		most = soundRoom
	}
	size, err = io.Copy(out, io.LimitReader(body, most+1))
	switch {
	case err == nil && claimed >= 0 && size != claimed:
		err = fmt.Errorf("recording %s: %d bytes came of %d", id, size, claimed)
	case err == nil && (size > most || claimed < 0 && !s.fits(size)):
		err = errNoRoom
	}
	if err != nil {
		return 0, "", out.Name(), fault.E("api.sounds", fault.Unavailable, err)
	}
	head := make([]byte, 512)
	n, err := out.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, "", out.Name(), fault.E("api.sounds", fault.Unavailable, err)
	}
	return size, http.DetectContentType(head[:n]), out.Name(), nil
}

// goesOn tells whether a token has begun to hear a recording lately, which is on
// the audit log, and notes that it goes on.
func (s *sounds) goesOn(id, token, purpose string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return false
	}
	key := token + " " + purpose
	last, ok := f.heard[key]
	if ok && now.Sub(last) < playback {
		f.heard[key] = now
		return true
	}
	return false
}

// begins notes that a token hears a recording from now on.
func (s *sounds) begins(f *sound, token, purpose string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.heard[token+" "+purpose] = now
}

// stop ends the fetches and removes all files.
func (s *sounds) stop() {
	s.mu.Lock()
	s.stopped = true
	for _, f := range s.files {
		f.cancel()
	}
	dir := s.dir
	s.mu.Unlock()
	s.wg.Wait()
	if dir == "" {
		return
	}
	if err := os.RemoveAll(dir); err != nil {
		s.log.Warn("fetched recordings are left", "folder", dir, "error", err)
	}
}
