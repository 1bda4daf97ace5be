package intake

import (
	"fmt"
	"strings"

	"entente/election/audit"
	"entente/election/results"
)

// Remark is what follows from several files that were brought together.
type Remark struct {
	Code  string // same-batches, other-batches, all-candidates, missing-candidates, same-numbers, other-numbers
	Files []string
	Count int
	Says  []string // examples, at most 20
}

// Together compares files that belong together: a manifest with records of the
// same batches, candidates with the choices of results, and results with results.
func Together(all []Answer) (out []Remark) {
	for i, a := range all {
		for j, b := range all {
			switch {
			case a.Fault != "" || b.Fault != "" || i == j:
			case a.Kind == Manifest && b.Kind == Records:
				out = append(out, batches(a, b))
			case a.Kind == Candidates && b.Kind == Results:
				out = append(out, missing(a, b))
			case a.Kind == Results && b.Kind == Results && i < j:
				out = append(out, numbers(a, b))
			}
		}
	}
	return out
}

func batches(manifest, records Answer) Remark {
	r := Remark{Code: "same-batches", Files: []string{manifest.Name, records.Name}}
	m := audit.Manifest{Batches: manifest.batches}
	for _, x := range m.Match(records.batches) {
		r.Code = "other-batches"
		if r.Count++; len(r.Says) < maxTold {
			r.Says = append(r.Says, strings.TrimSpace(fmt.Sprintf("%s %s: %d, %d", x.Tabulator, x.Batch, x.Cards, x.Records)))
		}
	}
	return r
}

func missing(candidates, published Answer) Remark {
	r := Remark{Code: "all-candidates", Files: []string{candidates.Name, published.Name}}
	has := make(map[string]bool)
	for _, c := range published.table.Contests {
		for _, choice := range c.Choices {
			has[results.Canonical(choice)] = true
			has[results.Canonical(c.Name)+"\x00"+results.Canonical(choice)] = true
		}
	}
	for _, c := range candidates.candidates {
		key := results.Canonical(c.name)
		if c.contest != "" {
			key = results.Canonical(c.contest) + "\x00" + key
		}
		if has[key] {
			continue
		}
		r.Code = "missing-candidates"
		if r.Count++; len(r.Says) < maxTold {
			r.Says = append(r.Says, strings.TrimPrefix(c.contest+": "+c.name, ": "))
		}
	}
	return r
}

func numbers(a, b Answer) Remark {
	r := Remark{Code: "same-numbers", Files: []string{a.Name, b.Name}}
	if a.Root == b.Root {
		return r
	}
	d, err := results.Compare(a.table, b.table)
	if err != nil {
		return Remark{Code: "other-election", Files: r.Files}
	}
	r.Code, r.Count = "other-numbers", len(d.Changed)+len(d.Added)+len(d.Removed)
	for _, c := range d.Changed[:min(maxTold, len(d.Changed))] {
		r.Says = append(r.Says, fmt.Sprintf("%s: %d, %d", b.table.Show(c.Key), c.Old, c.New))
	}
	return r
}
