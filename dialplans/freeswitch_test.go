package dialplans

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestFreeSWITCHGolden(t *testing.T) {
	t.Parallel()
	got, err := FreeSWITCH(FreeSWITCHValues{Password: "correct-horse-battery"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		asGolden(t, f)
		if strings.Contains(string(f.Content), "<X-PRE") {
			t.Errorf("%s: FreeSWITCH carries out X-PRE-PROCESS also within comments", f.Name)
		}
		for d := xml.NewDecoder(bytes.NewReader(f.Content)); ; {
			if _, err := d.Token(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", f.Name, err)
				}
				break
			}
		}
	}
	if len(got) != 3 {
		t.Errorf("%d files", len(got))
	}
}

func TestFreeSWITCHRefuses(t *testing.T) {
	t.Parallel()
	good := FreeSWITCHValues{Password: "correct-horse-battery"}
	for name, spoil := range map[string]func(*FreeSWITCHValues){
		"application name": func(v *FreeSWITCHValues) { v.App = "a\" b" },
		"away context":     func(v *FreeSWITCHValues) { v.AwayContext = "x--y" },
		"prefix":           func(v *FreeSWITCHValues) { v.Prefix = "4.8" },
		"access list":      func(v *FreeSWITCHValues) { v.ACL = "<x>" },
		"password":         func(v *FreeSWITCHValues) { v.Password = "with ${x} in it" },
		"address":          func(v *FreeSWITCHValues) { v.Bind = "localhost" },
		"port":             func(v *FreeSWITCHValues) { v.Port = 70000 },
		"patience":         func(v *FreeSWITCHValues) { v.Patience = 1 },
	} {
		v := good
		spoil(&v)
		if _, err := FreeSWITCH(v); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
