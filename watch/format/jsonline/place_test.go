package jsonline

import (
	"fmt"
	"strings"
	"testing"

	"entente/watch/quote"
)

// shown is all that a walk over a line shows, with the places left out.
func shown(w *Walker, line string) string {
	var b strings.Builder
	err := w.Walk([]byte(line), visit(func(n *Node) {
		fmt.Fprintf(&b, "%d %s(%s)=%s\n", n.Kind, n.Path, n.Key, n.Value)
	}))
	fmt.Fprintln(&b, err)
	return b.String()
}

// full returns a walker that remembers nothing new.
func full(t testing.TB) *Walker {
	t.Helper()
	var w Walker
	for i := range MaxPlaces + 1 {
		if err := w.Walk(fmt.Appendf(nil, `{"junk %d":1}`, i), visit(func(*Node) {})); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.places.all) != MaxPlaces+1 {
		t.Fatalf("%d places", len(w.places.all))
	}
	return &w
}

// agree holds walkers to each other that remember nothing, the line itself, and all that they may.
func agree(t *testing.T, full *Walker, line string) {
	t.Helper()
	var fresh Walker
	want := shown(&fresh, line)
	for name, w := range map[string]*Walker{"the same walker": &fresh, "a full walker": full} {
		if got := shown(w, line); got != want {
			t.Fatalf("%s on %.300q gave\n%.3000s, the first time\n%.3000s", name, line, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	w := full(t)
	long := strings.Repeat("k", maxPath)
	for _, line := range []string{
		`{"a":{"b":{"c":1,"d":{"e":2}},"f":3},"g":[{"h":4},{"h":5,"i":{}}],"j":6}`,
		`{"a":1,"a":{"a":2},"a":[3]}`,
		`{"a.b":1,"a":{"b":2}}`,
		`{"a\"b":1,"a\\":2,"\u0061":3,"a":4}`,
		`{"a" : 1, "a":2 ,"a"	:3}`,
		`{"` + long + `":{"a":1,"b":{"c":2}},"a":{"` + long + `":3,"b":{"` + long + `":{"d":4,"e":[{"f":5}]},"g":6}}}`,
		`{"":{"":{"":1}}}`,
	} {
		agree(t, w, line)
	}
	places := make(map[int]string)
	var one Walker
	for range 3 { // the number of a path stays
		_ = one.Walk([]byte(`{"a":{"b":1,"c":2},"b":3}`), visit(func(n *Node) {
			if was, ok := places[n.Place]; ok && was != string(n.Path) || n.Place == 0 {
				t.Errorf("%s is place %d, which is %s", n.Path, n.Place, was)
			}
			places[n.Place] = string(n.Path)
		}))
	}
	if len(places) != 4 {
		t.Errorf("places %v", places)
	}
}

// Of a quiet place strings and ends are shown, and its grammar is read as before.
func TestQuiet(t *testing.T) {
	var w Walker
	line := `{"a":{"b":1,"c":2},"d":[3,"x",true],"b":4}`
	first := shown(&w, line)
	_ = w.Walk([]byte(line), visit(func(n *Node) {
		if path := string(n.Path); path == "a.b" || path == "d" || path == "a" {
			w.Quiet(n.Place, nil)
		}
	}))
	w.Quiet(0, nil)
	want := "1 a.c(c)=2\n4 a(a)=\n0 d(d)=x\n1 b(b)=4\n<nil>\n"
	if got := shown(&w, line); got != want {
		t.Errorf("got %s\nbefore %s", got, first)
	}
	if got := shown(&w, `{"a":{"b":1,"c":2},"d":01}`); !strings.Contains(got, ErrSyntax.Error()) {
		t.Errorf("a number that is none: %s", got)
	}
	if got := shown(&w, `{"a":{"b":"1"}}`); !strings.Contains(got, "a.b(b)=1") {
		t.Errorf("a string: %s", got)
	}
}

// Of strings, those are shown that are wanted.
func TestQuietStrings(t *testing.T) {
	var w Walker
	line := `{"a":"x","b":["keep","x","\u006beep"],"c":{"d":"x"},"e":"x"}`
	shown(&w, line)
	_ = w.Walk([]byte(line), visit(func(n *Node) {
		if n.Kind == String && string(n.Key) != "e" {
			w.Quiet(n.Place, func(value []byte) bool { return value[0] == 'k' })
		}
	}))
	want := "0 b(b)=keep\n0 b(b)=keep\n4 c(c)=\n0 e(e)=x\n<nil>\n"
	for range 2 {
		if got := shown(&w, line); got != want {
			t.Errorf("got %s", got)
		}
	}
}

// lines are of the kinds that steps lead through: values of all kinds, alone and in objects and arrays, empty ones among them.
func lines() []string {
	return []string{
		`{"a":"b","cc":0,"ddd":12,"e":{"f":true,"g-long-key-of-many-bytes":false},"h":"i"}  `,
		`{"a":[1,-2,3.5,{"b":"c"},[],{},"d\n"],"e":["f","g"],"h":[{"i":null},{"i":[true]}],"j":{"k":{}}}` + "\r",
		`{"a":{"a":{"a":1,"b":"2"},"b":[[3]]},"":"","a":{"b":4}}`,
		`{ "a" : "b" , "c" : [ 1 , "d" ] , "e" : { "f" : 2 } }`,
	}
}

// same holds a walker that has read before to one that has not.
func same(t *testing.T, w *Walker, text string) {
	t.Helper()
	got := shown(w, text)
	var fresh Walker
	if want := shown(&fresh, text); got != want {
		t.Fatalf("%q gave\n%s, where nothing is expected\n%s", text, got, want)
	}
}

// A walker that expects a line as it was reads what is left of it, and what another byte makes of it, as one that expects nothing.
func TestSteps(t *testing.T) {
	for _, line := range lines() {
		var w, each Walker // one that learns from all that it is shown, and one that knows the line
		for at := range line {
			texts := []string{line[:at], line[:at] + line[at+1:]}
			for _, c := range "\"\\{}[]:, \t\x01" + "09-.etfn\u00e9" {
				texts = append(texts, line[:at]+string(c)+line[at+1:], line[:at]+string(c)+line[at:])
			}
			for _, text := range texts {
				same(t, &w, text)
				each = Walker{}
				shown(&each, line)
				same(t, &each, text)
			}
		}
	}
}

// A line that was read is known to its end: what stands between its values is not taken apart again.
func TestStepsAreTaken(t *testing.T) {
	for _, line := range lines() {
		var w Walker
		shown(&w, line)
		w.marks, _ = quote.Index(nil, []byte(line))
		w.marks = append(w.marks, uint32(len(line)), uint32(len(line)))
		w.line, w.at, w.mark, w.visitor = []byte(line), 0, 0, visit(func(*Node) {})
		if last, err := w.run(w.places.begin()); err != nil || last.to != nil {
			t.Errorf("%s: known up to %q, %v", line, line[:w.at], err)
		}
	}
}

// A step over what is not remembered is not remembered either.
func TestStepsOverUnknown(t *testing.T) {
	w := full(t)
	for range 2 {
		for _, line := range []string{`{"junk 1":1,"new":{},"junk 2":2}`, `{"junk 1":1,"other":{"deep":{}},"junk 2":2}`} {
			same(t, w, line)
		}
	}
}

// What is remembered has a bound, and behind it all is read as before.
func TestStepsAreBounded(t *testing.T) {
	var w Walker
	for i := range 3 * MaxPlaces {
		same(t, &w, fmt.Sprintf(`{"a":{"%d":[]},"b":"c","%d":{"e":1},"f":[{"g":{"%d":0}}]}`, i%5000, i%7, i%3000))
	}
	if len(w.places.all) > MaxPlaces+1 || w.places.steps > maxSteps {
		t.Errorf("%d places, %d steps", len(w.places.all), w.places.steps)
	}
	for _, p := range w.places.all {
		for _, list := range p.after {
			if len(list) > maxAfter {
				t.Errorf("%d steps from %s", len(list), p.name.Path)
			}
		}
	}
	for _, line := range lines() {
		same(t, &w, line)
		same(t, &w, line)
	}
}

func FuzzSteps(f *testing.F) {
	all := lines()
	for i, line := range all {
		f.Add(line, all[(i+1)%len(all)])
	}
	f.Add(`{"a":[1]}`, `{"a":[]}`)
	f.Add(`{"a":1,"b":2}`, `{"a":1","b":2}`)
	f.Add(`{"a":"1","b":2}`, `{"a":1","b":2}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		var w Walker
		for _, line := range []string{first, second, first, second} {
			same(t, &w, line)
		}
	})
}

func FuzzPlaces(f *testing.F) {
	f.Add(`{"a":{"b":{"c":1,"d":{"e":2}},"f":3},"g":[{"h":4},{"h":5}],"a":6}`)
	f.Add(`{"a\"b":1,"a.b":{"c":"\u0061"},"a":{"b.c":2}}`)
	w := full(f)
	f.Fuzz(func(t *testing.T, line string) { agree(t, w, line) })
}
