package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator/records"
)

// configPlaces are tried in order when no file is named.
var configPlaces = []string{"operadora.yaml", "/etc/operadora/operadora.yaml"}

// findConfig returns the configuration file to read.
func findConfig(cmd *cobra.Command) (string, error) {
	file, err := told(cmd, "config")
	if err != nil || file != "" {
		return file, err
	}
	for _, place := range configPlaces {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("no configuration: neither %s nor %s is there; `operadora init` writes one, --config names another", configPlaces[0], configPlaces[1])
}

// loadConfig reads and validates the configuration. Relative paths in it are
// relative to its folder.
func loadConfig(cmd *cobra.Command) (Config, error) {
	file, err := findConfig(cmd)
	if err != nil {
		return Config{}, err
	}
	return readConfig(file)
}

// readConfig returns what could be read also beside an error.
func readConfig(file string) (Config, error) {
	cfg := Config{file: file}
	f, err := loadSettings(&cfg, file)
	if err == nil {
		if err = cfg.Validate(); err != nil {
			err = located(f, err)
		}
	}
	if cfg.Definitions != "" && !filepath.IsAbs(cfg.Definitions) {
		cfg.Definitions = filepath.Join(filepath.Dir(file), cfg.Definitions)
	}
	if path, ok := strings.CutPrefix(string(cfg.Records.DSN), "sqlite:"); ok && !filepath.IsAbs(path) {
		cfg.Records.DSN = records.DSN("sqlite:" + filepath.Join(filepath.Dir(file), path))
	}
	return cfg, err
}

func newServeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run operadora; SIGHUP reloads the definitions, SIGTERM ends it without touching calls",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			h, err := cfg.Log.handler(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, slog.New(h))
		},
	}
}

// serve runs an App until ctx ends, also when it ends before the App has started.
func serve(ctx context.Context, cfg Config, log *slog.Logger) error {
	defer keepRoom()()
	api.Prepare()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // one that comes while Redis is awaited must not end the process
	defer signal.Stop(hup)
	app, err := NewApp(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer app.Stop() //nolint:contextcheck // ctx has ended by then
	systemd := supervisor{log}
	systemd.say("starting; without Redis it waits for it")
	if err := app.Start(ctx); err != nil {
		if ctx.Err() != nil {
			log.Info("stopping before it served")
			return nil
		}
		return err
	}
	log.Info("serving", "api", app.api.Addr().String())
	app.wg.Go(func() { systemd.watch(app.life, app.alive) })
	systemd.say("serving, API at "+app.api.Addr().String(), daemon.SdNotifyReady)
	for {
		select {
		case <-ctx.Done():
			log.Info("stopping; calls go on in the PBX")
			systemd.say("stopping; calls go on in the PBX", daemon.SdNotifyStopping)
			return nil
		case <-hup:
			systemd.reloading()
			status := "serving, definitions reloaded"
			if _, err := app.Reload(ctx, "signal"); err != nil {
				log.Error("the definitions were not reloaded; the old ones stay in force", "error", err)
				status = "serving; the definitions were not reloaded, and the old ones stay in force"
			}
			systemd.say(status, daemon.SdNotifyReady)
		}
	}
}
