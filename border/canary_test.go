package border

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/observable"
	"entente/statement"
)

// chance is reproducible randomness.
func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func eight() []string {
	return []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"}
}

// someList is a list as a party would release it.
func someList(n int) []Line {
	var lines []Line
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, i))
		l := Line{Type: "domain-name", Value: fmt.Sprintf("%x.example", sum[:5]), Observed: "2026-05-0" + string('1'+sum[9]%9), Note: "seen with phishing"}
		switch i % 4 {
		case 1:
			l.Type, l.Value = "ipv4-addr", fmt.Sprintf("198.51.%d.%d", sum[0], sum[1])
		case 2:
			l.Type, l.Value, l.Note = "sha256", fmt.Sprintf("%x", sum), ""
		case 3:
			l.Type, l.Value = "url", fmt.Sprintf("h%d.example/Login/%x", i, sum[:2])
		}
		lines = append(lines, l)
	}
	return lines
}

func release(t testing.TB, r io.Reader, lines []Line, parties []string) (Ledger, []Copy) {
	t.Helper()
	copies, decoys, err := Mark(r, lines, parties)
	if err != nil {
		t.Fatal(err)
	}
	l := Ledger{Decoys: decoys}
	for _, c := range copies {
		l.Copies = append(l.Copies, Issued{c.To, []statement.Digest{sha256.Sum256(text(c.Lines))}})
	}
	return l, copies
}

// text writes lines as a CSV file would.
func text(lines []Line) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintf(&b, "%s,%s,%s,\"%s\"\n", l.Value, l.Type, l.Observed, l.Note)
	}
	return b.Bytes()
}

func trace(t testing.TB, leak []byte, l Ledger, copies []Copy) Tracing {
	t.Helper()
	got, err := Trace(leak, l, copies)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func parties(named []Named) []string {
	out := []string{}
	for _, n := range named {
		out = append(out, n.Party)
	}
	slices.Sort(out)
	return out
}

// TestCopiesMeanTheSame: every copy holds every item once, with the same
// meaning, and its decoys pass the gate exactly as the list itself does.
func TestCopiesMeanTheSame(t *testing.T) {
	lines := someList(101)
	l, copies := release(t, chance(1), lines, eight())
	if data, err := l.Marshal(); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	g := NewGate(BuiltIn(), nil)
	for _, c := range copies {
		decoys := l.of(c.To)
		if len(decoys) != ownDecoys+7*pairDecoys {
			t.Errorf("%s has %d decoys", c.To, len(decoys))
		}
		real := l.real(c)
		if len(real) != len(lines) || len(c.Lines) != len(lines)+len(decoys) {
			t.Fatalf("%s: %d of %d lines", c.To, len(real), len(lines))
		}
		for i := 0; i < len(lines); i++ {
			got := real[i]
			j := slices.IndexFunc(lines, func(want Line) bool { return want.Value == got.Value })
			if j < 0 || j/2 != i/2 {
				t.Fatalf("%s: %s stands at %d, in the list at %d", c.To, got.Value, i, j)
			}
			got.Observed, got.Note = strings.TrimSuffix(got.Observed, midnight), strings.TrimSuffix(got.Note, ".")
			if got != lines[j] {
				t.Errorf("%+v, want %+v", got, lines[j])
			}
		}
		for _, line := range c.Lines {
			v, err := observable.Normalise(observable.Type(line.Type), line.Value)
			if err != nil || v.Canonical != line.Value {
				t.Fatalf("%+v: %v", line, err)
			}
			if verdict := g.Judge(Candidate{Value: v, Observed: now, Basis: "told"}, now); verdict.Hold {
				t.Errorf("%s is held: %+v", line.Value, verdict)
			}
			if _, ip := v.Prefix(); ip && decoys[line.Value] {
				t.Errorf("the decoy %s is somebody's address", line.Value)
			}
		}
	}
	if names := math.Log2(math.Pow(float64(len(consonants)*len(vowels)), 4) * float64(2*len(things)*len(zones))); names < nameBits {
		t.Errorf("2^%.1f names, said to be 2^%d", names, nameBits)
	}
	slices.Sort(things)
	if len(slices.Compact(things)) != 64 {
		t.Error("the words are not 64 different ones")
	}
}

// forms in which a single copy leaks.
func single(r *rand.Rand, lines []Line) map[string][]byte {
	values := func(lines []Line) []byte {
		var b bytes.Buffer
		for _, l := range lines {
			fmt.Fprintln(&b, l.Value)
		}
		return b.Bytes()
	}
	sorted := slices.SortedFunc(slices.Values(lines), func(a, b Line) int { return strings.Compare(a.Value, b.Value) })
	asJSON, _ := json.Marshal(lines)
	prose := "We found these:\n"
	for _, l := range lines {
		prose += "see hxxps://" + strings.ReplaceAll(l.Value, ".", "[.]") + ".\n"
	}
	half := slices.DeleteFunc(slices.Clone(lines), func(Line) bool { return r.IntN(2) == 0 })
	return map[string][]byte{
		"csv": text(lines), "values": values(lines), "sorted": values(sorted), "json": asJSON,
		"defanged": []byte(prose), "upper": bytes.ToUpper(text(lines)), "half": text(half),
	}
}

// TestOneLeaker: one of eight is always named, alone, whatever the form.
func TestOneLeaker(t *testing.T) {
	for seed := range byte(4) {
		for _, n := range []int{12, 300} {
			l, copies := release(t, chance(seed), someList(n), eight())
			for _, c := range copies {
				for form, leak := range single(rand.New(rand.NewPCG(uint64(seed), 1)), c.Lines) {
					got := trace(t, leak, l, copies)
					if !slices.Equal(parties(got.Named), []string{c.To}) || got.Named[0].Chance > Bound {
						t.Errorf("seed %d, %d items, %s of %s: named %+v, one of %v", seed, n, form, c.To, got.Named, got.OneOf)
					}
				}
			}
		}
	}
}

// TestNoDecoyLeft: who knows every decoy and takes it out is named by the
// marks, as long as the list has enough of them.
func TestNoDecoyLeft(t *testing.T) {
	l, copies := release(t, chance(9), someList(60), eight())
	for _, c := range copies {
		got := trace(t, text(l.real(c)), l, copies)
		if !slices.Equal(parties(got.Named), []string{c.To}) || got.Named[0].Chance > Bound || len(got.Decoys) > 0 {
			t.Errorf("%s: %+v", c.To, got.Named)
		}
	}
}

// merged are copies that two make of theirs.
func merged(r *rand.Rand, a, b []Line) map[string][]Line {
	in := func(l Line, list []Line) bool {
		return slices.ContainsFunc(list, func(o Line) bool { return o.Value == l.Value })
	}
	out := map[string][]Line{}
	for _, l := range a {
		if in(l, b) {
			out["intersection"] = append(out["intersection"], l)
		}
		out["union"] = append(out["union"], l)
		if in(l, b) || r.IntN(2) == 0 {
			out["mixed"] = append(out["mixed"], l)
		}
	}
	for _, l := range b {
		if !in(l, a) {
			out["union"] = append(out["union"], l)
			if r.IntN(2) == 0 {
				out["mixed"] = append(out["mixed"], l)
			}
		}
	}
	for name, list := range out {
		// Each line as one of the two wrote it, in no order: what tells the copies apart is gone.
		shuffled := slices.Clone(list)
		for i, l := range shuffled {
			if j := slices.IndexFunc(b, func(o Line) bool { return o.Value == l.Value }); j >= 0 && r.IntN(2) == 0 {
				shuffled[i] = b[j]
			}
		}
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		out[name+", shuffled"] = shuffled
	}
	return out
}

// TestTwoColluders: of every two of eight at least one is named, and never
// anybody else, whether they publish the union, the intersection or a mixture.
func TestTwoColluders(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for seed := range byte(3) {
		l, copies := release(t, chance(seed), someList(80), eight())
		for i, a := range copies {
			for _, b := range copies[i+1:] {
				for form, lines := range merged(r, a.Lines, b.Lines) {
					got := trace(t, text(lines), l, copies)
					if len(got.Named) == 0 {
						t.Errorf("seed %d, %s of %s and %s: nobody is named, one of %v", seed, form, a.To, b.To, got.OneOf)
					}
					for _, n := range got.Named {
						if n.Party != a.To && n.Party != b.To {
							t.Errorf("seed %d, %s of %s and %s: %s is accused: %+v", seed, form, a.To, b.To, n.Party, got)
						}
					}
				}
			}
		}
	}
}

// TestInnocents measures how often a copy that did not leak agrees with a leak
// as well as its chance says, and that nobody outside is named by a text that
// comes from no copy.
func TestInnocents(t *testing.T) {
	lines := someList(60)
	const trials = 400
	below := map[float64]int{0.5: 0, 0.1: 0, 0.01: 0}
	for seed := range trials {
		r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 3})
		l, copies := release(t, r, lines, eight())
		leak := trace(t, text(l.real(copies[0])), l, copies) // alpha leaks
		for _, m := range leak.Match {
			if m.Party == "alpha" {
				continue
			}
			for p := range below {
				if m.Chance <= p {
					below[p]++
				}
			}
		}
		if got := trace(t, text(lines), l, copies); len(got.Named) > 0 || len(got.OneOf) > 0 {
			t.Errorf("seed %d: the list before it was marked names %+v", seed, got.Named)
		}
	}
	for p, n := range below {
		// The chance covers all eight recipients at once: of one it is an eighth.
		if share := float64(n) / (7 * trials); share > p/8+3*math.Sqrt(p/8/(7*trials)) {
			t.Errorf("%.4f of innocent copies agree beyond %.2f", share, p)
		}
	}
}

// TestThree: three who put copies together are beyond the code; it names
// nobody who is innocent.
func TestThree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	l, copies := release(t, chance(5), someList(80), eight())
	for range 200 {
		p := r.Perm(8)[:3]
		var lines []Line
		for _, k := range p {
			for _, line := range copies[k].Lines {
				if !slices.ContainsFunc(lines, func(o Line) bool { return o.Value == line.Value }) && (!isDecoy(l, line) || r.IntN(2) == 0) {
					lines = append(lines, line)
				}
			}
		}
		for _, n := range trace(t, text(lines), l, copies).Named {
			if !slices.ContainsFunc(p, func(k int) bool { return copies[k].To == n.Party }) {
				t.Fatalf("%v leaked, %+v is accused", p, n)
			}
		}
	}
}

func isDecoy(l Ledger, line Line) bool {
	return slices.ContainsFunc(l.Decoys, func(d Decoy) bool { return d.Value == line.Value })
}

func TestMarkRefuses(t *testing.T) {
	lines := someList(3)
	for _, to := range [][]string{nil, make([]string, MaxCopies+1)} {
		if _, _, err := Mark(chance(0), lines, to); err == nil {
			t.Errorf("marked for %d recipients", len(to))
		}
	}
	if _, _, err := Mark(strings.NewReader("short"), lines, eight()); err == nil {
		t.Error("marked without chance")
	}
	if _, err := Trace(make([]byte, MaxLeak+1), Ledger{}, nil); err == nil {
		t.Error("a leak beyond the limit is read")
	}
}

func TestLedgerGolden(t *testing.T) {
	l := Ledger{
		Decoys: []Decoy{{"domain-name", "kolavuri-update.com", []string{"south"}}, {"md5", "9e107d9d372bb6826bd81d3542a419d6", []string{"north", "south"}}},
		Copies: []Issued{{"north", []statement.Digest{{1}}}, {"south", []statement.Digest{{2}, {3}}}},
	}
	data, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "canary.golden")
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(bytes.TrimSpace(want), data) {
		t.Errorf("%s: %v\n%s", path, err, data)
	}
	for _, body := range []string{`{"name":"a","copies":2,"decoys":3}`} {
		if err := CheckCanary([]byte(body)); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParseLedger(f *testing.F) {
	l, _ := release(f, chance(1), someList(4), []string{"north", "south"})
	data, err := l.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"decoys":[],"copies":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseLedger(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if _, err := l.Marshal(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzCheckCanary(f *testing.F) {
	f.Add([]byte(`{"name":"list.csv","copies":2,"decoys":6}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := CheckCanary(body); err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
		}
	})
}

// FuzzTrace: any text is read, and a text without a decoy names nobody by decoys.
func FuzzTrace(f *testing.F) {
	l, copies := release(f, chance(2), someList(12), []string{"north", "south", "west"})
	for _, leak := range single(rand.New(rand.NewPCG(1, 1)), copies[0].Lines) {
		f.Add(leak)
	}
	f.Add([]byte("hxxp[://]\xff\x00\u2028"))
	f.Fuzz(func(t *testing.T, leak []byte) {
		got, err := Trace(leak, l, copies)
		if err != nil {
			return
		}
		for _, n := range got.Named {
			if len(got.Decoys) == 0 && n.Chance > Bound {
				t.Fatalf("%+v", got)
			}
		}
	})
}
