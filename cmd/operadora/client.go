package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// client speaks to a running operadora.
type client struct {
	base, token string
	http        *http.Client
}

// clientFlags adds the flags of every command that speaks to a running operadora.
func clientFlags(c *cobra.Command) {
	c.PersistentFlags().String("url", "http://127.0.0.1:8090", "address of the API")
	c.PersistentFlags().String("token", "", "API token (default: the environment's OPERADORA_TOKEN)")
}

func newClient(cmd *cobra.Command) (*client, error) {
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
		return nil, fmt.Errorf("no token: give --token or set OPERADORA_TOKEN (`operadora token create` makes one)")
	}
	return &client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{Timeout: 10 * time.Second}}, nil
}

// problem is the API's form of an error.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// do sends a request with a JSON body (nil for none) and decodes the answer into out (nil drops it).
func (c *client) do(ctx context.Context, method, path string, body, out any) error {
	var send io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, send)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var p problem
		if json.Unmarshal(raw, &p) == nil && p.Title != "" {
			return fmt.Errorf("%s: %s", p.Title, p.Detail)
		}
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}
