package audit

import (
	"strings"
	"testing"
)

func opening(party, dice string) Opening {
	o := Opening{Party: party, Dice: dice}
	copy(o.Salt[:], party+"'s own salt")
	return o
}

func committed(openings ...Opening) (out []Commitment) {
	for _, o := range openings {
		out = append(out, Commitment{o.Party, Commit("night", o)})
	}
	return out
}

func TestCeremony(t *testing.T) {
	north, south := opening("north", "123456"), opening("south", "654321")
	commits := committed(north, south)
	seed, err := Ceremony("night", commits, []Opening{north, south}, "4242")
	if err != nil || CheckSeed(seed.Digits) != nil || len(seed.Digits) != 20 || len(seed.Silent) != 0 {
		t.Fatalf("%+v, %v", seed, err)
	}
	turned, err := Ceremony("night", []Commitment{commits[1], commits[0]}, []Opening{south, north}, "4242")
	if err != nil || turned.Digits != seed.Digits {
		t.Errorf("another order gives %+v, %v", turned, err)
	}
	for name, other := range map[string]func() (Seed, error){
		"public dice": func() (Seed, error) { return Ceremony("night", commits, []Opening{north, south}, "4243") },
		"one silent":  func() (Seed, error) { return Ceremony("night", commits, []Opening{north}, "4242") },
		"other dice": func() (Seed, error) {
			south := opening("south", "654322")
			return Ceremony("night", committed(north, south), []Opening{north, south}, "4242")
		},
	} {
		s, err := other()
		if err != nil || s.Digits == seed.Digits {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if name == "one silent" && (len(s.Silent) != 1 || s.Silent[0] != "south") {
			t.Errorf("who was silent: %v", s.Silent)
		}
	}
}

func TestCeremonyRefused(t *testing.T) {
	north, south := opening("north", "123456"), opening("south", "654321")
	late := south
	late.Dice = "111111"
	salted := south
	salted.Salt[0]++
	for name, c := range map[string]struct {
		commits  []Commitment
		openings []Opening
		public   string
		says     string
	}{
		"dice changed after the commitment": {committed(north, south), []Opening{north, late}, "1", "south opened what it had not"},
		"other salt":                        {committed(north, south), []Opening{north, salted}, "1", "south opened what it had not"},
		"no commitment":                     {committed(north), []Opening{north, south}, "1", "south opened what it had not"},
		"another ceremony's":                {[]Commitment{{"north", Commit("other", north)}}, []Opening{north}, "1", "north opened what it had not"},
		"another party's":                   {[]Commitment{{"south", Commit("night", north)}}, []Opening{{"south", north.Dice, north.Salt}}, "1", "south opened what it had not"},
		"committed twice":                   {committed(north, north), []Opening{north}, "1", "twice"},
		"opened twice":                      {committed(north, south), []Opening{north, north}, "1", "twice"},
		"nobody opens":                      {committed(north, south), nil, "1", "nobody"},
		"no public dice":                    {committed(north), []Opening{north}, "", "public dice"},
		"dice that are none":                {committed(opening("north", "six")), []Opening{opening("north", "six")}, "1", "digits"},
	} {
		s, err := Ceremony("night", c.commits, c.openings, c.public)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %+v, %v; want one that says %q", name, s, err, c.says)
		}
	}
}
