package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/client"
)

// clientFlags adds the flags of every command that speaks to a running operadora.
func clientFlags(c *cobra.Command) {
	c.PersistentFlags().String("url", "http://127.0.0.1:8090", "address of the API")
	c.PersistentFlags().String("token", "", "API token (default: the environment's OPERADORA_TOKEN)")
}

func newClient(cmd *cobra.Command) (*client.Client, error) {
	base, err := cmd.Flags().GetString("url")
	if err != nil {
		return nil, err
	}
	token, err := cmd.Flags().GetString("token")
	if err != nil {
		return nil, err
	}
	if token == "" {
		token = os.Getenv("OPERADORA_TOKEN")
	}
	if token == "" {
		return nil, errors.New("no token: give --token or set OPERADORA_TOKEN (`operadora token create` makes one)")
	}
	return &client.Client{Base: base, Token: token}, nil
}
