package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // what the identifiers of STIX are made with
	"fmt"
	"runtime"
	"time"

	"entente/exchange/stix"
)

// exchangeBench holds what the measurements of the exchange share. Each runs on one core, and counts the
// processor's time, not the clock's, where the system tells it.
type exchangeBench struct {
	round time.Duration
	out   func(figure)
}

// benchExchange measures the exchange. A measurement is a method, and one line in the list.
func benchExchange(ctx context.Context, round time.Duration, out func(figure)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b := &exchangeBench{round: round, out: out}
	for _, f := range []func(context.Context) error{
		b.observableIDs, b.ingest, b.pages,
	} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

const benchObservables = 4000

// observableIDs: the deterministic identifiers of addresses, names, URLs and files, beside the hash of as many bytes.
func (b *exchangeBench) observableIDs(context.Context) error {
	var values [][2]string
	var files []stix.Object
	for i := range benchObservables / 4 {
		values = append(values,
			[2]string{"ipv4-addr", fmt.Sprintf("198.51.%d.%d", i/256, i%256)},
			[2]string{"domain-name", fmt.Sprintf("login-%d.evil.example", i)},
			[2]string{"url", fmt.Sprintf("http://evil.example/wählen/%d", i)})
		o, err := stix.ParseObject(fmt.Appendf(nil,
			`{"type":"file","id":"file--0a1b2c3d-1111-4222-8333-444455556666","name":"%d.exe","hashes":{"SHA-256":"%064x","MD5":"%032x"}}`, i, i, i))
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		files = append(files, o)
	}
	ids, err := b.rate(benchObservables, func() error {
		for _, v := range values {
			stix.ValueID(v[0], v[1])
		}
		for _, o := range files {
			if _, ok := o.DeterministicID(); !ok {
				return fmt.Errorf("bench: a file without an identifier")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	name := make([]byte, 80) // namespace and canonical JSON, as long as these are on average
	hashes, err := b.rate(benchObservables, func() error {
		for i := range benchObservables {
			name[0] = byte(i)
			sum := sha1.Sum(name) //nolint:gosec // as above
			name[1] = sum[0]
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.out(speed("sco_ids", "ids/s", ids, hashes))
	return nil
}

// rate runs f, which does n things, again and again, and returns the best rate of some rounds.
func (b *exchangeBench) rate(n int64, f func() error) (float64, error) {
	best := 0.0
	for range 3 {
		done, begin, wall := int64(0), cpuTime(), time.Now()
		for time.Since(wall) < b.round {
			if err := f(); err != nil {
				return 0, err
			}
			done += n
		}
		best = max(best, perSecond(done, max(cpuTime()-begin, time.Microsecond)))
	}
	return best, nil
}
