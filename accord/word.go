package accord

import (
	"maps"
	"strings"
)

// Words are the words of this package that reports print, by group and word, as
// in "state.in-force", in English and Russian. A report is signed and compared
// byte for byte, so its words stand here and not in a console's catalogue, which
// holds the same ones under "accord.".
func Words() map[string]Texts { return maps.Clone(reportWords) }

// say is a word in both languages; one that is not in the list stands for itself.
func say(group, word string) Texts {
	if t, ok := reportWords[group+"."+word]; ok {
		return t
	}
	return Texts{"en": word, "ru": word}
}

// wordLines reads "group.word en | ru" line by line.
func wordLines(lines string) map[string]Texts {
	m := map[string]Texts{}
	for line := range strings.Lines(lines) {
		name, both, ok := strings.Cut(strings.TrimSpace(line), " ")
		en, ru, ok2 := strings.Cut(both, " | ")
		if ok && ok2 {
			m[name] = Texts{"en": en, "ru": ru}
		}
	}
	return m
}

var reportWords = wordLines(`
state.tabled tabled | внесён
state.countered countered | есть встречный текст
state.partly-consented partly consented | согласие не от всех
state.agreed agreed, not yet in force | согласован, ещё не в силе
state.in-force in force | в силе
state.ended ended | прекращён
state.refused refused | отклонён
state.lapsed lapsed | срок истёк
state.revoked revoked | отозван
state.withdrawn withdrawn | снят
state.disputed disputed | оспаривается
clause.not-agreed not agreed | не согласован
clause.scope-not-defined scope not defined | область не определена
clause.provisional applies provisionally | применяется временно
clause.starts-later starts later | начнёт действовать позже
clause.in-force in force | в силе
clause.suspended suspended | приостановлен
clause.expired expired | срок истёк
clause.ended ended | прекращён
for.amend amendment of the rules | изменение правил
for.group working group | рабочая группа
for.clause clauses | обязательства
for.action corrective action | мера по исправлению
for.release release | текст для публики
for.report report | отчёт
for.finding finding | вывод
for.run joint computation | совместное вычисление
for.close closing of a case | закрытие дела
for.end ending of an instrument | прекращение документа
label.personal in a personal capacity | в личном качестве
label.reported reported, not the party’s position | в пересказе, не позиция стороны
label.no-power not the party’s position: officers without the power | не позиция стороны: у подписавших нет полномочий
label.disputed its log contradicts itself | её журнал противоречит сам себе
label.over-quota over the quota | сверх квоты
label.not-the-scope outside of the charter’s scope | вне предмета устава
label.wrong-target cannot stand on this | не может относиться к этому
label.not-a-party not a party of the charter | не сторона устава
label.not-understood not understood by this version | непонятно этой версии
label.needs-missing does not need whom it binds | не требует согласия тех, кого обязывает
label.language-missing a language of the charter is missing | нет текста на языке устава
label.contested contested in time | оспорено вовремя
label.repeated said once before, word for word | уже было сказано слово в слово
label.not-covered not seen by another node yet | ещё не засвидетельствовано другим узлом
level.test test | проверка
level.routine routine | обычное
level.priority priority | важное
level.urgent urgent | срочное
ask.ack acknowledge | подтвердить
ask.explain explain | разъяснить
ask.assist assist | помочь
ask.preserve preserve | сохранить данные
ask.consult consult | обсудить
ask.inspect show | показать
ask.stop stop | прекратить
call.sent sent, not delivered | отправлено, не доставлено
call.delivered delivered | доставлено
call.acknowledged acknowledged | получение подтверждено
call.answered answered | дан ответ
call.closed closed | закрыто
clock.delivery not delivered in time | не доставлено вовремя
clock.ack not acknowledged in time | не подтверждено вовремя
clock.unreachable nobody could be reached | никто не ответил
clock.answer not answered in time | нет ответа вовремя
answer.accepted accepted | принято
answer.accepted-in-part accepted in part | принято частично
answer.declined declined | отклонено
answer.done done | выполнено
answer.explained explained | разъяснено
answer.no-comment no comment | без комментариев
answer.cannot-say cannot say | не может сказать
answer.agree the requester agrees with the result | запросивший согласен с результатом
answer.differ the requester differs about the result | запросивший не согласен с результатом
answer.not-answered not answered | нет ответа
answer.acked acknowledged | получение подтверждено
answer.asked asked | запрошено
reason.law the law | закон
reason.capacity no capacity | нет возможностей
reason.no-such-data no such data | таких данных нет
reason.national-security national security | национальная безопасность
reason.disputed disputed | оспаривается
reason.other another reason | иная причина
check.confirmed confirmed | подтверждена
check.overdue overdue | просрочена
check.unreachable nobody could be reached | никто не ответил
check.waiting waiting | ожидается
check.not-asked not asked | не запрошена
check.not-delivered not delivered | не доставлена
contact.listed listed | указан
contact.confirmed confirmed | подтверждён
contact.overdue overdue | просрочен
contact.unreachable nobody could be reached | недоступен
contact.replaced replaced | заменён
row.before-effect before it took effect | до вступления в силу
row.after-end after it ended | после окончания действия
row.after-said dated after it was said | датировано позже, чем сказано
row.suspended while it was suspended | во время приостановки
row.vague nothing in it can be checked | проверить в ней нечего
basis.observed observed | наблюдалось
basis.recorded recorded | записано
basis.told told | сообщено другими
basis.inferred inferred | выведено
basis.asserted asserted | утверждается
side.undetermined undetermined | не установлено
side.other other | иное
claim.claimed claimed | заявлено
claim.acknowledged acknowledged | получение подтверждено
claim.explained explained | разъяснено
claim.not-explained not explained | не разъяснено
claim.found finding signed | вывод подписан
finding.breach breach | нарушение
finding.not-a-breach not a breach | не нарушение
finding.not-proven not proven | не доказано
finding.split split: the parties differ | мнения разошлись
finding.none no finding | без вывода
finding.attributed attributed | установлено
finding.not-attributed not attributed | не установлено
became.cured cured | исправлено
became.repeated claimed again | заявлено снова
became.suspended clause suspended | пункт приостановлен
became.ended clause ended | пункт прекращён
action.open open | открыта
action.overdue overdue | просрочена
action.done done, not tested | выполнена, не проверена
action.tested tested | проверена
action.test-failed test failed | проверка не пройдена
action.watched watched for recurrence | под наблюдением
action.closed closed | закрыта
action.reopened came back: the action failed | повторилось: мера не помогла
fixes.late-row observation of an earlier day | наблюдение за более ранний день
fixes.taken-back taken back by its author | отозвано автором
fixes.corrected corrected by its author | исправлено автором
fixes.notice correction of a notice | исправление сообщения
ledger.asked notices that reached it | получено сообщений
ledger.acknowledged-in-time acknowledged in time | подтверждено вовремя
ledger.acknowledged-late acknowledged late | подтверждено с опозданием
ledger.not-acknowledged not acknowledged | не подтверждено
ledger.answered-in-time answered in time | отвечено вовремя
ledger.answered-late answered late | отвечено с опозданием
ledger.not-answered not answered | нет ответа
ledger.declined declined | отклонено просьб
ledger.claims-made breach claims made | заявлено нарушений
ledger.claims-faced breach claims faced | предъявлено нарушений
ledger.not-explained claims not explained | не разъяснено заявлений
ledger.corrections corrections | исправлений
ledger.retractions retractions | отозвано своих утверждений
ledger.refusals refusals of texts | отклонено текстов
ledger.revocations revocations | отзывов согласия
ledger.exits exits | выходов
ledger.suspensions suspensions | приостановок
ledger.lapses texts lapsed for want of its word | истекло без её ответа
ledger.forks logs that contradict themselves | противоречий в журнале
ledger.not-its-position statements that are not its position | высказываний, не являющихся позицией
`)
