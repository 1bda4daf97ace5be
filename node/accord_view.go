package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/accord"
	"entente/api"
	"entente/console"
	"entente/internal/logfile"
	"entente/statement"
)

// ViewAccord is a view of a world for people and programs: a running node and
// whoever has only the logs show the same.
func ViewAccord(w accord.World, q api.AccordQuery) (api.AccordView, error) {
	return viewRecord(accord.NewRecord(w), q)
}

func viewRecord(r *accord.Record, q api.AccordQuery) (api.AccordView, error) {
	if q.At != "" {
		at, err := time.Parse(time.RFC3339, q.At)
		if err != nil {
			return api.AccordView{}, statement.Refuse(statement.CodeRequest, "at: a time such as 2026-01-31T12:00:00Z")
		}
		r = r.Next(r.World().AsOf(at))
	}
	v := accordViewer{r: r, q: q}
	var err error
	if v.lex, err = console.Lexicon(cmp.Or(q.Lang, "en")); err != nil {
		return api.AccordView{}, statement.Refuse(statement.CodeRequest, "language en or ru")
	}
	var text string
	var data any
	switch q.What {
	case api.ViewInstruments:
		text, data = v.instruments(v.r.Instruments())
	case api.ViewRefused:
		text, data = v.instruments(slices.DeleteFunc(v.r.Instruments(), func(i accord.Instrument) bool { return !cameToNothing(i.State) }))
	case api.ViewRules:
		text, data = v.rules()
	case api.ViewRegistration:
		data, err = v.registration()
	case api.ViewClocks, api.ViewCalendar:
		text, data = v.clocks(r.Now())
	case api.ViewCase:
		text, data, err = v.cases()
	case api.ViewCompare:
		if len(v.r.Case(q.Case)) == 0 {
			return api.AccordView{}, noCase(q.Case)
		}
		c := v.r.Compare(q.Case)
		text, data = accord.CompareText(v.lex, []accord.Comparison{c}), c
	case api.ViewReport:
		text, data, err = v.report()
	case api.ViewConduct:
		text, data = v.conduct()
	case api.ViewOfficers:
		text, data = v.officers()
	default:
		err = statement.Refuse(statement.CodeRequest, "no view %.40q", q.What)
	}
	if err != nil {
		return api.AccordView{}, err
	}
	raw, err := json.Marshal(data)
	return api.AccordView{Text: text, Data: raw}, err
}

type accordViewer struct {
	r   *accord.Record
	q   api.AccordQuery
	lex accord.Lexicon
}

func (v accordViewer) party(ref statement.Ref) string {
	s, _ := v.r.Charter().ByOrigin(ref.Origin)
	return fmt.Sprintf("%s/%d", s.ID, ref.Index)
}

func clockText(unix int64) string {
	if unix == 0 {
		return "-"
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05Z")
}

// word is a code in the reader's language: English reads the codes themselves.
func (v accordViewer) word(family, code string) string {
	if v.lex.Lang == "en" {
		return code
	}
	return v.lex.Text(family + "." + code)
}

// frame is a word of the frame that stands around codes.
func (v accordViewer) frame(english, key string) string {
	if v.lex.Lang == "en" {
		return english
	}
	return strings.ToLower(v.lex.Text(key))
}

// instruments lists every proposal with its state, which alone may say agreed or
// in force.
func (v accordViewer) instruments(list []accord.Instrument) (string, any) {
	var b strings.Builder
	for _, i := range list {
		why := "-"
		if i.Reason != "" {
			why = v.word("accord.why_state", string(i.Reason))
		}
		if len(i.By) > 0 {
			why += " (" + strings.Join(i.By, ", ") + ")"
		}
		fmt.Fprintf(&b, "%s  %s  %s  %s  %s %s", v.party(i.Ref), v.word("accord.for", string(i.For)), v.word("accord.state", string(i.State)), why, v.frame("since", "accord.since"), clockText(i.Since))
		if i.Effective != 0 {
			fmt.Fprintf(&b, "  %s %s", v.frame("effective", "accord.effective"), clockText(i.Effective))
		}
		if len(i.Missing) > 0 {
			fmt.Fprintf(&b, "  %s %s", v.frame("missing", "accord.col.waits"), strings.Join(i.Missing, ", "))
		}
		b.WriteByte('\n')
		for _, a := range i.Answers {
			fmt.Fprintf(&b, "    %s: %s, %s %s, %s %s", a.Party, v.word("accord.stance", string(a.Stance)), v.frame("said as", "kind.position/v1"), v.party(a.Ref), v.frame("seen", "accord.seen"), clockText(a.At))
			b.WriteString(v.label(a.Label) + "\n")
		}
		b.WriteString(v.amends(i.Ref))
	}
	if len(list) == 0 {
		fmt.Fprintln(&b, v.lex.Text("accord.empty"))
	}
	return b.String(), append([]accord.Instrument{}, list...)
}

// amends is what a text changes in the rules, a line each.
func (v accordViewer) amends(ref statement.Ref) string {
	var b strings.Builder
	changes, _, _ := v.r.Amends(ref)
	for _, c := range changes {
		fmt.Fprintf(&b, "    %s: %s → %s\n", accord.Markdown(c.Name), v.ruleValue(c.Was, c.Free), v.ruleValue(c.Is, c.Free))
	}
	return b.String()
}

// ruleValue is a value of a rule; the words for a term are a party's own.
func (v accordViewer) ruleValue(s string, free bool) string {
	switch {
	case s == "":
		return "—"
	case free:
		return v.lex.Quote(accord.Texts{v.lex.Lang: s})
	}
	return accord.Markdown(s)
}

// rulesShown is the rules of an instant, for programs.
type rulesShown struct {
	From  int64          `json:"from"` // Unix seconds; 0: with the charter
	By    *statement.Ref `json:"by"`   // the amendment that made them; null: the charter
	Rules accord.Rules   `json:"rules"`
}

// rules are those in force, each field in a line as entente amend reads it.
func (v accordViewer) rules() (string, any) {
	now := v.r.Now()
	out := rulesShown{Rules: v.r.Rules(now)}
	var b strings.Builder
	if by, from, ok := v.r.RulesBy(now); ok {
		out.By, out.From = &by, from
		fmt.Fprintf(&b, "# %s  %s  %s %s\n", v.party(by), v.word("accord.for", string(accord.ForAmend)), v.frame("since", "accord.since"), clockText(from))
	}
	for _, r := range out.Rules.Values() {
		fmt.Fprintf(&b, "%s=%s\n", r.Name, strings.ReplaceAll(r.Value, "\n", " "))
	}
	return b.String(), out
}

// label says in brackets why a statement moves no state; empty if it does.
func (v accordViewer) label(l accord.Label) string {
	if l == accord.LabelNone {
		return ""
	}
	return "  [" + v.lex.Text("accord.label."+string(l)) + "]"
}

// cameToNothing are the states of texts that never bound and will not: they are
// kept, and can be tabled again with their history.
func cameToNothing(s accord.State) bool {
	return slices.Contains([]accord.State{accord.StateRefused, accord.StateLapsed, accord.StateRevoked, accord.StateWithdrawn}, s)
}

// clocks lists what is waited for.
func (v accordViewer) clocks(now time.Time) (string, any) {
	list, lang := v.r.Deadlines(now), cmp.Or(v.q.Lang, "en")
	if v.q.What == api.ViewCalendar {
		return accord.Calendar(list, v.r.Charter().Digest().Short(), lang, now), list
	}
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s  %s\n", clockText(d.At), d.Text(lang))
	}
	return b.String(), list
}

// caseLine is one statement of a case, for programs.
type caseLine struct {
	Ref     statement.Ref   `json:"ref"`
	Party   string          `json:"party"`
	Kind    statement.Kind  `json:"kind"`
	Label   accord.Label    `json:"label"`
	Covered int64           `json:"covered"` // Unix seconds
	Body    json.RawMessage `json:"body"`
}

func (v accordViewer) cases() (string, any, error) {
	var b strings.Builder
	if v.q.Case == "" {
		all := []accord.CaseState{}
		for _, id := range v.r.Cases() {
			s := v.r.CaseState(id)
			all = append(all, s)
			fmt.Fprintf(&b, "%s  %s  %s  %s %s  %s %s\n", id, v.word("accord.casekind", string(s.Kind)), v.word("accord.case", s.State),
				v.frame("since", "accord.since"), clockText(s.Since), v.frame("next", "case.next"), cmp.Or(strings.Join(s.Owner, ", "), "-"))
		}
		if len(all) == 0 {
			fmt.Fprintln(&b, v.lex.Text("empty.cases.title"))
		}
		return b.String(), all, nil
	}
	list := v.r.Case(v.q.Case)
	if len(list) == 0 {
		return "", nil, noCase(v.q.Case)
	}
	s := v.r.CaseState(v.q.Case)
	b.WriteString(accord.CaseStateText(v.lex, s, v.r.Now().Unix()) + "\n")
	lines := []caseLine{}
	for _, said := range list {
		at, _ := v.r.Covered(said.Ref)
		l := caseLine{said.Ref, said.Party, said.Act.Kind, v.r.Label(said), at, said.Act.Body}
		lines = append(lines, l)
		fmt.Fprintf(&b, "  %s  %s  %s", clockText(at), v.party(said.Ref), v.word("kind", string(said.Act.Kind)))
		if p, ok := accord.Body[accord.Position](v.r, said.Ref); ok && len(said.Act.Refs) > 0 {
			on := strings.TrimSpace(v.party(said.Act.Refs[0]) + " " + p.Part)
			fmt.Fprintf(&b, "  %s %s %s", v.word("accord.stance", string(p.Stance)), v.frame("on", "case.on"), on)
		}
		if title := v.r.Headline(said.Ref); title != nil {
			b.WriteString("  " + v.lex.Quote(title))
		}
		b.WriteString(v.label(l.Label) + "\n")
	}
	asked := append([]accord.Clarification{}, v.r.CaseClarifications(v.q.Case)...)
	for _, c := range asked {
		b.WriteString(accord.ClarificationText(v.lex, c, strings.TrimSpace(v.party(c.On)+" "+c.Part), v.r.Now().Unix()))
	}
	if a, ok := v.r.Accusation(v.q.Case); ok {
		b.WriteString("\n" + accord.AccusationText(v.lex, a, v.q.Reader, v.r.Now().Unix()))
	}
	for _, q := range v.r.Questions(v.q.Case) {
		b.WriteString("\n" + accord.QuestionText(v.lex, q))
	}
	return b.String(), struct {
		State accord.CaseState       `json:"state"`
		Said  []caseLine             `json:"said"`
		Asked []accord.Clarification `json:"asked"`
	}{s, lines, asked}, nil
}

func noCase(id string) error {
	return statement.Refuse(statement.CodeRequest, "no case %.40q; entente case lists them", id)
}

func (v accordViewer) report() (string, any, error) {
	day := v.r.Now().UTC()
	if v.q.Day != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, v.q.Day); err != nil {
			return "", nil, statement.Refuse(statement.CodeRequest, "day: such as 2026-01-31")
		}
	}
	rep := v.r.Daily(day, v.r.Now())
	return string(rep.Markdown()), struct {
		Digest statement.Digest `json:"digest"`
		Report accord.Report    `json:"report"`
	}{rep.Digest(), rep}, nil
}

func (v accordViewer) conduct() (string, any) {
	var b strings.Builder
	list := v.r.Conduct(v.r.Now())
	for _, l := range list {
		fmt.Fprintf(&b, "%s\n", l.Party)
		for _, t := range l.Tallies() {
			fmt.Fprintf(&b, "  %4d  %s\n", t.N, v.lex.Text("accord.ledger."+t.Word))
		}
	}
	return b.String(), list
}

func (v accordViewer) officers() (string, any) {
	var b strings.Builder
	all := map[string][]accord.OfficersList{}
	for _, p := range v.r.Charter().Parties {
		lists := v.r.OfficersLists(p.ID)
		all[p.ID] = lists
		if len(lists) == 0 {
			fmt.Fprintf(&b, "%s  %s\n", p.ID, v.lex.Text("officers.none"))
		}
		for _, l := range lists {
			word := "waits"
			if l.Rules {
				word = fmt.Sprintf("rules from number %d on", l.From)
			}
			fmt.Fprintf(&b, "%s  %s%s\n", v.party(l.Ref), word, v.label(l.Label))
			for _, o := range l.Body.Officers {
				keys := "1 key"
				if len(o.Keys) != 1 {
					keys = fmt.Sprintf("%d keys", len(o.Keys))
				}
				fmt.Fprintf(&b, "    %s  %s  %s  %s\n", o.ID, o.Name, strings.Join(o.Roles, ", "), keys)
			}
		}
	}
	return b.String(), all
}

// Accord reads the world of the accord from the logs of the folder alone, or with
// from from those in another party's data folder. What is sealed to another
// party stays closed.
func (f *Folder) Accord(ctx context.Context, from string, now time.Time) (w accord.World, err error) {
	logs := f.logs
	if from != "" {
		if logs, err = openForeign(from, f.roster); err != nil {
			return w, err
		}
		defer closeLogs(logs)
	}
	dir, err := os.MkdirTemp("", "entente-accord-")
	if err != nil {
		return w, fmt.Errorf("place for a view: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	view, err := f.filled(ctx, filepath.Join(dir, viewFile), logs)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	return ReadWorld(ctx, view, f.roster, now)
}

func closeLogs(logs map[string]*logfile.Log) {
	for _, l := range logs {
		_ = l.Close() // read only
	}
}
