package accord

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"entente/statement"
)

// ContentPart is the further part that bodies of this package speak of.
const ContentPart = 1

// NeedsContent says that a statement of this kind and body cannot do without
// part 1: there is a text or a list that the act commits to.
func NeedsContent(kind statement.Kind, body []byte) bool {
	switch kind {
	case KindProposal, KindAccount, KindDisclosure:
		return true
	case KindAssessment:
		a, err := ParseAssessment(body)
		return err == nil && a.Matrix != statement.Digest{}
	}
	return false
}

// CheckContent holds part 1 of a statement against what its act says of it.
// A kind whose bodies speak of no part takes any.
func CheckContent(kind statement.Kind, body, part []byte) error {
	switch kind {
	case KindProposal:
		p, err := ParseProposal(body)
		if err != nil {
			return err
		}
		_, err = OpenPaper(p, part)
		return err
	case KindAccount:
		a, err := ParseAccount(body)
		if err != nil {
			return err
		}
		_, err = ParseItems(a, part)
		return err
	case KindAssessment:
		a, err := ParseAssessment(body)
		if err != nil {
			return err
		}
		_, err = ParseMatrix(a, part)
		return err
	case KindExhibit:
		e, err := ParseExhibit(body)
		if err != nil {
			return err
		}
		if int64(len(part)) != e.Size || sha256.Sum256(part) != e.SHA256 {
			return statement.Refuse(statement.CodeDigest, "the content is not what the act describes")
		}
	case KindDisclosure:
		_, _, err := SplitDisclosed(part)
		return err
	}
	return nil
}

// mostOf is how many bytes part 1 may have: of what is sealed so many that its
// depositary can say them with their salt in one part.
func mostOf(mode string) int {
	if mode == "sealed" {
		return statement.MaxPart - 32
	}
	return statement.MaxPart
}

// OpenPaper reads part 1 of a proposal and holds it against the act: its
// digest, a wording for each clause, and every authentic language everywhere.
func OpenPaper(p Proposal, part []byte) (Paper, error) {
	paper, err := ParsePaper(part)
	if err != nil {
		return Paper{}, err
	}
	if PaperDigest(part) != p.Paper {
		return Paper{}, statement.Refuse(statement.CodeDigest, "the text is not the one that the act commits to")
	}
	if len(paper.Clauses) != len(p.Clauses) {
		return Paper{}, refuse("%d clauses are worded, the act has %d", len(paper.Clauses), len(p.Clauses))
	}
	for _, lang := range p.Authentic {
		if _, ok := paper.Text[lang]; !ok {
			return Paper{}, refuse("no text in %.40q, which is authentic", lang)
		}
		for _, c := range paper.Clauses {
			if _, ok := c.Text[lang]; !ok {
				return Paper{}, refuse("clause %d is not worded in %.40q, which is authentic", c.No, lang)
			}
		}
	}
	return paper, nil
}

// MarshalPaper writes part 1 of a proposal, and the digest for its act.
func MarshalPaper(p Paper) ([]byte, statement.Digest, error) {
	part, err := json.Marshal(p)
	return part, PaperDigest(part), err
}

// PaperDigest is what an act says of its text.
func PaperDigest(part []byte) statement.Digest { return sha256.Sum256(part) }

// MarshalItems writes part 1 of an account, each item with a salt of its own out of
// random, and the digests for its act.
func MarshalItems(items []Item, random io.Reader) (part []byte, digests []statement.Digest, err error) {
	salted := make([]SaltedItem, len(items))
	digests = make([]statement.Digest, len(items))
	for i, it := range items {
		salted[i].Item = it
		if salted[i].Salt, err = newSalt(random); err != nil {
			return nil, nil, err
		}
		if digests[i], err = ItemDigest(salted[i]); err != nil {
			return nil, nil, err
		}
	}
	part, err = json.Marshal(salted)
	return part, digests, err
}

// MarshalMatrix writes part 1 of an assessment with a salt out of random, and the
// digest for its act.
func MarshalMatrix(m Matrix, random io.Reader) (part []byte, digest statement.Digest, err error) {
	if m.Salt, err = newSalt(random); err != nil {
		return nil, digest, err
	}
	part, err = json.Marshal(m)
	return part, MatrixDigest(part), err
}

func newSalt(random io.Reader) (string, error) {
	var b [sha256.Size]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("salt: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// SplitDisclosed cuts part 1 of a disclosure into the salt and the plaintext of
// the part that it opens.
func SplitDisclosed(part []byte) (salt [32]byte, text []byte, err error) {
	if len(part) < len(salt) {
		return salt, nil, statement.Refuse(statement.CodePart, "a part without its salt")
	}
	copy(salt[:], part)
	return salt, part[len(salt):], nil
}
