package console

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBrowserPress prints the statement for the press on A4, in the language of
// either reader: it is one page.
func TestBrowserPress(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(718, 1000, "light", "UTC")
	s.enter("north", "analyst")
	for _, lang := range []string{"en", "ru"} {
		s.language("north", lang)
		s.open("north", "/election/press?election=General+Election+of+3+November+2026%2C+Adams+and+Baker+Counties")
		pdf, err := chromedp.Run(s.tab, chromedp.PrintToPDF(func(p *cdppage.PrintToPDFParams) { p.PaperWidth, p.PaperHeight = 8.27, 11.69 }))
		if err != nil {
			t.Fatal(err)
		}
		if pages := len(regexp.MustCompile(`/Type /Page\b`).FindAll(pdf, -1)); pages != 1 {
			t.Errorf("in %s it is %d pages", lang, pages)
		}
		if dir := os.Getenv("ENTENTE_SHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, "press-"+lang+".pdf"), pdf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
