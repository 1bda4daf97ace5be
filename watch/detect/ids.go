package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a walk through numbers: within an hour at least a hundred
// different values of one parameter, of which four in five steps go the same way by
// at most sixteen; or, in whatever order, five hundred that fill half of their range
// and are asked for hardly more than once each.
const (
	idWindow  = time.Hour
	idLeast   = 100
	idDense   = 500
	idStep    = 16
	idKept    = 1024
	idJudge   = 32 // requests between two judgements
	idPairs   = 1 << 13
	idWeight  = 1 << 19
	idAgain   = 6 * time.Hour
	maxNumber = 8 // numbers of one request that are looked at
)

// whose numbers: of a network, or of all clients with one user agent, wherever
// they are: that of a way in by many exits.
type pair struct {
	net   netip.Prefix
	agent string
	where string // page and parameter
}

type ids struct {
	pairs *bounded[pair, asking]
	last  []int64 // scratch
}

type asking struct {
	numbers []numbered
	since   int // judged last
	quiet   time.Time
}

type numbered struct {
	at time.Time
	n  int64
}

func newIDs() *ids { return &ids{pairs: newBounded[pair, asking](idPairs, idWeight)} }

func (x *ids) counts() (int64, int64) { return x.pairs.counts() }

// ordinary parameters are walked through by every reader and say nothing of a record.
var ordinary = map[string]bool{"page": true, "p": true, "pg": true, "paged": true, "offset": true, "start": true, "limit": true, "size": true, "year": true, "month": true, "day": true, "width": true, "height": true, "w": true, "h": true}

// programs are user agents of tools: what they ask for is no reading.
var programs = []string{"curl/", "wget/", "python", "libwww", "go-http-client", "java/", "okhttp", "aiohttp", "httpx", "scrapy", "fdm", "free download manager", "powershell", "ruby", "axios", "node-fetch", "httpclient"}

// program says that a user agent is that of a tool, or none.
func program(agent string) bool {
	agent = strings.ToLower(agent)
	return agent == "" || slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(agent, p) })
}

func (x *ids) see(v *visit, found func(evidence)) {
	if notThere(v.status) && v.status != 404 && v.status != 403 || partOfPage(v.path) {
		return
	}
	left := maxNumber
	page := v.page
	add := func(where string, n int64) {
		if left--; left < 0 {
			return
		}
		where = page + " " + where
		x.add(v, pair{net: network(v.client), where: where}, n, found)
		if v.agent != "" {
			x.add(v, pair{agent: v.agent, where: where}, n, found)
		}
	}
	for i, part := range strings.SplitN(v.path, "/", 10) {
		if isNumber(part) {
			n, _ := strconv.ParseInt(part, 10, 64)
			add("part "+strconv.Itoa(i), n)
		}
	}
	for one := range strings.SplitSeq(v.query, "&") {
		name, value, ok := strings.Cut(one, "=")
		if low := strings.ToLower(name); !ok || len(name) > 64 || !isNumber(value) || ordinary[low] || changing[low] {
			continue
		}
		n, _ := strconv.ParseInt(value, 10, 64)
		add(name, n)
	}
}

func (x *ids) add(v *visit, key pair, n int64, found func(evidence)) {
	a := x.pairs.get(key, true)
	if v.time.Before(a.quiet) {
		return
	}
	drop := 0
	for drop < len(a.numbers) && v.time.Sub(a.numbers[drop].at) > idWindow || len(a.numbers)-drop >= idKept {
		drop++
	}
	a.numbers = append(slices.Delete(a.numbers, 0, drop), numbered{v.time, n})
	x.pairs.weigh(key, cap(a.numbers))
	if a.since++; a.since < idJudge || len(a.numbers) < idLeast {
		return
	}
	a.since = 0
	distinct, words := x.judge(a.numbers, key.agent != "" && !program(key.agent))
	if words == "" {
		return
	}
	e := evidence{
		Field: "url.original", Seen: v.path, Group: "network " + key.net.String(), Endpoint: key.where,
		First: a.numbers[0].at, Last: v.time, Count: len(a.numbers), Distinct: distinct, Measured: words,
	}
	if v.query != "" {
		e.Seen += "?" + v.query
	}
	if key.agent != "" {
		e.Group = "user agent " + key.agent
	}
	for _, one := range a.numbers[len(a.numbers)-5:] {
		e.Examples = append(e.Examples, strconv.FormatInt(one.n, 10))
	}
	*a = asking{quiet: v.time.Add(idAgain)}
	x.pairs.weigh(key, 0)
	found(e)
}

// judge says in words what a walk is known by; "" where it is none. Of many
// readers, as all that have a browser in common are, order alone counts.
func (x *ids) judge(list []numbered, readers bool) (distinct int, words string) {
	x.last = x.last[:0]
	up, down, steps := 0, 0, 0
	for i, one := range list {
		x.last = append(x.last, one.n)
		if i == 0 || one.n == list[i-1].n {
			continue
		}
		steps++
		switch d := one.n - list[i-1].n; {
		case d > 0 && d <= idStep:
			up++
		case d < 0 && d >= -idStep:
			down++
		}
	}
	slices.Sort(x.last)
	x.last = slices.Compact(x.last)
	distinct = len(x.last)
	span := x.last[distinct-1] - x.last[0]
	switch {
	case distinct < idLeast:
	case max(up, down)*5 >= steps*4:
		return distinct, fmt.Sprintf("%d different numbers within %s, %d of %d steps go the same way by at most %d", distinct, idWindow, max(up, down), steps, idStep)
	case !readers && distinct >= idDense && int64(distinct)*2 > span && len(list)*2 <= distinct*3:
		return distinct, fmt.Sprintf("%d different numbers within %s fill more than half of %d to %d, and are asked for hardly more than once each", distinct, idWindow, x.last[0], x.last[distinct-1])
	}
	return distinct, ""
}
