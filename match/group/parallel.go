package group

import (
	"runtime"
	"sync"
)

// grain is how many points a worker takes at a time: enough for a sum to be
// cheap, few enough that all workers end together.
const grain = 1024

// Each calls f for ranges that cover 0 to n, from as many goroutines as there
// are processors, and returns when all calls have.
func Each(n int, f func(from, to int)) { each(n, grain, f) }

func each(n, grain int, f func(from, to int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+grain-1)/grain)
	if workers <= 1 {
		for from := 0; from < n; from += grain {
			f(from, min(from+grain, n))
		}
		return
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards next
		next int
	)
	for range workers {
		wg.Go(func() {
			for {
				mu.Lock()
				from := next
				next += grain
				mu.Unlock()
				if from >= n {
					return
				}
				f(from, min(from+grain, n))
			}
		})
	}
	wg.Wait()
}

// LockAll writes the encodings of k·p for each p of points to out, 32 bytes
// each, which must be as long.
func LockAll(k *Scalar, points []Point, out []byte) {
	Each(len(points), func(from, to int) {
		for i := from; i < to; i++ {
			p := points[i].Mul(k)
			e := p.Encode()
			copy(out[i*Size:], e[:])
		}
	})
}

// DecodeAll reads the points of list, 32 bytes each, into out. It returns the
// index of the first that Decode refuses, or -1 if there is none.
func DecodeAll(list []byte, out []Point) int {
	var mu sync.Mutex // guards bad
	bad := -1
	Each(len(list)/Size, func(from, to int) {
		for i := from; i < to; i++ {
			p, err := Decode(list[i*Size : (i+1)*Size])
			if err != nil {
				mu.Lock()
				if bad < 0 || i < bad {
					bad = i
				}
				mu.Unlock()
				return
			}
			out[i] = p
		}
	})
	return bad
}
