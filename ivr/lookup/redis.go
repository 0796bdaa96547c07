package lookup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/operadora/operadora/orchestrator/fault"
)

// KeyValue is a Redis that is read. ivr/redisstore implements it.
type KeyValue interface {
	// Read returns the value of a key, or of a field of the hash there when it is not "". ok is
	// false when there is none. Errors hold neither keys nor secrets: Invalid is of this key
	// alone, Denied of the login.
	Read(ctx context.Context, key, field string) (value string, ok bool, err error)
	Close() error
}

// Redis is how a source is asked in Redis.
type Redis struct {
	URL   string // it may hold a password
	Key   string
	Field string
	Conns int
}

// refuses implements Maker. A value with what parts of keys are set apart by may name another key.
func (r *Redis) refuses(values map[string]string) string {
	for _, name := range append(template(r.Key).names(), template(r.Field).names()...) {
		if strings.ContainsAny(values[name], ":{}* ") {
			return fmt.Sprintf("parameter %q has a value that is no part of a key", name)
		}
	}
	return ""
}

// open implements Maker.
func (r *Redis) open(p Parts) asker {
	if p.Redis == nil {
		return broken{errors.New("this operadora reads no Redis")}
	}
	rdb, err := p.Redis(r.URL, r.Conns)
	if err != nil { // it may hold the password
		return broken{errors.New("its url cannot be read")}
	}
	return &redisAsker{Redis: r, rdb: rdb}
}

type redisAsker struct {
	*Redis
	rdb KeyValue
}

func (r *redisAsker) close() { _ = r.rdb.Close() } // it was only read

// ask reads the key. What is no JSON is a text.
func (r *redisAsker) ask(ctx context.Context, values map[string]string) (doc any, found bool, err error) {
	value, found, err := r.rdb.Read(ctx, template(r.Key).fill(values, asIs), template(r.Field).fill(values, asIs))
	switch {
	case err != nil && fault.KindOf(err) == fault.Invalid:
		return nil, false, unfit{errors.New(fault.Text(err))}
	case err != nil && fault.KindOf(err) == fault.Denied:
		return nil, false, fmt.Errorf("%s: the secret in its url is wrong or has expired", fault.Text(err))
	case err != nil:
		return nil, false, errors.New(fault.Text(err))
	case len(value) > mostText:
		return nil, false, fmt.Errorf("its answer is longer than %d kB", mostText>>10)
	}
	if doc, err = parse([]byte(value)); err != nil {
		doc = value
	}
	return doc, found, nil
}

// redisURL tells whether a text says where a Redis is.
func redisURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != ""
}
