package jsonline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// visit is a visitor.
type visit func(*Node)

func (f visit) Visit(n *Node) { f(n) }

func walk(line string) (string, error) {
	var w Walker
	var b strings.Builder
	err := w.Walk([]byte(line), visit(func(n *Node) {
		if n.Kind == End {
			fmt.Fprintf(&b, "%s end\n", n.Path)
			return
		}
		fmt.Fprintf(&b, "%s(%s)=%s\n", n.Path, n.Key, n.Value)
	}))
	return b.String(), err
}

func TestWalk(t *testing.T) {
	got, err := walk(` {"a":1,"b":{"c":"x\ny","d":[true,null,{"e":-0.5e+3}],"d":[]},"a":"\u00e9\ud83d\ude00\ud800","":{"k.l":""}}` + "\r")
	want := "a(a)=1\nb.c(c)=x\ny\nb.d(d)=true\nb.d(d)=null\nb.d.e(e)=-0.5e+3\nb.d end\nb end\na(a)=é😀\uFFFD\n.k.l(k.l)=\n end\n"
	if err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestWalkRefuses(t *testing.T) {
	for line, want := range map[string]error{
		"":                                ErrSyntax,
		"[]":                              ErrSyntax,
		`"a"`:                             ErrSyntax,
		"{":                               ErrSyntax,
		`{"a"}`:                           ErrSyntax,
		`{"a":}`:                          ErrSyntax,
		`{"a":1,}`:                        ErrSyntax,
		`{a:1}`:                           ErrSyntax,
		`{"a":01}`:                        ErrSyntax,
		`{"a":1.}`:                        ErrSyntax,
		`{"a":1e}`:                        ErrSyntax,
		`{"a":+1}`:                        ErrSyntax,
		`{"a":tru}`:                       ErrSyntax,
		`{"a":[1,]}`:                      ErrSyntax,
		`{"a":"\x"}`:                      ErrSyntax,
		`{"a":"\u12"}`:                    ErrSyntax,
		`{"a":"\`:                         ErrSyntax,
		"{\"a\":\"\t\"}":                  ErrSyntax,
		"{\"a\":\"\\n\t\"":                ErrSyntax,
		`{"a":1}{"b":2}`:                  ErrSyntax,
		`{"a":1} x`:                       ErrSyntax,
		"{\"a\":\"\xff\"}":                ErrUTF8,
		"\uFEFF{}":                        ErrSyntax,
		"{\"a\":1}\x00":                   ErrSyntax,
		strings.Repeat(`{"a":`, 32) + "1": ErrSyntax,
		strings.Repeat(`{"a":`, 33) + "1": ErrDepth,
		`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32): ErrDepth,
		strings.Repeat(`{"a":`, 1<<17):                              ErrDepth,
	} {
		if _, err := walk(line); !errors.Is(err, want) {
			t.Errorf("%.40q gave %v, want %v", line, err, want)
		}
	}
	deepest := strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth)
	if _, err := walk(deepest); err != nil {
		t.Errorf("depth %d gave %v", MaxDepth, err)
	}
}

func TestWalkDoesNotAllocate(t *testing.T) {
	line := []byte(`{"a":1,"b":{"c":"x\ny","d":[true,null,{"e":-0.5e+3}]}}`)
	var w Walker
	nobody := visit(func(*Node) {})
	if n := testing.AllocsPerRun(100, func() { _ = w.Walk(line, nobody) }); n > 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// An extraordinary line leaves none of its memory behind, an ordinary one what the next will need.
func TestWalkLetsGoOfMemory(t *testing.T) {
	var w Walker
	for size, kept := range map[int]bool{1 << 20: false, 16 << 10: true} {
		line := []byte(`{"a":"` + strings.Repeat("x", size) + `"}`)
		if err := w.Walk(line, visit(func(*Node) {})); err != nil {
			t.Fatal(err)
		}
		if got := cap(w.marks) > size; got != kept || cap(w.marks) > 128<<10 {
			t.Errorf("after a line of %d bytes there is room for %d marks", size, cap(w.marks))
		}
	}
}

// FuzzWalk holds the grammar and the scalars against encoding/json.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":{"c":"x\ny","d":[true,null,{"e":-0.5e+3}],"d":[]},"a":"\u00e9\ud83d\ude00\ud800"}`,
		`{"a":[[[[]]]]}`, `{"a":"\ud800\u0041"}`, `{"\"":"\/"}`, `{"a":1`, "{}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var w Walker
		var scalars []string
		err := w.Walk(line, visit(func(n *Node) {
			switch n.Kind {
			case String:
				scalars = append(scalars, "s"+string(n.Value))
			case Number, Bool, Null:
				scalars = append(scalars, "l"+string(n.Value))
			}
		}))
		if errors.Is(err, ErrDepth) {
			return
		}
		object := json.Valid(line) && bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{"))
		if want := object && utf8.Valid(line); (err == nil) != want {
			t.Fatalf("%q gave %v; encoding/json says valid object %v", line, err, want)
		}
		if err != nil {
			return
		}
		if want := tokens(t, line); strings.Join(scalars, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%q gave %q, want %q", line, scalars, want)
		}
	})
}

// tokens returns the scalar values of line, keys left out, as encoding/json reads them.
func tokens(t *testing.T, line []byte) []string {
	t.Helper()
	type frame struct{ object, wantKey bool }
	var stack []frame
	var values []string
	done := func() {
		if n := len(stack); n > 0 && stack[n-1].object {
			stack[n-1].wantKey = true
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return values
		}
		if n := len(stack); n > 0 && stack[n-1].wantKey && token != json.Delim('}') {
			stack[n-1].wantKey = false
			continue
		}
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{':
				stack = append(stack, frame{true, true})
			case '[':
				stack = append(stack, frame{})
			default:
				stack = stack[:len(stack)-1]
				done()
			}
			continue
		case string:
			values = append(values, "s"+token)
		case json.Number:
			values = append(values, "l"+token.String())
		case bool:
			values = append(values, fmt.Sprintf("l%v", token))
		case nil:
			values = append(values, "lnull")
		}
		done()
	}
}

func BenchmarkWalk(b *testing.B) {
	line := []byte(`{"timestamp":"2021-06-06T15:57:37.272281+0200","flow_id":445348883402532,"event_type":"flow","src_ip":"192.168.1.132","src_port":1900,"dest_ip":"192.168.1.129","dest_port":44232,"proto":"UDP","app_proto":"failed","flow":{"pkts_toserver":12,"pkts_toclient":0,"bytes_toserver":4056,"bytes_toclient":0,"state":"new","reason":"timeout","alerted":false},"host":"sensor"}`)
	var w Walker
	nobody := visit(func(*Node) {})
	b.SetBytes(int64(len(line)))
	for range b.N {
		if err := w.Walk(line, nobody); err != nil {
			b.Fatal(err)
		}
	}
}
