package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"entente/charter"
	"entente/statement"
)

// SigningSource is a data folder whose charter is not in force yet, as the
// pages of its first signing see it. A *statement.Refusal is shown to the user.
type SigningSource interface {
	// State says where the signing stands.
	State(ctx context.Context) (Signing, error)
	// AddCard takes another party's card.
	AddCard(ctx context.Context, data []byte) error
	// Heard compares what was read over the telephone with the fingerprint of a
	// party's card, and remembers that it was equal.
	Heard(ctx context.Context, party, digits string) error
	// Propose writes a charter from the own card and those that were compared.
	Propose(ctx context.Context, t charter.Terms) error
	// TakeCharter takes a charter that another proposed.
	TakeCharter(ctx context.Context, data []byte) error
	// Sign consents: digits are the last groups of the charter's fingerprint, as
	// another read them.
	Sign(ctx context.Context, digits string) error
	// AddConsent takes another party's consent or revocation.
	AddConsent(ctx context.Context, data []byte) error
	// Revoke takes back the own consent before the charter is in force.
	Revoke(ctx context.Context) error
	// File gives the own card, the charter or the own consent.
	File(ctx context.Context, name string) (file string, data []byte, err error)
}

// Signing is where the first signing of a charter stands.
type Signing struct {
	Party   string
	Cards   []SigningCard // the own one first
	Charter *SigningCharter
	Status  charter.Status
	Signed  bool // by the own side
	Dir     string
	Now     time.Time
}

// SigningCard is one party's entry, before the charter or in it.
type SigningCard struct {
	ID, Name, Role, Address string
	Fingerprint             string // six groups of five digits; empty before it was compared
	Own, Heard              bool   // Heard: compared over the telephone
	Consented, Revoked      bool
}

// SigningCharter is the text that is signed.
type SigningCharter struct {
	Charter     charter.Charter
	Fingerprint string   // its first half before the own side has signed
	Strange     []string // entries whose keys nobody has compared
}

// Spoken are the groups of a fingerprint that are read over the telephone:
// three of six, fifteen digits; finding other keys with the same takes 2^49
// guesses of 2^18 hashes each.
const Spoken = 3

// FirstSigning is the console of a party whose charter is not in force: it leads
// through cards, comparing, the text, consent and waiting.
type FirstSigning struct {
	*surface
	source SigningSource
	once   sync.Once
}

// NewFirstSigning makes it; of Config, Source and Dir are not used.
func NewFirstSigning(cfg Config, source SigningSource) (*FirstSigning, error) {
	s, err := newSurface(options{host: cfg.Host, name: cfg.Party, tls: cfg.TLS, users: cfg.Users, now: cfg.Now, rand: cfg.Rand, log: cfg.Report})
	if err != nil {
		return nil, err
	}
	f := &FirstSigning{surface: s, source: source}
	s.hint, s.largest = cfg.EntryCommand, 4*charter.MaxSize
	for _, rt := range f.routes() {
		s.handle(rt)
	}
	return f, nil
}

func (f *FirstSigning) routes() []route {
	return append(f.entryRoutes(),
		route{"GET /{$}", readers, f.page},
		route{"GET /signing/{file}", readers, f.file},
		route{"POST /signing/card", deciders, f.posted(f.card)},
		route{"POST /signing/heard", deciders, f.posted(f.heard)},
		route{"POST /signing/propose", deciders, f.posted(f.propose)},
		route{"POST /signing/charter", deciders, f.posted(f.charter)},
		route{"POST /signing/sign", deciders, f.posted(f.sign)},
		route{"POST /signing/consent", deciders, f.posted(f.consent)},
		route{"POST /signing/revoke", deciders, f.posted(f.revoke)},
	)
}

// EntryLink makes a one-time link, as Console.EntryLink does.
func (f *FirstSigning) EntryLink(user string) (string, error) { return f.door.link(user) }

// Close ends what still runs.
func (f *FirstSigning) Close() { f.once.Do(func() { close(f.closed) }) }

// signingPage is the body of the page.
type signingPage struct {
	Signing
	Refusal *statement.Refusal
	Decides bool
	Ready   bool // every other card was compared
	Form    formValues
}

// formValues are what was typed, so that nothing typed is lost to a refusal.
type formValues map[string]string

func (f *FirstSigning) page(v *visit) error { return f.show(v, http.StatusOK, nil) }

func (f *FirstSigning) show(v *visit, status int, refusal *statement.Refusal) error {
	s, err := f.source.State(v.r.Context())
	if err != nil {
		return err
	}
	p := signingPage{Signing: s, Refusal: refusal, Decides: v.user.decides(), Ready: len(s.Cards) > 1, Form: formValues{}}
	for _, c := range s.Cards {
		p.Ready = p.Ready && (c.Own || c.Heard)
	}
	if refusal != nil {
		for name := range v.r.PostForm {
			p.Form[name] = v.r.PostForm.Get(name)
		}
	}
	return f.render(v, status, "signing", frame{Title: "signing.title", Body: p})
}

// posted runs one step and shows the page again, with the refusal if there is one.
func (f *FirstSigning) posted(step func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if err := v.upload(); err != nil {
			return err
		}
		err := step(v)
		if r, refused := statement.AsRefusal(err); refused {
			return f.show(v, http.StatusConflict, r)
		}
		if err != nil {
			return err
		}
		return v.see("/")
	}
}

// upload reads a form whose file, if one was chosen, stands for the text.
func (v *visit) upload() error {
	kind, _, _ := strings.Cut(v.r.Header.Get("Content-Type"), ";")
	if kind != "multipart/form-data" {
		return v.form()
	}
	if err := v.r.ParseMultipartForm(charter.MaxSize); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return errBadForm
	}
	file, _, err := v.r.FormFile("file")
	if err != nil {
		return nil //nolint:nilerr // none was chosen: the text counts
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, charter.MaxSize+1))
	if err != nil {
		return errBadForm
	}
	if len(data) > 0 {
		v.r.PostForm.Set("text", string(data))
	}
	return nil
}

// pasted is the text of the form as the bytes of a file: browsers send CR LF.
func pasted(v *visit) []byte {
	b := bytes.ReplaceAll([]byte(v.r.PostForm.Get("text")), []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimRight(b, "\n"), '\n')
}

func (f *FirstSigning) card(v *visit) error { return f.source.AddCard(v.r.Context(), pasted(v)) }

func (f *FirstSigning) heard(v *visit) error {
	return f.source.Heard(v.r.Context(), v.r.PostForm.Get("party"), v.r.PostForm.Get("digits"))
}

func (f *FirstSigning) charter(v *visit) error { return f.source.TakeCharter(v.r.Context(), pasted(v)) }

func (f *FirstSigning) consent(v *visit) error { return f.source.AddConsent(v.r.Context(), pasted(v)) }
func (f *FirstSigning) revoke(v *visit) error  { return f.source.Revoke(v.r.Context()) }

func (f *FirstSigning) sign(v *visit) error {
	return f.source.Sign(v.r.Context(), v.r.PostForm.Get("digits"))
}

func (f *FirstSigning) propose(v *visit) error {
	form := v.r.PostForm
	cooling, err := time.ParseDuration(form.Get("cooling") + "h")
	if err != nil || cooling < 0 || cooling > 366*24*time.Hour {
		return statement.Refuse(statement.CodeField, "cooling-off: whole hours")
	}
	at := f.door.now().UTC().Truncate(time.Second)
	if s := form.Get("effective"); s != "" {
		if at, err = time.Parse(time.RFC3339, s); err != nil {
			return statement.Refuse(statement.CodeField, "effective: an instant such as 2026-01-31T12:00:00Z")
		}
	}
	t := charter.DefaultTerms(strings.TrimSpace(form.Get("name")), 2, at)
	t.CoolingOff, t.Scope = cooling, []string{}
	for line := range strings.Lines(form.Get("scope")) {
		if line = strings.TrimSpace(line); line != "" {
			t.Scope = append(t.Scope, line)
		}
	}
	return f.source.Propose(v.r.Context(), t)
}

// file sends one of the files that go to the others.
func (f *FirstSigning) file(v *visit) error {
	name, data, err := f.source.File(v.r.Context(), v.r.PathValue("file"))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = v.w.Write(data)
	return nil
}
