package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// newRedisCommand is about the Redis that holds what is live.
func newRedisCommand() *cobra.Command {
	c := &cobra.Command{Use: "redis", Short: "The Redis that holds what is live"}
	c.AddCommand(newRedisACLCommand())
	return c
}

// redisRole is somebody for whom a user of Redis is printed.
type redisRole struct {
	name, user string                               // user is what the user is called by default
	has        func(Config) (user, password string) // what the configuration says
	keys       [2]string                            // of the configuration, for user and password; "" has none
	rights     func(tenant, user, password string) redisstore.User
}

var redisRoles = []redisRole{
	{name: "service", user: "operadora", keys: [2]string{"redis.username", "redis.password"}, rights: redisstore.Service,
		has: func(c Config) (string, string) { return c.Redis.Username, c.Redis.Password.Reveal() }},
	{name: "sentinel", user: "operadora", keys: [2]string{"redis.sentinel_username", "redis.sentinel_password"}, rights: redisstore.AtSentinels,
		has: func(c Config) (string, string) { return c.Redis.SentinelUsername, c.Redis.SentinelPassword.Reveal() }},
	{name: "monitor", user: "monitor", rights: redisstore.Monitor,
		has: func(Config) (string, string) { return "", "" }},
}

func newRedisACLCommand() *cobra.Command {
	var role, user string
	c := &cobra.Command{
		Use:   "acl",
		Short: "Print a user of Redis with the least rights, for its ACL file or redis.conf",
		Long: "Print a user of Redis (6.2 or later) with the least rights, as one line for its ACL file or redis.conf:\n" +
			"  service   operadora itself: the keys of redis.tenant alone, and no command that empties, moves, stops or reconfigures Redis\n" +
			"  sentinel  operadora at the Sentinels: where the primary is\n" +
			"  monitor   whoever watches Redis: how it fares, and no key\n" +
			"The line has the SHA-256 of the password alone. The password is the configuration's; where it has none, a new one is made\n" +
			"and told on the standard error, this once. Every node and replica needs the line. Redis's user default stays as it is:\n" +
			"`user default off` closes it, where nobody else needs it.",
		Example: "  operadora redis acl >> /etc/redis/users.acl && redis-cli ACL LOAD",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			i := slices.IndexFunc(redisRoles, func(r redisRole) bool { return r.name == role })
			if i < 0 {
				return fmt.Errorf("--for %q: service, sentinel and monitor are known", role)
			}
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			r := redisRoles[i]
			has, password := r.has(cfg)
			user = cmp.Or(user, has, r.user)
			if strings.ContainsFunc(user, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
				return fmt.Errorf("--user %q: a user of Redis has no blanks", user)
			}
			told := cmd.ErrOrStderr()
			if password == "" {
				password = dialplans.NewPassword()
				fmt.Fprintf(told, "the password of %s: %s\n", user, password)
				if r.keys[1] != "" {
					fmt.Fprintf(told, "it goes into %s\n", r.keys[1])
				}
			}
			if r.keys[0] != "" && user != has {
				fmt.Fprintf(told, "%s goes into %s\n", user, r.keys[0])
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), r.rights(cfg.Redis.Tenant, user, password))
			return err
		},
	}
	c.Flags().StringVar(&role, "for", "service", "whose: service, sentinel or monitor")
	c.Flags().StringVar(&user, "user", "", "the user's name (default: the configuration's, else operadora, or monitor)")
	return c
}
