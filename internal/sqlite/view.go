package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"

	"entente/accord"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// The states of a statement in the view.
const (
	StateOpen          = "open"           // read and understood
	StateSealed        = "sealed"         // not addressed to this node
	StateNotUnderstood = "not-understood" // of a version that this node does not know
	StateRefused       = "refused"        // does not count as said; Code tells why
)

// View is the queryable projection of the logs. Everything in it is computed
// from leaves and parts alone, so any two views of the same logs are equal.
type View struct{ db *database }

// OpenView opens or creates view.db. One whose tables another version laid out
// is deleted first: whoever opens it computes it anew from the logs, as after
// its loss.
func OpenView(ctx context.Context, path string) (*View, error) {
	if err := dropOther(ctx, path); err != nil {
		return nil, err
	}
	db, err := open(ctx, path, viewSchema+fmt.Sprintf("\nPRAGMA user_version = %d;", viewVersion()), viewQueries+"\n"+objectQueries+"\n"+accordQueries, "NORMAL")
	if err != nil {
		return nil, err
	}
	return &View{db}, nil
}

// viewVersion stands for the tables of the view: it changes with any of them.
func viewVersion() int32 {
	sum := sha256.Sum256([]byte(viewSchema))
	return int32(binary.BigEndian.Uint32(sum[:4])&^(1<<31) | 1) // positive, and never the 0 of a new file
}

// dropOther deletes a view that has other tables than this version's.
func dropOther(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil //nolint:nilerr // nothing is there: it is made
	}
	db, err := openDB("file:" + (&url.URL{Path: path}).EscapedPath())
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	var version int32
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if version == viewVersion() {
		return nil
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete the view of another version: %w", err)
		}
	}
	return nil
}

// Close closes the files.
func (v *View) Close() error { return v.db.close() }

// Statement is one row of the view: a leaf and what its act says.
type Statement struct {
	Origin     string
	Index      uint64
	ID         statement.Digest
	Party      string
	Time       int64 // claimed, Unix milliseconds
	State      string
	Code       statement.Code
	Kind       statement.Kind
	Case       string
	Marking    string
	Recipients []string
	Refs       []statement.Ref
	Body       []byte
	Parts      int
	Counted    bool // something said, not housekeeping
}

// Entry is one processed leaf with what it adds to the other projections.
type Entry struct {
	Statement Statement
	Items     []indicator.Item
	Sighting  *indicator.SightingBody
	Acks      *record.AckBody
	Decisions []Decision
	// Objects are what the statement hands on, or the items of a list as they
	// are shown to tools. ObjectOf names the object of each item; nil: its own number.
	Objects  []Object
	ObjectOf []int
	// Retraction is what this leaf takes back of an earlier one of its log.
	Retraction *Retraction
	// Accord is kept of statements of the accord; Shows are parts of such that
	// this leaf shows, Hides one that it erases, Moments what it says of times.
	Accord   *Accord
	Shows    []Shown
	Hides    *Hidden
	Moments  []accord.Moment
	Convicts string
	// Approvals are kept of statements of other areas that officers sign, verified.
	Approvals []statement.Approval
	// Again is an earlier leaf of the same log as it is judged after this one:
	// without a part that this one says is erased, or with those that it opens.
	Again *Entry
}

// Decision is an officer's word on a run of items of an indicator list, both
// ends included.
type Decision struct {
	Origin  string
	Index   uint64
	From    int
	To      int
	Stance  string // "accept" or "reject"
	Officer string
	Reason  string
	Time    int64 // of the statement, claimed, Unix milliseconds
}

// Next returns the index of the first leaf of a log that is not in the view.
func (v *View) Next(ctx context.Context, origin string) (uint64, error) {
	n, err := v.db.count(ctx, "cursor", origin)
	return uint64(n), err
}

// Add stores consecutive leaves of one log in one transaction. next is the
// cursor that the caller has read: a mismatch means two writers.
func (v *View) Add(ctx context.Context, origin string, next uint64, entries []Entry) error {
	return v.db.within(ctx, func(p *prepared) error {
		var have uint64
		if _, err := p.one("cursor", []any{origin}, &have); err != nil {
			return err
		}
		if have != next {
			return fmt.Errorf("view of %s is at %d, not at %d", origin, have, next)
		}
		for _, e := range entries {
			if err := add(p, e); err != nil {
				return fmt.Errorf("leaf %d: %w", e.Statement.Index, err)
			}
		}
		_, err := p.exec("set_cursor", origin, next+uint64(len(entries)))
		return err
	})
}

func add(p *prepared, e Entry) error {
	s := e.Statement
	recipients, refs, err := lists(s)
	if err != nil {
		return err
	}
	exec := func(name string, args ...any) {
		if err == nil {
			_, err = p.exec(name, args...)
		}
	}
	exec("add_statement", s.Origin, s.Index, s.ID.String(), s.Party, s.Time, s.State, string(s.Code), string(s.Kind), s.Case, s.Marking, recipients, refs, string(s.Body), s.Parts, s.Counted)
	if err != nil {
		return err
	}
	if err := addContent(p, e, s.Index); err != nil {
		return err
	}
	if a := e.Again; a != nil {
		if err := judgeAgain(p, *a, s.Index); err != nil {
			return err
		}
	}
	if g := e.Sighting; g != nil {
		exec("add_sighting", s.Origin, s.Index, g.Indicator.Origin, g.Indicator.Index, g.Item, g.Type, g.Value, g.Count, g.First, g.Last)
	}
	if e.Acks != nil {
		for _, a := range e.Acks.Items {
			exec("add_ack", s.Origin, s.Index, e.Acks.Origin, a.Index, a.ID.String(), a.Verdict, string(a.Code))
		}
	}
	for _, d := range e.Decisions {
		exec("add_decision", s.Origin, s.Index, d.Origin, d.Index, d.From, d.To, d.Stance, d.Officer, d.Reason)
	}
	if err == nil && e.Retraction != nil {
		err = retract(p, s, *e.Retraction)
	}
	if err == nil {
		err = addAccord(p, e)
	}
	return err
}

// addContent adds the items and objects of a statement, as the leaf by lets
// them stand.
func addContent(p *prepared, e Entry, by uint64) error {
	s := e.Statement
	for n, it := range e.Items {
		object := n
		if e.ObjectOf != nil {
			object = e.ObjectOf[n]
		}
		if _, err := p.exec("add_item", s.Origin, s.Index, n, it.Type, it.Value, it.Observed, it.Until, it.Context, it.Note, object); err != nil {
			return err
		}
	}
	return addObjects(p, s, e.Objects, by)
}

// judgeAgain replaces what an earlier leaf was judged to be.
func judgeAgain(p *prepared, e Entry, by uint64) error {
	s := e.Statement
	recipients, refs, err := lists(s)
	if err != nil {
		return err
	}
	if _, err := p.exec("judge_again", s.Origin, s.Index, s.State, string(s.Code), string(s.Kind), s.Case, s.Marking, recipients, refs, string(s.Body), s.Counted); err != nil {
		return err
	}
	if _, err := p.exec("drop_items", s.Origin, s.Index); err != nil {
		return err
	}
	if err := dropObjects(p, s.Origin, s.Index); err != nil {
		return err
	}
	for _, name := range []string{"drop_accord", "drop_approvals"} {
		if _, err := p.exec(name, s.Origin, s.Index); err != nil {
			return err
		}
	}
	if err := addSaid(p, e); err != nil {
		return err
	}
	return addContent(p, e, by)
}

// lists returns the columns of a statement that are lists.
func lists(s Statement) (recipients, refs string, err error) {
	r, err := json.Marshal(s.Recipients)
	if err != nil {
		return "", "", err
	}
	f, err := json.Marshal(s.Refs)
	return string(r), string(f), err
}

// Dump writes every table in a fixed order as text, so that two views can be
// compared byte by byte.
func (v *View) Dump(ctx context.Context, w io.Writer) error {
	for _, t := range []struct {
		table string
		order string
	}{
		{"cursor", "origin"},
		{"statement", "origin, idx"},
		{"item", "origin, idx, n"},
		{"sighting", "origin, idx"},
		{"ack", "origin, idx, by_origin, by_idx"},
		{"decision", "origin, idx, ind_origin, ind_idx, item"},
		{"retraction", "origin, of_idx, idx, first"},
		{"object", "origin, idx, n"},
		{"accord", "origin, idx"},
		{"approval", "origin, idx"},
		{"accord_part", "origin, idx, part, by_origin, by_idx"},
		{"fork", "origin, by_origin, by_idx"},
		{"moment", "origin, size, root, owner, by, at, logged"},
	} {
		if err := v.dumpTable(ctx, w, t.table, t.order); err != nil {
			return fmt.Errorf("dump %s: %w", t.table, err)
		}
	}
	return nil
}

func (v *View) dumpTable(ctx context.Context, w io.Writer, table, order string) error {
	text := "SELECT * FROM " + table + " ORDER BY " + order
	if table == "object" {
		text = v.db.q("dump_objects")
	}
	rows, err := v.db.read.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		line := table
		for _, value := range values {
			if b, ok := value.([]byte); ok {
				value = string(b)
			}
			line += fmt.Sprintf("\t%q", fmt.Sprint(value))
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return rows.Err()
}
