package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// patient is what an unresting network is known by: of the last slots, so
// many in a hundred hold at least so many requests that ask for something new.
type patient struct {
	slot  time.Duration
	slots int64
	least uint32
	share int64 // per cent
}

// steady is one request each second for an hour; drip one in ten minutes for two
// days, in nine slots of ten.
var (
	steady = patient{slot: 10 * time.Minute, slots: 6, least: 600, share: 100}
	drip   = patient{slot: 10 * time.Minute, slots: 288, least: 1, share: 90}
)

func (p patient) reach() time.Duration { return time.Duration(p.slots+1) * p.slot }

const (
	patientPairs = 1 << 13
	patientAsked = 64 // requests that are remembered as asked
)

type patience struct {
	patient
	pairs *bounded[netPage, waiting]
}

type netPage struct {
	net  netip.Prefix
	page string
}

// waiting counts a pair's requests by slot. What repeats one of the last that
// differed, as monitors and readers who look again do, counts nothing.
type waiting struct {
	first int64 // slot of the first request
	now   int64
	slots []uint32 // by number modulo their count
	asked []uint64
	next  int
	quiet int64 // no finding before
}

func newPatience(p patient) *patience {
	return &patience{p, newBounded[netPage, waiting](patientPairs, patientPairs*256)}
}

func (x *patience) counts() (int64, int64) { return x.pairs.counts() }

func (x *patience) see(v *visit, found func(evidence)) {
	if partOfPage(v.path) || v.time.Unix() < 0 {
		return
	}
	key := netPage{network(v.client), v.page}
	w := x.pairs.get(key, true)
	slot := v.time.UnixNano() / int64(x.slot)
	if w.slots == nil {
		w.slots, w.first, w.now = make([]uint32, x.slots), slot, slot
		x.pairs.weigh(key, int(x.slots/2)+len(w.asked))
	}
	if slot > w.now {
		if words := x.judge(w, slot); words != "" {
			w.quiet = slot + int64(24*time.Hour/x.slot)
			found(evidence{
				Field: "source.ip", Seen: v.client.String(), Group: key.net.String(), Endpoint: key.page, First: v.time.Add(-x.slot * time.Duration(x.slots)), Last: v.time,
				Count: w.sum(), Measured: words, Examples: []string{cut(v.path+"?"+v.query, 200)},
			})
		}
		for s := max(w.now+1, slot-x.slots+1); s <= slot; s++ {
			w.slots[s%x.slots] = 0
		}
		w.now = slot
	}
	if v.method != "POST" && w.again(asked(v)) {
		return
	}
	w.slots[slot%x.slots]++
}

// again says that a request repeats one of the last that differed.
func (w *waiting) again(sum uint64) bool {
	if slices.Contains(w.asked, sum) {
		return true
	}
	if len(w.asked) < patientAsked {
		w.asked = append(w.asked, sum)
		return false
	}
	w.asked[w.next] = sum
	w.next = (w.next + 1) % patientAsked
	return false
}

func (w *waiting) sum() (n int) {
	for _, c := range w.slots {
		n += int(c)
	}
	return n
}

// judge looks at the slots before one that begins.
func (x *patience) judge(w *waiting, slot int64) string {
	if slot-w.first < x.slots || slot < w.quiet {
		return ""
	}
	full := int64(0)
	for s := slot - x.slots; s < slot; s++ {
		if s <= w.now && s > w.now-x.slots && w.slots[s%x.slots] >= x.least {
			full++
		}
	}
	if full*100 < x.slots*x.share {
		return ""
	}
	return fmt.Sprintf("%d of %d stretches of %s hold at least %d requests that differ", full, x.slots, x.slot, x.least)
}
