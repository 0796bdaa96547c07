package orchestrator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	secret := orchestrator.Secret("hunter2")
	holder := struct{ Password orchestrator.Secret }{secret}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", secret)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		"log": log.String(), "json": string(asJSON),
		"%v": fmt.Sprintf("%v", holder), "%+v": fmt.Sprintf("%+v", holder), "%#v": fmt.Sprintf("%#v", holder),
		"%s": fmt.Sprintf("secret %s", secret), "%q": fmt.Sprintf("%q", secret),
	}
	for name, text := range rows {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, "***") {
			t.Errorf("%s shows %s", name, text)
		}
	}
	if secret.Reveal() != "hunter2" {
		t.Errorf("Reveal = %q", secret.Reveal())
	}
	if got := orchestrator.Secret("").String(); got != "" {
		t.Errorf("an empty secret prints %q", got)
	}
}
