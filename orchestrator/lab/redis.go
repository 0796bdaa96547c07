package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// RedisOptions say how a private redis-server runs. The zero value keeps
// everything in memory only.
type RedisOptions struct {
	// AppendOnly keeps an append-only file, written out at every command, so
	// that Kill and Restart lose nothing.
	AppendOnly bool
	// Dir is where the server keeps its files; "" makes a folder that Stop removes.
	Dir string
	// Config holds further lines of redis.conf.
	Config []string
	// Sentinel makes it one; Config says what it watches.
	Sentinel bool
	// Outlive lets the server run on when this process ends.
	Outlive bool
}

// Redis is a private redis-server.
type Redis struct {
	o     RedisOptions
	parts parts

	server
}

// StartRedis starts a private redis-server on a free loopback port and returns
// when it answers. ctx bounds the start alone.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	p, err := findParts()
	if err != nil {
		return nil, err
	}
	ports, err := redisPorts.claim()
	if err != nil {
		return nil, err
	}
	r := &Redis{o: o, parts: p, server: server{ports: ports}}
	if err = r.settle("redis", o.Dir, o.Outlive); err == nil {
		err = r.configure()
	}
	if err == nil {
		err = r.Restart(ctx)
	}
	if err != nil {
		r.discard()
		return nil, err
	}
	return r, nil
}

// RedisFor starts a private redis-server that ends with the test.
func RedisFor(tb TB, o RedisOptions) *Redis {
	tb.Helper()
	return started(tb, "redis-server", func(ctx context.Context) (*Redis, error) { return StartRedis(ctx, o) })
}

func (r *Redis) configure() error {
	lines := []string{
		"bind 127.0.0.1", "port " + strconv.Itoa(r.ports.base), "protected-mode yes",
		"dir " + r.dir, "logfile " + r.LogPath(), "daemonize no", "save \"\"",
		"appendonly no", "databases 16", "tcp-backlog 128",
	}
	if r.o.AppendOnly {
		lines = append(lines, "appendonly yes", "appendfsync always")
	}
	lines = append(lines, r.o.Config...)
	if err := os.WriteFile(r.configPath(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("redis-server's configuration: %w", err)
	}
	return nil
}

func (r *Redis) configPath() string { return filepath.Join(r.dir, "redis.conf") }

// LogPath is the file that the server logs to.
func (r *Redis) LogPath() string { return filepath.Join(r.dir, "redis.log") }

// LogTail is the last part of the log.
func (r *Redis) LogTail() string { return endOfFile(r.LogPath()) }

// Addr is the server's host:port.
func (r *Redis) Addr() string { return loopback(r.ports.base) }

// Restart starts the server again on the same port and with the same files,
// after Stop or Kill or while it runs, and returns when it answers.
func (r *Redis) Restart(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.end(); err != nil {
		return err
	}
	if r.ports.lock == nil {
		return fmt.Errorf("redis-server on %s was stopped for good", r.Addr())
	}
	cmd := exec.Command(r.parts.redis, r.configPath())
	if r.o.Sentinel {
		cmd.Args = append(cmd.Args, "--sentinel")
	}
	cmd.Dir = r.dir
	run, err := start("redis-server", cmd, r.o.Outlive)
	if err != nil {
		return err
	}
	if err := r.ready(ctx, run); err != nil {
		err = errors.Join(err, run.kill())
		return fmt.Errorf("redis-server did not come up: %w; its log ends:\n%s", err, r.LogTail())
	}
	r.run = run
	return nil
}

// ready waits until the server answers PONG: while it reads its append-only
// file it answers LOADING.
func (r *Redis) ready(ctx context.Context, run *process) error {
	return await(ctx, run, 5*time.Millisecond, func() bool { return pong(ctx, r.Addr()) })
}

// Written returns when all that the server has answered is in the append-only file, so
// that Kill loses none of it. While a sync of appendfsync everysec is slow, the server
// answers first, and holds back what it writes for up to two seconds.
func (r *Redis) Written(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := r.info(ctx, "persistence")
		if err != nil {
			return err
		}
		if strings.Contains(info, "\naof_buffer_length:0\r\n") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redis-server's append-only file: %w:\n%s", context.Cause(ctx), info)
		case <-tick.C:
		}
	}
}

// info is a section of what INFO tells.
func (r *Redis) info(ctx context.Context, section string) (string, error) {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", r.Addr())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "INFO %s\r\n", section); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	head, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil || n < 0 {
		return "", fmt.Errorf("redis-server answers INFO with %q", head)
	}
	text := make([]byte, n)
	_, err = io.ReadFull(in, text)
	return string(text), err
}

func pong(ctx context.Context, addr string) bool {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "+PONG")
}
