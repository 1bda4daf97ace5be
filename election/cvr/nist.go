package cvr

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The parts of a CastVoteRecordReport of NIST SP 1500-103 that count: its JSON
// and its XML have the same names.

type nistElection struct {
	Candidates []struct {
		ID   string `json:"@id" xml:"ObjectId,attr"`
		Name string `json:"Name" xml:"Name"`
	} `json:"Candidate" xml:"Candidate"`
	Contests []struct {
		ID         string `json:"@id" xml:"ObjectId,attr"`
		Name       string `json:"Name" xml:"Name"`
		Variation  string `json:"VoteVariation" xml:"VoteVariation"`
		Allowed    int    `json:"VotesAllowed" xml:"VotesAllowed"`
		Selections []struct {
			ID         string   `json:"@id" xml:"ObjectId,attr"`
			Candidates []string `json:"CandidateIds" xml:"CandidateIds"` // in XML one list with blanks
			Selection  string   `json:"Selection" xml:"Selection"`       // of a ballot measure
			WriteIn    bool     `json:"IsWriteIn" xml:"IsWriteIn"`
		} `json:"ContestSelection" xml:"ContestSelection"`
	} `json:"Contest" xml:"Contest"`
}

type nistCVR struct {
	UniqueID  string         `json:"UniqueId" xml:"UniqueId"`
	AuditID   string         `json:"BallotAuditId" xml:"BallotAuditId"`
	Printed   string         `json:"BallotPrePrintedId" xml:"BallotPrePrintedId"`
	BatchID   string         `json:"BatchId" xml:"BatchId"`
	StyleID   string         `json:"BallotStyleId" xml:"BallotStyleId"`
	DeviceID  string         `json:"CreatingDeviceId" xml:"CreatingDeviceId"`
	Current   string         `json:"CurrentSnapshotId" xml:"CurrentSnapshotId"`
	Snapshots []nistSnapshot `json:"CVRSnapshot" xml:"CVRSnapshot"`
}

type nistSnapshot struct {
	ID       string        `json:"@id" xml:"ObjectId,attr"`
	Contests []nistContest `json:"CVRContest" xml:"CVRContest"`
}

type nistContest struct {
	ContestID  string   `json:"ContestId" xml:"ContestId"`
	Overvotes  int      `json:"Overvotes" xml:"Overvotes"`
	Status     []string `json:"Status" xml:"Status"`
	Selections []struct {
		SelectionID string   `json:"ContestSelectionId" xml:"ContestSelectionId"`
		Rank        int      `json:"Rank" xml:"Rank"`
		Status      []string `json:"Status" xml:"Status"`
		Positions   []struct {
			Indication string   `json:"HasIndication" xml:"HasIndication"`
			Allocable  string   `json:"IsAllocable" xml:"IsAllocable"`
			Votes      *int     `json:"NumberVotes" xml:"NumberVotes"`
			Rank       int      `json:"Rank" xml:"Rank"`
			Status     []string `json:"Status" xml:"Status"`
			WriteIn    *struct {
				Text string `json:"Text" xml:"Text"`
			} `json:"CVRWriteIn" xml:"CVRWriteIn"`
		} `json:"SelectionPosition" xml:"SelectionPosition"`
	} `json:"CVRContestSelection" xml:"CVRContestSelection"`
}

const (
	maxElection = 64 << 20 // bytes of the definitions of an election
	maxDeep     = 64       // elements inside each other
)

// nistNames are what the ids of a report mean.
type nistNames struct {
	contests   map[string]nistDefined
	selections map[[2]string]string
}

type nistDefined struct {
	name   string
	ranked bool
	votes  int
}

func newNISTNames() nistNames {
	return nistNames{map[string]nistDefined{}, map[[2]string]string{}}
}

// nistName is a name, or the id where there is none.
func nistName(name, id string) (string, error) { return clean(cmp.Or(strings.TrimSpace(name), id)) }

func (n nistNames) define(e nistElection) error {
	candidates := make(map[string]string, len(e.Candidates))
	for _, c := range e.Candidates {
		name, err := nistName(c.Name, c.ID)
		if err != nil {
			return err
		}
		if _, twice := candidates[c.ID]; twice {
			return fmt.Errorf("the candidate %q is defined twice", c.ID)
		}
		candidates[c.ID] = name
	}
	for _, c := range e.Contests {
		name, err := nistName(c.Name, c.ID)
		if err != nil {
			return err
		}
		if _, twice := n.contests[c.ID]; twice {
			return fmt.Errorf("the contest %q is defined twice", c.ID)
		}
		if c.Allowed < 0 || c.Allowed > maxChoices {
			return fmt.Errorf("contest %q: %d votes allowed", name, c.Allowed)
		}
		n.contests[c.ID] = nistDefined{name, c.Variation == "rcv" || c.Variation == "borda", c.Allowed}
		for _, s := range c.Selections {
			var names []string
			for _, id := range strings.Fields(strings.Join(s.Candidates, " ")) {
				candidate, ok := candidates[id]
				if !ok {
					return fmt.Errorf("contest %q: the candidate %q is defined nowhere", name, id)
				}
				names = append(names, candidate)
			}
			called := cmp.Or(strings.Join(names, " / "), s.Selection)
			if called == "" && s.WriteIn {
				called = writeIn
			}
			choice, err := nistName(called, s.ID)
			if err != nil {
				return err
			}
			if n.selections[[2]string{c.ID, s.ID}] != "" {
				return fmt.Errorf("contest %q: the selection %q is defined twice", name, s.ID)
			}
			n.selections[[2]string{c.ID, s.ID}] = choice
		}
	}
	if len(n.contests)+len(n.selections) > maxNames {
		return fmt.Errorf("more than %d contests and choices", maxNames)
	}
	return nil
}

func (n nistNames) row(c nistCVR) (*Row, error) {
	out := new(Row)
	for _, f := range []struct {
		from string
		to   *string
	}{{cmp.Or(c.AuditID, c.Printed, c.UniqueID), &out.ID}, {c.DeviceID, &out.Tabulator}, {c.BatchID, &out.Batch}, {c.StyleID, &out.Style}} {
		var err error
		if *f.to, err = clean(f.from); err != nil {
			return nil, err
		}
	}
	at := slices.IndexFunc(c.Snapshots, func(s nistSnapshot) bool { return s.ID == c.Current })
	if at < 0 {
		return nil, fmt.Errorf("ballot %q: no snapshot is the current one, %q", out.ID, c.Current)
	}
	if slices.ContainsFunc(c.Snapshots[at+1:], func(s nistSnapshot) bool { return s.ID == c.Current }) {
		return nil, fmt.Errorf("ballot %q: two snapshots are %q", out.ID, c.Current)
	}
	for _, contest := range c.Snapshots[at].Contests {
		got, err := n.contest(contest)
		if err != nil {
			return nil, fmt.Errorf("ballot %q: %w", out.ID, err)
		}
		out.Contests = append(out.Contests, got)
	}
	return out, nil
}

func (n nistNames) contest(c nistContest) (Contest, error) {
	def, ok := n.contests[c.ContestID]
	if !ok {
		return Contest{}, fmt.Errorf("the contest %q is defined nowhere", c.ContestID)
	}
	out := Contest{Name: def.name, Ranked: def.ranked}
	if c.Overvotes < 0 {
		return out, fmt.Errorf("contest %q: %d overvotes", def.name, c.Overvotes)
	}
	var marks []mark
	highest := 0
	for _, s := range c.Selections {
		choice, ok := n.selections[[2]string{c.ContestID, s.SelectionID}]
		if s.SelectionID == "" && len(s.Positions) > 0 && s.Positions[0].WriteIn != nil {
			choice, ok = writeIn, true
		}
		if !ok {
			return out, fmt.Errorf("contest %q: the selection %q is defined nowhere", def.name, s.SelectionID)
		}
		counted := false
		for _, p := range s.Positions {
			if p.Indication != "yes" || p.Allocable == "no" || p.Votes != nil && *p.Votes == 0 || void(c.Status) || void(s.Status) || void(p.Status) {
				continue
			}
			if p.Votes != nil && *p.Votes != 1 {
				return out, fmt.Errorf("contest %q: %d votes for one choice are not read here", def.name, *p.Votes)
			}
			rank := cmp.Or(p.Rank, s.Rank)
			if rank < 0 || rank > maxChoices {
				return out, fmt.Errorf("contest %q: rank %d", def.name, rank)
			}
			if highest = max(highest, rank); counted && !def.ranked {
				continue // both of a choice's targets are filled
			}
			counted = true
			marks = append(marks, mark{choice, rank})
		}
	}
	switch {
	case def.ranked:
		for _, m := range marks {
			if m.rank == 0 {
				return out, fmt.Errorf("contest %q: a vote for %q without a rank", def.name, m.choice)
			}
		}
		out.Choices = ranking(marks, highest)
	case highest > 1:
		return out, fmt.Errorf("contest %q: a rank of %d, but the election does not say VoteVariation rcv", def.name, highest)
	case c.Overvotes == 0 && !slices.Contains(c.Status, "overvoted") && (def.votes == 0 || len(marks) <= def.votes):
		for _, m := range marks {
			out.Choices = append(out.Choices, m.choice)
		}
	}
	return out, nil
}

// void says that the rules of a contest made a mark, all marks of a choice, or
// those of a contest invalid (SP 1500-103, PositionStatus, ContestSelectionStatus
// and ContestStatus): the device had them, and none of them counts.
func void(status []string) bool { return slices.Contains(status, "invalidated-rules") }

// readNISTJSON reads a report twice: definitions may stand behind the records.
func readNISTJSON(in Input, each func(*Row) error) error {
	names := newNISTNames()
	if err := readArray(in, "Election", maxElection, func(_ int64, d *jsontext.Decoder) error {
		var e nistElection
		if err := json.UnmarshalDecode(d, &e); err != nil {
			return err
		}
		return names.define(e)
	}); err != nil {
		return err
	}
	return readArray(in, "CVR", maxRecord, func(n int64, d *jsontext.Decoder) error {
		var c nistCVR
		if err := json.UnmarshalDecode(d, &c); err != nil {
			return err
		}
		return nistRow(names, c, in, n, each)
	})
}

func nistRow(names nistNames, c nistCVR, in Input, n int64, each func(*Row) error) error {
	out, err := names.row(c)
	if err != nil {
		return err
	}
	out.File, out.Number = in.Name, n
	return each(out)
}

// readNISTXML reads a report twice, as readNISTJSON does.
func readNISTXML(in Input, each func(*Row) error) error {
	names := newNISTNames()
	if err := readElements(in, "Election", maxElection, func(_ int64, d *xml.Decoder, start xml.StartElement) error {
		var e nistElection
		if err := d.DecodeElement(&e, &start); err != nil {
			return err
		}
		return names.define(e)
	}); err != nil {
		return err
	}
	return readElements(in, "CVR", maxRecord, func(n int64, d *xml.Decoder, start xml.StartElement) error {
		var c nistCVR
		if err := d.DecodeElement(&c, &start); err != nil {
			return err
		}
		return nistRow(names, c, in, n, each)
	})
}

// readElements gives each child of a file's only element that has the given
// name to element, which must read it whole. most bounds one in bytes.
func readElements(in Input, name string, most int64, element func(n int64, d *xml.Decoder, start xml.StartElement) error) error {
	return open(in, func(r io.Reader) error {
		w := &window{in: r, most: most}
		w.next(0)
		d := xml.NewDecoder(w)
		if _, err := root(d); err != nil {
			return err
		}
		n := int64(0)
		for deep := 1; deep > 0; {
			w.next(d.InputOffset())
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			line, column := d.InputPos()
			if err != nil {
				return fmt.Errorf("row %d, column %d: %w", line, column, err)
			}
			switch t := tok.(type) {
			case xml.StartElement:
				if deep > 1 || t.Name.Local != name {
					if deep++; deep > maxDeep {
						return fmt.Errorf("row %d, column %d: more than %d elements inside each other", line, column, maxDeep)
					}
					continue
				}
				n++
				if err := element(n, d, t); err != nil {
					return fmt.Errorf("row %d, column %d: record %d of %s: %w", line, column, n, name, err)
				}
			case xml.EndElement:
				deep--
			}
		}
		if n == 0 {
			return fmt.Errorf("no element %s", name)
		}
		return nil
	})
}
