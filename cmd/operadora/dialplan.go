package main

import (
	"fmt"
	"os"
	"path/filepath"
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
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pbx != "asterisk" {
				return fmt.Errorf("--pbx %q: only asterisk is known", pbx)
			}
			if v.ARIPassword == "" {
				v.ARIPassword = dialplans.NewPassword()
			}
			files, err := dialplans.Asterisk(v)
			if err != nil {
				return err
			}
			if dir != "" {
				return writeFiles(cmd, dir, files)
			}
			for _, f := range files {
				fmt.Fprintf(cmd.OutOrStdout(), ";;; ---- %s ----\n%s\n", f.Name, f.Content)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&pbx, "pbx", "asterisk", "kind of PBX")
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

// writeFiles writes files that do not exist yet; an existing one is never changed.
func writeFiles(cmd *cobra.Command, dir string, files []dialplans.File) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := createNew(path, f.Content, 0o640); err != nil {
			return err
		}
		if err := ownedAs(path, dir); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "wrote", path)
	}
	fmt.Fprintln(cmd.OutOrStdout(), "Each file says in its head where it goes. The password in ari_operadora.conf also goes into operadora.yaml: pbxs.NAME.ari.password.")
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
