package watchlist

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"entente/match"
	"entente/match/group"
	"entente/observable"
)

var update = flag.Bool("update", false, "rewrite docs/match/watchlist.json")

// published is one question to a list with a fixed key and fixed blinds.
type published struct {
	About        string     `json:"about"`
	Listed       []string   `json:"listed"`
	Key          string     `json:"key"` // b
	Announcement string     `json:"announcement"`
	File         string     `json:"file"`
	Questions    []question `json:"questions"`
}

type question struct {
	Items  []string `json:"items"`
	Blinds []string `json:"blinds"`
	Query  string   `json:"query"`
	Answer string   `json:"answer"`
	Hits   []string `json:"hits"`
	Echoes []string `json:"echoes"`
}

const publishedAt = "../../docs/match/watchlist.json"

// makePublished plays a batch and a question about one item, which is proved by the
// RFC's own form.
func makePublished(t *testing.T) []byte {
	t.Helper()
	list := names("listed", 5)
	o, a, file := open(t, list)
	p := published{
		About:  "A list of entente/watchlist/v1 of the party south in epoch 7, and two questions to it. Byte strings are hex. docs/wire.md, section 9, says how each comes about.",
		Listed: texts(list), Key: hex.EncodeToString(o.key.Bytes()), Announcement: hex.EncodeToString(a.Marshal()), File: hex.EncodeToString(file),
	}
	for _, items := range []match.Items{append(names("other", 2), list[1:3]...), list[4:5]} {
		q := ask(t, a, items)
		out := question{Items: texts(items), Query: hex.EncodeToString(q.raw)}
		for _, b := range q.blinds {
			out.Blinds = append(out.Blinds, hex.EncodeToString(b.Bytes()))
		}
		answer, err := o.Answer(q.raw, len(items), chance(3))
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Open(answer, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		out.Answer = hex.EncodeToString(answer)
		for _, h := range got {
			out.Hits, out.Echoes = append(out.Hits, h.Item.String()), append(out.Echoes, hex.EncodeToString(h.Echo[:]))
		}
		p.Questions = append(p.Questions, out)
	}
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func texts(list []observable.Value) (out []string) {
	for _, v := range list {
		out = append(out, v.String())
	}
	return out
}

// TestPublished: the published list is what this program makes, byte for byte,
// and whoever reads it, without the key, comes to the same hits.
func TestPublished(t *testing.T) {
	made := makePublished(t)
	if *update {
		if err := os.WriteFile(publishedAt, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(publishedAt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, data) {
		t.Errorf("%s is not what a list gives; -update rewrites it, as another version", publishedAt)
	}
	var p published
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	a, err := ParseAnnouncement(unhex(t, p.Announcement))
	if err != nil {
		t.Fatal(err)
	}
	file := unhex(t, p.File)
	if err := a.CheckFile(file); err != nil {
		t.Fatal(err)
	}
	for _, q := range p.Questions {
		back := &Query{about: a, raw: unhex(t, q.Query)}
		for i, item := range q.Items {
			back.items = append(back.items, observable.Value{Type: observable.Domain, Canonical: item[len("domain-name "):]})
			back.blinds = append(back.blinds, scalarOf(t, q.Blinds[i]))
		}
		hits, err := back.Open(unhex(t, q.Answer), bytes.NewReader(file))
		if err != nil || len(hits) == 0 || len(hits) != len(q.Hits) {
			t.Fatalf("%d hits, published are %d: %v", len(hits), len(q.Hits), err)
		}
		for i, h := range hits {
			if h.Item.String() != q.Hits[i] || hex.EncodeToString(h.Echo[:]) != q.Echoes[i] {
				t.Errorf("hit %d is %v", i, h.Item)
			}
		}
	}
	key := scalarOf(t, p.Key).Public()
	if want, err := group.Decode(a.Key[:]); err != nil || !key.Equal(&want) {
		t.Errorf("the published key is another one: %v", err)
	}
}
