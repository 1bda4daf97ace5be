package detect

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"
)

// Bounds of a path scan: of the last 128 requests of a client within ten
// minutes, at least fifty different paths, and more than four in five of these
// not there.
const (
	scanWindow = 10 * time.Minute
	scanPaths  = 50
	scanKept   = 128
	scanAgain  = time.Hour // silence after a finding
)

// scans watches clients from their first miss on.
type scans struct {
	clients *bounded[netip.Prefix, scanned]
	last    []request // scratch
}

type scanned struct {
	requests []request
	quiet    time.Time
	examples []string
}

// request is one that was made: what for, and whether it was not there.
type request struct {
	at     time.Time
	path   uint64
	missed bool
}

func newScans() *scans { return &scans{clients: newBounded[netip.Prefix, scanned](1<<13, 1<<18)} }

func (s *scans) counts() (int64, int64) { return s.clients.counts() }

// notThere are the answers to what is not there or not given.
func notThere(status int) bool {
	return status == 400 || status == 403 || status == 404 || status == 405 || status == 410
}

// host is one client: an address, or a /64 of IPv6.
func host(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

func (s *scans) see(v *visit, found func(evidence)) {
	if v.status == 0 || v.referred && partOfPage(v.path) {
		return // a page with many broken images is no scan
	}
	missed, key := notThere(v.status), host(v.client)
	c := s.clients.get(key, missed)
	if c == nil || v.time.Before(c.quiet) {
		return
	}
	h := fnv.New64a()
	h.Write([]byte(v.path))
	for len(c.requests) == scanKept || len(c.requests) > 0 && v.time.Sub(c.requests[0].at) > scanWindow {
		c.requests = slices.Delete(c.requests, 0, 1)
	}
	c.requests = append(c.requests, request{v.time, h.Sum64(), missed})
	if missed && len(c.examples) < 8 {
		c.examples = append(c.examples, cut(v.path, 120))
	}
	s.clients.weigh(key, cap(c.requests))
	if !missed || len(c.requests) < scanPaths {
		return
	}
	distinct, misses := s.distinct(c.requests)
	if distinct < scanPaths || misses*5 <= distinct*4 {
		return
	}
	found(evidence{
		Field: "source.ip", Seen: v.client.String(), Group: key.String(), First: c.requests[0].at, Last: v.time, Count: len(c.requests), Distinct: distinct,
		Measured: fmt.Sprintf("%d of %d different paths within %s are not there; a finding from %d paths with more than 4 in 5", misses, distinct, scanWindow, scanPaths),
		Examples: c.examples,
	})
	*c = scanned{quiet: v.time.Add(scanAgain)}
	s.clients.weigh(key, 0)
}

// distinct counts the paths, and those that were missed.
func (s *scans) distinct(list []request) (paths, misses int) {
	s.last = append(s.last[:0], list...)
	slices.SortFunc(s.last, func(a, b request) int {
		switch {
		case a.path != b.path && a.path < b.path, a.path == b.path && a.missed && !b.missed:
			return -1
		case a.path != b.path || a.missed != b.missed:
			return 1
		}
		return 0
	})
	for i, r := range s.last {
		if i > 0 && s.last[i-1].path == r.path {
			continue
		}
		if paths++; r.missed {
			misses++
		}
	}
	return paths, misses
}
