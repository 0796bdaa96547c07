package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"
)

// Key is what the user did to end a view.
type Key string

// Keys that end a view.
const (
	KeyNone      Key = "" // it was not a key: the context or the stream ended it
	KeyQuit      Key = "q"
	KeyInterrupt Key = "ctrl+c" // on a terminal in raw mode it is a key, not a signal
)

// IsTerminal tells whether f can show a View.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Show fills the terminal out until ctx ends, the token is refused, or q or
// Ctrl-C is typed; it says which key it was. The terminal is then as before.
func (v *View) Show(ctx context.Context, out *os.File) (_ Key, err error) {
	keyboard, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return KeyNone, fmt.Errorf("the keyboard: %w", err)
	}
	defer func() { err = errors.Join(err, keyboard.Close()) }()
	return v.run(ctx, keyboard, out)
}

// drawsPerSecond is how often the screen is drawn at most.
const drawsPerSecond = 20

// run shows the view until something ends it.
func (v *View) run(ctx context.Context, in io.Reader, out io.Writer, more ...tea.ProgramOption) (Key, error) {
	ch, stop := v.updates(ctx)
	s := &screen{view: v, updates: ch, width: 80, height: 24}
	_, err := tea.NewProgram(s, append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithFPS(drawsPerSecond), tea.WithoutSignalHandler()}, more...)...).Run()
	if ctx.Err() != nil {
		err = nil // the context ended it, which bubbletea calls being killed
	}
	return s.key, errors.Join(stop(), err)
}

// screen is a view on a terminal, as bubbletea has it.
type screen struct {
	view          *View
	updates       <-chan Update
	state         state
	width, height int
	key           Key
}

// Messages of a screen.
type (
	news   []Update // what the stream told
	over   struct{} // the stream is over
	second time.Time
)

// Init implements tea.Model.
func (s *screen) Init() tea.Cmd { return tea.Batch(s.listen, tick()) }

// Update implements tea.Model.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case news:
		for _, u := range msg {
			s.state.take(u)
		}
		return s, s.listen
	case over:
		return s, tea.Quit
	case second:
		return s, tick()
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if k := Key(msg.String()); k == KeyQuit || k == KeyInterrupt {
			s.key = k
			return s, tea.Quit
		}
	}
	return s, nil
}

// View implements tea.Model.
func (s *screen) View() tea.View {
	f := s.view.frame(&s.state, time.Now())
	f.Width, f.Height, f.Colour = s.width, s.height, true
	if f.Keys == "" {
		f.Keys = "q quits"
	}
	v := tea.NewView(strings.Join(Render(&s.state.model, f), "\n"))
	v.AltScreen = true
	return v
}

// listen waits for what the stream tells, together with what follows at once: a
// burst is drawn once.
func (s *screen) listen() tea.Msg {
	u, ok := <-s.updates
	if !ok {
		return over{}
	}
	all := news{u}
	for soon := time.After(drawAfter); ; {
		select {
		case u, ok := <-s.updates:
			if !ok {
				return all // the next look finds it closed
			}
			all = append(all, u)
		case <-soon:
			return all
		}
	}
}

// tick moves the clocks.
func tick() tea.Cmd { return tea.Tick(clockEvery, func(t time.Time) tea.Msg { return second(t) }) }
