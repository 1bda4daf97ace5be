package press

// sentences are what the page can say of one subject, English first.
type sentences struct {
	clean, found, split, open [2]string
}

// words says of each subject what was found and what was not looked at. {count}
// and {of} are filled in; names that were found follow.
var words = map[Subject]sentences{
	Sums: {
		clean: [2]string{"the published numbers add up; rules tested: {of}", "опубликованные числа сходятся; проверено правил: {of}"},
		found: [2]string{"rules that honest files keep and the published numbers break: {count} of {of}; this shows an error, not its cause", "нарушено правил, которые честные файлы соблюдают: {count} из {of}; это ошибка, причина её не показана"},
		split: [2]string{"those who tested the sums of the published numbers come to different ends", "проверявшие суммы опубликованных чисел пришли к разным выводам"},
		open:  [2]string{"Whether the published numbers add up.", "Сходятся ли опубликованные числа."},
	},
	Versions: {
		clean: [2]string{"no number changed without a mark of a new version; sealed copies of results pages: {of}", "ни одно число не изменилось без отметки о новой версии; опечатанных копий страниц с результатами: {of}"},
		found: [2]string{"numbers on results pages that changed without any mark of a new version: {count}, in {of} sealed copies; the copies are kept and can be shown", "чисел на страницах с результатами, изменившихся без отметки о новой версии: {count}, опечатанных копий: {of}; копии сохранены и могут быть показаны"},
		split: [2]string{"the parties were shown different copies of the same results page", "сторонам показаны разные копии одной и той же страницы с результатами"},
		open:  [2]string{"Whether numbers on the results pages were changed later.", "Менялись ли потом числа на страницах с результатами."},
	},
	Balance: {
		clean: [2]string{"all sign that the same numbers balance; numbers: {of}", "все подписали, что одни и те же числа сходятся; чисел: {of}"},
		found: [2]string{"all sign that the same numbers do not balance; places: {count}, numbers: {of}", "все подписали, что одни и те же числа не сходятся; мест: {count}, чисел: {of}"},
		split: [2]string{"one side signs that the numbers balance, the other that they do not", "одна сторона подписала, что числа сходятся, другая — что нет"},
		open:  [2]string{"No two parties have signed the same word on the numbers.", "Нет двух сторон, подписавших о числах одно и то же."},
	},
	Audit: {
		clean: [2]string{"paper ballots drawn by a seed that nobody chose agree with the count within the risk limit; ballots: {of}", "бумажные бюллетени, выбранные по числу, которого никто не назначал, подтверждают подсчёт в пределах допустимого риска; бюллетеней: {of}"},
		found: [2]string{"drawn paper ballots that differ from the count: {count} of {of}; the risk limit is not met yet", "выбранных бумажных бюллетеней, которые расходятся с подсчётом: {count} из {of}; предел риска пока не достигнут"},
		split: [2]string{"the boards read the drawn paper ballots differently", "комиссии по-разному читают выбранные бюллетени"},
		open:  [2]string{"The paper ballots. Nothing here shows whether they were counted as marked.", "Бумажные бюллетени. Ничто здесь не показывает, подсчитаны ли они так, как заполнены."},
	},
	Roll: {
		clean: [2]string{"records in which the voter roll differs from the earlier one: {of}, none of them unusual", "записей, в которых список избирателей отличается от прежнего: {of}, необычных среди них нет"},
		found: [2]string{"records in which the voter roll differs from the earlier one: {of}, in an unusual way: {count}", "записей, в которых список избирателей отличается от прежнего: {of}, необычным образом: {count}"},
		split: [2]string{"those who compared the voter rolls come to different ends", "сравнивавшие списки избирателей пришли к разным выводам"},
		open:  [2]string{"The voter rolls.", "Списки избирателей."},
	},
	LookAlike: {
		clean: [2]string{"none of the new names resembles an official one; names: {of}", "ни одно из новых имён не похоже на официальное; имён: {of}"},
		found: [2]string{"new names that resemble an official one: {count} of {of}; who registered them is not known from this", "новых имён, похожих на официальные: {count} из {of}; кто их зарегистрировал, из этого не видно"},
		split: [2]string{"the parties disagree which names resemble official ones", "стороны расходятся в том, какие имена похожи на официальные"},
		open:  [2]string{"New names that resemble official ones.", "Новые имена, похожие на официальные."},
	},
	Posts: {
		clean: [2]string{"no accounts behaved alike beyond chance; posts: {of}", "нет учётных записей, которые вели бы себя одинаково чаще случайного; сообщений: {of}"},
		found: [2]string{"accounts that behaved alike beyond chance: {count}, in {of} posts; that does not say who they are, or that they are false", "учётных записей, которые вели себя одинаково чаще случайного: {count}, сообщений: {of}; это не говорит, кто за ними стоит, и не значит, что они поддельные"},
		split: [2]string{"the parties do not get the same result from the same posts", "стороны не получают из одних и тех же сообщений одного результата"},
		open:  [2]string{"Posts in social networks.", "Сообщения в социальных сетях."},
	},
	Papers: {
		clean: [2]string{"leaked papers are the same as those committed to before; papers: {of}", "распространяемые документы совпадают с теми, на которые заранее дано обязательство; документов: {of}"},
		found: [2]string{"leaked papers that differ from those committed to before: {count} of {of}; the true text can be shown", "распространяемых документов, отличающихся от тех, на которые заранее дано обязательство: {count} из {of}; подлинный текст можно показать"},
		split: [2]string{"the parties disagree whether a leaked paper is the one committed to", "стороны расходятся в том, тот ли это документ, на который дано обязательство"},
		open:  [2]string{"Papers that are passed around as leaked.", "Документы, которые распространяют как утечку."},
	},
}

// limits hold for every page.
var limits = [][2]string{
	{"What voters wanted, who handled the boxes, and who did anything that is named here.", "Чего хотели избиратели, в чьих руках были урны и кто сделал то, что здесь названо."},
	{"Anything about places and papers that the parties did not look at.", "Ничего о местах и документах, на которые стороны не смотрели."},
}
