package demo

import (
	"errors"
	"testing"
)

func TestBrowserIsOpenedWhereSomebodySitsAtTheMachine(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name, display, wayland string
		there                  bool
		want                   string
	}{
		{"X", ":0", "", true, "/usr/bin/xdg-open"},
		{"Wayland", "", "wayland-0", true, "/usr/bin/xdg-open"},
		{"a server", "", "", true, ""},
		{"no xdg-open", ":0", "", false, ""},
	} {
		env := map[string]string{"DISPLAY": r.display, "WAYLAND_DISPLAY": r.wayland}
		find := func(name string) (string, error) {
			if !r.there {
				return "", errors.New("not found")
			}
			return "/usr/bin/" + name, nil
		}
		if got := browser(func(key string) string { return env[key] }, find); got != r.want {
			t.Errorf("%s: %q, want %q", r.name, got, r.want)
		}
	}
}
