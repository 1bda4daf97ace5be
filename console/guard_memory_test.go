package console

import (
	"context"
	"slices"
	"time"

	"entente/election/audit"
	"entente/election/campaign"
	"entente/election/inventory"
	"entente/election/roll"
	"entente/statement"
)

// guardMemory is the part of a memory that is about the other guards of an election.
type guardMemory struct{ *memory }

func (m *memory) Guards() Guards { return guardMemory{m} }

// sampleAudits are an audit that may stop, one that waits for its seed, and one
// whose ceremony is void.
func sampleAudits() []AuditView {
	ann := inventory.Person{ID: "ann", Name: "Ann Lee", Phone: "+1 555 0100"}
	seal := func(party string, index uint64, what, name string, root int, size int64) audit.Sealed {
		return audit.Sealed{Party: party, Index: index, What: what, Name: name, Digest: rootOf(root), Size: size}
	}
	step := func(party string, index uint64, what, dice string) audit.Taken {
		return audit.Taken{Party: party, Index: index, Time: noon.Add(-time.Hour + time.Duration(index)*time.Second).Unix(), Step: what, Dice: dice}
	}
	mayor := audit.Contest{Name: "Mayor", Rule: audit.RulePlurality, Method: audit.MethodComparison, Winners: []string{"Ann Lee"}, Losers: []string{"Bo \u202eLi"}, Votes: map[string]int64{"Ann Lee": 700, "Bo \u202eLi": 300}, Cards: 1000, Limit: "0.05"}
	entry := func(who string) *audit.Entry {
		return &audit.Entry{Ballot: "1-1-7", Contest: "Mayor", State: audit.StateVotes, Choices: []string{who}}
	}
	red, blue := seal("north", 1290, audit.SealEntries, "red", 4, 12), seal("south", 1271, audit.SealEntries, "blue", 5, 12)
	first := audit.Round{Number: 1, Boards: []audit.Sealed{red, blue, seal("south", 1273, audit.SealEntries, "judge", 6, 1)}, Both: true, Shown: true, Differ: []audit.Difference{{Ballot: "1-1-7", Contest: "Mayor", First: entry("Ann Lee"), Second: entry("Bo \u202eLi")}}, Settled: audit.Entries{*entry("Ann Lee")}}
	second := audit.Round{Number: 2, Boards: []audit.Sealed{seal("north", 1299, audit.SealEntries, "red", 7, 26), seal("south", 1280, audit.SealEntries, "blue", 8, 26)}, Both: true, Shown: true, Settled: audit.Entries{*entry("Ann Lee")}}
	third := audit.Round{Number: 3, Boards: []audit.Sealed{seal("north", 1301, audit.SealEntries, "red", 9, 40)}}
	risks := []audit.Risk{{Assertion: "Ann Lee beats Bo \u202eLi", Mean: 0.7, Risk: 0.0123}}
	out := audit.Outcome{Contest: "Mayor", Method: mayor.Method, Limit: mayor.Limit, Cards: 1000, Seen: 26, Differ: 1, Risk: 0.0123, Met: true, Risks: risks}
	early := out
	early.Seen, early.Risk, early.Met = 12, 0.18, false
	c := AuditContest{Name: "Mayor", Contest: &mayor, Rounds: []AuditRound{{first, &early}, {second, &out}, {third, nil}}}
	for i := range 26 {
		c.Course = append(c.Course, audit.Point{Draws: i + 1, Risk: []float64{0.9, 0.77, 0.65, 0.55, 0.47, 0.40, 0.34, 0.29, 0.25, 0.21, 0.19, 0.18, 0.15, 0.13, 0.11, 0.09, 0.08, 0.066, 0.055, 0.046, 0.039, 0.033, 0.028, 0.021, 0.016, 0.0123}[i]})
		c.Rows = append(c.Rows, AuditCard{Drawn: audit.Drawn{Draw: i + 1, Ballot: "1-1-" + string(rune('a'+i)), Record: "Ann Lee", Paper: "Ann Lee"}, First: "Ann Lee", Second: "Ann Lee"})
	}
	good := audit.Joint{
		Audit: "night", Parties: []string{"north", "south"}, Seed: "53417960661093690826", OpenBy: noon.Unix(), Entries: []audit.Sealed{red, blue},
		Sealed: []audit.Sealed{seal("north", 1201, audit.SealManifest, "", 1, 1000), seal("south", 1190, audit.SealManifest, "", 1, 1000), seal("north", 1202, audit.SealContest, "Mayor", 2, 1000), seal("south", 1191, audit.SealContest, "Mayor", 2, 1000)},
		Steps:  []audit.Taken{step("north", 1204, audit.StepCommit, ""), step("south", 1193, audit.StepCommit, ""), step("north", 1207, audit.StepOpen, "314159"), step("south", 1195, audit.StepOpen, "271828"), step("north", 1209, audit.StepPublic, "161803")},
	}
	waits := audit.Joint{Audit: "recount/2026", Parties: []string{"north", "south"}, OpenBy: noon.Add(time.Hour).Unix(), Waiting: []audit.Due{{Party: "south", Step: "audit manifest"}, {Party: "south", Step: audit.StepCommit}, {Party: "south", Step: "audit contest Judge"}}, Silent: []audit.Silence{{Party: "south", Step: audit.StepOpen, By: noon.Unix()}, {Party: "west", Step: audit.StepCommit, By: noon.Unix()}}}
	void := audit.Joint{Audit: "day", Parties: []string{"north", "south"}, Void: true, Faults: []audit.Fault{{Party: "south", Indices: []uint64{1193, 1199}, Code: audit.FaultOpening, Says: "it opened what it had not committed to", Void: true}}}
	return []AuditView{
		{Joint: good, Contests: []AuditContest{c}, Whom: ann},
		{Joint: waits, Contests: []AuditContest{{Name: "Judge", Needs: []string{NeedSeed, NeedContest, NeedManifest, NeedRecords, NeedBoards, NeedReadings, NeedSettle, NeedApart}, Rounds: []AuditRound{{Round: audit.Round{Number: 1, Boards: []audit.Sealed{red, blue}, Both: true, Knew: true}}}, Detail: "the contest says 40 cards, the manifest 41"}}, Broken: []GuardFile{{Name: "records", Detail: "row 3: no column ballot"}}},
		{Joint: void, Whom: ann},
	}
}

func (m guardMemory) Names(context.Context) (NamesView, error) {
	if len(m.rows) == 0 {
		return NamesView{}, m.broken
	}
	at := func(minutes, line int, source, field string) SeenAt {
		return SeenAt{Source: source, Line: int64(line), Field: field, At: noon.Add(time.Duration(minutes) * time.Minute).UnixMilli()}
	}
	return NamesView{
		Protected: 3, Since: noon.Add(-48 * time.Hour).UnixMilli(), Left: 2, Whom: inventory.Person{Name: "Ann Lee", Phone: "+1 555 0100"}, Odd: []GuardFile{{Name: "x.com", Detail: "too short to be told from others"}},
		Rows: []SeenName{
			{Name: "xn--vte-hna.example", Protected: "vote.example", Kind: "looks-the-same", Count: 4, First: at(-90, 1204, "dns", "dns.question.name"), Last: noon.UnixMilli()},
			{Name: "vote-example-ballot.example", Protected: "vote.example", Kind: "compound", Count: 1, First: at(-30, 77, "web", "http.request.referrer"), Last: noon.UnixMilli(), Mark: NameWatched, By: "ann"},
			{Name: "voted.example", Protected: "vote.example", Kind: "one-edit", Count: 19, First: at(-30, 9, "mail", "email.from.address"), Last: noon.UnixMilli(), Mark: NameBenign, By: "ann"},
		},
	}, m.broken
}

func (m guardMemory) MarkName(ctx context.Context, by User, name, state string) error {
	v, err := m.Names(ctx)
	if err == nil && !slices.ContainsFunc(v.Rows, func(n SeenName) bool { return n.Name == name }) {
		err = ErrNotFound
	}
	if err == nil {
		m.accepted = append(m.accepted, by.Name+" marks "+name+" "+state)
	}
	return err
}

func (m guardMemory) Rolls(context.Context) ([]RollView, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	head := func(day string) roll.Header {
		return roll.Header{Jurisdiction: "Adams County", Day: day, Layout: "NC", Voters: 10_412, Fields: []string{"address"}}
	}
	public := &roll.Published{Day: "2026-11-03", Least: 10, Hidden: 7, Cells: []roll.Cell{{Measure: "address", Count: 231}, {Precinct: "0\u202e7", Measure: "address", Count: 204}}}
	alarms := []roll.Alarm{{Kind: roll.Burst, Precinct: "0\u202e7", Measure: "address", Count: 204, Usual: 4.2, Chance: 1e-20}}
	for _, k := range []string{roll.Mass, roll.Concentration, roll.OneName, roll.SharedPlace, roll.Returned, roll.RunOfIDs, roll.QuietPeriod, roll.Canary} {
		alarms = append(alarms, roll.Alarm{Kind: k, Measure: "address", Count: 21})
	}
	unread := head("2026-11-02")
	unread.Unread = 3
	return []RollView{{
		Site: "portal", Whom: inventory.Person{Name: "Ann Lee", Phone: "+1 555 0100"}, More: 4, Broken: []GuardFile{{Name: "roll-2026-11-04.txt", Detail: "line 7: 3 columns of 12"}},
		Days: []RollDay{
			{Header: head("2026-11-03"), Root: rootOf(3), Since: "2026-11-02", Counts: public, Alarms: alarms, Here: true},
			{Header: unread, Root: rootOf(2), Since: "2026-10-20", Counts: public, Sealed: &Ref{Party: "north", Index: 1283}, Here: true},
			{Header: head("2026-10-20"), Root: rootOf(1), Here: true},
		},
	}, {Site: "clay"}}, m.broken
}

func (m guardMemory) SealRoll(_ context.Context, by User, site, day string) error {
	if site != "portal" {
		return ErrNotFound
	}
	m.accepted = append(m.accepted, by.Name+" seals "+site+" "+day)
	return nil
}

func (m guardMemory) RollSince(ctx context.Context, site, since string) (RollDifference, error) {
	all, err := m.Rolls(ctx)
	if err == nil && (site != "portal" || since != "2026-10-20") {
		err = ErrNotFound
	}
	if err != nil {
		return RollDifference{}, err
	}
	days := all[0].Days
	return RollDifference{Old: days[2].Header, New: days[0].Header, Changes: map[string]int{roll.Added: 12, roll.Changed: 240}, Counts: *days[0].Counts}, nil
}

func (m guardMemory) Audits(context.Context) ([]AuditRow, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	var out []AuditRow
	for _, v := range sampleAudits() {
		out = append(out, AuditRow{Joint: v.Joint, Contests: v.Contests, Last: noon})
	}
	out[2].Last = time.Time{}
	return out, m.broken
}

func (m guardMemory) Audit(_ context.Context, name string) (AuditView, error) {
	all := sampleAudits()
	i := slices.IndexFunc(all, func(v AuditView) bool { return v.Joint.Audit == name })
	if i < 0 {
		return AuditView{}, ErrNotFound
	}
	return all[i], m.broken
}

func (m guardMemory) Posts(context.Context) ([]PostsView, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	ann := inventory.Person{Name: "Ann Lee", Phone: "+1 555 0100"}
	account := func(name string, posts, together int, p, adjusted float64) PostsAccount {
		return PostsAccount{campaign.Account{Name: name, Posts: posts, Together: together, Expected: 0.3, P: p}, adjusted}
	}
	params := campaign.Params{Window: 60, Least: 2, Rounds: 1240, Percent: 5, Near: 80, Carries: campaign.Texts}
	return []PostsView{
		{
			Name: "platform export", Read: true, Rows: 16_203, Without: 71, Unread: 3, First: "row 9: no time that is known", Params: params, Posts: 16_129, Tested: 812, Named: 34, Least: 14, Joined: 40, More: 2, Alone: 1,
			Techniques: []string{"T0084.001", "T0049.005"}, PostsDigest: rootOf(6).String(), Bundle: rootOf(7), Whom: ann,
			Groups: []PostsGroup{
				{Size: 23, Accounts: []PostsAccount{account("votenow_\u202e17", 12, 11, 0.00002, 0.0007), account("patriot4471", 9, 8, 0.00031, 0.011)}, Quotes: []campaign.Quote{{Says: "polls in adams county close at six tonight, stay \u202eat home", Wordings: 4, Posts: 61, Accounts: 23}, {Says: "they are not counting the ballots of our street", Wordings: 1, Posts: 40, Accounts: 20}}},
				{Size: 2, Accounts: []PostsAccount{account("a", 4, 4, 0.001, 0.03), account("b", 4, 4, 0.001, 0.03)}},
			},
		},
		{Name: "quiet", Read: true, Rows: 50, Posts: 50, Tested: 9, Least: 1, Params: campaign.Params{Window: 60, Least: 2, Rounds: 2000, Percent: 5, Carries: campaign.Addresses}, PostsDigest: rootOf(8).String(), Bundle: rootOf(9), Whom: ann},
		{Name: "broken", Detail: "row 1: no column of the account among a, b", Whom: ann},
		{Name: "new"},
	}, m.broken
}

func (m guardMemory) Folders(context.Context) ([]FolderView, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	ann := inventory.Person{Name: "Ann Lee", Phone: "+1 555 0100"}
	at := SeenAt{Source: "/var/log/mail.log", Line: 5512, Field: "smtp.rcpt_to", At: noon.Add(-time.Hour).UnixMilli()}
	return []FolderView{
		{
			Name: "mailbox of the office", Title: "Adams county, clerk", Documents: 4120, Decoys: 2, Root: rootOf(11), Sealed: &Ref{Party: "north", Index: 4}, Whom: ann,
			More: 3, Passed: 2, Touched: []SeenTouch{{Folder: "Adams county, clerk", Recipient: "print \u202evendor", Value: "ballots-proof@clerk.example", Count: 3, First: at, Last: at.At}},
		},
		{Name: "drafts", Title: "Drafts of 2026", Documents: 1, Root: rootOf(12), Whom: ann},
		{Name: "broken", Detail: "format \"x\", want another"},
		{Name: "new"},
	}, m.broken
}

func (m guardMemory) Lists(context.Context) (ListsView, error) {
	if len(m.rows) == 0 {
		return ListsView{}, m.broken
	}
	shared := inventory.Inventory{
		Domains: []inventory.Domain{{Name: "vote.example", What: "site of the office"}}, Offices: []inventory.Office{{Name: "Clerk of \u202eAdams", Jurisdiction: "Adams"}},
		Senders: []inventory.Sender{{Address: "clerk@vote.example", Display: "The clerk"}}, Vendors: []inventory.Vendor{{Name: "Tabulators & Sons"}},
		Results: []inventory.Page{{ID: "adams", URL: "https://results.vote.example/detail.xml"}}, Registration: []inventory.Site{{Name: "portal", URL: "https://portal.vote.example/"}},
		Call: []inventory.Person{{ID: "ann", Name: "Ann Lee", Phone: "+1 555 0100"}},
	}
	theirs := inventory.Inventory{Domains: []inventory.Domain{{Name: "wahl.example"}}}
	return ListsView{Shared: shared, Told: []ToldList{
		{Ref: Ref{Party: "north", Index: 4}, Own: true, At: noon.UnixMilli(), Items: 0},
		{Ref: Ref{Party: "south", Index: 9}, At: noon.UnixMilli(), Items: 1, List: theirs},
		{Ref: Ref{Party: "observer", Index: 2}, At: noon.UnixMilli(), Items: 3, Fault: true},
	}}, m.broken
}

func (m guardMemory) TellList(_ context.Context, by User) error {
	m.accepted = append(m.accepted, by.Name+" tells the list")
	return nil
}

func (m guardMemory) GuardList(_ context.Context, by User, party string) error {
	if party != "south" {
		return statement.Refuse(statement.CodeParty, "no other party")
	}
	m.accepted = append(m.accepted, by.Name+" guards the list of "+party)
	return nil
}
