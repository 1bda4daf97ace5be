package detect

import (
	"fmt"
	"math/bits"
	"slices"
)

// Bounds of a baseline: the answers of a page on the seven UTC days before,
// at least 200 of them; and of an outlier: four times the size that 999 of 1,000 of
// these do not exceed, and 16 KiB more.
const (
	sizeDays    = 7
	sizeLeast   = 200
	sizeTimes   = 4
	sizeMore    = 16 << 10
	sizePages   = 1 << 12
	sizeBuckets = 1 << 18 // over all pages
)

// sizes learns how large the answers of pages are. What is unusual becomes usual
// on the next day; a page is found once a day.
type sizes struct {
	pages *bounded[string, page]
}

type page struct {
	days []dayOfPage // the oldest first, at most sizeDays and the present one
	told int64       // day
}

type dayOfPage struct {
	day    int64
	counts []bucket // by size
}

// bucket counts answers of sizes that share their first four bits and length.
type bucket struct {
	size  uint16
	count uint32
}

func newSizes() *sizes { return &sizes{pages: newBounded[string, page](sizePages, sizeBuckets)} }

func (s *sizes) counts() (int64, int64) { return s.pages.counts() }

// bucketOf is eight for each doubling.
func bucketOf(size int64) uint16 {
	n := bits.Len64(uint64(size)) - 1
	if n < 3 {
		return uint16(size)
	}
	return uint16(n<<3 | int(size>>(n-3)&7))
}

// upTo is the largest size in a bucket.
func upTo(b uint16) int64 {
	n := int(b >> 3)
	if n < 3 {
		return int64(b)
	}
	return (int64(b&7|8)+1)<<(n-3) - 1
}

func (s *sizes) see(v *visit, found func(evidence)) {
	if v.status != 200 || v.size <= 0 || v.method != "GET" && v.method != "POST" || v.time.Unix() < 0 {
		return
	}
	name, day := v.page, v.time.Unix()/86400
	p := s.pages.get(name, true)
	p.begin(day)
	if p.told != day {
		if usual, answers := p.usual(day); answers >= sizeLeast && v.size >= sizeTimes*usual && v.size-usual >= sizeMore {
			p.told = day
			found(evidence{
				Field: "url.original", Seen: cut(v.path+"?"+v.query, 512), Group: v.client.String(), Endpoint: name, First: v.time, Last: v.time, Count: 1, Distinct: 1,
				Measured: fmt.Sprintf("%d bytes; of %d answers in the %d days before 99.9%% had at most %d", v.size, answers, sizeDays, usual),
			})
		}
	}
	p.learn(bucketOf(v.size))
	weight := 0
	for _, d := range p.days {
		weight += len(d.counts)
	}
	s.pages.weigh(name, weight)
}

// begin opens a day and drops what is too old.
func (p *page) begin(day int64) {
	if n := len(p.days); n == 0 || p.days[n-1].day < day {
		p.days = append(p.days, dayOfPage{day: day})
	}
	p.days = slices.DeleteFunc(p.days, func(d dayOfPage) bool { return d.day < day-sizeDays })
}

func (p *page) learn(size uint16) {
	d := &p.days[len(p.days)-1]
	i, ok := slices.BinarySearchFunc(d.counts, size, func(b bucket, s uint16) int { return int(b.size) - int(s) })
	if !ok {
		d.counts = slices.Insert(d.counts, i, bucket{size: size})
	}
	d.counts[i].count++
}

// usual is the size that 999 of 1,000 answers before a day do not exceed, and of
// how many.
func (p *page) usual(day int64) (size int64, answers int) {
	var all [512]int
	for _, d := range p.days {
		if d.day == day {
			continue
		}
		for _, b := range d.counts {
			all[b.size] += int(b.count)
			answers += int(b.count)
		}
	}
	left := answers / 1000 // that may be larger
	for b := len(all) - 1; b >= 0; b-- {
		if left -= all[b]; left < 0 {
			return upTo(uint16(b)), answers
		}
	}
	return 0, answers
}
