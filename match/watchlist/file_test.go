package watchlist

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"entente/statement"
)

// counted is a file that counts what is read of it, and may fail.
type counted struct {
	*bytes.Reader
	read int
	fail bool
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	if c.fail {
		return 0, io.ErrUnexpectedEOF
	}
	c.read += len(b)
	return c.Reader.ReadAt(b, at)
}

// TestFind: every token is found at its first place, whatever its page, and with
// little read of the file.
func TestFind(t *testing.T) {
	for _, n := range []int{0, 1, 2, pageTokens - 1, pageTokens, pageTokens + 1, 3*pageTokens + 7} {
		var file []byte
		for i := range n {
			file = append(file, 0, 0, 0, 0, 0, 0, byte((i/2+1)>>8), byte(i/2+1)) // each twice
		}
		f := &counted{Reader: bytes.NewReader(file)}
		for i := range n/2 + 3 {
			token := []byte{0, 0, 0, 0, 0, 0, byte(i >> 8), byte(i)}
			f.read = 0
			at, found, err := find(f, token)
			if want := max(0, 2*(i-1)); err != nil || found != (i > 0 && want < n) || found && at != want {
				t.Errorf("%d of %d tokens: at %d, %t, %v", i, n, at, found, err)
			}
			if f.read > (pageTokens+16)*TokenSize {
				t.Errorf("%d of %d tokens: %d bytes were read", i, n, f.read)
			}
		}
	}
}

// TestOpenAgain: a file that cannot be read just now costs no hit.
func TestOpenAgain(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	q := ask(t, a, list[:5])
	answer, err := o.Answer(q.Bytes(), 5, chance(3))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Open(answer, &counted{Reader: bytes.NewReader(file), fail: true}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("a file that fails: %v", err)
	}
	got, err := q.Open(answer, bytes.NewReader(file))
	if err != nil || len(got) != 5 {
		t.Errorf("%v, %v", hits(got), err)
	}
}

// TestIntake: blocks are taken in their order, and what is none changes nothing.
func TestIntake(t *testing.T) {
	o, a, _ := open(t, names("listed", BlockTokens+100))
	in, err := a.NewIntake(o.Outline())
	if err != nil {
		t.Fatal(err)
	}
	wrong := o.Block(0)
	wrong[3] ^= 1
	for _, c := range []struct {
		what     string
		block    []byte
		code     statement.Code
		complete bool
	}{
		{"the second first", o.Block(1), statement.CodeSize, false},
		{"another", wrong, statement.CodeDigest, false},
		{"the first", o.Block(0), "", false},
		{"the first again", o.Block(0), statement.CodeSize, false},
		{"the second", o.Block(1), "", true},
		{"one more", o.Block(1), statement.CodeSize, true},
	} {
		err := in.Take(c.block)
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, refusal(c.code)) || in.Complete() != c.complete {
			t.Errorf("%s: %v, complete %t", c.what, err, in.Complete())
		}
	}
	if in.Size() != int64(len(o.tokens)) {
		t.Errorf("%d bytes of %d", in.Size(), len(o.tokens))
	}
	for what, bend := range map[string]func(tokens []byte){
		"within a block":   func(tokens []byte) { copy(tokens[TokenSize:], bytes.Repeat([]byte{0}, TokenSize)) },
		"over their edges": func(tokens []byte) { copy(tokens[(BlockTokens-1)*TokenSize:], bytes.Repeat([]byte{255}, TokenSize)) },
	} {
		tokens := slices.Clone(o.tokens)
		bend(tokens)
		bent := &Owner{Announcement: o.Announcement, tokens: tokens}
		bent.Announcement.Root = rootOf(tokens)
		in, err := bent.Announcement.NewIntake(bent.Outline())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(in.Take(bent.Block(0)), in.Take(bent.Block(1))); !errors.Is(err, refusal(statement.CodeSeq)) {
			t.Errorf("unsorted %s: %v", what, err)
		}
	}
}
