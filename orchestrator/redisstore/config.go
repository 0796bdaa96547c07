package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Config says where Redis is: one server (one address), a primary watched by
// Sentinel (master_name), or a Cluster (several addresses, or cluster).
type Config struct {
	Addrs            []string            `yaml:"addrs" default:"127.0.0.1:6379" doc:"Addresses of Redis, host:port: one server, the Sentinels when master_name is set, or nodes of a Cluster."`
	MasterName       string              `yaml:"master_name" default:"" doc:"Name of the primary in Sentinel; empty when there is no Sentinel."`
	Cluster          bool                `yaml:"cluster" default:"false" doc:"Whether Redis is a Cluster; needed only when a single address is given."`
	Username         string              `yaml:"username" default:"" doc:"User name (ACL); empty is the default user."`
	Password         orchestrator.Secret `yaml:"password" default:"" doc:"Password; empty sends none."`
	SentinelUsername string              `yaml:"sentinel_username" default:"" doc:"User name at the Sentinels."`
	SentinelPassword orchestrator.Secret `yaml:"sentinel_password" default:"" doc:"Password at the Sentinels; empty sends none."`
	DB               int                 `yaml:"db" min:"0" max:"65535" default:"0" doc:"Number of the database; a Cluster has only 0."`
	TLS              bool                `yaml:"tls" default:"false" doc:"Whether to connect with TLS."`
	TLSCA            string              `yaml:"tls_ca" default:"" doc:"File with the certificates (PEM) to trust; empty trusts those of the system."`
	Tenant           string              `yaml:"tenant" shape:"tenant" default:"default" doc:"Name that all keys carry, so that several installations can share a Redis."`
	DialTimeout      time.Duration       `yaml:"dial_timeout" min:"10ms" max:"1m" default:"2s" doc:"How long a new connection may take."`
	ReadTimeout      time.Duration       `yaml:"read_timeout" min:"10ms" max:"1m" default:"2s" doc:"How long an answer may take."`
	WriteTimeout     time.Duration       `yaml:"write_timeout" min:"10ms" max:"1m" default:"2s" doc:"How long sending a command may take."`
	PoolSize         int                 `yaml:"pool_size" min:"4" max:"10000" default:"32" doc:"Connections per Redis server at most."`
}

// Validate names the first key whose value cannot work.
func (c Config) Validate() error {
	if err := yamlfile.Check("redis", c).Err(); err != nil {
		return err
	}
	if len(c.Addrs) == 0 {
		return errors.New("redis.addrs: empty")
	}
	for _, addr := range c.Addrs {
		if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
			return fmt.Errorf("redis.addrs: %q is not host:port", addr)
		} else if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("redis.addrs: %q: the port must be 1 to 65535, not %s", addr, port)
		}
	}
	switch {
	case c.Cluster && c.MasterName != "":
		return errors.New("redis.cluster: a Cluster is not watched by Sentinel (master_name)")
	case c.DB > 0 && c.clustered():
		return fmt.Errorf("redis.db: a Cluster has only database 0, not %d", c.DB)
	case c.TLSCA != "" && !c.TLS:
		return errors.New("redis.tls_ca: given, but redis.tls is false")
	}
	return nil
}

func (c Config) clustered() bool { return c.MasterName == "" && (c.Cluster || len(c.Addrs) > 1) }

// Client makes a client that connects when it is first used. The error is of
// reading tls_ca.
func (c Config) Client() (redis.UniversalClient, error) {
	redis.SetLogger(quiet{})
	o := &redis.UniversalOptions{
		Addrs: c.Addrs, MasterName: c.MasterName, IsClusterMode: c.clustered(), DB: c.DB,
		Username: c.Username, Password: c.Password.Reveal(),
		SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword.Reveal(),
		ClientName: "operadora", DisableIdentity: true,
		DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout,
		PoolSize: c.PoolSize, ContextTimeoutEnabled: true, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		// Every command of the stores may be repeated; those who wait longer for
		// Redis (the engine, Tail) do it themselves.
		MaxRetries: 2, MinRetryBackoff: 5 * time.Millisecond, MaxRetryBackoff: 50 * time.Millisecond,
	}
	if c.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if c.TLSCA != "" {
			pem, err := os.ReadFile(c.TLSCA)
			if err != nil {
				return nil, fmt.Errorf("redis.tls_ca: %w", err)
			}
			o.TLSConfig.RootCAs = x509.NewCertPool()
			if !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("redis.tls_ca: %s holds no certificate", c.TLSCA)
			}
		}
	}
	if c.clustered() {
		of := o.Cluster()
		of.ClusterStateReloadInterval = clusterReload
		return redis.NewClusterClient(of), nil
	}
	return redis.NewUniversalClient(o), nil
}

// clusterReload is how often the client asks a Cluster which node has what while
// commands are given: by itself it goes on calling a node that has died for a minute,
// however long the node's replica has been there in its place.
const clusterReload = time.Second

// quiet drops the lines that the client writes to stderr by itself: they repeat
// the errors that it returns, once for every attempt.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
