package border

import (
	"slices"

	"entente/statement"
)

// Use is what is done with what leaves.
type Use string

// The uses.
const (
	UseShare   Use = "share"   // said to parties through the record
	UsePassive Use = "passive" // written for tools that only look at own logs and traffic
	UseActive  Use = "active"  // written for tools that block, answer or ask: noticed outside
	UsePublish Use = "publish" // laid where anybody may read it
	UseKeep    Use = "keep"    // written for the own side itself, by whoever holds the data folder
)

// The rules under which something leaves. They name what decided, for the
// receipt.
const (
	RuleNamed  = "tlp-named" // to the recipients that its author named
	RuleOpen   = "tlp-open"  // TLP:CLEAR or TLP:GREEN without names: to every party
	RuleGroup  = "group"     // to the members of a group, at the epoch that the receipt names
	RuleOwn    = "own-tools" // to tools of the own side
	RulePublic = "tlp-clear" // TLP:CLEAR: to anybody
	RuleSelf   = "own-side"  // to the own side itself
)

// Request is what somebody wants to let leave.
type Request struct {
	Use     Use
	Roots   []Piece // what would leave; none for what refers to nothing of others
	Book    Book    // what is known of what they refer to
	Marking string  // asked for: marks what is own and unmarked; "" takes theirs
	To      []string
	Group   *Epoch   // instead of To
	Parties []string // of the charter in force, without the own one, that have not left
}

// Receipt records one decision to release: which rule let what marking go to
// whom. An observer can check it against the charter without the content.
type Receipt struct {
	Use        Use      `json:"use"`
	Rule       string   `json:"rule"`
	Marking    string   `json:"marking"`    // canonical
	PAP        string   `json:"pap"`        // canonical or empty
	Recipients []string `json:"recipients"` // party ids, sorted
	Group      *Epoch   `json:"group"`      // with the rule "group"
}

// Egress is the one way out: it decides whether something may leave, and
// gives the receipt. What it refuses stays, for the reason that it gives:
//
//   - no marking, an unknown, contradictory or looser one than anything in the
//     closure of references bears or ever bore (E_MARKING, E_FORGED, E_CLOSURE);
//   - to parties: recipients as Release refuses them, a group that is empty or
//     of an older epoch (E_GROUP), a party that a giver did not let have it
//     (E_RECIPIENT);
//   - to tools: TLP:RED, whose readers are persons (E_MARKING), and to active
//     ones PAP:AMBER and RED (E_PAP);
//   - to the public: anything but TLP:CLEAR, and what PAP restricts.
func Egress(r Request) (Receipt, error) {
	var own Label
	if r.Marking != "" {
		m, err := ParseMarking(r.Marking)
		if err != nil {
			return Receipt{}, err
		}
		own.TLP = m
	}
	if r.Book == nil {
		r.Book = NoBook{}
	}
	c, err := Close(r.Roots, r.Book, own)
	if err != nil {
		return Receipt{}, err
	}
	label, err := labelOf(c, own, len(r.Roots) > 0)
	if err != nil {
		return Receipt{}, err
	}
	if r.Use == UseShare {
		return share(r, c, label)
	}
	rule, err := tools(r.Use, label)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Use: r.Use, Rule: rule, Marking: string(label.TLP), PAP: string(label.PAP), Recipients: []string{}}, nil
}

// labelOf is what the whole goes out as: what was asked for, if nothing in it
// is stricter.
func labelOf(c Closure, own Label, roots bool) (Label, error) {
	if !roots {
		if !own.Marked() {
			return Label{}, statement.Refuse(statement.CodeMarking, "not marked")
		}
		return own, nil
	}
	if own.Marked() {
		if Strictest(own.TLP, c.Label.TLP) != own.TLP {
			return Label{}, statement.Refuse(statement.CodeMarking, "what it holds or refers to is %s; it cannot go out as %s", c.Label.TLP, own.TLP)
		}
		c.Label.TLP = own.TLP
	}
	return c.Label, nil
}

func share(r Request, c Closure, label Label) (Receipt, error) {
	to := r.To
	if r.Group != nil {
		if len(r.To) > 0 {
			return Receipt{}, statement.Refuse(statement.CodeRecipient, "either a group or parties")
		}
		to = r.Group.Others(r.Parties)
		if len(to) == 0 {
			return Receipt{}, statement.Refuse(statement.CodeGroup, "the group %.40q has no member who could receive it", r.Group.Name)
		}
	}
	out, err := Release(string(label.TLP), to, r.Parties)
	if err != nil {
		return Receipt{}, err
	}
	if c.Only != nil {
		for _, id := range out.Recipients {
			if !slices.Contains(c.Only, id) && !slices.Contains(c.Givers, id) {
				return Receipt{}, statement.Refuse(statement.CodeRecipient, "%s is not among those whom the giver of what it holds or refers to lets have it", id)
			}
		}
	}
	out.Use, out.PAP = UseShare, string(label.PAP)
	if r.Group != nil {
		out.Rule, out.Group = RuleGroup, r.Group
	}
	return out, nil
}

// tools decides on what no party receives.
func tools(u Use, l Label) (string, error) {
	switch {
	case u == UsePublish && l.TLP != Clear:
		return "", statement.Refuse(statement.CodeMarking, "%s is not for everybody", l.TLP)
	case u == UsePublish && l.PAP.strictness() > PAPClear.strictness():
		return "", statement.Refuse(statement.CodePAP, "%s is not for everybody's use", l.PAP)
	case u == UsePublish:
		return RulePublic, nil
	case u == UseKeep:
		return RuleSelf, nil
	case u != UsePassive && u != UseActive:
		return "", statement.Refuse(statement.CodeRequest, "unknown use %.20q", u)
	case l.TLP == Red:
		return "", statement.Refuse(statement.CodeMarking, "%s is for persons, not for tools", l.TLP)
	case u == UseActive && l.PAP.strictness() > PAPGreen.strictness():
		return "", statement.Refuse(statement.CodePAP, "%s may not be used where it is noticed outside", l.PAP)
	}
	return RuleOwn, nil
}
