package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/cmd/operadora/doctor"
	"github.com/operadora/operadora/cmd/operadora/prompts"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/esl/voice"
)

// newSoundsCommand lists what callers and agents are to hear, and makes what is missing.
func newSoundsCommand() *cobra.Command {
	var pbx, console string
	c := &cobra.Command{Use: "sounds", Short: "The sounds that flows, queues and feature codes need: list them, make the missing ones"}
	c.PersistentFlags().StringVar(&pbx, "pbx", "", "the PBX of the configuration (default: its only one)")
	c.PersistentFlags().StringVar(&console, "console", defaultConsole, consoleUsage)
	c.AddCommand(newSoundsListCommand(&pbx, &console), newSoundsSpeakCommand(&pbx, &console))
	return c
}

func newSoundsListCommand(pbx, console *string) *cobra.Command {
	var missing bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the sounds that are needed: language, name, whether the PBX has it, and who needs it",
		Long: "List the sounds that are needed: whether the PBX has it, language, name, and who needs it.\n" +
			"The exit code is 1 when one is missing. `operadora sounds speak` makes them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, _, err := soundsOf(cmd, *pbx, doctor.Console{Command: strings.Fields(*console)})
			if err != nil {
				return err
			}
			return printSounds(cmd.OutOrStdout(), list, missing)
		},
	}
	c.Flags().BoolVar(&missing, "missing", false, "list only what is missing")
	return c
}

// soundsOf lists the sounds that the definitions need of a PBX, and says which
// FreeSWITCH it is, if it is one. Without a console it does not look whether
// those that are there can be played.
func soundsOf(cmd *cobra.Command, pbx string, console doctor.Console) ([]doctor.Sound, *freeswitchVoices, error) {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return nil, nil, err
	}
	site := siteOf(cfg)
	if site.Definitions.Err != nil {
		return nil, nil, fmt.Errorf("the definitions in %s cannot be used:\n%w", site.Folder, site.Definitions.Err)
	}
	names := slices.Sorted(maps.Keys(site.PBXs))
	names = append(names, slices.Sorted(maps.Keys(site.FreeSWITCH))...)
	switch {
	case pbx == "" && len(names) > 1:
		return nil, nil, fmt.Errorf("name one of the PBXs: --pbx %s", strings.Join(names, " or "))
	case pbx == "":
		pbx = names[0]
	}
	if f, ok := site.FreeSWITCH[pbx]; ok {
		has, err := doctor.FreeSWITCHSounds(cmd.Context(), f, site.Definitions)
		if err != nil {
			return nil, nil, noSounds(pbx, err)
		}
		return doctor.Sounds(site.Definitions, func(language, name string) bool { return has[language][name] }), &freeswitchVoices{pbx, f}, nil
	}
	asterisk, ok := site.PBXs[pbx]
	if !ok {
		return nil, nil, fmt.Errorf("--pbx %q is not in the configuration's pbxs", pbx)
	}
	report, err := asteriskSounds(cmd.Context(), pbx, asterisk)
	if err != nil {
		return nil, nil, err
	}
	list := doctor.Sounds(site.Definitions, func(language, name string) bool { return doctor.HasSound(report, language, name) })
	why := doctor.Unplayable(cmd.Context(), console, report.EntityID)
	for i, s := range list {
		if s.There {
			list[i].Unplayable = why(s.Language, s.Name)
		}
	}
	return list, nil, nil
}

// asteriskSounds is the report of an Asterisk that has listed its sounds.
func asteriskSounds(ctx context.Context, pbx string, cfg ari.Config) (ari.Report, error) {
	report, err := ari.Probe(ctx, cfg)
	if report.Sounds == nil { // else the rest of what Probe does is of no matter here
		return report, noSounds(pbx, err)
	}
	return report, nil
}

func noSounds(pbx string, err error) error {
	return fmt.Errorf("the sounds of PBX %s cannot be listed (`operadora doctor` tells more): %w", pbx, err)
}

func printSounds(out io.Writer, list []doctor.Sound, onlyMissing bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	lacking, unplayable := 0, 0
	for _, s := range list {
		state := "there"
		needed := strings.Join(s.Needed, "; ")
		switch {
		case !s.There:
			lacking++
			state = "missing"
		case s.Unplayable != "":
			unplayable++
			state, needed = "unplayable", s.Unplayable+"; "+needed
		case onlyMissing:
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", state, s.Language, s.Name, needed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if lacking > 0 {
		return fmt.Errorf("%d of %d sounds are missing; `operadora sounds speak` makes those whose text a flow has", lacking, len(list))
	}
	if unplayable > 0 {
		return fmt.Errorf("%d of %d sounds cannot be played: Asterisk's user must be able to read them, and they must not be empty", unplayable, len(list))
	}
	fmt.Fprintf(out, "all %d sounds are there\n", len(list))
	return nil
}

// speakOptions are the flags of `operadora sounds speak`.
type speakOptions struct {
	dir, from string
	engine    prompts.Engine
	dry, all  bool
}

func newSoundsSpeakCommand(pbx, console *string) *cobra.Command {
	var o speakOptions
	c := &cobra.Command{
		Use:   "speak",
		Short: "Make the missing sounds: copy recordings, speak the texts of the flows",
		Long: "Make the missing sounds in Asterisk's sounds folder, or in the folders of FreeSWITCH's voices, as WAV of 8000 Hz, with\n" +
			"the folder's owner: a recording LANGUAGE/NAME.wav below --from is converted and copied; else the text that a flow has\n" +
			"for the sound is spoken. What is there is never changed. The PBX finds new files at once.\n" +
			"With --all no PBX is asked: everything whose text is known is spoken into --dir, to be taken elsewhere.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.all {
				return o.speakAll(cmd)
			}
			list, voices, err := soundsOf(cmd, *pbx, doctor.Console{}) // what is there is left alone, playable or not
			if err != nil {
				return err
			}
			var place soundsPlace
			if voices != nil {
				place, err = o.inVoices(cmd.Context(), *voices, list)
			} else {
				place, err = o.inAsterisk(cmd.Context(), doctor.Console{Command: strings.Fields(*console)})
			}
			if err != nil {
				return err
			}
			return o.speak(cmd, list, place)
		},
	}
	f := c.Flags()
	f.StringVar(&o.dir, "dir", "", "the sounds folder, with one of each language in it (default: that of this machine's Asterisk, which its console tells, or freeswitch.sounds_en and sounds_es)")
	f.StringVar(&o.from, "from", "", "folder with recordings: LANGUAGE/NAME.wav, 16-bit linear, any rate")
	f.StringVar(&o.engine.Command, "engine", prompts.DefaultEngine, "speech engine: a command that writes a WAV file to {file}; {voice}, {language} and {text} are replaced, without {text} the text is its standard input")
	f.StringToStringVar(&o.engine.Voices, "voice", nil, "voice of a language, such as es=es-mx (may be repeated)")
	f.BoolVar(&o.all, "all", false, "speak everything whose text is known into --dir, whichever the PBX has, and ask no PBX")
	f.BoolVar(&o.dry, "dry-run", false, "only say what would be made")
	return c
}

// freeswitchVoices are the voices of a FreeSWITCH.
type freeswitchVoices struct {
	pbx string
	esl.Config
}

// soundsPlace is where a PBX looks for sounds, and where else they may come from.
type soundsPlace struct {
	dir    string                               // has a folder of each language that has none in voices
	voices map[string]string                    // folders by language
	files  func(language, name string) []string // what speaks a sound, without folder and ending
	pack   string                               // what packages are called; names the language once
}

// inAsterisk is the sounds folder of this machine's Asterisk.
func (o speakOptions) inAsterisk(ctx context.Context, console doctor.Console) (soundsPlace, error) {
	dir := o.dir
	if dir == "" {
		place, err := console.Place(ctx)
		if err != nil {
			return soundsPlace{}, fmt.Errorf("where the sounds belong is not known; name the folder with --dir: %w", err)
		}
		dir = filepath.Join(place.Data, "sounds")
	}
	place := soundsPlace{files: func(_, name string) []string { return []string{name} }, pack: "Debian: asterisk-core-sounds-%s-gsm"}
	return place, place.below(dir)
}

// inVoices are the folders of a FreeSWITCH's voices.
func (o speakOptions) inVoices(ctx context.Context, v freeswitchVoices, list []doctor.Sound) (soundsPlace, error) {
	place := soundsPlace{voices: map[string]string{}, files: voice.Files, pack: "freeswitch-sounds-%s-…"}
	key := "pbxs." + v.pbx + ".freeswitch."
	if v.SoundType != "wav" {
		return place, fmt.Errorf("%ssound_type: it is %q, and sounds are made as wav", key, v.SoundType)
	}
	if o.dir != "" {
		return place, place.below(o.dir)
	}
	for _, s := range list {
		if s.There || place.voices[s.Language] != "" {
			continue
		}
		dir, err := esl.Voice(ctx, v.Config, s.Language)
		if err != nil {
			return place, err
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return place, fmt.Errorf("%ssounds_%s: %s is no folder here: make it, or name one that is there; "+
				"for a FreeSWITCH elsewhere make the sounds with --dir, and copy them", key, s.Language, dir)
		}
		place.voices[s.Language] = dir
	}
	return place, nil
}

// below has the sounds of each language in a folder of its name.
func (p *soundsPlace) below(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("--dir: %s is no folder", dir)
	}
	p.dir = dir
	return nil
}

// of is a language's folder, and that whose owner new files get.
func (p soundsPlace) of(language string) (folder, root string) {
	if v := p.voices[language]; v != "" {
		return v, v
	}
	return filepath.Join(p.dir, language), p.dir
}

// speakAll speaks what definitions have texts for, for a PBX that is not asked.
func (o speakOptions) speakAll(cmd *cobra.Command) error {
	if o.dir == "" {
		return errors.New("--dir is missing: with --all no PBX tells where its sounds are")
	}
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	site := siteOf(cfg)
	if site.Definitions.Err != nil {
		return fmt.Errorf("the definitions in %s cannot be used:\n%w", site.Folder, site.Definitions.Err)
	}
	list := doctor.Sounds(site.Definitions, func(string, string) bool { return false })
	list = slices.DeleteFunc(list, func(s doctor.Sound) bool { return s.Text == "" })
	place := soundsPlace{files: func(_, name string) []string { return []string{name} }}
	if err := place.below(o.dir); err != nil {
		return err
	}
	return o.speak(cmd, list, place)
}

func (o speakOptions) speak(cmd *cobra.Command, list []doctor.Sound, place soundsPlace) error {
	out := cmd.OutOrStdout()
	made, mute := 0, 0
	for _, s := range list {
		if s.There {
			continue
		}
		recording := filepath.Join(o.from, s.Language, filepath.FromSlash(s.Name)+".wav")
		_, err := os.Stat(recording)
		recorded := o.from != "" && err == nil
		folder, root := place.of(s.Language)
		files := place.files(s.Language, s.Name)
		var paths []string
		for _, f := range files {
			paths = append(paths, filepath.Join(folder, filepath.FromSlash(f)+".wav"))
		}
		if len(files) != 1 || !recorded && s.Text == "" {
			mute++
			fmt.Fprintf(out, "not made  %s: no flow has its text; a package may have it ("+place.pack+"), or record it\n", strings.Join(paths, ", "), s.Language)
			continue
		}
		if !o.dry {
			if err := o.make(cmd, s, recorded, recording, root, paths[0]); err != nil {
				return err
			}
		}
		made++
		what := "spoken   "
		if recorded {
			what = "copied   "
		}
		fmt.Fprintln(out, what, paths[0])
	}
	if mute > 0 && o.dry {
		return fmt.Errorf("%d would be made, %d would still be missing: nothing was made (--dry-run)", made, mute)
	}
	if mute > 0 {
		return fmt.Errorf("%d made, %d still missing", made, mute)
	}
	if o.dry {
		fmt.Fprintf(out, "%d would be made, and none would be missing: nothing was made (--dry-run)\n", made)
		return nil
	}
	fmt.Fprintf(out, "%d made; none is missing\n", made)
	return nil
}

// make makes one sound.
func (o speakOptions) make(cmd *cobra.Command, s doctor.Sound, recorded bool, recording, root, path string) error {
	var sound []byte
	var err error
	if recorded {
		var raw []byte
		if raw, err = os.ReadFile(recording); err == nil { //nolint:gosec // the folder that the operator names
			sound, err = prompts.Telephone(raw)
		}
	} else {
		sound, err = o.engine.Speak(cmd.Context(), s.Language, s.Text)
	}
	if err != nil {
		return fmt.Errorf("%s in language %s: %w", s.Name, s.Language, err)
	}
	return installSound(root, path, sound)
}

// installSound writes a sound below a folder, in one step, with the owner that the folder has.
func installSound(root, path string, sound []byte) error {
	if err := foldersFor(root, filepath.Dir(path)); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already and was not changed, but the PBX does not see it: can it read the file?", path)
	}
	next := path + ".new"
	if err := os.WriteFile(next, sound, 0o644); err != nil { //nolint:gosec // everybody may hear what callers hear
		return err
	}
	err := ownedAs(next, root)
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		_ = os.Remove(next) // the first error is the one that tells
	}
	return err
}

// foldersFor makes a folder below root, each new one with root's owner.
func foldersFor(root, dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == root {
		return err
	}
	if err := foldersFor(root, filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // as the folders around it
		return err
	}
	return ownedAs(dir, root)
}
