package console

import "time"

// ViewIncidents is the list of incidents, the first one of the Watch screen.
const ViewIncidents View = "incidents"

// Incident is all alerts on one thing looked for, about one own asset, on one day.
type Incident struct {
	ID          string // URL-safe, at most 128 bytes; the same on every node
	Type, Value string // what was looked for
	Title       string // of a rule; empty for an indicator
	Level       string // of a rule; empty for an indicator
	Asset       string // what of the own side it is about; empty where no line says
	Day         time.Time
	Count       uint64 // lines
	First, Last time.Time
	Givers      []string      // whose indicators these are; filled by Source.Incident only
	Dwell       time.Duration // from First until the earliest of its indicators was told; filled by Source.Incident only
	State       IncidentState
	By          string // who brought it into that state
	Acts        []IncidentAct
	Alerts      []string // ids of the alerts behind it; filled by Source.Incident only
	Hits        []Hit    // newest first; filled by Source.Incident only
	Hours       []Bar    // lines by the hour; filled by Source.Incident only
}

// IncidentState is what people have made of an incident.
type IncidentState string

// The states of an incident.
const (
	IncidentOpen         IncidentState = "open"
	IncidentAcknowledged IncidentState = "acknowledged"
	IncidentClaimed      IncidentState = "claimed"
	IncidentFalse        IncidentState = "false_positive"
	IncidentClosed       IncidentState = "closed"
)

func incidentStates() []IncidentState {
	return []IncidentState{IncidentOpen, IncidentAcknowledged, IncidentClaimed, IncidentFalse, IncidentClosed}
}

// IncidentAct is one person's word on an incident.
type IncidentAct struct {
	Time   time.Time
	By     string
	State  IncidentState
	Reason string
}

// Bar is one column of a timeline.
type Bar struct {
	At        time.Time // beginning
	Lines     uint64
	Incidents uint64
}

// GiverRecord is what one giver's indicators were worth here.
type GiverRecord struct {
	Giver                             string
	Incidents, Confirmed, False, Open int
	Precision                         string // percent, empty while nothing was judged
}

// column is one bar of a timeline, in units of a plot that is plotWidth wide and plotHeight high.
type column struct {
	Bar
	X, Y, W, H int
}

// timeline is a plot of plotBars equal steps that end with the last bar.
type timeline struct {
	Columns  []column
	From, To time.Time // beginnings of the first and the last step
}

const plotWidth, plotHeight, plotBars = 720, 72, 31

// plot lays out bars of equal steps; what lies before the last plotBars steps is left
// to the table. A bar that is there is never too low to be seen.
func plot(bars []Bar, step time.Duration) *timeline {
	if len(bars) == 0 {
		return nil
	}
	last := bars[len(bars)-1].At
	out := &timeline{From: last.Add(-(plotBars - 1) * step), To: last}
	most := uint64(1)
	for _, b := range bars {
		most = max(most, b.Lines)
	}
	w := plotWidth / plotBars
	for _, b := range bars {
		back := int(last.Sub(b.At) / step)
		if back >= plotBars {
			continue
		}
		h := max(2, int(float64(b.Lines)/float64(most)*plotHeight))
		out.Columns = append(out.Columns, column{Bar: b, X: plotWidth - (back+1)*w, Y: plotHeight - h, W: w - 2, H: h})
	}
	return out
}

func plotDays(bars []Bar) *timeline  { return plot(bars, 24*time.Hour) }
func plotHours(bars []Bar) *timeline { return plot(bars, time.Hour) }
