package node

import "time"

// pace is how fast a run goes. A stretch begins with the first chunk after a
// pause: what a person took to answer says nothing of the line.
type pace struct {
	from, at   time.Time // of the first and the newest chunk of the stretch
	first, now int       // chunks by then
}

// note takes how many chunks are here, and says whether that is news.
func (p *pace) note(at time.Time, done int) bool {
	if done == p.now {
		return false
	}
	if p.from.IsZero() {
		p.from, p.first = at, done
	}
	p.at, p.now = at, done
	return true
}

// rest ends a stretch.
func (p *pace) rest() { *p = pace{now: p.now} }

// left is how long the rest takes at this pace; 0 if there is none to go by.
func (p *pace) left(total int) time.Duration {
	if p.from.IsZero() || p.now <= p.first || total <= p.now {
		return 0
	}
	return p.at.Sub(p.from) / time.Duration(p.now-p.first) * time.Duration(total-p.now)
}
