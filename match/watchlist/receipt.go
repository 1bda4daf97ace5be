package watchlist

import (
	"bytes"

	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

// Receipt shows that the owner's list held one item, to anybody who has the
// evidence of its question. It shows the item, so it is its holder's to show.
type Receipt struct {
	Item  observable.Value `json:"item"`
	Place int              `json:"place"` // in the question
	Blind []byte           `json:"blind"`
	Block int              `json:"block"` // of the file, that has the token
	Data  []byte           `json:"data"`  // the block
	// Outline is the hashes of all blocks.
	Outline []byte `json:"outline"`
}

// MaxReceipt is more than a receipt of the longest list takes, in bytes.
const MaxReceipt = 4*(BlockTokens*TokenSize+MaxTokens/BlockTokens*32)/3 + 16<<10

// NewReceipt makes the receipt of a hit from the file and its outline.
func NewReceipt(h Hit, file File, outline []byte) (*Receipt, error) {
	at, found, err := find(file, h.Echo[:TokenSize])
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, statement.Refuse(statement.CodeProof, "the token is not in the file")
	}
	r := &Receipt{Item: h.Item, Place: h.Place, Blind: bytes.Clone(h.Blind[:]), Block: at / BlockTokens, Outline: outline}
	r.Data, err = block(file, r.Block)
	return r, err
}

// Check verifies a receipt against the evidence of its question: that this item
// was asked about, that the announced key was put to it, and that its token is
// in the file whose root was announced.
func (r *Receipt) Check(e *Evidence) error {
	if j, err := e.Judge(); err != nil {
		return err
	} else if j.Guilty != "" || len(e.Reply) == 0 {
		return statement.Refuse(statement.CodeProof, "the evidence has no answer that is right")
	}
	_, a, err := ParseTerms(e.Terms)
	if err != nil {
		return err
	}
	blind, err := group.ScalarFromBytes(r.Blind)
	if err != nil {
		return err
	}
	if r.Place < 0 || r.Place >= e.Ask.Items {
		return statement.Refuse(statement.CodeProof, "the question has no item %d", r.Place)
	}
	input := a.input(r.Item)
	asked := newSuite(modeVOPRF).hash(input)
	blinded := asked.Mul(blind)
	if p := blinded.Encode(); !bytes.Equal(p[:], e.Query[queryHead+r.Place*group.Size:][:group.Size]) {
		return statement.Refuse(statement.CodeProof, "another item was asked about")
	}
	out, err := group.Decode(e.Reply[r.Place*group.Size:][:group.Size])
	if err != nil {
		return err
	}
	bare := out.Mul(blind.Invert())
	h := finalize(input, &bare)
	if err := a.CheckOutline(r.Outline); err != nil {
		return err
	}
	if err := a.CheckBlock(r.Outline, r.Block, r.Data); err != nil {
		return err
	}
	if _, found, err := find(bytes.NewReader(r.Data), h[:TokenSize]); err != nil || !found {
		return statement.Refuse(statement.CodeProof, "the list does not hold the item")
	}
	return nil
}
