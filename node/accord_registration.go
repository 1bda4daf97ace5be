package node

import (
	"slices"
	"strconv"
	"strings"

	"entente/accord"
	"entente/api"
	"entente/statement"
)

// registrationShown is a registration with its files, and what proves it.
type registrationShown struct {
	Facts  accord.Registration `json:"facts"`
	Files  map[string][]byte   `json:"files"`
	Proofs []api.LeafName      `json:"proofs"`
}

// registration is of the text that q.Case names as PARTY/N.
func (v accordViewer) registration() (any, error) {
	party, number, _ := strings.Cut(v.q.Case, "/")
	p, ok := v.r.Charter().Party(party)
	index, err := strconv.ParseUint(number, 10, 64)
	all := v.r.Instruments()
	at := slices.IndexFunc(all, func(i accord.Instrument) bool { return i.Ref.Origin == p.Origin && i.Ref.Index == index })
	if !ok || err != nil || at < 0 {
		return nil, statement.Refuse(statement.CodeRequest, "no text %.80q; entente instruments lists them", v.q.Case)
	}
	g, err := v.r.Registration(all[at].Ref)
	if err != nil {
		return nil, err
	}
	out := registrationShown{Facts: g}
	if out.Files, err = g.Files(); err != nil {
		return nil, err
	}
	for _, s := range g.Statements() {
		owner, _ := v.r.Charter().ByOrigin(s.Origin)
		out.Proofs = append(out.Proofs, api.LeafName{Party: owner.ID, Index: s.Index})
	}
	return out, nil
}
