package accord

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entente/statement"
)

// Markdown is the report's canonical form: one document in English and Russian,
// side by side. Its SHA-256 is what a proposal for a report signs. It holds no
// HTML, no links and no word that a party wrote freely.
func (rep Report) Markdown() []byte {
	t := &reportText{}
	t.line("# Daily report " + rep.Day.Format(time.DateOnly) + " | Ежедневный отчёт за " + rep.Day.Format(time.DateOnly))
	rep.period(t)
	rep.instruments(t)
	rep.counts(t)
	rep.rows(t)
	rep.claims(t)
	rep.checks(t)
	rep.notices(t)
	rep.actions(t)
	rep.limits(t)
	rep.fixes(t)
	rep.missing(t)
	return []byte(t.b.String())
}

// Digest is the SHA-256 of the canonical form.
func (rep Report) Digest() statement.Digest { return sha256.Sum256(rep.Markdown()) }

// Paper is the report as the text of a proposal; each authentic language has
// the whole document, which speaks both.
func (rep Report) Paper(languages []string) Paper {
	p := Paper{Text: Texts{}, Clauses: []ClauseTexts{}}
	for _, lang := range languages {
		p.Text[lang] = string(rep.Markdown())
	}
	return p
}

// reportForm is raised with every change of the canonical form, so that two nodes
// of different versions see why their bytes differ.
const reportForm = 1

// maxReportLines bounds each table, so that no flood makes a report that cannot
// be signed. What is left out is counted in it.
const maxReportLines = 200

type reportText struct {
	b     strings.Builder
	table int // lines of the present table
	left  int
}

func (t *reportText) line(s string) {
	t.b.WriteString(s)
	t.b.WriteByte('\n')
}

func (t *reportText) section(no int, en, ru string) {
	t.end()
	t.line("")
	t.line(fmt.Sprintf("## %d. %s | %s", no, en, ru))
}

// sentences begins a table of two columns, English and Russian.
func (t *reportText) sentences() {
	t.end()
	t.line("")
	t.line("| English | Русский |")
	t.line("|---|---|")
}

func (t *reportText) sentence(en, ru string, args ...any) {
	t.line("| " + fmt.Sprintf(en, args...) + " | " + fmt.Sprintf(ru, args...) + " |")
}

// head begins a table with bilingual names of columns.
func (t *reportText) head(columns ...string) {
	t.end()
	t.line("")
	t.line("| " + strings.Join(columns, " | ") + " |")
	t.line(strings.Repeat("|---", len(columns)) + "|")
}

func (t *reportText) row(cells ...string) {
	if t.table++; t.table > maxReportLines {
		t.left++
		return
	}
	t.line("| " + strings.Join(cells, " | ") + " |")
}

// end says what a table left out.
func (t *reportText) end() {
	if t.left > 0 {
		n := t.left
		t.table, t.left = 0, 0
		t.sentences()
		t.sentence("Left out above, in the record: %d.", "Выше не показано, есть в журналах: %d.", n)
	}
	t.table = 0
}

func both(group, word string) string {
	w := say(group, word)
	return w["en"] + " / " + w["ru"]
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// clockTime prints Unix seconds.
func clockTime(at int64) string {
	if at == 0 {
		return "—"
	}
	return time.Unix(at, 0).UTC().Format("2006-01-02 15:04:05Z")
}

// shortRef names a statement by the first digits of its id.
func shortRef(ref statement.Ref) string { return ref.ID.String()[:12] }

func (rep Report) period(t *reportText) {
	t.section(1, "Period", "Период")
	t.sentences()
	t.sentence("From %s to %s.", "С %s по %s.", clockTime(rep.Day.Unix()), clockTime(rep.AsOf.Unix()))
	if !rep.Whole {
		t.sentence("The day is not over: as of %s.", "Сутки ещё не закончились: по состоянию на %s.", clockTime(rep.AsOf.Unix()))
	}
	t.sentence("Form of this report: %d. Charter %.12s.", "Форма отчёта: %d. Устав %.12s.", reportForm, rep.Unit.String())
	t.sentence("Computed from what other nodes had cosigned by then:", "Вычислено по тому, что к этому времени заверили другие узлы:")
	t.head("Party / Сторона", "Leaves / Записей", "Root / Корень", "Last cosigned / Заверено последний раз")
	for _, l := range rep.Logs {
		root := "—"
		if l.Root != (statement.Digest{}) {
			root = l.Root.String()
		}
		t.row(l.Party, strconv.FormatUint(l.Size, 10), root, clockTime(l.Seen))
	}
}

func (rep Report) instruments(t *reportText) {
	t.section(2, "State of instruments", "Состояние документов")
	if len(rep.Texts) == 0 {
		t.sentences()
		t.sentence("None.", "Нет.")
		return
	}
	t.head("Text / Текст", "Kind / Вид", "State / Состояние", "Since / С", "In force from / В силе с", "Waits for / Ожидается")
	for _, i := range rep.Texts {
		waits := strings.Join(i.Missing, ", ")
		if waits == "" {
			waits = "—"
		}
		t.row(shortRef(i.Ref), both("for", string(i.For)), both("state", string(i.State)), clockTime(i.Since), clockTime(i.Effective), waits)
	}
	t.head("Text / Текст", "Clause / Пункт", "State / Состояние", "Checkable / Проверяемость", "Meaning asked / Вопросов о смысле")
	for _, c := range rep.Clauses {
		checkable := "checkable / проверяем"
		if !c.Checkable {
			checkable = "not checkable / не проверяем"
		}
		t.row(shortRef(c.Ref), number(int64(c.No)), both("clause", c.State), checkable, number(int64(len(c.Asks))))
	}
}

func (rep Report) counts(t *reportText) {
	t.section(3, "Counts by side and category", "Подсчёт по сторонам и видам")
	t.sentences()
	t.sentence("Each observer's count stands for itself; two may have seen one thing.", "Подсчёт каждого наблюдателя стоит отдельно: двое могли видеть одно и то же.")
	t.sentence("A star: its observer was kept from looking. No recorded violation is not compliance.", "Звёздочка: наблюдатель не был допущен. Отсутствие записанных нарушений ещё не означает соблюдения.")
	t.head("Clause / Пункт", "Seen by / Кто видел", "Side / Сторона", "Act / Действие", "Number / Число", "Day before / За предыдущие сутки", "Change / Изменение", "Provisional rows / Предварительных строк")
	for _, c := range rep.Clauses {
		for _, n := range c.Counts {
			t.row(clauseName(c), n.By, side(n.Who), side(n.Category), amount(n.N, n.AtLeast)+star(n.Star), number(n.Before), change(n.N-n.Before), number(int64(n.Provisional)))
		}
	}
}

func clauseName(c ClauseView) string {
	return shortRef(c.Ref) + "/" + number(int64(c.No))
}

func change(n int64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

func star(yes bool) string {
	if yes {
		return " *"
	}
	return ""
}

func amount(n int64, atLeast bool) string {
	if atLeast {
		return "≥ " + number(n)
	}
	return number(n)
}

// side prints a party's id or an act's tag as it is, and the words that stand for none.
func side(s string) string {
	if s == Undetermined || s == OtherCategory {
		return both("side", s)
	}
	return strings.NewReplacer("|", "/", "\n", " ").Replace(s)
}

func (rep Report) rows(t *reportText) {
	t.section(4, "Rows", "Наблюдения")
	t.head("Row / Строка", "Clause / Пункт", "At / Когда", "Seen by / Кто видел", "Side / Сторона", "Act / Действие", "Number / Число", "Basis / Основание", "Notes / Примечания")
	for _, c := range rep.Clauses {
		for _, row := range c.Rows {
			n := amount(row.Count, row.AtLeast)
			if row.Access {
				n = "*"
			}
			t.row(shortRef(row.Account)+"/"+number(int64(row.Item)), clauseName(c), clockTime(row.At), row.By, side(row.Who), side(row.Category), n, both("basis", row.Basis), rowNotes(row))
		}
	}
}

func rowNotes(row ClauseRow) string {
	var notes []string
	add := func(yes bool, s string) {
		if yes {
			notes = append(notes, s)
		}
	}
	add(row.Access, "kept from looking / не допущен")
	add(row.Absence && !row.Access, "looked, not seen / искали, не обнаружили")
	add(row.Provisional, "provisional / предварительно")
	add(row.Limits, "limits stated / ограничения указаны")
	add(row.Exhibits > 0, "exhibits / материалы: "+number(int64(row.Exhibits)))
	if row.Ignored != "" {
		notes = append(notes, "not counted / не засчитано: "+both("row", row.Ignored))
	}
	if notes == nil {
		return "—"
	}
	return strings.Join(notes, "; ")
}

func (rep Report) claims(t *reportText) {
	t.section(5, "Claims and answers", "Заявления о нарушениях и ответы")
	t.sentences()
	t.sentence("Silence is counted and proves nothing.", "Молчание учитывается и ничего не доказывает.")
	t.head("Claim / Заявление", "By / Кто", "Of / О ком", "State / Состояние", "Asked / Запрошено раз", "Answer due / Ответ до", "Finding / Вывод", "Became / Итог")
	for _, c := range rep.Claims {
		finding, became := "—", "—"
		if c.Finding != "" {
			finding = both("finding", c.Finding)
		}
		if c.Outcome != "" {
			became = both("became", c.Outcome)
		}
		t.row(shortRef(c.Ref), c.From, c.To, both("claim", c.Progress), number(int64(c.Asked)), clockTime(c.AnswerDue), finding, became)
	}
}

func (rep Report) checks(t *reportText) {
	t.section(6, "Line checks", "Проверки связи")
	t.head("Hour / Время", "From / От", "To / Кому", "State / Состояние", "Seconds / Секунд")
	for _, c := range rep.Checks {
		seconds := "—"
		if c.Acked != 0 {
			seconds = number(c.Seconds)
		}
		t.row(clockTime(c.Slot), c.From, c.To, both("check", c.State), seconds)
	}
}

func (rep Report) notices(t *reportText) {
	t.section(7, "Notices", "Сообщения")
	t.head("From / От", "To / Кому", "Tests / Проверок", "Routine / Обычных", "Priority / Важных", "Urgent / Срочных", "Not delivered / Не доставлено", "Acknowledged late or not / Подтверждено поздно или нет")
	for _, n := range rep.Notices {
		t.row(n.From, n.To, number(int64(n.Test)), number(int64(n.Routine)), number(int64(n.Priority)), number(int64(n.Urgent)), number(int64(n.Undelivered)), number(int64(n.LateAcked)))
	}
	t.head("Notice / Сообщение", "From / От", "To / Кому", "Level / Уровень", "Asks / Просьба", "State / Состояние", "Answer / Ответ", "Late / Просрочено")
	for _, c := range rep.Calls {
		t.row(shortRef(c.Ref), c.From, c.To, both("level", c.Level), both("ask", c.Ask), both("call", c.State), callAnswer(c), callLate(c))
	}
}

func callAnswer(c Call) string {
	switch word := c.Assist(); {
	case c.Reason != "":
		return both("answer", AnswerDeclined) + ": " + both("reason", c.Reason)
	case word != "":
		return both("answer", word)
	case c.Answer != "":
		return both("answer", c.Answer)
	}
	return "—"
}

func callLate(c Call) string {
	var late []string
	for _, l := range c.Late {
		late = append(late, both("clock", l.Clock))
	}
	if late == nil {
		return "—"
	}
	return strings.Join(late, "; ")
}

func (rep Report) actions(t *reportText) {
	t.section(8, "Corrective actions", "Меры по исправлению")
	t.head("Action / Мера", "Whose / Чья", "State / Состояние", "Due / Срок", "Watched until / Под наблюдением до")
	for _, a := range rep.Actions {
		t.row(shortRef(a.Ref), a.Who, both("action", a.State), clockTime(a.Due), clockTime(a.WatchUntil))
	}
}

// limits says how far the observation of the day went.
func (rep Report) limits(t *reportText) {
	t.section(9, "Limits of observation", "Пределы наблюдения")
	t.sentences()
	var blind, unread, ignored, limited, access int64
	for _, c := range rep.Clauses {
		if unread += int64(c.Unread); !c.Checkable {
			blind++
		}
		for _, row := range c.Rows {
			switch {
			case row.Access:
				access++
			case row.Ignored != "":
				ignored++
			case row.Limits:
				limited++
			}
		}
	}
	t.sentence("Clauses that nothing observes: %d.", "Пунктов, за которыми ничто не наблюдает: %d.", blind)
	t.sentence("Rows by which an observer was kept from looking: %d.", "Строк о том, что наблюдатель не был допущен: %d.", access)
	t.sentence("Rows whose author states limits: %d.", "Строк, автор которых указал ограничения: %d.", limited)
	t.sentence("Rows that do not count: %d.", "Незасчитанных строк: %d.", ignored)
	t.sentence("Accounts that not every node can read, not counted: %d.", "Изложений, доступных не каждому узлу (не засчитаны): %d.", unread)
}

func (rep Report) fixes(t *reportText) {
	t.section(10, "Corrections to past reports", "Поправки к прошлым отчётам")
	if len(rep.Fixes) == 0 {
		t.sentences()
		t.sentence("None.", "Нет.")
		return
	}
	t.head("What / Что", "By / Кто", "Statement / Запись", "Of / К")
	for _, f := range rep.Fixes {
		name := shortRef(f.Ref)
		if f.Item != 0 {
			name += "/" + number(int64(f.Item))
		}
		t.row(both("fixes", f.Kind), f.By, name, time.Unix(f.Of, 0).UTC().Format(time.DateOnly))
	}
}

func (rep Report) missing(t *reportText) {
	t.section(11, "What is missing", "Чего не хватает")
	t.sentences()
	for _, s := range rep.Silent {
		t.sentence("Nothing was seen of %s since %s.", "От %s ничего не видно с %s.", s.Party, clockTime(s.Last))
	}
	for _, l := range rep.Labels {
		w := say("label", string(l.Label))
		t.line(fmt.Sprintf("| Statements of %s that are not its position (%s): %d. | Высказываний %s, не являющихся её позицией (%s): %d. |", l.Party, w["en"], l.N, l.Party, w["ru"], l.N))
	}
	if len(rep.Silent)+len(rep.Labels) == 0 {
		t.sentence("Nothing.", "Ничего.")
	}
}
