package accord

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// Deadline is one instant that somebody waits for.
type Deadline struct {
	At      int64         // Unix seconds
	What    string        // a word of deadlineWords
	Ref     statement.Ref // what it belongs to; zero for the hour of a line check
	Name    string        // party and number of that, as people write it
	Parties []string      // whose step it is, sorted
}

var deadlineWords = wordLines(`
due.decide consents are due | срок согласия
due.undo last moment to revoke | последний момент для отзыва
due.confirm confirmation is due | срок подтверждения
due.effective takes effect | вступает в силу
due.ends ends | прекращается
due.leaves exit takes effect | выход вступает в силу
due.ack acknowledgement is due | срок подтверждения получения
due.answer answer is due | срок ответа
due.ask-again to be asked again | спросить снова
due.reveal sealed account is to be opened | срок раскрытия
due.check line check | проверка связи
`)

// Deadlines lists what is still to come at an instant, the next first.
func (r *Record) Deadlines(now time.Time) []Deadline {
	var list []Deadline
	add := func(at int64, what string, ref statement.Ref, parties ...string) {
		if at <= now.Unix() {
			return
		}
		d := Deadline{At: at, What: what, Ref: ref, Parties: once(slices.Clone(parties))}
		if p, ok := r.charter.ByOrigin(ref.Origin); ok {
			d.Name = fmt.Sprintf("%s/%d", p.ID, ref.Index)
		}
		list = append(list, d)
	}
	for _, i := range r.instruments {
		r.instrumentDeadlines(i, add)
	}
	for _, c := range r.Calls(now) {
		if what, at := c.NextDue(); what != "" {
			add(at, map[string]string{ClockAck: "ack", ClockAnswer: "answer"}[what], c.Ref, c.To)
		}
	}
	for i := range r.said {
		s := r.said[i].Said
		if seal, ok := r.Reveal(s.Ref); ok && (seal.State == SealClosed || seal.State == SealMayReveal) {
			add(seal.RevealBy, "reveal", s.Ref, s.Party)
		}
	}
	add(r.nextCheck(now), "check", statement.Ref{}, r.members()...)
	slices.SortStableFunc(list, func(a, b Deadline) int { return cmp.Compare(a.At, b.At) })
	return list
}

func (r *Record) instrumentDeadlines(i Instrument, add func(int64, string, statement.Ref, ...string)) {
	switch i.State {
	case StateTabled, StateCountered, StatePartly:
		add(i.DecideBy, "decide", i.Ref, i.Missing...)
	case StateAgreed:
		add(i.Undo, "undo", i.Ref, i.Needs...)
		if i.Confirmed == 0 {
			add(i.ConfirmBy, "confirm", i.Ref, i.Missing...)
		}
		add(i.Effective, "effective", i.Ref, i.Needs...)
	case StateInForce:
		add(i.EndsAt, "ends", i.Ref, i.Needs...)
		for _, w := range i.Withdrawals {
			if w.Revoked.Origin == "" {
				add(w.Effect, "leaves", w.Ref, w.Party)
			}
		}
	case StateEnded, StateRefused, StateLapsed, StateRevoked, StateWithdrawn, StateDisputed:
	}
	for _, a := range i.Answers {
		if p, ok := Body[Position](r, a.Ref); ok && p.Stance == NotNow {
			add(p.Until.Time().Unix(), "ask-again", i.Ref, a.Party)
		}
	}
}

// Text is one line in a language: what, of which statement, whose step it is. It
// has no word of a party's own.
func (d Deadline) Text(lang string) string {
	words := []string{deadlineWords["due."+d.What].In(lang)}
	if d.Name != "" {
		words = append(words, d.Name)
	}
	return strings.Join(append(words, "("+strings.Join(d.Parties, ", ")+")"), " ")
}

// Calendar writes deadlines as iCalendar (RFC 5545): an event without length for
// each, of the same uid whenever it is written, so that a calendar that reads it
// again moves what has moved.
func Calendar(list []Deadline, unit, lang string, now time.Time) string {
	const form = "20060102T150405Z"
	var b strings.Builder
	line := func(s string) { // folded at 75 bytes, between characters
		for len(s) > 74 {
			cut := 74
			for s[cut]&0xc0 == 0x80 {
				cut--
			}
			b.WriteString(s[:cut] + "\r\n")
			s = " " + s[cut:]
		}
		b.WriteString(s + "\r\n")
	}
	escape := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//entente//clocks//EN")
	for _, d := range list {
		id := d.What + "-" + d.Ref.ID.Short()
		if d.Ref.Origin == "" {
			id = fmt.Sprint(d.What, "-", d.At)
		}
		line("BEGIN:VEVENT")
		line("UID:" + id + "@" + escape(unit))
		line("DTSTAMP:" + now.UTC().Format(form))
		line("DTSTART:" + time.Unix(d.At, 0).UTC().Format(form))
		line("SUMMARY:" + escape(d.Text(lang)))
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	return b.String()
}
