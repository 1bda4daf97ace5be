package indicator

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"entente/statement"
)

func wantCode(t *testing.T, what string, err error, code statement.Code) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	if r, ok := statement.AsRefusal(err); !ok || r.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestItemCheck(t *testing.T) {
	good := Item{Type: "domain-name", Value: "evil.example", Observed: "2026-05-01", Until: "2026-06-01T10:00:00Z", Note: "№ 1: “C2”"}
	with := func(f func(*Item)) Item { it := good; f(&it); return it }
	for _, c := range []struct {
		what string
		item Item
		code statement.Code
	}{
		{"good", good, ""},
		{"undated", with(func(it *Item) { it.Observed, it.Until = "", "" }), ""},
		{"same day", with(func(it *Item) { it.Until = it.Observed }), ""},
		{"unknown type", with(func(it *Item) { it.Type = "mutex" }), statement.CodeValue},
		{"upper case", with(func(it *Item) { it.Value = "Evil.example" }), statement.CodeValue},
		{"type that normalises to another", with(func(it *Item) { it.Type, it.Value = "ipv4-net", "198.51.100.1" }), statement.CodeValue},
		{"host bits", with(func(it *Item) { it.Type, it.Value = "ipv4-net", "198.51.100.1/24" }), statement.CodeValue},
		{"too long", with(func(it *Item) { it.Type, it.Value = "url", "evil.example/"+strings.Repeat("a", MaxValue) }), statement.CodeSize},
		{"odd date", with(func(it *Item) { it.Observed = "05/01/2026" }), statement.CodeField},
		{"no such day", with(func(it *Item) { it.Observed = "2026-02-30" }), statement.CodeField},
		{"year 0001", with(func(it *Item) { it.Observed = "0001-01-01" }), statement.CodeField},
		{"until first", with(func(it *Item) { it.Until = "2026-04-30T23:59:59Z" }), statement.CodeField},
		{"long note", with(func(it *Item) { it.Note = strings.Repeat("n", MaxNote+1) }), statement.CodeSize},
		{"escape in note", with(func(it *Item) { it.Note = "\x1b[2J" }), statement.CodeUTF8},
		{"bidi in note", with(func(it *Item) { it.Note = "a\u202eb" }), statement.CodeUTF8},
		{"two lines", with(func(it *Item) { it.Note = "a\nb" }), statement.CodeUTF8},
	} {
		wantCode(t, c.what, c.item.Check(), c.code)
	}
}

func TestUntilDateIncludesTheDay(t *testing.T) {
	_, until, err := Item{Until: "2026-05-01"}.Times()
	if err != nil || until.Format("2006-01-02T15:04") != "2026-05-02T00:00" {
		t.Errorf("%v %v", until, err)
	}
}

const body = `{"name":"C2 of May","source":"own sensors","basis":"observed","count":2,"sheet":1,"sheets":1}`

func TestCheckList(t *testing.T) {
	for _, c := range []struct {
		what, old, new string
		code           statement.Code
	}{
		{"good", "", "", ""},
		{"no name", `"C2 of May"`, `""`, statement.CodeField},
		{"long name", `C2 of May`, strings.Repeat("x", 121), statement.CodeSize},
		{"control", `own sensors`, `own\u0007sensors`, statement.CodeUTF8},
		{"basis", `observed`, `rumoured`, statement.CodeField},
		{"no items", `"count":2`, `"count":0`, statement.CodeField},
		{"too many", `"count":2`, `"count":5001`, statement.CodeField},
		{"fraction", `"count":2`, `"count":2.0`, statement.CodeNumber},
		{"sheet 2 of 1", `"sheet":1`, `"sheet":2`, statement.CodeField},
		{"unknown field", `"sheets":1`, `"sheets":1,"force":true`, statement.CodeField},
		{"key twice", `"sheets":1`, `"sheets":1,"sheets":1`, statement.CodeDupKey},
		{"key in upper case", `"sheets"`, `"Sheets"`, statement.CodeCaseKey},
	} {
		text := strings.Replace(body, c.old, c.new, 1)
		if c.old == "" {
			text = body
		}
		wantCode(t, c.what, CheckList([]byte(text)), c.code)
	}
}

func sighting(edit func(*SightingBody)) []byte {
	s := SightingBody{
		Indicator: statement.Ref{Origin: "entente/north/0123abcd", Index: 7, ID: statement.TaggedSum("test")},
		Item:      3, Type: "ipv4-addr", Value: "198.51.100.7", Count: 12,
		First: "2026-05-01T10:00:00Z", Last: "2026-05-02T10:00:00.25Z", Basis: BasisObserved,
	}
	edit(&s)
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a test that cannot marshal its own struct
	}
	return b
}

func TestCheckSighting(t *testing.T) {
	for _, c := range []struct {
		what string
		edit func(*SightingBody)
		code statement.Code
	}{
		{"good", func(*SightingBody) {}, ""},
		{"nothing named", func(s *SightingBody) { s.Indicator = statement.Ref{} }, statement.CodeField},
		{"item", func(s *SightingBody) { s.Item = MaxItems }, statement.CodeField},
		{"never", func(s *SightingBody) { s.Count = 0 }, statement.CodeField},
		{"too often", func(s *SightingBody) { s.Count = MaxCount + 1 }, statement.CodeField},
		{"value", func(s *SightingBody) { s.Value = "198.51.100.007" }, statement.CodeValue},
		{"undated", func(s *SightingBody) { s.First = "" }, statement.CodeField},
		{"backwards", func(s *SightingBody) { s.First, s.Last = s.Last, s.First }, statement.CodeField},
		{"basis", func(s *SightingBody) { s.Basis = "" }, statement.CodeField},
	} {
		wantCode(t, c.what, CheckSighting(sighting(c.edit)), c.code)
	}
}

func items(n, note int) []Item {
	list := make([]Item, n)
	for i := range list {
		list[i] = Item{Type: "domain-name", Value: fmt.Sprintf("n%d.example", i), Note: strings.Repeat("&", note)}
	}
	return list
}

func TestParseList(t *testing.T) {
	for _, c := range []struct {
		what, text string
		code       statement.Code
	}{
		{"good", `{"items":[{"type":"domain-name","value":"evil.example"},{"type":"url","value":"evil.example/"}]}`, ""},
		{"empty", `{"items":[]}`, statement.CodeSize},
		{"null", `{"items":null}`, statement.CodeSize},
		{"twice", `{"items":[{"type":"domain-name","value":"evil.example"},{"type":"domain-name","value":"evil.example"}]}`, statement.CodeValue},
		{"unknown field", `{"items":[{"type":"domain-name","value":"evil.example","block":true}]}`, statement.CodeField},
		{"trailing", `{"items":[{"type":"domain-name","value":"evil.example"}]} {}`, statement.CodeJSON},
		{"too large", `{"items":[{"type":"domain-name","value":"` + strings.Repeat("x", MaxList) + `"}]}`, statement.CodeSize},
	} {
		_, err := ParseList([]byte(c.text))
		wantCode(t, c.what, err, c.code)
	}
	_, err := List{Items: items(MaxItems+1, 0)}.Marshal()
	wantCode(t, "5001 items", err, statement.CodeSize)
	_, err = List{Items: append(items(3, 0), Item{Type: "md5", Value: "xyz"})}.Marshal()
	if r, ok := statement.AsRefusal(err); !ok || !strings.HasPrefix(r.Detail, "item 3: ") {
		t.Errorf("%v does not name the item", err)
	}
}

func TestSplitFitsAndKeepsEverything(t *testing.T) {
	for _, c := range []struct{ n, note, sheets int }{
		{0, 0, 0},
		{1, 0, 1},
		{MaxItems, 0, 1},
		{MaxItems + 1, 0, 2},
		{2 * MaxItems, 0, 2},
		{MaxItems, MaxNote, 2}, // 5,000 long notes are more than a megabyte
	} {
		whole := items(c.n, c.note)
		sheets := Split(whole)
		if len(sheets) != c.sheets {
			t.Errorf("%d items: %d sheets, want %d", c.n, len(sheets), c.sheets)
		}
		var joined []Item
		for _, sheet := range sheets {
			data, err := List{Items: sheet}.Marshal()
			if err != nil {
				t.Fatalf("%d items: %v", c.n, err)
			}
			back, err := ParseList(data)
			if err != nil {
				t.Fatalf("%d items: %v", c.n, err)
			}
			joined = append(joined, back.Items...)
		}
		if len(joined) != len(whole) || len(whole) > 0 && !reflect.DeepEqual(joined, whole) {
			t.Errorf("%d items: not the same after the way through the sheets", c.n)
		}
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(`{"items":[{"type":"domain-name","value":"evil.example","observed":"2026-05-01","note":"x"}]}`))
	f.Add([]byte(`{"items":[{"type":"ipv4-net","value":"198.51.100.0/24","until":"2026-05-01T00:00:00Z","context":true}]}`))
	f.Add([]byte(body))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseList(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		again, err := l.Marshal()
		if err != nil {
			t.Fatalf("accepted, but cannot be sent: %v", err)
		}
		back, err := ParseList(again)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Fatalf("changed on the way: %v", err)
		}
	})
}

func FuzzCheckBodies(f *testing.F) {
	f.Add([]byte(body))
	f.Add(sighting(func(*SightingBody) {}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, err := range []error{CheckList(data), CheckSighting(data)} {
			if _, ok := statement.AsRefusal(err); err != nil && !ok {
				t.Fatalf("not a refusal: %v", err)
			}
		}
	})
}
