package accord

import (
	"cmp"
	"slices"
	"time"

	"entente/statement"
)

// What is known of a contact.
const (
	ContactListed      = "listed"      // named, never tried
	ContactConfirmed   = "confirmed"   // the officer answered a notice
	ContactOverdue     = "overdue"     // nobody of the role answered the last one in time
	ContactUnreachable = "unreachable" // and still not long after
	ContactReplaced    = "replaced"    // stands in an earlier list only
)

// ContactLine is one contact with its last check.
type ContactLine struct {
	Party   string
	No      int // in the list, from 1: the order in which they are called; 0 for a replaced one
	Contact Contact
	State   string
	Expired bool
	Asked   int64         // when the last notice to the role was delivered, 0: never
	Checked int64         // when the officer last signed an acknowledgement, 0: never
	List    statement.Ref // the list that names the contact
}

// contactsOf are the contacts of a party at a time, in the order of calling.
func (r *Record) contactsOf(party string, at int64) []Contact {
	list, _ := r.listAt(party, at)
	if list == nil {
		return nil
	}
	return list.Contacts
}

// listAt is the newest list of a party that rules and was seen by a time, and its
// place.
func (r *Record) listAt(party string, at int64) (*Officers, int32) {
	for _, l := range slices.Backward(r.lists[party]) {
		if l.label == LabelNone && l.from != noIndex && r.said[l.place].at <= at {
			return l.body, l.place
		}
	}
	return nil, -1
}

// Contacts returns the contacts of all parties in the order in which they are
// called, then those that were replaced.
func (r *Record) Contacts(now time.Time) []ContactLine { return r.contacts(r.Calls(now), now) }

func (r *Record) contacts(calls []Call, now time.Time) []ContactLine {
	var list, gone []ContactLine
	for _, p := range r.charter.Parties {
		current, place := r.listAt(p.ID, now.Unix())
		if current == nil {
			continue
		}
		for i, c := range current.Contacts {
			list = append(list, r.contact(p.ID, i+1, c, r.said[place].Ref, calls, now))
		}
		gone = append(gone, r.replaced(p.ID, current)...)
	}
	return append(list, gone...)
}

func (r *Record) contact(party string, no int, c Contact, list statement.Ref, calls []Call, now time.Time) ContactLine {
	l := ContactLine{Party: party, No: no, Contact: c, State: ContactListed, Expired: c.Expires.Time().Before(now), List: list}
	var last Call
	for _, call := range calls {
		if call.To != party || call.Role != c.Role || call.Delivered == 0 {
			continue
		}
		if call.Delivered >= last.Delivered {
			last = call
		}
		for _, a := range call.Answers {
			s, _ := r.Said(a)
			if at, ok := r.Covered(a); ok && s.Party == party && signedBy(s, c.Officer) {
				l.Checked = max(l.Checked, at)
			}
		}
	}
	if l.Asked = last.Delivered; l.Checked != 0 {
		l.State = ContactConfirmed
	}
	if last.Delivered != 0 && last.Acked == 0 {
		for _, late := range last.Late {
			switch late.Clock {
			case ClockAck:
				l.State = ContactOverdue
			case ClockUnreachable:
				l.State = ContactUnreachable
			}
		}
	}
	return l
}

func signedBy(s Said, officer string) bool {
	return slices.ContainsFunc(s.Approvals, func(a statement.Approval) bool { return a.Officer == officer })
}

// replaced are the contacts of earlier lists that the current one does not name.
func (r *Record) replaced(party string, current *Officers) []ContactLine {
	var list []ContactLine
	named := func(c Contact) bool {
		same := func(o Contact) bool { return o.Role == c.Role && o.Officer == c.Officer }
		return slices.ContainsFunc(current.Contacts, same) || slices.ContainsFunc(list, func(l ContactLine) bool { return same(l.Contact) })
	}
	for _, l := range slices.Backward(r.lists[party]) {
		if l.label != LabelNone || l.from == noIndex {
			continue
		}
		for _, c := range l.body.Contacts {
			if !named(c) {
				list = append(list, ContactLine{Party: party, Contact: c, State: ContactReplaced, List: r.said[l.place].Ref})
			}
		}
	}
	return list
}

// What came of a line check beside the words for contacts.
const (
	CheckWaiting   = "waiting"       // its clock still runs
	CheckNotAsked  = "not-asked"     // no test notice was sent at that hour
	CheckUndeliver = "not-delivered" // it did not reach the other's node
)

// LineCheck is one test of the line at an hour that the rules name, from one
// party to another. What counts is that a person there signed an
// acknowledgement; the heartbeat of a machine does not.
type LineCheck struct {
	Slot     int64 // the hour, Unix seconds
	From, To string
	State    string // confirmed, overdue, unreachable, waiting, not-asked, not-delivered
	Notice   statement.Ref
	Sent     int64
	Acked    int64
	Seconds  int64 // from delivery to acknowledgement
}

// earlyCheck is how long before its hour a test notice counts for it, seconds.
const earlyCheck = 30 * 60

// LineChecks returns the checks of all hours in [from, to), each party's to
// each other.
func (r *Record) LineChecks(from, to, now time.Time) []LineCheck {
	return r.lineChecks(r.Calls(now), from, to, now)
}

func (r *Record) lineChecks(calls []Call, from, to, now time.Time) []LineCheck {
	var list []LineCheck
	slots, members := r.slots(from, to), r.members()
	if len(slots) == 0 {
		return nil
	}
	var tests []Call
	for _, c := range calls {
		if c.Level == LevelTest && c.Label == LabelNone && c.Sent != 0 {
			tests = append(tests, c)
		}
	}
	for _, slot := range slots {
		end := slot + 24*3600
		if next := r.slots(time.Unix(slot+1, 0), time.Unix(slot, 0).Add(25*time.Hour)); len(next) > 0 {
			end = next[0]
		}
		for _, a := range members {
			for _, b := range members {
				if a == b {
					continue
				}
				c := LineCheck{Slot: slot, From: a, To: b, State: CheckNotAsked}
				for _, t := range tests {
					if t.From == a && t.To == b && t.Sent >= slot-earlyCheck && t.Sent < end-earlyCheck {
						c.fill(t)
						break
					}
				}
				if c.State == CheckNotAsked && now.Unix() < slot+earlyCheck {
					c.State = CheckWaiting
				}
				list = append(list, c)
			}
		}
	}
	return list
}

func (c *LineCheck) fill(t Call) {
	c.Notice, c.Sent, c.Acked, c.State = t.Ref, t.Sent, t.Acked, CheckWaiting
	for _, late := range t.Late {
		switch late.Clock {
		case ClockDelivery:
			c.State = CheckUndeliver
		case ClockAck:
			c.State = ContactOverdue
		case ClockUnreachable:
			c.State = ContactUnreachable
		}
	}
	if t.Acked != 0 {
		c.Seconds = t.Acked - t.Delivered
		if c.State == CheckWaiting {
			c.State = ContactConfirmed
		}
	}
}

// slots are the hours of line checks in [from, to), as the rules of their day say.
func (r *Record) slots(from, to time.Time) []int64 {
	var list []int64
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(to); day = day.Add(24 * time.Hour) {
		for _, hour := range r.rulesAt(day.Unix()).LineChecks {
			t, err := time.Parse("15:04", hour)
			at := day.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
			if err == nil && !at.Before(from) && at.Before(to) {
				list = append(list, at.Unix())
			}
		}
	}
	slices.SortFunc(list, cmp.Compare[int64])
	return slices.Compact(list)
}

// nextCheck is the next hour of a line check, 0 if the rules name none.
func (r *Record) nextCheck(now time.Time) int64 {
	if next := r.slots(now.Add(time.Second), now.Add(48*time.Hour)); len(next) > 0 {
		return next[0]
	}
	return 0
}
