package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/console"
	"entente/exchange/defend"
	ringing "entente/internal/bell"
	"entente/internal/misphttp"
	"entente/internal/peer"
	"entente/internal/taxiihttp"
	"entente/watch/incident"
)

// What lets something out.
const (
	byNone    = ""                       // nothing that anybody marked leaves
	byEgress  = "border.Egress"          // asked for every statement and file
	bySee     = "border.See"             // the lens of the account, in every query
	byOwnSide = "own side"               // whoever holds the data folder or is signed in to the console
	byProof   = "proof"                  // one statement as this node reads it, by the hand of the own side
	bySeal    = "sealed by an egress"    // ciphertext and digests; the keys are those that an egress gave
	byForeign = "of somebody else's own" // files and servers named in the command; no node is asked
)

// exit says what a way out can let out, to whom, and what decides.
type exit struct{ what, whom, by string }

// nothing lets out nothing but what the asker brought, or whether it was done.
var nothing = exit{}

func toOwn(what string) exit     { return exit{what, "own side at the machine", byOwnSide} }
func toPerson(what string) exit  { return exit{what, "a person signed in to the console", byOwnSide} }
func toAccount(what string) exit { return exit{what, "an account of a tool or a guest", bySee} }
func toWhole(what string) exit {
	return exit{what, "an account of the own side that may see TLP:RED", bySee}
}
func toParties(what string) exit { return exit{what, "parties of the charter", byEgress} }

// found enumerates every way out that the product has.
func found(t *testing.T) (out []string) {
	t.Helper()
	add := func(door string, names []string) {
		for _, n := range names {
			out = append(out, door+" "+n)
		}
	}
	for _, v := range verbs() {
		add("verb", forms(v))
	}
	add("control", api.Routes())
	add("api", api.ToolRoutes())
	add("misp", misphttp.Routes())
	add("taxii", taxiihttp.Routes())
	add("wire", peer.Paths())
	add("defend", defend.Formats())
	add("incident", incident.Formats())
	add("bell", ringing.Kinds())
	for _, r := range console.Routes() {
		out = append(out, "console "+r.Pattern)
		if e := exits()["console "+r.Pattern]; e.by != byNone && !r.Session {
			t.Errorf("%s gives %s to whoever asks", r.Pattern, e.what)
		}
	}
	return append(out, doors(t)...)
}

// forms are the names of a verb with the word behind it that says what it does,
// as its usage has them.
func forms(v verb) (out []string) {
	for line := range strings.Lines("entente " + v.usage) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "entente "+v.name+" ")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(rest, " ")
		if !regexp.MustCompile(`^[a-z|]+$`).MatchString(word) {
			out = append(out, v.name)
			continue
		}
		for w := range strings.SplitSeq(word, "|") {
			out = append(out, v.name+" "+w)
		}
	}
	return out
}

// doors finds in the source where something listens, connects or is hung beside
// a table of routes.
func doors(t *testing.T) (out []string) {
	t.Helper()
	listens := regexp.MustCompile(`\bhttp\.(Server\{|Serve\(|ServeTLS\(|ListenAndServe)`)
	connects := regexp.MustCompile(`\bhttp\.(Client|Transport)\{|\bsafedial\.Dialer|\bnet\.Dial|"net/smtp"`)
	hung := regexp.MustCompile(`\.Handle(?:Func)?\("([A-Z]+ [^"]+)"`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator)))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "peers" || name == "node/hostile" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(d.Name(), "bench_"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if listens.Match(source) {
			out = append(out, "listens: "+name)
		}
		if connects.Match(source) {
			out = append(out, "connects: "+name)
		}
		if !strings.HasPrefix(name, "api/") {
			for _, m := range hung.FindAllSubmatch(source, -1) {
				out = append(out, "beside the console "+string(m[1]))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestExits: whatever can let something out stands in the table with what, to
// whom and by whose decision. A route, verb or exporter that is not there, or
// is there no more, fails.
func TestExits(t *testing.T) {
	t.Parallel()
	table, all := exits(), found(t)
	slices.Sort(all)
	all = slices.Compact(all)
	for _, one := range all {
		e, ok := table[one]
		switch {
		case !ok:
			t.Errorf("%q can let something out: say in the table what, to whom, and by what", one)
		case (e.what == "") != (e.whom == "") || e.what == "" && e.by != byNone:
			t.Errorf("%q is not whole: %+v", one, e)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(all, name) {
			t.Errorf("%q is gone", name)
		}
	}
	if len(all) < 150 {
		t.Errorf("only %d ways out were found", len(all))
	}
}

// exits is every route, verb and exporter there is.
func exits() map[string]exit {
	out := make(map[string]exit)
	for _, group := range []map[string]exit{verbExits(), controlExits(), consoleExits(), toolExits(), otherExits()} {
		for k, v := range group {
			if _, twice := out[k]; twice {
				panic(k + " stands here twice")
			}
			out[k] = v
		}
	}
	return out
}

func verbExits() map[string]exit {
	return map[string]exit{
		"verb init": nothing, "verb charter propose": nothing, "verb charter sign": nothing, "verb charter show": nothing, "verb charter add": nothing, "verb charter revoke": nothing,
		"verb serve":    {"all", "see the doors", byEgress},
		"verb exercise": {"all, of an exercise", "parties on this machine", byEgress},
		"verb status":   toOwn("counts"), "verb link": toOwn("a secret"),
		"verb user add": nothing, "verb user list": toOwn("users"), "verb user remove": nothing,
		"verb account add": toOwn("a secret"), "verb account list": toOwn("accounts"), "verb account remove": nothing,
		"verb share": toParties("items, objects"), "verb objects share": toParties("objects"), "verb release": toParties("sightings"), "verb seal": toParties("a digest"), "verb open": toParties("a part"),
		"verb erase": toParties("that a part is gone"), "verb rotate": toParties("a key"), "verb withdraw": toParties("that it leaves"), "verb override": toParties("a reason"),
		"verb group set": toParties("a group"), "verb group list": toOwn("groups"), "verb retract": toParties("what does not hold"),
		"verb leak":      {"whose copy it was", "whoever is given the file", byProof},
		"verb incidents": {"incidents", "own side at the machine; exports: tools", byEgress},
		"verb alerts":    toOwn("alerts"), "verb hunt": toOwn("log lines"), "verb search": toOwn("log lines, alerts, statements"), "verb accept": toOwn("a decision"),
		"verb defend":   {"items", "tools of the own side", bySee},
		"verb receipts": toOwn("receipts"), "verb objects": toOwn("objects"), "verb exposure": toOwn("what crossed"), "verb giver": toOwn("records of givers"),
		"verb statements": toOwn("statements"), "verb verify": {"one statement", "whoever holds the file", byForeign},
		"verb export":    {"a log as its mirrors have it; one statement", "whoever is given the files", byProof},
		"verb carry out": {"logs", "a party, by hand", bySeal}, "verb carry in": nothing,
		"verb taxii poll": {"objects", "the own side", byForeign}, "verb taxii push": {"objects of files", "tools of the own side", byEgress},
		"verb misp show": {"events of files", "own side at the machine", byForeign}, "verb misp add": nothing, "verb misp share": toParties("events"),
		"verb misp feed": {"events", "readers of a folder, under a clearance", bySee},
		"verb backup":    toOwn("keys, logs, archive"), "verb restore": nothing, "verb rebuild": toOwn("the view"), "verb drill": nothing,
		"verb watch": {"log lines", "own side at the machine", byForeign}, "verb rules": toOwn("rules"), "verb bench": nothing, "verb version": nothing,
		"verb officer key": toOwn("a secret"), "verb officer list": toOwn("officers"), "verb officer add": toOwn("a draft"), "verb officer enroll": toOwn("a draft"),
		"verb draft list": toOwn("drafts"), "verb draft watched": toOwn("queries of clauses"), "verb draft show": toOwn("a draft"), "verb draft discard": nothing, "verb sign": toParties("what officers signed"),
		"verb propose": toOwn("a draft"), "verb amend": toOwn("a draft"), "verb position": toOwn("a draft"), "verb notice": toOwn("a draft"), "verb tell": toOwn("a draft"), "verb assess": toOwn("a draft"), "verb exhibit": toOwn("a draft"),
		"verb case": {"cases; with a flag one case", "own side at the machine; with the flag tools of the own side", byEgress}, "verb instruments": toOwn("joint acts"), "verb clocks": toOwn("deadlines"), "verb compare": toOwn("accounts"), "verb conduct": toOwn("counts of how each has acted"), "verb report": toOwn("the report of a day"),
		"verb press": {"what was checked of an election", "the press", byForeign}, "verb match offer": toParties("digests, and to the partner of the run points that only a match opens"), "verb match consent": toParties("digests, and to the partner of the run points that only a match opens"),
		"verb match agree": {"matched items, and a sample", "the partner of the run, under both sides' consent", byEgress}, "verb match stock": toParties("a digest"), "verb match list": toOwn("runs"), "verb match lists": toOwn("warning lists and their digests"), "verb match budget": toOwn("guesses that are left"), "verb match show": toOwn("what came of a run"), "verb match verify": nothing,
		"verb match group":     toParties("digests, and to the partner of each run points that only a match opens"),
		"verb match watchlist": toParties("digests, and to the partner of the list tokens and points that only a hit opens, and under a list's terms hits"),
		"verb lookalike":       nothing, "verb inventory check": nothing, "verb inventory show": toOwn("what is guarded around an election, and whom to call"), "verb inventory tell": toParties("what of the guarded list is shared"), "verb inventory told": toOwn("the lists that parties told"), "verb inventory guard": toOwn("what was taken up of a party's list"), "verb campaign": {"accounts named in an export", "own side at the machine", byForeign}, "verb audit sizes": nothing, "verb audit draws": nothing, "verb audit risk": nothing, "verb audit check": nothing, "verb audit commit": nothing, "verb audit seed": nothing,
		"verb audit cvr": {"counts of a file's records", "own side at the machine", byForeign}, "verb audit manifest": nothing, "verb audit contest": nothing, "verb audit measure": {"what boards read", "own side at the machine", byForeign}, "verb audit entries": nothing,
		"verb audit boards": {"what boards read", "own side at the machine", byForeign}, "verb audit seal": toParties("digests"), "verb audit joint": toParties("steps of an audit's ceremony"), "verb audit show": toParties("what a board read of drawn cards"), "verb audit report": {"what was read of drawn cards", "whoever is given the file", byForeign},
		"verb results show": {"results of files", "own side at the machine", byForeign}, "verb results diff": {"results of files", "own side at the machine", byForeign},
		"verb results copies": {"fetched pages, and the proof of their seals", "whoever is given the files", byProof}, "verb results pages": toOwn("how results pages stand"), "verb results balance": toParties("whether the numbers of a shared page add up"), "verb results ever": toOwn("where a number was published"),
		"verb results learn": nothing, "verb results prove": {"one published number", "whoever is given the file", byForeign},
		"verb results lookup": {"results of files", "own side at the machine", byForeign}, "verb results batches": {"results of files", "own side at the machine", byForeign}, "verb results seal": toParties("digests"),
		"verb folder seal": {"a root; with a node its digest", "parties", byEgress}, "verb folder open": {"a name of a sealed folder and a digest", "whoever is given the file", byForeign}, "verb folder verify": {"what an opening shows", "own side at the machine", byForeign},
		"verb roll key": nothing, "verb roll synth": nothing, "verb roll seal": {"a root and counts of at least ten; with a node their digests", "whoever is given the file; parties", byEgress}, "verb roll compare": {"voters whose records changed", "own side at the machine", byForeign},
		"verb roll alarms": {"counts of what changed", "own side at the machine", byForeign},
		"verb roll prove":  {"roots and keyed digests; of a voter what is asked for", "whoever is given the file", byForeign}, "verb roll verify": {"what a proof shows", "own side at the machine", byForeign},
		"verb preserve": {"captures; with a flag a digest and an address", "own side at the machine; with the flag parties", byEgress},
	}
}

func controlExits() map[string]exit {
	out := make(map[string]exit)
	for pattern, e := range map[string]exit{
		"GET status": toOwn("counts"), "GET users": toOwn("users"), "GET alerts": toOwn("alerts"), "GET givers": toOwn("records of givers"), "GET exposure": toOwn("what crossed"),
		"GET rules": toOwn("rules"), "GET incidents": toOwn("incidents"), "GET statements": toOwn("statements"), "GET groups": toOwn("groups"), "GET receipts": toOwn("receipts"),
		"GET retractions": toOwn("retractions"), "GET objects": toOwn("objects"), "GET objects/export": toOwn("objects"), "GET backup": toOwn("keys, logs, archive"),
		"GET backup-without-archive": toOwn("keys, logs"), "POST hunt": toOwn("log lines"), "POST search": toOwn("log lines, alerts, statements"), "POST link": toOwn("a secret"),
		"POST leak":    {"whose copy it was", "whoever is given the file", byProof},
		"GET bundle":   {"one statement", "whoever is given the file", byProof},
		"GET feed":     {"events", "readers of a folder, under a clearance", bySee},
		"POST defend":  {"items", "tools of the own side", bySee},
		"GET incident": {"one incident", "tools of the own side", byEgress},
		"GET wire":     {"logs", "as partners read them", bySeal}, "GET carry/out": {"logs", "a party, by hand", bySeal},
		"POST share": toParties("items, objects"), "POST events": toParties("events"), "POST release": toParties("sightings"), "POST groups": toParties("a group"),
		"POST retract": toParties("what does not hold"), "POST objects/share": toParties("objects"), "POST seal": toParties("a digest"), "POST audit/step": toParties("steps of an audit's ceremony"), "POST audit/show": toParties("what a board read of drawn cards"), "GET audit": toOwn("how far an audit is"), "GET audit/entries": toOwn("what boards read of drawn cards"), "POST erase": toParties("that a part is gone"), "POST open": toParties("a part"),
		"POST withdraw": toParties("that it leaves"), "POST rotate": toParties("a key"), "POST override": toParties("a reason"),
		"GET accord/drafts": toOwn("drafts"), "GET accord/sheet": toOwn("a draft"), "GET accord/case": {"one case", "tools of the own side", byEgress}, "GET accord/watching": toOwn("queries of clauses"), "GET accord/view": toOwn("cases, joint acts, accounts, the report of a day"), "POST accord/drafts": toOwn("a draft"),
		"POST accord/approve": toParties("what officers signed"), "POST accord/discard": nothing, "GET preserve": toOwn("captures"), "GET results/bytes": toOwn("a fetched page"), "GET results": toOwn("how results pages stand"), "POST results/look": toOwn("how a results page stands"), "POST results/word": toParties("whether the numbers of a shared page add up"), "POST results/ever": toOwn("where a number was published"), "POST inventory/tell": toParties("what of the guarded list is shared"), "GET inventory/told": toOwn("the lists that parties told"), "POST inventory/guard": toOwn("what was taken up of a party's list"), "GET inventory": toOwn("what is guarded around an election, and whom to call"), "POST preserve": {"captures; with a flag a digest and an address", "own side at the machine; with the flag parties", byEgress},
		"POST push":      {"which objects of a file may go", "tools of the own side", byEgress},
		"GET match/runs": toOwn("runs"), "GET match/lists": toOwn("warning lists and their digests"), "GET match/run": toOwn("what came of a run"), "GET match/group": toOwn("what the runs of a group came to"), "GET match/budgets": toOwn("guesses that are left"), "POST match/agree": {"matched items, and a sample", "the partner of the run, under both sides' consent", byEgress},
		"POST match/group/offer": toParties("digests, and to the partner of each run points that only a match opens"), "POST match/offer": toParties("digests, and to the partner of the run points that only a match opens"), "POST match/consent": toParties("digests, and to the partner of the run points that only a match opens"), "POST match/stock": toParties("a digest"),
		"GET match/watchlists": toOwn("lists"), "GET match/watchlist": toOwn("what came of questions"), "POST match/watchlist/close": toParties("a code"),
		"POST match/watchlist/open": toParties("a digest, and to the partner tokens that nobody can open without the key"),
		"POST match/watchlist/ask":  toParties("digests, and to the list's owner points that nobody can open, and under its terms hits"),
		"POST accept":               toOwn("a decision"), "POST act": nothing, "POST users": nothing, "POST users/remove": nothing, "POST carry/in": nothing,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		out["control "+method+" /v1/"+path] = e
	}
	return out
}

func consoleExits() map[string]exit {
	return map[string]exit{
		"console GET /enter": nothing, "console POST /enter": nothing, "console POST /leave": nothing, "console POST /language": nothing, "console GET /static/{version}/{name}": nothing,
		"console GET /{$}": toPerson("alerts, statements"), "console GET /live": toPerson("counts"), "console POST /open/{party}": toPerson("a secret"),
		"console GET /watch": toPerson("alerts, incidents"), "console GET /watch/incident/{id}": toPerson("one incident, log lines"), "console GET /watch/alert/{id}": toPerson("one alert, log lines"),
		"console GET /watch/incident/{id}/export/{format}": {"one incident", "tools of the own side", byEgress},
		"console POST /watch/incident/{id}/act":            nothing, "console POST /watch/incidents": nothing,
		"console POST /watch/alert/{id}/release": toParties("a sighting"), "console POST /watch/release": toParties("sightings"), "console POST /watch/accept": toPerson("a decision"),
		"console GET /record": toPerson("statements"), "console GET /record/{party}/{index}": toPerson("one statement"),
		"console GET /record/{party}/{index}/bundle": {"one statement", "whoever is given the file", byProof},
		"console GET /crossed":                       toPerson("what crossed"), "console GET /crossed/{party}": toPerson("what crossed"),
		"console GET /objects": toPerson("objects"), "console GET /objects/{id}": toPerson("objects"), "console POST /objects/{id}/retract": toParties("what does not hold"),
		"console GET /share": toPerson("drafts"), "console POST /share/preview": {"what would be said", "a person signed in to the console", byEgress}, "console POST /share": toParties("objects"),
		"console GET /cases": toPerson("titles of cases, in the words of their authors"), "console GET /cases/{id}": toPerson("what was said in one case"),
		"console POST /cases/{id}/reveal": toParties("a sealed part of one's own"), "console POST /cases/{id}/indicators": toOwn("a draft of indicators"),
		"console GET /cases/{id}/accounts": toPerson("the accounts of one case"), "console GET /cases/{id}/comparison": toPerson("the comparison of one case"),
		"console GET /cases/{id}/matrix": toPerson("the judgements of one case"), "console GET /cases/{id}/actions": toPerson("what one case asks of the parties"), "console GET /cases/{id}/shared": toPerson("what a party has of one case"),
		"console GET /daily": toPerson("the report of a day"), "console GET /daily/{day}/markdown": toPerson("the report of a day"), "console GET /daily/{day}/stix": {"the cases of a day", "tools of the own side", byEgress}, "console GET /cases/{id}/export/{format}": {"one case", "tools of the own side", byEgress},
		"console GET /accord": toPerson("titles of joint acts"), "console GET /accord/{party}/{index}": toPerson("one joint act"),
		"console GET /guard/audits": toPerson("how joint audits stand"), "console GET /guard/rolls": toPerson("counts of voter rolls"), "console GET /guard/posts": toPerson("accounts of exported posts that behaved alike"), "console GET /guard/folders": toPerson("roots of sealed folders, and decoys met in own logs"), "console POST /guard/rolls/seal": toParties("the keyed root of a voter roll"), "console GET /guard/lists": toPerson("what parties told of what they guard"), "console POST /guard/lists/tell": toParties("what of the own list is shared"), "console POST /guard/lists/guard": nothing, "console GET /guard/names": toPerson("names in own logs"), "console POST /guard/names/mark": nothing, "console GET /guard/audits/{audit}": toPerson("how a joint audit stands, and what boards read"),
		"console GET /election/start": nothing, "console POST /election/start": nothing, "console GET /election/press": toPerson("what was checked of an election"), "console GET /election": toPerson("how results pages stand"), "console GET /election/{page}": toPerson("how a results page stands"), "console GET /election/{page}/versions/{older}/{newer}": toPerson("two versions of a results page"),
		"console GET /election/{page}/copy": toPerson("a published page"), "console GET /election/{page}/copy/bytes": toPerson("a published page"), "console POST /election/{page}/look": nothing, "console POST /election/{page}/word": toParties("whether the numbers of a shared page add up"),
		"console GET /match": toPerson("runs of match, guesses that are left"), "console GET /match/new": toPerson("guesses that are left"), "console GET /match/stock": toPerson("how many items were committed to"), "console GET /match/{run}": toPerson("what came of a run"),
		"console GET /match/{run}/transcript": toPerson("points and digests of a run"), "console POST /match/stock": toParties("a digest"),
		"console POST /match/new": toParties("digests, and to the partner of the run points that only a match opens"), "console POST /match/{run}/consent": toParties("digests, and to the partner of the run points that only a match opens"),
		"console GET /watchlists": toPerson("watchlists, items that are left"), "console GET /watchlists/new": toPerson("guesses that are left"), "console GET /watchlists/{list}": toPerson("what came of questions"),
		"console POST /watchlists/new":          toParties("a digest, and to the partner tokens that nobody can open without the key"),
		"console POST /watchlists/{list}/ask":   toParties("digests, and to the list's owner points that nobody can open, and under its terms hits"),
		"console POST /watchlists/{list}/close": toParties("a code"),
		"console POST /match/{run}/agree":       {"matched items, and a sample", "the partner of the run, under both sides' consent", byEgress},
		"console GET /line":                     toPerson("notices, contacts"), "console GET /line/{party}/{index}": toPerson("one notice"),
		"console GET /line/new": nothing, "console POST /line/new": nothing, "console POST /line/draft": nothing, "console POST /line/check": nothing, "console POST /line/{party}/{index}/ack": nothing,
		"console GET /conduct": toPerson("counts of how each has acted"), "console GET /conduct/{party}/{word}": toPerson("what a count is of"),
		"console GET /writing": nothing, "console POST /writing": nothing, "console GET /writing/{writing}": toPerson("what one person is writing"), "console POST /writing/{writing}": nothing, "console POST /writing/{writing}/keep": nothing, "console POST /writing/{writing}/drop": nothing,
		"console GET /drafts": toPerson("drafts of the accord"), "console GET /drafts/{id}": toPerson("one draft of the accord"), "console POST /drafts/{id}/discard": nothing, "console POST /accord/{party}/{index}/position": nothing, "console POST /accord/{party}/{index}/mirror": nothing,
		"console POST /drafts/{id}/sign": toParties("a statement of the accord"), "console GET /officers": toPerson("officers and contacts"),
		"console POST /officers/passkey": nothing, "console POST /officers/asked/{name}/drop": nothing, "console POST /officers/list": nothing,
		"console GET /signing/{file}": {"the own card, the charter, the own consent", "whoever is given the file", byNone}, "console POST /signing/card": nothing, "console POST /signing/heard": nothing, "console POST /signing/propose": nothing,
		"console POST /signing/charter": nothing, "console POST /signing/sign": nothing, "console POST /signing/consent": nothing, "console POST /signing/revoke": nothing,
	}
}

func toolExits() map[string]exit {
	out := map[string]exit{
		"api GET /api/v1/openapi.json": nothing, "api GET /api/v1/objects": toAccount("objects"), "api POST /api/v1/objects": toAccount("what became of each"),
		"api GET /api/v1/objects/{id}": toAccount("objects"), "api GET /api/v1/objects/{id}/bodies/{sha256}": toAccount("one object"),
		"api POST /api/v1/retractions": toParties("what does not hold"), "api GET /api/v1/status": toWhole("counts"), "api GET /api/v1/rules": toWhole("rules"),
		"api GET /api/v1/exposure/{party}": toWhole("what crossed"), "api GET /api/v1/givers": toWhole("records of givers"), "api GET /api/v1/receipts": toWhole("receipts"),
		"api GET /api/v1/alerts": toWhole("alerts"), "api GET /api/v1/incidents": toWhole("incidents"), "api GET /api/v1/incidents/{id}": {"one incident", "tools of the own side", byEgress},
		"api GET /api/v1/statements": toWhole("statements"), "api GET /api/v1/statements/{party}/{index}/bundle": toWhole("one statement"),
		"taxii GET /taxii2/": nothing, "taxii GET /taxii2/root/": nothing, "taxii GET /taxii2/root/status/{status}/": toAccount("what became of own objects"),
	}
	const in = "taxii GET /taxii2/root/collections/"
	for _, path := range []string{"", "{collection}/"} {
		out[in+path] = toAccount("names of collections")
	}
	for _, path := range []string{"manifest/", "objects/", "objects/{object}/", "objects/{object}/versions/"} {
		out[in+"{collection}/"+path] = toAccount("objects")
	}
	out["taxii POST /taxii2/root/collections/{collection}/objects/"] = toAccount("what became of each")
	out["taxii DELETE /taxii2/root/collections/{collection}/objects/{object}/"] = toParties("what does not hold")
	for action, e := range map[string]exit{
		"servers/getVersion": nothing, "attributes/describeTypes": nothing, "servers/getPyMISPVersion": nothing, "users/view": nothing,
		"events/index": toAccount("events"), "events/view": toAccount("an event"), "events/restSearch": toAccount("events"), "events/add": toAccount("what was brought"),
		"events/edit": toAccount("an event"), "events/delete": toParties("what does not hold"), "events/publish": nothing, "events/alert": nothing,
		"attributes/view": toAccount("an attribute"), "attributes/restSearch": toAccount("attributes"), "attributes/add": toAccount("what was brought"),
		"attributes/edit": toAccount("an attribute"), "attributes/delete": toAccount("an event"),
		"sightings/add": toAccount("what was brought"), "sightings/listSightings": toAccount("sightings"), "sightings/index": toAccount("sightings"), "sightings/restSearch": toAccount("sightings"),
		"tags/index": toAccount("tags"), "tags/search": toAccount("tags"), "tags/attachTagToObject": toAccount("an event"),
	} {
		out["misp "+action] = e
	}
	return out
}

// otherExits are exporters, bells, the partner port, and the places in the
// source where anything listens or connects.
func otherExits() map[string]exit {
	tools, bell := exit{"items", "tools of the own side", bySee}, exit{"counts; with detail, what may go to a tool", "who is on duty", byEgress}
	wire := exit{"logs", "partners", bySeal}
	door, dials := exit{"see its routes", "see its routes", byOwnSide}, exit{"a question", "servers that the configuration names", byNone}
	return map[string]exit{
		"defend plain": tools, "defend rpz": tools, "defend sigma": tools, "defend stix": tools, "defend suricata": tools, "defend zeek": tools,
		"incident ocsf": {"one incident", "tools of the own side", byEgress}, "incident stix": {"one incident", "tools of the own side", byEgress},
		"bell mail": bell, "bell webhook": bell, "bell matrix": bell, "bell ntfy": bell,
		"wire /H/checkpoint": wire, "wire /H/tile/0/000": wire, "wire /H/tile/entries/000": wire, "wire /H/parts/0?n=1": wire, "wire /H/held": wire, "wire /wait?log=H&size=0": wire, "wire /match/H/M": wire, "wire /add-checkpoint": wire,
		"beside the console GET /healthz": {"whether it runs", "this machine", byNone}, "beside the console GET /metrics": {"counts", "this machine", byOwnSide},
		"listens: node/control.go": door, "listens: node/people.go": door, "listens: node/signing_serve.go": door, "listens: internal/account/door.go": door, "listens: internal/peer/server.go": door, "listens: cmd/entente/exercise_page.go": door, "listens: cmd/entente/exercise_night.go": door,
		"connects: node/control.go": door, "connects: api/client.go": door, "connects: internal/peer/client.go": wire, "connects: node/config.go": wire,
		"connects: node/feed.go": dials, "connects: node/preserve.go": dials, "connects: node/results_fetch.go": dials, "connects: cmd/entente/agent.go": door, "connects: node/certs.go": {"numbers of entries, and hashes of certificates found there", "the certificate logs of the configuration", byNone}, "connects: cmd/entente/lookalike_ct.go": {"a question", "the log that is named", byNone}, "connects: internal/safedial/safedial.go": dials, "connects: internal/bell/bell.go": bell, "connects: internal/bell/mail.go": bell,
	}
}
