package console

import (
	"net/http"
	"slices"
	"strings"
)

// entryRoutes are the way in and out, the same for every surface.
func (s *surface) entryRoutes() []route {
	return []route{
		{"GET /enter", anyone, s.entryPage},
		{"POST /enter", anyone, s.entry},
		{"POST /leave", readers, s.exit},
		{"POST /language", anyone, s.language},
		{"GET /static/{version}/{name}", anyone, s.files.serve},
	}
}

// entryPage holds an empty form; a module moves the token from the fragment
// into it and sends it. Without scripts the token is typed in.
func (s *surface) entryPage(v *visit) error {
	return s.render(v, http.StatusOK, "enter", frame{Title: "enter.title", Body: s.hint})
}

func (s *surface) entry(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	secret, _, err := s.door.enter(strings.TrimSpace(v.r.PostForm.Get("token")))
	if err != nil {
		if _, in := s.door.visitor(v.r); in {
			return v.see("/") // a link that was used already, in the browser that it let in
		}
		return err
	}
	s.door.leave(v.r) // an earlier session of this browser ends here
	http.SetCookie(v.w, s.door.sessionCookie(secret))
	return v.see("/")
}

func (s *surface) exit(v *visit) error {
	s.door.leave(v.r)
	http.SetCookie(v.w, s.door.sessionCookie(""))
	return v.see("/enter")
}

// language sets the cookie only; a module then loads the same page again, and
// without scripts the way leads to the first screen. No address is taken from
// the request.
func (s *surface) language(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	lang := v.r.PostForm.Get("lang")
	if !slices.Contains(s.pages.langs, lang) {
		return errBadForm
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: s.door.scheme == "https", SameSite: http.SameSiteStrictMode,
	})
	return v.see("/")
}
