package accord

// footing is what the state of an instrument gives to what rests on it: from
// which instant rows of a clause count, since when it is confirmed, until when
// and with which gaps. never where something has not happened.
type footing struct {
	state     string
	effective int64
	confirmed int64
	end       int64
	suspended []Period
}

// footing of a clause, or with no 0 of the whole text.
func (r *Record) footing(place int32, no int) footing {
	f := footing{effective: never, confirmed: never, end: never}
	i, ok := r.Instrument(r.said[place].Ref)
	if !ok {
		return f
	}
	f.state = string(i.State)
	switch i.State {
	case StateAgreed, StateInForce, StateEnded:
	default:
		return f
	}
	set := func(to *int64, at int64) {
		if at != 0 {
			*to = at
		}
	}
	set(&f.effective, i.Effective)
	set(&f.confirmed, i.Confirmed)
	set(&f.end, i.EndsAt)
	if no == 0 || no > len(i.Clauses) {
		return f
	}
	c := i.Clauses[no-1]
	f.state = string(c.State)
	f.effective = never
	if clause := bodyOf[Proposal](r, place).Clauses[no-1]; clause.Scope.Defined() {
		set(&f.effective, c.From)
		if clause.Provisional { // it applies from agreement
			set(&f.effective, max(i.Completed.NotAfter, clause.From.Time().Unix()))
		}
	}
	if c.Until != 0 {
		f.end = min(f.end, c.Until)
	}
	for _, s := range c.Suspensions {
		p := Period{s.From, never}
		for _, end := range []int64{s.Until, s.Ended} {
			if end != 0 {
				p.To = min(p.To, end)
			}
		}
		f.suspended = append(f.suspended, p)
	}
	return f
}

// inForce reports whether a proposal's text is in force.
func (r *Record) inForce(place int32) bool {
	i, ok := r.Instrument(r.said[place].Ref)
	return ok && i.State == StateInForce
}
