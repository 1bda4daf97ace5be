package watchlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"

	"entente/statement"
)

// File is a token file that is read piece by piece: one of 2^24 tokens has 128 MiB,
// and who asks may follow many lists. A *bytes.Reader and an *io.SectionReader are
// files.
type File interface {
	io.ReaderAt
	Size() int64
}

// Intake takes the blocks of a token file in their order, each held against the
// announced root before anything of it counts. It holds no block.
type Intake struct {
	about   *Announcement
	outline []byte
	next    int
	last    [TokenSize]byte // of the block before
}

// NewIntake begins with the hashes of the blocks. The error is a *statement.Refusal.
func (a *Announcement) NewIntake(outline []byte) (*Intake, error) {
	if err := a.CheckOutline(outline); err != nil {
		return nil, err
	}
	return &Intake{about: a, outline: bytes.Clone(outline)}, nil
}

// Next is the number of the block that is to come; Complete that there is none.
func (f *Intake) Next() int { return f.next }

// Complete says that the whole file was taken.
func (f *Intake) Complete() bool { return f.next == f.about.Blocks() }

// Outline are the hashes of the blocks.
func (f *Intake) Outline() []byte { return f.outline }

// Size is how many bytes of the file were taken: where the next block begins.
func (f *Intake) Size() int64 {
	return int64(min(f.next*BlockTokens, f.about.Tokens)) * TokenSize
}

// Want is how many bytes the next block has.
func (f *Intake) Want() int {
	return min(BlockTokens, f.about.Tokens-f.next*BlockTokens) * TokenSize
}

// Check refuses what is not the next block. The error is a *statement.Refusal.
func (f *Intake) Check(block []byte) error {
	if f.Complete() {
		return statement.Refuse(statement.CodeSize, "the file has no block %d", f.next)
	}
	if err := f.about.CheckBlock(f.outline, f.next, block); err != nil {
		return err
	}
	last := f.last[:]
	for ; len(block) > 0; block = block[TokenSize:] {
		if bytes.Compare(last, block[:TokenSize]) > 0 {
			return statement.Refuse(statement.CodeSeq, "the tokens are not in order")
		}
		last = block[:TokenSize]
	}
	return nil
}

// Take takes the next block, or refuses it and changes nothing.
func (f *Intake) Take(block []byte) error {
	if err := f.Check(block); err != nil {
		return err
	}
	f.last, f.next = [TokenSize]byte(block[len(block)-TokenSize:]), f.next+1
	return nil
}

// pageTokens is how many tokens are read at once when one is looked up.
const pageTokens = 128

// find returns the first place of a token in a file. The error is the file's.
func find(file File, token []byte) (at int, found bool, err error) {
	n := int(file.Size() / TokenSize)
	read := func(from, to int) []byte {
		b := make([]byte, (to-from)*TokenSize)
		if got, e := file.ReadAt(b, int64(from)*TokenSize); got < len(b) && err == nil {
			err = fmt.Errorf("read tokens: %w", errors.Join(e, io.ErrUnexpectedEOF))
		}
		return b
	}
	// The page whose last token is not below the one that is looked for.
	page := sort.Search((n+pageTokens-1)/pageTokens, func(i int) bool {
		end := min((i+1)*pageTokens, n)
		return err == nil && bytes.Compare(read(end-1, end), token) >= 0
	})
	from := page * pageTokens
	if err != nil || from >= n {
		return n, false, err
	}
	in := read(from, min(from+pageTokens, n))
	at = from + sort.Search(len(in)/TokenSize, func(i int) bool { return bytes.Compare(in[i*TokenSize:][:TokenSize], token) >= 0 })
	return at, err == nil && at < n && bytes.Equal(in[(at-from)*TokenSize:][:TokenSize], token), err
}

// block reads a block of a file.
func block(file File, i int) ([]byte, error) {
	from := int64(i) * BlockTokens * TokenSize
	b := make([]byte, min(BlockTokens*TokenSize, file.Size()-from))
	if got, err := file.ReadAt(b, from); got < len(b) {
		return nil, fmt.Errorf("read tokens: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return b, nil
}
