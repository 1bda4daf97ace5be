package incident

// Incident is everything that is known of one.
type Incident struct {
	ID      string   `json:"id"`
	Subject Subject  `json:"subject"`
	Asset   string   `json:"asset"`
	Day     int64    `json:"day"`   // beginning of the window, Unix milliseconds; 0 undated
	Title   string   `json:"title"` // of a rule; empty for an indicator
	Level   string   `json:"level"` // of a rule: informational, low, medium, high, critical; empty for an indicator
	Count   int64    `json:"count"` // lines
	First   int64    `json:"first"` // event times, Unix milliseconds, 0 where unknown
	Last    int64    `json:"last"`
	Stored  int64    `json:"stored"` // when this node first saw it
	Givers  []string `json:"givers"` // parties whose indicators these are
	State   State    `json:"state"`
	By      string   `json:"by"` // who brought it into that state
	Acts    []Act    `json:"acts"`
}

// Record is what a giver's indicators were worth, counted the same way for
// every giver: of the incidents that they led to, how many people closed as
// true and how many they called false.
type Record struct {
	Giver     string `json:"giver"`
	Incidents int    `json:"incidents"`
	Confirmed int    `json:"confirmed"` // closed, not as false
	False     int    `json:"false"`
	Open      int    `json:"open"` // not judged yet
}

// Precision is confirmed / (confirmed + false); ok is false while nothing was judged.
func (r Record) Precision() (p float64, ok bool) {
	n := r.Confirmed + r.False
	if n == 0 {
		return 0, false
	}
	return float64(r.Confirmed) / float64(n), true
}

// Count enters one incident.
func (r *Record) Count(s State) {
	r.Incidents++
	switch s {
	case FalsePositive:
		r.False++
	case Closed:
		r.Confirmed++
	default:
		r.Open++
	}
}
