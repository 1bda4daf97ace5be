package console

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"entente/election/intake"
	"entente/election/inventory"
	"entente/election/night"
)

// What a guided start was not taken for, beside refusals: the words of the page.
const (
	tooLarge = "large" // all files together
	tooMany  = "many"
	cutShort = "cut" // the form ended before its end, or is none
)

// startForm is what the form of the guided start brings.
type startForm struct {
	fields  map[string]string
	files   []intake.File
	trouble string // why not all of it was taken; the fields that came are here
}

// readStart reads the form, with files or without. Files are held in memory, within
// bounds, and nowhere else.
func (v *visit) readStart() (startForm, error) {
	f := startForm{fields: make(map[string]string)}
	kind, _, _ := strings.Cut(v.r.Header.Get("Content-Type"), ";")
	if kind != "multipart/form-data" {
		if err := v.form(); err != nil {
			return f, err
		}
		for name := range v.r.PostForm {
			f.fields[name] = strings.TrimSpace(v.r.PostForm.Get(name))
		}
		return f, nil
	}
	in, err := v.r.MultipartReader()
	if err != nil {
		return f, errBadForm
	}
	if v.r.ContentLength > startLargest { // said before all of it has come
		f.trouble = tooLarge
	}
	left, text := int64(intake.MaxTotal), int64(maxForm)
	for f.trouble == "" {
		part, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = f.take(part, &left, &text)
		}
		var size *http.MaxBytesError
		switch {
		case errors.As(err, &size):
			f.trouble = tooLarge
		case err != nil:
			f.trouble = cutShort
		}
	}
	if f.trouble != "" {
		f.files = nil // of some of them nobody could say what was compared with what
	}
	return f, nil
}

// startLargest is the most bytes of a form with files.
const startLargest = intake.MaxTotal + 1<<20

func (f *startForm) take(part *multipart.Part, left, text *int64) error {
	if part.FormName() != "files" {
		b, err := io.ReadAll(io.LimitReader(part, *text+1))
		if *text -= int64(len(b)); *text < 0 {
			f.trouble = tooLarge
		}
		f.fields[part.FormName()] = strings.TrimSpace(string(b))
		return err
	}
	b, err := io.ReadAll(io.LimitReader(part, *left+1))
	switch *left -= int64(len(b)); {
	case *left < 0:
		f.trouble = tooLarge
	case err != nil:
		return err
	case part.FileName() == "" && len(b) == 0: // none was chosen
	case len(f.files) == intake.MaxFiles:
		f.trouble = tooMany
	default:
		f.files = append(f.files, intake.File{Name: part.FileName(), Data: b})
	}
	return nil
}

// fileAnswer is what is said of one file.
type fileAnswer struct {
	intake.Answer
	Published []publishedAs // where a watched page has shown the very numbers of it
}

// publishedAs is a version of a watched page with the numbers of a file.
type publishedAs struct {
	Page  string
	Party string
	At    int64 // Unix milliseconds of the fetch
}

// maxPublished is how many versions with a file's numbers are named.
const maxPublished = 5

// answers says of each file what it is. One visitor's files are read at a time:
// they may take much memory.
func (c *Console) answers(v *visit, files []intake.File) (list []fileAnswer, remarks []intake.Remark, err error) {
	if len(files) == 0 {
		return nil, nil, nil
	}
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-v.r.Context().Done():
		return nil, nil, v.r.Context().Err()
	}
	all := make([]intake.Answer, 0, len(files))
	for _, f := range files {
		all = append(all, intake.Look(f))
	}
	for _, a := range all {
		list = append(list, fileAnswer{Answer: a})
	}
	return list, intake.Together(all), nil
}

// published finds the numbers of files among those that watched pages have shown.
func published(list []fileAnswer, pages []night.PageView) {
	for i, a := range list {
		if a.Root == "" {
			continue
		}
		for _, p := range pages {
			for _, h := range p.Histories {
				for _, s := range h.Versions {
					if s.Root.String() == a.Root && len(list[i].Published) < maxPublished {
						list[i].Published = append(list[i].Published, publishedAs{p.Page.ID, h.Party, s.At})
					}
				}
			}
		}
	}
}

// guarding is what files add to the list of what is guarded.
func guarding(list []fileAnswer) (out inventory.Inventory) {
	for _, a := range list {
		if a.Fault != "" {
			continue
		}
		g := a.Guard
		out.Offices, out.Domains, out.Senders = append(out.Offices, g.Offices...), append(out.Domains, g.Domains...), append(out.Senders, g.Senders...)
		out.Results, out.Registration = append(out.Results, g.Results...), append(out.Registration, g.Registration...)
		out.Vendors, out.Call = append(out.Vendors, g.Vendors...), append(out.Call, g.Call...)
	}
	return out
}
