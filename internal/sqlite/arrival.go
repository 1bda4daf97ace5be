package sqlite

import (
	"context"
	"database/sql"
	"slices"
)

// Arrival is when the objects of a statement came: that of number i at
// Base + i, Unix microseconds.
type Arrival struct {
	Unshelved
	Base  int64
	Known bool // it came before; a view that is computed anew shelves it where it stood
}

// Arrive says when statements came: what is known, and for the others now, in
// this order, each later than whatever came before. Durable when it returns.
func (w *Watch) Arrive(ctx context.Context, list []Unshelved, now int64) ([]Arrival, error) {
	var out []Arrival
	err := w.db.within(ctx, func(p *prepared) error {
		end, err := arrivalsEnd(p)
		if err != nil {
			return err
		}
		end = max(end, now)
		for _, u := range list {
			a := Arrival{Unshelved: u}
			if a.Known, err = p.one("arrival", []any{u.Origin, u.Index, u.By}, &a.Base); err != nil {
				return err
			}
			if !a.Known {
				a.Base = end
				end += int64(max(u.Objects, 1))
				if _, err := p.exec("add_arrival", a.Base, max(u.Objects, 1), "said", u.Origin, u.Index, u.By, 0); err != nil {
					return err
				}
			}
			out = append(out, a)
		}
		_, err = p.exec("set_arrivals_end", end)
		return err
	})
	return out, err
}

func arrivalsEnd(p *prepared) (end int64, err error) {
	_, err = p.one("arrivals_end", nil, &end)
	return end, err
}

// runIn is a run of objects of one statement that were let in together.
type runIn struct {
	base         int64
	count, first int
}

// AdmitAll fills in when objects were let in: those of which it is known, and
// the others now.
func (w *Watch) AdmitAll(ctx context.Context, list []Let, now int64) error {
	return w.db.within(ctx, func(p *prepared) error {
		end, err := arrivalsEnd(p)
		if err != nil {
			return err
		}
		end = max(end, now)
		for i := 0; i < len(list); {
			leaf, k := list[i].Leaf, i
			for k < len(list) && list[k].Leaf == leaf {
				k++
			}
			runs, err := runsIn(p, leaf)
			if err != nil {
				return err
			}
			if end, err = admit(p, list[i:k], runs, end); err != nil {
				return err
			}
			i = k
		}
		_, err = p.exec("set_arrivals_end", end)
		return err
	})
}

func runsIn(p *prepared, l Leaf) (runs []runIn, err error) {
	err = p.each("runs_in", func(rows *sql.Rows) error {
		var r runIn
		err := rows.Scan(&r.base, &r.count, &r.first)
		runs = append(runs, r)
		return err
	}, l.Origin, l.Index)
	return runs, err
}

// admit gives objects of one statement their times, those without one in runs.
func admit(p *prepared, list []Let, runs []runIn, end int64) (int64, error) {
	var fresh []int
	for i := range list {
		l := &list[i]
		k := slices.IndexFunc(runs, func(r runIn) bool { return l.N >= r.first && l.N < r.first+r.count })
		if k >= 0 {
			l.Added = runs[k].base + int64(l.N-runs[k].first)
		} else {
			fresh = append(fresh, i)
		}
	}
	for len(fresh) > 0 {
		count := 1
		for count < len(fresh) && list[fresh[count]].N == list[fresh[0]].N+count {
			count++
		}
		first := list[fresh[0]]
		if _, err := p.exec("add_arrival", end, count, "in", first.Origin, first.Index, 0, first.N); err != nil {
			return end, err
		}
		for i, k := range fresh[:count] {
			list[k].Added = end + int64(i)
		}
		end += int64(count)
		fresh = fresh[count:]
	}
	return end, nil
}

// Expel forgets when objects of one statement were let in. numbers rise.
func (w *Watch) Expel(ctx context.Context, l Leaf, numbers []int) error {
	return w.db.within(ctx, func(p *prepared) error {
		runs, err := runsIn(p, l)
		if err != nil {
			return err
		}
		for _, r := range runs {
			if err := cut(p, l, r, numbers); err != nil {
				return err
			}
		}
		return nil
	})
}

// cut takes numbers out of a run, which may leave several.
func cut(p *prepared, l Leaf, r runIn, numbers []int) error {
	var left []runIn
	for i := range r.count {
		n := r.first + i
		if _, gone := slices.BinarySearch(numbers, n); gone {
			continue
		}
		if k := len(left); k > 0 && left[k-1].first+left[k-1].count == n {
			left[k-1].count++
			continue
		}
		left = append(left, runIn{base: r.base + int64(i), count: 1, first: n})
	}
	if len(left) == 1 && left[0] == r {
		return nil
	}
	if _, err := p.exec("drop_arrival", r.base); err != nil {
		return err
	}
	for _, x := range left {
		if _, err := p.exec("add_arrival", x.base, x.count, "in", l.Origin, l.Index, 0, x.first); err != nil {
			return err
		}
	}
	return nil
}
