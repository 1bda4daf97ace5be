package accord

import (
	"slices"
	"time"

	"entente/statement"
)

// Where a corrective action stands beside the state of its text.
const (
	ActionOpen     = "open"
	ActionOverdue  = "overdue" // due, and its owner has not said that it is done
	ActionDone     = "done"    // its owner says so
	ActionTested   = "tested"  // and the other party's or an observer's test passed
	ActionFailed   = "test-failed"
	ActionWatched  = "watched"  // tested, and the time of watching runs
	ActionClosed   = "closed"   // and nothing came back in that time
	ActionReopened = "reopened" // it did: this action failed
)

// ActionView is one corrective action.
type ActionView struct {
	Ref        statement.Ref
	Case       string
	Who        string
	Due        int64
	WatchUntil int64
	State      string // empty: its text is not in force
	Done       []statement.Ref
	Test       statement.Ref // the last test result
	Recurred   []statement.Ref
	Since      int64 // of the state, 0: not known
}

// Actions returns every corrective action, in order of the record.
func (r *Record) Actions(now time.Time) []ActionView {
	var list []ActionView
	for i := range r.said {
		if p := bodyOf[Proposal](r, int32(i)); p != nil && p.Action != nil {
			list = append(list, r.action(int32(i), p.Action, now.Unix()))
		}
	}
	return list
}

// Action returns one corrective action.
func (r *Record) Action(ref statement.Ref, now time.Time) (ActionView, bool) {
	place := r.find(ref)
	p := bodyOf[Proposal](r, place)
	if p == nil || p.Action == nil {
		return ActionView{}, false
	}
	return r.action(place, p.Action, now.Unix()), true
}

func (r *Record) action(place int32, a *Action, now int64) ActionView {
	e := &r.said[place]
	v := ActionView{Ref: e.Ref, Case: e.Act.Case, Who: a.Who, Due: a.Due.Time().Unix(), WatchUntil: a.WatchUntil.Time().Unix()}
	if !r.inForce(place) {
		return v
	}
	v.State, v.Since = ActionOpen, known(r.footing(place, 0).effective)
	var done, passed int64
	for _, q := range r.on.of(place) {
		o := &r.said[q]
		if o.at == never || r.Label(*o.Said) != LabelNone {
			continue
		}
		switch b := o.body.(type) {
		case *Position:
			if b.Stance == Done && o.party == a.Who {
				v.Done, done = append(v.Done, o.Ref), o.at
				v.State, v.Since = ActionDone, o.at
			}
		case *Exhibit:
			if b.Kind != "test-result" || done == 0 {
				continue
			}
			v.Test, v.Since = o.Ref, o.at
			if v.State, passed = ActionFailed, 0; b.Passed == "passed" {
				v.State, passed = ActionTested, o.at
			}
		}
	}
	v.watch(r.recurrences(place, a, done), done, passed, now)
	return v
}

// watch goes from a test that passed to closed or reopened; a test that did not
// pass closes nothing.
func (v *ActionView) watch(recurred []recurrence, done, passed, now int64) {
	for _, c := range recurred {
		v.Recurred = append(v.Recurred, c.ref)
	}
	switch {
	case len(recurred) > 0 && passed < recurred[len(recurred)-1].said:
		v.State, v.Since = ActionReopened, recurred[0].said
	case done == 0 && now > v.Due:
		v.State, v.Since = ActionOverdue, v.Due
	case passed != 0 && now >= v.WatchUntil:
		v.State, v.Since = ActionClosed, max(v.WatchUntil, passed)
	case passed != 0:
		v.State = ActionWatched
	}
}

type recurrence struct {
	ref  statement.Ref
	said int64
}

// recurrences are the accounts about an action that tell of something that
// happened after it was done and while it was watched. A new test afterwards
// starts anew.
func (r *Record) recurrences(place int32, a *Action, done int64) []recurrence {
	var list []recurrence
	if done == 0 {
		return nil
	}
	until := a.WatchUntil.Time().Unix()
	for _, q := range r.on.of(place) {
		e := &r.said[q]
		body := bodyOf[Account](r, q)
		if body == nil || e.at == never || r.Label(*e.Said) != LabelNone {
			continue
		}
		items, ok := r.sharedItems(q)
		again := func(it Item) bool {
			at := it.began(body).Unix()
			return (it.Kind == "act" || it.Kind == "measure") && at >= done && at < until && at <= e.at+maxSkew
		}
		if ok && slices.ContainsFunc(items, again) {
			list = append(list, recurrence{e.Ref, e.at})
		}
	}
	return list
}
