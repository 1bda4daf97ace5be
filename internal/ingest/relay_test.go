package ingest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// carriedSink notes the lines it stored and what was told lost.
type carriedSink struct {
	lines []string // generation:offset
	lost  int
	at    Position
	fail  error
	last  error // of a line
}

func (s *carriedSink) Batch(_ context.Context, b Batch) error {
	if s.fail != nil {
		return s.fail
	}
	if b.From != b.Position().Offset && len(b.Lines) > 0 && b.Lines[0].Offset != b.From {
		return fmt.Errorf("batch from %d begins with %d", b.From, b.Lines[0].Offset)
	}
	for _, l := range b.Lines {
		s.last = l.Err
		s.lines = append(s.lines, fmt.Sprintf("%d:%d", b.Generation, l.Offset))
	}
	if b.Lost != nil {
		s.lost++
	}
	s.at = b.Position()
	return nil
}

// carried is the bytes [from, to) of a generation, a line for every ten.
func carried(made int64, sequence uint64, generation int, from, to int64, past ...Mark) Carried {
	c := Carried{Made: made, Sequence: sequence}
	c.Generation, c.From, c.To = generation, from, to
	for o := from; o < to; o += 10 {
		c.Lines = append(c.Lines, Line{Number: o/10 + 1, Offset: o, Size: 9, Raw: []byte("123456789")})
	}
	c.Theirs = Position{Mark: Mark{Generation: generation, Offset: to, Identity: Identity{Inode: uint64(generation) + 1, HeadLen: int(min(to, 20)), Head: "h"}}, Past: past}
	return c
}

// Whatever a stream repeats, drops or begins anew, each line is stored once, and what is missing is told.
func TestRelay(t *testing.T) {
	past := func(generation int, offset int64) Mark { return Mark{Generation: generation, Offset: offset} }
	for _, tt := range []struct {
		name string
		give []Carried
		want []string
		lost int
	}{
		{"in order", []Carried{carried(1, 1, 0, 0, 20), carried(1, 2, 0, 20, 30)}, []string{"0:0", "0:10", "0:20"}, 0},
		{"again", []Carried{carried(1, 1, 0, 0, 20), carried(1, 1, 0, 0, 20), carried(1, 2, 0, 20, 30), carried(1, 1, 0, 0, 20)}, []string{"0:0", "0:10", "0:20"}, 0},
		{"in another cut", []Carried{carried(1, 1, 0, 0, 20), carried(1, 2, 0, 10, 30)}, []string{"0:0", "0:10", "0:20"}, 0},
		{"rotated", []Carried{carried(1, 1, 0, 0, 20), carried(1, 2, 1, 0, 10, past(0, 20)), carried(1, 1, 0, 0, 20)}, []string{"0:0", "0:10", "1:0"}, 0},
		{"rotated, the end expired", []Carried{carried(1, 1, 0, 0, 20), carried(1, 3, 1, 0, 10, past(0, 30))}, []string{"0:0", "0:10", "1:0"}, 1},
		{"rotated twice, the middle expired", []Carried{carried(1, 1, 0, 0, 20), carried(1, 3, 2, 0, 10, past(0, 20), past(1, 10))}, []string{"0:0", "0:10", "2:0"}, 1},
		{"a hole", []Carried{carried(1, 1, 0, 0, 20), carried(1, 3, 0, 30, 40), carried(1, 4, 0, 40, 50), carried(1, 5, 1, 0, 10, past(0, 50))}, []string{"0:0", "0:10", "1:30", "1:40", "2:0"}, 1},
		{"the beginning expired", []Carried{carried(1, 9, 0, 30, 40)}, []string{"0:30"}, 1},
		{"made anew, the same file", []Carried{carried(1, 1, 0, 0, 20), carried(2, 1, 0, 0, 30), carried(2, 2, 0, 30, 40)}, []string{"0:0", "0:10", "0:20", "0:30"}, 0},
		{"made anew, another file", []Carried{carried(1, 1, 3, 0, 20), carried(2, 1, 0, 0, 20), carried(2, 2, 1, 0, 10, past(0, 20))}, []string{"3:0", "3:10", "4:0", "4:10", "5:0"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, restart := range []bool{false, true} {
				sink := &carriedSink{}
				r := NewRelay(Config{}, "s", Position{}, sink)
				for _, c := range tt.give {
					if restart {
						r = NewRelay(Config{}, "s", sink.at, sink)
					}
					if err := r.Take(t.Context(), c); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(tt.want, sink.lines); diff != "" || sink.lost != tt.lost {
					t.Errorf("restart %v: told lost %d times, want %d\n%s", restart, sink.lost, tt.lost, diff)
				}
			}
		})
	}
}

// What could not be stored is not passed over.
func TestRelayFails(t *testing.T) {
	sink := &carriedSink{fail: errors.New("no room")}
	r := NewRelay(Config{}, "s", Position{}, sink)
	if err := r.Take(t.Context(), carried(1, 1, 0, 0, 20)); !errors.Is(err, sink.fail) {
		t.Fatal(err)
	}
	sink.fail = nil
	if err := r.Take(t.Context(), carried(1, 1, 0, 0, 20)); err != nil || len(sink.lines) != 2 || sink.at.Relayed.Sequence != 1 {
		t.Errorf("%v %q", err, sink.lines)
	}
	bad := carried(1, 2, 0, 20, 30)
	bad.Format = "none such"
	if err := r.Take(t.Context(), bad); err != nil || sink.last != ErrNoFormat {
		t.Errorf("a format that is not here: %v, %v", err, sink.last)
	}
	for _, name := range []string{"", "a\x1b[2J", "a\nb", "\xff", string(make([]byte, 2000))} {
		if CheckName(name) == nil {
			t.Errorf("%q is a name", name)
		}
	}
}
