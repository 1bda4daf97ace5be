package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"

	"entente/election/night"
	"entente/election/results"
	"entente/statement"
)

// pageFinding is a byte copy of a results page that bundles among the files
// say was fetched, and what it reads as.
type pageFinding struct {
	SHA256 statement.Digest `json:"sha256"`
	Sealed []pageSeal       `json:"sealed"`
	// Respelled: other bytes were sealed, with every number that these have.
	Respelled bool             `json:"respelled"`
	Root      statement.Digest `json:"root"` // recomputed from the bytes; zero where they are no results
	table     *results.Table
	url       string
}

type pageSeal struct {
	Party string `json:"party"`
	Index uint64 `json:"index"`
	Word  string `json:"word"`
	At    int64  `json:"at"` // Unix milliseconds of the fetch, by the party's own word
	Time  int64  `json:"witness_time"`
	night.Version
}

// pageDifference is what two proven copies of one page do not have in common.
type pageDifference struct {
	Older   string           `json:"older"` // files
	Newer   string           `json:"newer"`
	Sealed  bool             `json:"sealed"` // the newer too; if not, the older is what was published
	Outcome string           `json:"outcome"`
	Changed []results.Change `json:"changed"`
	Added   []results.Cell   `json:"added"`
	Removed []results.Cell   `json:"removed"`
	shown   []string
}

// isCopy reports whether a file can be the bytes of a page: none of our own files.
func isCopy(data []byte) bool {
	return !isObject(data) || !strings.HasPrefix(formatOf(data), "entente/")
}

// splitCopies tells byte copies from the files that prove something by themselves.
func splitCopies(files []string) (proofs, copies []string) {
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err == nil && isCopy(data) {
			copies = append(copies, path)
		} else {
			proofs = append(proofs, path)
		}
	}
	return proofs, copies
}

// seals are the versions of pages that the bundles among the findings say.
func pageSeals(all []finding) (out []pageSeal) {
	for _, f := range all {
		r := f.Report
		if r == nil || r.Kind != night.KindPublished || r.Act == nil {
			continue
		}
		if p, err := night.ParsePublished(r.Act.Body); err == nil && p.Version != nil {
			out = append(out, pageSeal{r.Party, r.Index, string(r.Word), p.Version.At, r.WitnessTime, *p.Version})
		}
	}
	return out
}

// verifyCopy proves the bytes of a file by the seals, and reads them: the root
// of what they say must be the one that was sealed with them.
func verifyCopy(path string, seals []pageSeal, columns *results.Columns) (finding, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return finding{}, err
	}
	p := pageFinding{SHA256: sha256.Sum256(data), Sealed: []pageSeal{}}
	for _, s := range seals {
		if s.SHA256 == p.SHA256 {
			p.Sealed = append(p.Sealed, s)
		}
	}
	if len(p.Sealed) == 0 {
		return unsealedCopy(path, data, p, seals, columns)
	}
	first := p.Sealed[0]
	p.url = first.URL
	if first.Outcome != night.Unreadable {
		t, err := results.Read(bytes.NewReader(data), results.Options{File: path, Election: first.Election, Columns: columns, Modified: first.Marks.Modified, ETag: first.Marks.ETag})
		if err != nil {
			return finding{}, resultError(err)
		}
		root, err := t.Root()
		if err != nil {
			return finding{}, err
		}
		if p.Root = statement.Digest(root); p.Root != first.Root {
			return finding{}, statement.Refuse(statement.CodeProof, "the bytes are those that were sealed, their numbers have the cell root %s and not %s: another --columns?", p.Root, first.Root)
		}
		p.table = t
	}
	return finding{File: path, Proves: "page", Party: first.Party, Page: &p}, nil
}

// unsealedCopy looks at bytes that nobody sealed: their numbers may have been. If
// not, the finding holds what they read as, beside the error.
func unsealedCopy(path string, data []byte, p pageFinding, seals []pageSeal, columns *results.Columns) (finding, error) {
	none := hint(fmt.Errorf("none of the files seals these bytes, SHA-256 %s", p.SHA256), "entente results copies writes the bytes of a page with the bundles of their seals")
	election, says := "", []string(nil)
	for _, s := range seals {
		if s.Outcome == night.Unreadable {
			continue
		}
		if p.table == nil || s.Election != election {
			t, err := results.Read(bytes.NewReader(data), results.Options{File: path, Election: s.Election, Columns: columns})
			if err != nil {
				return finding{}, fmt.Errorf("%w; and they are no results: %w", none, err)
			}
			root, err := t.Root()
			if err != nil {
				return finding{}, err
			}
			p.table, p.Root, election = t, statement.Digest(root), s.Election
		}
		if p.Root != s.Root {
			continue
		}
		if says = otherMarks(s.Marks, p.table.Sources[0].Marks); len(says) == 0 {
			p.Sealed, p.url, p.Respelled = append(p.Sealed, s), s.URL, true
		}
	}
	if p.Respelled {
		return finding{File: path, Proves: "page", Party: p.Sealed[0].Party, Page: &p}, nil
	}
	if len(says) > 0 {
		return finding{File: path, Page: &p}, fmt.Errorf("none of the files seals these bytes, SHA-256 %s: their numbers are sealed, not what they say of their version: %s", p.SHA256, strings.Join(says, "; "))
	}
	return finding{File: path, Page: &p}, none
}

// otherMarks are what a publication says of its own version, where that is not
// what was sealed. What a server said of it no copy can say.
func otherMarks(sealed, copied results.Marks) (says []string) {
	for _, m := range []struct{ name, sealed, copied string }{
		{"status", sealed.Status, copied.Status}, {"made", sealed.Generated, copied.Generated}, {"sequence", sealed.Sequence, copied.Sequence}, {"issuer", sealed.Issuer, copied.Issuer},
	} {
		if m.sealed != m.copied {
			says = append(says, fmt.Sprintf("%s %q, sealed was %q", m.name, short(m.copied, 80), short(m.sealed, 80)))
		}
	}
	return says
}

// pageDifferences compares the proven copies of each page with the next one.
func pageDifferences(all []finding) (out []pageDifference, err error) {
	var copies []finding
	for _, f := range all {
		if f.Page != nil && f.Page.table != nil && len(f.Page.Sealed) > 0 {
			copies = append(copies, f)
		}
	}
	slices.SortStableFunc(copies, func(a, b finding) int { return int(a.Page.Sealed[0].At - b.Page.Sealed[0].At) })
	for i, b := range copies {
		for _, a := range slices.Backward(copies[:i]) {
			if a.Page.url != b.Page.url {
				continue
			}
			one, err := differenceOf(a, b)
			if err != nil {
				return out, err
			}
			out = append(out, one)
			break
		}
	}
	for _, f := range all {
		if f.Page != nil && f.Page.table != nil && len(f.Page.Sealed) == 0 {
			out = append(out, nearest(copies, f)...)
		}
	}
	return out, nil
}

func differenceOf(a, b finding) (pageDifference, error) {
	d, err := results.Compare(a.Page.table, b.Page.table)
	one := pageDifference{Older: a.File, Newer: b.File, Sealed: len(b.Page.Sealed) > 0, Outcome: d.Outcome, Changed: d.Changed, Added: d.Added, Removed: d.Removed}
	for _, c := range d.Changed {
		one.shown = append(one.shown, fmt.Sprintf("%d -> %d  %s", c.Old, c.New, b.Page.table.Show(c.Key)))
	}
	for _, c := range d.Removed {
		one.shown = append(one.shown, fmt.Sprintf("gone: %d  %s", c.Count, a.Page.table.Show(c.Key)))
	}
	for _, c := range d.Added {
		one.shown = append(one.shown, fmt.Sprintf("new: %d  %s", c.Count, b.Page.table.Show(c.Key)))
	}
	return one, err
}

// nearest compares bytes that nobody sealed with the proven copy that has most in
// common with them; none where there is no copy of that election.
func nearest(copies []finding, f finding) (best []pageDifference) {
	count := func(d pageDifference) int { return len(d.Changed) + len(d.Added) + len(d.Removed) }
	for _, a := range copies {
		d, err := differenceOf(a, f)
		if err == nil && (best == nil || count(d) < count(best[0])) {
			best = []pageDifference{d}
		}
	}
	return best
}

func showPageFinding(e *env, p pageFinding) {
	e.printf("  bytes      SHA-256 %s\n", p.SHA256)
	if p.Respelled {
		e.printf("  means not  that these bytes were published: other bytes were, with the very same numbers\n")
	}
	if p.table != nil {
		e.printf("  numbers    %d, cell root %s, recomputed from the bytes\n", p.table.Leaves(), p.Root)
	} else {
		e.printf("  numbers    none: no table of results\n")
	}
	for _, s := range p.Sealed {
		e.printf("  fetched    from %s at %s, says %s, number %d of its log, %s; newest witness %s\n", s.URL, when(s.At), s.Party, s.Index, s.Word, clock(s.Time))
	}
	e.printf("  means not  that these numbers are right: that they were published so, by the word of who fetched them\n")
}

// showPageDifferences says which numbers proven copies of one page do not share.
func showPageDifferences(e *env, all []finding, asJSON bool) error {
	differ, err := pageDifferences(all)
	if err != nil {
		return err
	}
	for _, d := range differ {
		if !asJSON {
			showPageDifference(e, d)
			continue
		}
		if err := e.json(d); err != nil {
			return err
		}
	}
	return nil
}

func showPageDifference(e *env, d pageDifference) {
	what := fmt.Sprintf("%s and %s", d.Older, d.Newer)
	if !d.Sealed {
		what = fmt.Sprintf("%s is not sealed; against %s, which is", d.Newer, d.Older)
	}
	e.printf("%s: %s, %d numbers changed, %d came, %d went\n", what, d.Outcome, len(d.Changed), len(d.Added), len(d.Removed))
	for i, line := range d.shown {
		if i == 50 {
			e.printf("  and %d more\n", len(d.shown)-i)
			break
		}
		e.printf("  %s\n", line)
	}
}
