package results

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SheetFormat is the first line of a sheet.
const SheetFormat = "entente/result-cells/v1"

var errSheet = errors.New("no sheet of cells")

// Sheet writes all cells of a table as text: the format, the election, then a
// cell a line (contest, choice, unit, level, type, what, count, with tabs
// between), then the leaf of each thing that could not be read, as hex after a
// "!". It is what a root is computed from, without the file.
func (t *Table) Sheet(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n%s\n", SheetFormat, t.Election)
	for _, c := range t.Cells {
		fields := []string{c.Contest, c.Choice, c.Unit, c.Level, c.Type, c.What, strconv.FormatInt(c.Count, 10)}
		_, _ = out.WriteString(strings.Join(fields, "\t") + "\n")
	}
	for _, h := range t.unread {
		_, _ = out.WriteString("!" + hexHash(h) + "\n")
	}
	return out.Flush()
}

// ReadSheet reads what Sheet wrote: one text only for one table, in the order
// of its keys. The table knows nothing of rows, names as spelled and marks.
func ReadSheet(data []byte) (*Table, error) {
	t := &Table{Cells: []Cell{}, Contests: []Contest{}, Names: map[string]string{}, Problems: []Problem{}}
	line := func() (string, bool) {
		s, rest, ok := bytes.Cut(data, []byte{'\n'})
		data = rest
		return string(s), ok
	}
	if first, ok := line(); !ok || first != SheetFormat {
		return nil, errSheet
	}
	var ok bool
	if t.Election, ok = line(); !ok || !utf8.ValidString(t.Election) {
		return nil, errSheet
	}
	for n := 3; len(data) > 0; n++ {
		s, ok := line()
		if !ok || n-3 >= MaxCells+MaxUnread {
			return nil, fmt.Errorf("line %d: %w", n, errSheet)
		}
		if err := t.takeLine(s); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return t, nil
}

func (t *Table) takeLine(s string) error {
	if digits, unread := strings.CutPrefix(s, "!"); unread {
		h, err := parseHash(digits)
		if err != nil {
			return err
		}
		if n := len(t.unread); n > 0 && bytes.Compare(t.unread[n-1][:], h[:]) > 0 {
			return errors.New("what could not be read is out of order")
		}
		t.unread, t.Unread = append(t.unread, h), t.Unread+1
		return nil
	}
	f := strings.Split(s, "\t")
	if len(f) != 7 || len(t.unread) > 0 || !utf8.ValidString(s) {
		return errSheet
	}
	count, err := strconv.ParseInt(f[6], 10, 64)
	if err != nil || strconv.FormatInt(count, 10) != f[6] {
		return errors.New("a count that is no whole number")
	}
	c := Cell{Key: Key{Contest: f[0], Choice: f[1], Unit: f[2], Level: f[3], Type: f[4], What: f[5]}, Count: count}
	if n := len(t.Cells); n > 0 && t.Cells[n-1].compare(c.Key) > 0 {
		return errors.New("a cell out of order")
	}
	t.Cells = append(t.Cells, c)
	return nil
}

// ListContests lists the contests and choices that cells name, in the order of
// the cells: a sheet keeps no other.
func (t *Table) ListContests() {
	t.Contests = nil
	seen := map[Key]bool{}
	for _, c := range t.Cells {
		k := Key{Contest: c.Contest, Choice: c.Choice}
		if c.What != Votes || c.Contest == "" || seen[k] {
			continue
		}
		seen[k] = true
		if n := len(t.Contests); n == 0 || t.Contests[n-1].Name != c.Contest {
			t.Contests = append(t.Contests, Contest{Name: c.Contest})
		}
		last := &t.Contests[len(t.Contests)-1]
		last.Choices = append(last.Choices, c.Choice)
	}
}

// Leaves is the size of the tree under the root: cells, and what could not be read.
func (t *Table) Leaves() int64 { return t.size() }

// RootText is the root as hex.
func (t *Table) RootText() (string, error) {
	h, err := t.Root()
	return hex.EncodeToString(h[:]), err
}
