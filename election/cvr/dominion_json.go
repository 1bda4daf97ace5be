package cvr

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What Democracy Suite writes as JSON: the manifests say what ids mean, and each
// CvrExport file holds sessions, one for each ballot.

type dominionItem struct {
	ID          *int64 `json:"Id"`
	Description string `json:"Description"`
	VoteFor     int    `json:"VoteFor"`
	NumOfRanks  int    `json:"NumOfRanks"`
	ContestID   int64  `json:"ContestId"`
}

type dominionSession struct {
	TabulatorID *int64           `json:"TabulatorId"`
	BatchID     *int64           `json:"BatchId"`
	RecordID    jsontext.Value   `json:"RecordId"` // a number, or "X" where it was taken out
	ImageMask   string           `json:"ImageMask"`
	Original    *dominionReading `json:"Original"`
	Modified    *dominionReading `json:"Modified"`
}

type dominionReading struct {
	BallotTypeID int64             `json:"BallotTypeId"`
	IsCurrent    *bool             `json:"IsCurrent"`
	Cards        []dominionCard    `json:"Cards"`
	Contests     []dominionContest `json:"Contests"` // of versions before there were cards
}

type dominionCard struct {
	Contests []dominionContest `json:"Contests"`
}

type dominionContest struct {
	ID        int64          `json:"Id"`
	Overvotes int64          `json:"Overvotes"`
	Marks     []dominionMark `json:"Marks"`
}

type dominionMark struct {
	CandidateID int64 `json:"CandidateId"`
	Rank        int   `json:"Rank"`
	IsVote      *bool `json:"IsVote"`
}

// dominion is what the manifests say.
type dominion struct {
	contests, candidates, styles map[int64]dominionItem
}

func readDominionJSON(exports, lists []Input, each func(*Row) error) error {
	d := dominion{}
	for _, l := range []struct {
		name string
		to   *map[int64]dominionItem
		must bool
	}{{"contestmanifest", &d.contests, true}, {"candidatemanifest", &d.candidates, true}, {"ballottypemanifest", &d.styles, false}} {
		found := false
		for _, in := range lists {
			if baseName(in.Name) != l.name {
				continue
			}
			if found {
				return fmt.Errorf("%s: a second %s", in.Name, l.name)
			}
			found = true
			var err error
			if *l.to, err = readDominionList(in); err != nil {
				return fmt.Errorf("%s: %w", in.Name, err)
			}
		}
		if l.must && !found {
			return fmt.Errorf("without ContestManifest.json and CandidateManifest.json the ids in %s mean nothing; give them with it", exports[0].Name)
		}
	}
	if err := d.check(); err != nil {
		return err
	}
	for _, in := range exports {
		if err := d.read(in, each); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	return nil
}

// readDominionList reads a manifest. An id that stands twice and means two things is refused.
func readDominionList(in Input) (map[int64]dominionItem, error) {
	all := make(map[int64]dominionItem)
	err := readArray(in, "List", maxRecord, func(n int64, d *jsontext.Decoder) error {
		var item dominionItem
		if err := json.UnmarshalDecode(d, &item); err != nil {
			return err
		}
		if item.ID == nil || *item.ID < 0 || item.VoteFor < 0 || item.NumOfRanks < 0 || item.NumOfRanks > maxChoices {
			return errors.New("no Id, or a negative or huge number")
		}
		name, err := clean(item.Description)
		if err != nil {
			return err
		}
		item.Description = name
		id := *item.ID
		item.ID = nil
		if old, twice := all[id]; twice && old != item {
			return fmt.Errorf("the Id %d is both %q and %q", id, old.Description, name)
		}
		if all[id] = item; len(all) > maxNames {
			return fmt.Errorf("more than %d items", maxNames)
		}
		return nil
	})
	return all, err
}

// check finds manifests that contradict each other.
func (d dominion) check() error {
	names := make(map[string]int64)
	for id, c := range d.contests {
		c.Description, _, _ = contestName(c.Description)
		if c.Description == "" {
			return fmt.Errorf("ContestManifest: contest %d has no name", id)
		}
		if other, twice := names[c.Description]; twice {
			return fmt.Errorf("ContestManifest: the contests %d and %d are both called %q", min(id, other), max(id, other), c.Description)
		}
		names[c.Description] = id
		d.contests[id] = c
	}
	for id, c := range d.candidates {
		if _, ok := d.contests[c.ContestID]; !ok {
			return fmt.Errorf("CandidateManifest: candidate %d, %q, stands in contest %d, which ContestManifest does not have", id, c.Description, c.ContestID)
		}
		if c.Description == "" {
			return fmt.Errorf("CandidateManifest: candidate %d has no name", id)
		}
	}
	return nil
}

func (d dominion) read(in Input, each func(*Row) error) error {
	return readArray(in, "Sessions", maxRecord, func(n int64, dec *jsontext.Decoder) error {
		var s dominionSession
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		out, err := d.row(s)
		if err != nil {
			return err
		}
		out.File, out.Number = in.Name, n
		return each(out)
	})
}

// current is the reading that counts: the one made last.
func (s dominionSession) current() (*dominionReading, error) {
	switch {
	case s.Original == nil:
		return nil, errors.New("a session without an Original")
	case s.Modified == nil:
		return s.Original, nil
	case s.Original.IsCurrent == nil || s.Modified.IsCurrent == nil || *s.Original.IsCurrent == *s.Modified.IsCurrent:
		return nil, errors.New("the readings Original and Modified do not say which of them is current")
	case *s.Modified.IsCurrent:
		return s.Modified, nil
	}
	return s.Original, nil
}

// record is the number of a card in its batch. Where it was taken out, the
// name of the card's image holds it: tabulator_batch_record.
func (s dominionSession) record() (string, error) {
	var n int64
	if json.Unmarshal(s.RecordID, &n) == nil && n >= 0 {
		return fmt.Sprint(n), nil
	}
	name := s.ImageMask[strings.LastIndexAny(s.ImageMask, `\/`)+1:]
	name, _, _ = strings.Cut(name, "*")
	parts := strings.Split(name, "_")
	if len(parts) == 3 && parts[2] != "" && strings.Trim(parts[2], "0123456789") == "" {
		if last := strings.TrimLeft(parts[2], "0"); last != "" {
			return last, nil
		}
		return "0", nil
	}
	return "", errors.New("RecordId is no number, and ImageMask names none")
}

func (d dominion) row(s dominionSession) (*Row, error) {
	if s.TabulatorID == nil || s.BatchID == nil || *s.TabulatorID < 0 || *s.BatchID < 0 {
		return nil, errors.New("no TabulatorId or BatchId, or a negative one")
	}
	record, err := s.record()
	if err != nil {
		return nil, err
	}
	reading, err := s.current()
	if err != nil {
		return nil, err
	}
	out := &Row{Tabulator: fmt.Sprint(*s.TabulatorID), Batch: fmt.Sprint(*s.BatchID), Style: fmt.Sprint(reading.BallotTypeID)}
	out.ID = out.Tabulator + "-" + out.Batch + "-" + record
	if style, ok := d.styles[reading.BallotTypeID]; ok && style.Description != "" {
		out.Style = style.Description
	}
	contests := reading.Contests
	for _, card := range reading.Cards {
		contests = append(contests, card.Contests...)
	}
	for _, c := range contests {
		contest, err := d.contest(c)
		if err != nil {
			return nil, err
		}
		out.Contests = append(out.Contests, contest)
	}
	return out, nil
}

func (d dominion) contest(c dominionContest) (Contest, error) {
	def, ok := d.contests[c.ID]
	if !ok {
		return Contest{}, fmt.Errorf("contest %d stands in no ContestManifest", c.ID)
	}
	out := Contest{Name: def.Description, Ranked: def.NumOfRanks > 1}
	if c.Overvotes < 0 {
		return out, fmt.Errorf("contest %q: %d overvotes", out.Name, c.Overvotes)
	}
	var marks []mark
	seen := make(map[int64]bool)
	for _, m := range c.Marks {
		candidate, ok := d.candidates[m.CandidateID]
		switch {
		case !ok || candidate.ContestID != c.ID:
			return out, fmt.Errorf("contest %q: candidate %d is none of it by CandidateManifest", out.Name, m.CandidateID)
		case m.IsVote == nil:
			return out, fmt.Errorf("contest %q: a mark that does not say whether it is a vote", out.Name)
		case !*m.IsVote:
			continue
		case out.Ranked && (m.Rank < 1 || m.Rank > def.NumOfRanks):
			return out, fmt.Errorf("contest %q: rank %d of %d", out.Name, m.Rank, def.NumOfRanks)
		case !out.Ranked && seen[m.CandidateID]: // both of a candidate's targets are filled
			continue
		}
		seen[m.CandidateID] = true
		marks = append(marks, mark{candidate.Description, m.Rank})
	}
	switch {
	case out.Ranked:
		out.Choices = ranking(marks, def.NumOfRanks)
	case c.Overvotes == 0 && (def.VoteFor == 0 || len(marks) <= def.VoteFor):
		for _, m := range marks {
			out.Choices = append(out.Choices, m.choice)
		}
	}
	return out, nil
}

// readArray gives the elements of an array that is a member of a file's only
// object to element, each in its turn, which must read it whole. most bounds one in bytes.
func readArray(in Input, member string, most int64, element func(n int64, d *jsontext.Decoder) error) error {
	return open(in, func(r io.Reader) error {
		w := &window{in: r, most: most}
		w.next(0)
		d := jsontext.NewDecoder(w)
		if tok, err := d.ReadToken(); err != nil || tok.Kind() != '{' {
			return cmpErr(err, "no object")
		}
		found := false
		for d.PeekKind() != '}' {
			w.next(d.InputOffset())
			name, err := d.ReadToken()
			if err != nil {
				return err
			}
			if name.String() != member {
				if err := skip(d, w); err != nil {
					return err
				}
				continue
			}
			found = true
			if tok, err := d.ReadToken(); err != nil || tok.Kind() != '[' {
				return cmpErr(err, member+" is no list")
			}
			for n := int64(1); d.PeekKind() != ']'; n++ {
				w.next(d.InputOffset())
				if err := element(n, d); err != nil {
					return fmt.Errorf("record %d of %s: %w", n, member, err)
				}
			}
			if _, err := d.ReadToken(); err != nil {
				return err
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("no member %s", member)
		}
		if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
			return cmpErr(err, "text after the object")
		}
		return nil
	})
}

func cmpErr(err error, says string) error {
	if err != nil {
		return err
	}
	return errors.New(says)
}

// skip passes over a value of any length, token by token.
func skip(d *jsontext.Decoder, w *window) error {
	deep := d.StackDepth()
	for {
		w.next(d.InputOffset())
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		if d.StackDepth() <= deep {
			return nil
		}
	}
}
