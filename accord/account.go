package accord

import (
	"crypto/sha256"
	"encoding/hex"

	"entente/statement"
)

// Account is the body of account/v1: one party's version of an event. refs[0],
// if any, is the clause's proposal, notice or opening account that it is about.
// Part 1 holds the items, each committed here with its own salt, so that one
// statement can be shown in part (ItemDigest). In sealed mode part 1 is sealed
// to its author and the depositary alone until it is revealed.
type Account struct {
	Event      Event              `json:"event"`
	Part       string             `json:"part"`       // of refs[0]
	Mode       string             `json:"mode"`       // open, sealed
	Capacity   string             `json:"capacity"`   // official, personal, reported
	Names      []string           `json:"names"`      // actors that items accuse; sorted; empty where it is no accusation
	Depositary string             `json:"depositary"` // observer id that holds a sealed account's items, or empty
	RevealBy   Instant            `json:"reveal_by"`  // of a sealed one: when the depositary opens it
	CommitBy   Instant            `json:"commit_by"`  // until when the others are asked for theirs
	Items      []statement.Digest `json:"items"`
	Limits     Texts              `json:"limits"` // what could not be observed and why; null for none
}

// Event is what an account is about.
type Event struct {
	Title   Texts    `json:"title"`
	From    Instant  `json:"from"`
	To      Instant  `json:"to"`
	Place   string   `json:"place"`
	Present []string `json:"present"` // officers or persons who were there, in the author's words
}

// Item is one numbered thing that an account says.
type Item struct {
	No        int       `json:"no"`
	Kind      string    `json:"kind"` // act, word, state-of-mind, measure, absence
	Who       string    `json:"who"`  // whose act, word or mind: a party id, or a name
	What      string    `json:"what"` // tag that aligns items of one thing; "tag/aspect" tells more of it (its scope, the manner)
	Text      Texts     `json:"text"`
	From      Instant   `json:"from"`
	To        Instant   `json:"to"`
	Where     string    `json:"where"`
	Quantity  *Quantity `json:"quantity"`
	Basis     string    `json:"basis"`      // observed, recorded, told, inferred, asserted
	Means     string    `json:"means"`      // how it was observed; required with observed
	SourceRel string    `json:"source_rel"` // Admiralty A to F; required with told
	Cred      int       `json:"cred"`       // Admiralty 1 to 6; required with told, else 0
	Source    string    `json:"source"`     // who said so, or where it is written
	Exhibits  []string  `json:"exhibits"`   // ids (hex) of exhibit statements
	Aligns    string    `json:"aligns"`     // the item of refs[0]'s account that it answers, as in "item/3"
	Vague     bool      `json:"vague"`      // by its author's own word nothing in it can be checked: shown, never counted
}

// Quantity is a number with how it compares: at least 40 minutes.
type Quantity struct {
	Cmp  string `json:"cmp"` // =, >=, <=, >, <, ~ ; or ? for words that are no number
	N    int64  `json:"n"`
	Unit string `json:"unit"`
}

// SaltedItem is one element of part 1.
type SaltedItem struct {
	Salt string `json:"salt"` // 64 hex digits
	Item Item   `json:"item"`
}

// MaxItems is how many items an account may have.
const MaxItems = 200

var bases = []string{"observed", "recorded", "told", "inferred", "asserted"}

// ParseAccount decodes and checks the body of an account.
func ParseAccount(body []byte) (Account, error) {
	return parse(body, statement.MaxAct, func(a Account) error {
		if sealed := a.Mode == "sealed"; sealed != (a.RevealBy != "") || !sealed && a.Depositary != "" {
			return refuse("a sealed account says when it is revealed; an open one has no depositary")
		}
		return first(
			CheckTexts("title", a.Event.Title, maxTitle, false), a.Event.From.check("from", true), a.Event.To.check("to", false),
			free("place", a.Event.Place), words("present", a.Event.Present, 100), checkPartName(a.Part),
			one("mode", a.Mode, "open", "sealed"), one("capacity", a.Capacity, "official", "personal", "reported"),
			words("names", a.Names, 40), a.RevealBy.check("reveal by", false), a.CommitBy.check("commit by", false), plain("depositary", a.Depositary),
			each("items", a.Items, MaxItems, func(int, statement.Digest) error { return nil }),
			optional("limits", a.Limits, maxNote),
		)
	})
}

// ParseItems decodes part 1 of an account and holds every item against the
// digest that the act commits to.
func ParseItems(a Account, part []byte) ([]SaltedItem, error) {
	items, err := parse(part, mostOf(a.Mode), func(list []SaltedItem) error {
		return each("items", list, MaxItems, func(i int, s SaltedItem) error {
			if s.Item.No != i+1 {
				return refuse("items are numbered from 1")
			}
			return s.Item.check()
		})
	})
	if err != nil {
		return nil, err
	}
	if len(items) != len(a.Items) {
		return nil, statement.Refuse(statement.CodeDigest, "%d items, and the act commits to %d", len(items), len(a.Items))
	}
	for i, s := range items {
		d, err := ItemDigest(s)
		if err != nil {
			return nil, err
		}
		if d != a.Items[i] {
			return nil, statement.Refuse(statement.CodeDigest, "item %d is not the one that the act commits to", i+1)
		}
	}
	return items, nil
}

// ItemDigest is SHA-256(tag, salt, exact JSON of the item).
func ItemDigest(s SaltedItem) (statement.Digest, error) {
	salt, err := hex.DecodeString(s.Salt)
	if err != nil || len(salt) != sha256.Size || hex.EncodeToString(salt) != s.Salt {
		return statement.Digest{}, refuse("a salt is 64 hex digits")
	}
	raw, err := marshal(s.Item)
	if err != nil {
		return statement.Digest{}, err
	}
	return statement.TaggedSum("entente/item/v1", append(salt, raw...)), nil
}

func (it Item) check() error {
	if it.Basis == "observed" && it.Means == "" {
		return refuse("item %d: observed, but not by what means", it.No)
	}
	if told := it.Basis == "told"; told != (it.SourceRel != "") || told != (it.Cred != 0) {
		return refuse("item %d: source rating (A to F, 1 to 6) with told and only there", it.No)
	}
	return first(
		one("kind of item", it.Kind, "act", "word", "state-of-mind", "measure", "absence"),
		word("who", it.Who), word("what", it.What), CheckTexts("item", it.Text, maxNote, false),
		it.From.check("from", false), it.To.check("to", false), free("where", it.Where), it.Quantity.check(),
		one("basis", it.Basis, bases...), free("means", it.Means), free("source", it.Source),
		one("source reliability", it.SourceRel, "", "A", "B", "C", "D", "E", "F"), within("credibility", int64(it.Cred), 0, 6),
		words("exhibits", it.Exhibits, 40), checkPartName(it.Aligns),
	)
}

func (q *Quantity) check() error {
	if q == nil {
		return nil
	}
	return first(one("comparison", q.Cmp, "=", ">=", "<=", ">", "<", "~", "?"), within("quantity", q.N, -statement.MaxInt, statement.MaxInt), word("unit", q.Unit))
}
