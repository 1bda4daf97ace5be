package accord

import (
	"maps"
	"time"
)

// AsOf is the world as it could be known at a time: only moments that were
// cosigned by then, only what these cover, and the reader's clock put back.
// Whoever asks later gets the same, however much has come since; a cosignature
// that is dated before the checkpoint was signed puts nothing into the past.
func (w World) AsOf(t time.Time) World {
	at := t.Unix()
	past := w
	past.Now, past.Moments, past.Said, past.Forks = t, nil, nil, nil
	covered, read := map[string]uint64{}, map[string]uint64{}
	for _, m := range w.Moments {
		by, known := w.Charter.Party(m.By)
		if m.At > at || !m.Sound() || !known {
			continue
		}
		past.Moments = append(past.Moments, m)
		if owner, ok := w.Charter.ByOrigin(m.Origin); ok && owner.ID != m.By {
			covered[m.Origin] = max(covered[m.Origin], m.Size)
		}
		read[by.Origin] = max(read[by.Origin], m.Logged) // whoever knows the moment has read so far
	}
	for origin, n := range covered {
		read[origin] = max(read[origin], n)
	}
	past.Sizes = read
	return past.within(w, covered)
}

// Upto is the world of the first leaves of each log: what whoever had read so
// far saw. The reader's clock stays.
func (w World) Upto(sizes map[string]uint64) World {
	past := w
	past.Moments, past.Said, past.Forks, past.Sizes = nil, nil, nil, maps.Clone(sizes)
	for _, m := range w.Moments {
		by, known := w.Charter.Party(m.By)
		if known && m.Size <= sizes[m.Origin] && m.Logged <= sizes[by.Origin] {
			past.Moments = append(past.Moments, m)
		}
	}
	return past.within(w, sizes)
}

// within takes of a whole world what stands in the first leaves of each log.
func (w World) within(whole World, sizes map[string]uint64) World {
	for _, s := range whole.Said {
		if s.Ref.Index < sizes[s.Ref.Origin] {
			w.Said = append(w.Said, s)
		}
	}
	for _, f := range whole.Forks {
		if f.Proof.Index < sizes[f.Proof.Origin] {
			w.Forks = append(w.Forks, f)
		}
	}
	return w
}
