package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
			kind, err := kindOf(pbx)
			if err != nil {
				return err
			}
			if kind == KindFreeSWITCH {
				return printFreeSWITCH(cmd, v, dir)
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
	pbxFlag(c, &pbx)
	f.StringVar(&dir, "dir", "", "write the files into this folder instead of printing them; those that are there are left as they are")
	f.StringVar(&v.App, "app", v.App, "Stasis application name, as in the configuration")
	f.StringVar(&v.AwayContext, "away", v.AwayContext, "your context for calls while operadora is away")
	f.StringVar(&v.Prefix, "prefix", v.Prefix, "what every feature code begins with")
	f.StringVar(&v.ARIUser, "user", v.ARIUser, "ARI user")
	f.StringVar(&v.ARIPassword, "password", "", "ARI password (default: a new random one)")
	f.StringVar(&v.HTTPBind, "http-bind", v.HTTPBind, "address of Asterisk's HTTP server")
	f.IntVar(&v.HTTPPort, "http-port", v.HTTPPort, "port of Asterisk's HTTP server")
	return c
}

// pbxFlag is a command's flag for the kind of PBX.
func pbxFlag(c *cobra.Command, pbx *string) {
	c.Flags().StringVar(pbx, "pbx", string(KindAsterisk), "kind of PBX: asterisk or freeswitch")
}

// kindOf reads that flag.
func kindOf(pbx string) (Kind, error) {
	kind := Kind(pbx)
	if kind != KindAsterisk && kind != KindFreeSWITCH {
		return "", fmt.Errorf("--pbx %q: asterisk and freeswitch are known", pbx)
	}
	return kind, nil
}

// onlyPBX is what the configuration says of its only PBX; file is "" when there
// is no configuration yet, or not one PBX.
func onlyPBX(cmd *cobra.Command) (pbx PBXConfig, file string, err error) {
	file, err = findConfig(cmd)
	if err != nil {
		if cmd.Flags().Changed("config") {
			return pbx, "", err
		}
		return pbx, "", nil // there is none yet
	}
	cfg, err := readConfig(file)
	if err != nil || len(cfg.PBXs) != 1 {
		return pbx, "", err
	}
	return slices.Collect(maps.Values(cfg.PBXs))[0], file, nil
}

// unlessGiven sets what no flag says.
func unlessGiven(cmd *cobra.Command, by map[string]func()) {
	for flag, set := range by {
		if !cmd.Flags().Changed(flag) {
			set()
		}
	}
}

// fromConfig takes what the configuration says of its only PBX, as far as no
// flag says something else. told is the file's name, "" when there is none.
func fromConfig(cmd *cobra.Command, v *dialplans.Values) (told string, err error) {
	pbx, file, err := onlyPBX(cmd)
	if file == "" {
		return "", err
	}
	unlessGiven(cmd, map[string]func(){
		"app":      func() { v.App = pbx.ARI.App },
		"user":     func() { v.ARIUser = pbx.ARI.User },
		"password": func() { v.ARIPassword = pbx.ARI.Password.Reveal() },
	})
	u, err := url.Parse(pbx.ARI.URL)
	if err != nil || cmd.Flags().Changed("http-bind") || cmd.Flags().Changed("http-port") {
		return file, nil //nolint:nilerr // an address that is none is told of elsewhere
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() && u.Port() != "" {
		v.HTTPBind = u.Hostname()
		v.HTTPPort, _ = strconv.Atoi(u.Port()) // a URL's port is a number
	}
	return file, nil
}

// writeInto writes files that do not exist yet, for whom the folder belongs to, which
// is made if it is missing. One that is there is never changed, but told of.
func writeInto(out io.Writer, dir string, files []dialplans.File) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		if err := ownedAs(dir, filepath.Dir(filepath.Clean(dir))); err != nil {
			return err
		}
		fmt.Fprintln(out, "made the folder", dir)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		switch there, err := os.ReadFile(path); {
		case err == nil && bytes.Equal(there, f.Content):
			fmt.Fprintln(out, "there already, and the same:", path)
			continue
		case err == nil:
			fmt.Fprintf(out, "there already, and left as it is: %s differs from what would be written, which `operadora dialplan print` shows without --dir\n", path)
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := createNew(path, f.Content, 0o640); err != nil {
			return err
		}
		if err := ownedAs(path, dir); err != nil {
			return err
		}
		fmt.Fprintln(out, "wrote", path)
	}
	return nil
}

// writeFiles writes Asterisk's files and says what to do with them.
func writeFiles(cmd *cobra.Command, dir string, files []dialplans.File, kept dialplans.HTTP, config string) error {
	out := cmd.OutOrStdout()
	if err := writeInto(out, dir, files); err != nil {
		return err
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
