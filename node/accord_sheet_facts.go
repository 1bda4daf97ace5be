package node

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"entente/accord"
	"entente/api"
	"entente/record"
	"entente/statement"
)

// sheetOf are the texts and fields of a draft that has neither paper nor stance:
// whoever signs it reads it whole, and no JSON.
func sheetOf(p Pending, out *api.Sheet) error {
	var err error
	switch p.Act.Kind {
	case accord.KindNotice:
		err = noticeSheet(p, out)
	case accord.KindAccount:
		err = accountSheet(p, out)
	case accord.KindAssessment:
		err = assessmentSheet(p, out)
	case accord.KindExhibit:
		err = exhibitSheet(p, out)
	case accord.KindOfficers:
		err = officersSheet(p, out)
	case record.KindWithdrawal:
		var b record.WithdrawalBody
		err = statement.Decode(p.Act.Body, statement.MaxAct, &b)
		fact(out, "reason", "", b.Reason)
	}
	out.Effects = append(out.Effects, api.Effect{Name: api.EffectFinal})
	return err
}

func noticeSheet(p Pending, out *api.Sheet) error {
	b, err := accord.ParseNotice(p.Act.Body)
	if err != nil {
		return err
	}
	fact(out, "level", "accord.level", b.Level)
	fact(out, "ask", "accord.ask", b.Ask)
	fact(out, "of", "", b.To...)
	fact(out, "role", "officer.role", b.Role)
	fact(out, "part", "", b.Part)
	fact(out, "what", "", b.What...)
	fact(out, "where", "", b.Where)
	fact(out, "seen-from", "", b.SeenFrom...)
	fact(out, "impact", "", b.Impact)
	fact(out, "wanted", "", b.Wanted)
	texts(out, "title", b.Subject, nil, false)
	texts(out, "text", b.Text, nil, false)
	effect(out, api.EffectHappened, b.When)
	effect(out, api.EffectAckBy, b.AckBy)
	effect(out, api.EffectAnswerBy, b.AnswerBy)
	return nil
}

func accountSheet(p Pending, out *api.Sheet) error {
	b, err := accord.ParseAccount(p.Act.Body)
	if err != nil {
		return err
	}
	items, err := accord.ParseItems(b, p.Parts[0])
	if err != nil {
		return err
	}
	fact(out, "mode", "accord.seal", b.Mode)
	if b.Capacity != "official" {
		fact(out, "capacity", "accord.label", b.Capacity)
	}
	fact(out, "names", "", b.Names...)
	fact(out, "depositary", "", b.Depositary)
	fact(out, "where", "", b.Event.Place)
	fact(out, "present", "", b.Event.Present...)
	texts(out, "title", b.Event.Title, nil, false)
	for _, s := range items {
		itemSheet(s.Item, out)
	}
	texts(out, "limits", b.Limits, nil, false)
	effect(out, api.EffectHappened, b.Event.From)
	effect(out, api.EffectHappenedTo, b.Event.To)
	effect(out, api.EffectCommitBy, b.CommitBy)
	effect(out, api.EffectRevealBy, b.RevealBy)
	return nil
}

func itemSheet(it accord.Item, out *api.Sheet) {
	name := accord.PartName("item", it.No)
	fact(out, name, "sheet.item", it.Kind)
	data := []string{it.Who, it.What, it.Where, string(it.From), string(it.To), it.Means, it.Source, it.Aligns}
	if q := it.Quantity; q != nil {
		data = append(data, quantity(q))
	}
	if it.SourceRel != "" {
		data = append(data, it.SourceRel+strconv.Itoa(it.Cred))
	}
	fact(out, name, "", append(data, shorts(it.Exhibits)...)...)
	fact(out, name, "accord.basis", it.Basis)
	if it.Vague {
		fact(out, name, "accord.stance", string(accord.Vague))
	}
	texts(out, name, it.Text, nil, false)
}

func assessmentSheet(p Pending, out *api.Sheet) error {
	b, err := accord.ParseAssessment(p.Act.Body)
	if err != nil {
		return err
	}
	fact(out, "stage", "case.stage", b.Stage)
	fact(out, "mode", "accord.seal", b.Mode)
	fact(out, "depositary", "", b.Depositary)
	texts(out, "question", b.Question, nil, false)
	for _, h := range b.Hypotheses {
		name := accord.PartName("hypothesis", h.No)
		fact(out, name, "", h.Actors...)
		texts(out, name, h.Text, nil, false)
	}
	for i, j := range b.Judgements {
		name := accord.PartName("judgement", i+1)
		hypothesis(out, name, j.Hypothesis)
		fact(out, name, "accord.about", j.About)
		fact(out, name, "accord.likelihood", j.Likelihood)
		fact(out, "confidence", "accord.confidence", j.Confidence)
		fact(out, name, "accord.responsibility", j.Responsibility)
		texts(out, name, j.Why, nil, false)
	}
	for _, d := range b.Dissents {
		fact(out, "dissent", "", d.Who)
		hypothesis(out, "dissent", d.Hypothesis)
		fact(out, "dissent", "accord.likelihood", d.Likelihood)
		fact(out, "confidence", "accord.confidence", d.Confidence)
		texts(out, "dissent", d.Why, nil, false)
	}
	for i, list := range [][]accord.Texts{b.Assumptions, b.Gaps, b.WouldChange} {
		for _, t := range list {
			texts(out, []string{"assumption", "gap", "would-change"}[i], t, nil, false)
		}
	}
	effect(out, api.EffectRevealBy, b.RevealBy)
	if len(p.Parts) == 0 {
		return nil
	}
	m, err := accord.ParseMatrix(b, p.Parts[0])
	if err != nil {
		return err
	}
	matrixSheet(m, out)
	return nil
}

func matrixSheet(m accord.Matrix, out *api.Sheet) {
	for _, r := range m.Rows {
		name := accord.PartName("row", r.No)
		fact(out, name, "matrix.plantable", r.Plantable)
		if r.SourceRel != "" {
			fact(out, name, "", r.SourceRel+strconv.Itoa(r.Cred))
		}
		texts(out, name, r.Text, nil, false)
	}
	for _, c := range m.Cells {
		fact(out, "cell", "", short(c.Row))
		hypothesis(out, "cell", c.Hypothesis)
		fact(out, "cell", "accord.cell", c.Value)
	}
}

// hypothesis names one that every question has, or one that somebody added.
func hypothesis(out *api.Sheet, name, id string) {
	if strings.Contains(id, "/") {
		fact(out, name, "", short(id))
		return
	}
	fact(out, name, "accord.hypothesis", id)
}

func exhibitSheet(p Pending, out *api.Sheet) error {
	b, err := accord.ParseExhibit(p.Act.Body)
	if err != nil {
		return err
	}
	fact(out, "name", "", b.Name, b.MediaType)
	fact(out, "sort", "case.exhibit", b.Kind)
	fact(out, "held", "case.held", b.Held)
	fact(out, "passed", "case.passed", b.Passed)
	fact(out, "observer", "", b.Observer)
	fact(out, "reason", "", b.Reason)
	fact(out, "hold", "", b.Hold)
	fact(out, "bytes", "", strconv.FormatInt(b.Size, 10))
	fact(out, "sha256", "", b.SHA256.String())
	fact(out, "captured", "", b.Captured.By, b.Captured.Tool, b.Captured.From)
	for _, c := range b.Custody {
		fact(out, "custody", "", string(c.At), c.From, c.To)
	}
	effect(out, api.EffectHappened, b.Captured.At)
	effect(out, api.EffectLater, b.Later)
	return nil
}

func officersSheet(p Pending, out *api.Sheet) error {
	b, err := accord.ParseOfficers(p.Act.Body)
	if err != nil {
		return err
	}
	for _, o := range b.Officers {
		fact(out, "officer", "", o.ID, o.Name)
		fact(out, "officer", "officer.role", o.Roles...)
		for _, k := range o.Keys {
			fact(out, "key", "", k.Key)
		}
	}
	for _, c := range b.Contacts {
		fact(out, "contact", "", append([]string{c.Officer, string(c.Expires)}, c.Reach...)...)
		fact(out, "contact", "officer.role", c.Role)
	}
	return nil
}

// proposalFacts are what machines read of a proposal, beside its wording.
func proposalFacts(b accord.Proposal, out *api.Sheet) {
	fact(out, "for", "accord.for", string(b.For))
	fact(out, "needs", "", b.Needs...)
	for _, c := range b.Clauses {
		name := accord.PartName("clause", c.No)
		fact(out, name, "", c.Who...)
		fact(out, name, "accord.mode", c.Mode)
		fact(out, name, "", slices.Concat(c.Acts, c.Scope.Assets, c.Scope.Nets, c.Scope.Sectors, c.Scope.Actors)...)
		fact(out, "except", "", c.Scope.Except...)
		fact(out, name, "", string(c.From), string(c.Until))
	}
	if f := b.Finding; f != nil {
		fact(out, "finding", "accord.finding", f.Result)
		for _, v := range f.Views {
			texts(out, "view", v.Text, nil, false)
		}
	}
	if a := b.Action; a != nil {
		fact(out, "acts", "", a.Who)
		texts(out, "test", a.Test, nil, false)
		effect(out, api.EffectDue, a.Due)
		effect(out, api.EffectWatched, a.WatchUntil)
	}
}

// ruleFacts are what an amendment changes in the rules, whatever its text says.
func ruleFacts(changes []accord.RuleChange, out *api.Sheet) {
	for _, c := range changes {
		fact(out, "rule", "", c.Name+": "+cmp.Or(c.Was, "—")+" → "+cmp.Or(c.Is, "—"))
	}
}

func positionFacts(b accord.Position, out *api.Sheet) {
	fact(out, "stance", "accord.stance", string(b.Stance))
	fact(out, "part", "", b.Part)
	fact(out, "reason", "accord.reason", b.Reason)
	fact(out, "counter", "", b.Counter)
	if b.AdReferendum {
		fact(out, "stance", "case.word", "ad-referendum")
	}
	if b.Capacity != "official" {
		fact(out, "capacity", "accord.label", b.Capacity)
	}
	if q := b.Quantity; q != nil {
		fact(out, "quantity", "", quantity(q))
	}
}

func quantity(q *accord.Quantity) string {
	if q.Cmp == "?" {
		return q.Unit
	}
	return strings.TrimSpace(strings.TrimLeft(q.Cmp, "=") + " " + strconv.FormatInt(q.N, 10) + " " + q.Unit)
}

// fact adds a field that says something.
func fact(out *api.Sheet, name, words string, values ...string) {
	values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
	if len(values) > 0 {
		out.Facts = append(out.Facts, api.SheetFact{Name: name, Words: words, Values: values})
	}
}

func effect(out *api.Sheet, name string, at accord.Instant) {
	if at != "" {
		out.Effects = append(out.Effects, api.Effect{Name: name, At: at.Time().Unix()})
	}
}

// short cuts the digest that an id begins with, as people name statements.
func short(id string) string {
	digest, part, ok := strings.Cut(id, "/")
	digest = digest[:min(len(digest), 12)]
	if !ok {
		return digest
	}
	return digest + "/" + part
}

func shorts(ids []string) []string {
	var out []string
	for _, id := range ids {
		out = append(out, short(id))
	}
	return out
}
