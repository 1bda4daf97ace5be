package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// postsPage is the body of the screen of exports of posts.
type postsPage struct{ Views []PostsView }

func (c *Console) posts(v *visit) error {
	all, err := v.source.Guards().Posts(v.r.Context())
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "posts", frame{Title: "guard.posts", Live: "watch", Up: "/election", Body: postsPage{all}})
}

// Command is how the other side gets the same result from the same posts.
func (v PostsView) Command() string {
	p := v.Params
	line := fmt.Sprintf("entente campaign --window %s --least %d --rounds %d --percent %d", time.Duration(p.Window)*time.Second, p.Least, p.Rounds, p.Percent)
	if p.Near > 0 {
		line += fmt.Sprintf(" --near %d", p.Near)
	}
	return line + " --out result.json posts.csv"
}

// Notice is where a notice on an export begins, with counts alone in it.
func (v PostsView) Notice() string {
	what := fmt.Sprintf("%s: %d of %d accounts behaved alike beyond chance; result %s", v.Name, v.Named, v.Tested, v.Bundle)
	return "/line/new?" + url.Values{"template": {"assist"}, "blank.what": {what}}.Encode()
}

// chanceWord is a p-value with two digits that count.
func chanceWord(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}
