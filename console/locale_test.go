package console

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/border"
	"entente/charter"
	"entente/election/audit"
	"entente/election/campaign"
	"entente/election/intake"
	"entente/election/lookalike"
	"entente/election/night"
	"entente/election/roll"
	"entente/statement"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"

	"golang.org/x/net/html"
)

func TestEveryKeyInEveryLanguage(t *testing.T) {
	want := map[string][]string{"en": {"one", "other"}, "ru": {"few", "many", "one"}}
	first, err := loadCatalogue(Languages()[0])
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`\{[a-z]+\}`)
	for _, lang := range Languages() {
		c, err := loadCatalogue(lang)
		if err != nil {
			t.Fatal(err)
		}
		for key, m := range c.texts {
			other, ok := first.texts[key]
			if !ok {
				t.Errorf("%s: %q is not in %s", lang, key, first.lang)
				continue
			}
			if (m.forms == nil) != (other.forms == nil) {
				t.Errorf("%s: %q is counted in one language only", lang, key)
			}
			if m.forms == nil && m.text == "" {
				t.Errorf("%s: %q is empty", lang, key)
			}
			if m.forms != nil && !slices.Equal(slices.Sorted(maps.Keys(m.forms)), want[lang]) {
				t.Errorf("%s: %q has the forms %v", lang, key, slices.Sorted(maps.Keys(m.forms)))
			}
			a, b := places(place, m), places(place, other)
			if !maps.Equal(a, b) {
				t.Errorf("%s: %q fills %v, %s fills %v", lang, key, a, first.lang, b)
			}
		}
		for key := range first.texts {
			if _, ok := c.texts[key]; !ok {
				t.Errorf("%s: %q is missing", lang, key)
			}
		}
	}
}

func places(re *regexp.Regexp, m message) map[string]bool {
	found := map[string]bool{}
	for _, text := range append(slices.Collect(maps.Values(m.forms)), m.text) {
		for _, p := range re.FindAllString(text, -1) {
			found[p] = true
		}
	}
	return found
}

// sources returns the text of all pages and Go files that use keys.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	names, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := pageFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

// A key is used where a page or a frame names it whole, or where its family is
// looked up by a code that the family's list has.
func TestNoKeyUnused(t *testing.T) {
	pages := sources(t)
	frames := []string{
		"nav.watch", "nav.record", "alert.title", "incident.title", "statement.title", "enter.title", "exercise.title", "exercise.open_title", "held.limit", "held.score",
		"nav.accord", "nav.cases", "nav.line", "nav.daily", "case.title", "accord.instrument", "accord.next.decide", "accord.next.confirm", "accord.next.starts", "accord.next.ends",
		"drafts.title", "sheet.title", "officers.title",
	}
	alarms := []string{
		"other", night.FinalChanged, "silent-change", "fell-far", "page-down", "page-gone", "page-unread", "range", "type-sum", "unit-sum", "ballots-exceed-registered", "undervote-spike", "balance", "roots-differ",
	}
	families := map[string][]string{
		"lang": Languages(), "lang.short": Languages(),
		"role": strs(Roles()), "view": strs(views()), "state": append(strs(alertStates()), "disputed", "not_yet"),
		"incident.state": strs(incidentStates()), "incident.do": strs(incidentStates()),
		"outcome": ruleOutcomes(), "rulekind": {"detection", "correlation", "filter", "global", "pattern", "code"},
		"sigma.note": ruleNotes(),
		"level":      {"informational", "low", "medium", "high", "critical"},
		"policy":     {string(PolicyOfficer), string(PolicyAutomatic)},
		"source":     {string(SourceFollowing), string(SourceReading), string(SourceDone), string(SourceBroken), string(SourceAbsent)},
		"part":       {string(PartOpen), string(PartSealed), string(PartAbsent), string(PartErased)},
		"story": strs([]EventKind{
			EventCharter, EventReading, EventShared, EventTaken, EventHeldBack, EventAccepted, EventMatched, EventReleased,
			EventSighted, EventWitnessed, EventHeld, EventMirrored, EventRefused, EventSilent, EventFork,
			"shared.all", "released.all", "sighted.all", "witnessed.all",
		}),
		"words":   append([]string{"title", "waiting"}, strs(fourWords())...),
		"rule":    {"match.equal", "match.in_network", "match.subdomain", "match.url_prefix", "match.host_of_url", "match.host_of_email", "match.sigma", "match.correlation", "match.pattern", "match.sql-injection", "match.path-scan", "match.answer-size", "match.number-walk", "match.steady-rate", "match.slow-drip", "match.sender-lookalike", "match.request-flood", "match.first-attachment"},
		"why":     {"match.equal", "match.in_network", "match.subdomain", "match.url_prefix", "match.host_of_url", "match.host_of_email", "match.sigma", "match.correlation", "match.pattern", "match.sql-injection", "match.path-scan", "match.answer-size", "match.number-walk", "match.steady-rate", "match.slow-drip", "match.sender-lookalike", "match.request-flood", "match.first-attachment"},
		"basis":   {"told", "observed", "recorded", "inferred", "asserted"},
		"verdict": {"accepted", "held-back", "refused", "not-understood", "sealed"},
		"unit":    {"day", "hour", "minute", "second", "byte", "kib", "mib", "gib"},
		"meta":    {"dir", "thousands", "decimal"},

		"signing.role": {"party", "observer"}, "accord.mode": {"shall", "shall-not", "may"}, "accord.alone": {"complete", "abort"},
		"accord.rung": {"yours", "open", "agreed", "force", "over"}, "accord.tab": {"accord", "drafts", "officers", "match", "conduct"}, "accord.why_state": strs(accord.Reasons()),
		"accord.take": taken(), "take.means": taken(), "officers.list": {"rules", "ruled", "waits"}, "sheet.listed": {"new", "changed", "gone"},
		"watched.why":    {"no-sensors", "not-named", "scope", "refused", "never", "no-rule", "too-many"},
		"officers.power": slices.Collect(maps.Keys(accord.FirstRules(charter.Charter{}).Powers)), "sheet.part": {"title", "text", "stands-on", "words", "reservation", "question", "limits", "assumption", "gap", "would-change", "dissent", "view", "test"},
		"sheet.effect": {
			"decide-by", "cooling-off", "undo-until", "effective", "takes-effect", "until", "no-undo", "ack-by", "answer-by", "commit-by", "reveal-by", "due", "watched-until", "shown-at", "happened", "happened-to",
		},
		"sheet.item": {"act", "word", "state-of-mind", "measure", "absence"},
		"sheet.fact": {
			"level", "ask", "of", "role", "part", "what", "where", "seen-from", "impact", "wanted", "mode", "capacity", "names", "depositary", "present", "stage", "confidence", "dissent", "cell",
			"name", "sort", "held", "passed", "observer", "reason", "hold", "bytes", "sha256", "captured", "custody", "for", "needs", "except", "finding", "acts", "stance", "counter", "quantity", "rule",
			"run-with", "run-mode", "run-types", "run-ours", "run-theirs", "run-guesses", "run-left", "run-audit", "run-sees", "run-observer", "run-excluded", "run-release", "list-asks", "list-hits",
		},
		"sheet.run": {"count", "names"}, "sheet.release": {"observer"}, "sheet.hits": {"hidden", "proved"}, "sheet.sees": {"nobody", "partner", "observer"},

		"case.tab": {caseTimeline, "accounts", "matrix", "actions", "shared"}, "matrix.plantable": {"no", "with-effort", "easily", "unknown"}, "shared.part": strs([]PartSight{SightOpen, SightOpened, SightClosed, SightNotItsOwn}), "case.word": {"reservation", "ad-referendum"}, "case.stage": {"hypotheses", "rows", "cells", "judgement"},
		"case.exhibit": {"file", "pcap", "log-slice", "web-capture", "image", "stix", "test-result"}, "case.held": {"shared", "observer-only", "withheld", "sealed"},
		"case.passed": {"passed", "failed"}, "case.part": {"clause", "item", "judgement", "row", "hypothesis", "commitment"},

		"line.tab": {"line", "line?view=all"}, "notify.what": templates(), "notify.blank": blanks(), "line.clock": {accord.ClockAck, accord.ClockAnswer}, "line.who": {"contact", "observer", "all"}, "officer.role": accord.Roles(),

		"bell":       {"open", "incident", "detail", "more", "urgent", "checks", "notice", "check", "of", "by"}, // what the node's bells say
		"write.kind": strs(writingKinds()), "presence.writes": strs(writingKinds()), "write.unit": {"seconds", "minutes", "hours", "days"}, "write.then": {"consult", "suspend", "end", "refer"},
		"write.how": {"supersedes", "ends"}, "write.capacity": {"official", "personal", "reported"}, "write.seal": {"open", "sealed"}, "write.rel": strings.Split("ABCDEF", ""), "write.cred": strings.Split("123456", ""), "write.level": {"technical", "operational", "strategic"}, "write.assess.begin": assessStages(), "write.assess.add": {"judgement", "dissent"},

		"election.state": strs(night.States()), "election.stand": strs(night.Stands()), "election.grade": {"hard", "medium", "learned", "notice"},
		"guard.tab": {"election", "guard/audits", "guard/rolls", "guard/names", "guard/posts", "guard/folders", "guard/lists"}, "toldlists.kind": {listedOffice, listedDomain, listedSender, listedPage, listedSite, listedVendor, listedPerson}, "posts.carries": {campaign.Texts, campaign.Addresses, campaign.Tags}, "posts.disarm": disarmed(), "rolls.change": {roll.Added, roll.Removed, roll.Changed},
		"rolls.alarm": roll.Kinds(), "rolls.means": roll.Kinds(), "rolls.do": roll.Kinds(), "names.mark": {NameBenign, NameWatched}, "names.kind": strs(lookalike.Kinds()), "audit.state": {auditVoid, auditSealing, auditDrawn, auditGoesOn, auditMayStop}, "audit.need": {NeedSeed, NeedContest, NeedManifest, NeedRecords, NeedBoards, NeedReadings, NeedSettle, NeedApart},
		"audit.fault": {audit.FaultChanged, audit.FaultDiffer, audit.FaultEarly, audit.FaultTwice, audit.FaultOpening, audit.FaultDeadline, audit.FaultParties, audit.FaultDice, audit.FaultFork, audit.FaultTable, audit.FaultLeft, audit.FaultHidden, audit.FaultEntries}, "audit.silent": {audit.StepCommit, audit.StepOpen},
		"audit.step":     {audit.StepCommit, audit.StepOpen, audit.StepClose, audit.StepPublic, audit.SealManifest, audit.SealRecords, audit.SealContest},
		"audit.rule":     {audit.RulePlurality, audit.RuleApproval, audit.RuleSupermajority, audit.RuleIRV},
		"audit.method":   {audit.MethodBRAVO, audit.MethodPolling, audit.MethodSuperSimple, audit.MethodComparison},
		"election.alarm": alarms, "election.means": alarms, "election.do": alarms,
		"election.outcome": {"first", "changed", "reformatted", "unread", "unreadable", "same"},
		"election.why":     {"silent", "late", "status", "size", "cut", "inside", "redirect", "networks", "address"},

		"election.file": strs(intake.Kinds()), "election.file.hint": {"csv", "text", "columns", "unpack", "empty"}, "election.file.trouble": {tooLarge, tooMany, cutShort}, "election.file.next": {"manifest", "records"}, "election.file.cmd": {"manifest", "records"},
		"election.remark": {"same-batches", "other-batches", "all-candidates", "missing-candidates", "same-numbers", "other-numbers", "other-election"},
		"match.state":     matchStates(), "match.means": matchStates(), "match.waits": {"consent", "count", "partner"}, "match.class": classNames(), "match.why": classNames(), "match.never": border.MatchNever(),
		"lists.state": listStates(), "lists.means": listStates(), "lists.own": {"owner", "asker"}, "lists.waits": {"file", "answer"}, "lists.question": {"asked", "answered", "read", "refused", "void"}, "lists.promise": {"file", "question", "budget", "key", "end"},
		"match.mode": {"names", "count"}, "match.mode.long": {"names", "count"}, "match.learns": {"names", "count"}, "match.sees": {"partner", "observer", "nobody"},
		"match.commits": {"list", "key", "proof", "budget", "end"}, "match.mark": {"offer", "consent", "begin", "commit", "returned", "closing", "abort"},

		"recordtab": {"record", "crossed", "objects", "share"}, "scope": {"own", "accepted"}, "standing": {"claim", "again"},
		"egress": {border.RuleNamed, border.RuleOpen, border.RuleGroup, border.RuleOwn, border.RulePublic},
	}
	frames = append(frames, accord.CompareKeys()...)
	for word := range accord.Words() {
		frames = append(frames, "accord."+word)
	}
	open := []string{"kind.", "type.", "reason.", "explain.", "warning.", "code.", "error."} // looked up by what others name
	c, err := loadCatalogue("en")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, k := range frames {
		used[k] = true
	}
	for family, codes := range families {
		for _, code := range codes {
			used[family+"."+code] = true
			if _, ok := c.texts[family+"."+code]; !ok {
				t.Errorf("%s.%s: no text", family, code)
			}
		}
	}
	for key := range c.texts {
		named := used[key] || strings.Contains(pages, `"`+key+`"`)
		if base, ok := strings.CutSuffix(key, ".title"); ok {
			named = named || strings.Contains(pages, `"`+base+`"`)
		}
		if base, ok := strings.CutSuffix(key, ".text"); ok {
			named = named || strings.Contains(pages, `"`+base+`"`)
		}
		for _, prefix := range open {
			named = named || strings.HasPrefix(key, prefix)
		}
		if !named {
			t.Errorf("%q is used nowhere", key)
		}
	}
}

func classNames() (names []string) {
	for _, c := range border.MatchClasses() {
		names = append(names, c.Name)
	}
	return names
}

// taken are the stances that a text's page offers.
func taken() []string {
	return strs(append(slices.Clone(accord.StancesOn(accord.OnProposal)[:10]), accord.Retract))
}

func strs[T ~string](list []T) []string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

// TestErrorKeys follows every error to its page: the keys of the family are
// exactly those that fail can name.
func TestErrorKeys(t *testing.T) {
	keys := []string{"internal", "refused", "not_found", "no_session", "entry", "forbidden", "cross_site", "too_large", "bad_form", "busy"}
	want := map[string]bool{"error.home": true}
	for _, k := range keys {
		want["error."+k], want["error."+k+"_text"] = true, true
	}
	c, err := loadCatalogue("en")
	if err != nil {
		t.Fatal(err)
	}
	for key := range c.texts {
		if strings.HasPrefix(key, "error.") && !want[key] {
			t.Errorf("%q is used nowhere", key)
		}
		delete(want, key)
	}
	for key := range want {
		t.Errorf("%q has no text", key)
	}
}

// Pages hold no words of their own: what is not an action is markup, figures
// and signs.
func TestNoLiteralTextInPages(t *testing.T) {
	action := regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	letter := regexp.MustCompile(`\pL`)
	spoken := []string{"title", "aria-label", "placeholder", "alt", "content-text"}
	names, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := pageFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z := html.NewTokenizer(strings.NewReader(action.ReplaceAllString(string(data), "0")))
		key := false
		for z.Next() != html.ErrorToken {
			tok := z.Token()
			switch tok.Type {
			case html.StartTagToken, html.SelfClosingTagToken:
				key = tok.Data == "kbd"
				for _, a := range tok.Attr {
					if slices.Contains(spoken, a.Key) && letter.MatchString(a.Val) {
						t.Errorf("%s: %s=%q", name, a.Key, a.Val)
					}
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("%s: inline %s", name, a.Key)
					}
				}
			case html.TextToken:
				if letter.MatchString(tok.Data) && !key { // a key cap carries the key's own letter
					t.Errorf("%s: %q", name, strings.TrimSpace(tok.Data))
				}
			case html.EndTagToken:
				key = false
			}
		}
	}
}

// A partner's score is its record: the product's own words never say "trust".
func TestWordsNotUsed(t *testing.T) {
	never := regexp.MustCompile(`(?i)trust|довер|friend|foe`)
	for _, lang := range Languages() {
		for key, m := range say(t, lang).texts {
			for _, text := range append(slices.Collect(maps.Values(m.forms)), m.text) {
				if never.MatchString(text) {
					t.Errorf("%s: %q says %q", lang, key, text)
				}
			}
		}
	}
}

func TestPlural(t *testing.T) {
	ru, en := &catalogue{lang: "ru"}, &catalogue{lang: "en"}
	for n, want := range map[uint64]string{
		0: "many", 1: "one", 2: "few", 4: "few", 5: "many", 11: "many", 12: "many", 14: "many", 21: "one", 22: "few",
		25: "many", 100: "many", 101: "one", 111: "many", 112: "many", 122: "few", 1001: "one", 1_000_000: "many",
	} {
		if got := ru.plural(n); got != want {
			t.Errorf("ru %d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "other", 1: "one", 2: "other", 11: "other", 21: "other"} {
		if got := en.plural(n); got != want {
			t.Errorf("en %d: %s, want %s", n, got, want)
		}
	}
}

func TestNumbersSizesAndDurations(t *testing.T) {
	for _, tc := range []struct {
		lang, got, want string
	}{
		{"en", say(t, "en").number(1234567), "1,234,567"},
		{"en", say(t, "en").number(999), "999"},
		{"ru", say(t, "ru").number(1284), "1\u00a0284"},
		{"ru", say(t, "ru").number(120934), "120\u00a0934"},
		{"en", must(say(t, "en").size(0)), "0 B"},
		{"en", must(say(t, "en").size(18432)), "18.0 KiB"},
		{"ru", must(say(t, "ru").size(3 << 30)), "3,0 ГиБ"},
		{"en", must(say(t, "en").duration(0)), "0 s"},
		{"en", must(say(t, "en").duration(77 * time.Hour)), "3 d\u00a05 h"},
		{"en", must(say(t, "en").duration(24 * time.Hour)), "1 d"},
		{"ru", must(say(t, "ru").duration(61 * time.Second)), "1 мин\u00a01 с"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", tc.lang, tc.got, tc.want)
		}
	}
}

func say(t *testing.T, lang string) *catalogue {
	t.Helper()
	c, err := loadCatalogue(lang)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T ~string](s T, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(s)
}

func TestMessageKeepsPlaceholdersOfValues(t *testing.T) {
	c := say(t, "en")
	got, err := c.t("why.match.equal", "field", "{seen}", "seen", "{value}", "value", "x\u202ey")
	if err != nil {
		t.Fatal(err)
	}
	if want := "{seen} holds {value}. In canonical form this is the indicator x⟨U+202E⟩y."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := c.t("no.such"); err == nil {
		t.Error("a missing key is not an error")
	}
	if label, ok := KindLabel("ru", "sighting/v1"); !ok || label != "Обнаружение" {
		t.Errorf("kind label: %q %v", label, ok)
	}
}

func TestCatalogueIsPlainJSON(t *testing.T) {
	for _, lang := range Languages() {
		data, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]bool{}
		d := json.NewDecoder(strings.NewReader(string(data)))
		depth := 0
		for expectKey := true; d.More() || depth > 0; {
			tok, err := d.Token()
			if err != nil {
				break
			}
			if delim, ok := tok.(json.Delim); ok {
				if delim == '{' {
					depth++
				} else {
					depth--
				}
				expectKey = true
				continue
			}
			if depth == 1 && expectKey {
				if keys[tok.(string)] {
					t.Errorf("%s: %q is there twice", lang, tok)
				}
				keys[tok.(string)] = true
			}
			if depth == 1 {
				expectKey = !expectKey
			}
		}
	}
}

// Every reason code that a screen can show has words.
func TestEveryCodeHasWords(t *testing.T) {
	for _, lang := range Languages() {
		c := say(t, lang)
		for _, code := range []statement.Code{
			statement.CodeSize, statement.CodeDepth, statement.CodeUTF8, statement.CodeDupKey, statement.CodeCaseKey, statement.CodeNumber,
			statement.CodeJSON, statement.CodeField, statement.CodeValue, statement.CodeSignature, statement.CodeKey, statement.CodeSeq,
			statement.CodeParty, statement.CodeCharter, statement.CodeKind, statement.CodePart, statement.CodeDigest, statement.CodeProof,
			statement.CodeSplit, statement.CodeRewound, statement.CodeBudget, statement.CodeRecipient, statement.CodeMarking, statement.CodeBusy,
			statement.CodeRequest, statement.CodeState, statement.CodeDamage,
		} {
			if !c.knows("code", code) {
				t.Errorf("%s: %s has no words", lang, code)
			}
		}
		for _, code := range border.HeldCodes() {
			if !c.knows("reason", code) {
				t.Errorf("%s: %s has no words", lang, code)
			}
		}
		for _, l := range border.BuiltIn() {
			if !c.knows("warning", l.Name()) {
				t.Errorf("%s: the list %q has no words", lang, l.Name())
			}
		}
		codes := rule.Codes()
		for _, r := range indicator.Rules() {
			codes = append(codes, r.Code())
		}
		for _, code := range codes {
			if !c.knows("rule", code) || !c.knows("why", code) {
				t.Errorf("%s: %s has no words", lang, code)
			}
		}
		for _, code := range sigma.NoteCodes() {
			if _, ok := c.texts[string(code)]; !ok {
				t.Errorf("%s: %s has no words", lang, code)
			}
		}
	}
}

// TestNumberInText: a number that was formatted for a page stands in a text as
// it stands alone; the space within it is not shown as a code.
func TestNumberInText(t *testing.T) {
	say, err := loadCatalogue("ru")
	if err != nil {
		t.Fatal(err)
	}
	num := helpers(say, nil)["num"].(func(any) phrase)
	got, err := say.t("rules.sums", "loaded", num(30056), "never", 1234, "refused", 0)
	if err != nil || !strings.Contains(got, "30\u00a0056") || !strings.Contains(got, "1\u00a0234") {
		t.Errorf("%q, %v", got, err)
	}
}

func templates() (ids []string) {
	for _, t := range accord.NoticeTemplates() {
		ids = append(ids, t.ID)
	}
	return ids
}

func blanks() (names []string) {
	for _, t := range accord.NoticeTemplates() {
		names = append(names, t.Blanks()...)
	}
	return names
}

func disarmed() (out []string) {
	for _, carries := range []string{campaign.Texts, campaign.Addresses, campaign.Tags} {
		for _, t := range campaign.Techniques(carries) {
			out = append(out, t.ID)
		}
	}
	return out
}

func listStates() []string { return []string{"open", "over", "closed", "broken", "void"} }
