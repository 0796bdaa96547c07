package esl

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// shelf is where recordings are kept: FreeSWITCH writes them into a folder, and
// we read them there or from a server that shows that folder.
type shelf struct {
	theirs string // folder, as FreeSWITCH sees it
	ours   string // folder or address
	remote bool
	http   *http.Client
	limit  time.Duration
}

func newShelf(c Config) shelf {
	return shelf{theirs: c.Recordings, ours: c.at(), remote: c.remote(), limit: c.CommandTimeout,
		http: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: c.CommandTimeout, MaxIdleConnsPerHost: 4}}}
}

// path is the file of a recording, as FreeSWITCH sees it.
func (s shelf) path(recording string) string { return path.Join(s.theirs, recording+recordingType) }

func (s shelf) file(recording string) string { return filepath.Join(s.ours, recording+recordingType) }

// request asks the server for a recording. A recording that is not there is NotFound.
func (s shelf) request(ctx context.Context, op, method, recording string) (*http.Response, error) {
	u, err := url.JoinPath(s.ours, recording+recordingType)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, u, nil)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return nil, fault.E(op, fault.Unavailable, err)
	}
	switch {
	case res.StatusCode/100 == 2:
		return res, nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		err = fault.New(op, fault.NotFound, "there is no recording %q", recording)
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusMethodNotAllowed:
		err = fault.New(op, fault.Denied, "the server of recordings answers %d", res.StatusCode)
	default:
		err = fault.New(op, fault.Unavailable, "the server of recordings answers %d", res.StatusCode)
	}
	return nil, errors.Join(err, res.Body.Close())
}

// has tells whether a recording was made.
func (s shelf) has(ctx context.Context, recording string) (bool, error) {
	if !s.remote {
		_, err := os.Stat(s.file(recording))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, fileFault("esl.Record", recording, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	res, err := s.request(ctx, "esl.Record", http.MethodHead, recording)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, res.Body.Close()
}

// Recordings tells whether recordings can be read where the configuration says: a
// folder that is not there is NotFound (FreeSWITCH makes it with the first
// recording), one that may not be read is Denied.
func Recordings(ctx context.Context, cfg Config) error {
	const op = "esl.Recordings"
	s := newShelf(cfg)
	if s.remote {
		res, err := s.request(ctx, op, http.MethodHead, "op-doctor")
		if err == nil {
			return res.Body.Close()
		}
		if fault.KindOf(err) == fault.NotFound {
			return nil // it answers
		}
		return err
	}
	folder, err := os.Open(s.ours)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(op, fault.NotFound, "there is no folder %s", s.ours)
	case err != nil:
		return fault.E(op, fault.Denied, err)
	}
	return folder.Close()
}

func fileFault(op, recording string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(op, fault.NotFound, "there is no recording %q", recording)
	case errors.Is(err, fs.ErrPermission):
		return fault.E(op, fault.Denied, err)
	}
	return fault.E(op, fault.Unavailable, err)
}

// OpenRecording streams a stored recording; size is -1 when unknown.
func (a *Adapter) OpenRecording(ctx context.Context, recording string) (io.ReadCloser, int64, error) {
	const op = "esl.OpenRecording"
	if !recordingName.MatchString(recording) {
		return nil, 0, fault.New(op, fault.NotFound, "there is no recording %q", recording)
	}
	if a.shelf.remote {
		res, err := a.shelf.request(ctx, op, http.MethodGet, recording)
		if err != nil {
			return nil, 0, err
		}
		return res.Body, res.ContentLength, nil
	}
	f, err := os.Open(a.shelf.file(recording))
	if err != nil {
		return nil, 0, fileFault(op, recording, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fileFault(op, recording, err), f.Close())
	}
	return f, info.Size(), nil
}

// DeleteRecording removes a stored recording; one that is gone already is no error.
func (a *Adapter) DeleteRecording(ctx context.Context, recording string) error {
	const op = "esl.DeleteRecording"
	if !recordingName.MatchString(recording) {
		return nil
	}
	if !a.shelf.remote {
		if err := os.Remove(a.shelf.file(recording)); !errors.Is(err, fs.ErrNotExist) {
			return fileFault(op, recording, err)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.shelf.limit)
	defer cancel()
	res, err := a.shelf.request(ctx, op, http.MethodDelete, recording)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	return res.Body.Close()
}
