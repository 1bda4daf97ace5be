package detect

import (
	"slices"
	"strings"

	"entente/watch/event"
)

// sqlInRequest looks for SQL in what a client sent: the values of the
// query, the path, and the user agent.
func sqlInRequest(ev *event.Event) (field, seen string) {
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "url.original":
			if why := sqlInTarget(f.Value); why != "" {
				return f.Name, cut(f.Value, 400) + " (" + why + ")"
			}
		case "user_agent.original":
			if !strings.ContainsAny(f.Value, "'\"%") { // every agent has blanks and brackets; none of them begins with a number
				continue
			}
			if why := SQL(f.Value, false); why != "" {
				return f.Name, cut(f.Value, 400) + " (" + why + ")"
			}
		}
	}
	return "", ""
}

func sqlInTarget(s string) string {
	if !suspicious(s) {
		return ""
	}
	path, query, _ := strings.Cut(s, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || suspicious(name) {
			value = pair // no name, or one that a quote stands in
		}
		if why := SQL(value, true); why != "" {
			return why
		}
	}
	if !suspicious(path) {
		return ""
	}
	if why := SQL(path, false); why != "" {
		return why
	}
	for i, part := range strings.SplitN(path, "/", 10) {
		if i > 0 && part != "" && isDigit(part[0]) {
			if why := SQL(part, false); why != "" {
				return why
			}
		}
	}
	return ""
}

// suspicious says that a text has what parts the words of SQL: not every request
// is decoded.
func suspicious(s string) bool { return strings.ContainsAny(s, "%+'\"(; ") }

// SQL says in words by what a value of a request reads as SQL that breaks out of
// its place; "" where it does not. A value is read as what stands in a
// statement bare, between single and between double quotes. plus says that a
// plus stands for a blank.
func SQL(value string, plus bool) string {
	if !suspicious(value) {
		return ""
	}
	v := unfold(value, plus)
	list := tokens(v)
	if why := bare(list); why != "" {
		return why
	}
	for _, quote := range []string{"'", `"`} {
		_, rest, ok := strings.Cut(v, quote)
		if !ok {
			continue
		}
		list := tokens(rest)
		if why := signs(list, true); why != "" {
			return why
		}
		if ended(list) {
			return "a quote, and the rest of the statement as a comment"
		}
	}
	return ""
}

// bare reads tokens as a number or name would stand in a statement.
func bare(list []token) string {
	i := 0
	for i < len(list)-1 && (list[i].kind == open || list[i].kind == sign && (list[i].text == "-" || list[i].text == "+")) {
		i++
	}
	broken := len(list) > 0 && (list[i].kind == number || list[i].kind == closed || list[i].kind == word && list[i].text == "null")
	return signs(list, broken)
}

// ended says that behind a quote only brackets and a comment follow.
func ended(list []token) bool {
	for len(list) > 0 && list[0].kind == closed {
		list = list[1:]
	}
	return len(list) == 1 && list[0].kind == comment && len(strings.Trim(list[0].text, "-#/* +")) <= 1
}

// stream walks over tokens. Beyond the end are tokens of no kind.
type stream []token

func (s stream) at(i int) token {
	if i < 0 || i >= len(s) {
		return token{}
	}
	return s[i]
}

func (s stream) is(i int, words ...string) bool {
	t := s.at(i)
	return (t.kind == word || t.kind == function || t.kind == sign) && slices.Contains(words, t.text)
}

// signs looks for what no honest value holds. broken says that the tokens stand
// where a statement goes on.
func signs(list []token, broken bool) string {
	s := stream(list)
	for i := range s {
		switch {
		case broken && s.is(i, "or", "and", "xor", "||", "&&", "having", "rlike", "where") && s.condition(i+1):
			return "a condition beside the value: " + s[i].text
		case s.is(i, "union") && s.union(i+1, broken):
			return "union select"
		case s[i].kind == semi && s.statement(i+1):
			return "a second statement: " + s[i+1].text
		case s.waits(i, broken):
			return "a function that waits, reads or runs: " + s[i].text
		case s[i].kind == open && s.is(i+1, "select") && s.selects(i+2, true):
			return "a select in brackets"
		case broken && s.is(i, "order", "group") && s.is(i+1, "by") && s.at(i+2).kind == number && s.ends(i+3):
			return s[i].text + " by the number of a column"
		case broken && s.is(i, "procedure") && s.is(i+1, "analyse"):
			return "procedure analyse"
		case s.is(i, "into") && s.is(i+1, "outfile", "dumpfile") && s.at(i+2).kind == text:
			return "into " + s[i+1].text
		}
	}
	return ""
}

func (s stream) ends(i int) bool {
	k := s.at(i).kind
	return k == 0 || k == comment || k == comma || k == semi || k == closed
}

// operand is the place behind one value at i, and whether it is a literal; 0 where there is none.
func (s stream) operand(i int) (next int, literal bool) {
	for s.at(i).kind == open || s.is(i, "not", "-", "+", "~", "!", "binary") || s.at(i).kind == compare && s.at(i).text == "!" {
		i++
	}
	switch t := s.at(i); t.kind {
	case number, text, variable:
		next, literal = i+1, true
	case function:
		next, literal = s.over(i+1), true
	case word:
		next, literal = i+1, t.text == "true" || t.text == "false" || t.text == "null"
	default:
		return 0, false
	}
	for s.at(next).kind == closed {
		next++
	}
	if s.is(next, "+", "-", "*", "/", "%", "||") { // arithmetic
		if after, also := s.operand(next + 1); after > 0 {
			return after, literal && also
		}
	}
	return next, literal
}

// over is the place behind the brackets that open at i.
func (s stream) over(i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i].kind {
		case open:
			depth++
		case closed:
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return i
}

// condition says that a comparison stands at i, or what is true by itself before
// a comment.
func (s stream) condition(i int) bool {
	for s.at(i).kind == open && !s.is(i+1, "select") {
		i++
	}
	if s.is(i, "exists") || s.at(i).kind == open {
		return true
	}
	next, first := s.operand(i)
	if next == 0 {
		return false
	}
	if first && s.at(next).kind == comment {
		return true
	}
	if s.is(next, "not") {
		next++
	}
	switch {
	case s.at(next).kind == compare:
		after, second := s.operand(next + 1)
		return after > 0 && (first && second || (first || second) && (s.at(next+1).kind == text || s.ends(after)))
	case s.is(next, "like", "regexp", "rlike", "glob"):
		k := s.at(next + 1).kind
		return k == text || k == number && first
	case s.is(next, "between"):
		return s.at(next+1).kind == number && s.is(next+2, "and")
	case s.is(next, "in"):
		k := s.at(next + 2).kind
		return s.at(next).kind == function && (k == number || k == text || s.is(next+2, "select"))
	case s.is(next, "is"):
		return s.is(next+1, "null", "not") && s.ends(next+2)
	}
	return false
}

// union says that a select follows.
func (s stream) union(i int, broken bool) bool {
	for s.is(i, "all", "distinct", "distinctrow") || s.at(i).kind == open {
		i++
	}
	return s.is(i, "select") && s.selects(i+1, broken)
}

// selects says that what is selected stands at i: words of prose do not.
func (s stream) selects(i int, named bool) bool {
	for s.is(i, "all", "distinct", "top") || s.at(i).kind == open {
		i++
	}
	switch t := s.at(i); {
	case t.kind == number || t.kind == text || t.kind == variable || t.kind == function:
		return true
	case s.is(i, "*", "null", "case", "user", "current_user", "sysdate"):
		return true
	case t.kind != word:
		return false
	}
	return s.at(i+1).kind == comma || s.is(i+1, "from") && named && s.at(i+2).kind == word
}

// statement says that one begins at i that is whole enough to run.
func (s stream) statement(i int) bool {
	t := s.at(i)
	if t.kind != word && t.kind != function {
		return false
	}
	switch t.text {
	case "drop", "truncate":
		return s.is(i+1, "table", "database", "view", "index", "user", "schema") && s.at(i+2).kind == word && s.ends(i+3)
	case "delete":
		return s.is(i+1, "from") && s.at(i+2).kind == word && (s.ends(i+3) || s.is(i+3, "where"))
	case "insert":
		return s.is(i+1, "into") && (s.at(i+2).kind == function || s.is(i+3, "values", "select"))
	case "update":
		return s.is(i+2, "set") && s.at(i+4).kind == compare
	case "exec", "execute":
		return t.kind == function || strings.HasPrefix(s.at(i+1).text, "xp_") || strings.HasPrefix(s.at(i+1).text, "sp_") || strings.Contains(s.at(i+1).text, "..")
	case "waitfor":
		return s.is(i+1, "delay", "time")
	case "declare":
		return s.at(i+1).kind == variable
	case "shutdown":
		return s.ends(i + 1)
	case "select":
		return s.selects(i+1, true)
	case "create", "alter":
		return s.is(i+1, "table", "user", "function", "login", "database") && s.at(i+2).kind != 0
	}
	return false
}

// waits says that a function stands at i by which blind injection asks.
func (s stream) waits(i int, broken bool) bool {
	t := s[i]
	if t.kind == word && t.text == "waitfor" {
		return s.is(i+1, "delay") && s.at(i+2).kind == text
	}
	if t.kind == word && strings.HasPrefix(t.text, "information_schema.") {
		return s.is(i-1, "from")
	}
	if t.kind != function {
		return false
	}
	before := s.at(i - 1)
	placed := broken || before.kind == comma || before.kind == open || s.is(i-1, "and", "or", "select", "then", "||")
	argument := s.at(i + 2).kind
	switch t.text {
	case "sleep", "pg_sleep", "benchmark", "randomblob":
		return placed && (argument == number || s.is(i+2, "select"))
	case "dbms_lock.sleep", "dbms_pipe.receive_message", "utl_inaddr.get_host_address", "utl_inaddr.get_host_name", "utl_http.request":
		return true
	case "extractvalue", "updatexml", "load_file", "xp_cmdshell", "xp_dirtree", "load_extension":
		return placed
	}
	return false
}
