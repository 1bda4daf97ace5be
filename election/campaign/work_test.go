package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// free counts steps and stops at none.
func free() *meter { return newMeter(context.Background(), Work{Steps: unbounded}) }

// flood are posts of one account, of one object and second, with so many of others
// among them that count for nothing, and one that does.
func flood(posts int) (out []Post) {
	for i := range posts {
		p := Post{Account: "loud", Object: "o", ID: fmt.Sprintf("%07d", i), At: 1_600_000_000 + int64(i%2)}
		switch {
		case i == posts/2:
			p.Account = "other"
		case i%9 == 0:
			p.Account = fmt.Sprintf("once%07d", i)
		case i%7 == 0:
			p.Account, p.ID = "passes it on", p.Object
		}
		out = append(out, p)
	}
	return append(out, Post{Account: "other", Object: "p", At: 1_700_000_000})
}

// TestFloodOfOneAccount: the posts of one account are not held against one another,
// however many: walked, these would be ten thousand million steps.
func TestFloodOfOneAccount(t *testing.T) {
	posts := flood(200_000)
	p := Params{Window: 60, Least: 2, Rounds: 1, Percent: 5}
	w := Work{Pairs: 200_000, Steps: 900_000}
	res, err := AnalyseWithin(t.Context(), posts, p, w)
	loud := 0
	for _, x := range posts {
		if x.Account == "loud" {
			loud++
		}
	}
	if err != nil || res.Pairs != loud { // each with the one post of the other
		t.Fatalf("%d pairs, want %d, %v", res.Pairs, loud, err)
	}
	if _, err := res.Quotes(t.Context(), posts, 5, w); err != nil {
		t.Error(err)
	}
}

// TestStepsArePairs: however posts of a few accounts lie among one another, there
// are at most two steps a pair and two a post.
func TestStepsArePairs(t *testing.T) {
	chance := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		var posts []Post
		for range 300 {
			a := min(chance.IntN(40), chance.IntN(40), chance.IntN(40))
			posts = append(posts, Post{Account: fmt.Sprint(a), Object: fmt.Sprint(chance.IntN(2)), At: 1_600_000_000 + chance.Int64N(50)})
		}
		m, n := free(), 0
		err := newTable(canonical(posts)).together(Params{Window: 1 + chance.Int64N(60), Least: 1 + chance.IntN(4)}, m, func(a, b int32) error {
			n++
			return nil
		})
		if err != nil || m.steps > int64(2*n+2*len(posts)) {
			t.Fatalf("%d steps for %d pairs, %v", m.steps, n, err)
		}
	}
}

// alike are texts of which all are near one another, and each is another.
func alike(texts int) (out []string) {
	for i := range texts {
		out = append(out, fmt.Sprintf("the polls of our county close at eight this evening so stay at home and tell all of your friends that they should too %06d", i))
	}
	return out
}

// TestClassIsNotWalked: a text that is near one of a class is not held against the
// rest of it, nor are they looked through.
func TestClassIsNotWalked(t *testing.T) {
	texts := alike(20_000)
	m := newMeter(t.Context(), Work{Steps: 3_000_000})
	class, err := classes(texts, 70, m)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range class {
		if c != 0 {
			t.Fatalf("text %d is of the class %d", i, c)
		}
	}
}

// TestTooMuchWork: beyond what is allowed there is no result, and what there was
// too much of is said.
func TestTooMuchWork(t *testing.T) {
	var posts []Post
	texts := alike(600)
	for i := range texts {
		posts = append(posts, Post{Account: fmt.Sprint(i % 300), Object: "o", At: 1_600_000_000, Text: texts[i]})
	}
	p := Params{Window: 60, Least: 1, Rounds: 1, Percent: 5}
	const pairs = 300 * 299 / 2 * 4
	res, err := AnalyseWithin(t.Context(), posts, p, Work{Pairs: pairs, Steps: 3 * pairs})
	if err != nil || res.Pairs != pairs {
		t.Fatalf("%d pairs, %v", res.Pairs, err)
	}
	near := p
	near.Near = 70
	for what, run := range map[string]func() error{
		"pairs":  func() error { _, err := AnalyseWithin(t.Context(), posts, p, Work{pairs - 1, unbounded}); return err },
		"steps":  func() error { _, err := AnalyseWithin(t.Context(), posts, p, Work{pairs, pairs}); return err },
		"texts":  func() error { _, err := AnalyseWithin(t.Context(), posts, near, Work{pairs, 20_000}); return err },
		"quotes": func() error { _, err := res.Quotes(t.Context(), posts, 5, Work{pairs, pairs}); return err },
	} {
		if err := run(); !errors.Is(err, ErrWork) || err.Error() == ErrWork.Error() {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// ending ends after it was asked so many times.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEndsWithItsContext: wherever it stands, in texts, pairs or shuffles, a context
// that ended ends it before it asks once more.
func TestEndsWithItsContext(t *testing.T) {
	var posts []Post
	texts := alike(600)
	for i := range texts {
		posts = append(posts, Post{Account: fmt.Sprint(i % 200), Object: "o", At: 1_600_000_000 + int64(i), Text: texts[i]})
	}
	p := Params{Window: 3600, Least: 1, Rounds: 5, Percent: 5, Near: 70}
	w := Work{Pairs: maxPairs, Steps: unbounded}
	all := &ending{t.Context(), 1 << 30}
	res, err := AnalyseWithin(all, posts, p, w)
	if err != nil {
		t.Fatal(err)
	}
	asked := 1<<30 - all.left
	if asked < bands+p.Rounds+res.Pairs/askEvery {
		t.Errorf("asked %d times", asked)
	}
	for left := 0; left < asked; left += 3 {
		e := &ending{t.Context(), left}
		if _, err := AnalyseWithin(e, posts, p, w); !errors.Is(err, context.Canceled) || e.left != -1 {
			t.Fatalf("after %d times: %v, asked %d times more", left, err, -1-e.left)
		}
	}
	if _, err := res.Quotes(&ending{t.Context(), 2}, posts, 5, w); !errors.Is(err, context.Canceled) {
		t.Errorf("quotes: %v", err)
	}
}
