package main

import (
	"fmt"
	"net"
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
	if err := writeInto(out, dir, files); err != nil {
		return err
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
	pbx, file, err := onlyPBX(cmd)
	if file == "" || pbx.Kind != KindFreeSWITCH {
		return "", err
	}
	c := pbx.FreeSWITCH
	unlessGiven(cmd, map[string]func(){
		"app":      func() { v.App = c.App },
		"prefix":   func() { v.Prefix = c.Prefix },
		"password": func() { v.Password = c.Password.Reveal() },
	})
	if host, port, err := net.SplitHostPort(c.Address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
			v.Bind = host
			v.Port, _ = strconv.Atoi(port) // it was checked
		}
	}
	return file, nil
}
