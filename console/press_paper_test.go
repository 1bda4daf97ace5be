package console

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
		s.look(718, 1000, "paper", "UTC")
		if inner := eval[string](s, `[...document.querySelectorAll(".strip, .top-end, main button")].filter((e) => e.checkVisibility()).map((e) => e.innerText).join("\n")`); inner != "" {
			t.Errorf("in %s the paper says %q", lang, inner)
		}
		if said := eval[string](s, `document.querySelector(".press").innerText`); !strings.Contains(said, "What was not checked") || !strings.Contains(said, "Что не проверено") {
			t.Errorf("in %s the paper says %q", lang, said)
		}
		s.look(718, 1000, "light", "UTC")
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

// TestBrowserDrop: files that are dropped on the form are named before they are sent,
// too many are not sent, and the answer stands on the same page.
func TestBrowserDrop(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	s.open("north", "/election/start")
	drop := func(n int) {
		s.until(fmt.Sprintf(`(() => {
			const all = new DataTransfer();
			for (let i = 0; i < %d; i++) all.items.add(new File(["county,office,candidate,votes\nAdams,Mayor,Ann Lee,1200\nAdams,Mayor,<img src=x onerror=alert(1)>,x\n"], "night\u202e" + i + ".csv"));
			document.querySelector(".drop-zone").dispatchEvent(new DragEvent("drop", { dataTransfer: all, bubbles: true, cancelable: true }));
			return true;
		})()`, n))
	}
	drop(2)
	s.until(`document.querySelectorAll("[data-drop-list] li").length === 2 && document.querySelector("form[data-drop]").elements.files.files.length === 2 && document.querySelector("[data-drop-large]").hidden`)
	if said := eval[string](s, `document.querySelector("[data-drop-list]").innerText`); strings.Contains(said, "\u202e") || !strings.Contains(said, "night") {
		t.Errorf("the list says %q", said)
	}
	drop(30)
	s.until(`!document.querySelector("[data-drop-large]").hidden`)
	s.open("north", "/election/start")
	drop(1)
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[data-drop]").requestSubmit()`))
	s.until(`document.readyState === "complete" && document.body.innerText.includes("The first answer") && document.body.innerText.includes("1,200") && document.body.innerText.includes("could not be read")`)
	if dir := os.Getenv("ENTENTE_SHOTS"); dir != "" {
		for _, width := range []int64{1440, 390} {
			s.look(width, 900, "light", "UTC")
			png, err := chromedp.Run(s.tab, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("drop-%d.png", width)), png, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	s.clean("dropped files")
}
