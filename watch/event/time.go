package event

import (
	"strings"
	"time"
)

// ParseTime reads an ISO 8601 date and time as logs write it: "2021-06-06T15:57:37",
// a "T", "t" or space between, a fraction of up to nine digits (more are ignored) after a point or comma, and a
// zone "Z", "+02", "+0200" or "+02:00", or none, which is read as UTC. The result is in UTC.
func ParseTime(s string) (time.Time, bool) {
	var c Clock
	return c.Parse(s)
}

// Clock is ParseTime for one line after another: nearly all are of the day of the one before.
type Clock struct {
	day      [len("2006-01-02")]byte
	midnight time.Time
}

// Parse is ParseTime.
func (c *Clock) Parse(s string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05"
	if len(s) < len(layout) || s[13] != ':' || s[16] != ':' || s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
		return time.Time{}, false
	}
	if string(c.day[:]) != s[:len(c.day)] && !c.turn(s) {
		return time.Time{}, false
	}
	hour, ok1 := digits2(s[11:])
	minute, ok2 := digits2(s[14:])
	second, ok3 := digits2(s[17:])
	if !(ok1 && ok2 && ok3) || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	nanos, rest := fraction(s[len(layout):])
	offset, ok := zone(rest)
	if !ok {
		return time.Time{}, false
	}
	since := time.Duration(hour*3600+minute*60+second)*time.Second + time.Duration(nanos)
	return c.midnight.Add(since - offset), true
}

// turn goes to the day with which s begins.
func (c *Clock) turn(s string) bool {
	century, ok1 := digits2(s)
	year, ok2 := digits2(s[2:])
	month, ok3 := digits2(s[5:])
	day, ok4 := digits2(s[8:])
	if !(ok1 && ok2 && ok3 && ok4) || s[4] != '-' || s[7] != '-' {
		return false
	}
	midnight, ok := Date(century*100+year, time.Month(month), day, 0, 0, 0, 0)
	if ok {
		copy(c.day[:], s)
		c.midnight = midnight
	}
	return ok
}

// Date is time.Date in UTC for values in range; it is false for all others, such as 30 February or the hour 24.
func Date(year int, month time.Month, day, hour, minute, second, nanos int) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	t := time.Date(year, month, day, hour, minute, second, nanos, time.UTC)
	return t, day <= 28 || t.Add(-time.Second).Day() == day || t.Day() == day
}

// CompleteYear gives a time without a year the latest year that does not put it
// more than a day after reference: the time at which its file was last
// written, or now for a stream. Times that have a year are returned as they are.
func CompleteYear(t, reference time.Time) time.Time {
	if t.Year() != 0 {
		return t
	}
	latest := reference.UTC().Add(24 * time.Hour)
	for year := latest.Year(); ; year-- {
		full := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if full.Day() == t.Day() && !full.After(latest) { // 29 February exists in leap years only
			return full
		}
	}
}

func digits2(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// fraction reads ".123" or ",123" at the start of s as nanoseconds.
func fraction(s string) (nanos int, rest string) {
	if len(s) < 2 || s[0] != '.' && s[0] != ',' || s[1]-'0' > 9 {
		return 0, s
	}
	i := 1
	for ; i < min(len(s), 10) && s[i]-'0' <= 9; i++ {
		nanos = nanos*10 + int(s[i]-'0')
	}
	nanos *= [...]int{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1}[i-1]
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return nanos, s[i:]
}

// zone reads an offset from UTC that fills s.
func zone(s string) (time.Duration, bool) {
	switch {
	case s == "" || s == "Z" || s == "z":
		return 0, true
	case s[0] != '+' && s[0] != '-':
		return 0, false
	}
	sign, s := s[0], s[1:]
	if len(s) == 5 && s[2] == ':' {
		s = s[:2] + s[3:]
	}
	if len(s) == 2 {
		s += "00"
	}
	if len(s) != 4 {
		return 0, false
	}
	hours, ok1 := digits2(s)
	minutes, ok2 := digits2(s[2:])
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if sign == '-' {
		offset = -offset
	}
	return offset, ok1 && ok2 && hours <= 23 && minutes <= 59
}

// ParseEpoch reads seconds since 1970 with a fraction, as Zeek writes times in text, or milliseconds as
// an integer, as JSON::TS_MILLIS writes them. Digits beyond the nanosecond are ignored.
func ParseEpoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	seconds, ok := integer(whole)
	if !ok || len(fraction) > 32 {
		return time.Time{}, false
	}
	if len(whole) >= 12 && fraction == "" {
		return time.UnixMilli(seconds).UTC(), len(whole) <= 14
	}
	nanos, ok := integer((fraction + "000000000")[:9])
	const latest = 253402300799 // the end of the year 9999
	return time.Unix(seconds, nanos).UTC(), ok && seconds <= latest
}

func integer(s string) (int64, bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
