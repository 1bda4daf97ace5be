package accord

import (
	"slices"
	"strings"
)

// Norm is one of the eleven norms of responsible behaviour that the UN's group
// of governmental experts named (A/70/174, paragraph 13, a to k; explained in
// A/76/135), as the template of a clause. The wording is ours, so that it can be
// a duty with a scope; who signs it signs our words and not the report's.
type Norm struct {
	ID   string   // norm-a to norm-k
	Mode string   // shall, shall-not
	Acts []string // tags that fit; a charter may have others
	Text Texts    // English and Russian, of the same force
	// Observed says what shows that the duty is kept or broken, or why nothing does.
	Observed Texts
	Means    []string // of observation; none and no Patterns: not checkable
	// Patterns are STIX patterns with the blanks {from} and {to}, networks.
	Patterns []string
}

// The means of observation that templates name.
const (
	MeansRecord  = "record"         // the logs of the unit themselves: who was asked, who answered, when
	MeansSensors = "own-sensors"    // what a party's own watch sees
	MeansTest    = "test-results"   // exhibits that say what was tested and whether it passed
	MeansVisit   = "observer-visit" // an observer looks
)

const tagCritical = "critical-services"

// Checkable reports whether anything observes the norm.
func (n Norm) Checkable() bool { return len(n.Means)+len(n.Patterns) > 0 }

// NormWith is what a clause needs beside the norm's words.
type NormWith struct {
	Who   []string // parties bound
	Acts  []string // nil: those of the norm that the scope of the unit has
	Scope Scope
	From  []string // networks from which the acts would come, for the patterns
	By    []string // parties and observers who observe; nil: nobody is named
	// Allowed are the act tags of the unit's rules.
	Allowed []string
}

// Clause makes the clause no of a proposal and its wording. It refuses a scope
// that selects nothing, and acts that the unit's rules do not know.
func (n Norm) Clause(no int, w NormWith) (Clause, ClauseTexts, error) {
	acts := w.Acts
	if acts == nil {
		acts = slices.DeleteFunc(slices.Clone(n.Acts), func(a string) bool { return !slices.Contains(w.Allowed, a) })
	}
	if i := slices.IndexFunc(acts, func(a string) bool { return !slices.Contains(w.Allowed, a) }); i >= 0 {
		return Clause{}, ClauseTexts{}, refuse("the act %.60q is not in the scope of the charter", acts[i])
	}
	if len(acts) == 0 {
		return Clause{}, ClauseTexts{}, refuse("no act of this norm is in the scope of the charter: name those that are meant")
	}
	if !w.Scope.Defined() {
		return Clause{}, ClauseTexts{}, refuse("a scope that selects assets, networks, sectors or actors")
	}
	c := Clause{
		No: no, Who: filled(w.Who), Mode: n.Mode, Acts: acts,
		Scope:   Scope{filled(w.Scope.Assets), filled(w.Scope.Nets), filled(w.Scope.Sectors), filled(w.Scope.Actors), filled(w.Scope.Except)},
		Observe: Observe{Means: filled(n.Means), Queries: n.queries(w), Who: filled(w.By)},
		Breach:  Breach{AckWithin: 24 * 3600, ExplainWithin: 48 * 3600, Then: []string{"consult", "suspend"}}, Template: n.ID,
	}
	return c, ClauseTexts{No: no, Text: n.Text}, checkClause(no-1, c)
}

// maxNormQueries is what a clause may hold.
const maxNormQueries = 20

func (n Norm) queries(w NormWith) []Query {
	list := []Query{}
	for _, p := range n.Patterns {
		for _, from := range w.From {
			for _, to := range w.Scope.Nets {
				if strings.Contains(from, ":") == strings.Contains(to, ":") && len(list) < maxNormQueries {
					list = append(list, Query{Language: "stix", Text: strings.NewReplacer("{from}", from, "{to}", to).Replace(p)})
				}
			}
		}
	}
	return list
}

// filled copies a list: bodies hold empty lists, never null.
func filled(list []string) []string { return append([]string{}, list...) }

// Norms returns the templates, a to k.
func Norms() []Norm { return slices.Clone(norms) }

var norms = []Norm{
	{
		ID: "norm-a", Mode: "shall", Acts: []string{"cooperation"},
		Text: Texts{
			"en": "The parties work together on measures that make the use of information technology more stable and secure, and refrain from practices that both hold to be harmful or a danger to peace.",
			"ru": "Стороны совместно вырабатывают меры, повышающие устойчивость и безопасность использования информационных технологий, и воздерживаются от действий, которые обе стороны признают вредными или опасными для мира.",
		},
		Observed: Texts{
			"en": "Nothing that could be counted: whether parties work together is seen in the other clauses.",
			"ru": "Ничто из того, что можно сосчитать: сотрудничают ли стороны, видно по остальным пунктам.",
		},
	},
	{
		ID: "norm-b", Mode: "shall", Acts: []string{"attribution"},
		Text: Texts{
			"en": "Before a party names another as the author of an incident it weighs all that is known of it: the wider context, how hard it is to say who acted, and what the consequences are and how far they reach.",
			"ru": "Прежде чем назвать другую сторону виновной в инциденте, сторона взвешивает всё, что о нём известно: общую обстановку, трудность установления того, кто действовал, характер и размах последствий.",
		},
		Observed: Texts{
			"en": "The record: whether the digest of the evidence was logged before the accusation, and whether there is an assessment with more than one hypothesis.",
			"ru": "Журналы: занесён ли хеш доказательств до обвинения и есть ли оценка с более чем одной версией.",
		},
		Means: []string{MeansRecord},
	},
	{
		ID: "norm-c", Mode: "shall-not", Acts: []string{"intrusion", "availability", "malicious-code"},
		Text: Texts{
			"en": "A party does not knowingly let the networks named here be used for wrongful acts against another; told of such an act, it takes the steps that it can to end it.",
			"ru": "Сторона заведомо не допускает использования названных здесь сетей для противоправных действий против другой стороны; узнав о таком действии, она принимает посильные меры к его прекращению.",
		},
		Observed: Texts{
			"en": "Traffic from the networks named, as the other side's sensors see it, and the record of what was asked to be stopped and when it was answered.",
			"ru": "Трафик из названных сетей, каким его видят датчики другой стороны, и журналы: что просили прекратить и когда был дан ответ.",
		},
		Means: []string{MeansSensors, MeansRecord}, Patterns: []string{flowPattern},
	},
	{
		ID: "norm-d", Mode: "shall", Acts: []string{"assistance"},
		Text: Texts{
			"en": "The parties exchange information, help one another, and follow up the criminal and terrorist use of information technology; a request is answered, if only by a refusal with its reason.",
			"ru": "Стороны обмениваются сведениями, помогают друг другу и преследуют преступное и террористическое использование информационных технологий; на запрос даётся ответ, хотя бы отказ с указанием причины.",
		},
		Observed: Texts{
			"en": "The record: requests for assistance and for preservation, and the time until each was answered.",
			"ru": "Журналы: запросы о помощи и о сохранении данных и время до ответа на каждый.",
		},
		Means: []string{MeansRecord},
	},
	{
		ID: "norm-e", Mode: "shall", Acts: []string{"human-rights"},
		Text: Texts{
			"en": "In what they do under this instrument the parties respect the rights of people online as offline, among them privacy and the freedom to seek, receive and pass on information.",
			"ru": "Действуя по настоящему документу, стороны соблюдают права человека в сети так же, как вне её, в том числе право на частную жизнь и свободу искать, получать и передавать информацию.",
		},
		Observed: Texts{
			"en": "Nothing that two nodes could see: how people are treated shows in courts and reports, not in logs.",
			"ru": "Ничто из того, что могли бы увидеть два узла: как обращаются с людьми, видно по судам и докладам, а не по журналам.",
		},
	},
	{
		ID: "norm-f", Mode: "shall-not", Acts: []string{tagCritical, "intrusion", "availability"},
		Text: Texts{
			"en": "A party neither carries out nor knowingly supports activity that damages on purpose, or keeps from working, the systems named here, which serve the public.",
			"ru": "Сторона не ведёт и заведомо не поддерживает деятельность, которая преднамеренно повреждает названные здесь системы, служащие населению, или препятствует их работе.",
		},
		Observed: Texts{
			"en": "The sensors of the systems named, from the effective instant on.",
			"ru": "Датчики названных систем начиная с момента вступления в силу.",
		},
		Means: []string{MeansSensors}, Patterns: []string{flowPattern},
	},
	{
		ID: "norm-g", Mode: "shall", Acts: []string{tagCritical},
		Text: Texts{
			"en": "Each party protects its own systems named here by measures that fit the threat, and tests them.",
			"ru": "Каждая сторона защищает свои названные здесь системы мерами, соразмерными угрозе, и проверяет их.",
		},
		Observed: Texts{
			"en": "Test results as exhibits, and visits of an observer.",
			"ru": "Результаты испытаний в виде материалов и посещения наблюдателя.",
		},
		Means: []string{MeansTest, MeansVisit},
	},
	{
		ID: "norm-h", Mode: "shall", Acts: []string{"assistance", tagCritical},
		Text: Texts{
			"en": "A party answers a proper request for help when the systems named here are attacked, and a request to lessen an attack on them that comes from its networks.",
			"ru": "Сторона отвечает на надлежащую просьбу о помощи при атаке на названные здесь системы и на просьбу ослабить атаку на них, исходящую из её сетей.",
		},
		Observed: Texts{
			"en": "The record: requests to assist and to stop, and the time until each was answered.",
			"ru": "Журналы: просьбы помочь и прекратить и время до ответа на каждую.",
		},
		Means: []string{MeansRecord},
	},
	{
		ID: "norm-i", Mode: "shall", Acts: []string{"supply-chain", "malicious-code"},
		Text: Texts{
			"en": "A party takes reasonable steps to keep the supply chain sound, so that users can rely on products, and against the spread of malicious tools and of hidden harmful functions.",
			"ru": "Сторона принимает разумные меры, чтобы цепочка поставок оставалась неповреждённой и пользователи могли полагаться на изделия, а также против распространения вредоносных средств и скрытых вредных функций.",
		},
		Observed: Texts{
			"en": "Nothing that two nodes could see: a hidden function that can be seen is not hidden.",
			"ru": "Ничто из того, что могли бы увидеть два узла: скрытая функция, которую видно, уже не скрыта.",
		},
	},
	{
		ID: "norm-j", Mode: "shall", Acts: []string{"vulnerability"},
		Text: Texts{
			"en": "A party reports vulnerabilities responsibly and passes on what is known of remedies, so that the danger to those who depend on the systems is limited.",
			"ru": "Сторона ответственно сообщает об уязвимостях и передаёт известные способы их устранения, чтобы ограничить опасность для тех, кто зависит от этих систем.",
		},
		Observed: Texts{
			"en": "The record: reports of vulnerabilities, and the time until they were acknowledged.",
			"ru": "Журналы: сообщения об уязвимостях и время до их подтверждения.",
		},
		Means: []string{MeansRecord},
	},
	{
		ID: "norm-k", Mode: "shall-not", Acts: []string{"response-teams", "intrusion"},
		Text: Texts{
			"en": "A party does no harm to the systems of the other's emergency response teams named here, and does not use its own teams for harmful activity abroad.",
			"ru": "Сторона не причиняет вреда названным здесь системам групп реагирования другой стороны и не использует свои группы для вредоносной деятельности за рубежом.",
		},
		Observed: Texts{
			"en": "The first half by the sensors of the teams named; the second half by nothing.",
			"ru": "Первая половина наблюдается датчиками названных групп, вторая ничем не наблюдается.",
		},
		Means: []string{MeansSensors}, Patterns: []string{flowPattern},
	},
}

// flowPattern finds traffic from one network to another.
const flowPattern = "[network-traffic:src_ref.value ISSUBSET '{from}' AND network-traffic:dst_ref.value ISSUBSET '{to}']"
