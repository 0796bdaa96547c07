package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
)

// newVersionCommand says what this program is.
func newVersionCommand() *cobra.Command {
	var libraries bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Version, commit, and what it was built with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			writeVersion(cmd.OutOrStdout(), version(), info, libraries)
			return nil
		},
	}
	c.Flags().BoolVar(&libraries, "libraries", false, "list the libraries with their versions")
	return c
}

// version says what was built.
func version() wire.Version {
	v := wire.Version{Version: "devel", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	v.Commit = buildSetting(info, "vcs.revision")
	return v
}

func buildSetting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// writeVersion writes a fact a line; info may be nil.
func writeVersion(w io.Writer, v wire.Version, info *debug.BuildInfo, libraries bool) {
	fmt.Fprintf(w, "operadora %s\n", v.Version)
	if info == nil {
		return
	}
	if v.Commit != "" {
		at, changed := buildSetting(info, "vcs.time"), ""
		if buildSetting(info, "vcs.modified") == "true" {
			changed = ", with changes that are not committed"
		}
		fmt.Fprintf(w, "commit    %s of %s%s\n", v.Commit, at, changed)
	}
	fmt.Fprintf(w, "built     with %s for %s/%s\n", v.Go, buildSetting(info, "GOOS"), buildSetting(info, "GOARCH"))
	var flags []string
	for _, key := range []string{"-tags", "-race", "-trimpath", "-ldflags", "CGO_ENABLED"} {
		if value := buildSetting(info, key); value != "" {
			flags = append(flags, key+"="+value)
		}
	}
	if len(flags) > 0 {
		fmt.Fprintf(w, "settings  %s\n", strings.Join(flags, " "))
	}
	if !libraries {
		return
	}
	for _, m := range info.Deps {
		fmt.Fprintf(w, "library   %s %s\n", m.Path, m.Version)
	}
}
