package roll

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	parties = []string{"DEM", "DEM", "DEM", "REP", "REP", "REP", "UNA", "UNA", "UNA", "LIB"}
	whys    = []string{"", "IN", "IU", "IA", "RD", "RM", "RC"} // from the fourth on, of those who leave
)

// words makes a word of a number, like a name.
func word(n int) string {
	const consonants, vowels = "BDFGKLMNPRSTV", "AEIOU"
	var b strings.Builder
	for n += 65; n > 0; n /= 65 {
		b.WriteByte(consonants[n%13])
		b.WriteByte(vowels[n/13%5])
	}
	return b.String()
}

// values are a person's, by the fields of the map in which changes are told.
func (s *Synth) values(p person) []string {
	out := make([]string, len(s.columns.Fields))
	for i, f := range s.columns.Fields {
		parts := make([]string, len(f.Columns))
		for j, c := range f.Columns {
			parts[j] = p.part(f.Name, plain(strings.TrimSuffix(c, "?")))
		}
		if v := strings.Join(parts, Part); strings.Trim(v, Part) != "" {
			out[i] = v
		}
	}
	return out
}

// part is what a person's row has in a column of a field.
func (p person) part(field, head string) string {
	has := func(s string) bool { return strings.Contains(head, s) }
	switch field {
	case Precinct:
		if slices.Contains([]string{"countycode", "towncity", "ward", "ad"}, head) {
			return "1"
		}
		return fmt.Sprintf("P%04d", p.precinct)
	case Status:
		if p.inactive {
			return whys[p.why][:min(1, len(whys[p.why]))]
		}
		return "A"
	case Reason:
		return whys[p.why]
	case Surname:
		return word(int(p.surname))
	case Given:
		if has("first") {
			return word(int(p.given))
		}
	case Birth:
		return strconv.Itoa(int(p.born))
	case Party:
		if !has("other") {
			return parties[p.party]
		}
	case Phone:
		if p.phone > 0 {
			return "555" + strconv.Itoa(int(p.phone))
		}
	case Registered:
		return time.Unix(int64(p.registered)*86400, 0).UTC().Format("01/02/2006")
	case Address:
		return p.home(has)
	case Mail:
		if p.mail > 0 {
			return p.letters(has)
		}
	}
	return ""
}

func (p person) home(has func(string) bool) string {
	number, street := strconv.Itoa(int(p.house)), word(int(p.street))+" ST"
	switch {
	case has("half") || has("fraction") || has("suffix") || has("prefix") || has("direction") || has("type") || has("nonstd") || has("line2"):
		return ""
	case has("unit") || has("apartment"):
		if p.unit > 0 {
			return strconv.Itoa(int(p.unit))
		}
		return ""
	case has("streetaddress") || has("residenceaddress"):
		if p.unit > 0 {
			return number + " " + street + " APT " + strconv.Itoa(int(p.unit))
		}
		return number + " " + street
	case has("number"):
		return number
	case has("street"):
		return street
	case has("zip"):
		return fmt.Sprintf("%05d", 27000+p.precinct%900)
	case has("state"):
		return "NC"
	}
	return "NOWHERE"
}

func (p person) letters(has func(string) bool) string {
	switch {
	case has("2") || has("3") || has("4"):
		return ""
	case has("city"):
		return "ELSEWHERE"
	case has("state"):
		return "NC"
	case has("zip"):
		return "28000"
	}
	return "PO BOX " + strconv.Itoa(int(p.mail))
}

// Write writes today's export in a layout of Known, by its name.
func (s *Synth) Write(w io.Writer, layout string) error {
	i := slices.IndexFunc(Known(), func(c Columns) bool { return c.Name == layout })
	if i < 0 {
		return fmt.Errorf("no layout %q", layout)
	}
	c := Known()[i]
	heads, fieldOf := c.Heads, make(map[string]string)
	name := func(column string) string {
		one, _, _ := strings.Cut(strings.TrimSuffix(column, "?"), "|")
		return one
	}
	if heads == nil {
		for _, id := range c.ID {
			heads = append(heads, name(id))
		}
	}
	for _, f := range c.Fields {
		for _, column := range f.Columns {
			if fieldOf[name(column)] = f.Name; c.Heads == nil {
				heads = append(heads, name(column))
			}
		}
	}
	b := bufio.NewWriterSize(w, 1<<16)
	if c.Heads == nil {
		fmt.Fprintf(b, "%s\r\n", strings.Join(heads, c.Comma))
	}
	for _, p := range s.voters {
		if p.gone {
			continue
		}
		for j, h := range heads {
			if j > 0 {
				b.WriteString(c.Comma)
			}
			fmt.Fprintf(b, "%q", s.column(p, c, h, fieldOf[h]))
		}
		b.WriteString("\r\n")
	}
	return b.Flush()
}

func (s *Synth) column(p person, c Columns, head, field string) string {
	id := slices.ContainsFunc(c.ID, func(column string) bool { return strings.HasPrefix(column, head) })
	switch {
	case id && len(c.ID) > 1 && head == c.ID[0]:
		return "1"
	case id:
		return fmt.Sprintf("%09d", p.number)
	case field == "":
		return ""
	}
	return p.part(field, plain(head))
}
