package sigma

import (
	"net/netip"
	"strconv"
	"time"
)

func inNetwork(n netip.Prefix, s string) bool {
	if len(s) < 2 || len(s) > 64 {
		return false
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	a = a.WithZone("")
	return n.Contains(a) || n.Contains(a.Unmap())
}

// numeric compares the number that a value is, or the part of the date that it is.
func (t *test) numeric(s string) bool {
	var x float64
	if t.part != "" {
		n, ok := datePart(s, t.part)
		if !ok {
			return false
		}
		x = float64(n)
	} else {
		var err error
		if x, err = strconv.ParseFloat(s, 64); err != nil || x != x {
			return false
		}
	}
	switch t.compare {
	case "lt":
		return x < t.number
	case "lte":
		return x <= t.number
	case "gt":
		return x > t.number
	case "gte":
		return x >= t.number
	}
	return x == t.number
}

// datePart reads a part of a date as it is written, "2026-11-03T08:00:01+01:00" or less of that, without a change of zone.
// Source: Sigma Modifiers Appendix, Time Modifiers.
func datePart(s, part string) (int, bool) {
	if len(s) < 10 || s[4] != '-' && s[4] != '/' || s[7] != s[4] {
		return 0, false
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	switch part {
	case "year":
		return year, year > 0
	case "month":
		return month, true
	case "day":
		return day, true
	case "week":
		_, week := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).ISOWeek()
		return week, year > 0
	}
	if len(s) < 16 || s[10] != 'T' && s[10] != 't' && s[10] != ' ' || s[13] != ':' {
		return 0, false
	}
	hour, ok1 := digits(s[11:13])
	minute, ok2 := digits(s[14:16])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	if part == "hour" {
		return hour, true
	}
	return minute, true
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
