package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/operadora/operadora/api/web"
	"github.com/operadora/operadora/api/wire"
)

// person is somebody who may look at the demonstration in a browser.
type person struct {
	wire.NewUser
	english, spanish string // what they see
}

// people are in the order in which their pages are shown; the first one's is opened.
var people = []person{
	{wire.NewUser{Login: "marta", Name: "Marta Gil", Role: wire.RoleSupervisor}, "the floor, for a supervisor", "la sala, para quien supervisa"},
	{wire.NewUser{Login: "ana", Name: agents[0].name, Role: wire.RoleAgent, Agent: agents[0].id}, "the desk of " + agents[0].name + ", for an agent", "el puesto de " + agents[0].name + ", para un agente"},
}

// pages says where to see the centre work in a browser, and returns the link that is to be
// opened first. A link lets one person in, once.
func (g *stage) pages(ctx context.Context) (text, first string, err error) {
	if _, built := web.Index(); !built {
		return "\nThe pages were not built into this program, which needs Node 20 with npm: make web\n", "", nil
	}
	var b strings.Builder
	b.WriteString("\nSee it in a browser. Each link lets one person in, once, who chooses a password there.\n" +
		"Véalo en un navegador. Cada enlace deja entrar a una persona, una vez, que elige allí una contraseña.\n\n")
	for _, p := range people {
		made, err := g.api.CreateUserWithResponse(ctx, p.NewUser)
		if err != nil {
			return "", "", err
		}
		if made.JSON200 == nil {
			return "", "", fmt.Errorf("%s may not be added: %s", p.Login, made.Status())
		}
		link := g.api.Base + "/#/welcome/" + made.JSON200.Link
		if first == "" {
			first = link
		}
		fmt.Fprintf(&b, "  %s\n  %s\n    %s\n", p.english, p.spanish, link)
	}
	fmt.Fprintf(&b, "\n  later / después: %s/#/floor  (%s, %s)\n\n", g.api.Base, people[0].Login, people[1].Login)
	return b.String(), first, nil
}

// browser is the program that shows an address to who sits at this machine, "" when nobody does.
func browser(env func(string) string, find func(string) (string, error)) string {
	if env("DISPLAY") == "" && env("WAYLAND_DISPLAY") == "" {
		return ""
	}
	path, err := find("xdg-open")
	if err != nil {
		return ""
	}
	return path
}

// openBrowser shows an address in a browser, where there is one.
func (g *stage) openBrowser(address string) {
	path := browser(os.Getenv, exec.LookPath)
	if path == "" || address == "" {
		return
	}
	g.spawn(func() {
		_ = exec.CommandContext(g.background, path, address).Run() //nolint:gosec // the link is printed, too: who sees no browser opens it
	})
}
