package match

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"entente/observable"
)

var update = flag.Bool("update", false, "rewrite the transcripts in docs/match")

// published is one run with fixed keys and salts, so that a second
// implementation can check every byte.
type published struct {
	About    string             `json:"about"`
	Manifest string             `json:"manifest"` // its text; the run keys sign it
	SID      string             `json:"sid"`
	Sides    [2]publishedSide   `json:"sides"`
	Messages []publishedMessage `json:"messages"`
	Count    int                `json:"count"`
	Pairs    []Pair             `json:"pairs"` // matched places; null where only the count is shown
}

type publishedSide struct {
	Party   string   `json:"party"`
	RunKey  string   `json:"run_key"` // Ed25519 seed
	Seed    string   `json:"seed"`    // of the salts
	Source  string   `json:"source"`  // seed of the random source: SHA-512(seed, counter (8)), block after block
	Items   []string `json:"items"`
	Lock    string   `json:"lock"` // k, the scalar of the run
	Nonce   string   `json:"nonce"`
	Dummies string   `json:"dummies"` // the secret of the dummies
	Stock   string   `json:"stock"`   // root over its salted items
	Self    string   `json:"self"`    // its self-proof
}

type publishedMessage struct {
	Side  int    `json:"side"`
	ID    string `json:"id"`
	Place *Place `json:"place,omitempty"`
	Bytes string `json:"bytes"`
}

// publish plays a run whose chance comes from fixed seeds and writes down all
// of it, in the order in which the messages were fetched.
func publish(t *testing.T, about string, change func(m *Manifest)) ([]byte, *meeting) {
	t.Helper()
	g := meet(t, [2]Set{names("shared", 3), append(names("shared", 2), names("south", 3)...)}, change)
	p := published{About: about, Manifest: string(g.agreed.Bytes), SID: hex.EncodeToString(g.agreed.SID[:])}
	for i := range g.runs {
		c, source := g.config(i), []byte{'s', 'o', 'u', 'r', 'c', 'e', byte('0' + i)}
		c.Random = &stream{seed: source}
		r, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		g.runs[i] = r
		p.Sides[i] = publishedSide{
			Party: c.Party, RunKey: hex.EncodeToString(g.keys[i].Seed()), Seed: hex.EncodeToString(c.Seed[:]), Source: hex.EncodeToString(source),
			Lock: hex.EncodeToString(r.key.Bytes()), Nonce: hex.EncodeToString(r.nonce[:]), Dummies: hex.EncodeToString(r.dummies[:]),
			Stock: g.shelves[i][0].Root().String(),
		}
		for _, v := range c.Set.(Items) {
			p.Sides[i].Items = append(p.Sides[i].Items, v.String())
		}
		if err := r.Prepare(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.play(func(from int, id ID, raw []byte) []byte {
		m := publishedMessage{Side: from, ID: id.String(), Bytes: hex.EncodeToString(raw)}
		if rec, ok := g.runs[from].ours().records[id]; ok {
			m.Place = rec.place
		}
		p.Messages = append(p.Messages, m)
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	for i, r := range g.runs {
		if !r.Done() {
			t.Fatalf("side %d waits for %v", i, r.Want())
		}
		p.Sides[i].Self = hex.EncodeToString(r.Self().Proof[:])
	}
	p.Count, p.Pairs = g.runs[0].board.count, g.runs[0].board.pairs
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n'), g
}

// TestPublished: the transcripts under docs/match are what this program makes,
// byte for byte, and a verifier that reads them finds what they say.
func TestPublished(t *testing.T) {
	for name, change := range map[string]func(m *Manifest){
		"names": aged(3600),
		"count": func(m *Manifest) { m.Mode, m.Audit = ModeCount, Audit{Sees: SeesNobody} },
	} {
		path := filepath.Join("../docs/match", name+".json")
		made, _ := publish(t, "A run of entente/match/v1 in mode "+name+" with fixed keys and salts. Byte strings are hex. docs/wire.md, section 9, says how each comes about.", change)
		if *update {
			if err := os.WriteFile(path, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, made) {
			t.Errorf("%s is not what a run gives; -update rewrites it, as another version of the protocol", path)
		}
		readBack(t, data)
	}
}

// readBack has a verifier read a published run, from the file alone.
func readBack(t *testing.T, data []byte) {
	t.Helper()
	var p published
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	var sigs [2][64]byte
	for i, s := range p.Sides {
		seed, err := hex.DecodeString(s.RunKey)
		if err != nil {
			t.Fatal(err)
		}
		sigs[i] = SignManifest([]byte(p.Manifest), runKeyOf(seed))
	}
	a, err := NewAgreed([]byte(p.Manifest), sigs)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier(a)
	v.board.private = true
	for _, m := range p.Messages {
		raw, err := hex.DecodeString(m.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Accept(raw, m.Place); err != nil {
			t.Fatalf("side %d, %s: %v", m.Side, m.ID, err)
		}
	}
	rep := v.Report()
	if rep.Count != p.Count || rep.Count != 2 || len(rep.Pairs) != len(p.Pairs) || !rep.Closed || rep.Fault != nil {
		t.Errorf("the verifier finds %+v", rep)
	}
	if a.Manifest.Mode == ModeNames && (rep.Receipts != [2]int{2, 2} || rep.Audited[0] == 0) {
		t.Errorf("receipts of %v, audits of %v", rep.Receipts, rep.Audited)
	}
	if a.Manifest.Time != began.UnixMilli() || time.UnixMilli(a.Manifest.Time).Year() != 2026 || a.Manifest.Types[0] != observable.Domain {
		t.Error("another manifest")
	}
}
