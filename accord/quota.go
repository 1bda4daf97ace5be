package accord

// quotaDay is the length of what a quota of a day is counted over, in seconds.
const quotaDay = 24 * 3600

// weighQuotas finds what is beyond what the charter lets one party say: in one
// day, by the time of being covered, and in one statement. Positions, proposals
// and officers lists are never cut off, so that no flood can decide a state.
func (r *Record) weighQuotas() {
	type dayOf struct {
		party, what string
		day         int64
	}
	said := map[dayOf]int64{}
	over := func(p int32, what string, limit int64) {
		e := &r.said[p]
		k := dayOf{e.party, what, e.at / quotaDay}
		if said[k]++; said[k] > limit {
			r.overQuota[p] = true
		}
	}
	r.overQuota = map[int32]bool{}
	for i := range r.said {
		e, p := &r.said[i], int32(i)
		if e.party == "" || e.at == never {
			continue
		}
		q := &r.rulesAt(e.at).Quotas
		switch b := e.body.(type) {
		case *Notice:
			switch b.Level {
			case LevelUrgent:
				over(p, LevelUrgent, q.UrgentPerDay)
			case LevelRoutine:
				over(p, LevelRoutine, q.RoutinePerDay)
			}
		case *Account:
			if int64(len(b.Items)) > q.Items {
				r.overQuota[p] = true
			}
		case *Assessment:
			if int64(len(b.Hypotheses)) > q.Hypotheses {
				r.overQuota[p] = true
			}
		case *Exhibit:
		default:
			continue
		}
		over(p, "", q.PerDay)
	}
}
