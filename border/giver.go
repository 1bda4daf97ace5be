package border

import "math"

// GiverRecord is what came of all that one party gave, counted from what
// happened and by the same formula for every party, the own one included.
type GiverRecord struct {
	Giver string `json:"giver"`
	Own   bool   `json:"own"`

	Lists int `json:"lists"` // statements with items
	Items int `json:"items"` // own decoys left out

	Quarantined int `json:"quarantined"` // items that the gate holds by its rules, whatever a person said
	Held        int `json:"held"`        // of these: they wait, or are not accepted any more
	Accepted    int `json:"accepted"`    // of these: a person accepted them
	Rejected    int `json:"rejected"`    // a person took the acceptance back
	Alerting    int `json:"alerting"`    // items that met own logs and may alert

	Incidents int `json:"incidents"` // that its items led to
	Confirmed int `json:"confirmed"` // of these: closed by a person, not as false
	False     int `json:"false"`     // called false
	Open      int `json:"open"`      // not judged yet

	Sighted     int `json:"sighted"`     // items that another party says to have seen
	Retractions int `json:"retractions"` // statements by which it took something back
	Retracted   int `json:"retracted"`   // items that it took back

	// Precision is confirmed / (confirmed + false), with the interval in which
	// it lies at a confidence of 95 %. All are null while nothing was judged.
	Precision *float64 `json:"precision"`
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
}

// Judge works out the precision from the counts.
func (g *GiverRecord) Judge() {
	n := g.Confirmed + g.False
	if n == 0 {
		g.Precision, g.Low, g.High = nil, nil, nil
		return
	}
	p := float64(g.Confirmed) / float64(n)
	low, high := Wilson(g.Confirmed, n)
	g.Precision, g.Low, g.High = &p, &low, &high
}

// Wilson returns the score interval (Wilson, 1927) of a share of k in n at a
// confidence of 95 %: it says little after few trials and stays within 0 and 1.
func Wilson(k, n int) (low, high float64) {
	const z = 1.959964
	if n <= 0 {
		return 0, 1
	}
	size, p := float64(n), float64(k)/float64(n)
	middle := (p + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	return math.Max(middle-half, 0), math.Min(middle+half, 1)
}
