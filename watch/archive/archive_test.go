package archive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/observable"
	"entente/statement"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/indicator"
)

// small draws values that repeat and nest.
func small(rng *rand.Rand) observable.Value {
	n := rng.IntN(40)
	host := []string{"a.example", "b.a.example", "c.b.a.example", "x.test", "long.name.of.some.org"}[rng.IntN(5)]
	var typ observable.Type
	var raw string
	switch rng.IntN(8) {
	case 0:
		typ, raw = observable.IPv4, fmt.Sprintf("198.51.100.%d", n)
	case 1:
		typ, raw = observable.IPv6, fmt.Sprintf("2001:db8::%d", n)
	case 2:
		typ, raw = observable.Net4, fmt.Sprintf("198.51.100.%d/%d", n, 24+rng.IntN(8))
	case 3:
		typ, raw = observable.Net6, fmt.Sprintf("2001:db8::%d/%d", n, 120+rng.IntN(8))
	case 4:
		typ, raw = observable.URL, fmt.Sprintf("http://%s/a/%d/b?q", host, n)
		if n%3 == 0 {
			raw = fmt.Sprintf("http://198.51.100.%d:81/a", n)
		}
		if n%5 == 0 {
			raw = fmt.Sprintf("http://%s/a/%d", host, n)
		}
	case 5:
		typ, raw = observable.Email, fmt.Sprintf("u%d@%s", n, host)
	case 6:
		typ, raw = observable.SHA256, fmt.Sprintf("%064x", n)
	default:
		typ, raw = observable.Domain, fmt.Sprintf("n%d.%s", n, host)
		if n%4 == 0 {
			raw = host
		}
	}
	v, err := observable.Normalise(typ, raw)
	if err != nil {
		panic(err)
	}
	return v
}

func randomEvent(rng *rand.Rand) event.Event {
	ev := event.Event{Dataset: "test.one", Time: time.UnixMicro(rng.Int64N(1e15)).UTC()}
	for i := range rng.IntN(6) {
		name := fmt.Sprint("field.", i)
		v := small(rng)
		ev.Add(name, v.Canonical)
		ev.ObserveValue(name, v)
	}
	return ev
}

func build(t testing.TB, events []event.Event) *Index {
	t.Helper()
	b := NewBuilder()
	for i := range events {
		b.Add(events[i].Observables)
	}
	var out bytes.Buffer
	if n, err := b.WriteTo(&out); err != nil || n != int64(out.Len()) {
		t.Fatalf("wrote %d of %d: %v", n, out.Len(), err)
	}
	x, err := OpenIndex(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if x.Rows() != len(events) {
		t.Fatalf("%d rows of %d", x.Rows(), len(events))
	}
	return x
}

// TestJoinEqualsLive: the rows that a join names, matched, are exactly those
// that live matching would have found, with the same hits.
func TestJoinEqualsLive(t *testing.T) {
	total := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		events := make([]event.Event, rng.IntN(400))
		for i := range events {
			events[i] = randomEvent(rng)
		}
		x := build(t, events)
		var entries []indicator.Entry
		var wanted []observable.Value
		for i := range 1 + rng.IntN(30) {
			v := small(rng)
			wanted = append(wanted, v)
			entries = append(entries, indicator.Entry{Value: v, ID: uint32(i)})
		}
		m := watch.NewMatcher(indicator.NewSet(entries), func(id uint32) (watch.Meta, bool) {
			return watch.Meta{Value: wanted[id], Status: watch.Active}, true
		})
		match := func(rows func(func(int))) []watch.Hit {
			var hits []watch.Hit
			rows(func(i int) { hits = m.Match(&events[i], watch.Place{Line: int64(i)}, nil, hits) })
			return hits
		}
		want := match(func(f func(int)) {
			for i := range events {
				f(i)
			}
		})
		named := make(map[uint32]bool)
		if err := x.Join(NewNeedles(wanted), func(_ int, row uint32) { named[row] = true }); err != nil {
			t.Fatal(err)
		}
		got := match(func(f func(int)) {
			for i := range events {
				if named[uint32(i)] {
					f(i)
				}
			}
		})
		if d := gocmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		total += len(want)
	}
	if total < 1000 {
		t.Errorf("only %d hits: the test says little", total)
	}
}

// TestManyKeys looks up keys in many blocks, there and not there, and those of
// somebody who chose his hashes so that guessing fails.
func TestManyKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for name, next := range map[string]func(i int) uint64{
		"uniform":   func(int) uint64 { return rng.Uint64() },
		"clustered": func(i int) uint64 { return 1<<63 + uint64(i)*3 },
		"two ends":  func(i int) uint64 { return uint64(i%2)*(1<<64-1<<20) + uint64(i)*2 },
	} {
		b := NewBuilder()
		want := make(map[uint64]uint32)
		for i := range 20_000 {
			k := next(i)
			if _, twice := want[k]; twice {
				continue
			}
			want[k] = b.row()
			b.keys.add(k)
			b.counts = append(b.counts, 1)
		}
		x := written(t, b)
		needles := &Needles{}
		for k := range want {
			needles.keys = append(needles.keys, k, k+1, k-1)
		}
		slices.Sort(needles.keys)
		needles.keys = slices.Compact(needles.keys)
		found := 0
		err := x.Join(needles, func(n int, row uint32) {
			found++
			if r, ok := want[needles.keys[n]]; !ok || r != row {
				t.Fatalf("%s: key %x in row %d, want %d %v", name, needles.keys[n], row, r, ok)
			}
		})
		if err != nil || found != len(want) {
			t.Errorf("%s: %d of %d found, %v", name, found, len(want), err)
		}
	}
}

// TestDamage: any changed byte is noticed, or changes nothing that is asked.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	events := make([]event.Event, 300)
	for i := range events {
		events[i] = randomEvent(rng)
	}
	b := NewBuilder()
	for i := range events {
		b.Add(events[i].Observables)
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	var wanted []observable.Value
	for range 400 {
		wanted = append(wanted, small(rng))
	}
	n := NewNeedles(wanted)
	join := func(data []byte) ([]uint64, error) {
		x, err := OpenIndex(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		var all []uint64
		err = x.Join(n, func(i int, row uint32) { all = append(all, uint64(i)<<32|uint64(row)) })
		return all, err
	}
	want, err := join(out.Bytes())
	if err != nil || len(want) == 0 {
		t.Fatalf("%d pairs, %v", len(want), err)
	}
	for range 3000 {
		data := bytes.Clone(out.Bytes())
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		if got, err := join(data); !errors.Is(err, ErrDamaged) && !slices.Equal(got, want) {
			t.Fatalf("a changed bit gives %d pairs instead of %d, and %v", len(got), len(want), err)
		}
	}
	if _, err := join(out.Bytes()[:out.Len()-1]); !errors.Is(err, ErrDamaged) {
		t.Errorf("a cut file: %v", err)
	}
}

// appendEarlier is AppendRecord as it was before values could refer to the line: such records lie in archives.
func appendEarlier(dst []byte, r *Record) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(binary.AppendUvarint(dst, uint64(len(r.Raw))), r.Raw...)
	dst = appendText(dst, r.Source)
	dst = appendText(dst, r.Path)
	for _, n := range []uint64{uint64(r.Generation), uint64(r.Line), uint64(r.Offset)} {
		dst = binary.AppendUvarint(dst, n)
	}
	ev := &r.Event
	if ev.Time.IsZero() {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendVarint(append(dst, 1), ev.Time.UnixMicro())
	}
	dst = appendText(dst, ev.Dataset)
	dst = binary.AppendUvarint(dst, uint64(ev.Left))
	dst = binary.AppendUvarint(dst, uint64(len(ev.Fields)))
	for _, f := range ev.Fields {
		dst = appendText(appendFieldName(dst, f.Name), f.Value)
	}
	dst = binary.AppendUvarint(dst, uint64(len(ev.Observables)))
	for _, o := range ev.Observables {
		n := typeNumber(o.Value.Type)
		if dst = append(dst, n); n == otherType {
			dst = appendText(dst, string(o.Value.Type))
		}
		at := slices.IndexFunc(ev.Fields, func(f event.Field) bool { return f.Name == o.Field && f.Value == o.Value.Canonical })
		if dst = binary.AppendUvarint(dst, uint64(at+1)); at < 0 {
			dst = appendText(appendFieldName(dst, o.Field), o.Value.Canonical)
		}
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// TestRecord: what was written is read.
func TestRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Record{
			Source: rapid.String().Draw(t, "source"), Path: rapid.String().Draw(t, "path"), Generation: rapid.IntRange(0, 9).Draw(t, "generation"),
			Line: rapid.Int64Range(1, 1<<40).Draw(t, "line"), Offset: rapid.Int64Range(0, 1<<50).Draw(t, "offset"), Raw: rapid.SliceOf(rapid.Byte()).Draw(t, "raw"),
		}
		r.Event.Dataset = rapid.String().Draw(t, "dataset")
		if rapid.Bool().Draw(t, "timed") {
			r.Event.Time = time.UnixMicro(rapid.Int64Range(-1e15, 1e17).Draw(t, "time")).UTC()
		}
		r.Event.Left = rapid.IntRange(0, 5).Draw(t, "left")
		name := rapid.SampledFrom([]string{"a", "b", "source.ip", "process.parent.pid"})
		value := rapid.OneOf(rapid.SampledFrom([]string{"", "192.0.2.1"}), rapid.String()) // shared with an observable or not
		if n := len(r.Raw); n > 0 {                                                        // or a part of the line
			part := rapid.Custom(func(t *rapid.T) string {
				from := rapid.IntRange(0, n).Draw(t, "from")
				return string(r.Raw[from:rapid.IntRange(from, n).Draw(t, "to")])
			})
			value = rapid.OneOf(value, part)
		}
		for range rapid.IntRange(0, 5).Draw(t, "fields") {
			r.Event.Fields = append(r.Event.Fields, event.Field{Name: name.Draw(t, "name"), Value: value.Draw(t, "value")})
		}
		for range rapid.IntRange(0, 5).Draw(t, "observables") {
			typ := rapid.SampledFrom(append(observable.Types(), "ja4")).Draw(t, "type")
			r.Event.Observables = append(r.Event.Observables, event.Observable{Field: name.Draw(t, "of"), Value: observable.Value{Type: typ, Canonical: value.Draw(t, "canonical")}})
		}
		if len(r.Raw) == 0 {
			r.Raw = nil
		}
		for _, encode := range []func([]byte, *Record) []byte{AppendRecord, appendEarlier} {
			data := encode([]byte("before"), &r)[len("before"):]
			var got Record
			rest, err := ParseRecord(append(data, "after"...), &got)
			if err != nil || string(rest) != "after" || Length(data) != len(data) {
				t.Fatalf("%q, %v", rest, err)
			}
			if len(got.Raw) == 0 {
				got.Raw = nil
			}
			if d := gocmp.Diff(r, got); d != "" {
				t.Fatal(d)
			}
		}
	})
	for i, typ := range types() {
		if typeNumber(typ) != byte(i) {
			t.Errorf("%s is stored as %d and read as %d", typ, typeNumber(typ), i)
		}
	}
	if len(nameTable.number) != len(nameTable.list) || len(nameTable.list) > 127 { // numbers are single bytes
		t.Errorf("%d names, %d of them different", len(nameTable.list), len(nameTable.number))
	}
}

// FuzzParseRecord: no bytes make it panic, and what it takes is written the same.
func FuzzParseRecord(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 5 {
		r := Record{Source: "s", Path: "p", Line: 1, Event: randomEvent(rng), Raw: []byte("raw 10.0.0.1 a.example")}
		f.Add(AppendRecord(nil, &r))
		f.Add(appendEarlier(nil, &r))
	}
	f.Add(binary.LittleEndian.AppendUint32(nil, 1<<31))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again Record
		rest, err := ParseRecord(b, &r)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if len(rest) > len(b) {
			t.Fatal("more than there was")
		}
		if _, err := ParseRecord(AppendRecord(nil, &r), &again); err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(r, again); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzOpenIndex: no bytes make it panic or run away.
func FuzzOpenIndex(f *testing.F) {
	rng := rand.New(rand.NewPCG(2, 2))
	b := NewBuilder()
	for range 20 {
		ev := randomEvent(rng)
		b.Add(ev.Observables)
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes(), true)
	f.Add([]byte(magic), false)
	n := NewNeedles([]observable.Value{{Type: observable.Domain, Canonical: "a.example"}, {Type: observable.Net4, Canonical: "0.0.0.0/0"}, {Type: observable.Net6, Canonical: "::/0"}})
	f.Fuzz(func(t *testing.T, data []byte, mend bool) {
		if len(data) > 4<<10 {
			return // lists may overlap in a forged index: its cost is the square of its size
		}
		if mend && len(data) >= headerSize { // past the sum, to what lies behind
			var h header
			if _, err := binary.Decode(data, binary.LittleEndian, &h); err == nil {
				copy(data, h.bytes())
			}
		}
		x, err := OpenIndex(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			err = x.Join(n, func(int, uint32) {})
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}

func TestManifest(t *testing.T) {
	m := Manifest{
		Format: ManifestFormat, Number: 3, Rows: 7, Made: 1, Files: []File{{"3.keys", 9, statement.Digest{1}}},
		Spans: []Span{{Source: "s", To: 5, Final: true}},
	}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseManifest(data)
	if err != nil || gocmp.Diff(m, got) != "" {
		t.Errorf("%v %s", err, gocmp.Diff(m, got))
	}
	for _, bad := range []string{"", "{}", string(data) + " ", string(bytes.Replace(data, []byte("v1"), []byte("v2"), 1)), string(bytes.Replace(data, []byte(`"rows"`), []byte(`"rowz"`), 1))} {
		if _, err := ParseManifest([]byte(bad)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}

// TestManifestDamage: a flipped bit in a manifest is noticed, whichever it is:
// another span would claim that the archive has what it has not.
func TestManifestDamage(t *testing.T) {
	m := Manifest{Format: ManifestFormat, Number: 3, Rows: 9, Made: 5, Files: []File{{Name: "a", Size: 4}}, Spans: []Span{{Source: "log", Generation: 1, From: 1000, To: 20_000}}}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(data) * 8 {
		bad := bytes.Clone(data)
		bad[i/8] ^= 1 << (i % 8)
		if got, err := ParseManifest(bad); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d of byte %d, %q for %q: %+v, %v", i%8, i/8, bad[i/8], data[i/8], got, err)
		}
	}
}

func TestCoverage(t *testing.T) {
	c := Cover([]Span{
		{Source: "s", From: 10, To: 20},
		{Source: "s", From: 0, To: 10},
		{Source: "s", From: 30, To: 40, Final: true},
		{Source: "s", Generation: 1, Begin: 5, From: 5, To: 9},
		{Source: "s", Generation: 1, Begin: 5, From: 9, To: 9, Final: true},
		{Source: "t", From: 0, To: 1},
	})
	for _, q := range []struct {
		source     string
		generation int
		from, to   int64
		want       bool
	}{
		{"s", 0, 0, 20, true},
		{"s", 0, 0, 21, false},
		{"s", 0, 25, 35, false},
		{"s", 0, 30, 40, true},
		{"s", 1, 5, 9, true},
		{"s", 1, 4, 9, false},
		{"t", 0, 0, 1, true},
		{"u", 0, 0, 1, false},
		{"u", 0, 3, 3, true},
	} {
		if got := c.Has(q.source, q.generation, q.from, q.to); got != q.want {
			t.Errorf("%+v: %v", q, got)
		}
	}
	if c.Whole("s", 0) || !c.Whole("s", 1) || c.Whole("t", 0) {
		t.Error("whole incarnations")
	}
}

// The sorts give what the library's sort by key and row gives: for keys that are hashes, for some that many rows have, and for
// those that somebody chose so that they share their first bits.
func TestSorts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for name, next := range map[string]func(row int) uint64{
		"hashes": func(int) uint64 { return rng.Uint64() },
		"few":    func(row int) uint64 { return uint64(rng.IntN(3)) * 0x9e3779b97f4a7c15 },
		"chosen": func(row int) uint64 { return 1<<63 + uint64(rng.Uint32()) },
		"mixed":  func(row int) uint64 { return rng.Uint64() >> (row % 60) },
	} {
		for _, n := range []int{0, 1, 24, 25, 1 << 10, 5000, 100_000} {
			b := NewBuilder()
			type posting struct {
				key uint64
				row uint32
			}
			var keys []posting
			var four []uint64
			for row := range uint32(n) {
				count := rng.IntN(3)
				for range count {
					k := next(int(row))
					keys = append(keys, posting{k, inline | row})
					b.keys.add(k)
				}
				four = append(four, uint64(rng.Uint32()>>(row%30))<<32|uint64(row))
				b.four.add(four[row])
				b.counts = append(b.counts, uint32(count))
			}
			var more postings
			for range rng.IntN(n + 1) {
				k, ref := next(rng.IntN(n)), rng.Uint32()&^inline
				keys = append(keys, posting{k, ref})
				more.keys, more.refs = append(more.keys, k), append(more.refs, ref)
			}
			slices.SortStableFunc(keys, func(x, y posting) int { return cmp.Compare(x.key, y.key) })
			slices.Sort(four)
			got := sortKeys(&b.keys, b.counts, more)
			for i, p := range keys {
				if got.keys[i] != p.key || got.refs[i] != p.row {
					t.Fatalf("%s: keys of %d rows are not sorted", name, n)
				}
			}
			if len(got.keys) != len(keys) {
				t.Errorf("%s: keys of %d rows are not sorted", name, n)
			}
			if got := sortFour(&b.four); !slices.Equal(got, four) {
				t.Errorf("%s: addresses of %d rows are not sorted", name, n)
			}
		}
	}
}

// addressKey4 is the hash that the library makes.
func TestAddressKey4(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32().Draw(t, "address")
		a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
		if got, want := addressKey4(n), addressKey(a); got != want {
			t.Errorf("%v: %x, want %x", a, got, want)
		}
	})
}

// TestAddressRows: the key of an address has the rows of the address, not those of networks that begin with it, and those of a text
// that has the same key.
func TestAddressRows(t *testing.T) {
	value := func(typ observable.Type, s string) observable.Value {
		v, err := observable.Normalise(typ, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one, two := value(observable.IPv4, "198.51.100.0"), value(observable.IPv4, "203.0.113.7")
	net := value(observable.Net4, "198.51.100.0/24")
	b := NewBuilder()
	for row, seen := range [][]observable.Value{{one, two}, {one, net, one}, {net}, {}, {value(observable.URL, "http://198.51.100.0/")}} {
		var all []event.Observable
		for _, v := range seen {
			all = append(all, event.Observable{Value: v})
		}
		b.Add(all)
		if row == 0 || row == 3 { // and a text of the same key
			for _, a := range []uint32{198<<24 | 51<<16 | 100<<8, 203<<24 | 113<<8 | 7} {
				b.keys.add(addressKey4(a))
				b.counts[row]++
			}
		}
	}
	if got := b.Postings(); got != 2+2+2+2+2 { // of the rows but the third, with the texts
		t.Errorf("%d pairs", got)
	}
	x := written(t, b)
	for _, c := range []struct {
		value observable.Value
		want  []uint32
	}{
		{one, []uint32{0, 1, 3, 4}},
		{two, []uint32{0, 3}},
		{net, []uint32{0, 1, 2, 4}},
	} {
		var got []uint32
		if err := x.Join(NewNeedles([]observable.Value{c.value}), func(_ int, row uint32) { got = append(got, row) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rows %v, not %v", c.value.Canonical, got, c.want)
		}
	}
}

// written is the index that a builder writes.
func written(t *testing.T, b *Builder) *Index {
	t.Helper()
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	x, err := OpenIndex(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return x
}
