package roll

import (
	"fmt"
	"maps"
	"strings"
)

// Crowd counts the voters of a roll by what alarms compare changes with.
type Crowd struct {
	Precincts map[string]int `json:"precincts"`
	Parties   map[string]int `json:"parties"`
	Ages      map[string]int `json:"ages"`
	Surnames  map[string]int `json:"-"` // names would leave the export with it

	precinct, party, birth, surname int
}

// maxNames bounds what is counted by name; more names are counted as one.
const maxNames = 2_000_000

func newCrowd(c Columns) Crowd {
	return Crowd{
		Precincts: make(map[string]int), Parties: make(map[string]int), Ages: make(map[string]int), Surnames: make(map[string]int),
		precinct: c.field(Precinct), party: c.field(Party), birth: c.field(Birth), surname: c.field(Surname),
	}
}

func (c Crowd) clone() Crowd {
	c.Precincts, c.Parties, c.Ages, c.Surnames = maps.Clone(c.Precincts), maps.Clone(c.Parties), maps.Clone(c.Ages), maps.Clone(c.Surnames)
	return c
}

// shift counts n voters more of a kind.
func (c *Crowd) shift(values []string, n int) {
	count(c.Precincts, at(values, c.precinct), n)
	count(c.Parties, at(values, c.party), n)
	count(c.Ages, decade(at(values, c.birth)), n)
	count(c.Surnames, at(values, c.surname), n)
}

func count(m map[string]int, name string, n int) {
	if _, known := m[name]; !known {
		if len(m) >= maxNames {
			name = ""
		}
		name = strings.Clone(name) // or a whole row would stay in memory for it
	}
	m[name] += n
}

func at(values []string, i int) string {
	if i < 0 || values == nil {
		return ""
	}
	return values[i]
}

// decade is the decade of a birth or of an age, "" where it is unknown.
func decade(birth string) string {
	run := 0
	for i := 0; i <= len(birth); i++ {
		if i < len(birth) && birth[i] >= '0' && birth[i] <= '9' {
			run++
			continue
		}
		if digits := birth[i-run : i]; run == 4 || run == 8 {
			if digits >= "1880" && digits < "2100" {
				return digits[:3] + "0s"
			}
			if run == 8 && digits[4:] >= "1880" && digits[4:] < "2100" {
				return digits[4:7] + "0s"
			}
		} else if run > 0 && run < 4 && run == len(birth) {
			return fmt.Sprintf("aged %s0s", strings.TrimLeft(digits[:run-1], "0"))
		}
		run = 0
	}
	return ""
}
