package rule

import (
	"slices"

	"entente/watch/detect"
	"entente/watch/sigma"
)

// Stats counts what an engine did, over all sources, and all that it gave up.
type Stats struct {
	Events  int64 `json:"events"`
	Judged  int64 `json:"judged"`  // pairs of an event and a rule that were evaluated
	Sources int   `json:"sources"` // remembered now
	Kept    int64 `json:"kept"`    // groups and observations remembered now
	Late    int64 `json:"late"`    // not counted together with others: too far behind in their source
	Untimed int64 `json:"untimed"` // likewise: without a time, or with one of the future
	Evicted int64 `json:"evicted"` // forgotten because too much was remembered; of sources beyond 1,024 all
	Overrun int64 `json:"overrun"` // evaluations given up because they took too long
	Left    int64 `json:"left"`    // objects of events that patterns did not see because an event had too many
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	out := Stats{Sources: len(e.sources), Left: e.mapper.Left, Evicted: e.evicted}
	add := func(w sigma.WatchStats, now bool) {
		out.Events, out.Judged = out.Events+w.Events, out.Judged+w.Judged
		out.Late += w.Correlation.Late
		out.Untimed += w.Untimed
		out.Evicted += w.Correlation.Evicted + w.Correlation.Hurried
		out.Overrun += w.Overrun
		if now {
			out.Kept += w.Correlation.Groups
		}
	}
	add(e.gone, false)
	out.detected(e.left, len(e.set.groups) > 0 || len(e.set.patterns) > 0, len(e.set.detects))
	for _, st := range e.sources {
		for _, w := range st.watches {
			add(w.Stats(), true)
		}
		if st.patterns != nil {
			p := st.patterns.Stats()
			if len(st.watches) == 0 {
				out.Events += p.Observations
			}
			out.Judged += p.Evaluated
			out.Late += p.Late
			out.Untimed += p.Untimed + p.Ahead
			out.Evicted += p.Evicted + p.Forgotten
			out.Overrun += p.Heavy + p.Cut
			out.Kept += int64(p.Kept)
		}
		if st.detects != nil {
			out.detected(st.detects.Stats(), len(st.watches) > 0 || st.patterns != nil, len(e.set.detects))
		}
	}
	return out
}

// detected adds what detections counted; others may have counted the same events.
func (s *Stats) detected(d detect.Stats, others bool, detections int) {
	if !others {
		s.Events += d.Events
	}
	s.Judged += d.Events * int64(detections)
	s.Late, s.Untimed = s.Late+d.Late, s.Untimed+d.Untimed
	s.Kept, s.Evicted = s.Kept+d.Kept, s.Evicted+d.Evicted+d.Hurried
}

// Report says of each rule what became of it and how it fares.
func (e *Engine) Report() []Entry {
	out := e.set.Report()
	for n := range out {
		out[n].Hits = e.hits[n]
	}
	for _, st := range e.sources {
		for g, w := range st.watches {
			for number, n := range e.set.groups[g].entries {
				out[n].Overrun += w.Overruns(number)
			}
		}
		if st.patterns == nil {
			continue
		}
		for _, r := range st.patterns.Report() {
			i := e.set.numbers[r.ID]
			if n := slices.IndexFunc(out, func(x Entry) bool { return x.Rule == i && x.Kind == Pattern }); n >= 0 {
				out[n].Stopped = out[n].Stopped || r.Stopped
			}
		}
	}
	return out
}
