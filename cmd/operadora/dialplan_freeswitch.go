package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/dialplans"
)

// printFreeSWITCH prints what an administrator adds to a FreeSWITCH, with the
// flags that both kinds of PBX have.
func printFreeSWITCH(cmd *cobra.Command, v dialplans.Values, dir string) error {
	f := dialplans.FreeSWITCHValues{App: v.App, AwayContext: v.AwayContext, Prefix: v.Prefix, Password: v.ARIPassword}
	told, err := freeswitchFromConfig(cmd, &f)
	if err != nil {
		return err
	}
	if f.Password == "" {
		f.Password = dialplans.NewPassword()
	}
	files, err := dialplans.FreeSWITCH(f)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if dir == "" {
		for _, f := range files {
			fmt.Fprintf(out, "<!-- ==== %s ==== -->\n%s\n", f.Name, f.Content)
		}
		return nil
	}
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
	fmt.Fprintln(out, "Each file says in its head where it goes.")
	if told == "" {
		fmt.Fprintln(out, "The password in operadora_event_socket.xml also goes into operadora.yaml: pbxs.NAME.freeswitch.password.")
	}
	return nil
}

// freeswitchFromConfig takes what the configuration says of its only FreeSWITCH,
// as far as no flag says something else. told is the file's name, "" when it says nothing.
func freeswitchFromConfig(cmd *cobra.Command, v *dialplans.FreeSWITCHValues) (told string, err error) {
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
		if pbx.Kind != KindFreeSWITCH {
			return "", nil
		}
		c := pbx.FreeSWITCH
		for flag, set := range map[string]func(){
			"app":      func() { v.App = c.App },
			"prefix":   func() { v.Prefix = c.Prefix },
			"password": func() { v.Password = c.Password.Reveal() },
		} {
			if !cmd.Flags().Changed(flag) {
				set()
			}
		}
		if host, port, err := net.SplitHostPort(c.Address); err == nil {
			if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
				v.Bind = host
				v.Port, _ = strconv.Atoi(port) // it was checked
			}
		}
	}
	return file, nil
}
