package audit

// words are those of a report in one language.
type words struct {
	met, goOn, rule, outcome                         string
	rules, methods, seals, dice, faults, silent      map[string]string
	sealedTitle, sealedText, fault                   string
	seedTitle, seedText, agreed                      string
	cardsTitle, seen, differ, boards, apart          string
	party, number, what, ballot, draw, record, paper string
	asserted, showsTitle, shows, showsNotTitle       string
	showsNot                                         []string
}

var reportWords = map[string]words{
	"en": {
		met:         "Risk %s, limit %s: the audit may stop.",
		goOn:        "Risk %s, limit %s: the audit goes on.",
		rule:        "Won by %s; audited by %s; drawn from %d cards.",
		outcome:     "Announced: won %s; lost %s.",
		rules:       map[string]string{RulePlurality: "the most votes", RuleApproval: "the most approvals", RuleSupermajority: "a share of the valid votes", RuleIRV: "instant runoff"},
		methods:     map[string]string{MethodBRAVO: "polling (BRAVO)", MethodPolling: "polling (ALPHA)", MethodSuperSimple: "comparing paper with the machine's records (super-simple)", MethodComparison: "comparing paper with the machine's records (ALPHA)"},
		seals:       map[string]string{SealManifest: "ballot manifest", SealRecords: "cast vote records", SealContest: "the contest, as it is audited"},
		sealedTitle: "What was sealed before anybody could know the seed",
		sealedText:  "All of it stood in each party's record before that party committed to dice; the order is proven by the records, not by clocks.",
		fault:       "**Fault of %s** (numbers %s of its record): %s.",
		faults: map[string]string{
			FaultChanged: "it sealed something else after the dice were committed to; what it sealed first counts", FaultDiffer: "it sealed something else than the others", FaultEarly: "it took a step too early",
			FaultTwice: "it took a step twice, with different contents; the first counts", FaultOpening: "it opened what it had not committed to", FaultDeadline: "it named another deadline", FaultParties: "it named other parties or observers", FaultDice: "it saw other public dice than most", FaultFork: "its record contradicts itself",
			FaultTable: "it closed over other dice than its record had", FaultLeft: "it closed without dice whose record it had cosigned in time", FaultHidden: "it said something to some only, which counts for nobody", FaultEntries: "it showed entries that its board had not sealed, or had read otherwise before; what it read first counts",
		},
		seedTitle:  "Seed and draws",
		seedText:   "Seed %s: from the dice of each party, committed to before and opened after, and from public dice that were thrown last. Nobody could choose it, and anybody can compute it and every draw again.",
		dice:       map[string]string{StepOpen: "dice of %s: %s (number %d of its record)", StepPublic: "public dice as %s saw them: %s (number %d)"},
		agreed:     "Of %d who took part (%s), %d said the same public dice, each after more than half had closed over the same dice of the parties.",
		silent:     map[string]string{StepCommit: "%s did not commit in time: it has no dice in the seed.", StepOpen: "%s committed and did not open in time: its dice do not count. The public dice came after, so that its silence chose nothing."},
		cardsTitle: "The cards",
		seen:       "%d draws were looked at; %d of the cards could not be found, which counts for every loser.",
		differ:     "On %d the paper is not what the machine recorded.",
		apart:      "Two boards of two sides, %s, each sealed what it read of every card before the record showed it what the other had read. They read %d differently.",
		boards:     "Two boards, %s, committed in the record to what they read of every card; that neither saw the other's before is their word. They read %d differently.",
		party:      "Party", number: "Number", what: "What", ballot: "Card", draw: "Draw", record: "Recorded", paper: "Read",
		asserted:      "What must be true for the outcome to be right, and the risk of each",
		showsTitle:    "What this shows",
		shows:         "If the announced outcome were wrong, a sample that looks so good would be at most as likely as the risk says.",
		showsNotTitle: "What this does not show",
		showsNot: []string{
			"that the paper is what voters cast, or that it was kept safe from the polls to the audit;",
			"that everybody who voted might vote, and everybody who might could;",
			"that the machine's records are right card by card: only that the outcome is;",
			"anything of other contests on the same cards;",
			"who did what, or why, where something differs.",
		},
	},
	"ru": {
		met:         "Риск %s, предел %s: аудит может закончиться.",
		goOn:        "Риск %s, предел %s: аудит продолжается.",
		rule:        "Правило победы: %s; способ аудита: %s; выборка из %d листов.",
		outcome:     "Объявлено: победили %s; проиграли %s.",
		rules:       map[string]string{RulePlurality: "больше всех голосов", RuleApproval: "больше всех одобрений", RuleSupermajority: "доля действительных голосов", RuleIRV: "рейтинговое голосование с выбыванием"},
		methods:     map[string]string{MethodBRAVO: "опрос листов (BRAVO)", MethodPolling: "опрос листов (ALPHA)", MethodSuperSimple: "сравнение бумаги с записями машины (super-simple)", MethodComparison: "сравнение бумаги с записями машины (ALPHA)"},
		seals:       map[string]string{SealManifest: "опись бюллетеней", SealRecords: "записи о голосах", SealContest: "гонка в том виде, в каком она проверяется"},
		sealedTitle: "Что было опечатано, прежде чем кто-либо мог знать зерно",
		sealedText:  "Всё это стояло в журнале каждой стороны раньше, чем она обязалась своим броском костей; порядок доказан журналами, а не часами.",
		fault:       "**Нарушение стороны %s** (номера %s её журнала): %s.",
		faults: map[string]string{
			FaultChanged: "она опечатала другое после того, как броски были зафиксированы; считается опечатанное первым", FaultDiffer: "она опечатала не то, что другие", FaultEarly: "она сделала шаг слишком рано",
			FaultTwice: "она сделала шаг дважды, с разным содержанием; считается первый", FaultOpening: "она открыла не то, чем обязалась", FaultDeadline: "она назвала другой срок", FaultParties: "она назвала других участников или наблюдателей", FaultDice: "она видела не тот результат публичного броска, что большинство", FaultFork: "её журнал противоречит сам себе",
			FaultTable: "она закрыла приём не с теми бросками, что были в её журнале", FaultLeft: "она закрыла приём без бросков, журнал с которыми вовремя заверила", FaultHidden: "она сообщила нечто лишь некоторым, что не считается ни для кого", FaultEntries: "она показала записи, которых комиссия не опечатывала или прежде прочитала иначе; считается прочитанное первым",
		},
		seedTitle:  "Зерно и выборка",
		seedText:   "Зерно %s: из бросков каждой стороны, зафиксированных заранее и открытых потом, и из публичного броска, сделанного последним. Выбрать его не мог никто, а вычислить его и всю выборку заново может любой.",
		dice:       map[string]string{StepOpen: "бросок стороны %s: %s (номер %d её журнала)", StepPublic: "публичный бросок, каким его видела сторона %s: %s (номер %d)"},
		agreed:     "Участников — %d (%s), одинаковый публичный бросок назвали %d — каждый после того, как больше половины закрыли приём с одними и теми же бросками сторон.",
		silent:     map[string]string{StepCommit: "Сторона %s не обязалась в срок: её броска в зерне нет.", StepOpen: "Сторона %s обязалась и не открыла в срок: её бросок не считается. Публичный бросок был позже, так что её молчание ничего не выбрало."},
		cardsTitle: "Листы",
		seen:       "Просмотрено по выборке: %d; не найдено листов: %d, каждый из них считается в пользу всех проигравших.",
		differ:     "Бумага расходится с записью машины: %d.",
		apart:      "Две комиссии двух сторон, %s: каждая опечатала прочитанное на каждом листе раньше, чем журнал показал ей прочитанное другой. Прочитано по-разному: %d.",
		boards:     "Две комиссии, %s, зафиксировали в журнале, что прочитали на каждом листе; что ни одна не видела записей другой раньше — их слово. Прочитано по-разному: %d.",
		party:      "Сторона", number: "Номер", what: "Что", ballot: "Лист", draw: "Жребий", record: "Записано", paper: "Прочитано",
		asserted:      "Что должно быть верно, чтобы итог был верен, и риск каждого утверждения",
		showsTitle:    "Что это показывает",
		shows:         "Будь объявленный итог неверен, столь хорошая выборка была бы не вероятнее, чем говорит риск.",
		showsNotTitle: "Чего это не показывает",
		showsNot: []string{
			"что бумага — та самая, которую подали избиратели, и что её берегли от участка до аудита;",
			"что голосовали те, кто имел право, и что все, кто имел право, могли проголосовать;",
			"что записи машины верны лист за листом: только что верен итог;",
			"ничего о других гонках на тех же листах;",
			"кто и почему это сделал, если что-то расходится.",
		},
	},
}
