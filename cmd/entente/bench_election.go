package main

import (
	"crypto/sha256"
	"runtime"
	"strconv"
	"time"

	"entente/election/audit"
)

// benchElection measures the guards of an election on one core.
func benchElection(d time.Duration, out func(figure)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	sampler(d, out)
	return nil
}

// sampler measures how many draws a second come out of a seed, beside the mere
// hashes of the same text.
func sampler(d time.Duration, out func(figure)) {
	const seed, cards = "53417960661093690826", 468_858
	var sum int64
	draws := runsPerSecond(d, func(i int64) { sum += audit.Draw(seed, i, cards) })
	hashes := runsPerSecond(d, func(i int64) {
		h := sha256.Sum256(strconv.AppendInt(append([]byte(nil), seed...), i, 10))
		sum += int64(h[0])
	})
	runtime.KeepAlive(sum)
	out(speed("sampler", "ids/s", draws, hashes))
}

// runsPerSecond is how often f runs in a second of the processor's time.
func runsPerSecond(d time.Duration, f func(i int64)) float64 {
	began, n := cpuTime(), int64(0)
	for cpuTime()-began < d {
		for range 10_000 {
			n++
			f(n)
		}
	}
	return perSecond(n, cpuTime()-began)
}
