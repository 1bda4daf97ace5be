package campaign

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entente/election/rows"
)

// A Post is one row of an export.
type Post struct {
	Account string
	ID      string // of the post itself; empty where the export has none
	Object  string // what it carries: an address, a tag, or the digest of its words
	At      int64  // unix seconds
	Text    string // in what words, where near ones are to count as the same: then Object is their digest
}

// Bounds of an export.
const (
	maxPosts = 5_000_000
	maxField = 64 << 10 // bytes
)

// Columns names the columns of an export by their heads. Object and Text exclude
// each other: words are compared as Words does.
type Columns struct {
	Account, Time, ID, Object, Text string

	Near bool // keep the words
}

// known are heads of exports in use, tried in this order where a column is not named.
var known = Columns{
	Account: "account_id account author_id author user_id user screen_name username name",
	Time:    "timestamp_share timestamp time created_at publish_date tweet_created date",
	ID:      "content_id post_id tweet_id id",
	Object:  "object_id url link hashtag",
	Text:    "text content message body",
}

// A Report says what reading left out and why. Nothing is lost without a count.
type Report struct {
	Rows    int            `json:"rows"`
	Posts   int            `json:"posts"`
	Without int            `json:"without"` // posts that carry nothing to compare
	Broken  map[string]int `json:"broken"`  // rows by reason
	First   string         `json:"first,omitempty"`
	Carries string         `json:"carries,omitempty"` // what is compared: words, addresses or tags; empty for what is none of these, or several

	kind string
}

// Read reads an export as CSV with a line of heads. A broken row is counted, and the
// first of them named by row; a file without the columns is refused.
func Read(r io.Reader, want Columns) ([]Post, Report, error) {
	in, rep := rows.NewReader(r, ','), Report{Broken: make(map[string]int)}
	head, _, broken, err := in.Next()
	switch {
	case errors.Is(err, io.EOF) || broken != "":
		return nil, rep, errors.New("row 1: no line of heads")
	case err != nil:
		return nil, rep, err
	}
	at, err := columnsOf(head, want)
	if err != nil {
		return nil, rep, fmt.Errorf("row 1: %w", err)
	}
	if rep.Carries = Texts; at.text < 0 {
		rep.Carries = ""
	}
	near := at.text >= 0 && want.Near
	kept := make(map[string]string) // each text once
	var posts []Post
	for {
		row, _, broken, err := in.Next()
		if errors.Is(err, io.EOF) {
			return posts, rep, nil
		}
		if err != nil {
			return nil, rep, err
		}
		rep.Rows++
		var p Post
		if err = errors.New(broken); broken == "" {
			p, err = postOf(row, at, near)
		}
		if err != nil {
			rep.Broken[err.Error()]++
			if rep.First == "" {
				rep.First = fmt.Sprintf("row %d: %v", in.Number, err)
			}
			continue
		}
		if p.Object == "" {
			rep.Without++
			continue
		}
		if len(posts) == maxPosts {
			return nil, rep, fmt.Errorf("more than %d posts", maxPosts)
		}
		if near {
			if first, ok := kept[p.Text]; ok {
				p.Text = first
			} else if len(kept) == maxTexts {
				return nil, rep, errTexts
			} else {
				kept[p.Text] = p.Text
			}
		}
		if at.text < 0 {
			rep.carries(p.Object)
		}
		posts = append(posts, p)
		rep.Posts++
	}
}

// carries notes what one more post carries.
func (rep *Report) carries(object string) {
	what := "other"
	switch {
	case strings.HasPrefix(object, "#"):
		what = Tags
	case strings.HasPrefix(object, "http://") || strings.HasPrefix(object, "https://"):
		what = Addresses
	}
	switch rep.Posts {
	case 0:
		rep.kind = what
	default:
		if rep.kind != what {
			rep.kind = "other"
		}
	}
	if rep.Carries = rep.kind; rep.kind == "other" {
		rep.Carries = ""
	}
}

// places of the columns; -1 where there is none.
type places struct{ account, time, id, object, text int }

func columnsOf(head []string, want Columns) (p places, err error) {
	find := func(named, likely string, needed bool, what string) int {
		list := strings.Fields(likely)
		if named != "" {
			list = []string{strings.ToLower(named)}
		}
		for _, name := range list {
			if i := slices.IndexFunc(head, func(h string) bool { return strings.ToLower(strings.TrimSpace(h)) == name }); i >= 0 {
				return i
			}
		}
		if err == nil && (needed || named != "") {
			err = fmt.Errorf("no column of the %s among %s", what, strings.Join(head, ", "))
		}
		return -1
	}
	p.account, p.time = find(want.Account, known.Account, true, "account"), find(want.Time, known.Time, true, "time")
	p.id, p.object, p.text = find(want.ID, known.ID, false, "post's id"), -1, -1
	switch {
	case want.Object != "" && want.Text != "":
		return p, errors.New("either a column of what is carried or one of words")
	case want.Text != "":
		p.text = find(want.Text, "", true, "words")
	case want.Object != "":
		p.object = find(want.Object, "", true, "object")
	default:
		if p.object = find("", known.Object, false, "object"); p.object < 0 {
			p.text = find("", known.Text, true, "object or words")
		}
	}
	return p, err
}

var (
	errShort  = errors.New("a field is missing")
	errField  = errors.New("a field is longer than 65536 bytes or no UTF-8")
	errMoment = errors.New("no time that is known")
)

func postOf(row []string, at places, near bool) (Post, error) {
	get := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	for _, i := range []int{at.account, at.time} {
		if i >= len(row) || get(i) == "" {
			return Post{}, errShort
		}
	}
	for _, f := range row {
		if len(f) > maxField || !utf8.ValidString(f) {
			return Post{}, errField
		}
	}
	p := Post{Account: get(at.account), ID: get(at.id), Object: get(at.object)}
	if at.text >= 0 {
		words := normal(get(at.text))
		if p.Object = Words(get(at.text)); near {
			p.Text = words[:min(len(words), mostText)]
		}
	}
	var ok bool
	if p.At, ok = moment(get(at.time)); !ok {
		return Post{}, errMoment
	}
	return p, nil
}

// layouts of times in exports; without a zone they are UTC.
var layouts = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04", "1/2/2006 15:04", "Mon Jan 02 15:04:05 -0700 2006", "2006-01-02"}

// moment reads unix seconds or milliseconds, or a time in a known layout.
func moment(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e11 {
			n /= 1000
		}
		return n, n > 0 && n < 1<<33
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			n := t.Unix()
			return n, n > 0 && n < 1<<33
		}
	}
	return 0, false
}
