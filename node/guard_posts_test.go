package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/border"
	"entente/console"
	"entente/election/campaign"
	"entente/election/inventory"
	"entente/statement"
)

// crowdedPosts is an export in which strangers write what they like and some accounts
// post nearly the same within seconds, in waves.
func crowdedPosts(strangers, together int) []byte {
	var b bytes.Buffer
	b.WriteString("account,time,text\n")
	chance := rand.New(rand.NewPCG(7, 1))
	word := func() string {
		return string([]byte{'a' + byte(chance.IntN(26)), 'e', 'a' + byte(chance.IntN(26)), 'o'})
	}
	for account := range strangers {
		for range 8 {
			fmt.Fprintf(&b, "u%03d,%d,%s %s %s of the %s with %s\n", account, 1_600_000_000+chance.IntN(12*3600), word(), word(), word(), word(), word())
		}
	}
	for wave, name := range []string{"one", "two", "three", "four", "five"} {
		for a := range together {
			fmt.Fprintf(&b, "bot%d,%d,polls of wave %s close early tonight so stay at home and tell your friends about it %s\n", a, 1_600_004_000+wave*7000+a, name, []string{"now", "today"}[a%2])
		}
	}
	return b.Bytes()
}

// TestPostsScreen: of a declared export the screen says who behaved alike once it
// lies still, in the bytes that the command line gets from the same posts; anew when
// it is another file; a stranger's export names nobody; a guest sees nothing.
func TestPostsScreen(t *testing.T) {
	u := newUnit(t, nil, north, south)
	path, quiet := u.path(north, "posts.csv"), u.path(north, "quiet.csv")
	export := crowdedPosts(150, 8)
	write(t, path, export)
	write(t, quiet, crowdedPosts(40, 0))
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"files": [{"name": "platform", "path": %q, "what": "posts", "near": 70}, {"name": "quiet", "path": %q, "what": "posts"}, {"name": "gone", "path": %q, "what": "posts"}], "call": [{"id": "ann", "name": "Ann Lee", "phone": "1", "for": ["files"]}]}`, path, quiet, u.path(north, "gone.csv")))
	u.cfg[north].Inventory = u.path(north, "list.json")
	u.start(north)
	n := u.node(north)
	look := func() []console.PostsView {
		t.Helper()
		for range 2 { // what has just been written is read at the second look
			u.guarded(north)
		}
		return must(guardScreens{n.whole()}.Posts(t.Context()))(t)
	}
	all := look()
	if len(all) != 3 {
		t.Fatalf("%+v", all)
	}
	v := all[0]
	if !v.Read || v.Named < 8 || v.Named > 9 || len(v.Groups) != 1 || v.Groups[0].Size < 8 || v.Whom.Name != "Ann Lee" || !slices.Contains(v.Techniques, "T0084.001") || v.Joined != 5 {
		t.Fatalf("%+v", v)
	}
	if q := v.Groups[0].Quotes; len(q) != 5 || q[0].Posts != 8 || q[0].Wordings != 2 || !strings.HasPrefix(q[0].Says, "polls of wave") {
		t.Errorf("%+v", q)
	}
	for _, a := range v.Groups[0].Accounts {
		if a.Adjusted < a.P || a.Adjusted > 0.05 {
			t.Errorf("%+v", a)
		}
	}
	posts, rep, err := campaign.Read(bytes.NewReader(export), campaign.Columns{Near: true})
	u.ok(err)
	p := v.Params
	p.Carries = rep.Carries
	res := must(campaign.Analyse(posts, p))(t)
	data := must(res.Encode())(t)
	if v.Bundle != statement.Digest(sha256.Sum256(data)) || v.PostsDigest != res.Digest || !strings.Contains(v.Command(), "--near 70") {
		t.Error("the other side gets other bytes")
	}
	if v := all[1]; !v.Read || v.Named != 0 || v.Groups != nil {
		t.Errorf("strangers: %+v", v)
	}
	if v := all[2]; v.Read || v.Detail == "" || strings.Contains(v.Detail, "/") {
		t.Errorf("no file: %+v", v)
	}
	if got := must(guardScreens{screens{n, border.Lens{}, n.seen}}.Posts(t.Context()))(t); len(got) != 0 {
		t.Errorf("who may not see the own side's sees %+v", got)
	}

	write(t, path, crowdedPosts(150, 0))
	u.ok(os.Chtimes(path, time.Unix(1_700_000_000, 0), time.Unix(1_700_000_000, 0)))
	if v := look()[0]; !v.Read || v.Named != 0 {
		t.Errorf("another file: %+v", v)
	}
	kept := must(json.Marshal(look()))(t)
	if bytes.Contains(kept, []byte("u001")) {
		t.Error("posts of strangers are kept")
	}
}

// TestPostsLieStill: a file that grows is not read, and one that was read is not read again.
func TestPostsLieStill(t *testing.T) {
	var c campaigns
	how := postsKey(inventory.File{Name: "a"})
	for i, step := range []struct {
		stamp string
		due   bool
	}{{"1", false}, {"2", false}, {"2", true}} {
		if got := c.due(how, step.stamp); got != step.due {
			t.Errorf("look %d: %v", i, got)
		}
	}
	c.of[how].still.read = "2"
	if c.due(how, "2") || c.due(how, "3") || !c.due(how, "3") {
		t.Error("what was read is read again, or what is new is not")
	}
}

// TestPostsBounds: more posts mean fewer shuffles, and too many are not taken.
func TestPostsBounds(t *testing.T) {
	path := t.TempDir() + "/posts.csv"
	var b bytes.Buffer
	b.WriteString("account,time,url\n")
	for i := range postsMost + 1 {
		fmt.Fprintf(&b, "%d,1600000000,x\n", i)
	}
	write(t, path, b.Bytes())
	if v := must(patient().examinePosts(t.Context(), inventory.File{Path: path}))(t); v.Read || !strings.Contains(v.Detail, "more than 200000 posts") {
		t.Errorf("%+v", v)
	}
	write(t, path, b.Bytes()[:len("account,time,url\n")+16*20_000])
	if v := must(patient().examinePosts(t.Context(), inventory.File{Path: path}))(t); !v.Read || v.Params.Rounds > postsShuffled/v.Posts || v.Tested != 0 {
		t.Errorf("%+v", v)
	}
	if v := must(patient().examinePosts(t.Context(), inventory.File{Path: t.TempDir()}))(t); v.Read || v.Detail == "" {
		t.Errorf("a folder: %+v", v)
	}
}
