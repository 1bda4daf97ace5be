package record

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// witnessBench is south's witness before north's log.
type witnessBench struct {
	u     unit
	log   *memLog
	heads *memHeads
	w     *Witness
}

func newWitnessBench(t testing.TB) *witnessBench {
	t.Helper()
	u := newUnit(t)
	b := &witnessBench{u: u, log: newMemLog(u.north.origin, nil).grow(t, 12, "leaf"), heads: newMemHeads()}
	b.w = &Witness{
		Keys: func(origin string) ([]Verifier, bool) {
			m, ok := u.roster.ByOrigin(origin)
			return []Verifier{m.Log, m.LogPQ}, ok
		},
		Store: b.heads, Cosigner: u.south.witness, PQ: u.south.witnessPQ, PQEvery: 60,
	}
	return b
}

// seen makes the witness cosign north's tree of a size first.
func (b *witnessBench) seen(t testing.TB, size uint64) {
	t.Helper()
	a, err := b.w.AddCheckpoint(t.Context(), MarshalAddCheckpoint(0, nil, b.sign(t, b.log.at(size))), now)
	if err != nil || a.Status != 200 {
		t.Fatalf("first submission: %d, %v", a.Status, err)
	}
}

func (b *witnessBench) sign(t testing.TB, c Checkpoint) []byte {
	t.Helper()
	return must(Sign(c, now, b.u.north.log))
}

// request is old, the proof from old to c, and c signed by north.
func (b *witnessBench) request(t testing.TB, from, to uint64) []byte {
	t.Helper()
	var proof tlog.TreeProof
	if from > 0 && from < to {
		proof = b.log.proof(from, to)
	}
	return MarshalAddCheckpoint(from, proof, b.sign(t, b.log.at(to)))
}

// line makes a signature line in the name of key with any bytes behind its id.
func line(key Verifier, sig []byte) []byte {
	raw := append(binary.BigEndian.AppendUint32(nil, key.hash), sig...)
	return fmt.Appendf(nil, "— %s %s\n", key.name, base64.StdEncoding.EncodeToString(raw))
}

// TestWitnessMatrix is the strict matrix of C2SP tlog-witness, "add-checkpoint".
// Whatever is refused changes nothing; whatever is answered verifies.
func TestWitnessMatrix(t *testing.T) {
	noSize := uint64(1 << 62) // nothing was submitted before
	type matrixCase struct {
		name   string
		seen   uint64
		body   func(t *testing.T, b *witnessBench) []byte
		status int
		code   statement.Code
	}
	raw := func(format string, a ...any) func(*testing.T, *witnessBench) []byte {
		return func(t *testing.T, b *witnessBench) []byte {
			return append(fmt.Appendf(nil, format, a...), b.sign(t, b.log.at(7))...)
		}
	}
	request := func(from, to uint64) func(*testing.T, *witnessBench) []byte {
		return func(t *testing.T, b *witnessBench) []byte { return b.request(t, from, to) }
	}
	noted := func(old uint64, n func(t *testing.T, b *witnessBench) []byte) func(*testing.T, *witnessBench) []byte {
		return func(t *testing.T, b *witnessBench) []byte { return MarshalAddCheckpoint(old, nil, n(t, b)) }
	}
	proved := func(edit func(p tlog.TreeProof) tlog.TreeProof) func(*testing.T, *witnessBench) []byte {
		return func(t *testing.T, b *witnessBench) []byte {
			return MarshalAddCheckpoint(5, edit(b.log.proof(5, 7)), b.sign(t, b.log.at(7)))
		}
	}
	checkpoint := func(old uint64, edit func(c *Checkpoint)) func(*testing.T, *witnessBench) []byte {
		return noted(old, func(t *testing.T, b *witnessBench) []byte {
			c := b.log.at(5)
			edit(&c)
			return b.sign(t, c)
		})
	}
	text := func(edit func(s string) string) func(*testing.T, *witnessBench) []byte {
		return noted(0, func(t *testing.T, b *witnessBench) []byte {
			body := []byte(edit(string(b.log.at(5).Text())))
			return Join(body, must(b.u.north.log.Line(body, now)))
		})
	}
	zeros := func(n int) func(p tlog.TreeProof) tlog.TreeProof {
		return func(tlog.TreeProof) tlog.TreeProof { return make(tlog.TreeProof, n) }
	}
	other := tlog.RecordHash([]byte("other"))

	cases := []matrixCase{
		// Accepted.
		{"first submission", noSize, request(0, 7), 200, ""},
		{"first submission of the empty tree", noSize, request(0, 0), 200, ""},
		{"growth", 5, request(5, 12), 200, ""},
		{"growth from a power of two", 8, request(8, 12), 200, ""},
		{"growth from the empty tree", 0, request(0, 12), 200, ""},
		{"the same size again", 5, request(5, 5), 200, ""},
		{"the empty tree again", 0, request(0, 0), 200, ""},
		{"unknown extra signatures", 5, func(t *testing.T, b *witnessBench) []byte {
			extra := append(line(b.u.observer.log.Verifier, make([]byte, 64)), line(b.u.south.witness.Verifier, make([]byte, 72))...)
			same := b.u.north.log.Verifier
			same.hash++ // the known name under another id
			extra = append(extra, line(same, make([]byte, 3000))...)
			return append(b.request(t, 5, 7), extra...)
		}, 200, ""},
		{"unknown signature first", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			c := b.log.at(7)
			return Join(c.Text(), line(b.u.observer.log.Verifier, make([]byte, 64)), must(b.u.north.log.Line(c.Text(), 0)))
		}), 200, ""},
		{"the log's ML-DSA signature alone", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, b.u.north.logPQ))
		}), 200, ""},
		{"both signatures of the log", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, b.u.north.log, b.u.north.logPQ))
		}), 200, ""},

		// 404 and 403: whose log, whose signature.
		{"unknown origin", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			mallory := newTestNode(t, "mallory")
			return must(Sign(Checkpoint{mallory.origin, b.log.at(7).Tree}, now, mallory.log))
		}), 404, statement.CodeParty},
		{"unknown origin, nothing else right", noSize, noted(99, func(t *testing.T, b *witnessBench) []byte {
			return Join(Checkpoint{"example.com/log", Tree{7, other}}.Text(), line(b.u.north.log.Verifier, make([]byte, 64)))
		}), 404, statement.CodeParty},
		{"signed by nobody known", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, newTestNode(t, "mallory").log))
		}), 403, statement.CodeSignature},
		{"no signature line", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte { return Join(b.log.at(7).Text()) }), 403, statement.CodeSignature},
		{"another key under the log's name", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, must(NewLogSigner(b.u.north.origin, testSeed("mallory", "log")))))
		}), 403, statement.CodeSignature},
		{"a witness's cosignature alone", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, b.u.observer.witness))
		}), 403, statement.CodeSignature},
		{"south's log signs north's", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return must(Sign(b.log.at(7), now, b.u.south.log))
		}), 403, statement.CodeSignature},
		{"signature of another tree", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return Join(b.log.at(7).Text(), must(b.u.north.log.Line(b.log.at(6).Text(), 0)))
		}), 403, statement.CodeSignature},
		{"a known key's line that fails, beside a good one", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return append(must(Sign(b.log.at(7), now, b.u.north.log)), line(b.u.north.logPQ.Verifier, make([]byte, 2428))...)
		}), 403, statement.CodeSignature},
		{"a known key's second line that fails", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return append(b.sign(t, b.log.at(7)), line(b.u.north.log.Verifier, make([]byte, 64))...)
		}), 403, statement.CodeSignature},
		{"a known key's short signature", noSize, noted(0, func(t *testing.T, b *witnessBench) []byte {
			return Join(b.log.at(7).Text(), line(b.u.north.log.Verifier, make([]byte, 63)))
		}), 403, statement.CodeSignature},

		// 409: what the witness saw last.
		{"first submission with an old size", noSize, request(5, 7), 409, statement.CodeSeq},
		{"first submission with an equal old size", noSize, request(7, 7), 409, statement.CodeSeq},
		{"smaller old size", 5, request(3, 7), 409, statement.CodeSeq},
		{"larger old size", 5, request(6, 7), 409, statement.CodeSeq},
		{"asks for the size", 5, request(0, 7), 409, statement.CodeSeq},
		{"rolled-back tree", 5, request(3, 3), 409, statement.CodeSeq},
		{"rolled back to the empty tree", 5, request(0, 0), 409, statement.CodeSeq},
		{"fork at a smaller size", 5, checkpoint(4, func(c *Checkpoint) { c.Size, c.Root = 4, other }), 409, statement.CodeSeq},

		// 422: proofs and roots.
		{"empty tree with a wrong root", noSize, checkpoint(0, func(c *Checkpoint) { c.Size, c.Root = 0, other }), 422, statement.CodeProof},
		{"empty tree with a zero root", noSize, checkpoint(0, func(c *Checkpoint) { c.Size, c.Root = 0, tlog.Hash{} }), 422, statement.CodeProof},
		{"same size with another root", 5, checkpoint(5, func(c *Checkpoint) { c.Root = other }), 422, statement.CodeSplit},
		{"same size with a proof", 5, func(t *testing.T, b *witnessBench) []byte {
			return MarshalAddCheckpoint(5, b.log.proof(5, 7), b.sign(t, b.log.at(5)))
		}, 422, statement.CodeProof},
		{"proof of another pair", 5, proved(func(tlog.TreeProof) tlog.TreeProof { return nil }), 422, statement.CodeProof},
		{"changed hash", 5, proved(func(p tlog.TreeProof) tlog.TreeProof { p[0][3] ^= 1; return p }), 422, statement.CodeProof},
		{"missing hash", 5, proved(func(p tlog.TreeProof) tlog.TreeProof { return p[1:] }), 422, statement.CodeProof},
		{"extra hash", 5, proved(func(p tlog.TreeProof) tlog.TreeProof { return append(p, other) }), 422, statement.CodeProof},
		{"hashes swapped", 5, proved(func(p tlog.TreeProof) tlog.TreeProof { p[0], p[1] = p[1], p[0]; return p }), 422, statement.CodeProof},
		{"63 hashes", 5, proved(zeros(63)), 422, statement.CodeProof},
		{"growth onto another root", 5, func(t *testing.T, b *witnessBench) []byte {
			return MarshalAddCheckpoint(5, b.log.proof(5, 7), b.sign(t, Checkpoint{b.u.north.origin, Tree{7, other}}))
		}, 422, statement.CodeProof},
		{"a proof with old size 0", noSize, func(t *testing.T, b *witnessBench) []byte {
			return MarshalAddCheckpoint(0, b.log.proof(5, 7), b.sign(t, b.log.at(7)))
		}, 422, statement.CodeProof},
		{"a proof with old size 0 for the empty tree", 0, func(t *testing.T, b *witnessBench) []byte {
			return MarshalAddCheckpoint(0, make(tlog.TreeProof, 1), b.sign(t, b.log.at(0)))
		}, 422, statement.CodeProof},

		// 400: the form.
		{"old size above the checkpoint", 5, request(7, 5), 400, statement.CodeProof},
		{"old size above the empty tree", 0, request(5, 0), 400, statement.CodeProof},
		{"64 hashes", 5, proved(zeros(64)), 400, statement.CodeRequest},
		{"old 0300", 5, raw("old 0300\n\n"), 400, statement.CodeRequest},
		{"old 05", 5, raw("old 05\n\n"), 400, statement.CodeRequest},
		{"old 00", noSize, raw("old 00\n\n"), 400, statement.CodeRequest},
		{"old +300", 5, raw("old +300\n\n"), 400, statement.CodeRequest},
		{"old +0", noSize, raw("old +0\n\n"), 400, statement.CodeRequest},
		{"old -0", noSize, raw("old -0\n\n"), 400, statement.CodeRequest},
		{"old -1", noSize, raw("old -1\n\n"), 400, statement.CodeRequest},
		{"old 0x0", noSize, raw("old 0x0\n\n"), 400, statement.CodeRequest},
		{"old 0_0", noSize, raw("old 0_0\n\n"), 400, statement.CodeRequest},
		{"old without number", noSize, raw("old \n\n"), 400, statement.CodeRequest},
		{"two blanks", noSize, raw("old  0\n\n"), 400, statement.CodeRequest},
		{"blank after", noSize, raw("old 0 \n\n"), 400, statement.CodeRequest},
		{"Old", noSize, raw("Old 0\n\n"), 400, statement.CodeRequest},
		{"no old line", noSize, raw("\n"), 400, statement.CodeRequest},
		{"CRLF", noSize, raw("old 0\r\n\r\n"), 400, statement.CodeRequest},
		{"two old lines", noSize, raw("old 0\nold 0\n\n"), 400, statement.CodeRequest},
		{"old 2^63-1", 5, raw("old 9223372036854775807\n\n"), 400, statement.CodeProof},
		{"old 2^63", 5, raw("old 9223372036854775808\n\n"), 400, statement.CodeRequest},
		{"old 2^64", 5, raw("old 18446744073709551616\n\n"), 400, statement.CodeRequest},
		{"old of 1,000 digits", 5, raw("old %s\n\n", strings.Repeat("9", 1000)), 400, statement.CodeRequest},
		{"hash of 31 bytes", 5, raw("old 5\n%s\n\n", base64.StdEncoding.EncodeToString(make([]byte, 31))), 400, statement.CodeRequest},
		{"hash in the URL alphabet", 5, raw("old 5\n%s\n\n", base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 32))), 400, statement.CodeRequest},
		{"hash with other trailing bits", 5, raw("old 5\n%sB=\n\n", strings.Repeat("A", 42)), 400, statement.CodeRequest},
		{"hash and CR", 5, raw("old 5\n%s\r\n\n", base64.StdEncoding.EncodeToString(make([]byte, 32))), 400, statement.CodeRequest},
		{"empty body", noSize, func(*testing.T, *witnessBench) []byte { return nil }, 400, statement.CodeRequest},
		{"no empty line", noSize, func(*testing.T, *witnessBench) []byte { return []byte("old 0\n") }, 400, statement.CodeRequest},
		{"no checkpoint", noSize, func(*testing.T, *witnessBench) []byte { return []byte("old 0\n\n") }, 400, statement.CodeField},
		{"junk", noSize, func(*testing.T, *witnessBench) []byte { return bytes.Repeat([]byte{0, 0xff, '\n'}, 99) }, 400, statement.CodeRequest},
		{"size 2^63", noSize, text(func(s string) string { return strings.Replace(s, "\n5\n", "\n9223372036854775808\n", 1) }), 400, statement.CodeField},
		{"size 2^53+1", noSize, text(func(s string) string { return strings.Replace(s, "\n5\n", "\n9007199254740993\n", 1) }), 400, statement.CodeField},
		{"size 05", noSize, text(func(s string) string { return strings.Replace(s, "\n5\n", "\n05\n", 1) }), 400, statement.CodeField},
		{"size +5", noSize, text(func(s string) string { return strings.Replace(s, "\n5\n", "\n+5\n", 1) }), 400, statement.CodeField},
		{"size -5", noSize, text(func(s string) string { return strings.Replace(s, "\n5\n", "\n-5\n", 1) }), 400, statement.CodeField},
		{"extension line", noSize, text(func(s string) string { return s + "extension\n" }), 400, statement.CodeField},
		{"empty extension line", noSize, text(func(s string) string { return s + "\n" }), 400, statement.CodeField},
		{"no root", noSize, text(func(s string) string { return s[:strings.LastIndex(s[:len(s)-1], "\n")+1] }), 400, statement.CodeField},
		{"16 KiB and one byte", noSize, func(t *testing.T, b *witnessBench) []byte { return b.filled(t, MaxAddCheckpoint+1) }, 400, statement.CodeRequest},
		{"16 KiB", noSize, func(t *testing.T, b *witnessBench) []byte { return b.filled(t, MaxAddCheckpoint) }, 200, ""},
	}
	t.Logf("%d cases", len(cases))
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			b := newWitnessBench(t)
			if tc.seen != noSize {
				b.seen(t, tc.seen)
			}
			before, _ := b.heads.Latest(b.u.north.origin)
			a, err := b.w.AddCheckpoint(t.Context(), tc.body(t, b), now+7)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != tc.status || a.Code != tc.code {
				t.Fatalf("got %d %s, want %d %s", a.Status, a.Code, tc.status, tc.code)
			}
			after, have := b.heads.Latest(b.u.north.origin)
			if a.Status != 200 {
				if after.Tree != before.Tree || !bytes.Equal(after.Note, before.Note) || have != (tc.seen != noSize) {
					t.Error("a refused request changed the witness's memory")
				}
				b.checkRefusal(t, a, before)
				return
			}
			b.checkCosigned(t, a, after)
		})
	}
}

// filled is a good request that unknown signatures fill up to n bytes.
func (b *witnessBench) filled(t testing.TB, n int) []byte {
	t.Helper()
	body := b.request(t, 0, 7)
	name := b.u.observer.origin
	// A line of 5 raw bytes takes 8 of base64; the name takes up the rest.
	for len(body) < n-400 {
		body = append(body, line(Verifier{name: name}, make([]byte, 200))...)
	}
	rest := n - len(body) - len("—  \n") - 8
	return append(body, line(Verifier{name: strings.Repeat("n", rest)}, []byte{1})...)
}

func (b *witnessBench) checkRefusal(t *testing.T, a Answer, before Head) {
	t.Helper()
	if a.Status == 409 {
		if want := fmt.Sprintf("%d\n", before.Tree.Size); string(a.Body) != want || a.ContentType != "text/x.tlog.size" {
			t.Errorf("409 says %q as %s, want %q", a.Body, a.ContentType, want)
		}
	} else if string(a.Body) != string(a.Code)+"\n" {
		t.Errorf("body %q", a.Body)
	}
	// A validly signed note that was refused may be evidence; others are not.
	if signed := a.Status == 409 || a.Status == 422; signed && a.Suspect == nil || a.Status >= 403 && a.Status <= 404 && a.Suspect != nil {
		t.Errorf("%d with suspect %q", a.Status, a.Suspect)
	}
}

// checkCosigned reads the answer as the log would: our own reader and
// x/mod/sumdb/note accept it, and the memory holds exactly what was answered.
func (b *witnessBench) checkCosigned(t *testing.T, a Answer, kept Head) {
	t.Helper()
	c, err := Peek(kept.Note)
	if err != nil || c.Tree != kept.Tree {
		t.Fatalf("kept note %q: %v", kept.Note, err)
	}
	full := Join(c.Text(), a.Body)
	_, sigs, err := Open(full, b.u.south.witness.Verifier, b.u.south.witnessPQ.Verifier)
	if err != nil {
		t.Fatalf("the answer does not open: %v", err)
	}
	for _, s := range sigs {
		if s.Time != now+7 {
			t.Errorf("cosigned at %d", s.Time)
		}
	}
	if _, err := note.Open(full, note.VerifierList(b.u.south.witness.Verifier)); err != nil {
		t.Error(err)
	}
	keys := append(b.u.member(t, "north").OwnKeys(), b.u.south.witness.Verifier, b.u.south.witnessPQ.Verifier)
	_, all, err := Open(kept.Note, keys...)
	if err != nil || len(all) != bytes.Count(kept.Note, []byte("\n— ")) {
		t.Errorf("the kept note holds lines of strangers: %d of %q, %v", len(all), kept.Note, err)
	}
	if !bytes.HasSuffix(kept.Note, a.Body) {
		t.Error("the kept note lacks the answer")
	}
}

// TestWitnessRace is the race that the specification describes: N+1 and N+K
// at once, a thousand times. One wins, the other hears the size; the memory
// never rolls back.
func TestWitnessRace(t *testing.T) {
	const pairs = 1000
	b := newWitnessBench(t)
	b.log = newMemLog(b.u.north.origin, nil).grow(t, 7*pairs+8, "leaf")
	b.w.PQ = Signer{}
	b.w.Store = yielding{b.heads}
	b.seen(t, 1)
	size, won := uint64(1), [2]int{}
	for range pairs {
		var answers [2]Answer
		var wg sync.WaitGroup
		for i, step := range []uint64{1, 7} {
			body := b.request(t, size, size+step)
			wg.Go(func() { answers[i], _ = b.w.AddCheckpoint(context.Background(), body, now) })
		}
		wg.Wait()
		winner := 0
		if answers[1].Status == 200 {
			winner = 1
		}
		size += []uint64{1, 7}[winner]
		won[winner]++
		if lost := answers[1-winner]; answers[winner].Status != 200 || lost.Status != 409 || string(lost.Body) != fmt.Sprintf("%d\n", size) {
			t.Fatalf("answers %d and %d %q at size %d", answers[winner].Status, lost.Status, lost.Body, size)
		}
	}
	t.Logf("the smaller one won %d times, the larger one %d times", won[0], won[1])
	last := Tree{}
	for _, head := range b.heads.history[b.u.north.origin] {
		if head.Size < last.Size || head.Size == last.Size && head.Root != last.Root {
			t.Fatalf("rolled back from %d to %d", last.Size, head.Size)
		}
		last = head
	}
}

// yielding gives the other side its turn between check and update.
type yielding struct{ *memHeads }

func (y yielding) Latest(origin string) (Head, bool) {
	defer runtime.Gosched()
	return y.memHeads.Latest(origin)
}

// TestWitnessIdempotent: a log that lost the answer asks again for the same
// size; each time it gets a fresh cosignature, ML-DSA once per interval.
func TestWitnessIdempotent(t *testing.T) {
	b := newWitnessBench(t)
	b.seen(t, 5)
	for _, step := range []struct {
		at int64
		pq bool
	}{{now + 1, false}, {now + 59, false}, {now + 60, true}, {now + 61, false}, {now - 1000, true}} {
		a, err := b.w.AddCheckpoint(t.Context(), b.request(t, 5, 5), step.at)
		if err != nil || a.Status != 200 {
			t.Fatalf("at %d: %d, %v", step.at, a.Status, err)
		}
		_, sigs, err := Open(Join(b.log.at(5).Text(), a.Body), b.u.south.witness.Verifier, b.u.south.witnessPQ.Verifier)
		if err != nil || (len(sigs) == 2) != step.pq || sigs[0].Time != step.at {
			t.Errorf("at %d: %d signatures, %v", step.at, len(sigs), err)
		}
	}
}

// TestWitnessStorageFails: nothing is answered that is not kept, the next
// interval's ML-DSA line is not lost, and a clock before 1970 signs nothing.
func TestWitnessStorageFails(t *testing.T) {
	b := newWitnessBench(t)
	b.heads.fail = errors.New("disk")
	if a, err := b.w.AddCheckpoint(t.Context(), b.request(t, 0, 7), now); err == nil || a.Status != 0 || a.Body != nil {
		t.Errorf("answered %d %q, %v", a.Status, a.Body, err)
	}
	b.heads.fail = nil
	for _, at := range []int64{0, -5} {
		if a, err := b.w.AddCheckpoint(t.Context(), b.request(t, 0, 7), at); err == nil || a.Body != nil {
			t.Errorf("cosigned at %d: %q", at, a.Body)
		}
	}
	a, err := b.w.AddCheckpoint(t.Context(), b.request(t, 0, 7), now)
	if err != nil || bytes.Count(a.Body, []byte("\n")) != 2 {
		t.Errorf("after the disk is back: %q, %v", a.Body, err)
	}
}

// TestWitnessLogsApart: one log's head says nothing about another's.
func TestWitnessLogsApart(t *testing.T) {
	b := newWitnessBench(t)
	b.seen(t, 5)
	o := newMemLog(b.u.observer.origin, nil).grow(t, 3, "observer")
	body := MarshalAddCheckpoint(0, nil, must(Sign(o.at(3), now, b.u.observer.log)))
	if a, err := b.w.AddCheckpoint(t.Context(), body, now); err != nil || a.Status != 200 || a.Origin != o.origin {
		t.Errorf("got %d %s, %v", a.Status, a.Origin, err)
	}
	if h, _ := b.heads.Latest(b.u.north.origin); h.Tree != b.log.at(5).Tree {
		t.Error("the other log's head moved")
	}
}

// FuzzAddCheckpoint: no request panics, errs or makes the witness sign
// anything but a consistent successor of what it has.
func FuzzAddCheckpoint(f *testing.F) {
	b := newWitnessBench(f)
	f.Add(b.request(f, 5, 7))
	f.Add(b.request(f, 5, 5))
	f.Add(b.request(f, 0, 0))
	f.Add(b.request(f, 3, 7))
	f.Add([]byte("old 5\n\n" + b.u.north.origin + "\n5\nAAAA\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		heads := newMemHeads()
		w := &Witness{Keys: b.w.Keys, Store: heads, Cosigner: b.u.south.witness}
		heads.heads[b.u.north.origin] = Head{Tree: b.log.at(5).Tree}
		a, err := w.AddCheckpoint(t.Context(), body, now)
		if err != nil {
			t.Fatal(err)
		}
		h, _ := heads.Latest(b.u.north.origin)
		if (a.Status == 200) != (len(heads.history[b.u.north.origin]) == 1) {
			t.Fatalf("status %d, memory %v", a.Status, heads.history)
		}
		if h.Tree.Size > 12 || h.Tree != b.log.at(h.Tree.Size).Tree {
			t.Fatalf("cosigned a tree that north does not have: %v", h.Tree)
		}
	})
}
