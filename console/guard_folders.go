package console

import (
	"net/http"
	"net/url"
)

// foldersPage is the body of the screen of folders that were committed to.
type foldersPage struct{ Views []FolderView }

func (c *Console) folders(v *visit) error {
	all, err := v.source.Guards().Folders(v.r.Context())
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "folders", frame{Title: "guard.folders", Live: "watch", Up: "/election", Body: foldersPage{all}})
}

// Command is how one document is opened.
func (v FolderView) Command() string {
	return "entente folder open --secret FILE --like DOCUMENT --out PROOF"
}

// Notice is where a notice on a touched decoy begins, without the decoy.
func (v FolderView) Notice() string {
	return "/line/new?" + url.Values{"template": {"assist"}, "blank.what": {v.Title + ": a decoy was met in our logs; root " + v.Root.String()}}.Encode()
}
