package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// Desk is the part of Accord through which officers say things: what is to be
// said waits as a draft until as many have signed as the rules demand.
type Desk interface {
	Writer
	// Draft keeps what is to be said and returns its digest, by which it is found.
	// What could be said with no signature is a *statement.Refusal.
	Draft(ctx context.Context, by User, want DraftRequest) (id string, err error)
	// Drafts lists what waits, oldest first.
	Drafts(ctx context.Context) ([]DraftRow, error)
	// Sheet is everything that a signer should see, with the viewer's own passkeys.
	Sheet(ctx context.Context, viewer User, id string) (Sheet, error)
	// Discard drops a draft with its signatures.
	Discard(ctx context.Context, id string) error
	// Sign adds a signature. Said is set if that made it enough.
	Sign(ctx context.Context, id string, a statement.Approval) (said *Ref, err error)
}

// DraftRequest is what somebody wants to say in the accord.
type DraftRequest struct {
	Kind  statement.Kind
	Case  string // one that is there; empty: that of the first reference, else a new one
	Refs  []Ref
	Body  any // of the kind
	Parts [][]byte
}

// DraftRow is one draft of the list.
type DraftRow struct {
	ID       string // hex of the digest that officers sign
	Kind     string
	Case     string
	Marking  string
	By       string
	At       time.Time
	For      accord.ProposalKind // of a proposal, or of what a position stands on
	Stance   accord.Stance       // of a position
	Part     string              // of a position
	On       Ref                 // what it is about; its party is empty if there is none
	Title    accord.Texts        // of the proposal that it is or stands on
	Power    string              // name in the rules
	Officers int                 // how many must sign
	Roles    []string            // which roles must be among them
	Signed   []string            // officers
	Seen     *RowSeen            // of what the own watch drafted
}

// Typed is what a signer types.
func (d DraftRow) Typed() string { return d.ID[:min(Typed, len(d.ID))] }

// Typed is how many characters of the digest a signer types.
const Typed = 12

// Sheet is a draft, whole.
type Sheet struct {
	DraftRow
	Now     time.Time
	Facts   []SheetFact
	Texts   []SheetText
	Effects []SheetEffect
	Signers []SheetSigner  // of the list that rules, and whoever else may sign
	Listed  []SheetOfficer // of an officers list
	Act     []byte         // the exact bytes that are signed
	Keys    []SheetKey     // passkeys of the viewer that may sign
	May     bool           // the viewer's officer may sign
	Ruled   bool           // this party has officers
}

// SheetFact is one field of what is signed that is no free text, of the act or of
// the numbered part that it names.
type SheetFact struct {
	Name   string // catalogue key below "sheet.fact.", or a part as in "item/2"
	Words  string // family of the catalogue whose codes the values are; empty: data
	Values []string
}

// SheetText is one text of what is signed, in every language in which it is.
type SheetText struct {
	Part    string // "title", "text", "clause/2", "stands-on", ...
	Tongues []Tongue
}

// Tongue is a text in one language.
type Tongue struct {
	Lang, Text string
	Changes    []accord.Change // nil where nothing is replaced
}

// SheetEffect is when something happens: At in Unix seconds, or Seconds after what
// it follows.
type SheetEffect struct {
	Name        string // catalogue key below "sheet.effect."
	At, Seconds int64
}

// SheetSigner is one who may sign, or has.
type SheetSigner struct {
	ID, Name string
	Roles    []string
	Signed   bool
	Proves   bool // has a new passkey to show
}

// SheetOfficer is one officer of a list beside the list before.
type SheetOfficer struct {
	accord.Officer
	Change string // new, changed, gone; empty: as before
}

// SheetKey is one passkey.
type SheetKey struct{ Credential, Key string }

func (c *Console) draftRoutes() []route {
	return append(c.writingRoutes(), []route{
		{"GET /drafts", readers, c.drafts},
		{"GET /drafts/{id}", readers, c.sheet},
		{"POST /drafts/{id}/sign", speakers, c.sign},
		{"POST /drafts/{id}/discard", speakers, c.discard},
		{"POST /accord/{party}/{index}/position", speakers, c.takePosition},
		{"POST /accord/{party}/{index}/mirror", speakers, c.mirror},
	}...)
}

func (c *Console) drafts(v *visit) error {
	list, err := v.source.Accord().Drafts(v.r.Context())
	if err != nil {
		return err
	}
	own, err := writingRows(v)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "drafts", frame{Title: "drafts.title", Live: "record", Up: "/accord", Body: draftsPage{list, own, v.user.speaks()}})
}

// draftsPage is the body of the list.
type draftsPage struct {
	Rows   []DraftRow
	Own    []writingRow
	Speaks bool
}

// sheetPage is the body of a sign sheet.
type sheetPage struct {
	Sheet
	RP, Command string
	Speaks      bool
	From        string // what its author wrote it as, if that is the viewer
}

func draftID(v *visit) (string, error) {
	id := v.r.PathValue("id")
	if len(id) != 64 || !isHex(id) {
		return "", ErrNotFound
	}
	return id, nil
}

func (c *Console) sheet(v *visit) error {
	id, err := draftID(v)
	if err != nil {
		return err
	}
	s, err := v.source.Accord().Sheet(v.r.Context(), v.user, id)
	if err != nil {
		return err
	}
	page := sheetPage{Sheet: s, RP: c.relyingParty(), Speaks: v.user.speaks()}
	if page.Speaks {
		if page.From, err = writtenAs(v, id); err != nil {
			return err
		}
	}
	page.Command = "entente sign --dir " + c.dir + " --officer " + v.user.Name + " --key FILE " + s.Typed()
	return c.render(v, http.StatusOK, "draft", frame{Title: "sheet.title", Up: "/drafts", Body: page})
}

// relyingParty is the id that passkeys are made for: the console's host name.
func (s *surface) relyingParty() string {
	host, _, _ := strings.Cut(s.door.host, ":")
	return host
}

func (c *Console) discard(v *visit) error {
	id, err := draftID(v)
	if err != nil {
		return err
	}
	if err := v.source.Accord().Discard(v.r.Context(), id); err != nil {
		return err
	}
	return v.see("/drafts")
}

// sign takes an assertion of one of the user's passkeys. A user signs as the
// officer of the same name and as nobody else.
func (c *Console) sign(v *visit) error {
	id, err := draftID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	f, desk := v.r.PostForm, v.source.Accord()
	s, err := desk.Sheet(v.r.Context(), v.user, id)
	if err != nil {
		return err
	}
	if got := strings.ToLower(strings.TrimSpace(f.Get("typed"))); got != s.Typed() {
		return statement.Refuse(statement.CodeDigest, "what was typed is not the beginning of the digest")
	}
	k := slices.IndexFunc(s.Keys, func(k SheetKey) bool { return k.Credential == f.Get("credential") })
	if k < 0 {
		return statement.Refuse(statement.CodeKey, "this passkey is not one of %.60q's that may sign here", v.user.Name)
	}
	said, err := desk.Sign(v.r.Context(), id, statement.Approval{
		Officer: v.user.Name, Key: s.Keys[k].Key, Sig: f.Get("signature"),
		Assertion: &statement.Assertion{Authenticator: f.Get("authenticator"), Client: f.Get("client")},
	})
	switch {
	case err != nil:
		return err
	case said == nil:
		return v.see("/drafts/" + id)
	case s.Kind == string(accord.KindOfficers):
		return v.see("/officers")
	case s.Kind == string(accord.KindProposal):
		return v.see(accordPath(*said))
	case s.For != "":
		return v.see(accordPath(s.On))
	}
	return v.see(stmtPath(said.Party, said.Index))
}

// takePosition drafts a stance on a text. Which may stand is the text's state's
// to say; what counts is judged when it is read.
func (c *Console) takePosition(v *visit) error {
	index, err := strconv.ParseUint(v.r.PathValue("index"), 10, 63)
	if err != nil {
		return ErrNotFound
	}
	if err := v.form(); err != nil {
		return err
	}
	desk, party := v.source.Accord(), v.r.PathValue("party")
	one, err := desk.Instrument(v.r.Context(), party, index, time.Time{})
	if err != nil {
		return err
	}
	p, err := positionOf(v.r.PostForm)
	if err != nil {
		return err
	}
	if !slices.Contains(one.MayTake(one.Self, one.Now.Unix()), p.Stance) {
		return statement.Refuse(statement.CodeState, "%.40q does not stand on this text now", string(p.Stance))
	}
	id, err := desk.Draft(v.r.Context(), v.user, DraftRequest{Kind: accord.KindPosition, Refs: []Ref{{party, index}}, Body: p})
	if err != nil {
		return err
	}
	return v.see("/drafts/" + id)
}

// values is what url.Values gives of a form.
type values interface{ Get(name string) string }

// positionOf reads a position from a form: what is refused is refused by name.
func positionOf(f values) (accord.Position, error) {
	p := accord.Position{
		Stance: accord.Stance(f.Get("stance")), Part: f.Get("part"), Capacity: "official",
		Text: textsOf(f, "text"), AdReferendum: f.Get("ad_referendum") != "",
	}
	if p.Stance == accord.Consent {
		p.Reservation = textsOf(f, "reservation")
	}
	var err error
	if p.Effective, err = instantOf(f, "effective"); err != nil {
		return p, err
	}
	p.Until, err = instantOf(f, "until")
	return p, err
}

// textsOf are the texts of a form in the languages in which something was written;
// nil for none.
func textsOf(f values, name string) accord.Texts {
	var out accord.Texts
	for _, lang := range Languages() {
		if s := accord.Typed(f.Get(name + "." + lang)); s != "" {
			if out == nil {
				out = accord.Texts{}
			}
			out[lang] = s
		}
	}
	return out
}

// instantOf reads an instant to the second, or none.
func instantOf(f values, name string) (accord.Instant, error) {
	s := strings.TrimSpace(f.Get(name))
	if s == "" {
		return "", nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", statement.Refuse(statement.CodeField, "%s: an instant such as 2026-01-31T12:00:00Z", name)
	}
	return accord.At(t), nil
}

// accordPath is the page of a proposal.
func accordPath(r Ref) string {
	return "/accord" + strings.TrimPrefix(stmtPath(r.Party, r.Index), "/record")
}
