package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"entente/statement"
)

// KindEntries shows to all what a board read, and had sealed before; part 1 is
// the entries, as JSON.
const KindEntries statement.Kind = "entries/v1"

// SaidEntries is what a Said of that kind is of: its name is that of the board,
// its digest what the salt and the entries shown come to.
const SaidEntries = "entries"

// SheetBody is the body of entries/v1.
type SheetBody struct {
	Audit string           `json:"audit"`
	Board string           `json:"board"`
	Salt  statement.Digest `json:"salt"`
}

// CheckSheet checks the body of entries/v1.
func CheckSheet(body []byte) error {
	_, err := ParseSheet(body)
	return err
}

// ParseSheet decodes and checks it; its error is a *statement.Refusal.
func ParseSheet(body []byte) (SheetBody, error) {
	var s SheetBody
	if err := statement.Decode(body, statement.MaxAct, &s); err != nil {
		return s, err
	}
	if !ValidName(s.Audit) || !ValidName(s.Board) || s.Salt == (statement.Digest{}) {
		return s, statement.Refuse(statement.CodeField, "the names of an audit and of a board: 1 to 100 bytes, without slashes, blanks around them or control characters; and a salt")
	}
	return s, nil
}

// Marshal is the part that shows entries; more than a part holds is refused.
func (es Entries) Marshal() ([]byte, error) {
	data, err := json.Marshal([]Entry(es))
	if err == nil && len(data) > statement.MaxPart {
		err = statement.Refuse(statement.CodeSize, "entries of %d bytes; a statement shows %d at most: let two boards share them", len(data), statement.MaxPart)
	}
	return data, err
}

// ParseEntries reads the part that shows entries: in order, none twice, and
// written as Marshal does. Its error is a *statement.Refusal.
func ParseEntries(data []byte) (Entries, error) {
	var es Entries
	if err := statement.Decode(data, statement.MaxPart, (*[]Entry)(&es)); err != nil {
		return nil, err
	}
	for i, e := range es {
		switch err := e.check(); {
		case err != nil:
			return nil, statement.Refuse(statement.CodeField, "entry %d: %v", i+1, err)
		case e.Choices == nil, i > 0 && !earlier(es[i-1], e):
			return nil, statement.Refuse(statement.CodeField, "entry %d: out of order, twice, or without a list of choices", i+1)
		}
		for _, s := range append([]string{e.Ballot, e.Contest}, e.Choices...) {
			if clean, err := word(s); err != nil || clean != s {
				return nil, statement.Refuse(statement.CodeField, "entry %d: %+.60q", i+1, s)
			}
		}
	}
	if again, err := es.Marshal(); err != nil || !bytes.Equal(again, data) {
		return nil, statement.Refuse(statement.CodeJSON, "entries in another spelling")
	}
	return es, nil
}

func earlier(a, b Entry) bool {
	return a.Ballot < b.Ballot || a.Ballot == b.Ballot && a.Contest < b.Contest
}

// A Sheet is what one board sealed in one round. In the next round it seals all
// that it has read by then: nothing of it may be other than before.
type Sheet struct {
	Party  string           `json:"party"`
	Board  string           `json:"board"`
	Round  int              `json:"round"` // from 1
	Index  uint64           `json:"index"`
	Digest statement.Digest `json:"digest"`
	Shown  *uint64          `json:"shown,omitempty"` // where its party showed it to all
	// Knew are the boards whose same round was shown when this was not sealed yet,
	// as far as the logs of those who showed them say, and those of others that
	// sealed the very same: without the salt nobody comes to it twice.
	Knew []string `json:"knew"`
	Bad  string   `json:"bad,omitempty"` // why it counts for nothing
}

// ID is the board's name with its party's: two parties may both have a board called so.
func (s Sheet) ID() string { return s.Party + "/" + s.Board }

// Why a sheet counts for nothing.
const (
	BadEarlier = "earlier-not-shown" // its board sealed others before, which are not shown: nobody knows whether it changed them
	BadChanged = "changed"           // its board had read a card otherwise before
)

// Apart says that two sheets are of two parties and one round, that both are shown, and that each was sealed
// before the other was shown: by the logs neither can have known what the other read.
func Apart(a, b Sheet) bool {
	return a.Party != b.Party && a.Round == b.Round && a.Shown != nil && b.Shown != nil && !slices.Contains(a.Knew, b.ID()) && !slices.Contains(b.Knew, a.ID())
}

// sheets finds what boards sealed and showed.
func (j *joining) sheets() {
	shown := make(map[int]Said)
	rounds := make(map[string]int)
	for _, s := range j.said {
		id := s.Party + "/" + s.Name
		at := slices.IndexFunc(j.Sheets, func(x Sheet) bool { return x.ID() == id && x.Digest == s.Digest })
		switch {
		case s.What == SealEntries && at < 0:
			rounds[id]++
			j.Sheets = append(j.Sheets, Sheet{Party: s.Party, Board: s.Name, Round: rounds[id], Index: s.Index, Digest: s.Digest, Knew: []string{}})
		case s.What != SaidEntries:
		case at < 0:
			j.fault(Fault{s.Party, []uint64{s.Index}, FaultEntries, fmt.Sprintf("it showed entries of the board %s that it had not sealed; they do not count", s.Name), false})
		case j.Sheets[at].Shown == nil:
			j.Sheets[at].Shown, shown[at] = &s.Index, s
		}
	}
	for i := range j.Sheets {
		j.judgeSheet(i, shown)
	}
}

func (j *joining) judgeSheet(i int, shown map[int]Said) {
	s := &j.Sheets[i]
	for k, other := range j.Sheets {
		show, ok := shown[k]
		late := ok && other.Round == s.Round && !j.proven(Said{Party: s.Party, Index: s.Index}, show)
		if other.Party != s.Party && (late || other.Digest == s.Digest) {
			s.Knew = append(s.Knew, other.ID())
		}
		if k < i && other.ID() == s.ID() && !ok {
			s.Bad = BadEarlier
		}
	}
	show, ok := shown[i]
	if !ok {
		if s.Round > 1 {
			s.Bad = BadEarlier
		}
		return
	}
	for k := range i {
		if j.Sheets[k].ID() != s.ID() || shown[k].Entries == nil || s.Bad == BadChanged {
			continue
		}
		if card := shown[k].Entries.otherIn(show.Entries); card != "" {
			s.Bad = BadChanged
			j.fault(Fault{s.Party, []uint64{j.Sheets[k].Index, s.Index, show.Index}, FaultEntries, fmt.Sprintf("its board %s changed what it had read of the ballot %s; what it read first counts", s.Board, card), false})
		}
	}
	if !slices.ContainsFunc(j.Sheets, func(x Sheet) bool {
		return x.Party != s.Party && x.Round >= s.Round && j.before(Said{Party: x.Party, Index: x.Index}, show)
	}) {
		// A board that settles reads what the others differ on, when both have shown.
		if !slices.ContainsFunc(j.Sheets, func(x Sheet) bool {
			return x.Party != s.Party && x.Shown != nil && j.before(Said{Party: x.Party, Index: x.Index}, show)
		}) {
			j.fault(Fault{s.Party, []uint64{show.Index}, FaultEarly, fmt.Sprintf("it showed what its board %s had read before its log had recorded that another's board had sealed", s.Board), false})
		}
	}
}

// otherIn is the first ballot that others have otherwise, or not; "" if they have all alike.
func (es Entries) otherIn(others Entries) string {
	have := make(map[[2]string]Entry, len(others))
	for _, e := range others {
		have[e.key()] = e
	}
	for _, e := range es {
		if o, ok := have[e.key()]; !ok || !o.same(e) {
			return e.Ballot
		}
	}
	return ""
}

// MayShow refuses entries that a party has not sealed, or may not show yet: while
// no other's board has sealed, it would show the others what to read.
func MayShow(name string, log Log, with Seats, party, board string, digest statement.Digest, entries Entries) error {
	log.Said = append(slices.Clone(log.Said), Said{Party: party, Index: next, What: SaidEntries, Name: board, Digest: digest, Entries: entries})
	j := Join(name, log, with)
	for _, f := range j.Faults {
		if f.Party == party && slices.Contains(f.Indices, next) {
			return fmt.Errorf("too early or wrong: %s", f.Says)
		}
	}
	if at := slices.IndexFunc(j.Sheets, func(s Sheet) bool { return s.Party == party && s.Board == board && s.Digest == digest }); at >= 0 && j.Sheets[at].Bad == BadEarlier {
		return fmt.Errorf("the board %s sealed other entries before; show these first", board)
	}
	return nil
}

// Find is the newest sheet of a board that is shown and counts, by the board's id, or by its name where
// one party only has a board called so.
func (j Joint) Find(id string) (Sheet, error) {
	var found *Sheet
	sealed := false
	for i, s := range j.Sheets {
		if s.ID() != id && s.Board != id {
			continue
		}
		sealed = true
		if found != nil && found.Party != s.Party {
			return Sheet{}, fmt.Errorf("several parties have a board %s: say which, as PARTY/%s", id, id)
		}
		if s.Shown != nil && s.Bad == "" {
			found = &j.Sheets[i]
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case sealed:
		return Sheet{}, fmt.Errorf("what the board %s read is sealed, and not shown", id)
	}
	return Sheet{}, fmt.Errorf("no party has sealed entries of a board %s for %s", id, j.Audit)
}
