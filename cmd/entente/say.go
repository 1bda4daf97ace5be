package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/api"
	"entente/statement"
)

// sayFlags are what every verb that says something in the accord takes.
type sayFlags struct {
	caseID, marking, by string
	json                bool
}

const sayHelp = `
  --case CASE         the case it belongs to; default: that of what it is about, or a new one
  --marking TLP:…     default: TLP:AMBER
  --by NAME           who drafts it, for the own side
  --json

It becomes a draft: entente sign lets officers sign it, and says it when they are enough.`

func (s *sayFlags) add(f *flag.FlagSet) {
	f.StringVar(&s.caseID, "case", "", "")
	f.StringVar(&s.marking, "marking", "", "")
	f.StringVar(&s.by, "by", "", "")
	f.BoolVar(&s.json, "json", false, "")
}

// draftIt brings a draft to the node and shows it.
func draftIt(ctx context.Context, e *env, c *api.Client, kind statement.Kind, body any, refs []api.LeafName, parts [][]byte, s sayFlags) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if refs == nil {
		refs = []api.LeafName{}
	}
	if parts == nil {
		parts = [][]byte{}
	}
	p, err := c.AccordDraft(ctx, api.AccordDraftRequest{Kind: kind, Case: s.caseID, Refs: refs, Marking: s.marking, Body: raw, Parts: parts, By: s.by})
	if err != nil {
		return err
	}
	if s.json {
		return e.json(p)
	}
	e.printf("case %s\n", p.Case)
	showPending(e, p)
	return nil
}

// sayIt brings a draft to the node that runs.
func sayIt(ctx context.Context, e *env, f *flags, kind statement.Kind, body any, refs []api.LeafName, parts [][]byte, s sayFlags) error {
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	return draftIt(ctx, e, c, kind, body, refs, parts, s)
}

// leafName reads PARTY/N or N, with a part behind it as in south/12/clause/2.
func leafName(s string) (api.LeafName, string, error) {
	f := strings.Split(s, "/")
	part := ""
	if len(f) > 2 {
		part = strings.Join(f[len(f)-2:], "/")
		f = f[:len(f)-2]
	}
	party, index, err := parseRef(strings.Join(f, "/"))
	return api.LeafName{Party: party, Index: index}, part, err
}

func about(s string) ([]api.LeafName, string, error) {
	if s == "" {
		return nil, "", nil
	}
	name, part, err := leafName(s)
	return []api.LeafName{name}, part, err
}

// textsOf reads a flag that may be repeated: TEXT is English, LANG:TEXT another
// language's.
func textsOf(list []string) accord.Texts {
	if len(list) == 0 {
		return nil
	}
	t := accord.Texts{}
	for _, s := range list {
		lang, text, ok := strings.Cut(s, ":")
		if !ok || len(lang) != 2 || strings.ToLower(lang) != lang || strings.TrimSpace(lang) != lang {
			lang, text = "en", s
		}
		t[lang] = strings.TrimSpace(text)
	}
	return t
}

// instantOf reads a time, or a duration from now on.
func instantOf(e *env, s string) (accord.Instant, error) {
	if s == "" {
		return "", nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return accord.At(e.now().Add(d)), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", usagef("%q is no time; want one such as 2026-01-31T12:00:00Z, or 48h from now", s)
	}
	return accord.At(t), nil
}

func positionVerb() verb {
	return verb{"position", "take a position on a statement or a part of it", `position --dir DIR [flags] [PARTY/]N[/PART] STANCE

As in: position --dir north south/12 consent, or position --dir north south/12/clause/2 suspend.
Stances: ` + stancesList() + `.

  --text TEXT         in the party's own words; may be repeated, as in ru:ТЕКСТ
  --reservation TEXT  a consent with one is a counter-text, and no consent
  --ad-referendum     a consent that waits for confirmation at home
  --reason WORD       of decline: law, capacity, no-such-data, national-security, disputed, other
  --effective TIME    of a suspension or withdrawal; TIME as 2026-01-31T12:00:00Z, or 336h from now
  --until TIME        of a suspension; of not-now the day to ask again
  --capacity WORD     official (default), personal or reported: only the first moves a state
  --counter REF       the statement, and its part, that is put against it
` + sayHelp, runPosition}
}

func stancesList() string {
	var all []string
	for _, t := range []accord.Target{accord.OnProposal, accord.OnClause, accord.OnNotice, accord.OnItem, accord.OnOwn} {
		for _, s := range accord.StancesOn(t) {
			if !slices.Contains(all, string(s)) {
				all = append(all, string(s))
			}
		}
	}
	return strings.Join(all, ", ")
}

func runPosition(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "position").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	var text, reservation texts
	f.Var(&text, "text", "")
	f.Var(&reservation, "reservation", "")
	ad := f.Bool("ad-referendum", false, "")
	reason, effective, until := f.String("reason", "", ""), f.String("effective", "", ""), f.String("until", "", "")
	capacity, counter := f.String("capacity", "official", ""), f.String("counter", "", "")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return usagef("position [PARTY/]N[/PART] STANCE")
	}
	on, part, err := leafName(rest[0])
	if err != nil {
		return err
	}
	p := accord.Position{Part: part, Stance: accord.Stance(rest[1]), Text: textsOf(text), Reason: *reason, Reservation: textsOf(reservation), AdReferendum: *ad, Capacity: *capacity}
	if p.Effective, err = instantOf(e, *effective); err != nil {
		return err
	}
	if p.Until, err = instantOf(e, *until); err != nil {
		return err
	}
	refs := []api.LeafName{on}
	if *counter != "" {
		var name api.LeafName
		if name, p.Counter, err = leafName(*counter); err != nil {
			return err
		}
		refs = append(refs, name)
	}
	return sayIt(ctx, e, f, accord.KindPosition, p, refs, nil, say)
}

func noticeVerb() verb {
	return verb{"notice", "notify another party, and start its clocks", `notice --dir DIR --to PARTY --subject TEXT --text TEXT [flags]

  --level WORD        test, routine (default), priority or urgent
  --ask WORD          ack (default), explain, assist, preserve, consult, inspect or stop
  --to PARTY          whose answer is asked; may be repeated
  --role ROLE         who is called there; default: duty
  --what TAG          acts that it is about; may be repeated
  --about REF         [PARTY/]N[/PART], what it is about
  --corrects          --about names an own notice that this one corrects
  --ack-by TIME       default: 24h from now
  --answer-by TIME
` + sayHelp, runNotice}
}

func runNotice(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "notice").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	var to, what words
	var subject, text texts
	f.Var(&to, "to", "")
	f.Var(&what, "what", "")
	f.Var(&subject, "subject", "")
	f.Var(&text, "text", "")
	n := accord.Notice{What: []string{}, SeenFrom: []string{}}
	f.StringVar(&n.Level, "level", accord.LevelRoutine, "")
	f.StringVar(&n.Ask, "ask", "ack", "")
	f.StringVar(&n.Role, "role", accord.RoleDuty, "")
	f.BoolVar(&n.Corrects, "corrects", false, "")
	on, ackBy, answerBy := f.String("about", "", ""), f.String("ack-by", "24h", ""), f.String("answer-by", "", "")
	if err := f.none(args); err != nil {
		return err
	}
	if len(to) == 0 || len(subject) == 0 || len(text) == 0 {
		return usagef("--to, --subject and --text")
	}
	slices.Sort(to)
	n.To, n.What, n.Subject, n.Text = to, append(n.What, what...), textsOf(subject), textsOf(text)
	var err error
	if n.AckBy, err = instantOf(e, *ackBy); err != nil {
		return err
	}
	if n.AnswerBy, err = instantOf(e, *answerBy); err != nil {
		return err
	}
	var refs []api.LeafName
	if refs, n.Part, err = about(*on); err != nil {
		return err
	}
	return sayIt(ctx, e, f, accord.KindNotice, n, refs, nil, say)
}

// fileOf reads a JSON file into v, strictly.
func fileOf(path string, v any) error {
	data, err := readFile(path, api.MaxRequest)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func newSalt() (string, error) {
	var b [32]byte
	_, err := io.ReadFull(rand.Reader, b[:])
	return hex.EncodeToString(b[:]), err
}
