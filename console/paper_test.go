package console

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPaper prints every page: nothing that can only be pressed
// is on paper, nothing is cut off at its edge, and each says where and when it
// was printed. ENTENTE_SHOTS names a folder to keep the files in.
func TestPaper(t *testing.T) {
	inBrowser(t)
	s := everyStage(t)
	const lang = "ru" // whose words are the longest
	for _, l := range looks() {
		name := fmt.Sprintf("%v in %s", l, lang)
		s.look(718, 1000, "paper", "UTC")
		s.visit(l, lang)
		s.slim(name, 718)
		if left := eval[string](s, `[...document.querySelectorAll("main button, main input:not([type=hidden]), main select, main textarea, main a.button, nav.letters, #help, #stale, .top-end")].filter((e) => e.checkVisibility()).map((e) => e.outerHTML.slice(0, 90)).join("\n")`); left != "" {
			t.Errorf("%s: on paper nobody can press\n%s", name, left)
		}
		if foot := eval[string](s, `document.querySelector(".print-foot")?.innerText ?? ""`); !strings.Contains(foot, "UTC") {
			t.Errorf("%s: its foot says %q", name, foot)
		}
		s.look(1000, 1000, "light", "UTC")
		pdf, err := chromedp.Run(s.tab, chromedp.PrintToPDF())
		if err != nil {
			t.Fatal(err)
		}
		if pages := len(regexp.MustCompile(`/Type /Page\b`).FindAll(pdf, -1)); pages < 1 || pages > 20 || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("%s: %d pages of paper", name, pages)
		}
		if dir := os.Getenv("ENTENTE_SHOTS"); dir != "" {
			file := regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(name, "-")
			if err := os.WriteFile(filepath.Join(dir, file+".pdf"), pdf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
