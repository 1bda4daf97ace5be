package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// fields is a form, or the part of it whose names begin in one way: a clause, an
// item, a row.
type fields struct {
	url.Values
	Prefix string // as in "clause.2."
	No     int    // of the part, from 1; 0: the whole form
}

// Name is the name of a field.
func (f fields) Name(name string) string { return f.Prefix + name }

// Get is the value of a field as a person meant it.
func (f fields) Get(name string) string { return accord.Typed(f.Values.Get(f.Prefix + name)) }

// On reports whether a field has a value among its values.
func (f fields) On(name string, value any) bool {
	return slices.Contains(f.Values[f.Prefix+name], text(value))
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case accord.ProposalKind:
		return string(v)
	case accord.Stance:
		return string(v)
	}
	return ""
}

// Rows are the numbered parts of a form under a name.
func (f fields) Rows(name string) []fields {
	var list []fields
	for no := range f.count(name) {
		list = append(list, f.row(name, no+1))
	}
	return list
}

func (f fields) row(name string, no int) fields {
	return fields{f.Values, f.Prefix + name + "." + strconv.Itoa(no) + ".", no}
}

// maxFormRows is how many parts of one kind a form has.
const maxFormRows = accord.MaxItems

func (f fields) count(name string) int {
	n, _ := strconv.Atoi(f.Values.Get(f.Prefix + name))
	return min(max(n, 0), maxFormRows)
}

// add appends a part with its first values and returns it.
func (f fields) add(name string, first url.Values) fields {
	n := f.count(name) + 1
	f.Values.Set(f.Prefix+name, strconv.Itoa(min(n, maxFormRows)))
	row := f.row(name, n)
	if n > maxFormRows {
		return row
	}
	for k, v := range first {
		f.Values[row.Prefix+k] = v
	}
	return row
}

// cut takes a part out; those behind it move up.
func (f fields) cut(name string, no int) {
	n := f.count(name)
	if no < 1 || no > n {
		return
	}
	for ; no < n; no++ {
		f.swap(f.row(name, no), f.row(name, no+1))
	}
	last := f.row(name, n)
	for k := range f.Values {
		if strings.HasPrefix(k, last.Prefix) {
			delete(f.Values, k)
		}
	}
	f.Values.Set(f.Prefix+name, strconv.Itoa(n-1))
}

// lift moves a part up by one.
func (f fields) lift(name string, no int) {
	if no > 1 && no <= f.count(name) {
		f.swap(f.row(name, no-1), f.row(name, no))
	}
}

func (f fields) swap(a, b fields) {
	moved := url.Values{}
	for k, v := range f.Values {
		if rest, ok := strings.CutPrefix(k, a.Prefix); ok {
			moved[b.Prefix+rest] = v
			delete(f.Values, k)
		} else if rest, ok := strings.CutPrefix(k, b.Prefix); ok {
			moved[a.Prefix+rest] = v
			delete(f.Values, k)
		}
	}
	for k, v := range moved {
		f.Values[k] = v
	}
}

// lines are the lines of a field, each once: never nil.
func (f fields) lines(name string) []string {
	out := []string{}
	for line := range strings.Lines(f.Get(name)) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// many are the values of a field, sorted, each once: never nil.
func (f fields) many(name string) []string {
	out := slices.DeleteFunc(slices.Clone(f.Values[f.Prefix+name]), func(s string) bool { return s == "" })
	slices.Sort(out)
	return append([]string{}, slices.Compact(out)...)
}

// units are those of a span of time, in seconds.
var units = map[string]int64{"seconds": 1, "minutes": 60, "hours": 3600, "days": 24 * 3600}

// span reads a number and its unit, in seconds; nothing written is 0.
func (f fields) span(name string) (int64, error) {
	s := f.Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	unit := units[f.Get(name+".unit")]
	if err != nil || n < 0 || unit == 0 {
		return 0, statement.Refuse(statement.CodeField, "%s: a whole number and its unit", f.Name(name))
	}
	return n * unit, nil
}

// putSpan writes a span in its largest whole unit.
func (f fields) putSpan(name string, seconds int64) {
	unit := "seconds"
	for _, u := range []string{"minutes", "hours", "days"} {
		if seconds > 0 && seconds%units[u] == 0 && (u != "days" || seconds > units[u]) {
			unit = u
		}
	}
	f.Set(f.Name(name), strconv.FormatInt(seconds/units[unit], 10))
	f.Set(f.Name(name+".unit"), unit)
}

func (f fields) putLines(name string, list []string) {
	f.Set(f.Name(name), strings.Join(list, "\n"))
}

func (f fields) putTexts(name string, t accord.Texts) {
	for lang, s := range t {
		f.Set(f.Name(name+"."+lang), s)
	}
}

// instant reads an instant; a time of day without a zone is UTC, by the 24-hour
// clock, so that noon and midnight cannot be mixed up.
func (f fields) instant(name string) (accord.Instant, error) {
	s := f.Get(name)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return accord.At(t), nil
		}
	}
	return instantOf(fields{Values: f.Values}, f.Name(name)) // under the name by which its writer finds it
}

// refs reads statements named as in "north/14", parted by spaces.
func (f fields) refs(name string) ([]Ref, error) {
	var out []Ref
	for _, s := range strings.Fields(f.Get(name)) {
		one, err := aboutOf(s)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// readings holds the first refusal of many readings.
type readings struct{ err error }

func (r *readings) refuse(format string, a ...any) {
	if r.err == nil {
		r.err = statement.Refuse(statement.CodeField, format, a...)
	}
}

func (r *readings) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *readings) instant(f fields, name string) accord.Instant {
	v, err := f.instant(name)
	r.keep(err)
	return v
}

func (r *readings) span(f fields, name string) int64 {
	v, err := f.span(name)
	r.keep(err)
	return v
}

func (r *readings) refs(f fields, name string) []Ref {
	v, err := f.refs(name)
	r.keep(err)
	return v
}

func (r *readings) about(f fields, name string) []Ref {
	v, err := aboutOf(f.Get(name))
	r.keep(err)
	return v
}
