package console

import (
	"html"
	"strings"
	"testing"
)

// TestFolders: what was committed to is shown by its root and size alone, a decoy that
// was met with whom it was given to, what that means and what not; a notice names
// neither.
func TestFolders(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	page := html.UnescapeString(body(get(r.c, testHost, "/guard/folders", r.enter("analyst"))))
	for _, want := range []string{
		"Adams county, clerk", "4,120 documents, 2 decoys", rootOf(11).String()[:8], "sealed as #4", "ballots-proof@clerk.example", "mail.log", "5512", "It does not say that the recipient leaked it", "Ann Lee", "3 decoys more were met and are not listed", "2 sightings of decoys beyond",
		"1 document, 0 decoys", "not sealed.", `format "x", want another`, "Not read yet.", "entente folder open --secret FILE --like DOCUMENT",
		"blank.what=Adams+county%2C+clerk%3A+a+decoy+was+met+in+our+logs%3B+root+" + rootOf(11).String(),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "alarm-card"); n != 1 {
		t.Errorf("%d alarms", n)
	}
	if strings.Contains(page, "\u202e") {
		t.Error("a recipient turns the page around")
	}
	for _, link := range strings.Split(page, "/line/new?")[1:] {
		if what, _, _ := strings.Cut(link, `"`); strings.Contains(what, "proof") || strings.Contains(what, "vendor") {
			t.Errorf("a notice names a decoy: %s", what)
		}
	}
}
