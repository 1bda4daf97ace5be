package accord

import (
	"maps"
	"slices"
	"strings"
)

// NoticeTemplate is the wording of a notice in both languages. Blanks stand in
// braces, as in {what}; the same value is put into every language, so that both
// texts say one thing: an address, a time, a number, a short id.
type NoticeTemplate struct {
	ID      string
	Level   string
	Ask     string
	Role    string
	Subject Texts
	Text    Texts
}

// Blanks returns the names of the blanks, sorted.
func (t NoticeTemplate) Blanks() []string {
	found := make(map[string]bool)
	for _, s := range []string{t.Subject.In("en"), t.Text.In("en")} {
		for {
			_, rest, ok := strings.Cut(s, "{")
			name, after, ok2 := strings.Cut(rest, "}")
			if !ok || !ok2 {
				break
			}
			found[name], s = true, after
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Fill begins a notice with the template's words. It refuses a blank without a
// value, a value without a blank, and values that bring braces of their own.
func (t NoticeTemplate) Fill(values map[string]string) (Notice, error) {
	blanks, pairs := t.Blanks(), []string{}
	for name := range values {
		if !slices.Contains(blanks, name) {
			return Notice{}, refuse("%.40q is no blank of the template %s", name, t.ID)
		}
	}
	for _, name := range blanks {
		v := values[name]
		if err := word(name, v); err != nil {
			return Notice{}, err
		}
		if strings.ContainsAny(v, "{}") {
			return Notice{}, refuse("%s: no braces", name)
		}
		pairs = append(pairs, "{"+name+"}", v)
	}
	fill := strings.NewReplacer(pairs...)
	n := Notice{Level: t.Level, Ask: t.Ask, Role: t.Role, Template: t.ID, Subject: Texts{}, Text: Texts{}, What: []string{}, SeenFrom: []string{}, To: []string{}}
	for lang, s := range t.Subject {
		n.Subject[lang] = fill.Replace(s)
	}
	for lang, s := range t.Text {
		n.Text[lang] = fill.Replace(s)
	}
	n.Corrects = t.ID == templateCorrection
	return n, nil
}

const templateCorrection = "correction"

// NoticeTemplates returns the templates in the order of menus.
func NoticeTemplates() []NoticeTemplate { return slices.Clone(noticeTemplates) }

var noticeTemplates = []NoticeTemplate{
	{
		"test", LevelTest, "ack", RoleDuty,
		Texts{"en": "Line check", "ru": "Проверка связи"},
		Texts{
			"en": "This is a test of the line. Please acknowledge. Nothing has happened.",
			"ru": "Это проверка линии связи. Просим подтвердить получение. Ничего не произошло.",
		},
	},
	{
		"urgent", LevelUrgent, "consult", RoleDuty,
		Texts{"en": "Urgent: {what}", "ru": "Срочно: {what}"},
		Texts{
			"en": "Since {since} we observe {what}. Touched: {where}. We ask for an acknowledgement now and a first answer within four hours: do you see it, and does it come from networks that you can reach?",
			"ru": "С {since} мы наблюдаем: {what}. Затронуто: {where}. Просим сразу подтвердить получение и в течение четырёх часов дать первый ответ: видите ли вы это и исходит ли оно из доступных вам сетей?",
		},
	},
	{
		"assist", LevelPriority, "assist", RoleDuty,
		Texts{"en": "Request for assistance: {what}", "ru": "Просьба о помощи: {what}"},
		Texts{
			"en": "We ask for help with {what}. What would help: {wanted}. Please accept, accept in part, or decline with a reason.",
			"ru": "Просим помочь: {what}. Что помогло бы: {wanted}. Просим принять просьбу полностью или частично либо отклонить её с указанием причины.",
		},
	},
	{
		"preserve", LevelPriority, "preserve", RoleDuty,
		Texts{"en": "Please preserve: {what}", "ru": "Просьба сохранить: {what}"},
		Texts{
			"en": "Please keep {what} from {from} to {to}, and do not let it be overwritten. We do not ask to see it now.",
			"ru": "Просим сохранить {what} за время с {from} по {to} и не допустить перезаписи. Сейчас мы не просим это показывать.",
		},
	},
	{
		"explain", LevelPriority, "explain", RoleApprover,
		Texts{"en": "Request for an explanation: {what}", "ru": "Просьба о разъяснении: {what}"},
		Texts{
			"en": "We ask you to explain {what}. Our account of it stands in this case. A question is not an accusation, and silence is taken for neither a yes nor a no.",
			"ru": "Просим разъяснить: {what}. Наше изложение приведено в этом деле. Вопрос не является обвинением, а отсутствие ответа не считается ни согласием, ни отказом.",
		},
	},
	{
		"stop", LevelUrgent, "stop", RoleDuty,
		Texts{"en": "Please stop: {what}", "ru": "Просим прекратить: {what}"},
		Texts{
			"en": "From {from} something comes that harms {where}: {what}. Please make it stop and tell us when it has. We do not say who is behind it.",
			"ru": "Из {from} исходит то, что вредит {where}: {what}. Просим прекратить это и сообщить, когда будет прекращено. Мы не утверждаем, кто за этим стоит.",
		},
	},
	{
		templateCorrection, LevelPriority, "ack", RoleDuty,
		Texts{"en": "Correction of our notice {notice}", "ru": "Исправление нашего сообщения {notice}"},
		Texts{
			"en": "Our notice {notice} was wrong in this: {wrong}. It should be: {right}. Our earlier notice stays in the record.",
			"ru": "В нашем сообщении {notice} неверно: {wrong}. Следует читать: {right}. Прежнее сообщение остаётся в журнале.",
		},
	},
}
