package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/evidence"
)

func newCampaignEvidenceCommand() *cobra.Command {
	var from, to, format, output, verify string
	c := &cobra.Command{
		Use: "evidence [CAMPAIGN]", Short: "Write down how a campaign stood to the legal limit of abandoned calls, or verify such a file",
		Long: "Write down how a campaign stood to the legal limit of abandoned calls: each call that a person answered; of each abandoned one what was\n" +
			"played, and how the limit stood with it, by the rule of that day. Each line has the hash of the line before; there are no numbers in it.\n" +
			"With --verify a file is held against itself, without a running operadora: a line that was changed or is missing is named, and each\n" +
			"figure is computed anew. The hash that it prints is in the audit log of the export: another one is another file.",
		Example: "  operadora campaign evidence march --from 2026-11-01 --output march.jsonl\n  operadora campaign evidence --verify march.jsonl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case verify != "" && len(args) > 0:
				return fmt.Errorf("--verify: a file says itself of which campaign it is; leave %q out", args[0])
			case verify != "":
				return verifyEvidence(cmd.OutOrStdout(), verify)
			case len(args) == 0:
				return errors.New("which campaign? Or which file (--verify)?")
			}
			p := wire.ExportEvidenceParams{Format: unlessEmpty(wire.EvidenceFormat(format))}
			if from == "" {
				return fmt.Errorf("--from is needed: %s", momentExample)
			}
			return remotely(func(cmd *cobra.Command, c remote, args []string) error {
				begin, err := c.moment(cmd, "from", from)
				if err != nil {
					return err
				}
				p.From = *begin
				if p.To, err = c.moment(cmd, "to", to); err != nil {
					return err
				}
				return exportEvidence(cmd, c, args[0], output, &p)
			})(cmd, args)
		},
	}
	clientFlags(c)
	f := c.Flags()
	f.StringVar(&from, "from", "", "begin: "+momentExample)
	f.StringVar(&to, "to", "", "end, exclusive; now when it is left out")
	f.StringVar(&format, "format", string(evidence.JSON), "json, an object in each line, or csv")
	f.StringVar(&output, "output", "", "write to this file instead of the terminal")
	f.StringVar(&verify, "verify", "", "verify this file")
	return c
}

func exportEvidence(cmd *cobra.Command, c remote, campaign, output string, p *wire.ExportEvidenceParams) error {
	w, done, err := outputTo(cmd, output)
	if err != nil {
		return err // before an export that nobody has is on the audit log
	}
	r, err := c.Evidence(cmd.Context(), campaign, p)
	if err == nil {
		_, err = io.Copy(w, r)
		err = errors.Join(err, r.Close())
	}
	return errors.Join(err, done(err == nil))
}

// verifyEvidence says what a file of evidence is; an error when it is not whole.
func verifyEvidence(w io.Writer, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("--verify: %w", err)
	}
	defer func() { _ = file.Close() }() // it was read
	v, err := evidence.Verify(file)
	if err != nil {
		return fmt.Errorf("--verify: %s: %w", name, err)
	}
	if len(v.Faults) > 0 {
		return fmt.Errorf("%s is not what was written:\n  %s", name, strings.Join(v.Faults, "\n  "))
	}
	h := v.Head
	known := [][2]string{{"campaign", h.Campaign}, {"profile", h.Profile + ", for " + h.Purpose},
		{"period", h.From.Format(time.RFC3339) + " to " + h.To.Format(time.RFC3339)}, {"written", h.At.Format(time.RFC3339)},
		{"answered", fmt.Sprintf("%d, %d of them abandoned", v.Answered, v.Abandoned)}}
	for _, s := range v.Stands {
		known = append(known, [2]string{"at its end", fmt.Sprintf("%d abandoned of %d (%.2f %%) since %s; at most %.2f %%, rule %s", s.Abandoned, s.Answered, 100*s.Figure, s.WindowFrom.Format(time.RFC3339), 100*s.Limit, s.Rule)})
	}
	if p := v.Paced; p != nil {
		known = append(known, [2]string{"watch shows", fmt.Sprintf("%d of %d", p.PacedAbandoned, p.PacedAnswered)})
	}
	showKnown(w, append(known, [2]string{"lines", fmt.Sprint(v.Lines)}, [2]string{"last hash", v.Sum}))
	return nil
}
