package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/console"
	"entente/statement"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// keyboard is a browser with a virtual authenticator at the console of a node,
// worked by keys alone.
type keyboard struct {
	t      *testing.T
	tab    context.Context
	screen *console.Console
	host   string
}

func (u *unit) keyboard(t *testing.T, name string, users ...string) *keyboard {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no Chromium on this machine: passkeys are not tried in a browser")
	}
	srv := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	s := &keyboard{t: t, host: name + ".localhost:" + port}
	all := must(console.NewUsers(nil, nil))(t)
	for _, who := range users {
		u.ok(all.Put(console.User{Name: who, Roles: []console.Role{console.RoleDelegate}}))
	}
	s.screen = must(console.New(console.Config{
		Node: u.node(name), Party: name, Host: s.host, Users: all, Now: time.Now, Rand: rand.Reader, Report: func(err error) { t.Errorf("console: %v", err) },
	}))(t)
	srv.Config.Handler = s.screen
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(s.screen.Close)
	ctx, end := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(end)
	ctx, end = chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-dev-shm-usage", true))
	t.Cleanup(end)
	s.tab, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	}))
	return s
}

func (s *keyboard) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.tab, steps...); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for an expression to become true in the page, across loads.
func (s *keyboard) until(expression string) {
	s.t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); <-tick.C {
		if ok, err := chromedp.Run(s.tab, chromedp.Evaluate[bool](expression)); err == nil && ok {
			return
		}
	}
	text, _ := chromedp.Run(s.tab, chromedp.Text("body"))
	s.t.Fatalf("never true: %s\npage: %.900s", expression, strings.Join(strings.Fields(text), " "))
}

func (s *keyboard) key(key, text string, code int64) {
	s.t.Helper()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Code: key, Text: text, WindowsVirtualKeyCode: code}
		if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, down); err != nil {
			return err
		}
		down.Type, down.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, down)
		return err
	}))
}

// reach goes by the tab key to what a selector names.
func (s *keyboard) reach(selector string) {
	s.t.Helper()
	for range 200 {
		if ok, err := chromedp.Run(s.tab, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", selector))); err == nil && ok {
			return
		}
		s.key("Tab", "", 9)
	}
	s.t.Fatalf("no key leads to %s", selector)
}

func (s *keyboard) enter() { s.t.Helper(); s.key("Enter", "\r", 13) }

// as signs a user in and opens a page.
func (s *keyboard) as(user, path string) {
	s.t.Helper()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}), chromedp.Navigate(must(s.screen.EntryLink(user))(s.t)))
	s.until(`location.pathname !== "/enter" && document.readyState === "complete"`)
	s.do(chromedp.Navigate("http://" + s.host + path))
}

// ask makes a passkey and asks to be listed in a role.
func (s *keyboard) ask(user, role string) {
	s.t.Helper()
	s.as(user, "/officers")
	s.reach("input[name=role][value=" + role + "]")
	s.key(" ", " ", 32)
	s.reach("form[data-passkey=make] button")
	s.enter()
	s.until(fmt.Sprintf(`!!document.querySelector('input[name=officer][value=%q]')`, user))
}

// sign types the beginning of the digest and signs with the passkey.
func (s *keyboard) sign(user, path, then string) {
	s.t.Helper()
	s.as(user, path)
	s.reach("input[name=typed]")
	for _, c := range strings.TrimPrefix(path, "/drafts/")[:12] {
		s.key(string(c), string(c), 0)
	}
	s.enter()
	s.until(then)
}

func (s *keyboard) path() string {
	p, err := chromedp.Run(s.tab, chromedp.Evaluate[string]("location.pathname"))
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// take drafts a stance on a text and returns its sheet.
func (s *keyboard) take(user, text, stance string) string {
	s.t.Helper()
	s.as(user, text)
	s.reach(fmt.Sprintf(`details.take:has(input[value=%q]) > summary`, stance))
	s.enter()
	s.reach(fmt.Sprintf(`details.take:has(input[value=%q]) form > button`, stance))
	s.enter()
	s.until(`location.pathname.startsWith("/drafts/") && document.readyState === "complete"`)
	return s.path()
}

// TestBrowserOfficersConsent: two officers make passkeys, list themselves, consent
// to one text of the other party and refuse another, by the keyboard alone; after
// the first of them each waits for the second. Nodes, console and browser are
// real, the authenticator is Chromium's virtual one.
func TestBrowserOfficersConsent(t *testing.T) {
	u := newUnit(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	s := u.keyboard(t, north, "anna", "boris")
	s.ask("anna", "head")
	s.ask("boris", "delegate")
	s.reach("button[form=list-officers]")
	s.enter()
	s.until(`location.pathname.startsWith("/drafts/") && document.readyState === "complete"`)
	list := s.path()
	waits := `location.pathname.startsWith("/drafts/") && document.querySelectorAll(".state .sign").length === 1 && !document.querySelector("input[name=typed]")`
	s.sign("anna", list, waits)
	s.sign("boris", list, `location.pathname === "/officers" && document.body.textContent.includes("passkey")`)
	u.utter(south, draft{kind: accord.KindOfficers, body: staffOf(south)}, staff...)
	by := time.Now().Add(time.Hour).Truncate(time.Second)
	yes := u.utter(south, u.groupProposal(by, "A group is set up.", north, south), accord.RoleDelegate)
	no := u.utter(south, u.groupProposal(by, "Another group is set up.", north, south), accord.RoleDelegate)
	u.settle()
	for _, c := range []struct {
		on     statement.Ref
		stance string
		state  accord.State
	}{{yes, "consent", accord.StatePartly}, {no, "refuse", accord.StateRefused}} {
		text := fmt.Sprintf("/accord/south/%d", c.on.Index)
		sheet := s.take("boris", text, c.stance)
		s.sign("boris", sheet, waits)
		if i := u.instrument(north, c.on); len(i.Answers) != 0 || !slices.Contains([]accord.State{accord.StateTabled}, i.State) {
			t.Fatalf("%s by one officer: %s %+v", c.stance, i.State, i.Answers)
		}
		s.sign("anna", sheet, fmt.Sprintf("location.pathname === %q", text))
		u.eventually("south knows: "+c.stance, func() bool { return u.instrument(south, c.on).State == c.state })
	}
}

// press presses the button that a selector names, by the keyboard, and waits for
// what comes of it.
func (s *keyboard) press(selector, then string) {
	s.t.Helper()
	s.reach(selector)
	s.enter()
	s.until(then + ` && document.readyState === "complete"`)
}

func (s *keyboard) write(text string) {
	s.t.Helper()
	for _, c := range text {
		s.key(string(c), string(c), 0)
	}
}

// TestBrowserProposalInForce: an officer composes a clause of the library by the
// keyboard alone, looks at it as it will be signed, and two officers with passkeys
// bring it into force, which both nodes then say.
func TestBrowserProposalInForce(t *testing.T) {
	u := newUnit(t, func(c *charter.Terms) { c.CoolingOff, c.Scope = time.Second, []string{"critical-services"} }, north, south)
	u.start(u.names...)
	u.open(u.names...)
	s := u.keyboard(t, north, "anna", "boris")
	s.ask("anna", "head")
	s.ask("boris", "delegate")
	s.press("button[form=list-officers]", `location.pathname.startsWith("/drafts/")`)
	list := s.path()
	waits := `location.pathname.startsWith("/drafts/") && document.querySelectorAll(".state .sign").length === 1`
	s.sign("anna", list, waits)
	s.sign("boris", list, `location.pathname === "/officers" && document.body.textContent.includes("passkey")`)
	u.utter(south, draft{kind: accord.KindOfficers, body: staffOf(south)}, staff...)
	u.settle()

	s.as("boris", "/writing")
	s.press(`form:has(input[value="norm-f"]) button`, `location.pathname.startsWith("/writing/")`)
	text := s.path()
	s.reach(`textarea[name="clause.1.nets"]`)
	s.write("192.0.2.0/24")
	s.until(`document.getElementById("kept").textContent === "Kept."`)
	s.as("boris", text) // another day: what was typed is there
	s.press(`.write-tools button[value=look]`, `location.search === "?look=1" && !!document.querySelector("#sheet .facts") && document.getElementById("sheet").textContent.includes("192.0.2.0/24")`)
	s.press(`#sheet button[value=draft]`, `location.pathname.startsWith("/drafts/")`)
	s.sign("boris", s.path(), `location.pathname.startsWith("/accord/north/")`)
	page := s.path()
	for _, who := range []string{"boris", "anna"} {
		if who == "boris" {
			list = s.take(who, page, "consent")
			s.sign(who, list, waits)
			continue
		}
		s.sign(who, list, fmt.Sprintf("location.pathname === %q", page))
	}
	ref := must(u.node(north).Accord(t.Context()))(t).Instruments()[0].Ref
	u.settle()
	u.takes(south, accord.Consent, ref, nil)
	for _, name := range u.names {
		u.eventually(name+" says in force", func() bool { return u.instrument(name, ref).State == accord.StateInForce })
	}
	s.as("boris", page)
	s.until(`document.querySelector(".lead .state").textContent.includes("in force")`)
	if left := must(accordScreens{u.node(north).whole()}.Writings(t.Context(), console.User{Name: "boris"}))(t); len(left) != 0 {
		t.Errorf("what was said is still being written: %d", len(left))
	}
}
