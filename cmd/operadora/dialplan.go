package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialplans"
)

// newDialplanCommand prints what an administrator adds to a PBX.
func newDialplanCommand() *cobra.Command {
	c := &cobra.Command{Use: "dialplan", Short: "What to add to the PBX"}
	c.AddCommand(newDialplanPrintCommand())
	return c
}

func newDialplanPrintCommand() *cobra.Command {
	v := dialplans.DefaultValues()
	var pbx, dir string
	c := &cobra.Command{
		Use:   "print",
		Short: "Print the files for the PBX, or write them into a folder",
		Long: "Print the files for the PBX, or write them into a folder.\n" +
			"User, password, application and address of ARI are those of the configuration, if there is one with a single PBX.\n" +
			"Where http.conf in the folder has HTTP enabled, its settings are left as they are.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch pbx {
			case "asterisk":
			case "freeswitch":
				return printFreeSWITCH(cmd, v, dir)
			default:
				return fmt.Errorf("--pbx %q: asterisk and freeswitch are known", pbx)
			}
			told, err := fromConfig(cmd, &v)
			if err != nil {
				return err
			}
			if v.ARIPassword == "" {
				v.ARIPassword = dialplans.NewPassword()
			}
			if dir != "" && !cmd.Flags().Changed("http-bind") && !cmd.Flags().Changed("http-port") {
				if v.KeepHTTP, err = dialplans.ReadHTTP(filepath.Join(dir, "http.conf")); err != nil {
					return err
				}
			}
			files, err := dialplans.Asterisk(v)
			if err != nil {
				return err
			}
			if dir != "" {
				return writeFiles(cmd, dir, files, v.KeepHTTP, told)
			}
			for _, f := range files {
				fmt.Fprintf(cmd.OutOrStdout(), ";;; ---- %s ----\n%s\n", f.Name, f.Content)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&pbx, "pbx", "asterisk", "kind of PBX: asterisk or freeswitch")
	f.StringVar(&dir, "dir", "", "write the files into this folder instead of printing them")
	f.StringVar(&v.App, "app", v.App, "Stasis application name, as in the configuration")
	f.StringVar(&v.AwayContext, "away", v.AwayContext, "your context for calls while operadora is away")
	f.StringVar(&v.Prefix, "prefix", v.Prefix, "what every feature code begins with")
	f.StringVar(&v.ARIUser, "user", v.ARIUser, "ARI user")
	f.StringVar(&v.ARIPassword, "password", "", "ARI password (default: a new random one)")
	f.StringVar(&v.HTTPBind, "http-bind", v.HTTPBind, "address of Asterisk's HTTP server")
	f.IntVar(&v.HTTPPort, "http-port", v.HTTPPort, "port of Asterisk's HTTP server")
	return c
}

// fromConfig takes what the configuration says of its only PBX, as far as no
// flag says something else. told is the file's name, "" when there is none.
func fromConfig(cmd *cobra.Command, v *dialplans.Values) (told string, err error) {
	file, err := findConfig(cmd)
	if err != nil {
		if cmd.Flags().Changed("config") {
			return "", err
		}
		return "", nil // there is none yet
	}
	cfg, err := readConfig(file)
	if err != nil {
		return "", err
	}
	if len(cfg.PBXs) != 1 {
		return "", nil
	}
	for _, pbx := range cfg.PBXs {
		for flag, set := range map[string]func(){
			"app":      func() { v.App = pbx.ARI.App },
			"user":     func() { v.ARIUser = pbx.ARI.User },
			"password": func() { v.ARIPassword = pbx.ARI.Password.Reveal() },
		} {
			if !cmd.Flags().Changed(flag) {
				set()
			}
		}
		u, err := url.Parse(pbx.ARI.URL)
		if err != nil || cmd.Flags().Changed("http-bind") || cmd.Flags().Changed("http-port") {
			continue
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() && u.Port() != "" {
			v.HTTPBind = u.Hostname()
			v.HTTPPort, _ = strconv.Atoi(u.Port()) // a URL's port is a number
		}
	}
	return file, nil
}

// writeFiles writes files that do not exist yet; an existing one is never changed.
func writeFiles(cmd *cobra.Command, dir string, files []dialplans.File, kept dialplans.HTTP, config string) error {
	out := cmd.OutOrStdout()
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := createNew(path, f.Content, 0o640); err != nil {
			return err
		}
		if err := ownedAs(path, dir); err != nil {
			return err
		}
		fmt.Fprintln(out, "wrote", path)
	}
	if kept.Enabled {
		fmt.Fprintf(out, "%s has HTTP enabled: its address and what else it sets are left as they are\n", filepath.Join(dir, "http.conf"))
	}
	fmt.Fprintln(out, "Each file says in its head where it is included. When it is, on the Asterisk console: core reload;\n"+
		"then `http show status` lists /ari/..., and `dialplan show operadora-inbound` the new context.")
	if config == "" {
		fmt.Fprintln(out, "The password in ari_operadora.conf also goes into operadora.yaml: pbxs.NAME.ari.password.")
	}
	return nil
}

// ownedAs gives a file that root wrote to whom the folder belongs: Asterisk
// mostly runs as a user of its own, and an #include that it cannot read makes
// it leave out the whole file around it.
func ownedAs(path, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}
