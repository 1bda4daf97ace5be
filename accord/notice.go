package accord

import "entente/statement"

// Notice is the body of notice/v1: it starts clocks. refs[0], if any, is what it
// is about, Part which part of it.
type Notice struct {
	Level    string   `json:"level"` // test, routine, priority, urgent
	Ask      string   `json:"ask"`   // ack, explain, assist, preserve, consult, inspect, stop
	Subject  Texts    `json:"subject"`
	Text     Texts    `json:"text"`
	What     []string `json:"what"` // act tags
	When     Instant  `json:"when"` // of what happened, or empty
	Where    string   `json:"where"`
	SeenFrom []string `json:"seen_from"`
	Impact   string   `json:"impact"`
	Wanted   string   `json:"wanted"`
	AckBy    Instant  `json:"ack_by"`
	AnswerBy Instant  `json:"answer_by"` // or empty
	To       []string `json:"to"`        // party ids whose answer is asked, sorted
	Role     string   `json:"role"`      // the officers' role that is called
	Part     string   `json:"part"`      // of refs[0]
	Template string   `json:"template"`  // id of the template, or empty
	Corrects bool     `json:"corrects"`  // refs[0] is an earlier notice of one's own; nothing is ever recalled
}

// The levels of notices.
const (
	LevelTest     = "test"
	LevelRoutine  = "routine"
	LevelPriority = "priority"
	LevelUrgent   = "urgent"
)

// ParseNotice decodes and checks the body of a notice.
func ParseNotice(body []byte) (Notice, error) { return parse(body, statement.MaxAct, checkNotice) }

func checkNotice(n Notice) error {
	return first(
		one("level", n.Level, LevelTest, LevelRoutine, LevelPriority, LevelUrgent),
		one("ask", n.Ask, "ack", "explain", "assist", "preserve", "consult", "inspect", "stop"),
		CheckTexts("subject", n.Subject, maxTitle, false), CheckTexts("text", n.Text, maxNote, false),
		words("what", n.What, 20), n.When.check("when", false),
		free("where", n.Where), words("seen from", n.SeenFrom, 40), free("impact", n.Impact), free("wanted", n.Wanted),
		n.AckBy.check("ack by", true), n.AnswerBy.check("answer by", false),
		checkNeeds(n.To), one("role", n.Role, Roles()...), checkPartName(n.Part), plain("template", n.Template),
	)
}

// free is a short text in one language, or none.
func free(what, s string) error {
	if len(s) > 1000 {
		return refuse("%s: at most 1000 bytes", what)
	}
	return plain(what, s)
}
