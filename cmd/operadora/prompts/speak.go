package prompts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// DefaultEngine is the speech engine that Debian has.
const DefaultEngine = "espeak-ng -v {voice} -s 155 -g 4 -w {file} -- {text}"

// defaultVoices are that engine's voices for a language.
var defaultVoices = map[string]string{"en": "en-us", "es": "es-419"}

// Engine speaks texts. The command's words are split at blanks; no shell sees them.
type Engine struct {
	// Command writes a WAV file to {file}. {voice}, {language} and {text} are
	// replaced; without {text} the text goes to its standard input.
	Command string
	Voices  map[string]string // by language; one that is missing is the language itself
}

// speakLimit is how long one prompt may take to be spoken.
const speakLimit = time.Minute

// Speak returns a text as a sound file for the telephone.
func (e Engine) Speak(ctx context.Context, language, text string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "operadora-speech-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left there is temporary
	file := filepath.Join(dir, "spoken.wav")
	words := strings.Fields(e.Command)
	if len(words) == 0 {
		return nil, fmt.Errorf("no speech engine is given")
	}
	voice := e.Voices[language]
	if voice == "" && e.Command == DefaultEngine {
		voice = defaultVoices[language]
	}
	if voice == "" {
		voice = language
	}
	with := strings.NewReplacer("{file}", file, "{voice}", voice, "{language}", language, "{text}", text)
	for i, w := range words {
		words[i] = with.Replace(w)
	}
	ctx, cancel := context.WithTimeout(ctx, speakLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the operator names it
	if !strings.Contains(e.Command, "{text}") {
		cmd.Stdin = strings.NewReader(text + "\n")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", words[0], err, strings.TrimSpace(string(out)))
	}
	wav, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s wrote no file: %w", words[0], err)
	}
	sound, err := Telephone(wav)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	return sound, nil
}
