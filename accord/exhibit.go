package accord

import "entente/statement"

// Exhibit is the body of exhibit/v1: a thing with a digest. Part 1, if there is
// one, is its content; otherwise the content is kept where Held says.
type Exhibit struct {
	Name      string           `json:"name"`
	MediaType string           `json:"media_type"`
	Size      int64            `json:"size"` // bytes
	SHA256    statement.Digest `json:"sha256"`
	Kind      string           `json:"kind"` // file, pcap, log-slice, web-capture, image, stix, test-result
	Captured  Captured         `json:"captured"`
	Custody   []Custody        `json:"custody"`
	Held      string           `json:"held"`     // shared, observer-only, withheld, sealed
	Reason    string           `json:"reason"`   // of withholding, else empty
	Later     Instant          `json:"later"`    // when a withheld one is shown, or empty: never promised
	Observer  string           `json:"observer"` // who holds an observer-only one
	Verify    []string         `json:"verify"`   // how it can be verified: wacz, rfc3161, inclusion
	Hold      string           `json:"hold"`     // legal hold: why it must not be deleted, or empty
	Passed    string           `json:"passed"`   // of a test-result: passed, failed; else empty
	Previous  bool             `json:"previous"` // refs[0] is the earlier capture of the same thing
}

// Captured says when, by whom, with what and from where.
type Captured struct {
	At   Instant `json:"at"`
	By   string  `json:"by"`
	Tool string  `json:"tool"`
	From string  `json:"from"`
}

// Custody is one step of a chain.
type Custody struct {
	At   Instant `json:"at"`
	From string  `json:"from"`
	To   string  `json:"to"`
}

// ParseExhibit decodes and checks the body of an exhibit.
func ParseExhibit(body []byte) (Exhibit, error) {
	return parse(body, statement.MaxAct, func(e Exhibit) error {
		if (e.Held == "withheld") != (e.Reason != "") {
			return refuse("a reason with what is withheld and only there")
		}
		if (e.Held == "observer-only") != (e.Observer != "") {
			return refuse("an observer holds what is observer-only and only that")
		}
		if (e.Kind == "test-result") != (e.Passed != "") {
			return refuse("a test result says whether it passed")
		}
		return first(
			word("name", e.Name), word("media type", e.MediaType), within("size", e.Size, 0, statement.MaxInt),
			one("kind of exhibit", e.Kind, "file", "pcap", "log-slice", "web-capture", "image", "stix", "test-result"),
			e.Captured.At.check("captured at", true), word("captured by", e.Captured.By), word("tool", e.Captured.Tool), free("captured from", e.Captured.From),
			each("custody", e.Custody, 40, func(_ int, c Custody) error {
				return first(c.At.check("custody", true), word("from", c.From), word("to", c.To))
			}),
			one("held", e.Held, "shared", "observer-only", "withheld", "sealed"), free("reason", e.Reason), e.Later.check("later", false), plain("observer", e.Observer),
			each("verify", e.Verify, 3, func(_ int, s string) error { return one("verify", s, "wacz", "rfc3161", "inclusion") }),
			free("hold", e.Hold), one("passed", e.Passed, "", "passed", "failed"),
		)
	})
}
