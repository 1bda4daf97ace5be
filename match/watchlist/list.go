// Package watchlist lets a partner ask, item by item and under a budget, whether a large list that stays secret holds it, and shows nothing else.
//
// The owner of the list publishes, once in an epoch, a file of tokens: eight
// bytes for each item, made with a key of this epoch by the verifiable
// oblivious pseudorandom function of RFC 9497 (ristretto255-SHA512). The root of
// the file and the key stand in the owner's log. Who asks sends blinded points,
// gets them back evaluated with a proof of the key, and looks up the tokens by
// itself. The rest of a token's hash is the echo: by showing it the asker proves
// to the owner that it really evaluated that item.
//
// Proven: the asker learns for at most as many items as it asked about whether
// they are on the list (one-more gap Diffie-Hellman, random oracles); the owner
// learns how many were asked about and nothing of which; every answer was made
// with the announced key, also within a batch, since batches are proved with
// weights that depend on all of it and not, beyond one pair, as the RFC does.
//
// Not: that the list holds what its owner really has; that an echo comes (who
// asks may keep a hit to itself); and a wrong "yes" has a chance of n·m/2^64 for
// m questions to n tokens. The file is an oracle for whoever gets the key: the
// key is destroyed at the end of its epoch, and the file should be.
package watchlist

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"entente/match"
	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// Format is the version of announcements, queries and answers.
const Format = "entente/watchlist/v1"

const (
	// TokenSize is the length of a token in bytes.
	TokenSize = 8
	// MaxTokens is the longest list.
	MaxTokens = 1 << 24
	// BlockTokens is how many tokens a block of the file holds; each has its
	// own place under the root.
	BlockTokens = 8192
)

// Announcement is what the owner puts into its log before anybody asks.
type Announcement struct {
	Party  string
	Epoch  uint64
	Tokens int               // a size class of match
	Key    group.Encoded     // b·G
	Know   group.Proof       // that b is known
	Signer ed25519.PublicKey // signs answers in this epoch
	Root   statement.Digest  // of the blocks of the file
}

// Digest names the announcement in queries and answers.
func (a *Announcement) Digest() statement.Digest {
	return statement.TaggedSum("entente/match/v1 watchlist", a.Marshal())
}

// Marshal returns the announcement's bytes: length and text of party, epoch (8),
// tokens (4), key (32), proof (64), signer (32), root (32).
func (a *Announcement) Marshal() []byte {
	b := append([]byte{byte(len(a.Party))}, a.Party...)
	b = binary.BigEndian.AppendUint64(b, a.Epoch)
	b = binary.BigEndian.AppendUint32(b, uint32(a.Tokens))
	b = append(append(append(b, a.Key[:]...), a.Know[:]...), a.Signer...)
	return append(b, a.Root[:]...)
}

const announcementSize = 1 + 8 + 4 + 32 + 64 + 32 + 32

// ParseAnnouncement reads and checks an announcement. The error is a
// *statement.Refusal.
func ParseAnnouncement(b []byte) (*Announcement, error) {
	if len(b) < announcementSize || len(b) != announcementSize+int(b[0]) || b[0] == 0 || b[0] > 31 {
		return nil, statement.Refuse(statement.CodeSize, "an announcement of %d bytes", len(b))
	}
	a := &Announcement{Party: string(b[1 : 1+b[0]])}
	b = b[1+b[0]:]
	a.Epoch, a.Tokens = binary.BigEndian.Uint64(b), int(binary.BigEndian.Uint32(b[8:]))
	a.Key, a.Know = group.Encoded(b[12:44]), group.Proof(b[44:108])
	a.Signer, a.Root = slices.Clone(b[108:140]), statement.Digest(b[140:172])
	if a.Tokens < 1 || a.Tokens > MaxTokens || match.SizeClass(a.Tokens) != a.Tokens {
		return nil, statement.Refuse(statement.CodeSize, "a list of %d tokens", a.Tokens)
	}
	key, err := group.Decode(a.Key[:])
	if err != nil {
		return nil, err
	}
	return a, group.CheckKnow(&key, a.context(), a.Know)
}

// context binds the proof of the key to owner and epoch.
func (a *Announcement) context() []byte {
	return binary.BigEndian.AppendUint64([]byte("watchlist "+a.Party+"\x00"), a.Epoch)
}

// input is what the function is evaluated on.
func (a *Announcement) input(v observable.Value) []byte {
	b := binary.BigEndian.AppendUint64([]byte(Format+"\x00"+a.Party+"\x00"), a.Epoch)
	return append(b, short("", []byte(v.Type), []byte(v.Canonical))...)
}

// Owner is the side that has the list. It answers until it is erased.
type Owner struct {
	Announcement Announcement
	key          *group.Scalar
	signer       ed25519.PrivateKey
	tokens       []byte   // ascending
	items        []uint32 // token index to item index; above the set's length a dummy
	set          match.Set
}

// NewOwner makes the tokens of a set for an epoch: most of the work. The set is
// kept, to check echoes; random is a cryptographic source.
func NewOwner(ctx context.Context, party string, epoch uint64, set match.Set, random io.Reader) (*Owner, error) {
	if party == "" || len(party) > 31 || set.Len() < 1 || set.Len() > MaxTokens {
		return nil, statement.Refuse(statement.CodeSize, "a watchlist of %d items", set.Len())
	}
	o := &Owner{Announcement: Announcement{Party: party, Epoch: epoch, Tokens: match.SizeClass(set.Len())}, set: set}
	var err error
	if o.key, err = group.RandomScalar(random); err != nil {
		return nil, err
	}
	var seed [ed25519.SeedSize]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	o.signer = ed25519.NewKeyFromSeed(seed[:])
	o.Announcement.Signer = o.signer.Public().(ed25519.PublicKey)
	public := o.key.Public()
	o.Announcement.Key = public.Encode()
	if o.Announcement.Know, err = group.Know(o.key, o.Announcement.context(), random); err != nil {
		return nil, err
	}
	if err := o.fill(ctx, random); err != nil {
		return nil, err
	}
	o.Announcement.Root = rootOf(o.tokens)
	return o, nil
}

// fill makes the tokens, and random ones up to the size class.
func (o *Owner) fill(ctx context.Context, random io.Reader) error {
	n := o.set.Len()
	type token struct {
		value [TokenSize]byte
		item  uint32
	}
	list := make([]token, o.Announcement.Tokens)
	const step = 1 << 14
	values := make([]observable.Value, step)
	for from := 0; from < n; from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := values[:min(step, n-from)]
		if err := o.set.Read(from, part); err != nil {
			return fmt.Errorf("read items: %w", err)
		}
		group.Each(len(part), func(a, b int) {
			for i := a; i < b; i++ {
				out := o.output(part[i])
				list[from+i] = token{[TokenSize]byte(out[:]), uint32(from + i)}
			}
		})
	}
	for i := n; i < len(list); i++ {
		list[i].item = uint32(i)
		if _, err := io.ReadFull(random, list[i].value[:]); err != nil {
			return fmt.Errorf("draw a dummy: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b token) int { return bytes.Compare(a.value[:], b.value[:]) })
	for _, t := range list {
		o.tokens, o.items = append(o.tokens, t.value[:]...), append(o.items, t.item)
	}
	return nil
}

// output is the function's value for an item.
func (o *Owner) output(v observable.Value) [64]byte {
	input := o.Announcement.input(v)
	p := newSuite(modeVOPRF).hash(input)
	q := p.Mul(o.key)
	return finalize(input, &q)
}

// File returns the tokens, ascending, eight bytes each.
func (o *Owner) File() []byte { return bytes.Clone(o.tokens) }

// Erase destroys the key: no further answer, no echo, and the file says nothing
// to anybody any more.
func (o *Owner) Erase() {
	if o.key != nil {
		o.key.Erase()
	}
	o.key, o.signer = nil, nil
}

// blocks are the hashes of the file's blocks.
func blocks(tokens []byte) []tree.Digest {
	var list []tree.Digest
	for len(tokens) > 0 {
		n := min(len(tokens), BlockTokens*TokenSize)
		list = append(list, statement.TaggedSum("entente/match/v1 tokens", tokens[:n]))
		tokens = tokens[n:]
	}
	return list
}

func rootOf(tokens []byte) tree.Digest { return tree.New(blocks(tokens)).Root() }

// Outline is the hashes of the file's blocks, 32 bytes each: with it each block
// can be checked when it comes.
func (o *Owner) Outline() []byte {
	var b []byte
	for _, d := range blocks(o.tokens) {
		b = append(b, d[:]...)
	}
	return b
}

// Block is a block of the file; nil beyond the last.
func (o *Owner) Block(i int) []byte {
	if i < 0 || i >= o.Announcement.Blocks() { // before it is multiplied: a stranger names it
		return nil
	}
	from := i * BlockTokens * TokenSize
	return bytes.Clone(o.tokens[from:min(from+BlockTokens*TokenSize, len(o.tokens))])
}

// Blocks is how many blocks the announced file has.
func (a *Announcement) Blocks() int { return (a.Tokens + BlockTokens - 1) / BlockTokens }

// CheckOutline refuses an outline that is not of the announced file.
func (a *Announcement) CheckOutline(outline []byte) error {
	if len(outline) != 32*a.Blocks() {
		return statement.Refuse(statement.CodeSize, "an outline of %d bytes for %d tokens", len(outline), a.Tokens)
	}
	list := make([]tree.Digest, a.Blocks())
	for i := range list {
		list[i] = tree.Digest(outline[32*i:])
	}
	if tree.New(list).Root() != a.Root {
		return statement.Refuse(statement.CodeDigest, "the outline is not of the file whose root is in the log")
	}
	return nil
}

// CheckBlock refuses a block that is not the one of an outline which CheckOutline
// has passed.
func (a *Announcement) CheckBlock(outline []byte, i int, block []byte) error {
	if i < 0 || i >= a.Blocks() || len(block) != min(BlockTokens, a.Tokens-i*BlockTokens)*TokenSize {
		return statement.Refuse(statement.CodeSize, "block %d of %d bytes", i, len(block))
	}
	if h := blocks(block)[0]; !bytes.Equal(h[:], outline[32*i:32*(i+1)]) {
		return statement.Refuse(statement.CodeDigest, "block %d is not of the file whose root is in the log", i)
	}
	return nil
}

// CheckFile refuses a file that is not the announced one.
func (a *Announcement) CheckFile(tokens []byte) error {
	if len(tokens) != a.Tokens*TokenSize {
		return statement.Refuse(statement.CodeSize, "a file of %d bytes for %d tokens", len(tokens), a.Tokens)
	}
	if rootOf(tokens) != a.Root {
		return statement.Refuse(statement.CodeDigest, "the file is not the one whose root is in the log")
	}
	for at := TokenSize; at < len(tokens); at += TokenSize {
		if bytes.Compare(tokens[at-TokenSize:at], tokens[at:at+TokenSize]) > 0 {
			return statement.Refuse(statement.CodeSeq, "the tokens are not in order")
		}
	}
	return nil
}
