package misp

import (
	"github.com/go-json-experiment/json/jsontext"
)

// About is what an event says of itself, for people and programs.
type About struct {
	UUID          string   `json:"uuid"`
	Info          string   `json:"info"`
	Date          string   `json:"date"`
	Org           string   `json:"org"`
	TLP           []string `json:"tlp"`
	PAP           []string `json:"pap"`
	Contradiction string   `json:"contradiction,omitempty"`
	Judgement
	Protected  bool     `json:"protected"`
	Attributes int      `json:"attributes"`
	Detect     int      `json:"detect"` // of those: to_ids is on
	Deleted    int      `json:"deleted"`
	Objects    int      `json:"objects"`
	Proposals  int      `json:"proposals"`
	Sightings  int      `json:"sightings"`
	Reports    int      `json:"reports"`
	Keys       int      `json:"keys"`
	Unread     []string `json:"unread"` // fields that this version does not read
	Bytes      int      `json:"bytes"`
}

// Look reads an event through. It refuses what ParseEvent does.
func Look(raw []byte) (About, error) {
	e, err := ParseEvent(raw)
	if err != nil {
		return About{}, err
	}
	marks, err := e.Marks()
	if err != nil {
		return About{}, err
	}
	a := About{
		UUID: string(e.UUID), Info: string(e.Info), Date: string(e.Date), TLP: marks.TLP, PAP: marks.PAP, Contradiction: marks.Contradiction,
		Judgement: Judge(e.Tags), Protected: e.Protected.On(), Objects: count(e.Objects), Sightings: count(e.Sightings), Reports: count(e.Reports),
		Keys: len(e.Keys), Unread: e.Unread(), Bytes: len(raw),
	}
	if e.Orgc != nil {
		a.Org = string(e.Orgc.Name)
	}
	err = e.EachAttribute(func(x Attribute, p Place, _ jsontext.Value) error {
		a.Proposals += count(x.Proposals)
		a.Sightings += len(x.Sightings)
		switch {
		case p.Proposal:
			a.Proposals++
			return nil
		case p.Deleted(x):
			a.Deleted++
		case x.ToIDs.On():
			a.Detect++
		}
		a.Attributes++
		return nil
	})
	return a, err
}
