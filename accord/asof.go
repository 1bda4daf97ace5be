package accord

import (
	"maps"
	"time"
)

// AsOf is the world as it could be known at a time: only moments that were
// cosigned by then, only what these cover, and the reader's clock put back.
// Whoever asks later gets the same, however much has come since.
func (w World) AsOf(t time.Time) World {
	at := t.Unix()
	past := w
	past.Now, past.Moments, past.Said, past.Forks = t, nil, nil, nil
	past.Sizes = map[string]uint64{}
	for _, m := range w.Moments {
		if m.At > at {
			continue
		}
		past.Moments = append(past.Moments, m)
		if owner, ok := w.Charter.ByOrigin(m.Origin); ok && owner.ID != m.By {
			past.Sizes[m.Origin] = max(past.Sizes[m.Origin], m.Size)
		}
	}
	return past.within(w)
}

// Upto is the world of the first leaves of each log: what whoever had read so
// far saw. The reader's clock stays.
func (w World) Upto(sizes map[string]uint64) World {
	past := w
	past.Moments, past.Said, past.Forks, past.Sizes = nil, nil, nil, maps.Clone(sizes)
	for _, m := range w.Moments {
		if m.Size <= sizes[m.Origin] {
			past.Moments = append(past.Moments, m)
		}
	}
	return past.within(w)
}

func (w World) within(whole World) World {
	for _, s := range whole.Said {
		if s.Ref.Index < w.Sizes[s.Ref.Origin] {
			w.Said = append(w.Said, s)
		}
	}
	for _, f := range whole.Forks {
		if f.Proof.Index < w.Sizes[f.Proof.Origin] {
			w.Forks = append(w.Forks, f)
		}
	}
	return w
}
