package sieve

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"entente/observable"
	"entente/watch/indicator"
)

func costLayout() Layout {
	return Layout{
		Time: "t", Kind: "k", KindNeeded: true, KindValid: func([]byte) bool { return true },
		Class: func(string) Class { return Address },
	}
}

func oneDomain() *indicator.Set {
	return indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.Domain, Canonical: "no.line.has.this.invalid"}}})
}

// TestKeysThatBeginAlike: keys that all have one slot of the table are not looked for one behind the other.
func TestKeysThatBeginAlike(t *testing.T) {
	s, set := New(costLayout()), oneDomain()
	line := func(key string) []byte {
		return fmt.Appendf(nil, `{"t":"2026-11-03T08:00:00.000001+0000","k":"x","%s":1}`, key)
	}
	judged := 0
	for range 2 {
		judged = 0
		for i := range maxKeys - 100 {
			if s.Clear(set, line(fmt.Sprintf("12345678%04d12345678", i))) {
				judged++
			}
		}
	}
	if judged == 0 || judged > maxTries {
		t.Errorf("%d keys of one slot are judged, want at most %d", judged, maxTries)
	}
	for i := range 200 {
		if key := fmt.Sprintf("%d other", i*i); !s.Clear(set, line(key)) {
			t.Errorf("%q is not judged", key)
		}
	}
}

// TestFormsAreBounded learns from lines that somebody made in order that there be much to remember and to make: at no time is it
// more than was said, and what is made of it is made in bytes that do not grow with the square of a line.
func TestFormsAreBounded(t *testing.T) {
	const head = `{"t":"2026-11-03T08:00:00.%06d+0000","k":"x%d",`
	same := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 26)+`",`, 500), ",")
	for name, line := range map[string]func(i int) string{
		"kinds": func(i int) string { return fmt.Sprintf(head+`"a":1}`, i, i) },
		"shapes": func(i int) string {
			return fmt.Sprintf(head+`"a":[`, i, i%3) + strings.Repeat("[],", i%97) + strings.Repeat(`{"b":1},`, i%89) + fmt.Sprintf(`%d]}`, i)
		},
		"the same values": func(i int) string { return fmt.Sprintf(head+`"a":[%s]}`, i, i/4%8, same) },
		"the same values, and then others": func(i int) string {
			return fmt.Sprintf(head+`"a":[%s],"c":[%s{}]}`, i, i/4%4, same, strings.Repeat("[],", i/16%80))
		},
		"values that vary": func(i int) string {
			return fmt.Sprintf(head+`"a":[%s0]}`, i, i%4, strings.Repeat(fmt.Sprint(i, ","), 200+i/4%100))
		},
		"too many values": func(i int) string { return fmt.Sprintf(head+`"a":[%s0]}`, i, i%4, strings.Repeat("1,", 7000)) },
		"blanks":          func(i int) string { return fmt.Sprintf(head+strings.Repeat(" ", i%8000)+`"a":1}`, i, 1) },
	} {
		s, set := New(costLayout()), oneDomain()
		f := &s.forms
		for i := range 2600 {
			lessons := f.lessons
			if !s.Clear(set, []byte(line(i))) {
				t.Fatalf("%s: line %d is not clear", name, i)
			}
			if f.count > maxNodes || f.text > maxText || len(f.steps) > maxNodes+1 {
				t.Fatalf("%s: %d nodes, %d bytes, %d steps", name, f.count, f.text, len(f.steps))
			}
			if f.lessons == lessons || f.lessons%64 != 0 {
				continue
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f.make()
			runtime.ReadMemStats(&after)
			made := 0
			for _, st := range f.steps {
				made += len(st.text)
			}
			if allocated := int(after.TotalAlloc - before.TotalAlloc); made > maxMade || allocated > 4*maxMade {
				t.Fatalf("%s: texts of %d bytes, %d allocated", name, made, allocated)
			}
		}
	}
}
