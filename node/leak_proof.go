package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"entente/border"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

const (
	leakFormat = "entente/leak/v1"
	// MaxLeakProof is the largest leak proof, in bytes.
	MaxLeakProof = 64 << 20
	maxProved    = 2000 // bundles
)

// LeakProof is a file that lets anybody with the charter check whose copy a
// leaked text comes from.
type LeakProof struct {
	Format  string   `json:"format"`
	Leak    []byte   `json:"leak"`
	Release []byte   `json:"release"` // bundle of the canary/v1
	Copies  [][]byte `json:"copies"`  // bundles of the sheets of each copy accused
}

func (p LeakProof) marshal() ([]byte, error) {
	out, err := json.MarshalIndent(p, "", " ")
	out = append(out, '\n')
	if len(out) > MaxLeakProof {
		return nil, statement.Refuse(statement.CodeSize, "the proof would have %d bytes, at most %d", len(out), MaxLeakProof)
	}
	return out, err
}

// IsLeakProof says that a file claims to be one.
func IsLeakProof(format string) bool { return format == leakFormat }

// LeakFinding is what a leak proof proves.
type LeakFinding struct {
	Giver    string          `json:"giver"`
	Name     string          `json:"name"` // of the list
	Release  record.Report   `json:"release"`
	Copies   []record.Report `json:"copies"`
	Tracing  border.Tracing  `json:"tracing"`
	LeakSize int             `json:"leak_size"`
	LeakSum  [32]byte        `json:"-"`
}

// VerifyLeak checks a leak proof from the charter alone. That the giver fixed
// in its log who would get what, before it said so; that it then gave those
// copies; and that the text agrees with them. The accusation is computed here, not read.
func VerifyLeak(r record.Roster, data []byte) (LeakFinding, error) {
	var out LeakFinding
	var p LeakProof
	if err := statement.Decode(data, MaxLeakProof, &p); err != nil {
		return out, err
	}
	if again, err := p.marshal(); err != nil || !bytes.Equal(again, data) || p.Format != leakFormat || len(p.Copies) > maxProved {
		return out, statement.Refuse(statement.CodeJSON, "not a leak proof in its one spelling")
	}
	ledger, err := out.release(r, p.Release)
	if err != nil {
		return out, err
	}
	all, err := out.accused(r, p.Copies)
	if err != nil {
		return out, err
	}
	var copies []border.Copy
	for _, a := range all {
		if err := a.check(ledger); err != nil {
			return out, err
		}
		copies = append(copies, border.Copy{To: a.to, Lines: a.lines})
	}
	if out.Tracing, err = border.Trace(p.Leak, ledger, copies); err != nil {
		return out, err
	}
	if len(out.Tracing.Named) == 0 {
		return out, statement.Refuse(statement.CodeProof, "the text agrees with none of the copies that are shown")
	}
	out.LeakSize, out.LeakSum = len(p.Leak), sha256.Sum256(p.Leak)
	return out, nil
}

// release checks the bundle of the canary and returns its ledger.
func (f *LeakFinding) release(r record.Roster, raw []byte) (border.Ledger, error) {
	rep, b, err := proved(r, raw)
	if err != nil {
		return border.Ledger{}, err
	}
	if rep.Act == nil || rep.Kind != border.KindCanary || !slices.Contains(rep.Parts, ledgerPart) {
		return border.Ledger{}, statement.Refuse(statement.CodeKind, "the release is not opened")
	}
	if err := border.CheckCanary(rep.Act.Body); err != nil {
		return border.Ledger{}, err
	}
	var body border.CanaryBody
	if err := statement.Decode(rep.Act.Body, statement.MaxAct, &body); err != nil {
		return border.Ledger{}, err
	}
	f.Giver, f.Name, f.Release = rep.Party, body.Name, rep
	return border.ParseLedger(textOf(b, ledgerPart))
}

func proved(r record.Roster, raw []byte) (record.Report, record.Bundle, error) {
	b, err := record.ParseBundle(raw)
	if err != nil {
		return record.Report{}, b, err
	}
	rep, err := record.Verify(r, b)
	return rep, b, err
}

func textOf(b record.Bundle, part int) []byte {
	for _, p := range b.Shown.Parts {
		if p.N == part {
			return p.Text
		}
	}
	return nil
}

// accused is one recipient's copy, read from the bundles of a proof.
type accused struct {
	to      string
	lines   []border.Line
	sheets  []statement.Digest
	reports []record.Report
}

// accused checks the bundles of the copies and gathers the sheets of each.
func (f *LeakFinding) accused(r record.Roster, raws [][]byte) ([]*accused, error) {
	var all []*accused
	for _, raw := range raws {
		rep, b, err := proved(r, raw)
		if err != nil {
			return nil, err
		}
		switch {
		case rep.Origin != f.Release.Origin || rep.Index <= f.Release.Index:
			return nil, statement.Refuse(statement.CodeSeq, "statement %d of %s does not follow the release", rep.Index, rep.Party)
		case rep.Act == nil || rep.Kind != indicator.KindList || len(rep.Act.Recipients) != 1:
			return nil, statement.Refuse(statement.CodeRecipient, "statement %d is no copy to one recipient", rep.Index)
		case rep.Act.Case != f.Release.Act.Case:
			return nil, statement.Refuse(statement.CodeField, "statement %d is of another case", rep.Index)
		}
		text := textOf(b, listPart)
		list, err := indicator.ParseList(text)
		if err != nil {
			return nil, err
		}
		to := rep.Act.Recipients[0]
		i := slices.IndexFunc(all, func(a *accused) bool { return a.to == to })
		if i < 0 {
			all = append(all, &accused{to: to})
			i = len(all) - 1
		}
		a := all[i]
		a.sheets, a.reports = append(a.sheets, sha256.Sum256(text)), append(a.reports, rep)
		for _, it := range list.Items {
			a.lines = append(a.lines, border.Line(it))
		}
		f.Copies = append(f.Copies, rep)
	}
	return all, nil
}

// check holds a copy against the ledger: it is the one that was planned for
// its recipient, whole, with the decoys that the ledger says it got.
func (a *accused) check(l border.Ledger) error {
	i := slices.IndexFunc(l.Copies, func(c border.Issued) bool { return c.To == a.to })
	if i < 0 || !slices.Equal(l.Copies[i].Sheets, a.sheets) {
		return statement.Refuse(statement.CodeDigest, "the copy of %.40q is not the one that the ledger commits to", a.to)
	}
	for n := 1; n < len(a.reports); n++ {
		if a.reports[n].Index <= a.reports[n-1].Index {
			return statement.Refuse(statement.CodeSeq, "the sheets of the copy of %.40q are out of order", a.to)
		}
	}
	in := make(map[string]bool, len(a.lines))
	for _, line := range a.lines {
		in[line.Type+" "+line.Value] = true
	}
	for _, d := range l.Decoys {
		if holds := slices.Contains(d.To, a.to); holds != in[d.Type+" "+d.Value] {
			return statement.Refuse(statement.CodeDigest, "the copy of %.40q and the ledger disagree about the decoy %.80q", a.to, d.Value)
		}
	}
	return nil
}
