package accord

import "slices"

// ProposalTemplate is the beginning of a text: what it is for, its title and words
// in both languages, and the norms whose clauses it has. Everything in it may be
// changed by whoever writes.
type ProposalTemplate struct {
	ID    string
	For   ProposalKind
	Title Texts
	Text  Texts
	Norms []string // ids of Norms, a clause of each
	Blank bool     // it begins with one empty clause
}

// ProposalTemplates returns the beginnings in the order of menus: a group, clauses,
// the eleven norms together and one by one, then what a case comes to.
func ProposalTemplates() []ProposalTemplate {
	var all []string
	out := []ProposalTemplate{
		{
			ID: "group", For: ForGroup, Title: Texts{"en": "A working group", "ru": "Рабочая группа"},
			Text: Texts{
				"en": "The parties set up a working group. It meets as its members agree, and each of its acts is put to the parties for their consent.",
				"ru": "Стороны создают рабочую группу. Она собирается по договорённости её членов; каждое её решение выносится на согласие сторон.",
			},
		},
		{
			ID: "clauses", For: ForClause, Title: Texts{"en": "An agreement on duties", "ru": "Соглашение об обязательствах"},
			Text: Texts{"en": "The parties agree on the duties named in the clauses.", "ru": "Стороны договорились об обязательствах, названных в пунктах."}, Blank: true,
		},
	}
	for _, n := range Norms() {
		all = append(all, n.ID)
	}
	out = append(out, ProposalTemplate{
		ID: "norms", For: ForClause, Title: Texts{"en": "The eleven norms", "ru": "Одиннадцать норм"},
		Text:  Texts{"en": "The parties agree on the norms of responsible behaviour named in the clauses.", "ru": "Стороны договорились о нормах ответственного поведения, названных в пунктах."},
		Norms: all,
	})
	for _, n := range Norms() {
		out = append(out, ProposalTemplate{
			ID: n.ID, For: ForClause, Title: normTitles[n.ID], Norms: []string{n.ID},
			Text: Texts{"en": "The parties agree on the duty named in the clause.", "ru": "Стороны договорились об обязательстве, названном в пункте."},
		})
	}
	return append(out, caseTemplates...)
}

// normTitles are short names of the norms.
var normTitles = map[string]Texts{
	"norm-a": {"en": "Working together on stability and security", "ru": "Сотрудничество ради устойчивости и безопасности"},
	"norm-b": {"en": "Weighing all that is known before attribution", "ru": "Взвешенность при установлении виновных"},
	"norm-c": {"en": "No wrongful acts from one's networks", "ru": "Недопущение противоправных действий со своих сетей"},
	"norm-d": {"en": "Exchange and help against crime", "ru": "Обмен сведениями и помощь против преступности"},
	"norm-e": {"en": "Respect for human rights", "ru": "Уважение прав человека"},
	"norm-f": {"en": "No damage to critical services", "ru": "Отказ от ущерба критическим службам"},
	"norm-g": {"en": "Protecting one's own critical services", "ru": "Защита своих критических служб"},
	"norm-h": {"en": "Answering requests for assistance", "ru": "Ответ на просьбы о помощи"},
	"norm-i": {"en": "Integrity of the supply chain", "ru": "Целостность цепочки поставок"},
	"norm-j": {"en": "Reporting of vulnerabilities", "ru": "Сообщение об уязвимостях"},
	"norm-k": {"en": "No harm to response teams", "ru": "Неприкосновенность групп реагирования"},
}

// NormTitle is the short name of a norm; nil for what is none.
func NormTitle(id string) Texts { return normTitles[id] }

// CaseTemplates are those of what is proposed within a case: what the parties say
// together of it, what they find, what is to be put right, and its end.
func CaseTemplates() []ProposalTemplate {
	return slices.DeleteFunc(slices.Clone(caseTemplates), func(t ProposalTemplate) bool { return t.For == ForClause || t.For == ForEnd })
}

var caseTemplates = []ProposalTemplate{
	{
		ID: "ceasefire", For: ForClause, Title: Texts{"en": "A pause in hostile acts", "ru": "Прекращение враждебных действий"},
		Text: Texts{"en": "From the instant named in the clause the parties refrain from the acts that it names.", "ru": "С момента, названного в пункте, стороны воздерживаются от названных в нём действий."}, Blank: true,
	},
	{
		ID: "report", For: ForReport, Title: Texts{"en": "A joint report", "ru": "Совместный доклад"},
		Text: Texts{"en": "The parties report together:", "ru": "Стороны совместно сообщают:"},
	},
	{
		ID: "release", For: ForRelease, Title: Texts{"en": "A joint statement to the public", "ru": "Совместное заявление для общественности"},
		Text: Texts{"en": "The parties state together:", "ru": "Стороны совместно заявляют:"},
	},
	{
		ID: "finding", For: ForFinding, Title: Texts{"en": "A finding", "ru": "Вывод"},
		Text: Texts{"en": "Having weighed the accounts and the evidence the parties find as follows.", "ru": "Взвесив рассказы сторон и доказательства, стороны приходят к следующему выводу."},
	},
	{
		ID: "action", For: ForAction, Title: Texts{"en": "A corrective action", "ru": "Мера по исправлению"},
		Text: Texts{"en": "So that it does not happen again the following is done.", "ru": "Чтобы это не повторилось, делается следующее."},
	},
	{
		ID: "close", For: ForClose, Title: Texts{"en": "Closing of the case", "ru": "Закрытие дела"},
		Text: Texts{"en": "The parties close this case. What was said in it stays in the record.", "ru": "Стороны закрывают это дело. Всё сказанное в нём остаётся в журналах."},
	},
	{
		ID: "end", For: ForEnd, Title: Texts{"en": "Ending of an agreement", "ru": "Прекращение соглашения"},
		Text: Texts{"en": "The parties end the agreement named. What it left behind runs on.", "ru": "Стороны прекращают названное соглашение. Остаточные обязательства сохраняются."},
	},
}
