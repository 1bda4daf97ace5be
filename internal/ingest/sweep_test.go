package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/indicator"
)

// TestAheadIsFoundOnce: what may be swept ends behind the last LF of each read. It is not looked for again at each line, though a
// long line without its end lies behind.
func TestAheadIsFoundOnce(t *testing.T) {
	const whole, half = "a\nbb\n\nccc\n", "dddddddd"
	f := newFramer(io.MultiReader(strings.NewReader(whole+half), strings.NewReader("d\ne")), 100)
	var seen []string
	for {
		err := f.next()
		if err != nil {
			break
		}
		f.advance()
		ahead := f.ahead()
		seen = append(seen, string(ahead))
		if rest := f.buf[f.pos:f.end]; !bytes.Equal(ahead, rest[:bytes.LastIndexByte(rest, '\n')+1]) {
			t.Errorf("%q are ahead of %q", ahead, rest)
		}
		if i := bytes.Index(f.buf[f.pos:f.end], []byte(half)); len(seen) == 1 && i >= 0 {
			f.buf[f.pos+i+3] = '\n' // nobody looks there
			if again := f.ahead(); !bytes.Equal(again, ahead) {
				t.Errorf("what is read is looked through again: %q", again)
			}
			f.buf[f.pos+i+3] = 'd'
		}
	}
	if diff := cmp.Diff([]string{"bb\n\nccc\n", "\nccc\n", "ccc\n", "", ""}, seen); diff != "" {
		t.Error(diff)
	}
}

// mixedLines are some of a form that a sieve learns, and among them all that is read in another way.
func mixedLines(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		line := fmt.Sprintf(`{"timestamp":"2026-11-03T08:00:00.%06d+0000","event_type":"dns","src_ip":"192.0.2.%d","n":%d,"dns":{"rrname":"h%d.good.example"}}`, i, 7+i%200, i*i, i%50)
		switch r.IntN(16) * min(1, i%300/270) { // now and then a stretch of them, so that forms are learnt before
		case 1:
			line = ""
		case 2:
			line += "\r"
		case 3:
			line += "\r\r"
		case 4:
			line = strings.Replace(line, "good", "evil", 1)
		case 5:
			line = strings.Replace(line, "192.0.2.", "198.51.100.", 1)
		case 6:
			line = line[:r.IntN(len(line))]
		case 7:
			line = strings.Replace(line, `"n"`, `"pad":"`+strings.Repeat("x", r.IntN(600))+`","n"`, 1)
		case 8:
			line = strings.Repeat("y", r.IntN(3*readSize))
		case 9:
			line = strings.Replace(line, `"n"`, `"pad":"`+strings.Repeat("x", readSize)+`","n"`, 1)
		case 10:
			line = "\x00" + line
		case 11:
			line = strings.Replace(line, `"n"`, "\r"+`"n"`, 1)
		}
		b.WriteString(line)
		if i < n-1 || r.IntN(2) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// entered is what is kept of a batch: all its lines, and where it left the source.
type entered struct {
	From, To int64
	Final    bool
	Position Position
	Lines    []string
}

// register is a sink that keeps batches, and fails at one.
type register struct {
	set     *indicator.Set
	batches []entered
	failAt  int
	clear   int
	raw     []int // bytes that were kept of each entry
}

var errFull = errors.New("full")

func (g *register) Batch(_ context.Context, b Batch) error {
	if len(g.batches) == g.failAt {
		g.failAt = -1
		return errFull
	}
	e := entered{From: b.From, To: b.To, Final: b.Final, Position: b.Position()}
	clear := Line{More: -1} // lines that are clear, one after the other, as one
	told := func() {
		if clear.More >= 0 {
			e.Lines = append(e.Lines, fmt.Sprintf("%d@%d+%d clear, and %d more", clear.Number, clear.Offset, clear.Size, clear.More))
		}
		clear.More = -1
	}
	for _, l := range b.Lines {
		g.raw = append(g.raw, len(l.Raw))
		said := "clear"
		switch {
		case l.Clear:
			g.clear += 1 + l.More
		case l.Err != nil:
			said = fmt.Sprintf("%v %d %x", l.Err, len(l.Raw), crc32.ChecksumIEEE(l.Raw))
		default:
			for _, o := range l.Event.Observables {
				g.set.Match(o.Value, func(uint32, indicator.Rule) {
					said = fmt.Sprintf("%v %d %x", o.Value, len(l.Raw), crc32.ChecksumIEEE(l.Raw))
				})
			}
		}
		switch {
		case said != "clear":
			told()
			e.Lines = append(e.Lines, fmt.Sprintf("%d@%d+%d %s", l.Number, l.Offset, l.Size, said))
		case clear.More < 0:
			clear = l
		default:
			clear.More, clear.Size = clear.More+1+l.More, l.Offset+l.Size-clear.Offset
		}
	}
	told()
	g.batches = append(g.batches, e)
	return nil
}

// readAll reads a source to its end, in two turns if the sink fails in between.
func readAll(t *testing.T, cfg Config, set *indicator.Set, failAt int, source func() Source) *register {
	t.Helper()
	g := &register{set: set, failAt: failAt}
	at := func(string) (p Position) {
		if len(g.batches) > 0 {
			p = g.batches[len(g.batches)-1].Position
		}
		return p
	}
	err := Once(t.Context(), cfg, []Source{source()}, at, g)
	if failAt >= 0 && errors.Is(err, errFull) {
		err = Once(t.Context(), cfg, []Source{source()}, at, g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestSweepKeepsAccount reads the same bytes with the sieve and without, in pieces of awkward sizes, from every kind of source, and
// compares every line, and every position that is stored.
func TestSweepKeepsAccount(t *testing.T) {
	set := indicator.NewSet([]indicator.Entry{{Value: must(t, "evil.example")}, {Value: must(t, "198.51.100.9")}})
	dir, clear := t.TempDir(), 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 0))
		data := mixedLines(r, 600)
		if seed%6 == 5 {
			data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
		}
		cfg := Config{
			Formats: []event.Format{eve.Format()}, MaxLine: []int{0, 140, 150, 600, readSize - 1}[seed%5],
			BatchLines: []int{0, 1, 7, 100}[seed%4], BatchBytes: []int{0, 1000, 300}[seed%3],
		}
		path := filepath.Join(dir, fmt.Sprint(seed))
		write(t, path, string(data))
		write(t, path+".gz", zipped(string(data)))
		reader := func(wrap func(io.Reader) io.Reader) func() Source {
			return func() Source { return Source{ID: "in", Reader: wrap(bytes.NewReader(data))} }
		}
		for name, source := range map[string]func() Source{
			"file":      func() Source { return Source{ID: "in", Path: path} },
			"gzip":      func() Source { return Source{ID: "in", Path: path + ".gz"} },
			"stream":    reader(func(r io.Reader) io.Reader { return r }),
			"bytes":     reader(iotest.OneByteReader),
			"halves":    reader(iotest.HalfReader),
			"ends late": reader(iotest.DataErrReader),
			"pieces":    reader(func(r io.Reader) io.Reader { return &pieces{r, rand.New(rand.NewPCG(seed, 1))} }),
		} {
			failAt := -1
			if seed%2 == 1 {
				failAt = int(seed)
			}
			slow := readAll(t, cfg, set, failAt, source)
			sieved := cfg
			sieved.Sieve = func() *indicator.Set { return set }
			fast := readAll(t, sieved, set, failAt, source)
			if !reflect.DeepEqual(slow.batches, fast.batches) {
				t.Fatalf("%s %d: %.4000s", name, seed, cmp.Diff(slow.batches, fast.batches))
			}
			clear += fast.clear
		}
	}
	if t.Logf("%d lines were clear", clear); clear < 6*7*600/2 {
		t.Error("few lines were clear: nothing was tested")
	}
}

// pieces reads up to a few lines at a time.
type pieces struct {
	r io.Reader
	n *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 1+p.n.IntN(500))]) }

// TestSweepsFromTheFirstLines: once the format is known, the rest of the first batch is not parsed either.
func TestSweepsFromTheFirstLines(t *testing.T) {
	set := indicator.NewSet([]indicator.Entry{{Value: must(t, "evil.example")}})
	path := filepath.Join(t.TempDir(), "eve.json")
	line := `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns","src_ip":"192.0.2.7","dns":{"rrname":"www.good.example"}}` + "\n"
	write(t, path, strings.Repeat(line, 300))
	cfg := Config{Formats: []event.Format{eve.Format()}, Sieve: func() *indicator.Set { return set }}
	g := readAll(t, cfg, set, -1, func() Source { return Source{ID: "in", Path: path} })
	parsed := 0
	for _, l := range g.raw {
		if l > 0 {
			parsed++
		}
	}
	if g.clear != 300 || parsed > sniffLines+1 {
		t.Errorf("%d of 300 lines are clear, %d were kept to be parsed", g.clear, parsed)
	}
}
