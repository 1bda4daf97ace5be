package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/election/audit"
	"entente/election/cvr"
	"entente/election/inventory"
	"entente/election/results"
)

// Limits of what is brought at one time.
const (
	MaxFiles = 20
	MaxTotal = 32 << 20 // bytes of all files
	maxName  = 200      // bytes of a file's name that are told
	maxTold  = 20       // problems and findings that are listed; all are counted
	maxShown = 40       // contests, and names of a list
)

// File is one file as it came.
type File struct {
	Name string
	Data []byte
}

// Kind is what a file is.
type Kind string

// The kinds.
const (
	Results    Kind = "results"
	Manifest   Kind = "manifest"   // of ballots
	Records    Kind = "records"    // cast vote records
	Guarded    Kind = "guarded"    // a list of what is guarded
	Domains    Kind = "domains"    // names, one in a row
	Offices    Kind = "offices"    // that run elections
	Candidates Kind = "candidates" // by contest, or alone
	Unknown    Kind = "unknown"
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{Results, Manifest, Records, Guarded, Domains, Offices, Candidates, Unknown}
}

// Answer is what is to be said of one file. What belongs to another kind is empty.
type Answer struct {
	Name   string
	Size   int64
	SHA256 string // hex
	Kind   Kind
	Format string
	Fault  string // why it is not read, with row and column where there are any; empty: it is
	Hint   string // what to do about it, a word: csv, text, columns, unpack, smaller, empty

	Election string
	Root     string // hex, over the numbers
	Numbers  int
	Rows     int
	Contests []Contest // at most 40
	More     int       // contests that are not listed
	Unread   int       // rows and numbers that could not be read
	Doubts   int       // those, and what was read with a doubt
	Problems []results.Problem
	Rules    []results.Tally
	Findings []results.Finding
	Found    int // findings, listed or not

	Batches int
	Cards   int64

	Names   []string // of a list, at most 40
	Listed  int      // all of them
	LeftOut int      // items of a list of what is guarded that only a file on the node's own machine may name
	Guard   inventory.Inventory

	batches    []audit.Batch
	candidates []candidate
	table      *results.Table
}

// Contest is a contest with the votes of its choices, in the file's order.
type Contest struct {
	Name    string
	Choices []Choice
}

// Choice is one of them.
type Choice struct {
	Name  string
	Votes int64
	Sum   bool // of the units: the file has no total
}

// Look says what a file is and what it holds.
func Look(f File) Answer {
	sum := sha256.Sum256(f.Data)
	a := Answer{Name: brief(f.Name), Size: int64(len(f.Data)), SHA256: hex.EncodeToString(sum[:]), Kind: Unknown}
	members, fault, hint := unpack(a.Name, f.Data)
	if fault != "" {
		a.Fault, a.Hint = fault, hint
		return a
	}
	a.read(members)
	return a
}

// brief is the end of a file's name, without the folders that some browsers send.
func brief(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "" {
		name = "file"
	}
	for len(name) > maxName || !utf8.ValidString(name) && len(name) > 0 {
		if !utf8.ValidString(name) {
			name = strings.ToValidUTF8(name, "?")
			continue
		}
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

func (a *Answer) read(members []File) {
	inputs := make([]cvr.Input, len(members))
	records := false
	for i, m := range members {
		inputs[i] = cvr.Input{Name: m.Name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.Data)), nil }}
		records = records || cvr.Known(inputs[i])
	}
	first := members[0]
	switch {
	case records:
		a.readRecords(inputs)
	case len(members) == 1 && isGuarded(first.Data):
		a.readGuarded(first)
	case len(members) == 1 && isManifest(first.Data):
		a.readManifest(first)
	default:
		a.readResults(members)
	}
}

func (a *Answer) fail(err error) {
	if err != nil {
		a.Fault = clip(err.Error())
	}
}

// clip keeps a message to what a person reads.
func clip(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (a *Answer) readRecords(inputs []cvr.Input) {
	a.Kind = Records
	sum := cvr.NewSum(nil)
	var err error
	if a.Format, err = cvr.Read(inputs, sum.Add); err != nil {
		a.fail(err)
		return
	}
	t, err := sum.Done()
	if err != nil {
		a.fail(err)
		return
	}
	if t.Rows == 0 {
		a.fail(fmt.Errorf("%s: not one record in it", inputs[0].Name))
	}
	a.Cards, a.Batches, a.batches = t.Rows, len(t.Batches), t.Batches
	for i, c := range t.Contests {
		if i == maxShown {
			a.More = len(t.Contests) - i
			break
		}
		one := Contest{Name: c.Name}
		for _, v := range c.Votes {
			one.Choices = append(one.Choices, Choice{Name: v.Name, Votes: v.Votes, Sum: true})
		}
		a.Contests = append(a.Contests, one)
	}
}

func (a *Answer) readManifest(f File) {
	a.Kind, a.Format = Manifest, "CSV"
	m, err := audit.ReadManifest(bytes.NewReader(f.Data))
	if err != nil {
		a.fail(fmt.Errorf("%s: %w", f.Name, err))
		return
	}
	a.Batches, a.Cards, a.batches = len(m.Batches), m.Cards(), m.Batches
}

// isGuarded reports whether a file has a section of a list of what is guarded.
func isGuarded(data []byte) bool {
	if !bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("{")) || len(data) > inventory.MaxBytes {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	_, _ = d.Token()
	key, err := d.Token()
	name, ok := key.(string)
	return err == nil && ok && slices.Contains(inventory.Sections(), name)
}

func (a *Answer) readGuarded(f File) {
	a.Kind, a.Format = Guarded, "JSON"
	v, err := inventory.Parse(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")), f.Name)
	if err != nil {
		a.fail(err)
		var e *inventory.Error
		if errors.As(err, &e) && e.Hint != "" {
			a.Fault += "; " + e.Hint
		}
		return
	}
	all := v.Count()
	a.Guard = v.FromAfar()
	a.Listed = a.Guard.Count()
	a.LeftOut = all - a.Listed
}

func (a *Answer) readResults(members []File) {
	var all []*results.Table
	for _, m := range members {
		t, err := results.Read(bytes.NewReader(m.Data), results.Options{File: m.Name})
		switch {
		case err != nil && results.ErrNoColumns(err) && len(members) == 1:
			if !a.readNames(m) {
				a.Hint = "columns"
				a.fail(err)
			}
			return
		case err != nil:
			a.fail(err)
			return
		}
		all = append(all, t)
	}
	t, err := results.Merge(all...)
	if err != nil {
		a.fail(err)
		return
	}
	root, err := t.RootText()
	if err != nil {
		a.fail(err)
		return
	}
	a.Kind, a.Format, a.table = Results, t.Sources[0].Format, t
	a.Election, a.Root, a.Numbers, a.Rows, a.Unread, a.Doubts = t.Name(t.Election), root, len(t.Cells), t.Rows, t.Unread, t.Doubts
	a.Problems = t.Problems[:min(maxTold, len(t.Problems))]
	r := results.Check(t, results.Profile{})
	a.Rules, a.Found = r.Tallies, len(r.Findings)
	a.Findings = r.Findings[:min(maxTold, len(r.Findings))]
	at := make(map[string]int)
	for _, s := range t.Sums() {
		i, known := at[s.Contest]
		if !known {
			i = len(at)
			at[s.Contest] = i
			if i < maxShown {
				a.Contests = append(a.Contests, Contest{Name: t.Name(s.Contest)})
			}
		}
		if i < maxShown && len(a.Contests[i].Choices) < maxShown {
			a.Contests[i].Choices = append(a.Contests[i].Choices, Choice{t.Name(s.Choice), s.Votes, !s.Published})
		}
	}
	a.More = len(at) - len(a.Contests)
}

// seen reports whether a text shows what it is: nothing in it hides or reorders
// the rest.
func seen(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}
