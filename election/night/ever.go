package night

import (
	"cmp"
	"slices"

	"entente/election/results"
	"entente/statement"
)

// Found is where a number was published, and who sealed that.
type Found struct {
	Party string       `json:"party"`
	Index uint64       `json:"index"` // of the statement, in the party's log
	URL   string       `json:"url"`
	At    int64        `json:"at"`    // Unix milliseconds
	Until int64        `json:"until"` // of the last fetch that still gave it
	Cell  results.Cell `json:"cell"`
}

// Ever answers whether a number was ever published, by what parties sealed.
type Ever struct {
	Found    []Found    `json:"found"` // the earliest first, at most 100
	Total    int        `json:"total"`
	Searched []Searched `json:"searched"`
}

// Searched is how much of one party's history of one address was searched.
type Searched struct {
	Party    string `json:"party"`
	URL      string `json:"url"`
	Versions int    `json:"versions"`
	Unread   int    `json:"unread"`  // versions that are no table of results
	Missing  int    `json:"missing"` // versions whose cells are not here
	From     int64  `json:"from"`    // Unix milliseconds of the first and the last fetch
	To       int64  `json:"to"`
}

const (
	maxFound    = 100
	maxVersions = 2000 // of one history that are searched, the newest
)

// Search looks a number up in histories. cells gives the table of a version, nil
// if it is not here; it is asked once for each root.
func Search(all []History, q results.Query, cells func(Seen) (*results.Table, error)) (Ever, error) {
	e := Ever{Found: []Found{}, Searched: []Searched{}}
	type answer struct {
		hits  []results.Hit
		known bool
	}
	roots := make(map[statement.Digest]answer)
	for _, h := range all {
		s := Searched{Party: h.Party, URL: h.URL, From: h.From, To: h.To}
		searched := h.Versions[max(0, len(h.Versions)-maxVersions):]
		s.Missing = len(h.Versions) - len(searched)
		for _, v := range searched {
			if v.Outcome == Unreadable {
				s.Unread++
				continue
			}
			a, done := roots[v.Root]
			if !done || !a.known {
				t, err := cells(v)
				if err != nil {
					return e, err
				}
				if t != nil {
					var one results.History
					one.Add(results.Capture{Table: t})
					got, err := one.Lookup(q)
					if err != nil {
						return e, err
					}
					a = answer{got.Hits, true}
				}
				roots[v.Root] = a
			}
			if !a.known {
				s.Missing++
				continue
			}
			s.Versions++
			for _, hit := range a.hits {
				e.Found = append(e.Found, Found{h.Party, v.Index, h.URL, v.At, v.Until, hit.Cell})
			}
		}
		e.Searched = append(e.Searched, s)
	}
	slices.SortStableFunc(e.Found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Party, b.Party), cmp.Compare(a.URL, b.URL))
	})
	e.Total = len(e.Found)
	e.Found = e.Found[:min(e.Total, maxFound)]
	return e, nil
}
